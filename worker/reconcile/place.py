"""Repair of place: figures that stand in the wrong column of their row, where only one assignment closes the table.

Digits are never changed. A value printed under a sibling column leaves the row's own sum intact, so that only
the sums down the columns fail, by the same amount and in opposite directions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import count, permutations, product
from math import prod
from typing import NamedTuple

from schemas import AnyTable, Reading
from schemas.rules import RowSum
from worker.reconcile.equation import Equation, closes, holds, sums
from worker.reconcile.expand import equations
from worker.reconcile.grid import Figure, Grid
from worker.reconcile.hierarchy import Nesting
from worker.reconcile.wording import column_name, plain, row_name

# A search that would be longer is not made: what it finds could not be called the only way.
_MOST_OPTIONS = 200
_MOST_STEPS = 20_000


class _TooManyError(Exception):
    """There are too many possibilities to say that one is the only one."""


class Move(NamedTuple):
    """A figure of one row that belongs in another column."""

    row: int
    source: str
    target: str


Moves = tuple[Move, ...]


def repaired(readings: Mapping[str, Reading]) -> dict[str, Reading]:
    """The readings, tables with figures out of place mended where that is the only way to close them.

    What was moved and why is told in the reading's notes; the readings given are left as they are.
    """
    return {key: _mended(key, reading, readings) for key, reading in readings.items()}


def repair_places(table: AnyTable) -> Moves:
    """The moves that close everything in a table, empty if it closes, or if none or more than one set does."""
    grid = Grid("", table)
    failed = [equation for equation in equations(grid) if holds(grid, equation) is False]
    if not failed or any(equation.scope == "row" or equation.form != "sum" for equation in failed):
        return ()
    nesting = Nesting(grid)
    try:
        choices = [list(_options(grid, nesting, group)) for group in _groups(failed)]
    except _TooManyError:
        return ()
    if not 0 < prod(map(len, choices)) <= _MOST_OPTIONS:
        return ()
    possible = {frozenset(move for option in chosen for move in option) for chosen in product(*choices)}
    closing = [moves for moves in possible if _closes_all(table, moves)]
    return tuple(sorted(closing[0])) if len(closing) == 1 else ()


def moved(table: AnyTable, moves: Sequence[Move] | frozenset[Move]) -> AnyTable:
    """A copy of the table with figures moved."""
    result = table.model_copy(update={"rows": [row.model_copy(deep=True) for row in table.rows]})
    for move in moves:
        row = result.rows[move.row]
        row.put(move.target, row.get(move.source))
        row.put(move.source, None)
    return result


def _mended(key: str, reading: Reading, readings: Mapping[str, Reading]) -> Reading:
    moves = repair_places(reading.table)
    if not moves:
        return reading
    others = [other.table for other_key, other in readings.items() if other_key != key]
    notes = tuple(_note(reading.table, move, others) for move in moves)
    return reading.model_copy(
        update={"table": moved(reading.table, moves), "notes": (*reading.notes, *notes)}
    )


def _note(table: AnyTable, move: Move, others: Sequence[AnyTable]) -> str:
    row = table.rows[move.row]
    amount = row.figure(move.source)
    figure = plain(amount.value) if amount else ""
    source, target = column_name(table, move.source), column_name(table, move.target)
    words = (
        f"moved {figure} of {row_name(row, move.row)} from {source} to {target}: "
        "the only assignment of columns with which all sums of the table hold"
    )
    for other in others:
        for twin in other.rows:
            same = row.code and twin.code == row.code and (found := twin.figure(move.target)) and amount
            if same and found.value == amount.value:
                return f"{words}; {other.title or other.kind} prints it there"
    return words


def _groups(failed: Sequence[Equation]) -> list[list[Equation]]:
    """Failed sums by the row that they add up to."""
    groups: dict[int, list[Equation]] = {}
    for equation in failed:
        groups.setdefault(equation.left[0][0], []).append(equation)
    return list(groups.values())


def _options(grid: Grid, nesting: Nesting, group: Sequence[Equation]) -> Iterator[Moves]:
    """Moves that close the failed sums of one row: of some of its parts, or of its own figure."""
    for ours, theirs in permutations(group, 2):
        source, target = ours.left[0][1], theirs.left[0][1]
        gap, other = _gap(grid, ours), _gap(grid, theirs)
        if gap.value <= 0 or not closes(gap, Figure(-other.value, other.half)):
            continue
        if not _siblings(grid, source, target):
            continue
        parts = [row for row, _ in ours.right if _movable(grid, nesting, row, source, target)]
        for rows in _subsets(grid, parts, source, gap):
            yield tuple(
                Move(below, source, target) for row in rows for below in _subtree(grid, nesting, row, source)
            )
        whole = grid.get((ours.left[0][0], target))
        if (ours.left[0][0], source) not in grid.figures and closes(whole, gap):
            yield (Move(ours.left[0][0], target, source),)


def _gap(grid: Grid, equation: Equation) -> Figure:
    """By how much the parts exceed their total, with the rounding of both."""
    left, right = sums(grid, equation)
    return Figure(right.value - left.value, right.half + left.half)


def _siblings(grid: Grid, source: str, target: str) -> bool:
    """Whether a row sum adds up both columns, so that a move between them leaves it intact."""
    rules = [rule for rule in type(grid.table).rules if isinstance(rule, RowSum)]
    return any(
        source in (*rule.parts, *grid.extras) and target in (*rule.parts, *grid.extras) for rule in rules
    )


def _movable(grid: Grid, nesting: Nesting, row: int, source: str, target: str) -> bool:
    """Whether a row with all that it contains has nothing in the target column."""
    if (row, source) not in grid.figures or (row, target) in grid.figures:
        return False
    below = nesting.forest.children.get(row, [])
    return not grid.filled((child, target) for child in below) and all(
        _movable(grid, nesting, child, source, target) for child in below if (child, source) in grid.figures
    )


def _subtree(grid: Grid, nesting: Nesting, row: int, source: str) -> Iterator[int]:
    yield row
    for child in nesting.forest.children.get(row, []):
        if (child, source) in grid.figures:
            yield from _subtree(grid, nesting, child, source)


def _subsets(grid: Grid, rows: Sequence[int], column: str, goal: Figure) -> Iterator[list[int]]:
    """Sets of rows whose figures add up to the goal; figures must be positive."""
    figures = [(row, grid.get((row, column))) for row in rows if grid.get((row, column)).value > 0]
    # (rows after this one, sum so far, rows taken): each entry is looked at as it is and with every later row.
    stack: list[tuple[int, int, list[int]]] = [(0, 0, [])]
    for step in count():
        if not stack:
            return
        if step > _MOST_STEPS:
            raise _TooManyError
        after, value, taken = stack.pop()
        if taken and abs(value - goal.value) <= goal.half:
            yield taken
        for at in range(after, len(figures)):
            row, figure = figures[at]
            if value + figure.value <= goal.value + goal.half:
                stack.append((at + 1, value + figure.value, [*taken, row]))


def _closes_all(table: AnyTable, moves: frozenset[Move]) -> bool:
    grid = Grid("", moved(table, moves))
    return not any(holds(grid, equation) is False for equation in equations(grid))
