"""Ruling lines → lattices: the grid of a table and which of its slots are one cell."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from schemas.source import Box
from worker.ingest.page import Rule

# Of the lines of a page the longest are taken: beyond that, and beyond so many slots of a grid, it is a drawing.
_MOST = 1500
_MOST_SLOTS = 100_000
_COVERED = 0.5
# How far pieces of a line are apart at most, in the measure of how near two lines are one.
_GAP = 1.5


Slot = tuple[int, int]
"""(row, column) of a grid, from 0."""


@dataclass(frozen=True)
class Lattice:
    """A grid: `xs` and `ys` are the places of its lines, `owner[row][column]` names the cell that a slot belongs to.

    A cell is named by its first slot, row before column. `rules` are the lines it was made from.
    """

    xs: tuple[float, ...]
    ys: tuple[float, ...]
    owner: tuple[tuple[Slot, ...], ...]
    rules: tuple[Rule, ...]

    @property
    def box(self) -> Box:
        """What the grid takes up."""
        return self.xs[0], self.ys[0], self.xs[-1], self.ys[-1]

    @property
    def cells(self) -> int:
        """How many cells it has."""
        return len({owner for row in self.owner for owner in row})

    def slot(self, x: float, y: float) -> Slot | None:
        """(row, column) of a point, None outside the grid."""
        row, column = bisect_right(self.ys, y) - 1, bisect_right(self.xs, x) - 1
        inside = 0 <= row < len(self.ys) - 1 and 0 <= column < len(self.xs) - 1
        return (row, column) if inside else None


def lattices_of(rules: Iterable[Rule], near: float) -> list[Lattice]:
    """The lattices that rules make, from top to bottom. Lines nearer to one another than `near` are one."""
    across, upright = _parted(rules)
    across, upright = (
        _joined(across, near),
        [_flipped(rule) for rule in _joined(map(_flipped, upright), near)],
    )
    across = sorted(across, key=lambda rule: rule.x0 - rule.x1)[:_MOST]
    upright = sorted(upright, key=lambda rule: rule.top - rule.bottom)[:_MOST]
    found = [
        lattice_of((*a, *u), near)
        for a, u in _components(across, upright, near)
        if a and u and len(a) + len(u) > 2 and len(a) * len(u) <= _MOST_SLOTS
    ]
    return sorted(found, key=lambda lattice: (lattice.ys[0], lattice.xs[0]))


def lattice_of(rules: Iterable[Rule], near: float) -> Lattice:
    """The one lattice of rules of which some are horizontal and some upright."""
    rules = tuple(rules)
    across, upright = _parted(rules)
    flat = [*map(_flipped, upright)]
    left, right = min(rule.x0 for rule in across), max(rule.x1 for rule in across)
    top, bottom = min(rule.top for rule in upright), max(rule.bottom for rule in upright)
    xs = _closed(_places(flat, near), left, right, near)
    ys = _closed(_places(across, near), top, bottom, near)
    owner = _owners(len(ys) - 1, len(xs) - 1, _edges(across, ys, xs), _edges(flat, xs, ys))
    return Lattice(xs, ys, owner, rules)


def _parted(rules: Iterable[Rule]) -> tuple[list[Rule], list[Rule]]:
    """Horizontal and upright lines."""
    across: list[Rule] = []
    upright: list[Rule] = []
    for rule in rules:
        (across if rule.x1 - rule.x0 >= rule.bottom - rule.top else upright).append(rule)
    return across, upright


def joined(rules: Iterable[Rule], near: float) -> list[Rule]:
    """Lines with their pieces in one: of a line that is seen in pieces some may touch no other."""
    across, upright = _parted(rules)
    return [*_joined(across, near), *map(_flipped, _joined(map(_flipped, upright), near))]


def _joined(rules: Iterable[Rule], near: float) -> list[Rule]:
    lines: list[list[Rule]] = []
    last = float("-inf")
    for rule in sorted(rules, key=_middle):
        if _middle(rule) - last > near / 2:
            lines.append([])
        lines[-1].append(rule)
        last = _middle(rule)
    found = []
    for pieces in lines:
        pieces.sort()
        whole = pieces[0]
        for piece in pieces[1:]:
            if piece.x0 - whole.x1 > near * _GAP:
                found.append(whole)
                whole = piece
            else:
                top, bottom = min(whole.top, piece.top), max(whole.bottom, piece.bottom)
                whole = Rule(whole.x0, top, max(whole.x1, piece.x1), bottom)
        found.append(whole)
    return [rule for rule in found if rule.x1 - rule.x0 > near]


def _middle(rule: Rule) -> float:
    return (rule.top + rule.bottom) / 2


def _flipped(rule: Rule) -> Rule:
    return Rule(rule.top, rule.x0, rule.bottom, rule.x1)


def _components(
    across: Sequence[Rule], upright: Sequence[Rule], near: float
) -> Iterator[tuple[list[Rule], list[Rule]]]:
    """Horizontal and upright lines that touch one another, directly or by others."""
    parent = list(range(len(across) + len(upright)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    for i, a in enumerate(across):
        for j, u in enumerate(upright, start=len(across)):
            if (
                a.x0 - near <= u.x1
                and u.x0 <= a.x1 + near
                and u.top - near <= a.bottom
                and a.top <= u.bottom + near
            ):
                parent[root(i)] = root(j)
    groups: dict[int, tuple[list[Rule], list[Rule]]] = defaultdict(lambda: ([], []))
    for i, rule in enumerate([*across, *upright]):
        groups[root(i)][i >= len(across)].append(rule)
    yield from groups.values()


def _places(rules: Iterable[Rule], near: float) -> tuple[float, ...]:
    """Where horizontal lines stand, those near one another as one."""
    groups: list[list[float]] = []
    for y in sorted(map(_middle, rules)):
        if groups and y - groups[-1][0] < near:
            groups[-1].append(y)
        else:
            groups.append([y])
    return tuple(sum(group) / len(group) for group in groups)


def _closed(places: tuple[float, ...], first: float, last: float, near: float) -> tuple[float, ...]:
    """Places with the ends of the lines that cross them: the outer lines of a table may be left out."""
    before = (first,) if first < places[0] - near else ()
    after = (last,) if last > places[-1] + near else ()
    return (*before, *places, *after)


def _edges(rules: Iterable[Rule], places: Sequence[float], across: Sequence[float]) -> set[tuple[int, int]]:
    """(place, span) wherever horizontal lines cover most of a span between two places; the outer ones all."""
    covered: dict[tuple[int, int], float] = defaultdict(float)
    for rule in rules:
        place = min(range(len(places)), key=lambda i: abs(places[i] - _middle(rule)))
        for span, (a, b) in enumerate(pairwise(across)):
            covered[place, span] += max(0.0, min(rule.x1, b) - max(rule.x0, a)) / (b - a)
    found = {edge for edge, share in covered.items() if share >= _COVERED}
    outer = (0, len(places) - 1)
    return found | {(place, span) for place in outer for span in range(len(across) - 1)}


def _owners(
    rows: int, columns: int, below: set[tuple[int, int]], beside: set[tuple[int, int]]
) -> tuple[tuple[Slot, ...], ...]:
    """The first slot of the cell of each slot: slots without a line between them are one cell."""
    owner = {(i, j): (i, j) for i in range(rows) for j in range(columns)}

    def first(slot: Slot) -> Slot:
        while owner[slot] != slot:
            owner[slot] = owner[owner[slot]]
            slot = owner[slot]
        return slot

    for i in range(rows):
        for j in range(columns):
            for other, edge in (((i, j + 1), (j + 1, i) in beside), ((i + 1, j), (i + 1, j) in below)):
                if other in owner and not edge:
                    a, b = first((i, j)), first(other)
                    owner[max(a, b)] = min(a, b)
    return tuple(tuple(first((i, j)) for j in range(columns)) for i in range(rows))
