"""Identities inferred from the structure of a table of no known kind: labels, order, indentation, codes, figures.

A pattern that almost always holds in a table is used, each instance that fails is a contradiction; one that
rarely holds is dropped, and says so. With few instances a coincidence is no identity: evidence is counted in bits.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

from schemas.rules import Inferred, Scope
from worker.reconcile.equation import Equation
from worker.reconcile.grid import Grid
from worker.reconcile.infer.axis import Axis, cell_key
from worker.reconcile.infer.claims import Claim, Settled, beside, settle, unsummed
from worker.reconcile.infer.flows import Running, accounts, equal_sides, running, running_equations, sides
from worker.reconcile.infer.formulas import formulas
from worker.reconcile.infer.labels import Labels
from worker.reconcile.infer.nested import sums_of
from worker.reconcile.infer.quotients import Quotient, equation_of, products, quotients

__all__ = ["Structure", "inferred"]


class Structure:
    """What was inferred of one table, found once for all rules."""

    def __init__(self, grid: Grid) -> None:
        self.grid = grid

    @cached_property
    def labels(self) -> Labels:
        """What the labels tell."""
        return Labels(self.grid)

    @cached_property
    def columns(self) -> Axis:
        """The columns, over rows."""
        return Axis(self.labels, turned=True)

    @cached_property
    def running(self) -> Running | None:
        """The running balance."""
        return running(self.columns)

    @cached_property
    def _summed(self) -> tuple[Axis, Settled, tuple[Equation, ...]]:
        """The rows over the columns that add up, their sums, and for every other column a sum that was dropped."""
        without = [str(self.columns.lines[self.running.balance])] if self.running else []
        axis = Axis(self.labels, turned=False, without=without)
        settled = sums_of(axis)
        odd = {str(axis.places[place]) for place in unsummed(axis, settled)}
        if not odd:
            return axis, settled, ()
        examples = (x for x in _equations(axis, settled.standing[0], "") if x.left[0][1] in odd)
        dropped = tuple(x._replace(skipped="dropped: the column does not add up", note="") for x in examples)
        axis = Axis(self.labels, turned=False, without=odd.union(without))
        return axis, sums_of(axis), dropped

    @property
    def rows(self) -> Axis:
        """The rows, over the columns that add up."""
        return self._summed[0]

    @property
    def odd_columns(self) -> tuple[Equation, ...]:
        """Columns that do not add up, as sums that were dropped."""
        return self._summed[2]

    @cached_property
    def row_formulas(self) -> Settled:
        """Formulas in row labels."""
        return settle(self.rows, formulas(self.rows))

    @cached_property
    def column_formulas(self) -> Settled:
        """Formulas in headers."""
        return settle(self.columns, formulas(self.columns))

    @cached_property
    def row_sums(self) -> Settled:
        """Sums over rows."""
        return beside(self._summed[1], self.row_formulas)

    @cached_property
    def column_sums(self) -> Settled:
        """Sums over columns."""
        return beside(sums_of(self.columns), self.column_formulas, [x.first for x in self.products])

    @cached_property
    def products(self) -> tuple[Quotient, ...]:
        """Columns that are products of others."""
        return tuple(products(self.columns))

    @cached_property
    def quotients(self) -> tuple[tuple[Axis, Quotient], ...]:
        """Percentages and averages, of columns and of rows."""
        return tuple((axis, found) for axis in (self.columns, self.rows) for found in quotients(axis))


def inferred(structure: Structure, rule: Inferred) -> Iterator[Equation]:
    """The equations of one pattern."""
    rows, columns = structure.rows, structure.columns
    match rule.pattern:
        case "formulas":
            yield from _sums(rows, structure.row_formulas, rule.id)
            yield from _sums(columns, structure.column_formulas, rule.id)
        case "rows":
            yield from _sums(rows, structure.row_sums, rule.id)
            yield from (equation._replace(rule=rule.id) for equation in structure.odd_columns)
        case "columns":
            yield from _sums(columns, structure.column_sums, rule.id)
        case "balance":
            yield from _sums(rows, settle(rows, sides(rows)), rule.id)
            yield from _sums(columns, settle(columns, accounts(columns)), rule.id)
            yield from _equal_sides(structure, rule.id)
        case "running":
            if structure.running:
                yield from running_equations(columns, structure.running, rule.id)
        case "products":
            yield from _quotients(columns, structure.products, rule.id)
        case "shares":
            yield from _shares(structure, rule.id)
        case "ratios" | "growth":
            kinds = {"ratio", "average"} if rule.pattern == "ratios" else {"growth"}
            for axis, quotient in structure.quotients:
                if quotient.kind in kinds:
                    yield from _quotients(axis, [quotient], rule.id)


def _sums(axis: Axis, settled: Settled, rule: str) -> Iterator[Equation]:
    for claim in settled.standing:
        yield from _equations(axis, claim, rule)
    for claim in settled.dropped:
        for equation in list(_equations(axis, claim, rule))[:1]:
            yield equation._replace(skipped="dropped: " + _holds_in(axis, claim), note="")


def _holds_in(axis: Axis, claim: Claim | Quotient) -> str:
    holds, fails, _ = claim.weight
    return f"holds in {holds} of {holds + fails} {'rows' if axis.turned else 'columns'}"


def _equations(axis: Axis, claim: Claim, rule: str) -> Iterator[Equation]:
    note = "inferred: " + _holds_in(axis, claim)
    for place in range(len(axis.places)):
        if axis.cells[claim.total][place] is None:
            continue
        if all(axis.cells[line][place] is None for line, _ in claim.parts):
            continue
        left = [
            axis.key(claim.total, place),
            *(axis.key(line, place) for line, sign in claim.parts if sign < 0),
        ]
        right = [axis.key(line, place) for line, sign in claim.parts if sign > 0]
        yield Equation(rule, "row" if axis.turned else "column", tuple(left), tuple(right), note=note)


def _equal_sides(structure: Structure, rule: str) -> Iterator[Equation]:
    if structure.running:
        return
    found = [Equation(rule, "row", (b,), (a,)) for a, b in equal_sides(structure.columns)]
    figures = structure.grid.figures
    holds = sum(figures[x.left[0]] == figures[x.right[0]] for x in found)
    if holds * 2 > len(found):
        note = f"inferred: debit = credit holds in {holds} of {len(found)} totals"
        yield from (equation._replace(note=note) for equation in found)


def _quotients(axis: Axis, found: Sequence[Quotient], rule: str) -> Iterator[Equation]:
    for quotient in found:
        note = "inferred: " + _holds_in(axis, quotient)
        for place in range(len(axis.places)):
            equation = equation_of(axis, quotient, place, rule, note)
            if equation:
                yield equation


def _shares(structure: Structure, rule: str) -> Iterator[Equation]:
    """Shares of a total; and they add up as the amounts do of which they are shares."""
    for axis, quotient in structure.quotients:
        if quotient.kind != "share":
            continue
        yield from _quotients(axis, [quotient], rule)
        line, whole = axis.lines[quotient.first], axis.places[quotient.whole]
        across, sums = structure.rows, structure.row_sums
        if not axis.turned:
            across, sums = structure.columns, structure.column_sums
        for claim in sums.standing:
            if across.lines[claim.total] != whole or claim.weight.fails:
                continue
            parts = [(cell_key(line, across.lines[part]), sign) for part, sign in claim.parts]
            left = (cell_key(line, whole), *(key for key, sign in parts if sign < 0))
            right = tuple(key for key, sign in parts if sign > 0)
            scope: Scope = "column" if axis.turned else "row"
            yield Equation(rule, scope, left, right, note="inferred: shares of one whole")
