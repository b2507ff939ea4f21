"""Identities between rows that contain one another: code hierarchies and grand totals."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from schemas.rules import CodeHierarchy, GrandTotal, NamedSum
from worker.reconcile.equation import Equation, closes
from worker.reconcile.grid import Grid
from worker.reconcile.nesting import Forest, Vector, by_code, by_order, clean_code


class Nesting:
    """Which row of a table contains which, found once for all rules.

    `totals` are the rows that a grand-total rule names, `feet` those that a named sum explains.
    """

    def __init__(self, grid: Grid) -> None:
        self.grid = grid
        rules = type(grid.table).rules
        self.totals = _named(grid, [rule.name for rule in rules if isinstance(rule, GrandTotal)])
        self.feet = _named(grid, [rule.target for rule in rules if isinstance(rule, NamedSum)], coded=False)
        self.hierarchical = any(isinstance(rule, CodeHierarchy) for rule in rules)
        self.forest = self._forest()

    def vector(self, row: int) -> Vector:
        """The figures of a row in all additive columns."""
        return tuple(self.grid.get((row, column)) for column in self.grid.additive)

    def _forest(self) -> Forest:
        outside = {*self.totals, *self.feet}
        filled = {row for row, _ in self.grid.figures}
        rows = [i for i in range(len(self.grid.rows)) if i not in outside]
        codes = [clean_code(self.grid.rows[i].code) for i in rows]
        uncoded = [i for i, code in zip(rows, codes, strict=True) if not code and i in filled]
        if not uncoded:
            coded = [(i, code) for i, code in zip(rows, codes, strict=True) if code]
            return by_code([i for i, _ in coded], [code for _, code in coded])
        if self._flat(uncoded, codes):
            return Forest(top=uncoded)
        kept = [(i, code) for i, code in zip(rows, codes, strict=True) if code or i in filled]
        vectors = [self.vector(i) for i, _ in kept]
        goals = [self.vector(i) for i in self.totals if i in filled]
        return by_order([i for i, _ in kept], [code for _, code in kept], vectors, goals)

    def _flat(self, uncoded: Sequence[int], codes: Sequence[str]) -> bool:
        """Whether a table without codes is a plain list: all rows add up to its total."""
        if any(codes) or not self.totals:
            return False
        return all(self._reaches(total, uncoded) for total in self.totals)

    def _reaches(self, total: int, rows: Sequence[int]) -> bool:
        return all(
            closes(self.grid.get((total, column)), self.grid.total((row, column) for row in rows))
            for column in self.grid.additive
        )

    def top_rows(self, total: int) -> list[int]:
        """The rows that a total adds up: all that no other contains, or those with a code if only these fit."""
        top = sorted(self.forest.top)
        coded = [row for row in top if self.grid.rows[row].code]
        if coded and len(coded) < len(top) and not self._reaches(total, top):
            return coded
        return top


def _named(grid: Grid, patterns: Sequence[str], *, coded: bool = True) -> list[int]:
    compiled = [re.compile(pattern) for pattern in patterns if not pattern.startswith("code:")]
    return [
        index
        for index, row in enumerate(grid.rows)
        if (coded or not row.code) and any(pattern.fullmatch(row.name) for pattern in compiled)
    ]


def code_hierarchy(grid: Grid, rule: CodeHierarchy, nesting: Nesting) -> Iterator[Equation]:
    """Every row that contains others = their sum, in each additive column."""
    for parent, children in sorted(nesting.forest.children.items()):
        note = "nesting inferred from the sums" if parent in nesting.forest.inferred else ""
        yield from _sums(grid, rule.id, "hierarchy", parent, children, note)


def grand_total(grid: Grid, rule: GrandTotal, nesting: Nesting) -> Iterator[Equation]:
    """The total row = Σ of the rows that no other row contains, in each additive column."""
    pattern = re.compile(rule.name)
    for total in nesting.totals:
        if not pattern.fullmatch(grid.rows[total].name):
            continue
        rows = nesting.top_rows(total)
        if rows:
            sums = _sums(grid, rule.id, "column", total, rows, "")
            yield from (x for x in sums if rule.every_column or grid.filled(x.left))
    if not nesting.hierarchical:
        for parent, children in sorted(nesting.forest.children.items()):
            yield from _sums(grid, rule.id, "hierarchy", parent, children, "nesting inferred from the sums")


def _sums(
    grid: Grid, rule: str, scope: str, parent: int, children: Sequence[int], note: str
) -> Iterator[Equation]:
    for column in grid.additive:
        left = ((parent, column),)
        right = tuple((child, column) for child in children)
        if grid.filled(left) or grid.filled(right):
            yield Equation(rule, "column" if scope == "column" else "hierarchy", left, right, note=note)
