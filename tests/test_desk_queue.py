from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.desk_server import ARCHIVE, HOSTILE, DeskServer, serving
from worker import review
from worker.batch import process
from worker.review import Decide, Filters
from worker.settings import load_settings
from worker.store import Store
from worker.users import Users

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Locator, Page

pytest_plugins = ["tests.desk_fixtures"]
NARROW = "?kind=expenditure_by_function"
MARKUP = "<img src=x onerror=window.hacked=true>"
FORM = """政府性基金预算财政拨款收入支出决算表
公开07表
部门：临江市档案馆    金额单位：万元
科目编码  科目名称  年初结转和结余  本年收入  合计  基本支出  项目支出  年末结转和结余
第 {number} 号
"""


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two archives, one with markup in its text and its name, and a document with more tables than a page shows."""
    folder = tmp_path_factory.mktemp("samples")
    text = ARCHIVE.read_text("utf-8")
    large = folder / "large.txt"
    large.write_text(text.replace("301.20", "1.20"), "utf-8")
    hostile = folder / f"{MARKUP}.txt"
    hostile.write_text(text.replace("行政运行", HOSTILE), "utf-8")
    forms = folder / "forms.txt"
    forms.write_text("\n".join(FORM.format(number=number) for number in range(3, 58)), "utf-8")
    return [large, ARCHIVE, hostile, forms]


@pytest.fixture
def context(server: DeskServer, browser: Browser) -> Iterator[BrowserContext]:
    context = server.context(browser)
    yield context
    context.close()
    free(server)


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


def free(server: DeskServer) -> None:
    desk = review.Desk(server.store)
    for user in Users(server.store).list():
        for entry in desk.queue(Filters(mine=user.id), limit=200).entries:
            desk.release(user, entry.document, entry.table)


def open_queue(page: Page, server: DeskServer, query: str = "") -> None:
    page.goto(f"{server.url}/{query}")
    page.wait_for_function("window.did_handshake === true")
    if "status" not in query:
        page.locator(".queue-open:focus").wait_for()


def row(page: Page, server: DeskServer, name: str, table: str = "t02") -> Locator:
    return page.locator(f'[data-row="{server.document(name)}/{table}"]')


def told(page: Page, words: str) -> None:
    page.get_by_role("status").filter(has_text=words).wait_for()


def value(page: Page, name: str, chosen: str) -> Locator:
    return page.locator(f'[data-value="{name}:{chosen}"]')


def holder(server: DeskServer, name: str) -> str | None:
    number = server.document(name)
    entries = review.Desk(server.store).queue(Filters(document=number)).entries
    return next(entry.claimed_by for entry in entries if entry.table == "t02")


def test_the_worthiest_stands_first_and_says_why(server: DeskServer, page: Page) -> None:
    open_queue(page, server)
    names = page.locator("[data-row]").evaluate_all("rows => rows.map(row => row.dataset.row)")
    listed = review.Desk(server.store).queue(limit=50).entries
    assert names == [f"{entry.document}/{entry.table}" for entry in listed]
    first = row(page, server, "large.txt").inner_text()
    assert "Does not add up" in first
    assert "differs by 309" in first
    assert "¥3.09 m" in first
    assert page.locator("[data-row]").first.get_attribute("data-row") == names[0]
    assert value(page, "kind", "expenditure_by_function").inner_text().split()[-1] == "3"
    assert value(page, "document", str(server.document("forms.txt"))).inner_text().split()[-1] == "55"


def test_filters_stand_in_the_address_and_can_be_sent_on(server: DeskServer, page: Page) -> None:
    open_queue(page, server)
    page.get_by_role("link", name="Expenditure by function").click()
    page.locator(".queue-total", has_text="3").wait_for()
    value(page, "reason", "contradiction").click()
    page.wait_for_url("**/?kind=expenditure_by_function&reason=contradiction")
    page.locator(':focus[data-value="reason:contradiction"]').wait_for()
    assert page.locator("[data-row]").count() == 3
    sent = page.url
    other = page.context.new_page()
    other.goto(sent)
    other.locator(".queue-open:focus").wait_for()
    assert other.locator("[data-row]").count() == 3
    assert value(other, "reason", "contradiction").get_attribute("aria-current") == "true"
    page.go_back()
    page.wait_for_url(f"**/{NARROW}")
    page.get_by_role("link", name="Clear all").click()
    page.locator(".queue-total", has_text="58").wait_for()
    assert page.url == f"{server.url}/"
    page.goto(f"{server.url}/?document=99999999999999999999&mine=x&status=none&reason=%00&text=%00")
    page.locator(".queue-total", has_text="58").wait_for()


def test_the_list_is_gone_through_by_the_keyboard_and_enter_holds_the_table(
    server: DeskServer, page: Page
) -> None:
    open_queue(page, server, NARROW)
    page.keyboard.press("?")
    page.get_by_role("dialog").get_by_text("open the worthiest table that is free").wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="hidden")
    page.keyboard.press("/")
    page.keyboard.type("archive")
    page.wait_for_url(f"**/{NARROW}&text=archive")
    page.locator(".queue-total", has_text="1").wait_for()
    page.keyboard.press("Control+a")
    page.keyboard.press("Backspace")
    page.locator(".queue-total", has_text="3").wait_for()
    page.keyboard.press("Escape")
    page.locator(".queue-open:focus").wait_for()
    order = page.locator("[data-row]").evaluate_all("rows => rows.map(row => row.dataset.row)")
    for key, at in (("k", 0), ("j", 1), ("ArrowDown", 2), ("k", 1), ("ArrowUp", 0), ("j", 1)):
        page.keyboard.press(key)
        assert page.locator(":focus").get_attribute("data-key") == order[at]
    page.keyboard.press("c")
    told(page, "You hold")
    page.keyboard.press("c")
    told(page, "is free again")
    page.keyboard.press("Enter")
    document, _, table = order[1].partition("/")
    page.wait_for_url(lambda url: url.endswith(f"/documents/{document}/tables/{table}{NARROW}"))
    entry = review.Desk(server.store).queue(Filters(document=int(document), kind="expenditure_by_function"))
    assert [each.claimed_by is not None for each in entry.entries] == [True]


def test_keys_that_are_typed_at_once_are_done_one_after_another(server: DeskServer, page: Page) -> None:
    open_queue(page, server, NARROW)
    page.evaluate("window.did_handshake = false")
    for key in ("c", "c", "j", "c", "c", "c", "k", "c", "c"):
        page.keyboard.press(key)
    first, second, third = page.locator("[data-row]").evaluate_all("rows => rows.map(row => row.dataset.row)")
    page.evaluate("window.did_handshake = true")
    page.locator(f'[data-row="{second}"] .is-mine').wait_for()
    told(page, "is free again")
    entries = review.Desk(server.store).queue(Filters(kind="expenditure_by_function")).entries
    held = [f"{entry.document}/{entry.table}" for entry in entries if entry.claimed_by]
    assert (held, page.locator(":focus").get_attribute("data-key")) == ([second], first)
    assert page.locator(f'[data-row="{third}"] .is-mine').count() == 0


def test_what_others_do_ends_no_click_that_has_begun(server: DeskServer, page: Page) -> None:
    open_queue(page, server, NARROW)
    row(page, server, "large.txt").get_by_role("button", name="Claim").hover()
    page.mouse.down()
    document = server.document(ARCHIVE.name)
    other = Users(server.store).add("another", "reviewer", "a long enough one")
    review.Desk(server.store).claim(other, document, "t02")
    row(page, server, ARCHIVE.name).get_by_text("another").wait_for()
    page.mouse.up()
    told(page, "You hold")


def test_n_takes_the_worthiest_that_is_free(server: DeskServer, browser: Browser, page: Page) -> None:
    other = server.context(browser)
    first, order = other.new_page(), review.Desk(server.store).queue(limit=3).entries
    open_queue(first, server)
    first.keyboard.press("n")
    first.wait_for_url(f"**/documents/{order[0].document}/tables/{order[0].table}")
    open_queue(page, server)
    page.keyboard.press("n")
    page.wait_for_url(f"**/documents/{order[1].document}/tables/{order[1].table}")
    other.close()


def test_what_another_holds_shows_and_is_refused_with_the_name_and_the_time(
    server: DeskServer, browser: Browser, page: Page
) -> None:
    open_queue(page, server, NARROW)
    other = server.context(browser)
    theirs = other.new_page()
    open_queue(theirs, server, NARROW)
    mine = row(page, server, "large.txt")
    row(theirs, server, "large.txt").get_by_role("button", name="Claim").click()
    told(theirs, "You hold")
    name = holder(server, "large.txt")
    assert name
    mine.get_by_text(name).wait_for()
    assert "15 min" in mine.inner_text() or "14 min" in mine.inner_text()
    assert mine.get_by_role("button").count() == 0
    mine.locator(".queue-open").click()
    told(page, f"{name} holds this table for 1")
    assert page.get_by_role("link", name="Only look at it").get_attribute("href")
    value(page, "holder", "free").click()
    page.wait_for_url(f"**/{NARROW}&free=1")
    page.locator(".queue-total", has_text="2").wait_for()
    row(theirs, server, "large.txt").get_by_role("button", name="Release").click()
    told(theirs, "is free again")
    mine.wait_for()
    assert holder(server, "large.txt") is None
    other.close()


def test_what_comes_in_moves_neither_the_focus_nor_the_view(
    server: DeskServer, page: Page, tmp_path: Path
) -> None:
    open_queue(page, server)
    assert page.locator("[data-row]").count() == 50
    for _ in range(49):
        page.keyboard.press("j")
    page.locator("[data-row]").nth(49).locator(".queue-open:focus").wait_for()
    page.keyboard.press("j")
    page.locator("[data-row]").nth(57).wait_for()
    assert page.get_by_role("button", name="Show more").count() == 0
    kept = page.locator(":focus").get_attribute("data-key")
    scrolled = page.locator(".queue-list").evaluate("list => list.scrollTop")
    assert scrolled > 0
    late = tmp_path / "late.txt"
    late.write_text(ARCHIVE.read_text("utf-8").replace("301.20", "2.20"), "utf-8")
    process([late], server.store, server.settings)
    row(page, server, "late.txt").wait_for(state="attached")
    page.locator(".queue-total", has_text="59").wait_for()
    assert page.locator(":focus").get_attribute("data-key") == kept
    assert page.locator(".queue-list").evaluate("list => list.scrollTop") >= scrolled
    document, _, table = str(kept).partition("/")
    desk, user = review.Desk(server.store), Users(server.store).add("quick", "reviewer", "a long enough one")
    desk.apply(
        user, int(document), table, Decide("right_as_printed"), desk.open(int(document), table).version
    )
    page.locator(f'[data-row="{kept}"]').wait_for(state="detached")
    page.locator(".queue-open:focus").wait_for()


def test_markup_in_names_and_text_stays_text(server: DeskServer, page: Page) -> None:
    open_queue(page, server, f"{NARROW}&status=all")
    mine = row(page, server, f"{MARKUP}.txt")
    assert f"{MARKUP}.txt" in mine.inner_text()
    assert HOSTILE[:30] in mine.inner_text()
    value(page, "document", str(server.document(f"{MARKUP}.txt"))).click()
    page.wait_for_url("**/?document=*&kind=*&status=all")
    page.locator(".queue-total", has_text="1").wait_for()
    assert page.locator(".queue img, .queue script").count() == 0
    assert page.evaluate("window.hacked") is None


def test_a_reader_looks_and_holds_nothing(server: DeskServer, browser: Browser) -> None:
    context = server.context(browser, "reader")
    page = context.new_page()
    open_queue(page, server, NARROW)
    assert page.get_by_role("button", name="Claim").count() == 0
    assert page.get_by_role("button", name="Next table").count() == 0
    page.keyboard.press("n")
    told(page, "Your role allows looking only")
    page.keyboard.press("c")
    page.locator(".desk-told.is-bad").filter(has_text="may look and not review").wait_for()
    page.keyboard.press("Enter")
    page.wait_for_url("**/tables/*")
    assert review.Desk(server.store).overview().claimed == 0
    context.close()


def test_a_session_that_was_ended_looks_on_no_longer(server: DeskServer, browser: Browser) -> None:
    context = server.context(browser)
    page = context.new_page()
    open_queue(page, server)
    context.new_page().request.post(f"{server.url}/signout")
    store, users = server.store, Users(server.store)
    seen = max(users.list(), key=lambda user: user.id)
    users.disable(seen.name)
    page.wait_for_url("**/signin*")
    assert store.users.find(seen.name)
    context.close()


def test_an_empty_queue_says_what_to_do(tmp_path: Path, browser: Browser) -> None:
    settings = load_settings(home=tmp_path, readers="layout")
    with Store.open(settings) as store, serving(tmp_path, settings, store) as server:
        context = server.context(browser)
        page = context.new_page()
        open_queue(page, server, "?status=open")
        page.get_by_role("heading", name="Nothing has been read yet").wait_for()
        assert "gouji submit" in page.locator(".queue-empty").inner_text()
        assert page.get_by_role("link", name="Upload documents").get_attribute("href") == "/upload"
        process([ARCHIVE], store, settings)
        row(page, server, ARCHIVE.name).wait_for()
        page.locator(".queue-empty").wait_for(state="detached")
        desk, user = review.Desk(store), Users(store).list()[0]
        for entry in desk.queue().entries:
            version = desk.open(entry.document, entry.table).version
            desk.apply(user, entry.document, entry.table, Decide("right_as_printed"), version)
        page.get_by_role("heading", name="Nothing waits for review").wait_for()
        assert "2 tables are accepted" in page.locator(".queue-empty").inner_text()
        page.get_by_role("link", name="Look at the documents").click()
        page.wait_for_url("**/documents")
        open_queue(page, server, "?text=nothing&status=open")
        page.get_by_role("heading", name="No table fits these filters").wait_for()
        page.locator(".queue-empty").get_by_role("link", name="Clear all").click()
        page.get_by_role("heading", name="Nothing waits for review").wait_for()
        context.close()


def test_nothing_stands_in_the_way_of_assistive_technology(server: DeskServer, browser: Browser) -> None:
    from axe_playwright_python.sync_playwright import Axe

    context = server.context(browser, color_scheme="light", reduced_motion="reduce", bypass_csp=True)
    page = context.new_page()
    entry = review.Desk(server.store).queue().entries[0]
    user = max(Users(server.store).list(), key=lambda user: user.id)
    review.Desk(server.store).claim(user, entry.document, entry.table)
    open_queue(page, server)
    found = Axe().run(page).response["violations"]
    page.emulate_media(color_scheme="dark")
    page.locator("body.body--dark").wait_for()
    found += Axe().run(page).response["violations"]
    assert [
        (each["id"], [node["html"] for node in each["nodes"]])
        for each in found
        if each["impact"] in {"serious", "critical"}
    ] == []
    context.close()
    free(server)


def test_counts_know_who_holds_what_and_what_is_free(server: DeskServer) -> None:
    desk = review.Desk(server.store)
    one, other = [user for user in Users(server.store).list() if user.may("reviewer")][:2]
    wanted = Filters(kind="expenditure_by_function")
    first, second, *_ = desk.queue(wanted).entries
    desk.claim(one, first.document, first.table)
    desk.claim(other, second.document, second.table)
    counts = desk.counts(wanted)
    assert (counts.held, counts.free) == ({one.id: 1, other.id: 1}, counts.total - 2)
    assert counts.document[first.document] == (first.document_name, 1)
    mine = desk.counts(replace(wanted, mine=one.id))
    assert (mine.total, mine.held, mine.free) == (1, counts.held, counts.free)
    unheld = desk.queue(replace(wanted, free=True)).entries
    assert [entry.claimed_by for entry in unheld] == [None] * counts.free
    assert all(
        entry.claimed_until and entry.claimed_until > datetime.now(UTC)
        for entry in desk.queue(replace(wanted, mine=other.id)).entries
    )
    free(server)
