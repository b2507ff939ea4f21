"""What a few free cells may be: exact elimination (Fourier and Motzkin) over sums that bound them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from typing import NamedTuple

from schemas.amounts import Interval
from schemas.tables import CellRef
from worker.reconcile.locate.system import Bound

# Elimination squares the number of sums with every cell; past this it says nothing.
_MOST_SUMS = 100


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
    order = sorted(cells)
    impossible = [below.rows for below in _eliminated(sums, order) if below.high < 0]
    if impossible:
        return Region({}, tuple(sorted(_shortest(impossible))))
    values: dict[CellRef, Interval] = {}
    for cell in order:
        own = _eliminated(sums, [other for other in order if other != cell])
        ends = [(below.high / factor, factor) for below in own for _, factor in below.factors]
        highs = [end for end, factor in ends if factor > 0]
        lows = [end for end, factor in ends if factor < 0]
        if highs and lows:
            values[cell] = Interval(max(lows), min(highs))
    return Region(values)


def _eliminated(sums: Sequence[_Below], cells: Iterable[CellRef]) -> list[_Below]:
    """What the sums say without these cells; nothing where that is too much to work out."""
    left = list(sums)
    for cell in cells:
        if len(left) > _MOST_SUMS:
            return []
        left = list(_without(left, cell))
    return left


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
