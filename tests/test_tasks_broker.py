"""Documents through the tasks over real brokers, with workers of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from schemas import ConfigError
from tests.conftest import Broker
from worker.batch import Outcome, process
from worker.queues import QUEUES
from worker.settings import Settings, load_settings
from worker.store import Progress, Store


@pytest.fixture
def over_broker(broker: Broker, home: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    for queue in QUEUES:
        broker.queue(queue)
    monkeypatch.setenv("GOUJI_BROKER_URL", broker.url)
    monkeypatch.setenv("GOUJI_QUEUE_PREFIX", broker.prefix)
    return load_settings()


@contextmanager
def worker(*arguments: str, pool: str = "threads") -> Iterator[subprocess.Popen[bytes]]:
    """A worker of its own; it lives as long as the test needs it."""
    queues = ",".join(os.environ["GOUJI_QUEUE_PREFIX"] + name for name in QUEUES)
    started = subprocess.Popen(
        [
            *(sys.executable, *(arguments or ("-m", "celery", "-A", "worker.app", "worker"))),
            *(f"--pool={pool}", "--concurrency=2", f"--queues={queues}", "--loglevel=warning"),
            *("--without-mingle", "--without-gossip"),
        ],
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
    )
    try:
        yield started
    finally:
        started.terminate()
        try:
            started.wait(20)
        except subprocess.TimeoutExpired:
            started.kill()
            started.wait()


@pytest.mark.parametrize("pool", ["threads", "prefork"])
def test_workers_read_what_is_sent_over_a_broker(form: Path, over_broker: Settings, pool: str) -> None:
    seen: list[Progress] = []
    with Store.open(over_broker) as store, worker(pool=pool):
        (outcome,) = process([form], store, over_broker, seen.append)
        assert (outcome.record.status, outcome.record.counts) == ("done", {"accepted": 2})
        assert seen[-1].open == 0
        (again,) = process([form], store, over_broker)
        assert not again.read


BUSY = """
import sys
from schemas import Throttled
from worker.app import make_app
from worker.readers.layout import LayoutReader
from worker.settings import load_settings

class Busy:
    name = "busy"
    times = 0
    def read(self, chunk):
        Busy.times += 1
        if Busy.times < 3:
            raise Throttled("429", retry_after=0.2)
        return LayoutReader().read(chunk).model_copy(update={"reader": "busy"})

make_app(load_settings(), readers=[Busy()]).worker_main(["worker", *sys.argv[1:]])
"""


def test_a_throttled_chunk_comes_back_over_the_broker(form: Path, over_broker: Settings) -> None:
    with Store.open(over_broker) as store, worker("-c", BUSY):
        (outcome,) = process([form], store, over_broker)
        assert (outcome.record.status, outcome.record.poisoned) == ("done", 0)
        readings = store.load_extraction(outcome.document_id).readings
        assert [[r.reader for r in found] for found in readings.values()] == [["busy"], ["busy"]]


HANGING = """
import sys, time
from pathlib import Path
from worker.app import make_app
from worker.settings import load_settings

class Hanging:
    name = "layout"
    def read(self, chunk):
        time.sleep(600)

make_app(load_settings(), readers=[Hanging()]).worker_main(["worker", *sys.argv[1:]])
"""


def test_a_killed_workers_messages_are_delivered_again(
    form: Path, rabbitmq_broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    for queue in QUEUES:
        rabbitmq_broker.queue(queue)
    monkeypatch.setenv("GOUJI_BROKER_URL", rabbitmq_broker.url)
    monkeypatch.setenv("GOUJI_QUEUE_PREFIX", rabbitmq_broker.prefix)
    settings = load_settings()
    with Store.open(settings) as store:
        outcomes: list[Outcome] = []
        waiting = threading.Thread(target=lambda: outcomes.extend(process([form], store, settings)))
        with worker("-c", HANGING) as first:
            waiting.start()
            await_that(lambda: store.list_documents() != [] and store.progress([1]).held == 2)
            first.send_signal(signal.SIGKILL)
            first.wait()
        with worker():
            waiting.join(60)
        assert [outcome.record.status for outcome in outcomes] == ["done"]
        assert outcomes[0].record.counts == {"accepted": 2}


def await_that(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < until, "it did not come to pass"
        time.sleep(0.1)


def test_a_broker_that_does_not_answer_is_a_setting_to_change(form: Path) -> None:
    settings = load_settings(broker_url="redis://:secret@127.0.0.1:1/0")
    with Store.open(settings) as store, pytest.raises(ConfigError, match="GOUJI_BROKER_URL") as caught:
        process([form], store, settings)
    assert "secret" not in str(caught.value)
