"""Binds what prose claims to the cells that it speaks of."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import NamedTuple

from schemas.claims import CLAIM_RULES, ITEM_KINDS, PROJECT_FACTS, ClaimRule
from schemas.findings import Identity
from schemas.kinds.narrative import ClaimRow
from schemas.lexicon import lookup
from schemas.rules import Pick
from schemas.tables import CellRef, Row
from schemas.text import squeeze
from worker.reconcile.cross import agreement, project_name
from worker.reconcile.engine import check
from worker.reconcile.grid import Grid
from worker.reconcile.picking import (
    Book,
    Picked,
    money_size,
    same_name,
    same_project,
    squeezed,
    stem,
)
from worker.reconcile.wording import row_name

_QUOTES = re.compile(r"[“”\"'‘’]")
_YEAR = re.compile(r"^\d{4}年(度|末)?")
_CHAIN = re.compile(r"(.+?)\((类|款|项)\)(?:支出)?")
_BUDGET = re.compile(r"(年初|全年)?预算(数|支出)?$")
_DIGITS = {"类": 3, "款": 5, "项": 7}
# Words after which a section's later claims speak of these funds.
_SCOPE = re.compile(
    r"政府性基金|国有资本经营|一般公共预算|财政拨款|(收入|支出|收支|收、支)(预算|总|决算)|本年(收入|支出)"
)
# Names shorter than this, such as 其他, mean an item only where they are its whole name.
_LONG = 4
_FUNCTION_TABLES = ("general_budget_expenditure", "expenditure_by_function")


class Claim(NamedTuple):
    """One figure that prose states about a subject."""

    grid: Grid
    row: int
    column: str
    subject: str
    context: str

    @property
    def ref(self) -> CellRef:
        """The cell of the claim."""
        return CellRef(self.grid.id, self.row, self.column)


def subject_of(row: Row) -> str:
    """What a claim is about, in the form in which subjects are compared."""
    return _YEAR.sub("", _QUOTES.sub("", squeezed(row.name)))


def claim_words(grid: Grid, ref: CellRef) -> str:
    """A claim in words: subject, column and figure."""
    amount = grid.rows[ref.row].figure(ref.column)
    return f"{subject_of(grid.rows[ref.row])} {ref.column} {f'{amount.value:f}' if amount else '0'}"


def unit_of(grid: Grid, row: int) -> str | None:
    """The unit of a claim: of its figures, as stated beside them, or of its section."""
    found = grid.rows[row]
    for column in ("amount", "change_amount"):
        amount = found.figure(column)
        if amount is not None and amount.unit:
            return squeeze(amount.unit)
    stated = found.get("unit")
    return squeeze(stated.text) if stated else grid.table.unit


def amounts(grid: Grid) -> Iterator[Claim]:
    """The amounts that a section states, each with what it speaks of and where."""
    scope = ""
    for index, row in enumerate(grid.rows):
        subject = subject_of(row)
        context = f"{squeeze(grid.table.title)} {scope}"
        if _SCOPE.search(subject):
            scope = subject
        for column, suffix in (("amount", ""), ("budget_amount", "预算")):
            if (index, column) in grid.figures:
                yield Claim(grid, index, column, subject + suffix, context)


def bind(book: Book, claim: Claim) -> Identity | None:
    """The identity that holds the claim against a cell, None if no cell is meant beyond doubt.

    Of several cells that may be meant, the one that agrees; if none does, the likeliest. A claim of nothing
    that agrees with no cell is taken to speak of something else, and so is one of another year.
    """
    unit = unit_of(claim.grid, claim.row)
    if unit is not None and money_size(unit) is None and unit not in {"分", "%"}:
        return None
    candidates, firm = _candidates(book, claim)
    found = [_identity(book, claim, picked) for picked in candidates]
    for identity in found:
        if check(identity, book.tables).status == "passed":
            return identity
    filled = [i for i in found if book.filled(term.ref for term in i.terms[1:])]
    amount = claim.grid.rows[claim.row].figure(claim.column)
    row = claim.grid.rows[claim.row]
    other_year = isinstance(row, ClaimRow) and row.year is not None and row.year != (book.year or row.year)
    if other_year or not (firm and filled and amount and amount.value):
        return None
    return filled[0]._replace(statement=filled[0].statement + _elsewhere(book, filled[0]))


def _elsewhere(book: Book, identity: Identity) -> str:
    """Where in the table that a claim disagrees with its figure stands after all, in words."""
    claim, meant = identity.terms[0], identity.terms[1]
    grid = book.grids[meant.ref.table]
    for row, column in grid.figures:
        ref = CellRef(grid.id, row, column)
        same = identity._replace(terms=(claim, meant._replace(ref=ref)))
        if (
            grid.rows[row].side == grid.rows[meant.ref.row].side
            and check(same, book.tables).status == "passed"
        ):
            return f" (it is {row_name(grid.rows[row], row)} there)"
    return ""


def _identity(book: Book, claim: Claim, picked: Picked) -> Identity:
    own = Picked((claim.ref,), book.words((claim.ref,)))
    return agreement(book, "narrative.amount", [own], [picked])._replace(scope="narrative")


def _candidates(book: Book, claim: Claim) -> tuple[list[Picked], bool]:
    """The cells that a claim may mean, and whether it must mean one of them."""
    final = book.stage == "final" or claim.column == "budget_amount"
    budget_of_final = final and _BUDGET.search(claim.subject) is not None
    for rule in CLAIM_RULES:
        if not _speaks_of(rule, claim) or (budget_of_final and not _has_budget(rule)):
            continue
        picked = [cells for pick in rule.picks if (cells := _pick(book, pick)) is not None]
        if rule.optional:
            picked = [cells for cells in picked if book.filled(cells.refs)]
        if picked or (rule.context and not rule.optional):
            return picked, rule.firm
    if claim.column == "budget_amount":
        return (
            [],
            False,
        )  # the budget of an item, named beside its final figure, stands in no table of the final account
    found = list(_project_facts(book, claim)) or list(_functions(book, claim)) or _items(book, claim)
    return (found, True) if found else _generic(book, claim)


def _generic(book: Book, claim: Claim) -> tuple[list[Picked], bool]:
    """The row of the claim's name in a table of no known kind; it must agree where column and unit leave no doubt.

    The column is that of the claim's year, or the only one with figures.
    """
    subject, row = claim.subject.lower(), claim.grid.rows[claim.row]
    year = row.year if isinstance(row, ClaimRow) else None
    found = [
        (grid, index)
        for grid in book.of_kind("generic")
        for index, other in enumerate(grid.rows)
        if squeezed(other.name).lower() == subject
    ]
    if len(found) != 1:
        return [], False
    grid, index = found[0]
    filled = [column for column in grid.columns if (index, column) in grid.figures]
    dated = [column for column in filled if str(year or book.year or "-") in grid.headers.get(column, column)]
    columns = dated or filled
    unit, own = grid.table.unit or "", unit_of(claim.grid, claim.row) or ""
    sure = len(columns) == 1 and (
        squeeze(unit) == own or None not in (money_size(squeeze(unit)), money_size(own))
    )
    return [book.picked(grid, [index], column) for column in columns], sure


def _has_budget(rule: ClaimRule) -> bool:
    """Whether a rule picks from a column for budgets: the only place for them in a final account."""
    return any(isinstance(pick, Pick) and "budget" in pick.columns for pick in rule.picks)


def _speaks_of(rule: ClaimRule, claim: Claim) -> bool:
    return _full(rule.subject).fullmatch(claim.subject) is not None and (
        not rule.context or re.search(rule.context, claim.context) is not None
    )


@cache
def _full(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _pick(book: Book, pick: Pick | tuple[Pick, ...]) -> Picked | None:
    if isinstance(pick, Pick):
        return book.pick(pick)
    found = [picked for part in pick if (picked := book.pick(part)) is not None]
    refs = tuple(ref for picked in found for ref in picked.refs)
    return Picked(refs, book.words(refs)) if refs and len({ref.table for ref in refs}) == 1 else None


def _project_facts(book: Book, claim: Claim) -> Iterator[Picked]:
    """What is said of a project by name: its score, budget and execution; by a name like it where none is the same."""
    for ending, side, name, column in PROJECT_FACTS:
        match = re.fullmatch(rf"(.+?)(?:项目)?{ending}", claim.subject)
        if match is None:
            continue
        row = claim.grid.rows[claim.row]
        project = (
            match[1] if not isinstance(row, ClaimRow) or match[1] in row.topic or not row.topic else row.topic
        )
        forms = [
            grid
            for kind in ("performance_self_evaluation", "performance_target")
            for grid in book.of_kind(kind)
            if same_project(project_name(grid), project)
        ]
        same = [grid for grid in forms if project_name(grid) == project]
        if same or len(forms) == 1:
            for grid in same or forms:
                for index, row in enumerate(grid.rows):
                    if row.side == side and row.name == name and (index, column) in grid.figures:
                        yield book.picked(grid, [index], column)
        return


def _functions(book: Book, claim: Claim) -> Iterator[Picked]:
    """A function by its path: '一般公共服务(类)政府办公厅(室)及相关机构事务(款)行政运行(项)'."""
    label = claim.grid.rows[claim.row].label
    text = squeeze(label.text) if label and "(类)" in squeeze(label.text) else claim.subject
    path = [(_YEAR.sub("", name), level) for name, level in _CHAIN.findall(text)]
    if not path or path[0][1] != "类":
        return
    for kind in _FUNCTION_TABLES:
        for grid in book.of_kind(kind):
            for index, row in enumerate(grid.rows):
                code = row.code or ""
                if len(code) != _DIGITS[path[-1][1]] or (index, "total") not in grid.figures:
                    continue
                if all(_named(grid, code[: _DIGITS[level]], name) for name, level in path):
                    yield book.picked(grid, [index], "total")
    if len(path) == 1:
        yield from _items(book, claim._replace(subject=path[0][0]))


def _named(grid: Grid, code: str, name: str) -> bool:
    """Whether a code goes by a name, in the table or in the lexicon."""
    entry = lookup(code)
    names = [row.name for row in grid.rows if row.code == code] + list(entry.names if entry else ())
    return any(same_name(known, name) for known in names)


def _items(book: Book, claim: Claim) -> list[Picked]:
    """An item of expenditure by its name; nothing where rows of that name disagree.

    What prose calls the budget of an item stands in the tables of a budget only.
    """
    budget = _BUDGET.search(claim.subject)
    if budget:
        if book.stage != "budget":
            return []
        claim = claim._replace(subject=claim.subject[: budget.start()])
    if re.fullmatch(r"合计|总计|小计|其中", claim.subject):
        return []
    loosely = len(stem(claim.subject)) >= _LONG
    summaries: list[Picked] = []
    for kind, side, columns in ITEM_KINDS:
        grid = book.first(kind)
        if grid is None:
            continue
        rows = grid.sides.get(side, [])
        exact = [i for i in rows if squeezed(grid.rows[i].name) == claim.subject]
        alike = [i for i in rows if loosely and same_name(grid.rows[i].name, claim.subject)]
        summaries += _agreed(book, grid, exact or alike, columns)
    return summaries


def _agreed(book: Book, grid: Grid, rows: Sequence[int], columns: Sequence[str]) -> list[Picked]:
    column = next((c for c in columns if any((row, c) in grid.figures for row in rows)), None)
    if column is None:
        printed = next((c for c in columns if rows and grid.prints(c, grid.rows[rows[0]].side)), None)
        return [book.picked(grid, rows[:1], printed)] if printed else []
    filled = [row for row in rows if (row, column) in grid.figures]
    if len({grid.figures[row, column] for row in filled}) > 1:
        return []
    return [book.picked(grid, filled[:1], column)]
