"""Figures and labels put into other cells of true tables, digits untouched: the faults of `evals.bench.shifts`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from evals.synthetic.dice import Dice
from schemas import AnyTable
from worker.reconcile.grid import Grid
from worker.reconcile.place.lines import Line, lines
from worker.reconcile.place.steps import Shift

Shifts = tuple[Shift, ...]


def _printed_lines(grid: Grid, fewest: int = 1) -> list[Line]:
    """The lines with so many figures at least."""
    return [line for line in lines(grid) if sum(key in grid.figures for key in line) >= fewest]


def _cell(dice: Dice, grid: Grid) -> Shifts:
    """A figure under the blank column next to its own."""
    found = [
        Shift(key, other)
        for line in _printed_lines(grid)
        for left, right in pairwise(line)
        for key, other in ((left, right), (right, left))
        if left[0] == right[0] and grid.get(key).value and other not in grid.figures
    ]
    return (dice.choose(found),) if found else ()


def _shifted(dice: Dice, grid: Grid) -> Shifts:
    """All figures of a line one or two columns to the left or right."""
    found = []
    for line in _printed_lines(grid, 2):
        places = [place for place, key in enumerate(line) if key in grid.figures]
        found += [
            tuple(Shift(line[place], line[place + step]) for place in places)
            for step in (-2, -1, 1, 2)
            if places[0] + step >= 0 and places[-1] + step < len(line)
        ]
    return dice.choose(found) if found else ()


def _packed(dice: Dice, grid: Grid) -> Shifts:
    """The figures of a line moved together to the left: all of its blanks are lost."""
    found = []
    for line in _printed_lines(grid, 2):
        places = [place for place, key in enumerate(line) if key in grid.figures]
        shifts = [Shift(line[old], line[new]) for new, old in enumerate(places) if new != old]
        if shifts:
            found.append(tuple(shifts))
    return dice.choose(found) if found else ()


def _swapped(dice: Dice, grid: Grid) -> Shifts:
    """Two neighbouring figures of a line in one another's place."""
    found = [
        (Shift(left, right), Shift(right, left))
        for line in _printed_lines(grid, 2)
        for left, right in pairwise([key for key in line if key in grid.figures])
        if grid.get(left).value != grid.get(right).value
    ]
    return dice.choose(found) if found else ()


def _lines(dice: Dice, grid: Grid) -> Shifts:
    """Two or three lines shifted, each by itself."""
    found: dict[int, Shifts] = {}
    for _ in range(dice.between(2, 3)):
        if shifts := dice.choose((_shifted, _packed, _cell))(dice, grid):
            found[shifts[0].source[0]] = shifts
    return tuple(shift for shifts in found.values() for shift in shifts) if len(found) > 1 else ()


def _other_side(dice: Dice, grid: Grid) -> Shifts:
    """A figure of a two-sided table on the other side of its line, with no figure between."""
    found = []
    for line in _printed_lines(grid):
        places = [place for place, key in enumerate(line) if key in grid.figures]
        for before, place, after in zip([-1, *places], places, [*places[1:], len(line)], strict=False):
            found += [
                Shift(line[place], line[other])
                for other in range(before + 1, after)
                if line[other][0] != line[place][0] and grid.get(line[place]).value
            ]
    return (dice.choose(found),) if found else ()


def _columns(dice: Dice, grid: Grid) -> Shifts:
    """Two columns in one another's place."""
    pairs = list(pairwise(grid.columns))
    if not pairs:
        return ()
    left, right = dice.choose(pairs)
    return tuple(
        Shift((row, old), (row, new))
        for row in range(len(grid.rows))
        for old, new in ((left, right), (right, left))
        if (row, old) in grid.figures
    )


def _column_run(dice: Dice, grid: Grid) -> Shifts:
    """The figures of a column in some rows one row down or up, into a blank."""
    found = []
    for rows in grid.sides.values():
        for column in grid.columns:
            for way in (rows, rows[::-1]):
                for start in range(len(way)):
                    run = way[start : start + dice.between(2, 6)]
                    shifts = _down(grid, run, [column])
                    if shifts and (run[0], column) in grid.figures:
                        found.append(shifts)
    return dice.choose(found) if found else ()


def _row_run(dice: Dice, grid: Grid) -> Shifts:
    """All figures from some row on one row down: the last ones stand in a row without a label."""
    rows = grid.sides[grid.rows[-1].side]
    return _down(grid, rows[dice.below(len(rows) - 1) :], grid.columns)


def _down(grid: Grid, run: Sequence[int], columns: Sequence[str]) -> Shifts:
    if grid.filled((run[-1], column) for column in columns):
        return ()
    return tuple(
        Shift((row, column), (below, column))
        for row, below in pairwise(run)
        for column in columns
        if (row, column) in grid.figures
    )


def _codes(dice: Dice, grid: Grid) -> Shifts:
    """All codes from some row on one row down."""
    start = dice.below(len(grid.rows) - 1)
    return tuple(
        Shift((row, "code"), (row + 1, "code"))
        for row in range(start, len(grid.rows) - 1)
        if grid.rows[row].code
    )


def with_room(table: AnyTable) -> AnyTable:
    """The table with an empty row at its end."""
    side = table.rows[-1].side if table.rows else None
    return table.model_copy(update={"rows": [*table.rows, table.row_type()(side=side)]})


Plant = Callable[[Dice, Grid], Shifts]
"""Chooses what a fault moves in a true table, nothing where there is no room for it."""

COLUMN_FAULTS: dict[str, Plant] = {
    "cell": _cell,
    "line_shifted": _shifted,
    "blanks_lost": _packed,
    "swapped": _swapped,
    "lines": _lines,
    "other_side": _other_side,
    "columns": _columns,
}
ROW_FAULTS: dict[str, Plant] = {
    "column_run": _column_run,
    "row_run": _row_run,
    "codes": _codes,
}
NEEDS_ROOM = {"row_run", "codes"}
"""Faults that push the last row into one of its own."""
