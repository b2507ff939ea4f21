"""The equations of one table, ready to be tried with figures in other places."""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cached_property

from schemas.rules import NamedSum
from worker.reconcile.equation import Equation, holds, sums
from worker.reconcile.grid import NOTHING, Figure, Grid, Key
from worker.reconcile.place.steps import Changes


class Balance:
    """What holds and what fails in a table, as it is and with changes. Equations go by their number.

    Sums over blank cells alone, which nobody states, are there too: a figure that is put into them breaks them.
    """

    def __init__(self, grid: Grid, equations: Iterable[Equation]) -> None:
        self.grid = grid
        stated = [equation for equation in equations if not equation.skipped]
        self.failing = frozenset(i for i, equation in enumerate(stated) if holds(grid, equation) is False)
        # What closes is not looked at any further.
        self.equations = [*stated, *_blank_sums(grid, stated)] if self.failing else stated

    @cached_property
    def at(self) -> dict[Key, list[tuple[int, int]]]:
        """The equations of a cell, each with the sign of the cell in left - right."""
        found: dict[Key, list[tuple[int, int]]] = defaultdict(list)
        for number, equation in enumerate(self.equations):
            for key in equation.left:
                found[key].append((number, 1))
            for key in equation.right:
                found[key].append((number, -1))
        return found

    @cached_property
    def _sums(self) -> dict[int, tuple[int, int]]:
        """Left - right and the rounding that is allowed, of each plain sum."""
        found = {}
        for number, equation in enumerate(self.equations):
            if equation.form == "sum":
                left, right = sums(self.grid, equation)
                found[number] = left.value - right.value, left.half + right.half
        return found

    @cached_property
    def _trial(self) -> Grid:
        """The grid on which forms other than sums are tried."""
        trial = copy.copy(self.grid)
        trial.figures = dict(self.grid.figures)
        return trial

    def inner(self, number: int) -> bool:
        """Whether an equation is one of a single row."""
        equation = self.equations[number]
        return len({row for row, _ in (*equation.left, *equation.right)}) == 1

    def gap(self, number: int, changes: Changes) -> Figure:
        """Left - right of a plain sum after changes, with its rounding."""
        value, half = self._sums[number]
        equation = self.equations[number]
        for sign, keys in ((1, equation.left), (-1, equation.right)):
            if len(keys) <= len(changes):
                touched: Iterable[Key] = (key for key in keys if key in changes)
            else:
                touched = (key for key in changes if self._stands_in(key, number, sign))
            for key in touched:
                old, new = self.grid.get(key), changes[key] or NOTHING
                value, half = value + sign * (new.value - old.value), half + new.half - old.half
        return Figure(value, half)

    def _stands_in(self, key: Key, number: int, sign: int) -> bool:
        return (number, sign) in self.at.get(key, ())

    def fails(self, number: int, changes: Changes) -> bool:
        """Whether an equation fails after changes."""
        equation = self.equations[number]
        if equation.form == "sum":
            gap = self.gap(number, changes)
            return abs(gap.value) > gap.half
        return self._tried(equation, changes)

    def failing_after(self, changes: Changes) -> frozenset[int]:
        """The equations that fail after changes."""
        deltas: dict[int, tuple[int, int]] = {}
        others: set[int] = set()
        for key, new in changes.items():
            old, new = self.grid.get(key), new or NOTHING
            for number, sign in self.at.get(key, ()):
                if number in self._sums:
                    value, half = deltas.get(number) or self._sums[number]
                    deltas[number] = value + sign * (new.value - old.value), half + new.half - old.half
                else:
                    others.add(number)
        failed = {number for number, (value, half) in deltas.items() if abs(value) > half}
        failed |= {number for number in others if self._tried(self.equations[number], changes)}
        return self.failing.difference(deltas, others) | failed

    def _tried(self, equation: Equation, changes: Changes) -> bool:
        figures = self._trial.figures
        keys = [key for key in (*equation.left, *equation.right) if key in changes]
        for key in keys:
            if (new := changes[key]) is None:
                figures.pop(key, None)
            else:
                figures[key] = new
        failed = holds(self._trial, equation) is False
        for key in keys:
            if key in self.grid.figures:
                figures[key] = self.grid.figures[key]
            else:
                figures.pop(key, None)
        return failed


def _blank_sums(grid: Grid, stated: Iterable[Equation]) -> Iterator[Equation]:
    """Sums over rows repeated in the columns in which they are all blank."""
    limited = {rule.id for rule in type(grid.table).rules if isinstance(rule, NamedSum) and rule.columns}
    infos = type(grid.table).row_type().column_infos()
    columns = {*grid.additive, *(c for c in grid.table.columns if c in infos and not infos[c].text)}
    groups: dict[tuple[str, int, tuple[int, ...]], tuple[Equation, set[str]]] = {}
    for equation in stated:
        column = equation.left[0][1] if equation.left else ""
        plain = equation.form == "sum" and equation.scope in {"column", "hierarchy"}
        sides = {grid.rows[row].side for row, _ in (*equation.left, *equation.right)}
        alike = all(key[1] == column for key in (*equation.left, *equation.right))
        if plain and alike and len(sides) == 1 and len(equation.left) == 1 and equation.rule not in limited:
            mark = equation.rule, equation.left[0][0], tuple(row for row, _ in equation.right)
            groups.setdefault(mark, (equation, set()))[1].add(column)
    for equation, known in groups.values():
        for column in sorted(columns - known):
            left, right = (
                tuple((row, column) for row, _ in side) for side in (equation.left, equation.right)
            )
            if not grid.filled(left) and not grid.filled(right):
                yield equation._replace(left=left, right=right)
