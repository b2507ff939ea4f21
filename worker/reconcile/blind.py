"""How large an error may be before an identity is sure to see it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from functools import partial

from schemas import AnyTable, Finding, unit_factor
from schemas.amounts import UNITS
from schemas.rules import RowProduct
from schemas.tables import CellRef
from schemas.text import squeeze
from worker.memory import remembered
from worker.reconcile.measure import is_money, rule_of, unit_of
from worker.reconcile.memo import Memo

_WITHIN = {"row", "column", "hierarchy", "ratio"}


def blind_spots(
    tables: Mapping[str, AnyTable], findings: Iterable[Finding], memo: Memo | None = None
) -> dict[str, Decimal]:
    """By table, in its unit: a larger error in any amount that its passing sums touch makes one of them fail.

    A table of which no amount stands in a passing sum has none.
    """
    found: dict[str, Decimal] = {}
    for ref, error in least_errors(tables, findings, memo).items():
        found[ref.table] = max(error, found.get(ref.table, error))
    return found


def least_errors(
    tables: Mapping[str, AnyTable], findings: Iterable[Finding], memo: Memo | None = None
) -> dict[CellRef, Decimal]:
    """By cell, in the unit of its table: a larger error in it, and in nothing else, makes a passing sum fail.

    A sum of n amounts and its total, each rounded by half a unit h, sees what exceeds (n + 1) · h where it closes
    to the digit. Where it closes but for rounding, the printed difference may be that of an error which it hides
    and counts as well. Percentages, points and counts are no amounts and are left out.
    """
    memo = memo or Memo()
    found: dict[CellRef, Decimal] = {}
    for finding in findings:
        if finding.status == "passed":
            own = [tables[key] for key in finding.tables]
            # Within a table it is the unit alone that counts; elsewhere cells may have their own.
            parts = () if finding.scope in _WITHIN else own
            state = [(type(table), table.unit) for table in own]
            for ref, error in memo.if_same(
                "seen", (finding, *parts), state, partial(_all_seen, finding, tables)
            ):
                found[ref] = min(error, found.get(ref, error))
    return found


def _all_seen(finding: Finding, tables: Mapping[str, AnyTable]) -> list[tuple[CellRef, Decimal]]:
    return list(_seen(finding, tables))


def _seen(finding: Finding, tables: Mapping[str, AnyTable]) -> Iterator[tuple[CellRef, Decimal]]:
    if finding.tolerance is None or finding.difference is None or not is_money(finding, tables):
        return
    unit = unit_of(finding, tables)
    error = finding.tolerance + abs(finding.difference)
    # The factors of a product are counts and prices.
    product = isinstance(rule_of(finding, tables), RowProduct)
    for ref in finding.cells[:1] if product else finding.cells:
        yield ref, error * _ratio(unit, tables[ref.table].unit)


@remembered(256)
def _ratio(unit: str | None, other: str | None) -> Decimal:
    """One unit in another; 1 unless both are known units of money."""
    if {squeeze(unit or ""), squeeze(other or "")} <= UNITS.keys():
        return Decimal(unit_factor(unit)) / unit_factor(other)
    return Decimal(1)
