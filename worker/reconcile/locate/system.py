"""The identities of a document as one system over cells, each cell an interval of exact rationals."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import cached_property
from itertools import product
from typing import NamedTuple

from schemas import AnyTable, Finding, Interval
from schemas.findings import Identity
from schemas.tables import CellRef
from worker.reconcile.engine import identity_of
from worker.reconcile.equation import Equation
from worker.reconcile.grid import Grid

_LINEAR = {"sum", "points", "same"}


class Checked(NamedTuple):
    """A finding and the identity that it is about: of the document, or an equation of one table."""

    finding: Finding
    source: Identity | tuple[Grid, Equation]

    @property
    def cells(self) -> Iterable[tuple[str, int, str]]:
        """The cells of the identity, blank ones included, equal to their `CellRef`."""
        if isinstance(self.source, Identity):
            return (term.ref for term in self.source.terms)
        grid, equation = self.source
        return ((grid.id, *key) for key in (*equation.left, *equation.right))

    @property
    def identity(self) -> Identity:
        """The identity itself."""
        return self.source if isinstance(self.source, Identity) else identity_of(*self.source)

    @property
    def linear(self) -> bool:
        """Whether it is a sum."""
        form = self.source.form if isinstance(self.source, Identity) else self.source[1].form
        return form in _LINEAR


class Bound(NamedTuple):
    """low ≤ Σ factor·cell ≤ high over some cells, all others at their printed intervals; `row` names the identity."""

    factors: dict[CellRef, Fraction]
    low: Fraction
    high: Fraction
    row: int


class Constraint:
    """One identity in exact arithmetic. `cells` are its cells, `factors` those of a sum."""

    def __init__(self, row: int, identity: Identity, figures: Mapping[CellRef, Interval]) -> None:
        self.row = row
        self._identity = identity
        self._figures = figures
        self.factors: dict[CellRef, Fraction] = defaultdict(Fraction)
        for term in identity.terms:
            self.factors[term.ref] += term.factor
        self.linear = identity.form in _LINEAR
        self.middle = sum((f * _middle(figures[c]) for c, f in self.factors.items()), -identity.constant)
        self.half = sum((abs(f) * _half(figures[c]) for c, f in self.factors.items()), Fraction(0))

    def half_of(self, cell: CellRef) -> Fraction:
        """Half the width of the interval of a cell in this identity."""
        return _half(self._figures[cell])

    def bound(self, free: Iterable[CellRef]) -> Bound | None:
        """What the identity says of cells that may have any value. None: nothing.

        A product or quotient says nothing of two cells at once.
        """
        mine = [cell for cell in free if cell in self.factors]
        if not self.linear:
            return self._quotient_bound(mine[0]) if len(mine) == 1 else None
        factors = {cell: self.factors[cell] for cell in mine}
        middle, half = self.middle, self.half
        for cell, factor in factors.items():
            middle -= factor * _middle(self._figures[cell])
            half -= abs(factor) * _half(self._figures[cell])
        return Bound(factors, -middle - half, -middle + half, self.row)

    def _quotient_bound(self, cell: CellRef) -> Bound | None:
        """The interval of one cell of first = scale · second / third and its kin, by their inverses."""
        identity = self._identity
        places = [place for place, term in enumerate(identity.terms) if term.ref == cell]
        if len(places) != 1:
            return None
        intervals = [
            self._figures[term.ref].scale(term.factor if place else 1)
            for place, term in enumerate(identity.terms)
        ]
        others = [interval for place, interval in enumerate(intervals) if place != places[0]]
        values = []
        for corner in product(*others):
            try:
                values.append(_solved(identity, places[0], *corner))
            except ZeroDivisionError:
                return None
        factor = identity.terms[places[0]].factor if places[0] else Fraction(1)
        ends = sorted(value / factor for value in values)
        return Bound({cell: Fraction(1)}, ends[0], ends[-1], self.row)


def _solved(identity: Identity, place: int, one: Fraction, two: Fraction) -> Fraction:
    """The value at `place` of an identity of three cells, from the other two in order."""
    scale, constant = identity.scale, identity.constant
    match identity.form, place:
        case "product", 0:
            return one * two
        case "product", _:
            return one / two
        case "ratio", 0:
            return scale * one / two + constant
        case "ratio", 1:
            return (one - constant) * two / scale
        case "ratio", _:
            return scale * two / (one - constant)
        case _, 0:
            return scale * one / (two - one)
        case _, 1:
            return one * two / (scale + one)
        case _:
            return two * (scale + one) / one


class System:
    """The identities of a document and the cells that they hold together. `asked` are cells that were asked for."""

    def __init__(self, checked: Sequence[Checked], tables: Mapping[str, AnyTable]) -> None:
        self.checked = checked
        self._tables = tables
        self._made: dict[int, Constraint] = {}
        self.asked: set[CellRef] = set()

    @cached_property
    def _index(self) -> dict[tuple[str, int, str], list[int]]:
        found: dict[tuple[str, int, str], list[int]] = defaultdict(list)
        for row, item in enumerate(self.checked):
            if item.finding.status != "skipped":
                for cell in item.cells:
                    rows = found[cell]
                    if not rows or rows[-1] != row:
                        rows.append(row)
        return found

    def touching(self, cell: CellRef) -> Sequence[int]:
        """The identities in which a cell takes part, by number."""
        self.asked.add(cell)
        return self._index.get(cell, ())

    def constraint(self, row: int) -> Constraint:
        """An identity in exact arithmetic."""
        found = self._made.get(row)
        if found is None:
            identity = self.checked[row].identity
            figures = {term.ref: self.interval(term.ref, identity) for term in identity.terms}
            found = self._made[row] = Constraint(row, identity, figures)
        return found

    def middle(self, cell: CellRef) -> Fraction:
        """The figure as printed; nothing for a blank cell."""
        amount = self._tables[cell.table].rows[cell.row].figure(cell.column)
        return Fraction(amount.value) if amount else Fraction(0)

    def moves(self, row: int) -> Iterator[tuple[tuple[str, int, str], float]]:
        """For every printed cell of a sum: by how much its rounding moves the sum. Floats, to search with."""
        source = self.checked[row].source
        if isinstance(source, Identity):
            for term in source.terms:
                interval = self.interval(term.ref, source)
                if interval.high > interval.low:
                    yield term.ref, float(term.factor * _half(interval))
            return
        grid, equation = source
        one: int = 10**grid.scale
        for keys, sign in ((equation.left, 1), (equation.right, -1)):
            for key in keys:
                figure = grid.figures.get(key)
                if figure:
                    yield (grid.id, *key), sign * figure.half / one

    def interval(self, cell: CellRef, identity: Identity) -> Interval:
        """What a cell stands for in an identity; a blank cell is nothing, points and counts are exact."""
        amount = self._tables[cell.table].rows[cell.row].figure(cell.column)
        if amount is None:
            return Interval(Fraction(0), Fraction(0))
        whole = not amount.decimals
        counts = identity.form == "product" and cell != identity.terms[0].ref
        if (whole and (identity.form == "points" or counts)) or _twins(identity, self._tables):
            return Interval(Fraction(amount.value), Fraction(amount.value))
        interval: Interval = amount.interval
        return interval


def _twins(identity: Identity, tables: Mapping[str, AnyTable]) -> bool:
    """Whether an identity compares two roundings of one number to the same place: they must be equal."""
    if identity.form != "same":
        return False
    amounts = [tables[t.ref.table].rows[t.ref.row].figure(t.ref.column) for t in identity.terms]
    return len({amount.decimals for amount in amounts if amount}) == 1


def _middle(interval: Interval) -> Fraction:
    return (interval.low + interval.high) / 2


def _half(interval: Interval) -> Fraction:
    return (interval.high - interval.low) / 2
