"""Entries of a log: who did what to which cells of a table, in words that survive a new reading of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict

from schemas import AnyTable, Cell, Row, fold, squeeze

Action = Literal[
    "set", "clear", "move", "undo", "redo", "right_as_printed", "corrected", "rejected", "unreadable"
]
VERDICTS: tuple[Action, ...] = ("right_as_printed", "corrected", "rejected", "unreadable")

LABELS = ("code", "name")
"""Columns of a move that mean the label of a row."""


class At(NamedTuple):
    """A cell by what its row is called in the reading, and the `nth` of that name; `printed` is what stood there as
    it was read, empty for a blank."""

    side: str
    code: str
    name: str
    nth: int
    column: str
    printed: str


class Put(BaseModel):
    """What becomes of a cell. A figure or a text is `typed`; `source` is the cell whose content comes here; with
    neither it is blank. `before` and `after` are for people."""

    model_config = ConfigDict(frozen=True)

    at: At
    typed: str | None = None
    source: At | None = None
    before: str = ""
    after: str = ""


class Entry(BaseModel):
    """One entry. `sequence` counts from 1 in a document; `digest` is that of the table that a verdict is on."""

    model_config = ConfigDict(frozen=True)

    sequence: int
    table: str
    action: Action
    by: str
    at: datetime
    why: str = ""
    puts: tuple[Put, ...] = ()
    digest: str = ""


class Rows:
    """The rows of a table as it was read, found by what they are called."""

    def __init__(self, table: AnyTable) -> None:
        self._table = table
        self._numbers: dict[tuple[str, str, str, int], int] = {}
        self._names: list[tuple[str, str, str, int]] = []
        seen: dict[tuple[str, str, str], int] = {}
        for index, row in enumerate(table.rows):
            name = row.side or "", row.code or "", squeeze(row.name)
            nth = seen.get(name, 0)
            seen[name] = nth + 1
            self._numbers[(*name, nth)] = index
            self._names.append((*name, nth))

    def at(self, row: int, column: str) -> At:
        """A cell by name. Raises IndexError."""
        return At(*self._names[row], column, printed(self._table.rows[row], column))

    def find(self, at: At) -> int | None:
        """The row of a cell, None where it is not there any more or something else is printed there."""
        row = self._numbers.get(at[:4])
        return row if row is not None and printed(self._table.rows[row], at.column) == at.printed else None


def printed(row: Row, column: str) -> str:
    """What stands in a cell or in the label of a row; empty for a blank."""
    match column:
        case "code":
            return fold(row.code_cell.text) if row.code_cell else row.code or ""
        case "name":
            return fold(row.label.text) if row.label else row.name
    cell = row.get(column)
    return shown(cell) if cell else ""


def shown(cell: Cell) -> str:
    """A cell for people: its figure, or its text."""
    return f"{cell.amount.value:f}" if cell.amount else fold(cell.text)


def digest_of(table: AnyTable | None) -> str:
    """A digest of all that a table says, to tell whether a verdict still speaks of the same."""
    lines = "\x1e".join(_lines(table)) if table else ""
    return hashlib.sha256(lines.encode("utf-8", "surrogatepass")).hexdigest()


def _lines(table: AnyTable) -> Iterator[str]:
    for row in table.rows:
        cells = (f"{column}\x1f{shown(cell)}" for column, cell in row.cells())
        yield "\x1f".join((row.side or "", row.code or "", squeeze(row.name), *cells))
