"""Printed lines, and the other ways in which the figures of one may stand in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from math import comb

from worker.reconcile.grid import Grid, Key
from worker.reconcile.place.steps import Shift, Step

Line = tuple[Key, ...]
"""The cells of one printed line from left to right; a two-sided table prints a row of either side in it."""

# A line with more ways than this of placing its figures is left as it is.
_MOST_WAYS = 4000


def lines(grid: Grid) -> list[Line]:
    """The printed lines of a table; every row is in one. Rows of two sides share one where it is known that they do."""
    columns = _figure_columns(grid)
    found: dict[object, list[Key]] = {}
    for side, rows in grid.sides.items():
        slots = [column for column in columns if grid.prints(column, side)]
        for row, place in zip(rows, _places(grid, rows), strict=True):
            found.setdefault(place, []).extend((row, column) for column in slots)
    return [_free(grid, keys) for keys in found.values()]


def _figure_columns(grid: Grid) -> list[str]:
    """The columns that may hold figures, in printed order."""
    infos = type(grid.table).row_type().column_infos()
    printed = [c for c in grid.table.columns if c in grid.columns or (c in infos and not infos[c].text)]
    return list(dict.fromkeys([*printed, *grid.columns]))


def _places(grid: Grid, rows: Sequence[int]) -> Sequence[object]:
    """Where rows of one side are printed: their lines, or places of their own where these are not known."""
    labels = [grid.rows[row].label for row in rows]
    printed = {label.span.line for label in labels if label}
    if len(grid.sides) > 1 and len(printed) == len(rows):
        return [label.span.line for label in labels if label]
    return [(row,) for row in rows]


def _free(grid: Grid, keys: Sequence[Key]) -> Line:
    """The cells that hold a figure or nothing."""
    return tuple(key for key in keys if key in grid.figures or grid.rows[key[0]].get(key[1]) is None)


def used_columns(grid: Grid) -> frozenset[tuple[str | None, str]]:
    """The columns with figures, by side."""
    return frozenset((grid.rows[row].side, column) for row, column in grid.figures)


def placements(grid: Grid, line: Line, used: frozenset[tuple[str | None, str]]) -> Iterator[Step]:
    """Every other way of placing the figures of a line: in their order over other columns (blanks lost or gained),
    a figure swapped with its neighbour or with a printed zero, the first one last or the last one first.

    Columns that are not `used` hold nothing else that could say whether a figure is right there.
    """
    filled = [place for place, key in enumerate(line) if key in grid.figures]
    free = [place for place, key in enumerate(line) if (grid.rows[key[0]].side, key[1]) in used]
    if not filled or comb(len(free), len(filled)) > _MOST_WAYS:
        return
    for chosen in combinations(free, len(filled)):
        if cost := _events(filled, chosen):
            yield _step(line, filled, chosen, cost)
    zeros = [not grid.get(line[place]).value for place in filled]
    for one, other in combinations(range(len(filled)), 2):
        if other == one + 1 or zeros[one] != zeros[other]:
            swapped = list(filled)
            swapped[one], swapped[other] = filled[other], filled[one]
            yield _step(line, filled, swapped, 1)
    if len(filled) > 2:
        yield _step(line, filled, [*filled[1:], filled[0]], 1)
        yield _step(line, filled, [filled[-1], *filled[:-1]], 1)


def _events(filled: Sequence[int], chosen: Sequence[int]) -> int:
    """What it takes to explain a placement: figures out of place one by one, or blanks lost and gained."""
    offsets = [new - old for old, new in zip(filled, chosen, strict=True)]
    alone = sum(offset != 0 for offset in offsets)
    blanks = sum(a != b for a, b in zip([0, *offsets], offsets, strict=False))
    return min(alone, blanks)


def _step(line: Line, filled: Sequence[int], chosen: Sequence[int], cost: int) -> Step:
    pairs = zip(filled, chosen, strict=True)
    return Step("line", tuple(Shift(line[old], line[new]) for old, new in pairs if old != new), cost)
