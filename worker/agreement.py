"""How far independent readers of a chunk agree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from decimal import Decimal

from schemas import AnyTable, Reading
from schemas.tables import Cell, CellRef, Row
from schemas.text import squeeze


def agreement(readings: Sequence[Reading], standing: Reading) -> Decimal | None:
    """The share of cells on which every other reading agrees with the one that stands, None without another.

    Cells are the same by side, code or name, column and value.
    """
    others = [_content(reading.table) for reading in readings if reading.reader != standing.reader]
    if not others:
        return None
    own = _content(standing.table)
    return min(Decimal((own & other).total()) / max((own | other).total(), 1) for other in others)


def confirmed(blind: Iterable[CellRef], standing: Reading, readings: Sequence[Reading]) -> frozenset[CellRef]:
    """Cells that another reader has too: the same numeral under the same row and column, where only one is told.

    `blind` are cells of the table of `standing`, which is among `readings`.
    """
    wanted = list(blind)
    if not wanted or all(reading.reader == standing.reader for reading in readings):
        return frozenset()
    others = {
        (*_row(row), column, cell.numeral)
        for reading in readings
        if reading.reader != standing.reader
        for row in reading.table.rows
        for column, cell in row.cells()
    }
    rows = standing.table.rows
    named = Counter((*_row(row), column) for row in rows for column, _ in row.cells())
    return frozenset(
        ref
        for ref in wanted
        if (cell := rows[ref.row].get(ref.column))
        and cell.numeral
        and named[place := (*_row(rows[ref.row]), ref.column)] == 1
        and (*place, cell.numeral) in others
    )


def _row(row: Row) -> tuple[str, str]:
    return row.side or "", row.code or squeeze(row.name)


def _content(table: AnyTable) -> Counter[tuple[str, str, str, str]]:
    return Counter((*_row(row), column, _value(cell)) for row in table.rows for column, cell in row.cells())


def _value(cell: Cell) -> str:
    return f"{cell.amount.value.normalize():f}" if cell.amount else squeeze(cell.text)
