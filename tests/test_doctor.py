"""`gouji doctor` against real servers: which queues are served, and whether texts can be kept."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from pathlib import Path

from tests.command import EXECUTABLE, Gouji
from tests.conftest import Broker
from tests.documentation import clean_environment
from worker.queues import QUEUES


def _told(gouji: Gouji, what: str, **environment: str) -> tuple[str, str]:
    done = gouji("doctor", "--json", **environment)
    (line,) = [each for each in json.loads(done.stdout) if each["what"] == what]
    return line["state"], line["detail"]


def test_a_queue_that_no_worker_serves_is_named(rabbitmq_broker: Broker, tmp_path: Path) -> None:
    for name in QUEUES:
        rabbitmq_broker.queue(name)
    environment = {"GOUJI_BROKER_URL": rabbitmq_broker.url, "GOUJI_QUEUE_PREFIX": rabbitmq_broker.prefix}
    gouji = Gouji(tmp_path)
    state, detail = _told(gouji, "broker", **environment)
    assert (state, detail) == ("failed", "answers, but no worker does; start one with gouji worker")
    with subprocess.Popen(
        [EXECUTABLE, "worker", "-q", "ingest"],
        env=clean_environment(tmp_path / "state", **environment),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as worker:
        try:
            end = time.monotonic() + 30
            while "no worker does" in detail and time.monotonic() < end:
                state, detail = _told(gouji, "broker", **environment)
        finally:
            worker.send_signal(signal.SIGTERM)
    assert state == "failed"
    assert "no worker serves llm, reconcile" in detail
    assert "start gouji worker -q llm -q reconcile" in detail


def test_the_probe_of_the_blobs_leaves_nothing(tmp_path: Path) -> None:
    gouji = Gouji(tmp_path)
    state, detail = _told(gouji, "home")
    assert (state, detail.split(",")[0]) == ("ok", "writable")
    home = tmp_path / "state"
    assert list(home.rglob("*.probe*")) == []


def test_blobs_that_cannot_be_kept_are_told(tmp_path: Path) -> None:
    home = tmp_path / "elsewhere"
    home.mkdir()
    (home / "blobs").write_text("in the way")
    assert _told(Gouji(tmp_path), "home", GOUJI_HOME=str(home))[0] == "failed"
