"""Holds readings against every identity that must be true. What closes passes; what does not is named."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from schemas import AnyTable, Finding
from worker.reconcile.blame import blamed
from worker.reconcile.codes import code_findings
from worker.reconcile.cross import cross_identities
from worker.reconcile.engine import check, check_table, identities
from worker.reconcile.equation import holds
from worker.reconcile.expand import equations
from worker.reconcile.grid import Grid, Key
from worker.reconcile.locate.joint import joint_conflicts
from worker.reconcile.locate.sources import Sources, sources_of
from worker.reconcile.locate.suspects import with_suspects
from worker.reconcile.locate.system import Checked, System
from worker.reconcile.locate.verdicts import judged
from worker.reconcile.picking import Book
from worker.reconcile.place import explained, proposals, repaired
from worker.reconcile.prose.narrative import narrative_identities, prose_findings
from worker.reconcile.prose.projects import project_findings

__all__ = [
    "Closure",
    "Sources",
    "blamed",
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


def reconcile(tables: Mapping[str, AnyTable], sources: Sources = _NOTHING_MORE) -> tuple[Finding, ...]:
    """The findings on a document: within its tables in table order, between them, on its prose, on what holds one by
    one but not together, and on its codes. `sources` is what is known beside the tables, to find suspects with."""
    book = Book({table_id: Grid(table_id, table) for table_id, table in tables.items()})
    checked = [
        Checked(finding, (grid, equation))
        for grid in book.grids.values()
        for equation, finding in check_table(grid)
    ]
    between = (*cross_identities(book), *narrative_identities(book))
    checked += [Checked(check(identity, tables), identity) for identity in between]
    joint = [
        Checked(check(identity, tables), identity) for identity in joint_conflicts(System(checked, tables))
    ]
    stated = (*code_findings(book), *project_findings(book), *prose_findings(book))
    return (*with_suspects(System([*checked, *joint], tables), tables, sources), *stated)
