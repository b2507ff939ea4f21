"""What prose speaks of: the subject of a claim → the cells that it may mean, as data.

Source: the wording of the explanations (情况说明) that go with departmental budgets and final accounts.
Patterns must match a whole subject, squeezed, without quotation marks and the year before it.
"""

from __future__ import annotations

from dataclasses import dataclass

from schemas.rules import Pick

Sum = tuple[Pick, ...]
"""Cells that a claim means together: their sum."""


@dataclass(frozen=True, slots=True)
class ClaimRule:
    """Claims about `subject`, where the section heading or the claims before have `context`, mean one of `picks`.

    The first rule that matches and finds a printed cell decides; one with a context decides in any case, unless it
    is `optional`. `picks` are alternatives, the likeliest first. Where a rule is not `firm`, a claim that agrees
    with none of them may speak of something else.
    """

    subject: str
    picks: tuple[Pick | Sum, ...]
    context: str = ""
    firm: bool = True
    optional: bool = False


_INCOME = "income_expenditure_summary"
_FISCAL = "fiscal_appropriation_summary"
_T = r"(收入|支出|收支)?(总计|合计)|收、?支总计"
_ROW = r"(本年)?(收入|支出)?(合计|总计)"
_YEAR_IN = r"(本年|当年)收入(合计|小计)?"
_YEAR_OUT = r"(本年|当年)支出(合计|小计)?"
_A = ("amount",)
_FUND_WORDS = r"政府性基金"
_CAPITAL_WORDS = r"国有资本经营"
_GENERAL_WORDS = r"一般公共预算|财政拨款"


def _row(kind: str, *columns: str, row: str = _ROW) -> Pick:
    return Pick(kind, row, columns)


def _natures(column: str) -> tuple[Pick, ...]:
    picks = _row("expenditure_by_function", column), _row("general_budget_expenditure", column)
    return (*picks, _row("project_expenditure", "total")) if column == "project" else picks


def _economic(column: str, foot: str, codes: tuple[str, ...]) -> tuple[Pick | Sum, ...]:
    return (
        _row("general_budget_expenditure", column),
        _row("basic_expenditure_by_economic", column),
        Pick("basic_expenditure_by_economic", foot, _A),
        tuple(Pick("basic_expenditure_by_economic", code, ("amount", "total")) for code in codes),
    )


def _item(side: str, row: str) -> tuple[Pick, ...]:
    return (
        Pick(_INCOME, row, _A, side),
        Pick(_FISCAL, row, ("general_budget", "total", "amount"), side),
    )


_TOTAL_IN: tuple[Pick | Sum, ...] = (
    Pick(_INCOME, _T, _A, "income"),
    Pick(_INCOME, _YEAR_IN, _A, "income"),
    _row("income_by_unit", "total"),
    _row("income_by_function", "total"),
)
_TOTAL_OUT: tuple[Pick | Sum, ...] = (
    Pick(_INCOME, _T, _A, "expenditure"),
    Pick(_INCOME, _YEAR_OUT, _A, "expenditure"),
    _row("expenditure_by_function", "total"),
)
_FISCAL_IN: tuple[Pick | Sum, ...] = (
    Pick(_FISCAL, _T, _A, "income"),
    Pick(_FISCAL, _YEAR_IN, _A, "income"),
    _row("income_by_function", "fiscal_appropriation"),
    Pick(_INCOME, r"(一般公共预算)?财政拨款(收入)?", _A, "income"),
)
_FISCAL_OUT: tuple[Pick | Sum, ...] = (
    Pick(_FISCAL, _T, ("total", "amount"), "expenditure"),
    Pick(_FISCAL, _YEAR_OUT, ("total", "amount"), "expenditure"),
    Pick(_FISCAL, _YEAR_OUT, ("general_budget",), "expenditure"),
    _row("general_budget_expenditure", "total"),
)
_THIS_YEAR: tuple[Pick | Sum, ...] = (
    Pick(_INCOME, _T, ("current_year",), "income"),
    Pick(_INCOME, _YEAR_IN, ("current_year", "amount"), "income"),
    _row("income_by_unit", "current_total"),
)
_FISCAL_THIS_YEAR: tuple[Pick | Sum, ...] = (
    Pick(_FISCAL, _T, ("current_year",), "income"),
    Pick(_FISCAL, _YEAR_IN, ("current_year", "amount"), "income"),
    *_THIS_YEAR,
)
_GRAND_IN = Pick(_INCOME, r"(收入|收支)?总计|收、?支总计", _A, "income")
_GRAND_OUT = Pick(_INCOME, r"(支出|收支)?总计|收、?支总计", _A, "expenditure")
_FISCAL_GRAND_IN = Pick(_FISCAL, r"(收入|收支)?总计|收、?支总计", _A, "income")
_FISCAL_GRAND_OUT = Pick(_FISCAL, r"(支出|收支)?总计|收、?支总计", ("total", "amount"), "expenditure")
_BOTH = r"收、?支|收入、?支出|收支"
_CARRIED = r"(上年|年初)?(财政拨款)?结转(和?结余)?"
_CARRIED_OVER: tuple[Pick | Sum, ...] = (
    Pick(_INCOME, _T, ("carryover",), "income"),
    Pick(_FISCAL, _T, ("carryover",), "income"),
    _row("income_by_unit", "carryover_total"),
    Pick(_INCOME, r"(上年|年初)(财政拨款)?结转(和?结余)?(资金)?", _A, "income"),
    Pick(_FISCAL, r"(上年|年初)(财政拨款)?结转(和?结余)?(资金)?", _A, "income"),
    _row("project_expenditure", "carryover_general_budget"),
)

_OPERATING = r"(.{0,8}的)?(机关|单位)运行经费(财政拨款)?(预算|支出)?(数)?"
_SOURCES: tuple[tuple[str, str, str], ...] = (
    (r"上级补助收入", "superior_subsidy", "current_superior_subsidy"),
    (r"事业收入", "undertaking", "current_undertaking"),
    (r"(事业单位)?经营收入", "business", "current_business"),
    (r"附属单位上缴收入", "affiliate_remittance", "current_affiliate_remittance"),
    (r"其他收入", "other", "current_other"),
)
_NATURES: tuple[tuple[str, str], ...] = (
    (r"基本支出(预算)?", "basic"),
    (r"(部门|单位)?项目支出(预算)?", "project"),
    (r"上缴上级支出", "superior_remittance"),
    (r"(事业单位)?经营支出", "business"),
    (r"对附属单位补助支出", "affiliate_subsidy"),
)


def _three_public() -> tuple[ClaimRule, ...]:
    rules = []
    names = {
        "total": r"三公经费(财政拨款)?",
        "overseas": r"因公出国\(境\)(费用?|经费)?",
        "vehicles": r"公务用车购置(及|和)(运行|运行维护)(维护)?费?",
        "vehicle_purchase": r"公务用车购置(费|支出)?",
        "vehicle_operation": r"公务用车运行(维护)?费?",
        "reception": r"公务接待费",
        "meeting": r"会议费",
        "training": r"培训费",
    }
    for key, name in names.items():
        kind = "three_public"
        rules += [
            ClaimRule(rf"{name}当年预算数?", (Pick(kind, key, ("current_year",)),)),
            ClaimRule(rf"{name}上年结转", (Pick(kind, key, ("carryover",)),)),
            ClaimRule(rf"{name}(年初|全年)?预算(数|支出)?", (Pick(kind, key, ("budget", "amount")),)),
            ClaimRule(rf"{name}(支出)?(决算)?(数)?", (Pick(kind, key, ("final", "amount")),)),
        ]
    return tuple(rules)


CLAIM_RULES: tuple[ClaimRule, ...] = (
    *_three_public(),
    # funds that most departments have none of: their sections repeat the words of the others
    ClaimRule(r"(本年)?政府性基金(预算)?(财政)?(拨款)?支出(预算)?", (_row("government_fund", "total"),)),
    ClaimRule(r"基本支出(预算)?", (_row("government_fund", "basic"),), _FUND_WORDS),
    ClaimRule(r"项目支出(预算)?", (_row("government_fund", "project"),), _FUND_WORDS),
    ClaimRule(r"基本支出(预算)?", (_row("state_capital", "basic"),), _CAPITAL_WORDS),
    ClaimRule(r"项目支出(预算)?", (_row("state_capital", "project"),), _CAPITAL_WORDS),
    ClaimRule(r"人员经费|公用经费", (), rf"{_FUND_WORDS}|{_CAPITAL_WORDS}"),
    # totals: a row of their own where the table prints one, which no sub-total of the year can stand for
    ClaimRule(rf"财政拨款({_BOTH}|收入)总计", (_FISCAL_GRAND_IN,)),
    ClaimRule(r"财政拨款支出总计", (_FISCAL_GRAND_OUT,)),
    ClaimRule(rf"({_BOTH}|收入)总计", (_FISCAL_GRAND_IN,), r"财政拨款", optional=True),
    ClaimRule(r"支出总计", (_FISCAL_GRAND_OUT,), r"财政拨款", optional=True),
    ClaimRule(rf"({_BOTH}|收入)总计", (_GRAND_IN,)),
    ClaimRule(r"支出总计", (_GRAND_OUT,)),
    ClaimRule(r"财政拨款(收、?支|收入|收支)(预算|决算)?(总计|总预算|总额|合计)", _FISCAL_IN),
    ClaimRule(r"财政拨款(支出)(预算|决算)?(总计|总预算|总额|合计)", _FISCAL_OUT),
    ClaimRule(
        r"(收、?支|收入、?支出|收支)(预算|决算)?(总计|总预算|总额)", (*_FISCAL_IN, *_TOTAL_IN), r"财政拨款"
    ),
    ClaimRule(r"支出(预算|决算)?(总计|总预算|总额)", (*_FISCAL_OUT, *_TOTAL_OUT), r"财政拨款"),
    ClaimRule(r"(收、?支|收入、?支出|收支|收入)(预算|决算)?(总计|总预算|总额|合计|预算)", _TOTAL_IN),
    ClaimRule(r"收入预算|本年收入(预算)?合计", _TOTAL_IN),
    ClaimRule(r"支出(预算|决算)?(总计|总预算|总额|合计)|支出预算|本年支出(预算)?合计", _TOTAL_OUT),
    ClaimRule(r"(本年|当年)(收入|预算)", _FISCAL_THIS_YEAR, r"财政拨款"),
    ClaimRule(r"(使用)?(本年|当年)(财政)?拨款", (_row("project_expenditure", "general_budget"),)),
    ClaimRule(r"(本年|当年)(收入|预算)", _THIS_YEAR),
    ClaimRule(_CARRIED, _CARRIED_OVER),
    # income
    ClaimRule(r"财政拨款收入(预算)?", _FISCAL_IN),
    ClaimRule(
        r"一般公共预算(财政)?拨款收入",
        (
            _row("income_by_unit", "current_general_budget"),
            Pick(_FISCAL, r"一般公共预算(财政)?(拨款)?(资金)?", ("current_year", "amount"), "income"),
            Pick(_INCOME, r"一般公共预算(财政)?(拨款)?(收入|资金)?", ("current_year", "amount"), "income"),
            *_FISCAL_IN,
        ),
    ),
    ClaimRule(r"一般公共预算(财政)?拨款结转", (_row("income_by_unit", "carryover_general_budget"),)),
    *(
        ClaimRule(
            name,
            (
                _row("income_by_function", column),
                _row("income_by_unit", unit),
                Pick(_INCOME, name, _A, "income"),
            ),
        )
        for name, column, unit in _SOURCES
    ),
    # expenditure
    ClaimRule(r"(一般公共预算)?(财政)?拨款(支出)(预算|决算)?|一般公共预算支出(预算|决算)?", _FISCAL_OUT),
    ClaimRule(r"一般公共预算(财政)?拨款(预算)?", (_row("general_budget_expenditure", "total"), *_FISCAL_IN)),
    ClaimRule(
        r"(一般公共预算|财政拨款|一般公共预算财政拨款)基本支出(预算|决算)?",
        (
            _row("general_budget_expenditure", "basic"),
            _row("basic_expenditure_by_economic", "total", "amount"),
        ),
    ),
    *(
        ClaimRule(name, _natures(column)[1:2] + _natures(column)[:1] + _natures(column)[2:], _GENERAL_WORDS)
        for name, column in _NATURES[:2]
    ),
    *(ClaimRule(name, _natures(column)) for name, column in _NATURES[:2]),
    *(ClaimRule(name, (_row("expenditure_by_function", column),)) for name, column in _NATURES[2:]),
    ClaimRule(r"人员经费(支出)?", _economic("personnel", r"人员经费(合计)?", (r"code:301", r"code:303"))),
    ClaimRule(
        r"(日常)?公用经费(支出)?",
        _economic("public", r"公用经费(合计)?", (r"code:302", r"code:307", r"code:310", r"code:399")),
    ),
    ClaimRule(_OPERATING, (Pick("three_public", r"operating", ("final", "amount")),)),
    # Defined for administrative units only: the public expenses of a department with other units exceed it.
    ClaimRule(
        _OPERATING,
        (
            *_economic("public", r"公用经费(合计)?", ()),
            Pick("general_budget_expenditure", r"行政(运行)?", ("public",)),
        ),
        firm=False,
    ),
)


@dataclass(frozen=True, slots=True)
class Whole:
    """Claims of prose that add up: the amount of `whole` = Σ of the `parts` that follow it, each printed.

    All are patterns of subjects. What else is listed beside them may be a further part. Where the parts are not
    `complete`, there may be some that the prose leaves out: they can then be less than the whole.
    """

    whole: str
    parts: tuple[str, ...]
    complete: bool = True


_STATED = r"(财政拨款)?(预算)?(支出)?(预算|决算)?(数|支出|金额)?"
_ABROAD = rf"因公出国\(境\)(费用?|经费){_STATED}"
_CARS = rf"公务用车(购置(及|和)运行(维护)?|购置(及|和)运行维护)费?{_STATED}"
_GUESTS = rf"公务接待费{_STATED}"

WHOLES: tuple[Whole, ...] = (
    Whole(rf"三公经费(当年|财政拨款)?{_STATED}", (_ABROAD, _CARS, _GUESTS)),
    Whole(_CARS, (rf"公务用车购置(费|支出)?{_STATED}", rf"公务用车运行(维护)?费?{_STATED}")),
    Whole(
        _GUESTS,
        (r"(外事|外宾|国\(境\)外)(公务)?接待(费)?(支出)?", r"(其他)?国内(公务)?接待(费)?(支出)?"),
    ),
    Whole(
        r"(部门|单位)?政府采购(支出|预算)?(预算)?(总额|总金额|金额|总预算)?",
        tuple(
            rf"((政府采购|拟?购买|拟?采购){kind}|{kind}(采购|类)?)(支出|预算|金额)*"
            for kind in ("货物", "工程", "服务")
        ),
    ),
    Whole(
        rf"(财政拨款)?({_BOTH}|收入)(总?预算)(总计|数)?|(财政拨款)?({_BOTH})总额",
        (r"(本年|当年)(收入|预算)(合计|数)?", r"(上年|年初)结转(和?结余)?(资金|数)?"),
        complete=False,
    ),
    Whole(r"本年收入(预算)?(合计)?", (r"(一般公共预算)?财政拨款收入", r"其他收入"), complete=False),
    Whole(
        r"(本年)?支出(预算)?(合计|总计|总额|数)?|(一般公共预算|财政拨款|一般公共预算财政拨款|一般公共预算拨款)(支出)?(预算|决算)?",
        (r"基本支出(预算)?", r"项目支出(预算)?"),
        complete=False,
    ),
    Whole(r".{0,12}基本支出(预算|决算)?", (r"人员经费(支出)?", r"(日常)?公用经费(支出)?")),
    Whole(
        r"(部门|单位)?项目支出",
        (r"(使用)?(本年|当年)(财政)?拨款", r"(上年)?(财政拨款)?结转(和?结余)?(资金)?"),
        complete=False,
    ),
)
"""Sums that prose states whether or not it says so."""


@dataclass(frozen=True, slots=True)
class ShareRule:
    """The share of the claim `subject` is of the claim `whole`; one `{kind}` of several, `kinds`, stands in both.

    Where no amount stands beside the share, it is that of `total` if the wholes of all other kinds are nothing.
    """

    subject: str
    whole: str
    total: str
    kinds: tuple[str, ...]


SHARE_RULES: tuple[ShareRule, ...] = (
    ShareRule(
        subject=r"{kind}采购授予中小企业合同(金额)?",
        whole=r"(政府采购)?{kind}(采购)?(支出|预算)?(金额)?",
        total=r"授予中小企业(的)?合同(总?金额|总额)?",
        kinds=("货物", "工程", "服务"),
    ),
)

ITEM_KINDS: tuple[tuple[str, str | None, tuple[str, ...]], ...] = (
    (_INCOME, "expenditure", ("amount", "total")),
    (_FISCAL, "expenditure", ("general_budget", "total", "amount")),
    (_INCOME, "expenditure_by_use", ("amount",)),
    ("general_budget_expenditure", None, ("total",)),
    ("expenditure_by_function", None, ("total",)),
)
"""Where an item of expenditure named in prose stands: kind, side, columns."""

PROJECT_FACTS: tuple[tuple[str, str, str, str], ...] = (
    (r"(绩效)?自评得分", "total", r"total_score", "value"),
    (r"年初预算数?", "fund", r"total", "budget_initial"),
    (r"(全年|调整后?)?预算数?", "fund", r"total", "budget_adjusted"),
    (r"(全年)?执行数", "fund", r"total", "executed"),
    (r"执行率", "fund", r"total", "rate_percent"),
)
"""What prose says of a project after its name: ending of the subject → side, row and column of its table."""

PROJECT_COUNT = r"(?:.*(?P<level>一级|二级))?项目(?:支出)?(?:共计?|数量?|个数)?|.*(?P<named>一级|二级)项目.*"
"""Subjects that count the projects of a document, by level."""

PROJECT_MONEY = r"(?:共|合计)?(?:涉及|安排)?(?:项目)?(?:预算|财政)?(?:资金|金额)(?:合计|总额|总计)?"
"""Subjects that are the money of the projects counted before."""
