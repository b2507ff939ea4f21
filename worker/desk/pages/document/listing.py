"""The list of documents: looked through by name, unit or state, the latest first."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from urllib.parse import urlencode

from anyio import to_thread
from nicegui import html, ui

from worker.desk.pages.frame import View
from worker.desk.pages.rows import Column, Row, Rows
from worker.desk.pages.text import Words
from worker.store.lines import DocumentLine

_STATES = ("all", "done", "reading", "queued", "concluding", "failed", "cancelled")
_PAGE = 50
_MOST = 1_000
_LONGEST = 200
_EVERY_S = 5.0
_COLUMNS = (
    ("document", "", 36),
    ("unit", "", 20),
    ("year", "", 11),
    ("tables", "", 22),
    ("failed", "rows-figure", 11),
)


class Listing:
    """The documents as one person looks at them; text and state stand in the URL."""

    def __init__(self, view: View, query: Mapping[str, str]) -> None:
        self._view = view
        self._words = words = view.words
        self._text = query.get("text", "")[:_LONGEST]
        status = query.get("status", "all")
        self._status = status if status in _STATES else "all"
        self._most = _PAGE
        self._rows: list[Row] | None = None
        with html.div().props("data-keys") as self._root:
            self._head()
            self._table = _listing(words)
            self._empty = html.div().classes("queue-empty")
            with html.div().classes("queue-more-line") as self._more:
                more = html.button(words("queue.more")).classes("desk-button queue-more")
                more.props('type="button"').on("click", self._further)

    def _head(self) -> None:
        words = self._words
        with html.div().classes("pages-head"):
            html.h1(words("documents.title"))
            html.div().classes("desk-space")
            with html.div().classes("queue-search").props('role="search"'):
                field = ui.input(placeholder=words("documents.search"), value=self._text)
                field.props("dense outlined clearable debounce=250")
                field.props["aria-label"] = words("documents.search")
                with field.add_slot("prepend"):
                    ui.icon("search").props('aria-hidden="true"')
                field.on_value_change(lambda event: self._ask(text=(event.value or "").strip()))
            states = {name: words(f"documents.status.{name}") for name in _STATES}
            choice = ui.select(states, value=self._status, on_change=lambda event: self._ask(event.value))
            choice.props("dense outlined options-dense").classes("pages-choice queue-search")
            choice.props["aria-label"] = words("documents.status")

    async def begin(self) -> None:
        """Show the list for the first time; from then on it keeps itself up to date."""
        await self.refresh()
        ui.timer(_EVERY_S, self.refresh, immediate=False)

    async def _ask(self, status: str | None = None, text: str | None = None) -> None:
        self._status = self._status if status is None else status
        self._text = self._text if text is None else text[:_LONGEST]
        self._most = _PAGE
        given = {"text": self._text, "status": "" if self._status == "all" else self._status}
        query = urlencode({key: value for key, value in given.items() if value})
        self._root.client.run_javascript(f"queue.address({json.dumps(f'?{query}' if query else '')}, false)")
        await self.refresh()

    async def _further(self) -> None:
        self._most = min(self._most + _PAGE, _MOST)
        await self.refresh()

    async def refresh(self) -> None:
        """Bring the list to what is true now."""
        asked = self._status, self._text, self._most
        status = None if self._status == "all" else self._status
        documents = self._view.desk.store.listing.documents
        look = partial(documents, self._most + 1, status=status, text=self._text)
        found = await to_thread.run_sync(look)
        if asked != (self._status, self._text, self._most) or self._root.is_deleted:
            return
        rows = [_row(line, self._words) for line in found[: self._most]]
        if rows == self._rows:
            return
        self._rows = rows
        self._table.show(rows)
        self._table.set_visibility(bool(rows))
        self._more.set_visibility(len(found) > self._most and self._most < _MOST)
        self._empty.clear()
        if not rows:
            self._say_nothing()

    def _say_nothing(self) -> None:
        words = self._words
        asked = bool(self._text) or self._status != "all"
        with self._empty:
            ui.icon("filter_alt_off" if asked else "upload_file").props('aria-hidden="true"')
            html.h2(words("documents.none" if asked else "queue.empty.documents"))
            html.p(words("documents.none.about" if asked else "queue.empty.documents.about"))
            if not asked:
                html.code("gouji submit FOLDER --batch NAME")


def _row(line: DocumentLine, words: Words) -> Row:
    tables = [words(f"document.count.{status}", count=count) for status, count in line.tables.items()]
    return {
        "id": str(line.id),
        "href": f"/documents/{line.id}",
        "name": line.name,
        "title": line.title if line.title != line.name else "",
        "unit": line.unit_name,
        "year": str(line.year or ""),
        "stage": words.or_else(f"stage.{line.stage}", line.stage or ""),
        "tables": sum(line.tables.values()),
        "waiting": line.tables.get("review", 0) + line.tables.get("failed", 0),
        "told": " · ".join(tables),
        "failed": f"{line.checks_failed:,}" if line.checks_failed else "",
        "status": words(f"documents.status.{line.status}") if line.status != "done" else "",
        "state": "failed" if line.status == "failed" else "",
    }


def _listing(words: Words) -> Rows:
    columns = [Column(words(f"documents.column.{name}"), width, classes) for name, classes, width in _COLUMNS]
    return Rows(words("documents.title"), columns, _BODY)


_BODY = """
<tr>
  <td>
    <a class="queue-open" :href="row.href" :data-key="row.id">{{ row.name }}</a>
    <span v-if="row.status" :class="['desk-status', 'is-' + row.state]">{{ row.status }}</span>
    <span class="rows-under">{{ row.title }}</span>
  </td>
  <td>{{ row.unit }}</td>
  <td>{{ row.year }}<span class="rows-under">{{ row.stage }}</span></td>
  <td>{{ row.tables }}<span class="rows-under">{{ row.told }}</span></td>
  <td class="rows-figure">{{ row.failed }}</td>
</tr>
"""
