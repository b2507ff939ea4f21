"""Changing what is shown, in place: nothing flickers, and the focus stays where it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, Protocol, TypeVar

from nicegui import html, ui

from worker.desk.pages.text import Words

Told = TypeVar("Told", contravariant=True)


def say(element: ui.element, said: str, *, classes: str | None = None) -> None:
    """Let a plain element say something else; nothing is sent where it says that already."""
    if classes is not None:
        element.classes(replace=classes)
    # Plain elements of the toolkit take a text when they are made, and have no face to change it.
    if element._text != said:
        element._text = said
        element.update()


def tell(element: ui.element, said: str, *, bad: bool = False) -> None:
    """Say in a status line what came of something."""
    say(element, said, classes="upload-told is-bad" if bad else "upload-told")


class Line(Protocol[Told]):
    """One line of a list: made within its place in the list, then brought up to date."""

    root: ui.element

    def show(self, told: Told) -> None:
        """Show this."""


class Lines(Generic[Told]):
    """A list whose lines are changed one by one.

    The tables of the toolkit make every row anew when one has changed, and with it whatever had the focus.
    """

    def __init__(
        self, words: Words, label: str, columns: Sequence[tuple[str, int]], make: Callable[[], Line[Told]]
    ) -> None:
        """`columns` are names in `words` with their widths in percent; names that begin with > hold figures."""
        self._make = make
        self._lines: dict[int, Line[Told]] = {}
        self._told: dict[int, Told] = {}
        self._order: list[int] = []
        with html.table().classes("lines") as self.root:
            self.root.props["aria-label"] = label
            with html.thead(), html.tr():
                for name, width in columns:
                    head = html.th(words(name.removeprefix(">"))).props('scope="col"')
                    head.style(f"width: {width}%").classes("is-figure" if name.startswith(">") else "")
            self._body = html.tbody()

    def show(self, told: Sequence[tuple[int, Told]]) -> None:
        """Show these, each under a number that is its own."""
        order = [key for key, _ in told]
        for key in set(self._lines) - set(order):
            self._lines.pop(key).root.delete()
            self._told.pop(key, None)
        for key, each in told:
            if key not in self._lines:
                with self._body:
                    self._lines[key] = self._make()
            if self._told.get(key) != each:
                self._told[key] = each
                self._lines[key].show(each)
        if order != self._order:
            for at, key in enumerate(order):
                self._lines[key].root.move(target_index=at)
            self._order = order
        self.root.set_visibility(bool(order))
