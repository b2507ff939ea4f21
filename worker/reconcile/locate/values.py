"""What a few free cells may be: exact elimination (Fourier and Motzkin) over sums that bound them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from typing import NamedTuple

from schemas.amounts import Interval
from schemas.tables import CellRef
from worker.reconcile.locate.system import Bound

# Elimination squares the number of sums with every cell; past this the bounds of the cells alone are given.
_MOST_SUMS = 400


class Region(NamedTuple):
    """The values that free cells may have, by cell; or the identities (by number) that leave none."""

    values: dict[CellRef, Interval]
    core: tuple[int, ...] = ()


class _Below(NamedTuple):
    """Σ factor·cell ≤ high, which follows from the identities `rows`."""

    factors: tuple[tuple[CellRef, Fraction], ...]
    high: Fraction
    rows: frozenset[int]


def region(bounds: Sequence[Bound], cells: Iterable[CellRef]) -> Region:
    """The values that `cells` may have under all bounds. A cell that nothing bounds has no entry."""
    sums = [below for bound in bounds for below in _both(bound)]
    values: dict[CellRef, Interval] = {}
    order = sorted(cells)
    for cell in order:
        left = sums
        for other in order:
            if other != cell and len(left) <= _MOST_SUMS:
                left = list(_without(left, other))
        own = [below for below in left if len(below.factors) == 1 and below.factors[0][0] == cell]
        highs = [(below.high / f, below.rows) for below in own if (f := below.factors[0][1]) > 0]
        lows = [(below.high / f, below.rows) for below in own if (f := below.factors[0][1]) < 0]
        impossible: list[frozenset[int]] = [
            below.rows for below in left if not below.factors and below.high < 0
        ]
        if highs and lows:
            high, low = min(highs, key=lambda end: end[0]), max(lows, key=lambda end: end[0])
            if low[0] > high[0]:
                impossible.append(low[1] | high[1])
            values[cell] = Interval(low[0], high[0])
        if impossible:
            return Region({}, tuple(sorted(_shortest(impossible))))
    return Region(values)


def _shortest(cores: Sequence[frozenset[int]]) -> frozenset[int]:
    return min(cores, key=len)


def _both(bound: Bound) -> Iterator[_Below]:
    rows = frozenset((bound.row,))
    yield _Below(tuple(bound.factors.items()), bound.high, rows)
    yield _Below(tuple((cell, -factor) for cell, factor in bound.factors.items()), -bound.low, rows)


def _without(sums: Sequence[_Below], cell: CellRef) -> Iterator[_Below]:
    """The same region without one cell: every sum that limits it above with every one that limits it below."""
    above: list[tuple[Fraction, _Below]] = []
    below: list[tuple[Fraction, _Below]] = []
    for item in sums:
        factor = dict(item.factors).get(cell)
        if factor is None:
            yield item
        else:
            (above if factor > 0 else below).append((factor, item))
    for up, one in above:
        for down, two in below:
            factors = dict[CellRef, Fraction]()
            for scale, item in ((1 / up, one), (-1 / down, two)):
                for other, factor in item.factors:
                    factors[other] = factors.get(other, Fraction(0)) + scale * factor
            kept = tuple((other, factor) for other, factor in factors.items() if factor)
            yield _Below(kept, one.high / up - two.high / down, one.rows | two.rows)
