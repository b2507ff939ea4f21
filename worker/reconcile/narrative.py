"""Holds prose against the tables: amounts against cells, percentages against the amounts that they speak of."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from fractions import Fraction

from schemas.findings import Identity, Term
from schemas.rules import Pick
from schemas.tables import CellRef
from worker.reconcile.claims import amounts, bind, subject_of
from worker.reconcile.engine import check
from worker.reconcile.grid import Grid
from worker.reconcile.picking import Book, same_name
from worker.reconcile.wording import table_name

# How far back prose is searched for what a percentage is a share, a change or a completion of.
_BACK = 15
# How many claims apart shares may be that speak of the same total.
_NEAR = 3
_BUDGET = r"(年初|全年|调整)?预算(数|支出)?"
_TOTALS = (
    Pick("expenditure_by_function", r"(本年)?(支出)?(合计|总计)", ("total",)),
    Pick("general_budget_expenditure", r"(本年)?(支出)?(合计|总计)", ("total",)),
    Pick("income_by_function", r"(本年)?(收入)?(合计|总计)", ("total",)),
    Pick("income_by_unit", r"合计|总计", ("total",)),
)


def narrative_identities(book: Book) -> Iterator[Identity]:
    """Every identity that the prose of a document states; a claim without one gives a skipped identity."""
    for grid in book.of_kind("narrative_facts"):
        found: list[Identity] = []
        for claim in amounts(grid):
            identity = bind(book, claim)
            if identity is not None:
                found.append(identity)
        for row in range(len(grid.rows)):
            found += _growth(book, grid, row)
            found += _completion(book, grid, row)
        found += _shares(book, grid)
        yield from found
        yield from _unbound(grid, found)


def _unbound(grid: Grid, found: Sequence[Identity]) -> Iterator[Identity]:
    bound = {term.ref for identity in found for term in identity.terms if not identity.skipped}
    for (row, column), _ in sorted(grid.figures.items()):
        ref = CellRef(grid.id, row, column)
        if ref not in bound:
            yield Identity(
                check="narrative.unbound",
                scope="narrative",
                statement=f"{table_name(grid.table)} {_word(grid, ref)}",
                terms=(Term(ref, Fraction(1)),),
                skipped="nothing in the tables or in the prose could be bound to it",
            )


def _word(grid: Grid, ref: CellRef) -> str:
    amount = grid.rows[ref.row].figure(ref.column)
    figure = f"{amount.value:f}" if amount else "0"
    return f"{subject_of(grid.rows[ref.row])} {ref.column} {figure}"


def _quotient(
    book: Book, check_id: str, form: str, first: CellRef, second: CellRef, third: CellRef
) -> Identity:
    """A percentage of two amounts, the third converted to the unit of the second."""
    grid = book.grids[first.table]
    terms = [Term(first, Fraction(1)), Term(second, Fraction(1))]
    terms += book.terms([third], 1, book.unit(second))
    part = _word(grid, second)
    whole = _word(grid, third) if third.table == grid.id else book.words((third,))
    below = f"({whole} - change)" if form == "growth" else whole
    return Identity(
        check=check_id,
        scope="ratio",
        statement=f"{table_name(grid.table)}: 100 × {part} / {below} = {_word(grid, first)}",
        terms=tuple(terms),
        form="growth" if form == "growth" else "ratio",
    )


def _growth(book: Book, grid: Grid, row: int) -> Iterator[Identity]:
    """Change in percent = change / what it was before the change."""
    if (row, "change_percent") not in grid.figures or (row, "change_amount") not in grid.figures:
        return
    base = row if (row, "amount") in grid.figures else _earlier(grid, row)
    if base is not None:
        percent, change = (CellRef(grid.id, row, column) for column in ("change_percent", "change_amount"))
        yield _quotient(book, "narrative.growth", "growth", percent, change, CellRef(grid.id, base, "amount"))


def _earlier(grid: Grid, row: int) -> int | None:
    """The claim before a row that states the amount of the same subject."""
    subject = subject_of(grid.rows[row])
    for index in range(row - 1, max(-1, row - _BACK), -1):
        if (index, "amount") in grid.figures and same_name(subject_of(grid.rows[index]), subject):
            return index
    return None


def _completion(book: Book, grid: Grid, row: int) -> Iterator[Identity]:
    """Completion in percent = amount / budget, the budget stated with it or shortly before."""
    keys = [(row, "completion_percent"), (row, "amount")]
    if not all(key in grid.figures for key in keys):
        return
    budget = CellRef(grid.id, row, "budget_amount") if (row, "budget_amount") in grid.figures else None
    subject = re.escape(re.sub(r"(执行数|支出|支出决算|决算数?)$", "", subject_of(grid.rows[row])))
    for index in range(row - 1, max(-1, row - _BACK), -1):
        named = re.fullmatch(rf"{subject}(支出)?{_BUDGET}", subject_of(grid.rows[index]))
        if budget is None and named and (index, "amount") in grid.figures:
            budget = CellRef(grid.id, index, "amount")
    if budget is not None:
        rate, amount = (CellRef(grid.id, *key) for key in keys)
        yield _quotient(book, "narrative.completion", "ratio", rate, amount, budget)


def _shares(book: Book, grid: Grid) -> Iterator[Identity]:
    """Share in percent = amount / the total stated before it, or that of a table.

    A share that fits no total fails only where its neighbours show which total is meant.
    """
    rows = [r for r in range(len(grid.rows)) if (r, "share_percent") in grid.figures]
    bases: dict[int, CellRef] = {}
    for row in rows:
        for identity, base in _share_options(book, grid, row):
            if check(identity, book.tables).status == "passed":
                bases[row] = base
                yield identity
                break
    for row in rows:
        if row in bases or (row, "amount") not in grid.figures:
            continue
        near = [
            bases[other] for other in sorted(bases, key=lambda r: abs(r - row)) if abs(other - row) <= _NEAR
        ]
        options = {base: identity for identity, base in _share_options(book, grid, row)}
        yield from (options[base] for base in near[:1] if base in options)


def _share_options(book: Book, grid: Grid, row: int) -> Iterator[tuple[Identity, CellRef]]:
    if (row, "amount") not in grid.figures:
        return
    share, amount = (CellRef(grid.id, row, column) for column in ("share_percent", "amount"))
    bases = [
        CellRef(grid.id, index, "amount")
        for index in range(row - 1, max(-1, row - _BACK), -1)
        if (index, "amount") in grid.figures
    ]
    bases += [
        ref
        for pick in _TOTALS
        if (picked := book.pick(pick)) and len(picked.refs) == 1
        for ref in picked.refs
    ]
    for base in bases:
        yield _quotient(book, "narrative.share", "ratio", share, amount, base), base
