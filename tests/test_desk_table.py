from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from tests.desk_server import FORMULA, HOSTILE, DeskServer, open_table
from worker import review

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Locator, Page

pytest_plugins = ["tests.desk_fixtures"]
WRONG = "301.20"
RIGHT = "310.20"


@pytest.fixture
def context(server: DeskServer, browser: Browser) -> Iterator[BrowserContext]:
    context = server.context(browser)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


def cell(page: Page, row: int, column: str) -> Locator:
    return page.locator(f'.ag-row[row-id="{row}"] .ag-cell[col-id="{column}"]')


def told(page: Page, words: str) -> None:
    page.get_by_role("status").filter(has_text=words).wait_for()


def shows(page: Page, row: int, column: str, words: str) -> None:
    """What came of a change is told a moment before the grid has it."""
    cell(page, row, column).filter(has_text=words).wait_for()


def status(server: DeskServer, name: str) -> tuple[str, str]:
    extraction = server.store.load_extraction(name)
    found = extraction.tables["t02"].rows[3].get("basic")
    assert found
    return extraction.verdicts["t02"].status, f"{found.amount.value:.2f}" if found.amount else ""


def test_one_wrong_digit_is_settled_with_two_keys(server: DeskServer, page: Page) -> None:
    # What comes next is held by this person then: it must be a table that no other test changes.
    open_table(page, server, "copy1.txt", "t02", "?text=archive")
    page.locator("[data-doubt]:focus").wait_for()
    shows(page, 3, "1", WRONG)
    page.keyboard.press("1")
    told(page, "closes 2, breaks 0")
    shows(page, 3, "1", RIGHT)
    page.get_by_text("Everything that can be checked adds up.").wait_for()
    before = page.url
    page.keyboard.press("a")
    page.wait_for_url(lambda url: url != before)
    assert "settled=" in page.url
    assert status(server, "copy1.txt") == ("corrected", RIGHT)
    page.locator(".ag-cell").first.wait_for()
    archive = server.document("archive-2024-final.txt")
    assert f"/documents/{archive}/tables/t02?text=archive&" in page.url
    page.get_by_role("link", name="Back to the table before").click()
    page.get_by_text("Corrected", exact=True).wait_for()


def test_a_suspect_in_focus_is_applied_by_enter_and_taken_back_and_done_again(
    server: DeskServer, page: Page
) -> None:
    open_table(page, server, "copy2.txt", "t02")
    page.keyboard.press("j")
    page.locator("[data-doubt]:focus").wait_for()
    page.keyboard.press("Enter")
    told(page, "closes 2, breaks 0")
    page.keyboard.press("u")
    told(page, "closes 0, breaks 2")
    shows(page, 3, "1", WRONG)
    page.keyboard.press("Shift+U")
    told(page, "closes 2, breaks 0")
    page.keyboard.press("Control+z")
    told(page, "closes 0, breaks 2")
    page.keyboard.press("u")
    told(page, "There is nothing to undo")
    assert status(server, "copy2.txt") == ("review", WRONG)


def test_keys_that_are_typed_at_once_are_done_one_after_another(server: DeskServer, page: Page) -> None:
    open_table(page, server, "copy6.txt", "t02", "?text=nothing")
    page.locator("[data-doubt]:focus").wait_for()
    before = page.url
    page.evaluate("window.did_handshake = false")
    for key in ("1", "1", "u", "Shift+U", "a", "1", "a"):
        page.keyboard.press(key)
    page.evaluate("window.did_handshake = true")
    page.wait_for_url(lambda url: url != before)
    assert status(server, "copy6.txt") == ("corrected", RIGHT)
    document = server.document("copy6.txt")
    done = [event.action for event in reversed(review.Desk(server.store).history(document, "t02"))]
    assert done == ["set", "undo", "redo", "corrected"]


def _write(page: Page, text: str) -> None:
    """Put a text into the cell that is being edited, in place of what stands there."""
    page.locator(".ag-cell-inline-editing input:focus").wait_for()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(text)


def test_figures_are_typed_into_the_grid_by_the_keyboard_as_people_type(
    server: DeskServer, page: Page
) -> None:
    open_table(page, server, "copy3.txt", "t02")
    cell(page, 0, "0").click()
    for key in ("ArrowDown", "ArrowDown", "ArrowDown", "Tab"):
        page.keyboard.press(key)
    page.locator('.ag-row[row-id="3"] .ag-cell-focus[col-id="1"]').wait_for()
    page.keyboard.type("310.2")
    page.keyboard.press("Escape")
    shows(page, 3, "1", WRONG)
    page.keyboard.press("F2")
    _write(page, "３１０．２０")
    page.keyboard.press("Enter")
    told(page, "closes 2, breaks 0")
    shows(page, 3, "1", RIGHT)
    cell(page, 3, "1").dblclick()
    _write(page, "(5.00)")
    page.keyboard.press("Enter")
    told(page, "closes 0, breaks 2")
    shows(page, 3, "1", "−5.00")
    cell(page, 3, "1").dblclick()
    _write(page, "no figure")
    page.keyboard.press("Enter")
    page.locator(".desk-told.is-bad").filter(has_text="no figure").wait_for()


def test_a_cell_that_is_lit_meanwhile_is_edited_by_a_double_click(server: DeskServer, page: Page) -> None:
    open_table(page, server, "archive-2024-final.txt", "t02")
    box = cell(page, 3, "1").bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] - 20, box["y"] + 12)
    page.mouse.down()
    page.mouse.up()
    page.mouse.down(click_count=2)
    page.evaluate("desk.light(document.querySelector('.desk-grid'), 'r3c1', ['r3c1'], false)")
    page.mouse.up(click_count=2)
    page.locator(".ag-cell-inline-editing input:focus").wait_for()


def test_a_cell_shows_its_place_and_its_identities_and_an_identity_its_cells(
    server: DeskServer, page: Page
) -> None:
    open_table(page, server, "archive-2024-final.txt", "t02")
    cell(page, 0, "0").click()
    page.locator('.desk-text [data-spot="r0c0"].is-main').wait_for()
    assert page.locator(".desk-text .is-lit").all_inner_texts() == ["486.20"]
    page.get_by_role("heading", name="Holds with this cell").wait_for()
    assert page.locator(".desk-identity.is-passed.is-lit").count() > 0
    page.locator(".desk-identity.is-failed").first.click()
    page.locator('.desk-text [data-spot="r3c1"].is-main').wait_for()
    page.locator('.ag-row[row-id="3"] .ag-cell.is-lit').first.wait_for()
    assert page.locator(".ag-cell.is-lit").count() >= 3
    page.locator('.desk-text [data-spot="r5c2"]').click()
    page.locator('.ag-row[row-id="5"] .ag-cell-focus[col-id="2"]').wait_for()


def test_markup_and_formulas_of_a_document_stay_text(server: DeskServer, page: Page) -> None:
    open_table(page, server, "hostile.txt", "t02")
    shows(page, 3, "label", HOSTILE)
    shows(page, 2, "label", FORMULA)
    assert HOSTILE in page.locator(".desk-text").inner_text()
    cell(page, 3, "1").click()
    page.keyboard.press("i")
    page.locator(".desk-identity").filter(has_text=HOSTILE).first.wait_for()
    assert page.evaluate("window.hacked") is None
    assert page.locator(".desk-table script, .desk-table img").count() == 0


def test_of_two_people_the_later_sees_what_the_other_did(server: DeskServer, browser: Browser) -> None:
    first, second = server.context(browser), server.context(browser)
    one, other = first.new_page(), second.new_page()
    open_table(one, server, "copy4.txt", "t02")
    open_table(other, server, "copy4.txt", "t02")
    one.keyboard.press("1")
    told(one, "closes 2, breaks 0")
    other.keyboard.press("1")
    dialog = other.get_by_role("dialog")
    dialog.get_by_text("Someone else changed this table").wait_for()
    assert WRONG in dialog.inner_text()
    assert RIGHT in dialog.inner_text()
    other.get_by_role("button", name="Look at it").click()
    dialog.wait_for(state="hidden")
    shows(other, 3, "1", RIGHT)
    other.keyboard.press("a")
    other.locator(".desk-told.is-bad").filter(has_text="holds this table").wait_for()
    first.close()
    second.close()


def test_a_reader_looks_and_changes_nothing(server: DeskServer, browser: Browser) -> None:
    context = server.context(browser, "reader")
    page = context.new_page()
    open_table(page, server, "archive-2024-final.txt", "t02")
    assert page.get_by_role("button", name="Accept").count() == 0
    page.keyboard.press("a")
    told(page, "Your role allows looking only")
    page.keyboard.press("1")
    cell(page, 3, "1").dblclick()
    assert page.locator(".ag-cell-inline-editing").count() == 0
    assert status(server, "archive-2024-final.txt") == ("review", WRONG)
    context.close()


def test_a_rejection_asks_why_and_the_reason_is_kept(server: DeskServer, page: Page) -> None:
    open_table(page, server, "copy5.txt", "t02")
    page.keyboard.press("r")
    page.get_by_role("dialog").get_by_label("Why").fill("two tables in one")
    before = page.url
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: url != before)
    assert status(server, "copy5.txt")[0] == "rejected"


def test_the_keys_are_told_and_escape_closes_them(server: DeskServer, page: Page) -> None:
    open_table(page, server, "archive-2024-final.txt", "t02")
    page.keyboard.press("?")
    page.get_by_role("dialog").get_by_text("accept, on to the next table").wait_for()
    page.keyboard.press("a")
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="hidden")
    page.keyboard.press("/")
    page.keyboard.type("养老")
    page.wait_for_function("document.querySelectorAll('.ag-center-cols-container .ag-row').length === 2")
    page.keyboard.press("Escape")
    page.locator("[data-doubt]:focus").wait_for()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_stands_in_the_way_of_assistive_technology(
    server: DeskServer, browser: Browser, theme: str
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    context = server.context(browser, color_scheme=theme, reduced_motion="reduce", bypass_csp=True)
    page = context.new_page()
    open_table(page, server, "archive-2024-final.txt", "t02")
    page.locator("[data-doubt]:focus").wait_for()
    found = Axe().run(page).response["violations"]
    context.clear_cookies()
    page.goto(f"{server.url}/signin")
    found += Axe().run(page).response["violations"]
    assert [
        (each["id"], [node["html"] for node in each["nodes"]])
        for each in found
        if each["impact"] in {"serious", "critical"}
    ] == []
    context.close()


def test_nothing_is_asked_of_another_host(server: DeskServer, context: BrowserContext, page: Page) -> None:
    asked: list[str] = []
    failures: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    page.on("websocket", lambda socket: asked.append(socket.url))
    page.on("console", lambda message: failures.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: failures.append(str(error)))
    open_table(page, server, "archive-2024-final.txt", "t02")
    page.keyboard.press("?")
    page.get_by_role("dialog").wait_for()
    assert any(url.startswith("ws://") for url in asked)
    assert {urlsplit(url).netloc for url in asked if not url.startswith("data:")} == {
        urlsplit(server.url).netloc
    }
    assert failures == []
