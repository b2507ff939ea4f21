"""All that was done to a document, the newest first: who, when, what from and to, and why."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from nicegui import html, ui

from worker.desk.pages.document.facts import Found
from worker.desk.pages.frame import View
from worker.desk.pages.text.phrases import phrased
from worker.review import Event, Touched

_PAGE = 50
_ALL = ""


class History:
    """The log of a document, filtered by table and by person; both stand in the URL."""

    def __init__(self, view: View, found: Found, titles: Mapping[str, str], query: Mapping[str, str]) -> None:
        self._words = words = view.words
        self._found = found
        self._titles = titles
        self._shown = _PAGE
        tables = {event.table: titles.get(event.table, event.table) for event in reversed(found.events)}
        people = {event.by: event.by for event in found.events}
        self._table = query.get("table", _ALL) if query.get("table") in tables else _ALL
        self._by = query.get("by", _ALL) if query.get("by") in people else _ALL
        with html.section().classes("pages-section").props('id="history"') as self._section:
            self._section.props["aria-label"] = words("history.title")
            with html.div().classes("pages-section-head"):
                html.h2(words("history.title"))
                if found.events:
                    html.span(words("history.count", count=len(found.events))).classes("desk-quiet")
                    html.div().classes("desk-space")
                    self._choice("history.table", tables, self._table, self._of_table)
                    self._choice("history.by", people, self._by, self._of_person)
            if not found.events:
                html.p(words("history.none")).classes("desk-quiet")
                return
            self._list = html.ol().classes("history")
            with html.div().classes("queue-more-line") as self._more:
                more = html.button(words("queue.more")).classes("desk-button")
                more.props('type="button"').on("click", self._further)
        self._show()

    def _choice(self, key: str, values: Mapping[str, str], chosen: str, on_change: Any) -> None:
        words = self._words
        all_of = {_ALL: words(f"{key}.all"), **values}
        choice = ui.select(all_of, value=chosen, on_change=lambda event: on_change(event.value))
        choice.props("dense outlined options-dense").classes("pages-choice queue-search")
        choice.props["aria-label"] = words(key)

    def _of_table(self, table: str) -> None:
        self._table = table
        self._choose()

    def _of_person(self, by: str) -> None:
        self._by = by
        self._choose()

    def _choose(self) -> None:
        self._shown = _PAGE
        given = {key: value for key, value in (("table", self._table), ("by", self._by)) if value}
        query = f"?{urlencode(given)}" if given else ""
        self._section.client.run_javascript(f"queue.address({json.dumps(query)}, false)")
        self._show()

    def _further(self) -> None:
        self._shown += _PAGE
        self._show()

    def _show(self) -> None:
        wanted = [
            event
            for event in self._found.events
            if self._table in {_ALL, event.table} and self._by in {_ALL, event.by}
        ]
        self._list.clear()
        with self._list:
            for event in wanted[: self._shown]:
                self._event(event)
        self._more.set_visibility(len(wanted) > self._shown)
        client = self._section.client
        if client.has_socket_connection:
            client.run_javascript("setTimeout(queue.times, 60)")

    def _event(self, event: Event) -> None:
        words = self._words
        gone = event.undone or event.stale
        with html.li().classes("is-undone" if gone else ""):
            at = html.time(f"{event.at:%Y-%m-%d %H:%M} UTC")
            at.props["datetime"] = event.at.isoformat()
            with html.div().classes("history-told"):
                html.span(event.by).classes("history-by")
                html.span(f" {words.or_else(f'history.{event.action}', event.action)} ")
                link = html.a(self._titles.get(event.table, event.table)).classes("page-link")
                link.props["href"] = self._address(event)
                if event.undone:
                    html.span(f" · {words('history.undone')}").classes("desk-quiet")
                elif event.stale:
                    html.span(f" · {words('history.stale')}").classes("desk-quiet")
                if event.cells:
                    with html.ul().classes("history-cells"):
                        for cell in event.cells:
                            with html.li():
                                link = html.a(self._where(cell)).classes("page-link")
                                link.props["href"] = self._address(event, row=cell.row, column=cell.column)
                                html.span(" ")
                                html.span(cell.before or "∅").classes("before")
                                html.span(" → ")
                                html.span(cell.after or "∅").classes("after")
                if event.why:
                    html.p(words("history.why", why=phrased(words.language, event.why))).classes(
                        "history-why"
                    )

    def _where(self, cell: Touched) -> str:
        """The cell in words: a column whose header is not printed is called by what it is."""
        if cell.where != f"{cell.row}, {cell.column}":
            return cell.where
        return f"{cell.row}, {self._words.or_else(f'column.{cell.column}', cell.column)}"

    def _address(self, event: Event, **more: str) -> str:
        query = f"?{urlencode(more)}" if more else ""
        return f"/documents/{event.document}/tables/{event.table}{query}"
