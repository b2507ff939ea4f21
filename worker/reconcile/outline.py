"""Identities by outline: named sums, the sides of a summary, and the balance of two sides."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from schemas.rules import NamedSum, PointSum, SidesBalance, SideTotals, Spot
from schemas.tables import Row
from schemas.text import split_ordinal
from worker.reconcile.equation import Equation, closes
from worker.reconcile.grid import Figure, Grid, Key
from worker.reconcile.nesting import Vector, add_up, by_order, same

_LEVELS = (
    (re.compile(r"[一二三四五六七八九十百]{1,4}[、.．]"), 1),
    (re.compile(r"[(（][一二三四五六七八九十百]{1,4}[)）]"), 2),
    (re.compile(r"\d{1,2}[、.．]"), 3),
    (re.compile(r"[(（]\d{1,2}[)）]"), 4),
    (re.compile(r"[①-⑩]"), 5),
)


def _matches(row: Row, pattern: str) -> bool:
    if pattern.startswith("code:"):
        return bool(row.code) and re.fullmatch(pattern[5:], row.code or "") is not None
    return re.fullmatch(pattern, row.name) is not None


def named_sums(grid: Grid, rule: NamedSum) -> Iterator[Equation]:
    """Target row = Σ part rows of its side, in each column that adds up."""
    for side, rows in grid.sides.items():
        if rule.side is not None and side != rule.side:
            continue
        targets = [i for i in rows if _matches(grid.rows[i], rule.target)]
        found = [[i for i in rows if _matches(grid.rows[i], part)] for part in rule.parts]
        parts = sorted({i for group in found for i in group}.difference(targets))
        for target in targets:
            for column in rule.columns or grid.additive:
                left = ((target, column),)
                if not grid.filled(left) and grid.filled((other, column) for other in targets):
                    continue  # another row of this name has the figure
                right = tuple((i, column) for i in parts)
                if not grid.filled(left) and not grid.filled(right):
                    continue
                skipped = ""
                if not parts:
                    skipped = "none of the parts is printed"
                elif not rule.optional and not all(found):
                    skipped = "a part is not printed"
                yield Equation(rule.id, "column", left, right, skipped=skipped)


def point_sums(grid: Grid, rule: PointSum) -> Iterator[Equation]:
    """Points = their total, or a constant: of two that are possible, the one that they reach."""
    parts = tuple(key for spot in rule.parts for key in _at(grid, spot))
    if not parts:
        return
    if rule.total is not None:
        for total in _at(grid, rule.total):
            yield Equation(rule.id, "column", (total,), parts, "points")
        return
    elsewhere = rule.rest and (rule.besides is None or _at(grid, rule.besides))
    options = [rule.constant, rule.rest] if elsewhere else [rule.constant]
    points = grid.total(parts, exact=True)
    reached = (number for number in options if closes(points, Figure(number * 10**grid.scale, 0)))
    yield Equation(rule.id, "column", parts, (), "points", constant=next(reached, options[0]))


def _at(grid: Grid, spot: Spot) -> list[Key]:
    keys = [
        (i, spot.column) for i in grid.sides.get(spot.side, ()) if re.fullmatch(spot.name, grid.rows[i].name)
    ]
    return [key for key in keys if key in grid.figures]


class _Line(NamedTuple):
    """A row of one side: its level by ordinal (0 without one) and whether it is an 'of which' row."""

    row: int
    name: str
    level: int
    of_which: bool


class _Sum(NamedTuple):
    """A row = Σ rows, tentatively. `partial`: the parts may be only some of all."""

    total: int
    parts: tuple[int, ...]
    partial: bool = False


def side_totals(grid: Grid, rule: SideTotals) -> Iterator[Equation]:
    """The sums of each side, by its outline."""
    lines_of = {side: [_line(grid, row) for row in rows] for side, rows in grid.sides.items()}
    for side, own in lines_of.items():
        columns = [column for column in grid.additive if grid.prints(column, side)]
        # Two divisions of one expenditure are printed with one foot.
        twin = rule.twins[1 - rule.twins.index(side)] if side in rule.twins else None
        foot = [] if _foot(rule, own) else _foot(rule, lines_of.get(twin, []))
        for found in _Side(grid, rule, [*own, *foot], columns).sums():
            for column in columns:
                left = ((found.total, column),)
                right = tuple((part, column) for part in found.parts)
                if not grid.filled(left) and not grid.filled(right):
                    continue
                skipped = ""
                if found.partial and not closes(grid.total(left), grid.total(right)):
                    skipped = "only some of the parts are printed"
                yield Equation(rule.id, "column", left, right, skipped=skipped)


def _foot(rule: SideTotals, lines: list[_Line]) -> list[_Line]:
    """The lines of a side that are none of its items; empty where it has no sub-total and no total."""
    ends = [line for line in lines if re.fullmatch(rf"{rule.subtotal}|{rule.total}", line.name)]
    return [line for line in lines if line in ends or re.fullmatch(rule.carry, line.name)] if ends else []


def _line(grid: Grid, index: int) -> _Line:
    row = grid.rows[index]
    ordinals, _ = split_ordinal(row.label.text) if row.label else ("", "")
    level = max((level for pattern, level in _LEVELS if pattern.search(ordinals)), default=0)
    return _Line(index, row.name, level, "其中" in ordinals)


class _Side:
    """The outline of one side of a summary, settled by what its figures allow."""

    def __init__(self, grid: Grid, rule: SideTotals, lines: list[_Line], columns: Sequence[str]) -> None:
        self.grid = grid
        self.columns = columns
        self.heading = re.compile(rule.heading)
        self.carry = re.compile(rule.carry)
        totals = [line for line in lines if re.fullmatch(rule.total, line.name)]
        self.total = totals[-1] if totals else None
        earlier = {line.row for line in totals[:-1]}
        rest = [line for line in lines if self.total is None or line.row != self.total.row]
        self.by_headings = bool(rest) and bool(self.heading.fullmatch(rest[0].name))
        self.subtotal = None
        if not self.by_headings:
            self.subtotal = next(
                (line for line in rest if line.row in earlier or re.fullmatch(rule.subtotal, line.name)), None
            )
        self.rest = rest

    def sums(self) -> Iterator[_Sum]:
        if self.by_headings:
            yield from self._headings()
            return
        if self.subtotal is None:
            if self.total is not None:
                yield from self._items(self.rest, self.total.row)
            return
        cut = self.rest.index(self.subtotal)
        before, after = self.rest[:cut], self.rest[cut + 1 :]
        items, tail = (before, after) if before else (after, [])
        yield from self._items(items, self.subtotal.row)
        if self.total is not None:
            yield from self._tail(tail, self.total.row, self.subtotal.row)

    def _headings(self) -> Iterator[_Sum]:
        """Headings first, each with its items after it; the total adds up the headings."""
        blocks: list[tuple[_Line, list[_Line]]] = []
        for line in self.rest:
            if self.heading.fullmatch(line.name) and not line.of_which:
                blocks.append((line, []))
            else:
                blocks[-1][1].append(line)
        for head, items in blocks:
            if items:
                yield from self._items(items, head.row)
        if self.total is not None:
            yield _Sum(self.total.row, tuple(head.row for head, _ in blocks))

    def _items(self, items: list[_Line], total: int) -> Iterator[_Sum]:
        """Σ items of the highest level = total, and sub-items = their item."""
        levels = [line.level for line in items if line.level]
        outer = min(levels, default=0)
        tops = [line for line in items if line.level == outer and not line.of_which]
        loose = [line for line in items if line.level == 0 and outer and self.carry.fullmatch(line.name)]
        options = [tuple(line.row for line in tops)]
        if loose:
            rows = {line.row for line in (*tops, *loose)}
            options.insert(0, tuple(line.row for line in items if line.row in rows))
        if not outer:
            nested = self._nested(items, self._vector(total))
            if nested is not None and not self._reaches(total, options[0]):
                yield from nested
                yield _Sum(total, tuple(self._nested_top))
                return
        chosen = next((rows for rows in options if self._reaches(total, rows)), options[0])
        if chosen:
            yield _Sum(total, chosen)
        yield from self._groups(items, set(chosen))

    def _groups(self, items: list[_Line], tops: set[int]) -> Iterator[_Sum]:
        """Sub-items below each item: those of the nearest level, deeper ones below them in turn."""
        group: list[_Line] = []
        head: _Line | None = None
        for line in [*items, None]:
            if line is not None and line.row not in tops:
                group.append(line)
                continue
            if head is not None and group:
                yield from self._below(head, group)
            head, group = line, []

    def _below(self, head: _Line, group: list[_Line]) -> Iterator[_Sum]:
        partial = any(line.of_which for line in group)
        levels = [line.level for line in group if line.level > head.level]
        outer = min(levels, default=0)
        tops = [line for line in group if line.level in {0, outer}] if not levels else []
        tops = tops or [line for line in group if line.level == outer]
        if len(tops) < len(group) and group[0] not in tops:
            tops = group
        yield _Sum(head.row, tuple(line.row for line in tops), partial)
        if len(tops) < len(group):
            yield from self._groups(group, {line.row for line in tops})

    def _tail(self, tail: list[_Line], total: int, subtotal: int) -> Iterator[_Sum]:
        """Total = sub-total + what is carried over; rows that are not carried over themselves are parts."""
        outer = min((line.level for line in tail if line.level), default=0)
        tops: list[_Line] = []
        for line in tail:
            deeper = bool(tops) and line.level > tops[-1].level
            named = self.carry.fullmatch(line.name)
            if not line.of_which and not deeper and (named or not tops or (outer and line.level == outer)):
                tops.append(line)
        chosen = [line.row for line in tops]
        if not self._reaches(total, (subtotal, *chosen)):
            goal = self._minus(total, subtotal)
            nested = self._nested(tail, goal)
            if nested is not None:
                yield from nested
                yield _Sum(total, (subtotal, *self._nested_top))
                return
        yield _Sum(total, (subtotal, *chosen))
        yield from self._groups(tail, set(chosen))

    def _nested(self, lines: list[_Line], goal: Vector) -> list[_Sum] | None:
        """The sums of rows as their figures nest them, None if that does not reach the goal."""
        rows = [line.row for line in lines if any(self.grid.filled([(line.row, c)]) for c in self.columns)]
        forest = by_order(rows, [""] * len(rows), [self._vector(row) for row in rows], [goal])
        self._nested_top = sorted(forest.top)
        if not same(add_up([self._vector(row) for row in forest.top], len(goal)), goal):
            return None
        return [_Sum(parent, tuple(children)) for parent, children in sorted(forest.children.items())]

    def _vector(self, row: int) -> Vector:
        return tuple(self.grid.get((row, column)) for column in self.columns)

    def _minus(self, total: int, subtotal: int) -> Vector:
        pairs = zip(self._vector(total), self._vector(subtotal), strict=True)
        return tuple((a - b, e + h) for (a, e), (b, h) in pairs)

    def _reaches(self, total: int, rows: Sequence[int]) -> bool:
        return all(
            closes(self.grid.get((total, column)), self.grid.total((row, column) for row in rows))
            for column in self.columns
        )


def sides_balance(grid: Grid, rule: SidesBalance) -> Iterator[Equation]:
    """The total of one side = the total of the other, in each pair of columns that both print."""
    ends = [_total_row(grid, rule, side) for side in (rule.left, rule.right)]
    left, right = ends
    if left is None or right is None:
        return
    for first, second in rule.columns:
        keys = (left, first), (right, second)
        if grid.prints(first, rule.left) and grid.prints(second, rule.right) and grid.filled(keys):
            yield Equation(rule.id, "column", keys[:1], keys[1:])


def _total_row(grid: Grid, rule: SidesBalance, side: str) -> int | None:
    rows = [i for i in grid.sides.get(side, ()) if re.fullmatch(rule.total, grid.rows[i].name)]
    return rows[-1] if rows else None
