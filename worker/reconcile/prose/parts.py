"""Sums within prose: what a section lists as the parts of an amount adds up to it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import cache

from schemas.claims import WHOLES, Whole
from schemas.findings import Identity, Term
from schemas.kinds.narrative import ClaimRow
from schemas.tables import CellRef
from worker.reconcile.engine import check
from worker.reconcile.grid import Figure, Grid
from worker.reconcile.picking import Book, money_size
from worker.reconcile.prose.claims import claim_words, subject_of, unit_of
from worker.reconcile.wording import table_name

# How many claims after a whole its parts may begin, and how many a list may hold beyond the parts that must be there.
_REACH = 30
_MORE = 4
_COLUMNS = ("amount", "change_amount", "budget_amount")
_REST = ("其他", "其它", "其余")
_BUDGET = re.compile(r"预算(数|支出)?$")


def part_identities(book: Book, grid: Grid) -> Iterator[Identity]:
    """The sums that a section of prose states, by its words or by what its subjects are.

    One that fails is given only where the parts are known to be all: their subjects say so, the last one is the
    rest of them, or their printed shares make up a hundred; and where they are more than the whole.
    """
    done: set[tuple[int, str]] = set()
    lists = _listed(grid)
    for rule, whole, required in _named(grid):
        options = [required, *_wider(grid, whole, required)]
        for column in _COLUMNS:
            all_listed = column == "amount" and _complete(grid, whole, lists.get(whole, required))
            firm = rule.complete or all_listed
            found = _closing(book, grid, column, whole, options, firm=firm)
            if found is None and column == "amount":
                found = _exceeding(book, grid, whole, required)
            if found:
                done.add((whole, column))
                yield found
    for whole, parts in lists.items():
        options = [parts[:count] for count in range(len(parts), 0, -1)]
        for column in _COLUMNS:
            if (whole, column) not in done:
                firm = column == "amount" and _complete(grid, whole, parts)
                if found := _closing(book, grid, column, whole, options, firm=firm):
                    yield found


def _exceeding(book: Book, grid: Grid, whole: int, parts: Sequence[int]) -> Identity | None:
    """The sum of parts that are more than their whole."""
    identity = _sum(book, grid, "amount", whole, parts)
    finding = check(identity, book.tables)
    more = finding.status == "failed" and finding.difference is not None and finding.difference < 0
    return identity if more else None


def _named(grid: Grid) -> Iterator[tuple[Whole, int, tuple[int, ...]]]:
    """Wholes with the parts that must be there, by their subjects: the nearest before the first part, and those that
    state the same amount."""
    for rule in WHOLES:
        for start, row in enumerate(grid.rows):
            parts = _following(grid, rule, start) if _full(rule.whole).fullmatch(subject_of(row)) else ()
            if parts and not any(_replaces(grid, rule, start, index) for index in range(start + 1, parts[0])):
                whole = _whole_of(grid, parts[0])
                if whole is None or _amount(grid, whole) == _amount(grid, start):
                    yield rule, start, parts


def _replaces(grid: Grid, rule: Whole, first: int, second: int) -> bool:
    """Whether a later claim is another whole of the parts that follow."""
    matches = _full(rule.whole).fullmatch(subject_of(grid.rows[second])) is not None
    stated = (second, "amount") in grid.figures and _alike(grid, first, second)
    same = _budgeted(grid, first) == _budgeted(grid, second)
    return matches and stated and same and _amount(grid, first) != _amount(grid, second)


def _budgeted(grid: Grid, row: int) -> bool:
    """Whether a claim is of the budget."""
    return _BUDGET.search(subject_of(grid.rows[row])) is not None


def _amount(grid: Grid, row: int) -> Figure:
    return grid.get((row, "amount"))


def _following(grid: Grid, rule: Whole, start: int) -> tuple[int, ...]:
    """The first claim of every part after a whole, of its sort if there is one, empty where a part is missing."""
    if (start, "amount") not in grid.figures:
        return ()
    found = []
    for pattern in rule.parts:
        named = [
            index
            for index in range(start + 1, min(len(grid.rows), start + _REACH))
            if _full(pattern).fullmatch(subject_of(grid.rows[index]))
            and (index, "amount") in grid.figures
            and _alike(grid, start, index)
        ]
        if not named:
            return ()
        # Of a budget and a final figure of one part that is meant which the whole is.
        found.append(min(named, key=lambda index: _budgeted(grid, index) != _budgeted(grid, start)))
    return tuple(sorted(found))


def _wider(grid: Grid, whole: int, parts: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """The parts with what is listed between and after them."""
    alike = [
        index
        for index in range(parts[0], min(len(grid.rows), parts[-1] + 1 + _MORE))
        if (index, "amount") in grid.figures and _alike(grid, whole, index)
    ]
    for end in range(len(parts), len(alike) + 1):
        yield tuple(alike[:end])


def _listed(grid: Grid) -> dict[int, tuple[int, ...]]:
    found: dict[int, list[int]] = {}
    for index in range(len(grid.rows)):
        if (whole := _whole_of(grid, index)) is not None and _alike(grid, whole, index):
            found.setdefault(whole, []).append(index)
    return {whole: tuple(parts) for whole, parts in found.items()}


def _whole_of(grid: Grid, index: int) -> int | None:
    row = grid.rows[index]
    return row.part_of if isinstance(row, ClaimRow) else None


def _complete(grid: Grid, whole: int, parts: Sequence[int]) -> bool:
    """Whether listed parts are all that there are.

    Printed shares that make up a hundred leave room for a part as small as their rounding.
    """
    if len(parts) < 2:
        return False
    if subject_of(grid.rows[parts[-1]]).startswith(_REST):
        return True
    shares = [share for index in parts if (share := grid.rows[index].figure("share_percent")) is not None]
    slack = sum((share.half_width for share in shares), Fraction(0))
    missing = sum((Fraction(share.value) for share in shares), Fraction(-100))
    gap = _amount(grid, whole).value - sum(_amount(grid, index).value for index in parts)
    seen = 100 * abs(gap) > slack * _amount(grid, whole).value
    return len(shares) == len(parts) and abs(missing) <= slack and seen


def _closing(
    book: Book, grid: Grid, column: str, whole: int, options: Sequence[Sequence[int]], *, firm: bool
) -> Identity | None:
    """The sum of the first parts that close; the first of all where none do and it must hold.

    Parts of nothing, often printed without decimals, must not lend a sum their rounding.
    """
    if (whole, column) not in grid.figures:
        return None
    for parts in options:
        something = [index for index in parts if grid.get((index, column)).value]
        if something or any((index, column) in grid.figures for index in parts):
            strict = _sum(book, grid, column, whole, something)
            if check(strict, book.tables).status == "passed":
                return _sum(book, grid, column, whole, parts)
    must = firm and all((index, column) in grid.figures for index in options[0])
    return _sum(book, grid, column, whole, options[0]) if must else None


def _sum(book: Book, grid: Grid, column: str, whole: int, parts: Sequence[int]) -> Identity:
    own = CellRef(grid.id, whole, column)
    refs = [CellRef(grid.id, index, column) for index in parts if (index, column) in grid.figures]
    unit = unit_of(grid, whole)
    words = " + ".join(claim_words(grid, ref) for ref in refs)
    return Identity(
        check="narrative.parts",
        scope="narrative",
        statement=f"{table_name(grid.table)}: {words} = {claim_words(grid, own)}",
        terms=(Term(own, Fraction(1)), *book.terms(refs, -1, unit)),
        form="sum" if money_size(unit or "") else "points",  # what is counted is not rounded
    )


def _alike(grid: Grid, one: int, two: int) -> bool:
    """Whether two claims are in the same unit, or both of money."""
    first, second = unit_of(grid, one), unit_of(grid, two)
    return first == second or None not in (money_size(first or ""), money_size(second or ""))


@cache
def _full(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)
