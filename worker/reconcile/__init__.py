"""Holds readings against every identity that must be true. What closes passes; what does not is named."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from schemas import AnyTable, Finding
from worker.reconcile.again import checked_again
from worker.reconcile.blame import Blame
from worker.reconcile.codes import code_findings
from worker.reconcile.cross import cross_checked
from worker.reconcile.engine import check, check_table, identities
from worker.reconcile.equation import Equation, holds
from worker.reconcile.expand import equations
from worker.reconcile.grid import Grid, Key
from worker.reconcile.locate.joint import joint_conflicts
from worker.reconcile.locate.sources import Sources, sources_of
from worker.reconcile.locate.suspects import with_suspects
from worker.reconcile.locate.system import Checked, System
from worker.reconcile.locate.verdicts import judged
from worker.reconcile.memo import Memo, equations_of, grid_of
from worker.reconcile.picking import Book
from worker.reconcile.place import explained, proposals, repaired
from worker.reconcile.prose.narrative import narrative_identities, prose_findings
from worker.reconcile.prose.projects import project_findings

__all__ = [
    "Blame",
    "Closure",
    "Sources",
    "check",
    "closure",
    "explained",
    "identities",
    "judged",
    "proposals",
    "reconcile",
    "repaired",
    "sources_of",
]

_NOTHING_MORE = Sources()


class _Within(NamedTuple):
    """What was found within a table."""

    grid: Grid
    found: list[tuple[Equation, Finding]]


def _within(key: str, grid: Grid, memo: Memo) -> list[tuple[Equation, Finding]]:
    """The findings within a table; those over rows that are as they were are the same objects."""

    def made(before: _Within | None) -> _Within:
        known: dict[Equation, Finding] = {}
        if before:
            same = grid.same_rows(before.grid)
            known = {
                equation: finding
                for equation, finding in before.found
                if all(row in same for row, _ in (*equation.left, *equation.right))
            }
        return _Within(grid, list(check_table(grid, equations_of(grid, memo), known)))

    return memo.after(f"within {key}", (grid,), made).found


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


def reconcile(
    tables: Mapping[str, AnyTable], sources: Sources = _NOTHING_MORE, memo: Memo | None = None
) -> tuple[Finding, ...]:
    """The findings on a document: within its tables in table order, between them, on its prose, on what holds one by
    one but not together, and on its codes. `sources` is what is known beside the tables, to find suspects with;
    `memo` keeps what is found within a table."""
    memo = memo or Memo()
    book = Book({table_id: grid_of(table_id, table, memo) for table_id, table in tables.items()})
    checked = [
        Checked(finding, (grid, equation))
        for key, grid in book.grids.items()
        for equation, finding in _within(key, grid, memo)
    ]
    checked += [Checked(finding, identity) for identity, finding in cross_checked(book, memo)]
    checked += [
        Checked(finding, identity)
        for identity, finding in checked_again("prose", narrative_identities(book, memo), book, memo)
    ]
    joint = [
        Checked(finding, identity)
        for identity, finding in checked_again("joint", joint_conflicts(System(checked, tables)), book, memo)
    ]
    stated = (*code_findings(book), *project_findings(book), *prose_findings(book))
    return (*with_suspects(System([*checked, *joint], tables), tables, sources, memo), *stated)
