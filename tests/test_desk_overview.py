from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.desk_axe import serious
from tests.desk_server import ARCHIVE, FORMULA, DeskServer
from worker.desk.pages.overview.figures import compact, dollars, lasting, percent
from worker.desk.pages.text import Words
from worker.review import Decide
from worker.review import Desk as Review
from worker.store import Entry
from worker.users import User, Users

if TYPE_CHECKING:
    from decimal import Decimal

    from playwright.sync_api import Browser, Locator, Page

pytest_plugins = ["tests.desk_fixtures"]
HOSTILE_NAME = f"<img src=x onerror=window.hacked=1> {FORMULA}"


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The bundled archive with a figure that makes sums fail."""
    wrong = tmp_path_factory.mktemp("samples") / "wrong.txt"
    text = ARCHIVE.read_text("utf-8")
    wrong.write_text(re.sub(r"(\d)(\d\.\d\d)\b", r"\g<2>", text, count=3), "utf-8")
    return [ARCHIVE, wrong]


@pytest.fixture(scope="module")
def decided(server: DeskServer) -> User:
    """A reviewer who has settled a table of the desk."""
    user = Users(server.store).add("li.wei", "reviewer", "a long enough password")
    review = Review(server.store)
    entry = review.next_table(user)
    assert entry
    table = review.open(entry.document, entry.table)
    review.apply(user, entry.document, entry.table, Decide("rejected"), table.version)
    return user


def batch(server: DeskServer, name: str, files: int = 4, budget: Decimal | None = None) -> int:
    """A batch whose files nobody reads: it is paused from the beginning, as soon as it has files."""
    store = server.store
    batch_id = store.enter_batch(name, 5, budget)
    store.listing.pause_batch(batch_id, "paused by li.wei")
    for number in range(files):
        place = f"{name}-{number}.txt"
        error = f"{place}: is empty; give another copy" if number == 0 else None
        sha256 = None if error else f"{number:032d}{batch_id:032d}"
        store.add_item(batch_id, Entry(place, place, sha256, 10, {}, error))
    store.close_entry(batch_id)
    return batch_id


def open_overview(page: Page, server: DeskServer) -> None:
    page.goto(f"{server.url}/overview")
    page.wait_for_function("window.did_handshake === true")
    page.locator(".tile-figure").first.wait_for()


def row(page: Page, name: str) -> Locator:
    return page.locator(".lines tbody tr").filter(has_text=name)


def test_batches_are_steered_and_the_page_follows(
    server: DeskServer, decided: User, browser: Browser
) -> None:
    batch_id = batch(server, HOSTILE_NAME)
    context = server.context(browser)
    page = context.new_page()
    open_overview(page, server)
    mine = row(page, HOSTILE_NAME)
    mine.get_by_text("1 of 4").wait_for()
    assert "1 failed" in mine.inner_text()
    assert "Paused · paused by li.wei" in " ".join(mine.inner_text().split())
    assert page.evaluate("window.hacked") is None
    # What changes elsewhere shows by itself, and the row stays the same element.
    page.evaluate("document.querySelector('.lines tbody tr').dataset.kept = 'yes'")
    server.store.add_item(batch_id, Entry("more.txt", "more.txt", "f" * 64, 10, {}, None))
    mine.get_by_text("1 of 5").wait_for()
    assert mine.get_attribute("data-kept") == "yes"
    mine.get_by_role("button", name="Cancel the batch").click()
    page.get_by_text("Nothing more is done for").wait_for()
    page.get_by_role("button", name="Back").click()
    mine.get_by_role("button", name="Cancel the batch").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel the batch").click()
    mine.get_by_text("Cancelled").wait_for()
    assert mine.get_by_role("button", name="Pause").count() == 0
    line = server.store.listing.batch(batch_id)
    assert line
    assert line.status == "cancelled"
    context.close()


def test_pausing_and_going_on(server: DeskServer, browser: Browser) -> None:
    batch_id = server.store.enter_batch("steered")
    context = server.context(browser)
    page = context.new_page()
    open_overview(page, server)
    mine = row(page, "steered")
    mine.get_by_role("button", name="Pause").click()
    mine.get_by_text("Paused", exact=True).wait_for()
    mine.get_by_role("button", name="Resume").click()
    mine.get_by_role("button", name="Pause").wait_for()
    line = server.store.listing.batch(batch_id)
    assert line
    assert (line.status, line.reason) == ("open", "")
    context.close()


def test_a_reader_sees_all_and_steers_nothing(server: DeskServer, decided: User, browser: Browser) -> None:
    batch(server, "seen")
    context = server.context(browser, "reader", color_scheme="dark", locale="zh-CN")
    page = context.new_page()
    open_overview(page, server)
    row(page, "seen").wait_for()
    assert page.locator(".batch-act").count() == 0
    assert "由 li.wei 暂停" in row(page, "seen").inner_text()
    # A chart and, beside it, the same numbers as a table.
    chart = page.get_by_role("region", name="人工结论")
    chart.locator("svg").wait_for()
    assert "li.wei: 已退回 1" in str(chart.get_by_role("img").first.get_attribute("aria-label"))
    chart.get_by_text("以表格显示").click()
    assert chart.locator("table").inner_text().split() == ["复核人员", "已退回", "li.wei", "1"]
    failing = page.get_by_role("region", name="不成立的等式")
    assert failing.locator("svg").count() == 1
    assert page.get_by_role("region", name="复核人员").get_by_role("row").count() == 2
    assert serious(page) == []
    context.close()


def test_figures_are_as_people_read_them() -> None:
    from decimal import Decimal

    words = Words("en")
    assert [percent(share) for share in (None, 0, 0.004, 0.36, 0.987, 1)] == [
        "–",
        "0%",
        "0.4%",
        "36%",
        "98.7%",
        "100%",
    ]
    assert [compact(number) for number in (0, 99_999, 123_456, 1_284_301, 50_400_000_000)] == [
        "0",
        "99,999",
        "123 k",
        "1.28 M",
        "50.4 G",
    ]
    assert [dollars(Decimal(amount)) for amount in ("0", "0.0123", "3.1", "1234.5")] == [
        "$0.00",
        "$0.0123",
        "$3.10",
        "$1,234.50",
    ]
    assert [lasting(seconds, words) for seconds in (None, 44.4, 119, 150, 8000)] == [
        "–",
        "44 s",
        "119 s",
        "2 min",
        "2 h 13 min",
    ]
