"""The strip over the table: what it is, how it stands, what can be done with it, and what was just done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nicegui import html, ui

from worker.desk.pages.filters import settled_of
from worker.desk.pages.frame import View
from worker.desk.pages.table.keys import Command
from worker.desk.pages.table.naming import Naming
from worker.review import TableView

_BUTTONS: tuple[tuple[Command, str, str], ...] = (
    ("undo", "undo", "u"),
    ("redo", "redo", "U"),
    ("help", "keyboard", "?"),
    ("next", "skip_next", "n"),
)
_VERDICTS: tuple[tuple[Command, str], ...] = (
    ("unreadable", "x"),
    ("reject", "r"),
    ("source", "s"),
)


class Head:
    """Title, state and buttons of an open table. `on_command` gets what a button stands for."""

    def __init__(
        self, view: View, table: TableView, naming: Naming, *, may: bool, on_command: Callable[[Command], Any]
    ) -> None:
        self._words = view.words
        self._naming = naming
        self._view = view
        self._on_command = on_command
        self._buttons: dict[Command, ui.button] = {}
        self._search: Any = None
        words = self._words
        with html.div().classes("desk-head"):
            with html.div().classes("desk-titles"):
                with html.p().classes("desk-crumbs"):
                    html.a(table.document_name).props(f'href="/documents/{table.document}"')
                    html.span(table.unit_name)
                with html.div().classes("desk-title-line"):
                    html.h1(words.or_else(f"kind.{table.title}", table.title))
                    self._status = html.span().classes("desk-status")
                    if table.unit:
                        html.span(words("head.unit", unit=table.unit)).classes("desk-quiet")
            with html.div().classes("desk-actions").props('role="toolbar"') as bar:
                bar.props["aria-label"] = words("head.actions")
                self._field()
                for name, icon, key in _BUTTONS:
                    if may or name in {"help", "next"}:
                        self._icon(name, icon, key)
                if may:
                    for name, key in _VERDICTS:
                        self._verdict(name, key, main=False)
                    self._verdict("accept", "a", main=True)
        with html.div().classes("desk-told-line"):
            self._told = html.p().classes("desk-told").props('role="status" aria-live="polite"')
            if back := settled_of(view.request):
                html.a(words("settled.back")).classes("desk-back").props["href"] = back
            self._why = html.p().classes("desk-reasons")
        self.show(table)

    def _field(self) -> None:
        words = self._words
        with html.div().classes("desk-search").props('role="search"'):
            field = ui.input(placeholder=words("head.search")).props("dense outlined clearable debounce=150")
            field.props["aria-label"] = words("head.search")
            self._search = field

    def on_search(self, handler: Callable[[str], Any]) -> None:
        """Call `handler` with what is looked for."""
        self._search.on_value_change(lambda event: handler(event.value or ""))

    def _icon(self, name: Command, icon: str, key: str) -> None:
        said = self._words("head.key", what=self._words(f"head.{name}"), key=key)
        button = ui.button(icon=icon, on_click=lambda: self._on_command(name), color=None).props(
            "flat round dense"
        )
        button.classes("desk-icon").props["aria-label"] = said
        button.props["title"] = said
        button.props["aria-keyshortcuts"] = key
        self._buttons[name] = button

    def _verdict(self, name: Command, key: str, *, main: bool) -> None:
        words = self._words
        button = ui.button(on_click=lambda: self._on_command(name), color=None)
        button.props("no-caps dense unelevated" if main else "no-caps dense flat")
        button.classes("desk-verdict desk-main-button" if main else "desk-verdict")
        button.props["aria-keyshortcuts"] = key
        button.props["title"] = words(f"head.{name}.about")
        with button:
            html.span(words(f"head.{name}"))
            html.kbd(key).props('aria-hidden="true"')
        self._buttons[name] = button

    def tell(self, words: str, *, bad: bool = False, good: bool = False) -> None:
        """Say what came of something."""
        self._told.classes(replace=f"desk-told{' is-bad' if bad else ''}{' is-good' if good else ''}")
        self._told.props["key"] = words
        self._told._text = words
        self._told.update()

    def show(self, table: TableView) -> None:
        """The strip for another state of the table."""
        words = self._words
        self._status._text = words.or_else(f"status.{table.status}", table.status)
        self._status.classes(replace=f"desk-status is-{table.status}")
        self._status.update()
        title = f"{table.title} "
        reasons = [
            reason.removeprefix(title) for reason in table.reasons if not reason.startswith("proposed:")
        ]
        me = self._view.user.name
        held = table.held_by if table.held_by and table.held_by != me else ""
        first = words("head.held", by=held) if held else self._naming.said("; ".join(reasons[:3]))
        self._why._text = first
        self._why.props["title"] = "\n".join(self._naming.said(reason) for reason in reasons)
        self._why.update()
        for name, can in (("undo", table.can_undo), ("redo", table.can_redo)):
            if name in self._buttons:
                self._buttons[name].set_enabled(can)
