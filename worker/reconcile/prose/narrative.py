"""Holds prose against the tables: amounts against cells, percentages against the amounts that they speak of."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence, Set
from fractions import Fraction
from functools import partial

from schemas import Interval
from schemas.claims import SHARE_RULES
from schemas.findings import Finding, Identity, Term
from schemas.kinds.narrative import ClaimRow
from schemas.rules import Pick
from schemas.tables import CellRef
from worker.reconcile.again import bound_again
from worker.reconcile.engine import check, measured
from worker.reconcile.grid import Grid
from worker.reconcile.memo import Memo
from worker.reconcile.picking import Book, same_name
from worker.reconcile.prose.claims import amounts, bind, claim_words, subject_of
from worker.reconcile.prose.parts import part_identities
from worker.reconcile.prose.projects import project_findings, project_sums
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


def narrative_identities(book: Book, memo: Memo) -> Iterator[Identity]:
    """Every identity that the prose of a document states; a claim without one gives a skipped identity. What is stated
    of tables that are as they were is taken from the memo."""
    of_projects = list(project_sums(book))
    stated = {ref for finding in (*project_findings(book), *prose_findings(book)) for ref in finding.cells}
    for grid in book.of_kind("narrative_facts"):
        found = [identity for identity in of_projects if identity.terms[0].ref.table == grid.id]
        for claim in amounts(grid):
            work = f"bound {claim.row} {claim.column}"
            identity = bound_again(work, grid, book, memo, partial(bind, book, claim))
            if identity is not None:
                found.append(identity)
        found += bound_again("stated", grid, book, memo, partial(_stated_within, book, grid))
        yield from found
        yield from _unbound(grid, found, stated)


def _stated_within(book: Book, grid: Grid) -> list[Identity]:
    """What claims state of one another, and of totals."""
    found: list[Identity] = []
    for row in range(len(grid.rows)):
        found += _change(book, grid, row)
        found += _growth(book, grid, row)
        found += _completion(book, grid, row)
    return [*found, *_shares(book, grid), *part_identities(book, grid)]


def _unbound(grid: Grid, found: Sequence[Identity], stated: Set[CellRef]) -> Iterator[Identity]:
    bound = {term.ref for identity in found for term in identity.terms if not identity.skipped}.union(stated)
    for (row, column), _ in sorted(grid.figures.items()):
        ref = CellRef(grid.id, row, column)
        if ref not in bound:
            yield Identity(
                check="narrative.unbound",
                scope="narrative",
                statement=f"{table_name(grid.table)} {claim_words(grid, ref)}",
                terms=(Term(ref, Fraction(1)),),
                skipped="nothing in the tables or in the prose could be bound to it",
            )


def _quotient(
    book: Book, check_id: str, form: str, first: CellRef, second: CellRef, third: CellRef
) -> Identity:
    """A percentage of two amounts, the third converted to the unit of the second."""
    grid = book.grids[first.table]
    terms = [Term(first, Fraction(1)), Term(second, Fraction(1))]
    terms += book.terms([third], 1, book.unit(second))
    part = claim_words(grid, second)
    whole = claim_words(grid, third) if third.table == grid.id else book.words((third,))
    below = f"({whole} - change)" if form == "growth" else whole
    return Identity(
        check=check_id,
        scope="ratio",
        statement=f"{table_name(grid.table)}: 100 × {part} / {below} = {claim_words(grid, first)}",
        terms=tuple(terms),
        form="growth" if form == "growth" else "ratio",
    )


def _change(book: Book, grid: Grid, row: int) -> Iterator[Identity]:
    """Amount - what it was before = change, where all three are stated."""
    cells = [CellRef(grid.id, row, column) for column in ("amount", "previous_amount", "change_amount")]
    if (row, "previous_amount") not in grid.figures and (before := _year_before(grid, row)) is not None:
        cells[1] = CellRef(grid.id, before, "amount")
    if all((ref.row, ref.column) in grid.figures for ref in cells):
        amount, previous, change = (claim_words(grid, ref) for ref in cells)
        unit = book.unit(cells[0])
        terms = [*book.terms(cells[:1], 1, unit), *book.terms(cells[1:], -1, unit)]
        words = f"{table_name(grid.table)}: {amount} = {previous} + {change}"
        yield Identity("narrative.change", "narrative", words, tuple(terms))


def _year_before(grid: Grid, row: int) -> int | None:
    """The nearest claim before a row that states the amount of the same subject for an earlier year."""
    own = grid.rows[row]
    year = own.year if isinstance(own, ClaimRow) else None
    for index in range(row - 1, max(-1, row - _BACK), -1):
        other = grid.rows[index]
        earlier = isinstance(other, ClaimRow) and year and other.year == year - 1
        if earlier and (index, "amount") in grid.figures and subject_of(other) == subject_of(own):
            return index
    return None


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


def prose_findings(book: Book) -> Iterator[Finding]:
    """What prose states that is no sum or quotient of cells: years of comparison, growth without its amount."""
    for grid in book.of_kind("narrative_facts"):
        for index, row in enumerate(grid.rows):
            if isinstance(row, ClaimRow):
                yield from _years(book, grid, index, row)
                yield from _growth_of_amounts(book, grid, index)


def _years(book: Book, grid: Grid, index: int, row: ClaimRow) -> Iterator[Finding]:
    """A change that is measured against the year of the document itself, or one after it."""
    changes = [CellRef(grid.id, index, column) for column in ("change_amount", "change_percent")]
    cells = [ref for ref in changes if (ref.row, ref.column) in grid.figures]
    own, against = row.year or book.year, row.compared_year
    if cells and own is not None and against is not None and against >= own:
        words = f"{table_name(grid.table)} {subject_of(row)}: compared with {against} in {own}"
        stated, meant = (Interval(Fraction(year), Fraction(year)) for year in (against, own - 1))
        yield measured("narrative.year", words, stated, meant, cells)


def _growth_of_amounts(book: Book, grid: Grid, row: int) -> Iterator[Finding]:
    """Change in percent = amount / the amount before - 1, where the change itself is not stated."""
    if (row, "change_percent") not in grid.figures or (row, "change_amount") in grid.figures:
        return
    before = CellRef(grid.id, row, "previous_amount")
    if (row, "previous_amount") not in grid.figures and (earlier := _year_before(grid, row)) is not None:
        before = CellRef(grid.id, earlier, "amount")
    percent, amount = (CellRef(grid.id, row, column) for column in ("change_percent", "amount"))
    if not all((ref.row, ref.column) in grid.figures for ref in (before, amount)):
        return
    stated, now, then = (grid.amounts[ref.row, ref.column].interval for ref in (percent, amount, before))
    factors = [term.factor for term in book.terms([before], 1, book.unit(amount))]
    then = then.scale(factors[0])
    if then.low > 0:
        corners = [100 * (new / old - 1) for new in now for old in then]
        words = (claim_words(grid, ref) for ref in (amount, before, percent))
        yield measured(
            "narrative.growth",
            f"{table_name(grid.table)}: 100 × {next(words)} / {next(words)} - 100 = {next(words)}",
            stated,
            Interval(min(corners), max(corners)),
            (percent, amount, before),
            scope="ratio",
        )


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
    for row in rows:
        if (row, "amount") not in grid.figures:
            yield from _ruled_share(book, grid, row)


def _ruled_share(book: Book, grid: Grid, row: int) -> Iterator[Identity]:
    """A share without an amount beside it, where the subject says what it is a share of."""
    for rule in SHARE_RULES:
        for kind in rule.kinds:
            if not re.fullmatch(rule.subject.format(kind=kind), subject_of(grid.rows[row])):
                continue
            wholes = [_stated(grid, rule.whole.format(kind=name), row) for name in (kind, *rule.kinds)]
            whole, others = (
                wholes[0],
                [w for w, name in zip(wholes[1:], rule.kinds, strict=True) if name != kind],
            )
            total = _stated(grid, rule.total, row)
            nothing = all(other is not None and not grid.figures[other, "amount"].value for other in others)
            if whole is None:
                continue
            empty = not grid.figures[whole, "amount"].value
            part = whole if empty else total if nothing else None
            if part is not None:
                share, amount, base = (
                    CellRef(grid.id, index, column)
                    for index, column in ((row, "share_percent"), (part, "amount"), (whole, "amount"))
                )
                yield _quotient(book, "narrative.share", "ratio", share, amount, base)


def _stated(grid: Grid, subject: str, row: int) -> int | None:
    """The nearest claim before a row that states the amount of a subject."""
    for index in range(row - 1, max(-1, row - _BACK), -1):
        if (index, "amount") in grid.figures and re.fullmatch(subject, subject_of(grid.rows[index])):
            return index
    return None


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
