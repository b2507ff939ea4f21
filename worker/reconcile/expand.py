"""Rules of a kind → equations over the cells of one table. Pure generators."""

from __future__ import annotations

from collections.abc import Iterator

from schemas.rules import (
    CodeHierarchy,
    GrandTotal,
    Inferred,
    NamedSum,
    PointSum,
    RowBalance,
    RowProduct,
    RowRatio,
    RowSum,
    SidesBalance,
    SideTotals,
)
from worker.reconcile.equation import Equation, Form
from worker.reconcile.grid import Grid, Key
from worker.reconcile.hierarchy import Nesting, code_hierarchy, grand_total
from worker.reconcile.infer import Structure, inferred
from worker.reconcile.outline import named_sums, point_sums, side_totals, sides_balance
from worker.reconcile.rows import row_balances, row_products, row_ratios, row_sums


def equations(grid: Grid) -> Iterator[Equation]:
    """Every equation that the rules of the table's kind state about its cells, in the order of the rules.

    What two rules state alike is given once.
    """
    seen: set[tuple[Form, frozenset[Key], frozenset[Key]]] = set()
    for equation in _all(grid):
        mark = equation.form, frozenset(equation.left), frozenset(equation.right)
        if mark not in seen:
            seen.add(mark)
            yield equation


def _all(grid: Grid) -> Iterator[Equation]:
    nesting: Nesting | None = None
    structure = Structure(grid)
    for rule in type(grid.table).rules:
        match rule:
            case RowSum():
                yield from row_sums(grid, rule)
            case RowBalance():
                yield from row_balances(grid, rule)
            case RowProduct():
                yield from row_products(grid, rule)
            case RowRatio():
                yield from row_ratios(grid, rule)
            case CodeHierarchy():
                nesting = nesting or Nesting(grid)
                yield from code_hierarchy(grid, rule, nesting)
            case GrandTotal():
                nesting = nesting or Nesting(grid)
                yield from grand_total(grid, rule, nesting)
            case NamedSum():
                yield from named_sums(grid, rule)
            case SideTotals():
                yield from side_totals(grid, rule)
            case SidesBalance():
                yield from sides_balance(grid, rule)
            case PointSum():
                yield from point_sums(grid, rule)
            case Inferred():
                yield from inferred(structure, rule)
