"""What a repair of place is made of: contents of cells that change places, nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

from schemas import AnyTable
from worker.reconcile.grid import Figure, Key

LABELS = frozenset({"code", "name"})
"""The columns of a move that mean the label of a row."""


class Shift(NamedTuple):
    """What stands in `source` belongs in `target`; columns "code" and "name" mean the label of the row."""

    source: Key
    target: Key


class Step(NamedTuple):
    """One thing that went wrong, put right: figures of a printed line, a run of rows, two whole columns, or labels.

    `cost` counts the simplest events that explain it.
    """

    kind: Literal["line", "run", "columns", "labels"]
    shifts: tuple[Shift, ...]
    cost: int = 1


Repair = tuple[Step, ...]
"""Steps on different cells of one table, done together."""

Changes = Mapping[Key, Figure | None]
"""New contents of cells, None for a blank."""


def shifts_of(repair: Iterable[Step]) -> tuple[Shift, ...]:
    """All that a repair moves."""
    return tuple(shift for step in repair for shift in step.shifts)


def changes_of(shifts: Iterable[Shift], figures: Mapping[Key, Figure]) -> dict[Key, Figure | None]:
    """What figures stand where after shifts."""
    shifts = tuple(shifts)
    emptied: dict[Key, Figure | None] = {shift.source: None for shift in shifts}
    return emptied | {shift.target: figures.get(shift.source) for shift in shifts}


def moved(table: AnyTable, shifts: Iterable[Shift]) -> AnyTable:
    """A copy of the table with contents moved, all at once. What is moved over and not moved itself is lost."""
    shifts = tuple(shifts)
    touched = {key[0] for shift in shifts for key in shift}
    rows = [row.model_copy(deep=True) if i in touched else row for i, row in enumerate(table.rows)]
    emptied = {shift.source for shift in shifts}.difference(shift.target for shift in shifts)
    for row, column in emptied:
        match column:
            case "code":
                rows[row].code = rows[row].code_cell = None
            case "name":
                rows[row].name, rows[row].label = "", None
            case _:
                rows[row].put(column, None)
    for (source, column), (row, target) in shifts:
        old = table.rows[source]
        match column:
            case "code":
                rows[row].code, rows[row].code_cell = old.code, old.code_cell
            case "name":
                rows[row].name, rows[row].label = old.name, old.label
            case _:
                rows[row].put(target, old.get(column))
    return table.model_copy(update={"rows": rows})
