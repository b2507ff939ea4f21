"""The files of a deployment: each command in them is one that the command line takes."""

from __future__ import annotations

import re
import shlex
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml  # type: ignore[import-untyped]
from redis import Redis
from redis.exceptions import RedisError

from tests.command import EXECUTABLE, Gouji
from tests.conftest import REQUIRED
from tests.documentation import clean_environment
from worker.cli import app
from worker.queues import QUEUES
from worker.settings import load_settings
from worker.store import Store
from worker.telemetry import metrics, task

ROOT = Path(__file__).parent.parent
FILES = ROOT / "docs" / "deployment"


def _services() -> dict[str, Any]:
    services: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))["services"]
    return services


def _of_compose() -> list[list[str]]:
    return [service["command"] for service in _services().values() if service["image"] == "gouji"]


def _of_systemd() -> list[list[str]]:
    units = [path.read_text("utf-8") for path in (FILES / "systemd").glob("*.service")]
    return [
        shlex.split(line[1])[1:]
        for unit in units
        for line in re.finditer(r"^ExecStart=(.*)$", unit, re.MULTILINE)
    ]


@pytest.mark.parametrize("commands", [_of_compose(), _of_systemd()], ids=["compose", "systemd"])
def test_each_command_is_taken_by_the_command_line(commands: list[list[str]]) -> None:
    group: Any = typer.main.get_command(app)
    served: set[str] = set()
    for command in commands:
        context = group.make_context("gouji", ["doctor"])
        name, found, rest = group.resolve_command(context, command)
        served |= set(found.make_context(name, rest).params.get("queue", ()))
    assert served == set(QUEUES)


def test_compose_waits_for_services_that_exist_and_says_when_they_are_healthy() -> None:
    services = _services()
    for service in services.values():
        for needed in service.get("depends_on", ()):
            assert "healthcheck" in services[needed]


def test_no_secret_stands_in_compose() -> None:
    for service in _services().values():
        for name, value in service.get("environment", {}).items():
            assert "PASS" not in name or value.startswith("${")


def test_alerts_speak_of_metrics_that_exist() -> None:
    with task("read", chunk=1):
        metrics.model_call("ok", 1.0)
    with Store.open(load_settings()) as store:
        told = metrics.exposition(store)[0].decode()
    known = set(re.findall(r"^([a-z_]+)(?:[{ ])", told, re.MULTILINE)) | {
        # Told once there are tables.
        "gouji_accepted_ratio",
        *re.findall(r"^# TYPE (\S+)", told, re.MULTILINE),
    }
    groups = yaml.safe_load((FILES / "prometheus" / "alerts.yml").read_text("utf-8"))["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    for rule in rules:
        spoken = set(re.findall(r"gouji_[a-z_]+", rule["expr"]))
        assert spoken <= known, rule["alert"]
        assert {"summary", "remedy"} <= set(rule["annotations"])
    assert len({rule["alert"] for rule in rules}) == len(rules)


def test_secrets_come_as_files_where_systemd_puts_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "OPENAI_API_KEY").write_text("sk-secret\n")
    (tmp_path / "GOUJI_BROKER_URL").write_text("redis://host/1\n")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    settings = load_settings()
    assert settings.openai_api_key
    assert settings.openai_api_key.get_secret_value() == "sk-secret"
    assert settings.broker_url == "redis://host/1"
    monkeypatch.setenv("GOUJI_BROKER_URL", "redis://host/2")
    assert load_settings().broker_url == "redis://host/2"


@pytest.fixture
def tls_redis(tmp_path: Path) -> Iterator[str]:
    """The URL of a Redis that speaks TLS alone, with a certificate of its own."""
    if shutil.which("redis-server") is None or shutil.which("openssl") is None:
        reason = "no redis-server or no openssl here"
        pytest.fail(reason, pytrace=False) if REQUIRED else pytest.skip(reason)
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    files = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*made, *files, *subject], check=True, capture_output=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = {
        "port": "0",
        "tls-port": str(port),
        "tls-cert-file": str(certificate),
        "tls-key-file": str(key),
        "tls-auth-clients": "no",
        "bind": "127.0.0.1",
        "save": "",
        "dir": str(tmp_path),
    }
    command = ["redis-server", *(word for name, value in options.items() for word in (f"--{name}", value))]
    url = f"rediss://localhost:{port}/0?ssl_ca_certs={certificate}&ssl_cert_reqs=required"
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:
        try:
            deadline = time.monotonic() + 20
            while time.monotonic() < deadline and server.poll() is None:
                with suppress(RedisError), Redis.from_url(url) as client:
                    client.ping()
                    break
            yield url
        finally:
            server.terminate()


def test_a_worker_speaks_to_a_broker_by_tls(tls_redis: str, form: Path, tmp_path: Path) -> None:
    gouji = Gouji(tmp_path)
    environment = clean_environment(gouji.home, GOUJI_BROKER_URL=tls_redis)
    with subprocess.Popen([EXECUTABLE, "worker"], env=environment, stderr=subprocess.PIPE) as worker:
        try:
            done = gouji("extract", form, GOUJI_BROKER_URL=tls_redis)
        finally:
            worker.terminate()
            said = worker.communicate(timeout=60)[1].decode()
    assert (done.returncode, worker.returncode) == (0, 0), done.stderr + said
    unknown = tls_redis.partition("?")[0]
    refused = gouji("submit", form, GOUJI_BROKER_URL=f"{unknown}?ssl_cert_reqs=required")
    assert refused.returncode == 2
    assert "does not answer" in refused.stderr
