"""A review desk to test against: the real server in a process of its own. Its fixtures are in `tests.desk_fixtures`.

Loading the desk takes longer than all else that a desk does before it answers. A test process therefore has one
process beside it that has everything loaded, and from which every desk that it asks for is forked.
"""

from __future__ import annotations

import atexit
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import URLError
from urllib.request import urlopen

import httpx2
import pytest

from worker.desk.pages.desk import COOKIE
from worker.settings import Settings, load_settings
from worker.store import Store
from worker.users import Role, SignedIn, Users

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

ROOT = Path(__file__).resolve().parents[1]
ARCHIVE = ROOT / "docs" / "examples" / "archive-2024-final.txt"
PASSWORD = "a long enough password"
COPIES = 6
"""How many copies of the archive there are: copy1.txt and so on."""
# None of it is what a test is about: a loaded machine may take its time.
_READY_S = 180.0
ANSWER_S = 60.0
_END_S = 60.0

HOSTILE = "<script>window.hacked=true</script><img/src=x/onerror=window.hacked=true>"
FORMULA = "=HYPERLINK(1)"


@dataclass(frozen=True)
class DeskServer:
    """A running desk: where it answers, and the store behind it."""

    url: str
    settings: Settings
    store: Store
    log: Path

    def signed_in(self, role: Role) -> SignedIn:
        """A session of a new user, who came by a link: a password takes half a second of computing each time."""
        users = Users(self.store)
        signed = users.redeem(users.invite(f"{role}.{len(users.list())}", role))
        assert signed
        return signed

    def context(
        self, browser: Browser, role: Role = "reviewer", *, token: str = "", **options: object
    ) -> BrowserContext:
        """A browser window in which a user of this role is signed in, or has the session of a `token`."""
        given: dict[str, object] = {"viewport": {"width": 1440, "height": 900}, "locale": "en-US", **options}
        context = browser.new_context(**given)  # type: ignore[arg-type]
        context.set_default_timeout(ANSWER_S * 1000)
        value = token or self.signed_in(role).token
        context.add_cookies([{"name": COOKIE, "value": value, "url": self.url}])
        return context

    def client(self, **headers: str) -> httpx2.Client:
        """A client without a browser."""
        return httpx2.Client(base_url=self.url, headers=headers, timeout=ANSWER_S)

    def document(self, name: str) -> int:
        """The id of a document by the name of its file."""
        return next(record.id for record in self.store.list_documents() if record.name == name)


def chromium() -> str | None:
    """The browser that tests drive, None where there is none."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def open_table(page: Page, server: DeskServer, name: str, table: str, query: str = "") -> None:
    """Open the page of a table, with the filters of a query, and wait until it can be worked with."""
    page.goto(f"{server.url}/documents/{server.document(name)}/tables/{table}{query}")
    page.locator(".ag-cell").first.wait_for()
    page.wait_for_function("window.did_handshake === true")


@contextmanager
def serving(home: Path, settings: Settings, store: Store) -> Iterator[DeskServer]:
    """A desk over a home, in a process of its own, on a free port."""
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = home / "server.log"
    log.touch()
    desk = _fork(port, home, log)
    try:
        _await(f"http://127.0.0.1:{port}/health", desk, log)
        yield DeskServer(f"http://127.0.0.1:{port}", settings, store, log)
    finally:
        _end(desk)


@cache
def _loaded() -> subprocess.Popen[str]:
    """The process from which desks are forked; it ends with this one."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("GOUJI_", "PYTEST_"))}
    ran = subprocess.Popen(
        [sys.executable, "-m", "tests.desk_server"],
        cwd=ROOT,
        env=kept,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    atexit.register(ran.communicate)
    return ran


def _fork(port: int, home: Path, log: Path) -> int:
    ran = _loaded()
    assert ran.stdin
    assert ran.stdout
    ran.stdin.write(json.dumps([port, str(home), str(log)]) + "\n")
    ran.stdin.flush()
    return int(ran.stdout.readline())


def _end(desk: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(desk, signal.SIGTERM)
    until = time.monotonic() + _END_S
    while _lives(desk):
        if time.monotonic() > until:
            os.kill(desk, signal.SIGKILL)
            pytest.fail("the desk does not end")
        time.sleep(0.05)


def _lives(desk: int) -> bool:
    try:
        os.kill(desk, 0)
    except ProcessLookupError:
        return False
    return True


def _await(url: str, desk: int, log: Path) -> None:
    until = time.monotonic() + _READY_S
    while time.monotonic() < until and _lives(desk):
        try:
            with urlopen(url, timeout=5):  # noqa: S310
                return
        except (URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
    pytest.fail(f"the desk does not answer: {log.read_text('utf-8', errors='replace')[-3000:]}")


def main() -> None:
    """Fork a desk for every line of the input: a port, a home and a log as JSON; the id of its process is printed."""
    import worker.desk.pages  # noqa: F401

    # The system then clears away children that have ended.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        port, home, log = json.loads(line)
        if desk := os.fork():
            print(desk, flush=True)  # noqa: T201
            continue
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        _serve(port, home, log)
        return


def _serve(port: int, home: str, log: str) -> None:
    """Serve the desk of a home on loopback."""
    import uvicorn

    from worker.desk.server import make_server

    with Path(log).open("wb") as out, Path(os.devnull).open("rb") as nothing:
        for stream, own in ((nothing, 0), (out, 1), (out, 2)):
            os.dup2(stream.fileno(), own)
    os.environ.update({"GOUJI_HOME": home, "GOUJI_READERS": "layout"})
    uvicorn.run(make_server(load_settings()), host="127.0.0.1", port=port, log_level="warning")


if __name__ == "__main__":
    main()
