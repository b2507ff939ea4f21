"""The command line and what it speaks to: endpoints, brokers, terminals, other packages, its own manual."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.command import ARCHIVE, EXECUTABLE, Done, Gouji, lines
from tests.conftest import Broker
from tests.documentation import DOCS, PAGES, clean_environment, rendered

COMMANDS = (
    *("extract", "submit", "status", "cancel", "resume", "retry", "show", "findings", "export", "kinds"),
    *("doctor", "worker", "sweep", "purge", "desk", "token"),
)


@pytest.fixture
def gouji(tmp_path: Path) -> Gouji:
    """The command with a home of its own."""
    return Gouji(tmp_path)


# doctor


class _Models(BaseHTTPRequestHandler):
    """`GET /v1/models` of an endpoint that asks for a key."""

    def do_GET(self) -> None:
        allowed = self.headers["Authorization"] == "Bearer sk-secret"
        body = json.dumps({"data": [{"id": "small"}, {"id": "large"}]}).encode()
        self.send_response(200 if allowed else 401)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Keep quiet."""


@pytest.fixture
def endpoint() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Models)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()
    thread.join()
    server.server_close()


def states(done: Done) -> dict[str, str]:
    return {answer["what"]: answer["state"] for answer in json.loads(done.stdout)}


def test_doctor_says_what_answers_and_keeps_secrets(gouji: Gouji, endpoint: str) -> None:
    plain = gouji("doctor", "--json")
    assert plain.returncode == 0
    assert states(plain) == {
        "gouji": "ok",
        "home": "ok",
        "database": "ok",
        "broker": "off",
        "readers": "ok",
        "model": "off",
        "kinds": "off",
        "ocr": "ok",
    }
    model = {"OPENAI_BASE_URL": endpoint, "GOUJI_MODEL": "small", "OPENAI_API_KEY": "sk-secret"}
    good = gouji("doctor", COLUMNS="240", **model)
    assert good.returncode == 0
    assert "offers 2 models, this one among them" in good.stdout
    assert "sk-secret" not in good.stdout + good.stderr


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"OPENAI_API_KEY": "sk-other"}, "refuses the key (HTTP 401); check OPENAI_API_KEY"),
        ({"GOUJI_MODEL": "huge"}, "does not offer huge; it offers small, large"),
        ({"OPENAI_BASE_URL": "http://127.0.0.1:9/v1"}, "is the server running, is OPENAI_BASE_URL right?"),
        ({"GOUJI_BROKER_URL": "redis://:secret@127.0.0.1:9/0"}, "redis://:***@127.0.0.1:9/0"),
        ({"GOUJI_DATABASE_URL": "postgresql+psycopg://u:secret@127.0.0.1:9/x"}, "GOUJI_DATABASE_URL: "),
    ],
)
def test_doctor_fails_where_something_does_not_answer(
    gouji: Gouji, endpoint: str, changed: dict[str, str], said: str
) -> None:
    model = {"OPENAI_BASE_URL": endpoint, "GOUJI_MODEL": "small", "OPENAI_API_KEY": "sk-secret"}
    done = gouji("doctor", COLUMNS="240", **(model | changed))
    assert done.returncode == 1
    assert said in done.stdout
    assert "secret" not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


# worker


def test_workers_take_what_extract_queues(gouji: Gouji, broker: Broker, tmp_path: Path) -> None:
    for name in ("ingest", "llm", "reconcile", "export"):
        broker.queue(name)
    environment = {"GOUJI_BROKER_URL": broker.url, "GOUJI_QUEUE_PREFIX": broker.prefix}
    log = tmp_path / "worker.log"
    with (
        log.open("wb") as file,
        subprocess.Popen(
            [EXECUTABLE, "worker", "--concurrency", "2"],
            env=clean_environment(tmp_path / "state", **environment),
            stdout=subprocess.DEVNULL,
            stderr=file,
        ) as worker,
    ):
        try:
            done = gouji("extract", ARCHIVE, "--out", "out", **environment)
            seen = gouji("doctor", "--json", **environment)
        finally:
            worker.send_signal(signal.SIGTERM)
    assert worker.returncode == 0, log.read_text()
    assert done.returncode == 0
    assert "archive-2024-final.txt 3 1 1 1 2 review" in lines(done.stdout)
    assert states(seen)["broker"] == "ok"


# the command itself


def test_progress_is_for_terminals_alone(gouji: Gouji) -> None:
    assert gouji("extract", ARCHIVE).stderr == ""
    shown = gouji.at_terminal("extract", ARCHIVE, "--again")
    assert re.search(r"documents\W.*\d/1", shown)
    assert re.search(r"tables\W.*\d/3", shown)


def test_nothing_heavy_is_imported_to_show_help() -> None:
    heavy = (
        "pydantic",
        "sqlalchemy",
        "celery",
        "scipy",
        "openpyxl",
        "pyarrow",
        "openai",
        "instructor",
        "lxml",
    )
    done = subprocess.run(
        [sys.executable, "-c", "import sys, worker.cli; print(*sorted(sys.modules))"],
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert not set(heavy) & set(done.stdout.split())


@pytest.mark.parametrize("command", COMMANDS)
def test_the_manual_speaks_of_every_option(gouji: Gouji, command: str) -> None:
    shown = gouji(command, "--help")
    assert shown.returncode == 0
    manual = (DOCS / "cli.md").read_text("utf-8")
    assert f"## gouji {command}" in manual
    options = set(re.findall(r"(?<!\S)--[a-z]+", shown.stdout)) - {"--help"}
    assert options or command in {"cancel", "sweep", "token"}
    assert {option for option in options if option not in manual} == set()


def test_other_packages_add_commands(gouji: Gouji, tmp_path: Path) -> None:
    package = tmp_path / "extra"
    (package / "extra-1.dist-info").mkdir(parents=True)
    (package / "extra.py").write_text(
        "import typer\napp = typer.Typer()\n"
        "@app.command()\ndef one() -> None:\n    print('one')\n"
        "@app.command()\ndef two() -> None:\n    print('two')\n"
        "def single(word: str) -> None:\n    print(word)\n"
    )
    (package / "extra-1.dist-info" / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: extra\nVersion: 1\n"
    )
    (package / "extra-1.dist-info" / "entry_points.txt").write_text(
        "[gouji.commands]\nmore = extra:app\nsingle = extra:single\nbroken = extra:missing\n"
    )
    path = {"PYTHONPATH": str(package)}
    assert gouji("more", "two", **path).stdout == "two\n"
    done = gouji("single", "word", **path)
    assert (done.returncode, done.stdout) == (0, "word\n")
    assert "gouji: command broken of extra:missing does not load" in done.stderr


@pytest.mark.parametrize("page", PAGES)
def test_the_documentation_shows_what_is_printed(page: str, tmp_path: Path) -> None:
    # Where the output has changed for good: python -m tests.documentation
    assert rendered(page, tmp_path) == (DOCS / page).read_text("utf-8")
