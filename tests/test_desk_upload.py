from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import httpx2
import pytest

from tests.desk_axe import serious
from tests.desk_server import ANSWER_S, ARCHIVE, DeskServer
from worker.desk.pages.desk import COOKIE
from worker.users import Role

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytest_plugins = ["tests.desk_fixtures"]
HTML_NAME = "<img src=x onerror=window.hacked=1>.txt"
_LONG_MS = 60_000


@pytest.fixture(scope="module")
def samples() -> list[Path]:
    """Nothing is read before the tests."""
    return []


def open_upload(page: Page, server: DeskServer, query: str = "") -> None:
    page.goto(f"{server.url}/upload{query}")
    page.wait_for_function("window.did_handshake === true")


def hand_in(page: Page, name: str, *files: tuple[str, bytes]) -> None:
    from playwright.sync_api import FilePayload

    page.locator("input[type=file]").set_input_files(
        [FilePayload(name=file, mimeType="text/plain", buffer=data) for file, data in files]
    )
    for file, _ in files:
        page.locator(".upload-list").get_by_text(file, exact=True).wait_for()
    page.get_by_label("Name of the batch").fill(name)
    page.get_by_role("button", name="Begin").click()


def test_files_go_through_their_steps_before_ones_eyes(server: DeskServer, browser: Browser) -> None:
    context = server.context(browser)
    page = context.new_page()
    open_upload(page, server)
    page.get_by_label("Budget in US dollars").fill("a lot")
    page.get_by_role("button", name="Begin").click()
    page.get_by_text("An amount such as 12.50").wait_for()
    page.get_by_label("Budget in US dollars").fill("12.50")
    good, bad = (HTML_NAME, ARCHIVE.read_bytes()), ("broken.pdf", b"%PDF-1.7 and no more")
    hand_in(page, "by hand", good, bad)
    rows = page.locator(".lines tbody tr")
    rows.filter(has_text=HTML_NAME).get_by_text("Done", exact=True).wait_for(timeout=_LONG_MS)
    rows.filter(has_text="broken.pdf").get_by_text("Failed", exact=True).wait_for(timeout=_LONG_MS)
    page.get_by_text("2 of 2 files done").wait_for()
    assert "accepted" in rows.filter(has_text=HTML_NAME).inner_text()
    assert "broken.pdf: " in rows.filter(has_text="broken.pdf").inner_text()
    assert page.evaluate("window.hacked") is None
    assert serious(page) == []
    line = server.store.listing.batches(1, name="by hand")[0]
    assert (line.budget_usd, line.priority, line.items) == (Decimal("12.50"), 5, {"done": 1, "failed": 1})
    # The address leads back here, and the link to what was read.
    assert page.url.endswith(f"?batch={line.id}")
    page.get_by_role("link", name="简体中文").click()
    page.get_by_role("heading", name="by hand").wait_for()
    page.get_by_text("2 个文件已完成 2 个").wait_for()
    page.get_by_role("link", name=HTML_NAME).click()
    page.wait_for_url(re.compile(r"/documents/\d+$"))
    context.close()


def test_a_file_that_is_dropped_arrives(server: DeskServer, browser: Browser) -> None:
    context = server.context(browser)
    page = context.new_page()
    open_upload(page, server)
    transfer = page.evaluate_handle(
        "text => { const d = new DataTransfer(); d.items.add(new File([text], 'dropped.txt')); return d; }",
        ARCHIVE.read_text("utf-8") + "\ndropped\n",
    )
    page.dispatch_event(".upload-zone", "dragover", {"dataTransfer": transfer})
    page.dispatch_event(".q-uploader__dnd", "drop", {"dataTransfer": transfer})
    page.get_by_text("dropped.txt").wait_for()
    page.get_by_label("Name of the batch").fill("dropped")
    page.get_by_role("button", name="Begin").click()
    done = page.locator(".lines tbody tr").filter(has_text="dropped.txt").get_by_text("Done", exact=True)
    done.wait_for(timeout=_LONG_MS)
    context.close()


def test_a_reader_may_watch_and_hand_nothing_in(server: DeskServer, browser: Browser) -> None:
    context = server.context(browser, "reader")
    page = context.new_page()
    open_upload(page, server, f"?batch={server.store.enter_batch('watched')}")
    page.get_by_role("heading", name="watched").wait_for()
    assert page.locator("input[type=file]").count() == 0
    assert page.get_by_role("navigation").get_by_text("Upload").count() == 0
    context.close()


def signed_in(server: DeskServer, role: Role) -> tuple[httpx2.Client, str]:
    signed = server.signed_in(role)
    return server.client(cookie=f"{COOKIE}={signed.token}"), signed.csrf


def test_bytes_come_only_from_a_form_of_ones_own_session(server: DeskServer) -> None:
    files = {"file": ("a.txt", b"text")}
    assert httpx2.post(f"{server.url}/upload/files", files=files, timeout=ANSWER_S).status_code == 401
    client, csrf = signed_in(server, "reviewer")
    with client:
        assert client.post("/upload/files", files=files).status_code == 403
        assert client.post("/upload/files", files=files, headers={"x-csrf": "guessed"}).status_code == 403
        foreign = {"x-csrf": csrf, "origin": "http://evil.example"}
        assert client.post("/upload/files", files=files, headers=foreign).status_code == 401
    client, csrf = signed_in(server, "reader")
    with client:
        assert client.post("/upload/files", files=files, headers={"x-csrf": csrf}).status_code == 403


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"priority": "11"}, "priority: cannot be used"),
        ({"budget_usd": "1e9"}, "budget_usd: cannot be used"),
        ({"name": "two\nlines"}, "name: cannot be used"),
        ({"path": "/etc"}, "path: cannot be used"),
    ],
)
def test_what_is_wrong_with_a_form_is_named(server: DeskServer, fields: dict[str, str], said: str) -> None:
    client, csrf = signed_in(server, "reviewer")
    with client:
        answer = client.post(
            "/upload/files", data=fields, files={"file": ("a.txt", b"text")}, headers={"x-csrf": csrf}
        )
    assert (answer.status_code, said in answer.text) == (422, True)
