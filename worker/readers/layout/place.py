"""Figures whose blanks the text lost: arithmetic puts them into their columns.

A row with fewer figures than columns has several possible placements. Those that break an identity of the row are
dropped; of the rest those stay that some choice for the other rows makes add up, in every column of every sum. What
more than one placement satisfies stays open and is said so.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import NamedTuple

from schemas.rules import RowBalance, RowSum, Rule
from worker.readers.layout.records import Record

Placement = tuple[str | None, ...]
"""Column key of each figure of a row, in order."""

_MAX_OPTIONS = 400
_MAX_STEPS = 60_000
"""How many rows are put below others in one table before what is still open stays so."""


class Choices(NamedTuple):
    """The placements of a row, at least one; `complete` tells whether none was left out."""

    placements: list[Placement]
    complete: bool = True


Figure = tuple[int, int]
"""Value and half a unit of its last printed place, in whole units of one scale."""


def scale_of(records: Sequence[Record]) -> int:
    """The number of units in one, under which every figure and half place of the records is whole."""
    decimals: int = max((v.numeral.decimals for r in records for v in r.values), default=0)
    return 2 * int(10**decimals)


def _figures(record: Record, scale: int) -> list[Figure]:
    return [(int(v.numeral.value * scale), scale // 2 // 10**v.numeral.decimals) for v in record.values]


def options(record: Record, keys: Sequence[str], rules: Sequence[Rule]) -> Choices:
    """The placements of a record's figures into `keys`, in order, that no identity of the row forbids.

    More figures than keys leaves the last ones out (None).
    """
    count = len(record.values)
    if count >= len(keys):
        return Choices([(*keys, *([None] * (count - len(keys))))])
    sums = [rule for rule in rules if isinstance(rule, RowSum | RowBalance)]
    figures = _figures(record, scale_of([record]))
    found: list[Placement] = []
    for placement in combinations(keys, count):
        if all(_holds(dict(zip(placement, figures, strict=True)), rule, keys) for rule in sums):
            if len(found) == _MAX_OPTIONS:
                return Choices(found, complete=False)
            found.append(placement)
    return Choices(found or [tuple(keys[:count])])


def _holds(row: dict[str, Figure], rule: RowSum | RowBalance, keys: Sequence[str]) -> bool:
    if isinstance(rule, RowSum):
        left, right = [rule.total], [part for part in rule.parts if part in keys]
        if rule.total not in keys or not right:
            return True
        if rule.total not in row:
            return not any(part in row for part in right)
    else:
        left, right = list(rule.left), list(rule.right)
        if not all(key in keys for key in (*left, *right)):
            return True
    difference = sum(row[k][0] for k in left if k in row) - sum(row[k][0] for k in right if k in row)
    return abs(difference) <= sum(row[k][1] for k in (*left, *right) if k in row)


def settle(
    records: Sequence[Record],
    choices: Sequence[Choices],
    sums: Sequence[tuple[int, tuple[int, ...]]],
) -> list[Choices]:
    """The placements of every record that the sums leave possible, at least one each.

    `sums` are (total, parts) by record index: in every column the parts add up to the total.
    """
    open_ = list(choices)
    scale = scale_of(records)
    steps = _MAX_STEPS
    changed = True
    while changed:
        changed = False
        for total, parts in sums:
            rows = (total, *parts)
            if all(len(open_[i].placements) == 1 for i in rows) or not all(open_[i].complete for i in rows):
                continue
            kept, taken = _kept(records, [open_[i].placements for i in rows], rows, scale, steps)
            steps -= taken
            for i, placements in zip(rows, kept, strict=False):
                if len(placements) < len(open_[i].placements):
                    open_[i] = Choices(placements)
                    changed = True
    return open_


def _kept(
    records: Sequence[Record],
    placements: Sequence[Sequence[Placement]],
    rows: Sequence[int],
    scale: int,
    steps: int,
) -> tuple[list[list[Placement]], int]:
    """(placements of every row that occur where the first row is the sum of the others, steps taken).

    No placements where no choice adds up or `steps` do not suffice.
    """
    keys = sorted({key for found in placements for placement in found for key in placement if key})
    choices = []
    slack = [0] * len(keys)
    for number, (row, found) in enumerate(zip(rows, placements, strict=True)):
        figures = _figures(records[row], scale)
        held = [dict(zip(placement, figures, strict=True)) for placement in found]
        sign = -1 if number else 1
        choices.append([tuple(sign * at.get(key, (0, 0))[0] for key in keys) for at in held])
        slack = [s + max(at.get(key, (0, 0))[1] for at in held) for s, key in zip(slack, keys, strict=True)]
    order = sorted(range(len(choices)), key=lambda i: len(choices[i]))
    bounds = _bounds([choices[i] for i in order], slack)
    layers = [{(0,) * len(keys)}]
    taken = 0
    for depth, i in enumerate(order):
        following = set()
        for sum_ in layers[-1]:
            taken += len(choices[i])
            if taken > steps:
                return [], taken
            for vector in choices[i]:
                new = tuple(map(int.__add__, sum_, vector))
                if all(low <= value <= high for value, (low, high) in zip(new, bounds[depth], strict=True)):
                    following.add(new)
        layers.append(following)
    if not layers[-1]:
        return [], taken
    kept: list[list[Placement]] = [[] for _ in rows]
    alive = layers[-1]
    for depth, i in reversed(list(enumerate(order))):
        before: set[tuple[int, ...]] = set()
        for placement, vector in zip(placements[i], choices[i], strict=True):
            leading = {sum_ for sum_ in layers[depth] if tuple(map(int.__add__, sum_, vector)) in alive}
            if leading:
                kept[i].append(placement)
                before |= leading
        alive = before
    return kept, taken


def _bounds(
    choices: Sequence[Sequence[tuple[int, ...]]], slack: Sequence[int]
) -> list[list[tuple[int, int]]]:
    """For every row and every column: what the sum may be after it, so that the rest can bring it to nothing."""
    bounds = [[(-half, half) for half in slack]]
    for vectors in reversed(choices[1:]):
        columns = list(zip(*vectors, strict=True))
        bounds.insert(
            0,
            [
                (low - max(values), high - min(values))
                for (low, high), values in zip(bounds[0], columns, strict=True)
            ],
        )
    return bounds
