"""Figures and cells as a page shows them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

from schemas import CellRef
from worker.review import GridCell, TableView

_MINUS = "−"


def grouped(value: Decimal, decimals: int = 0) -> str:
    """A figure with its digits in groups of three, and with that many decimals at least."""
    exponent = value.as_tuple().exponent
    own = -exponent if isinstance(exponent, int) else 0
    return f"{value:,.{max(own, decimals, 0)}f}".replace("-", _MINUS)


def decimals_of(cell: GridCell) -> int:
    """With how many decimals the figure of a cell is given; 0 for a text."""
    return len(cell.typed.partition(".")[2]) if cell.value is not None else 0


def apart(before: str, after: str) -> str:
    """A figure before and after."""
    return f"{before or '∅'} → {after or '∅'}"


class Spot(NamedTuple):
    """A cell by its place in the grid: row and number of the column; column -1 is the label of the row."""

    row: int
    column: int

    def __str__(self) -> str:
        return f"r{self.row}c{self.column}"


def spot_of(table: TableView, ref: CellRef) -> Spot | None:
    """Where a cell stands in the grid of the table; None if it is of another table or of no column shown."""
    if ref.table != table.table or not 0 <= ref.row < len(table.rows):
        return None
    if ref.column in {"code", "name"}:
        return Spot(ref.row, -1)
    for number, column in enumerate(table.columns):
        if column.key == ref.column:
            return Spot(ref.row, number)
    return None


def spot_from(text: str, table: TableView) -> Spot | None:
    """The spot of its name, None where the table has no such cell."""
    row, _, column = text.removeprefix("r").partition("c")
    try:
        spot = Spot(int(row), int(column))
    except ValueError:
        return None
    fits = 0 <= spot.row < len(table.rows) and -1 <= spot.column < len(table.columns)
    return spot if fits else None


def named_in(table: TableView, query: Mapping[str, str]) -> Spot | None:
    """The cell that the query of an address names by its row and column, as a history does; None for none."""
    named, column = query.get("row"), query.get("column")
    row = next((row for row in table.rows if f"{row.code} {row.name}".strip() == named), None)
    if row is None:
        return None
    return spot_of(table, CellRef(table.table, row.index, column or "name"))


def shown(cell: GridCell) -> str:
    """What a cell says: its figure with its decimals, else its text."""
    if cell.value is None:
        return cell.typed or cell.text
    return grouped(cell.value, decimals_of(cell))
