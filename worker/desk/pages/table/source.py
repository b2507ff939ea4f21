"""The source beside the table: its text, or the image of its page, with every cell at its place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from nicegui import html, ui

from worker.desk.pages.table.figures import Spot
from worker.desk.pages.text import Words
from worker.review import Place, SourceLine, TableView

_STEPS = (50, 75, 100, 130, 170, 220, 300)
_WIDEST = 220
_PROSE = "narrative_facts"


class Source:
    """The left half of the page."""

    def __init__(self, table: TableView, words: Words) -> None:
        self._table = table
        self._words = words
        self._zoom = 100
        self._page = _first_page(table)
        self._imaged = False
        with html.div().classes("desk-pane-head"):
            html.h2(words("source.title")).classes("desk-h2")
            html.div().classes("desk-space")
            if table.pages:
                toggle = ui.toggle(
                    {False: words("source.text"), True: words("source.image")}, value=False
                ).props("dense unelevated no-caps size=sm")
                toggle.on_value_change(lambda event: self._turn(imaged=event.value))
            for icon, name, step in (("remove", "source.smaller", -1), ("add", "source.larger", 1)):
                button = ui.button(icon=icon, on_click=lambda step=step: self._resize(step), color=None)
                button.props("flat round dense size=sm").props["aria-label"] = words(name)
        with html.div().classes("desk-scroll desk-source").props('role="group" tabindex="0"') as self._box:
            self._box.props["aria-label"] = words("source.title")
            # Prose reads best folded; what is laid out in columns does not.
            long = table.kind == _PROSE or any(len(line.text) > _WIDEST for line in table.lines)
            self._text = ui.html(_text_of(table), sanitize=False)
            self._text.classes("desk-text desk-text-folded" if long else "desk-text")
            self._image: ui.interactive_image | None = None

    def _turn(self, *, imaged: bool) -> None:
        self._imaged = imaged
        self._text.set_visibility(not imaged)
        if imaged and self._image is None:
            with self._box:
                self._image = ui.interactive_image(
                    self._address(), content=self._overlay(), sanitize=False
                ).classes("desk-page-image")
                self._image.props["alt"] = self._words("source.page", number=self._page)
        if self._image:
            self._image.set_visibility(imaged)
        self._scale()

    def _address(self) -> str:
        return f"/documents/{self._table.document}/pages/{self._page}.png"

    def _overlay(self) -> str:
        return _boxes(self._table, self._page, _DPI)

    def _resize(self, step: int) -> None:
        at = min(range(len(_STEPS)), key=lambda number: abs(_STEPS[number] - self._zoom))
        self._zoom = _STEPS[min(max(at + step, 0), len(_STEPS) - 1)]
        self._scale()

    def _scale(self) -> None:
        self._text.style(f"font-size: {self._zoom / 100 * 12.5:.1f}px")
        if self._image:
            self._image.style(f"width: {self._zoom}%")

    def show(self, table: TableView) -> None:
        """The same source for another state of the table."""
        before, self._table = self._table, table
        if places(table) != places(before):
            self._text.set_content(_text_of(table))
            if self._image:
                self._image.set_content(self._overlay())

    def turn_to(self, place: Place | None) -> None:
        """Show the page on which something stands."""
        if place is None or place.page == self._page or self._image is None:
            return
        self._page = place.page
        self._image.set_source(self._address())
        self._image.set_content(self._overlay())


_DPI = 110
_POINTS = 72


def places(table: TableView) -> list[tuple[int, int, str, Place]]:
    """Everything of the table that stands somewhere: start, end, name of its spot and its place, in order."""
    found = []
    for row in table.rows:
        if row.place:
            found.append((row.place.start, row.place.end, str(Spot(row.index, -1)), row.place))
        for number, cell in enumerate(row.cells):
            if cell.place:
                found.append((cell.place.start, cell.place.end, str(Spot(row.index, number)), cell.place))
    return sorted(found, key=lambda entry: entry[:3])


def _text_of(table: TableView) -> str:
    """The lines as HTML. All text goes through `escape`; the marks around it are ours."""
    marked = places(table)
    return "".join(_lines(table.lines, [(start, end, name) for start, end, name, _ in marked]))


def _lines(lines: Sequence[SourceLine], marked: Sequence[tuple[int, int, str]]) -> Iterator[str]:
    at = 0
    for line in lines:
        while at < len(marked) and marked[at][1] <= line.start:
            at += 1
        parts, done, last = [], 0, line.start + len(line.text)
        for start, end, name in _until(marked, at, last):
            first, final = max(start - line.start, done), min(end - line.start, len(line.text))
            if final <= first:
                continue
            parts.append(escape(line.text[done:first]))
            parts.append(f'<span data-spot="{name}">{escape(line.text[first:final])}</span>')
            done = final
        parts.append(escape(line.text[done:].rstrip("\r\n\f")))
        yield f'<div class="line"><span class="line-number" aria-hidden="true">{line.number}</span>'
        yield f'<span class="line-text">{"".join(parts)}\n</span></div>'


def _until(marked: Sequence[tuple[int, int, str]], at: int, last: int) -> Iterator[tuple[int, int, str]]:
    for entry in marked[at:]:
        if entry[0] >= last:
            return
        yield entry


def _boxes(table: TableView, page: int, dpi: int) -> str:
    """The frames of the cells on a page as SVG, in pixels of its image."""
    scale = dpi / _POINTS
    found = []
    for _, _, name, place in places(table):
        if place.page != page or place.box is None:
            continue
        x0, top, x1, bottom = (side * scale for side in place.box)
        found.append(
            f'<rect data-spot="{name}" x="{x0 - 3:.1f}" y="{top - 3:.1f}" width="{x1 - x0 + 6:.1f}" '
            f'height="{bottom - top + 6:.1f}" rx="3" pointer-events="all" />'
        )
    return "".join(found)


def _first_page(table: TableView) -> int:
    return next((place.page for *_, place in places(table)), table.lines[0].page if table.lines else 1)
