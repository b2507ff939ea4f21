"""What the figures of a finding are measured in."""

from __future__ import annotations

from collections.abc import Mapping

from schemas import AnyTable, Finding
from schemas.amounts import UNITS
from schemas.rules import PointSum, Rule
from schemas.text import squeeze

PERCENT, POINTS = "%", "分"


def rule_of(finding: Finding, tables: Mapping[str, AnyTable]) -> Rule | None:
    """The rule of its table's kind that an identity was made of, None where it was found otherwise."""
    table = tables.get(next(iter(finding.tables), ""))
    if table is None:
        return None
    name = finding.check.removeprefix(f"{table.kind}.")
    return next((rule for rule in type(table).rules if rule.id == name), None)


def unit_of(finding: Finding, tables: Mapping[str, AnyTable]) -> str | None:
    """The unit of left and right, difference and tolerance: that of the left side.

    Within one table that is the unit of the table; between tables and in prose a cell may have its own.
    """
    if finding.scope == "ratio":
        return PERCENT
    table = tables.get(next(iter(finding.tables), ""))
    if table is None:
        return None
    if isinstance(rule_of(finding, tables), PointSum):
        return POINTS
    left = next((ref for ref in finding.cells if ref.table == finding.tables[0]), None)
    if left is None or finding.scope not in {"cross_table", "narrative"}:
        return table.unit
    row = table.rows[left.row]
    amount, stated = row.figure(left.column), row.get("unit")
    return (amount.unit if amount else None) or (stated.text if stated else None) or table.unit


def is_money(finding: Finding, tables: Mapping[str, AnyTable]) -> bool:
    """Whether the figures of a finding are amounts: not percentages, points, or what prose counts in words."""
    unit = squeeze(unit_of(finding, tables) or "")
    return unit not in {PERCENT, POINTS} and (finding.scope != "narrative" or not unit or unit in UNITS)
