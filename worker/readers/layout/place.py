"""Figures whose blanks the text lost: arithmetic puts them into their columns.

A row with fewer figures than columns has several possible placements. Those that break a row identity are
dropped; the rest is settled from the totals down: the placements of the rows below a total must add up to it
in every column. What more than one placement satisfies stays open and is said so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations

from schemas.rules import RowSum, Rule
from worker.readers.layout.records import Record

Placement = tuple[str | None, ...]
"""Column key of each figure of a row, in order."""

_MAX_OPTIONS = 120
_MAX_NODES = 20_000


@dataclass(frozen=True)
class Vector:
    """The figures of a placed row by column: value and half width."""

    cells: Mapping[str, tuple[Fraction, Fraction]]

    def value(self, key: str) -> Fraction:
        """The figure of a column; a blank is nothing."""
        return self.cells[key][0] if key in self.cells else Fraction(0)

    def half(self, key: str) -> Fraction:
        """Half a unit of the last place printed; a blank is exact."""
        return self.cells[key][1] if key in self.cells else Fraction(0)


def vector(record: Record, placement: Placement) -> Vector:
    """The figures of a record under a placement."""
    cells = {}
    for value, key in zip(record.values, placement, strict=True):
        if key is not None:
            numeral = value.numeral
            cells[key] = (Fraction(numeral.value), Fraction(1, 2 * 10**numeral.decimals))
    return Vector(cells)


def options(record: Record, keys: Sequence[str], rules: Sequence[Rule]) -> list[Placement]:
    """The placements of a record's figures into `keys`, in order, that no row identity forbids.

    At least one is returned; more figures than keys leaves the last ones out (None).
    """
    count = len(record.values)
    if count >= len(keys):
        return [(*keys, *([None] * (count - len(keys))))]
    sums = [r for r in rules if isinstance(r, RowSum)]
    found: list[Placement] = []
    for chosen in combinations(range(len(keys)), count):
        placement = tuple(keys[i] for i in chosen)
        if all(_row_holds(vector(record, placement), rule, keys) for rule in sums):
            found.append(placement)
        if len(found) == _MAX_OPTIONS:
            break
    return found or [tuple(keys[:count])]


def _row_holds(row: Vector, rule: RowSum, keys: Sequence[str]) -> bool:
    parts = [p for p in rule.parts if p in keys]
    if rule.total not in keys or not parts:
        return True
    if rule.total not in row.cells:
        return all(p not in row.cells for p in parts)
    difference = row.value(rule.total) - sum(row.value(p) for p in parts)
    tolerance = row.half(rule.total) + sum(row.half(p) for p in parts)
    return abs(difference) <= tolerance


def settle(
    records: Sequence[Record],
    choices: Sequence[Sequence[Placement]],
    sums: Sequence[tuple[int, tuple[int, ...]]],
) -> list[list[Placement]]:
    """The placements of every record that the sums leave possible, at least one each.

    `sums` are (total, parts) by record index: in every column the parts add up to the total.
    """
    open_ = [list(c) for c in choices]
    for _ in range(4):
        changed = False
        for total, parts in sums:
            if len(open_[total]) != 1 or all(len(open_[p]) == 1 for p in parts):
                continue
            found = _solutions(records, open_, total, parts)
            if not found:
                continue
            for place, part in enumerate(parts):
                kept = list(dict.fromkeys(s[place] for s in found))
                if len(kept) < len(open_[part]):
                    open_[part] = kept
                    changed = True
        if not changed:
            break
    return open_


def _solutions(
    records: Sequence[Record], open_: Sequence[Sequence[Placement]], total: int, parts: Sequence[int]
) -> list[tuple[Placement, ...]]:
    """The ways to place the parts so that they add up to the total in every column; at most 64 are kept."""
    goal = vector(records[total], open_[total][0])
    columns = {k for p in [total, *parts] for placement in open_[p] for k in placement if k is not None}
    vectors = {p: [(o, vector(records[p], o)) for o in open_[p]] for p in parts}
    # Rows with one placement first: what they leave is what the others must fill.
    order = sorted(range(len(parts)), key=lambda i: len(open_[parts[i]]))
    remaining = {k: goal.value(k) for k in columns}
    slack = {k: goal.half(k) + sum(max(v.half(k) for _, v in vectors[p]) for p in parts) for k in columns}
    lowest = _bounds(parts, order, vectors, columns)
    found: list[tuple[Placement, ...]] = []
    nodes = 0

    def search(depth: int, left: dict[str, Fraction], taken: dict[int, Placement]) -> None:
        nonlocal nodes
        nodes += 1
        if nodes > _MAX_NODES or len(found) >= 64:
            return
        if depth == len(order):
            if all(abs(left[k]) <= slack[k] for k in columns):
                found.append(tuple(taken[i] for i in range(len(parts))))
            return
        for key in columns:
            low, high = lowest[depth][key]
            if left[key] < low - slack[key] or left[key] > high + slack[key]:
                return
        index = order[depth]
        for option, row in vectors[parts[index]]:
            search(depth + 1, {k: left[k] - row.value(k) for k in columns}, {**taken, index: option})

    search(0, remaining, {})
    return found if nodes <= _MAX_NODES else []


def _bounds(
    parts: Sequence[int],
    order: Sequence[int],
    vectors: Mapping[int, Sequence[tuple[Placement, Vector]]],
    columns: set[str],
) -> list[dict[str, tuple[Fraction, Fraction]]]:
    """For every depth of the search: the least and most that the rows still to place can add to a column."""
    bounds: list[dict[str, tuple[Fraction, Fraction]]] = [{k: (Fraction(0), Fraction(0)) for k in columns}]
    for index in reversed(order):
        after = bounds[0]
        here = {}
        for key in columns:
            values = [row.value(key) for _, row in vectors[parts[index]]]
            here[key] = (after[key][0] + min(values), after[key][1] + max(values))
        bounds.insert(0, here)
    return bounds
