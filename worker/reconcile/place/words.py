"""Repairs of place in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from schemas import AnyTable
from worker.reconcile.place.steps import LABELS, Shift, Step
from worker.reconcile.wording import column_name, plain, row_name

# Of a line with many figures the first ones are told.
_MOST = 4


def told(table: AnyTable, step: Step) -> str:
    """What a step moves: '43.52 of 210 卫生健康支出 from 项目支出 to 基本支出'."""
    shifts = step.shifts
    columns = list(dict.fromkeys(shift.source[1] for shift in shifts))
    if step.kind == "columns":
        left, right = (column_name(table, key[1]) for key in shifts[0])
        return f"all figures of {left} to {right} and those of {right} to {left}"
    if step.kind == "line":
        more = [f"{len(shifts) - _MOST} more"] if len(shifts) > _MOST else []
        return ", ".join([*(_figure(table, shift) for shift in shifts[:_MOST]), *more])
    if shifts[0] == shifts[-1][::-1]:
        return ", ".join(_figure(table, shift) for shift in shifts)
    way = "up" if shifts[0].target[0] < shifts[0].source[0] else "down"
    where = spanned(table, {shift.source[0] for shift in shifts})
    if columns[0] in LABELS:
        return f"the {columns[0]}s of {where} one row {way}"
    inside = f" in {column_name(table, columns[0])}" if len(columns) == 1 else ""
    return f"the figures of {where}{inside} one row {way}"


def _figure(table: AnyTable, shift: Shift) -> str:
    (row, column), (target, place) = shift
    amount = table.rows[row].figure(column)
    figure = plain(amount.value) if amount else ""
    there = column_name(table, place)
    if target != row:
        there += f" of {row_name(table.rows[target], target)}"
    return f"{figure} of {row_name(table.rows[row], row)} from {column_name(table, column)} to {there}"


def spanned(table: AnyTable, rows: Iterable[int]) -> str:
    """Consecutive rows by number and name: 'rows 3-5 (甲 to 丙)'."""
    first, last = min(rows), max(rows)
    if first == last:
        return f"row {first + 1} ({row_name(table.rows[first], first)})"
    names = " to ".join(row_name(table.rows[row], row) for row in (first, last))
    return f"rows {first + 1}-{last + 1} ({names})"


def seconded(table: AnyTable, step: Step, others: Sequence[AnyTable]) -> str:
    """Which other table prints a figure in the place where it is moved to, '' if none does."""
    (row, column), (target, place) = step.shifts[0]
    own, amount = table.rows[row], table.rows[row].figure(column)
    if step.kind != "line" or len(step.shifts) > 1 or target != row or not own.code or not amount:
        return ""
    for other in others:
        for twin in other.rows:
            found = twin.figure(place)
            if twin.code == own.code and found and found.value == amount.value:
                return f"; {other.title or other.kind} prints it there"
    return ""
