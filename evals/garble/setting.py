"""How a table is set in plain text: what stands between its cells."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from evals.paper import PrintedTable
from schemas.numerals import parse_numeral
from schemas.text import display_width

Setter = Callable[[Sequence[Sequence[str]]], list[str]]


def tabs(rows: Sequence[Sequence[str]]) -> list[str]:
    """A tab between cells."""
    return ["\t".join(row) for row in rows]


def pipes(rows: Sequence[Sequence[str]]) -> list[str]:
    """Upright strokes around cells."""
    return [f"| {' | '.join(row)} |" if len(row) > 1 else "".join(row) for row in rows]


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Cells under one another, by blanks: words to the left, figures to the right; ideographs are two wide."""
    widths: list[int] = []
    for row in rows:
        if len(row) > 1:
            widths += [0] * (len(row) - len(widths))
            for at, text in enumerate(row):
                widths[at] = max(widths[at], display_width(text))
    return ["  ".join(map(_padded, row, widths)).rstrip() if len(row) > 1 else "".join(row) for row in rows]


def _padded(text: str, width: int) -> str:
    room = " " * (width - display_width(text))
    return room + text if parse_numeral(text) else text + room


STYLES: dict[str, Setter] = {"tabs": tabs, "pipes": pipes, "aligned": aligned}
"""By name; each keeps blank cells recoverable."""


def set_table(table: PrintedTable, style: str) -> list[str]:
    """The lines of a table; a form feed in a row's first cell begins its line."""
    rows = [*table.header, *table.body]
    feeds = ["\f" if row and row[0].startswith("\f") else "" for row in rows]
    plain = [(row[0].removeprefix("\f"), *row[1:]) if row else ("",) for row in rows]
    lines = STYLES[style](plain)
    return [*table.above, *map("".join, zip(feeds, lines, strict=True)), *table.below]
