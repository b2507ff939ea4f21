from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.desk_server import ARCHIVE, HOSTILE, DeskServer
from worker import review
from worker.review import Change, Decide, SetCell, Undo
from worker.users import User, Users

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

pytest_plugins = ["tests.desk_fixtures"]
MARKUP = "<img src=x onerror=window.hacked=true>"
SUMMARY = """收入支出决算总表
公开01表
部门：临江市档案馆    金额单位：万元
项目                          决算数    项目                    决算数
一、一般公共预算财政拨款收入  480.00    一、一般公共服务支出    410.20
二、其他收入                    6.20    二、社会保障和就业支出   76.00
本年收入合计                  486.20    本年支出合计            486.20
总计                          486.20    总计                    486.20
"""
LARGER = (
    ("486.20", "487.20"),
    ("410.20", "411.20"),
    ("310.20", "311.20"),
    ("386.20", "387.20"),
    ("301.20", "311.20"),
)
WHY = f"the page says so {MARKUP}"


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """An archive, one with markup in its text and name, one whose tables contradict one another, and no document."""
    folder = tmp_path_factory.mktemp("samples")
    text = ARCHIVE.read_text("utf-8")
    hostile = folder / f"{MARKUP}.txt"
    hostile.write_text(text.replace("行政运行", HOSTILE), "utf-8")
    head, income, expenditure, _ = text.split("\n\n")
    for old, new in LARGER:
        expenditure = expenditure.replace(old, new)
    between = folder / "between.txt"
    between.write_text("\n\n".join([head, SUMMARY, income, expenditure]), "utf-8")
    broken = folder / "broken.pdf"
    broken.write_bytes(b"%PDF-1.4 no more")
    return [ARCHIVE, hostile, between, broken]


@pytest.fixture(scope="module")
def people(server: DeskServer) -> tuple[User, User]:
    """Two people who worked on the archive: one set a figure, took it back, set it again; the other decided."""
    users = Users(server.store)
    one, other = (users.add(name, "reviewer", "a long enough password") for name in ("wang.li", "chen.yu"))
    desk, document = review.Desk(server.store), server.document(ARCHIVE.name)
    steps: list[tuple[User, str, Change]] = [
        (one, "t02", SetCell(3, "basic", "300.20", why=WHY)),
        (one, "t02", Undo()),
        (one, "t02", SetCell(3, "basic", "310.20")),
        (one, "t02", Decide("corrected")),
        (other, "t01", Decide("right_as_printed", why="looked at twice")),
    ]
    for user, table, change in steps:
        desk.apply(user, document, table, change, desk.open(document, table).version)
    return one, other


@pytest.fixture
def context(server: DeskServer, browser: Browser) -> Iterator[BrowserContext]:
    context = server.context(browser, "reader", timezone_id="Asia/Shanghai")
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


def open_document(page: Page, server: DeskServer, name: str, query: str = "") -> None:
    page.goto(f"{server.url}/documents/{server.document(name)}{query}")
    page.wait_for_function("window.did_handshake === true")
    page.locator("time[data-local]").first.wait_for()


def test_documents_are_found_by_name_and_state(server: DeskServer, page: Page) -> None:
    page.goto(f"{server.url}/documents")
    page.locator(".queue-open:focus").wait_for()
    names = [record.name for record in server.store.listing.documents(9)]
    assert page.locator(".queue-open").all_inner_texts() == names
    page.keyboard.press("/")
    page.keyboard.type("BETWEEN 档案馆")
    page.wait_for_url("**/documents?text=BETWEEN*")
    page.wait_for_function("document.querySelectorAll('.queue-open').length === 1")
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/documents/{server.document('between.txt')}")
    page.goto(f"{server.url}/documents?status=failed")
    page.locator(".queue-open:focus").wait_for()
    assert page.locator(".queue-open").all_inner_texts() == ["broken.pdf"]
    page.goto(f"{server.url}/documents?text=nothing")
    page.get_by_role("heading", name="No document fits").wait_for()


def test_a_document_tells_what_it_is_and_how_its_tables_stand(server: DeskServer, page: Page) -> None:
    open_document(page, server, "between.txt")
    facts = page.locator(".pages-facts").inner_text()
    assert all(said in facts for said in ("between.txt", "临江市档案馆", "2024 · final account", "layout"))
    tables = page.get_by_role("region", name="Tables", exact=True)
    assert tables.get_by_role("row").count() == 4
    assert "2 fail" in tables.get_by_role("row").filter(has_text="t01 · ").inner_text()
    between = page.get_by_role("region", name="Tables that contradict one another")
    told = between.get_by_role("listitem").filter(has_text="本年支出合计").inner_text()
    assert "486.20" in told
    assert "487.20" in told
    assert "inconsistent at the source" in told
    between.get_by_role("link", name="支出决算表", exact=True).first.click()
    page.wait_for_url(f"**/documents/{server.document('between.txt')}/tables/t03")


def test_what_could_not_be_read_is_said(server: DeskServer, page: Page) -> None:
    open_document(page, server, "broken.pdf")
    assert "fetch it again" in page.locator("#main").inner_text()
    answer = page.goto(f"{server.url}/documents/999")
    assert answer
    assert answer.status == 404
    page.get_by_text("There is no document 999.").wait_for()
    for none in ("0", "-1", "x", "9" * 30):
        assert page.request.get(f"{server.url}/documents/{none}").status in {404, 422}


def test_the_history_tells_who_when_what_and_why_the_newest_first(
    server: DeskServer, people: tuple[User, User], page: Page
) -> None:
    one, other = people
    open_document(page, server, ARCHIVE.name)
    entries = page.locator(".history > li")
    told = entries.all_inner_texts()
    assert [text for text in told if f"{one.name} set a figure" in text] == [told[2], told[4]]
    assert f"{other.name} accepted as printed" in told[0]
    assert "Why: looked at twice" in told[0]
    assert f"{one.name} accepted with corrections" in told[1]
    assert "2012601 行政运行, basic 301.20 → 310.20" in told[2]
    assert "undid a change" in told[3]
    assert "taken back" in told[4]
    assert WHY in told[4]
    at = review.Desk(server.store).history(server.document(ARCHIVE.name))[0].at
    stamp = page.locator(".history time").first
    assert stamp.get_attribute("datetime") == at.isoformat()
    assert "GMT" not in stamp.inner_text()
    assert "UTC" not in stamp.inner_text()
    assert page.locator("#main img").count() == 0
    assert page.evaluate("window.hacked") is None
    page.get_by_role("combobox", name="Person").click()
    page.get_by_role("option", name=other.name).click()
    page.wait_for_url(f"**?by={other.name}")
    page.wait_for_function("document.querySelectorAll('.history > li').length === 1")
    open_document(page, server, ARCHIVE.name, "?table=t02")
    assert entries.count() == 4
    entries.nth(1).get_by_role("link", name="2012601 行政运行, basic").click()
    page.wait_for_url("**/tables/t02?row=*&column=basic")


def test_markup_in_a_document_stays_text(server: DeskServer, page: Page) -> None:
    open_document(page, server, f"{MARKUP}.txt")
    assert MARKUP in page.locator(".pages-facts").inner_text()
    assert HOSTILE[:30] in page.get_by_role("region", name="Tables", exact=True).inner_text()
    assert page.locator("#main img, #main script").count() == 0
    assert page.evaluate("window.hacked") is None


def test_nothing_stands_in_the_way_of_assistive_technology(
    server: DeskServer, browser: Browser, people: tuple[User, User]
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    assert people
    context = server.context(browser, color_scheme="light", reduced_motion="reduce", bypass_csp=True)
    page = context.new_page()
    found = []
    for name in (ARCHIVE.name, "between.txt", ""):
        page.emulate_media(color_scheme="light")
        if name:
            open_document(page, server, name)
        else:
            page.goto(f"{server.url}/documents")
            page.locator(".queue-open:focus").wait_for()
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme)
            page.locator(f"body.body--{theme}").wait_for()
            found += Axe().run(page).response["violations"]
    assert [
        (each["id"], [node["html"] for node in each["nodes"]])
        for each in found
        if each["impact"] in {"serious", "critical"}
    ] == []
    context.close()
