"""Rows of gold and of readings in the one form in which they are compared.

Claims of prose are cut into rows in several ways, none of which is an error of reading. A budget named beside a final
figure is a claim of its own, 行政运行预算, or the further column `budget_amount` of the claim 行政运行; what is said of
one subject in two places is two rows or one; the marks of class, section and item are part of a subject or not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from evals.cases import CellKey, GoldTable
from schemas import Cell, CellRef, squeeze
from worker.export.flatten import Listed

PROSE = "narrative_facts"
Identity = tuple[str, str]

_MARKS = re.compile(r"\([类款项]\)")
_BUDGET = re.compile(r"(?<=.)(?:年初|全年|调整后?)?预算数?$")
_BUDGET_COLUMN = "budget_amount"

CellT = TypeVar("CellT", str, Cell)
PlaceT = TypeVar("PlaceT", CellKey, CellRef)


@dataclass(frozen=True)
class Compared(Generic[CellT, PlaceT]):
    """A row: what makes it itself, its cells by column without white space, and where they stand.

    `home` is the place of the row itself, `places` those of cells whose column is called otherwise there.
    """

    identity: Identity
    side: str
    code: str
    name: str
    cells: dict[str, CellT]
    home: PlaceT
    places: dict[str, PlaceT]

    def place(self, column: str) -> PlaceT:
        """Where the cell of a column stands, or would."""
        return self.places.get(column) or self.home._replace(column=column)


PlacedRow = Compared[str, CellKey]
ReadRow = Compared[Cell, CellRef]


def gold_rows(tables: Iterable[GoldTable]) -> list[PlacedRow]:
    """The rows of gold tables that hold anything, in order."""
    rows = (
        PlacedRow(
            _identity(table.kind, row.side, row.code, row.name),
            row.side,
            row.code,
            row.name,
            {squeeze(column): value for column, value in row.cells.items()},
            CellKey(table.kind, table.ordinal, place, ""),
            {},
        )
        for table in tables
        for place, row in enumerate(table.rows)
        if row.cells
    )
    return [part for row in rows for part in _parted(row.home.kind, row)]


def read_rows(item: Listed) -> list[ReadRow]:
    """The rows of a table read that hold anything, in order."""
    found: list[ReadRow] = []
    for place, row in enumerate(item.table.rows if item.table else ()):
        side, code, home = row.side or "", row.code or "", CellRef(item.chunk.id, place, "")
        cells = dict(row.cells())
        if cells:
            whole = ReadRow(
                _identity(item.kind, side, code, row.name),
                side,
                code,
                row.name,
                {squeeze(column): cell for column, cell in cells.items()},
                home,
                {squeeze(column): home._replace(column=column) for column in cells},
            )
            found += _parted(item.kind, whole)
    return found


def _identity(kind: str, side: str, code: str, name: str) -> Identity:
    return side, code or (subject_of(name) if kind == PROSE else squeeze(name))


def subject_of(name: str) -> str:
    """What a claim is of: 教育（类）支出年初预算 is 教育支出预算."""
    return _BUDGET.sub("预算", _MARKS.sub("", squeeze(name)))


def _parted(kind: str, row: Compared[CellT, PlaceT]) -> Iterator[Compared[CellT, PlaceT]]:
    """A row as it is; of a claim with a budget beside its amount the budget comes first, as it is printed."""
    if kind != PROSE or _BUDGET_COLUMN not in row.cells:
        yield row
        return
    name = f"{row.name}预算"
    kept = {column: cell for column, cell in row.cells.items() if column != _BUDGET_COLUMN}
    cells = {"amount": row.cells[_BUDGET_COLUMN]} | {c: cell for c, cell in kept.items() if c == "unit"}
    yield replace(
        row,
        identity=(row.side, subject_of(name)),
        name=name,
        cells=cells,
        places={"amount": row.place(_BUDGET_COLUMN)},
    )
    if kept:
        yield replace(row, cells=kept)


def joined(rows: Iterable[Compared[CellT, PlaceT]]) -> tuple[Compared[CellT, PlaceT], ...]:
    """Claims of one piece of prose: a row whose subject stood before goes on with it where it says other things."""
    found: list[Compared[CellT, PlaceT]] = []
    latest: dict[Identity, int] = {}
    for row in rows:
        at = latest.get(row.identity)
        if at is not None and found[at].cells.keys().isdisjoint(row.cells.keys() - {"unit"}):
            before = found[at]
            places = {c: row.place(c) for c in row.cells} | {c: before.place(c) for c in before.cells}
            found[at] = replace(before, cells=row.cells | before.cells, places=places)
            continue
        latest[row.identity] = len(found)
        found.append(row)
    return tuple(found)
