"""Projects: how many there are, their money, their names, and what prose and forms state of each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from schemas import Interval
from schemas.amounts import UNITS
from schemas.claims import PROJECT_COUNT, PROJECT_MONEY
from schemas.findings import Finding, Identity
from schemas.numerals import find_numerals
from schemas.rules import Pick
from schemas.tables import CellRef
from schemas.text import squeeze
from worker.memory import remembered
from worker.reconcile.cross import agreement, project_name
from worker.reconcile.engine import check, measured
from worker.reconcile.grid import Grid
from worker.reconcile.picking import Book, Picked, same_project
from worker.reconcile.prose.claims import Claim, amounts, claim_words
from worker.reconcile.wording import table_name

_KINDS = ("performance_self_evaluation", "performance_target")
_FUNDS = ("budget_initial", "budget_adjusted", "executed", "amount")
_COUNTED = {"个", "项"}
_ALL = r"(本年)?(支出)?(合计|总计)"
_TOTALS = (
    Pick("project_expenditure", _ALL, ("total",)),
    Pick("project_expenditure", _ALL, ("general_budget",)),
    Pick("expenditure_by_function", _ALL, ("project",)),
    Pick("general_budget_expenditure", _ALL, ("project",)),
)
_COST = re.compile(r"成本指标")
_PER = re.compile(r"人均|次均|平均|单价|标准|每|/")
_EXACT = re.compile(rf"=?[\d.,]+({'|'.join(UNITS)})")
# Names of indicators shorter than this are too common to be told apart.
_LONG = 4


class _Form(NamedTuple):
    """A performance form, with the level of its project as printed and the row of its funds."""

    grid: Grid
    level: str
    fund: int | None

    def fund_refs(self, column: str) -> tuple[CellRef, ...]:
        here = self.fund is not None and (self.fund, column) in self.grid.figures
        return (CellRef(self.grid.id, self.fund or 0, column),) if here else ()


def project_sums(book: Book) -> Iterator[Identity]:
    """The money that prose states for projects, against the forms of those projects or the totals of the tables.

    It must be that of the forms where the number of projects stated with it is that of the forms.
    """
    forms = _forms(book)
    for grid in book.of_kind("narrative_facts"):
        counted: Claim | None = None
        for claim in amounts(grid):
            if _unit(claim) in _COUNTED:
                counted = claim
            elif counted and re.fullmatch(PROJECT_MONEY, claim.subject):
                yield from _money(book, claim, counted, forms)


def _money(book: Book, claim: Claim, counted: Claim, forms: Sequence[_Form]) -> Iterator[Identity]:
    own = Picked((claim.ref,), book.words((claim.ref,)))
    meant = [form for form in forms if same_project(project_name(form.grid), counted.subject)]
    meant = meant or _of_level(forms, _level(counted) or "")
    options = [
        Picked(refs, f"Σ {column} of {len(refs)} forms {_total(book, refs):f}")
        for column in _FUNDS
        if (refs := tuple(ref for form in meant for ref in form.fund_refs(column)))
    ]
    options += [picked for pick in _TOTALS if (picked := book.pick(pick)) and book.filled(picked.refs)]
    identities = [
        agreement(book, "narrative.projects", [own], [picked])._replace(scope="narrative")
        for picked in options
    ]
    closing = [identity for identity in identities if check(identity, book.tables).status == "passed"]
    count = counted.grid.rows[counted.row].figure("amount")
    firm = count is not None and count.value == len(meant) > 1
    yield from (closing or (identities if firm else []))[:1]


def _total(book: Book, refs: Sequence[CellRef]) -> Decimal:
    """The sum of cells as printed, in the unit that the forms of a document share."""
    figures = (book.grids[ref.table].amounts.get((ref.row, ref.column)) for ref in refs)
    return sum((amount.value for amount in figures if amount), Decimal(0))


def project_findings(book: Book) -> Iterator[Finding]:
    """What is stated of projects and is no sum of cells: numbers of them, indicators, cost targets, names."""
    forms = _forms(book)
    for grid in book.of_kind("narrative_facts"):
        for claim in amounts(grid):
            yield from _counts(book, claim, forms)
            yield from _indicators(claim, forms)
    for form in forms:
        yield from _costs(book, form)
    yield from _names(book, forms)


def _forms(book: Book) -> list[_Form]:
    found = []
    for kind in _KINDS:
        for grid in book.of_kind(kind):
            level = next(
                (
                    c.text
                    for r in grid.rows
                    if r.side == "header" and r.name == "level" and (c := r.get("value"))
                ),
                "",
            )
            fund = next((i for i, r in enumerate(grid.rows) if r.side == "fund" and r.name == "total"), None)
            found.append(_Form(grid, squeeze(level)[:2], fund))
    return found


def _of_level(forms: Sequence[_Form], level: str) -> list[_Form]:
    """The forms of a level, all where none says of which it is."""
    return [form for form in forms if not level or not form.level or form.level == level]


def _level(claim: Claim) -> str | None:
    """一级 or 二级, empty where a claim counts projects of no level, None where it counts something else."""
    match = re.fullmatch(PROJECT_COUNT, claim.subject)
    return (match["level"] or match["named"] or "") if match and _unit(claim) in _COUNTED else None


def _unit(claim: Claim) -> str:
    stated = claim.grid.rows[claim.row].get("unit")
    return squeeze(stated.text) if stated else ""


def _counts(book: Book, claim: Claim, forms: Sequence[_Form]) -> Iterator[Finding]:
    """The number of projects: that of the project table, and that of the forms, where their level is printed."""
    level, amount = _level(claim), claim.grid.rows[claim.row].figure("amount")
    if claim.column != "amount" or amount is None or not amount.value or _unit(claim) not in _COUNTED:
        return
    if not level:
        own = [_place(form) for form in forms if project_name(form.grid) == claim.subject]
        if amount.value == len(own) == 1:
            words = f"{table_name(claim.grid.table)} {claim_words(claim.grid, claim.ref)} = 1 form printed"
            yield measured("narrative.count", words, _exactly(1), _exactly(1), (claim.ref, *own))
        return
    listed = _in_table(book, level)
    printed = [form for form in forms if form.level == level]
    unnamed = [form for form in forms if not form.level]
    for refs, words, firm in (
        (listed, f"{level}项目 in the project table", False),
        ([_place(form) for form in printed], f"forms of {level}项目 printed", "绩效" in claim.context),
        ([_place(form) for form in unnamed], "forms printed", False),
    ):
        if refs and (len(refs) == amount.value or firm):
            yield measured(
                "narrative.count",
                f"{table_name(claim.grid.table)} {claim_words(claim.grid, claim.ref)} = {len(refs)} {words}",
                _exactly(amount.value),
                _exactly(len(refs)),
                (claim.ref, *refs),
            )


def _place(form: _Form) -> CellRef:
    """The cell of a form to point at: its funds, or its first."""
    return next(
        (ref for column in _FUNDS for ref in form.fund_refs(column)), CellRef(form.grid.id, 0, "value")
    )


def _exactly(number: Decimal | int) -> Interval:
    return Interval(Fraction(number), Fraction(number))


def _in_table(book: Book, level: str) -> list[CellRef]:
    """The projects of a level in the project table, each named once."""
    column = "first_level" if level == "一级" else "second_level"
    found: Mapping[str, CellRef] = {
        squeeze(cell.text): CellRef(grid.id, index, "total")
        for grid in book.of_kind("project_expenditure")
        for index, row in enumerate(grid.rows)
        if (cell := row.get(column)) is not None
    }
    return list(found.values())


def _indicators(claim: Claim, forms: Sequence[_Form]) -> Iterator[Finding]:
    """What prose states of a project as the actual value of one of its indicators.

    Where the subject does not end with the name of the indicator but only holds its characters in order, it may
    be another: that is said only where the two agree.
    """
    row = claim.grid.rows[claim.row]
    topic, amount = getattr(row, "topic", ""), row.figure("amount")
    if not topic or amount is None or claim.column != "amount":
        return
    for form in forms:
        if not same_project(project_name(form.grid), topic):
            continue
        for index, indicator in enumerate(form.grid.rows):
            actual, name = indicator.get("actual"), squeeze(indicator.name)
            if indicator.side != "indicator" or actual is None or len(name) < _LONG:
                continue
            value, unit = _stated(squeeze(actual.text))
            firm = claim.subject.endswith(name)
            if value is None or unit != _unit(claim) or not (firm or _within(name, claim.subject)):
                continue
            if firm or amount.interval == value:
                yield measured(
                    "narrative.indicator",
                    f"{table_name(claim.grid.table)} {claim_words(claim.grid, claim.ref)} = "
                    f"{table_name(form.grid.table)} {topic} {name} {actual.text}",
                    amount.interval,
                    value,
                    (claim.ref, CellRef(form.grid.id, index, "actual")),
                )


@remembered(512)
def _stated(text: str) -> tuple[Interval | None, str]:
    """The one figure of a squeezed text with the unit after it."""
    numerals = list(find_numerals(text))
    if len(numerals) != 1:
        return None, ""
    value, half = Fraction(numerals[0].value), Fraction(1, 2 * 10 ** numerals[0].decimals)
    return Interval(value - half, value + half), "%" if numerals[0].percent else text[numerals[0].end :]


def _within(name: str, subject: str) -> bool:
    """Whether a subject holds the characters of a name in order, the last two at its end."""
    rest = iter(subject)
    return subject.endswith(name[-2:]) and all(char in rest for char in name)


def _costs(book: Book, form: _Form) -> Iterator[Finding]:
    """Costs that a form fixes exactly cannot be more than its funds; costs of a unit do not add up."""
    refs = form.fund_refs("amount") or form.fund_refs("budget_initial")
    fund = form.grid.amounts.get((refs[0].row, refs[0].column)) if refs else None
    if fund is None:
        return
    unit = squeeze(book.unit(refs[0]) or "")
    total, cells = Interval(Fraction(0), Fraction(0)), []
    for index, row in enumerate(form.grid.rows):
        level, target = row.get("level1"), row.get("target")
        if (
            row.side != "indicator"
            or level is None
            or not _COST.search(squeeze(level.text))
            or target is None
        ):
            continue
        text = squeeze(target.text)
        value, own = _stated(text.removeprefix("="))
        if value is None or not _EXACT.fullmatch(text) or _PER.search(row.name) or unit not in UNITS:
            return
        total += value.scale(Fraction(UNITS[own], UNITS[unit]))
        cells.append(CellRef(form.grid.id, index, "target"))
    if len(cells) > 1 and total.high >= fund.interval.low:
        yield measured(
            "performance.costs",
            f"{table_name(form.grid.table)} {project_name(form.grid)}: "
            f"Σ {len(cells)} cost targets = funds {fund.value:f} {unit}",
            total,
            fund.interval,
            (*refs, *cells),
            scope="column",
        )


def _names(book: Book, forms: Sequence[_Form]) -> Iterator[Finding]:
    """A project that a form and the project table name differently, known by its money.

    Said only where every other project of the form has its own row with the same money.
    """
    rows = [
        (grid, index)
        for grid in book.of_kind("project_expenditure")
        for index, row in enumerate(grid.rows)
        if row.get("second_level") is not None and (index, "total") in grid.figures
    ]
    named = [form for form in forms if form.fund_refs("amount") and project_name(form.grid)]
    partner = {
        form.grid.id: [at for at in rows if same_project(at[0].rows[at[1]].name, project_name(form.grid))]
        for form in named
    }
    odd = [form for form in named if not partner[form.grid.id]]
    agreed = all(
        any(_same(form, at) for at in partner[form.grid.id]) for form in named if partner[form.grid.id]
    )
    if not agreed or len(odd) == len(named):
        return
    taken = [at for form in named for at in partner[form.grid.id]]
    for form in odd:
        twins = [at for at in rows if at not in taken and _same(form, at)]
        if len(twins) == 1:
            grid, index = twins[0]
            ref = form.fund_refs("amount")[0]
            yield Finding(
                check="lexicon.project_name",
                scope="hierarchy",
                tables=(form.grid.id, grid.id),
                statement=(
                    f"{table_name(form.grid.table)} and {table_name(grid.table)} name the project of "
                    f"{form.grid.amounts[ref.row, ref.column].value:f} {project_name(form.grid)} "
                    f"and {grid.rows[index].name}"
                ),
                status="failed",
                cells=(ref, CellRef(grid.id, index, "total")),
            )


def _same(form: _Form, at: tuple[Grid, int]) -> bool:
    ref = form.fund_refs("amount")[0]
    one, two = form.grid.amounts[ref.row, ref.column], at[0].amounts[at[1], "total"]
    return one.value == two.value
