"""Holds readings against every identity that must be true. What closes passes; what does not is named."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import NamedTuple

from schemas import AnyTable, Finding
from schemas.findings import Identity
from schemas.tables import CellRef
from worker.reconcile.blame import blamed
from worker.reconcile.codes import code_findings
from worker.reconcile.cross import cross_identities
from worker.reconcile.engine import check, check_table, identities
from worker.reconcile.equation import holds
from worker.reconcile.expand import equations
from worker.reconcile.grid import Grid, Key
from worker.reconcile.narrative import narrative_identities
from worker.reconcile.picking import Book
from worker.reconcile.place import repaired
from worker.reconcile.suspects import Checked, with_suspects

__all__ = ["Closure", "blamed", "check", "closure", "identities", "reconcile", "repaired"]

_SUMS = {"sum", "points"}


class Closure(NamedTuple):
    """In-table counts: identities by outcome, figures that take part in a passing one, figures in all."""

    passed: int
    failed: int
    skipped: int
    touched: int
    cells: int


def closure(table: AnyTable) -> Closure:
    """How far a table closes by itself. Fast: no statement is put in words."""
    grid = Grid("", table)
    counts: dict[bool | None, int] = {True: 0, False: 0, None: 0}
    touched: set[Key] = set()
    for equation in equations(grid):
        outcome = holds(grid, equation)
        counts[outcome] += 1
        if outcome:
            touched.update(equation.left)
            touched.update(equation.right)
    figures = grid.figures
    return Closure(
        counts[True], counts[False], counts[None], sum(key in figures for key in touched), len(figures)
    )


def reconcile(tables: Mapping[str, AnyTable]) -> tuple[Finding, ...]:
    """The findings on a document: within its tables in table order, between them, on its prose, on its codes."""
    book = Book({table_id: Grid(table_id, table) for table_id, table in tables.items()})
    checked: list[Checked] = []
    for grid in book.grids.values():
        for equation, finding in check_table(grid):
            factors: dict[CellRef, Fraction] = {}
            if finding.status == "failed" and equation.form in _SUMS:
                factors = {CellRef(grid.id, *key): Fraction(-1) for key in equation.right}
                factors |= {CellRef(grid.id, *key): Fraction(1) for key in equation.left}
            checked.append(Checked(finding, factors))
    checked += _checked(cross_identities(book), tables)
    checked += _checked(narrative_identities(book), tables)
    return (*with_suspects(checked, tables), *code_findings(book))


def _checked(found: Iterable[Identity], tables: Mapping[str, AnyTable]) -> Iterable[Checked]:
    for identity in found:
        finding = check(identity, tables)
        failed = finding.status == "failed" and identity.form in _SUMS
        yield Checked(finding, {term.ref: term.factor for term in identity.terms} if failed else {})
