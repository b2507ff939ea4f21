"""Pictures of every page of the desk, made from the bundled documents: `python -m tests.screens --out docs/screens`.

The documents go through a real desk in a process of its own; some tables are settled, so that there is something to
tell. Each page is taken in both languages at 1440 × 900, the table page in the dark as well.
"""

from __future__ import annotations

import argparse
import io
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from PIL import Image
from playwright.sync_api import sync_playwright

from tests.api_client import client, until
from tests.desk_paper import paper
from tests.desk_sample import write_shifted
from tests.desk_server import ARCHIVE, PASSWORD, ROOT, DeskServer, chromium, serving
from worker.access import Scope
from worker.desk.pages.desk import COOKIE
from worker.review import Decide, Desk, Proposal, TableView
from worker.settings import load_settings
from worker.store import Store
from worker.users import Role, User, Users

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CORPUS = sorted((ROOT / "evals" / "corpus").glob("*.txt"))
PEOPLE: tuple[tuple[str, Role], ...] = (("li.wei", "admin"), ("zhang.min", "reviewer"), ("anna", "reviewer"))
_SCOPE: Scope = "submit"
_COLOURS = 256
_SETTLED = 5

Prepare = Callable[["Page"], None]


class Shot(NamedTuple):
    """A picture: name, address, what to wait for, and what to do before it is taken."""

    name: str
    path: str
    ready: str
    prepare: Prepare | None = None
    dark: bool = False


def shots(server: DeskServer) -> Iterable[Shot]:
    """All pictures but that of signing in."""
    known = {record.name.rpartition("/")[2]: record.id for record in server.store.list_documents()}
    text, pdf, shifted = known[ARCHIVE.name], known["paper.pdf"], known["shifted.txt"]
    yield Shot("queue", "/", "[role=row], .queue-row, table")
    yield Shot("table", f"/documents/{text}/tables/t02", "[data-doubt]:focus", dark=True)
    yield Shot("page", f"/documents/{pdf}/tables/t02", "[data-doubt]:focus", _turned)
    yield Shot("closed", f"/documents/{text}/tables/t02", "[data-doubt]:focus", _closed)
    yield Shot("documents", "/documents", "a[href^='/documents/']")
    yield Shot("document", f"/documents/{shifted}", ".history-told")
    yield Shot("overview", "/overview", "canvas, svg")
    yield Shot("upload", "/upload?batch=2", "h1")
    yield Shot("people", "/people", "h1")


def _turned(page: Page) -> None:
    page.get_by_role("button", name="Page").or_(page.get_by_role("button", name="页面")).first.click()
    page.locator(".desk-page-image img").wait_for()
    page.wait_for_function("document.querySelector('.desk-page-image img').naturalWidth > 0")


def _closed(page: Page) -> None:
    page.keyboard.press("1")
    page.locator(".desk-nothing").wait_for()


def prepare(server: DeskServer, folder: Path) -> None:
    """Hand the documents in, let them be read, and settle a few tables as people would."""
    (folder / "paper.pdf").write_bytes(paper())
    asked = client(server.url, server.store, _SCOPE)
    for name, files in (
        ("2023", CORPUS),
        ("archives", [ARCHIVE, folder / "paper.pdf", write_shifted(folder)]),
    ):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            for path in files:
                archive.write(path, path.name)
        answer = asked.post(
            "/batches", files={"file": (f"{name}.zip", packed.getvalue())}, data={"name": name}
        )
        assert answer.status_code == 202, answer.text
    total = len(CORPUS) + 3
    until(lambda: sum(record.status == "done" for record in server.store.list_documents()) == total)
    asked.close()
    users = Users(server.store)
    people = [users.add(name, role, PASSWORD) for name, role in PEOPLE]
    _settle(Desk(server.store), people, (ARCHIVE.name, "paper.pdf"))


def _settle(desk: Desk, people: Sequence[User], kept: Sequence[str]) -> None:
    """Settle tables that one change closes, each by another person; those of `kept` documents stay open."""
    settled = 0
    for entry in desk.queue(limit=200).entries:
        if entry.document_name.rpartition("/")[2] in kept or settled == _SETTLED:
            continue
        user = people[settled % len(people)]
        table = desk.open(entry.document, entry.table)
        changes = [proposal for proposal in _proposals(table) if len(proposal.closes) == table.failed > 0]
        if changes:
            desk.claim(user, table.document, table.table)
            table = desk.apply(user, table.document, table.table, changes[0].change, table.version).table
            desk.apply(user, table.document, table.table, Decide(table.accept), table.version)
            settled += 1


def _proposals(table: TableView) -> Iterator[Proposal]:
    yield from table.proposals
    for identity in table.identities:
        for suspect in identity.suspects:
            if suspect.cell.table == table.table:
                yield from suspect.proposals


def take(server: DeskServer, browser: Browser, out: Path, only: set[str]) -> None:
    """Write the pictures into a folder."""
    token = Users(server.store).sign_in(PEOPLE[0][0], PASSWORD, "127.0.0.1").token
    for language, locale in (("en", "en-US"), ("zh", "zh-CN")):
        for theme in ("light", "dark"):
            context = browser.new_context(
                viewport={"width": 1440, "height": 900},
                locale=locale,
                color_scheme=theme,
                reduced_motion="reduce",
            )
            page = context.new_page()
            if theme == "light" and (not only or "signin" in only):
                page.goto(f"{server.url}/signin")
                _save(page, out / f"signin.{language}.png")
            context.add_cookies([{"name": COOKIE, "value": token, "url": server.url}])
            for shot in shots(server):
                if (theme == "dark" and not shot.dark) or (only and shot.name not in only):
                    continue
                page.goto(server.url + shot.path)
                page.wait_for_function("window.did_handshake === true")
                page.locator(shot.ready).first.wait_for()
                if shot.prepare:
                    shot.prepare(page)
                page.wait_for_load_state("networkidle")
                page.evaluate("document.fonts.ready")
                _save(page, out / f"{shot.name}.{language}{'.dark' if theme == 'dark' else ''}.png")
                if shot.name == "closed":
                    page.keyboard.press("u")
                    page.locator("[data-doubt]").first.wait_for()
            context.close()


def _save(page: Page, path: Path) -> None:
    image = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    few = image.quantize(_COLOURS, dither=Image.Dither.NONE)
    few.save(path, optimize=True)


def main() -> None:
    """Make the pictures."""
    parser = argparse.ArgumentParser(prog="python -m tests.screens", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder of the pictures")
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="only these pages")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        home = Path(folder)
        settings = load_settings(home=home, readers="layout")
        with Store.open(settings) as store, serving(home, settings, store) as server:
            prepare(server, home)
            browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
            take(server, browser, given.out, set(given.only))
            browser.close()


if __name__ == "__main__":
    main()
