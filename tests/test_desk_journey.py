from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from evals.paper import print_paper
from evals.synthetic.dice import Dice
from evals.synthetic.large import long_table
from tests.command import Gouji
from tests.desk_paper import paper
from tests.desk_sample import SHIFTED, write_shifted
from tests.desk_server import PASSWORD, DeskServer, open_table
from worker.users import Users

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Locator, Page

pytest_plugins = ["tests.desk_fixtures"]
ROWS = 400
FILTERS = "?kind=expenditure_by_function&text=shifted"


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A document with one shifted cell, a table of 400 rows with one wrong digit, and a PDF."""
    folder = tmp_path_factory.mktemp("samples")
    text = print_paper(long_table(Dice(7), ROWS).paper)
    figures = list(re.finditer(r"\d[\d,]*\.\d\d", text))
    at = figures[len(figures) * 4 // 5]
    other = "3" if at[0][-2] != "3" else "4"
    (folder / "long.txt").write_text(f"{text[: at.end() - 2]}{other}{text[at.end() - 1 :]}", encoding="utf-8")
    (folder / "paper.pdf").write_bytes(paper())
    return [write_shifted(folder), folder / "long.txt", folder / "paper.pdf"]


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


def tab_to(page: Page, words: str) -> None:
    """Walk by Tab to the link or button of these words."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement?.textContent.trim()") == words:
            return
    pytest.fail(f"Tab does not come to {words!r}")


def test_from_signing_in_to_the_history_by_the_keyboard_alone(
    server: DeskServer, browser: Browser, tmp_path: Path
) -> None:
    Users(server.store).add("wang.fang", "reviewer", PASSWORD)
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-US")
    page = context.new_page()
    page.goto(f"{server.url}/{FILTERS}")
    page.locator("#name:focus").wait_for()
    page.keyboard.type("wang.fang")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")

    page.locator("[data-row]").first.wait_for()
    page.wait_for_function("window.did_handshake === true")
    page.keyboard.press("n")
    document = server.document("shifted.txt")
    page.wait_for_url(f"**/documents/{document}/tables/t02{FILTERS}")
    page.locator("[data-doubt]:focus").wait_for()
    assert "from 上年支出 to 本年支出合计" in page.locator("[data-doubt]:focus").inner_text()
    assert page.locator(".desk-text .is-main").inner_text() == SHIFTED
    page.locator('.ag-row[row-id="4"] .ag-cell.is-suspect').first.wait_for()
    page.keyboard.press("Enter")
    page.get_by_text("Everything that can be checked adds up.").wait_for()
    page.locator(".ag-cell.is-changed .fig-mark", has_text="✎").first.wait_for()
    assert page.locator(".ag-cell:is(.is-suspect, .is-doubtful)").count() == 0
    assert page.locator(".fig-mark", has_text="!").count() == 0
    page.keyboard.press("a")
    page.get_by_role("heading", name="No table fits these filters").wait_for()

    done = Gouji(tmp_path)(
        "export", "--out", "out", "shifted.txt", GOUJI_HOME=str(server.settings.home), GOUJI_READERS="layout"
    )
    assert done.returncode == 0, done.stderr
    with (tmp_path / "out" / "cells.csv").open(encoding="utf-8", newline="") as file:
        found = [
            (row["column"], row["value"])
            for row in csv.DictReader(file)
            if (row["table"], row["code"]) == ("t02", "208")
        ]
    assert found == [("total", SHIFTED), ("basic", "30.25"), ("project", "11.75")]

    tab_to(page, "Documents")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="shifted.txt").wait_for()
    page.wait_for_function("window.did_handshake === true")
    tab_to(page, "shifted.txt")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/documents/{document}")
    history = page.locator(".history-told")
    history.filter(has_text="accepted with corrections").wait_for()
    entry = history.filter(has_text="moved figures in")
    assert "wang.fang" in entry.inner_text()
    moved = entry.locator(".history-cells li", has_text="本年支出合计")
    assert moved.locator(".after").inner_text() == SHIFTED
    tab_to(page, moved.get_by_role("link").inner_text())
    page.keyboard.press("Enter")
    page.locator('.ag-row[row-id="4"] .ag-cell-focus.is-changed', has_text=SHIFTED).wait_for()
    context.close()


def test_four_hundred_rows_are_scrolled_and_edited_row_after_row(server: DeskServer, page: Page) -> None:
    open_table(page, server, "long.txt", "t01")
    table = server.store.load_extraction("long.txt").tables["t01"]
    last = len(table.rows) - 1
    assert last >= ROWS - 1
    doubt = page.locator("[data-doubt]:focus")
    doubt.wait_for()
    page.locator(".ag-cell.is-suspect.is-main").wait_for()
    # Only what is in sight is drawn.
    assert page.locator(".ag-center-cols-container .ag-row").count() < ROWS / 4
    page.keyboard.press("1")
    page.get_by_text("Everything that can be checked adds up.").wait_for()
    page.locator(".ag-cell.is-changed").wait_for()

    page.locator(".ag-cell.is-changed").click()
    page.keyboard.press("Control+ArrowDown")
    page.locator(f'.ag-row[row-id="{last}"] .ag-cell-focus').wait_for()
    page.keyboard.press("Control+ArrowUp")
    first = page.locator('.ag-row[row-id="0"] .ag-cell-focus')
    first.wait_for()
    before = first.locator(".fig-value").inner_text()
    page.keyboard.press("F2")
    page.keyboard.press("Control+a")
    page.keyboard.type("1,234.56")
    page.keyboard.press("Enter")
    page.locator('.ag-row[row-id="1"] .ag-cell-focus').wait_for()
    page.locator('.ag-row[row-id="0"] .ag-cell.is-changed', has_text="1,234.56").wait_for()
    page.keyboard.press("F2")
    page.keyboard.press("Escape")
    page.locator(".ag-cell-inline-editing").wait_for(state="detached")
    page.locator('.ag-row[row-id="1"] .ag-cell-focus').wait_for()
    page.keyboard.press("u")
    page.locator('.ag-row[row-id="0"] .ag-cell.is-changed').wait_for(state="detached")
    assert page.locator('.ag-row[row-id="0"]', has_text=before).count() > 0


def test_the_search_goes_from_match_to_match(server: DeskServer, page: Page) -> None:
    open_table(page, server, "paper.pdf", "t01")
    page.keyboard.press("/")
    page.keyboard.type("76.00")
    page.wait_for_function("document.querySelectorAll('.ag-center-cols-container .ag-row').length === 3")
    page.keyboard.press("Enter")
    page.locator('.ag-row[row-id="5"] .ag-cell.is-main[col-id="0"]').wait_for()
    page.keyboard.press("Enter")
    page.locator('.ag-row[row-id="5"] .ag-cell.is-main[col-id="1"]').wait_for()
    page.keyboard.press("Shift+Enter")
    page.keyboard.press("Shift+Enter")
    page.locator('.ag-row[row-id="7"] .ag-cell.is-main[col-id="1"]').wait_for()
    page.locator('.desk-text [data-spot="r7c1"].is-main').wait_for()


def test_a_page_of_a_pdf_shows_every_cell_at_its_place(server: DeskServer, page: Page) -> None:
    open_table(page, server, "paper.pdf", "t02")
    page.locator("[data-doubt]:focus").wait_for()
    page.get_by_role("button", name="Page").click()
    page.wait_for_function("document.querySelector('.desk-page-image img')?.naturalWidth > 0")
    image = page.locator(".desk-page-image img")
    assert str(image.get_attribute("src")).endswith("/pages/2.png")
    frame = page.locator('.desk-page-image rect[data-spot="r3c1"]')
    page.locator('.desk-page-image rect[data-spot="r3c1"].is-main').wait_for()
    sheet, place = image.bounding_box(), frame.bounding_box()
    assert sheet
    assert place
    # 基本支出 of the fourth row: the table begins at 36, 120 points of 595 × 842, its rows are 18 high.
    across = (place["x"] + place["width"] / 2 - sheet["x"]) / sheet["width"] * 595
    down = (place["y"] + place["height"] / 2 - sheet["y"]) / sheet["height"] * 842
    assert 36 + 64 + 190 + 90 < across < 36 + 64 + 190 + 180
    assert 120 + 4 * 18 < down < 120 + 5 * 18
    page.locator('.desk-page-image rect[data-spot="r0c0"]').click()
    page.locator('.ag-row[row-id="0"] .ag-cell-focus[col-id="0"]').wait_for()
    page.locator('.desk-page-image rect[data-spot="r0c0"].is-main').wait_for()
    before = image.bounding_box()
    page.get_by_role("button", name="Larger").click()
    page.wait_for_function(f"document.querySelector('.desk-page-image img').clientWidth > {sheet['width']}")
    assert before
