"""What recognition leaves in doubt: figures and codes read off an image with a low score that no sum makes up for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence, Set
from decimal import Decimal
from typing import NamedTuple

from schemas import AnyTable, Chunk, Finding, Reading
from schemas.lexicon import lookup
from schemas.source import Numeral
from schemas.tables import CellRef
from schemas.text import squeeze

SURE = Decimal("0.98")
"""From this score on a numeral is taken as recognised: below it, on poor scans, more than one in twenty is wrong."""

# Scopes whose identities are sums: quotients are too coarse to show a wrong digit.
_SUMS = {"row", "column", "hierarchy"}


class Doubt(NamedTuple):
    """A numeral of a table that may be misread: as printed, its score, and its cell (None: it is a code)."""

    text: str
    score: Decimal
    cell: CellRef | None = None

    def __str__(self) -> str:
        return f"{self.text} ({percent(self.score)})"


def percent(score: Decimal) -> str:
    """A score in words, never rounded up to certainty."""
    return f"{int(score * 100)} %"


def score_of(numeral: Numeral | None) -> Decimal | None:
    """The score of a numeral to compare, None where it was not recognised from an image."""
    return None if numeral is None or numeral.score is None else Decimal(str(numeral.score))


def unsure(numeral: Numeral | None) -> bool:
    """Whether a numeral was recognised with a score under `SURE`."""
    score = score_of(numeral)
    return score is not None and score < SURE


def doubts(chunk: Chunk, reading: Reading, findings: Sequence[Finding]) -> tuple[Doubt, ...]:
    """The figures and codes of a table that were recognised with less than `SURE` and that nothing holds.

    A figure is held by a sum of its own table that is exact as printed, to the last digit, and that would break
    if the figure were misread: not one in which it stands on both sides, misread alike. A figure that prose and a
    table have alike is held in both, being set in two ways. A code is held by its name where the lexicon has both; a
    wrong one may be some other item's.
    """
    doubted = {
        numeral.id: Doubt(numeral.text, score)
        for numeral in chunk.ledger
        if (score := score_of(numeral)) is not None and score < SURE
    }
    if not doubted:
        return ()
    cells = {
        CellRef(chunk.id, index, column): doubted[cell.numeral]
        for index, row in enumerate(reading.table.rows)
        for column, cell in row.cells()
        if cell.amount and cell.numeral in doubted
    }
    held = set(_held(chunk.id, reading.table, cells.keys(), findings))
    named = set(_named(reading.table))
    return (
        *(doubt._replace(cell=ref) for ref, doubt in cells.items() if ref not in held),
        *(
            doubted[numeral.id]
            for numeral in chunk.ledger
            if numeral.id in doubted
            and reading.roles.get(numeral.id) == "code"
            and numeral.span.line not in named
        ),
    )


def _held(
    table_id: str, table: AnyTable, doubted: Set[CellRef], findings: Sequence[Finding]
) -> Iterator[CellRef]:
    """The doubted figures that an exact sum holds."""
    for finding in findings:
        if finding.status != "passed" or finding.difference != 0:
            continue
        if finding.scope == "narrative" and len(finding.tables) > 1:
            yield from doubted & set(finding.cells)
        if finding.tables != (table_id,) or finding.scope not in _SUMS:
            continue
        values = {ref: _value(table, ref) for ref in finding.cells if ref in doubted}
        alike = Counter(values.values())
        # Figures enter sums with one sign or the other: an odd number of them cannot cancel.
        yield from (ref for ref, value in values.items() if alike[value] % 2)


def _named(table: AnyTable) -> Iterator[int]:
    """The lines of rows whose code has their name."""
    for row in table.rows:
        entry = lookup(row.code) if row.code else None
        if entry and squeeze(row.name) in entry.names:
            yield from (cell.span.line for cell in (row.code_cell, row.label) if cell)


def _value(table: AnyTable, ref: CellRef) -> Decimal:
    amount = table.rows[ref.row].figure(ref.column)
    return abs(amount.value) if amount else Decimal(0)
