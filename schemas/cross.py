"""勾稽 between tables: what must agree across the forms of one document, as data.

Source: the identities printed in the notes to the departmental final account forms (公开01–09表) and their
budget counterparts. A pick that finds no cell skips its rule.
"""

from __future__ import annotations

from schemas.rules import CrossEqual, CrossItems, CrossRows, CrossRule, Pick

_TOTAL = r"(收入|支出|收支)?(总计|合计)"
_ROW_TOTAL = r"(本年)?(收入|支出)?(合计|总计)"
_YEAR_IN = r"(本年|当年)收入(合计|小计)?"
_YEAR_OUT = r"(本年|当年)支出(合计|小计)?"
_FUNDS = (
    ("general_budget", "一般公共预算"),
    ("government_fund", "政府性基金预算"),
    ("state_capital", "国有资本经营预算"),
)
_SOURCES = (
    ("superior_subsidy", r"上级补助收入"),
    ("undertaking", r"事业收入"),
    ("business", r"(事业单位)?经营收入"),
    ("affiliate_remittance", r"附属单位上缴收入"),
    ("other", r"其他收入"),
)


def _summary(row: str, side: str, stage: str | None = None) -> Pick:
    return Pick("income_expenditure_summary", row, ("amount",), side, stage)


def _fiscal(row: str, side: str, stage: str | None = None) -> Pick:
    return Pick("fiscal_appropriation_summary", row, ("total", "amount"), side, stage)


def _row(kind: str, column: str, row: str = _ROW_TOTAL, stage: str | None = None) -> Pick:
    return Pick(kind, row, (column,), None, stage)


CROSS_RULES: tuple[CrossRule, ...] = (
    # final accounts
    CrossEqual(
        "final_income",
        (_summary(_YEAR_IN, "income", "final"),),
        (_row("income_by_function", "total"),),
    ),
    CrossEqual(
        "final_expenditure",
        (_summary(_YEAR_OUT, "expenditure", "final"),),
        (_row("expenditure_by_function", "total"),),
    ),
    CrossEqual(
        "final_fiscal_income",
        (_row("income_by_function", "fiscal_appropriation", stage="final"),),
        (_fiscal(_YEAR_IN, "income", "final"),),
    ),
    CrossEqual(
        "final_general_budget",
        (
            Pick(
                "fiscal_appropriation_summary",
                _YEAR_OUT,
                ("general_budget",),
                "expenditure",
                "final",
            ),
        ),
        (_row("general_budget_expenditure", "total"),),
    ),
    CrossEqual(
        "final_government_fund",
        (
            Pick(
                "fiscal_appropriation_summary",
                _YEAR_OUT,
                ("government_fund",),
                "expenditure",
                "final",
            ),
        ),
        (_row("government_fund", "total"),),
    ),
    CrossEqual(
        "final_state_capital",
        (
            Pick(
                "fiscal_appropriation_summary",
                _YEAR_OUT,
                ("state_capital",),
                "expenditure",
                "final",
            ),
        ),
        (_row("state_capital", "total"),),
    ),
    CrossItems(
        "final_functions",
        Pick("income_expenditure_summary", r".*", ("amount",), "expenditure", "final"),
        Pick("expenditure_by_function", r".*", ("total",)),
    ),
    CrossItems(
        "final_fiscal_functions",
        Pick(
            "fiscal_appropriation_summary",
            r".*",
            ("general_budget",),
            "expenditure",
            "final",
        ),
        Pick("general_budget_expenditure", r".*", ("total",)),
    ),
    # budgets
    CrossEqual(
        "budget_income",
        (_summary(_TOTAL, "income", "budget"),),
        (_row("income_by_unit", "total"),),
    ),
    CrossEqual(
        "budget_income_functions",
        (_summary(_TOTAL, "income", "budget"),),
        (_row("income_by_function", "total"),),
    ),
    CrossEqual(
        "budget_expenditure",
        (_summary(_TOTAL, "expenditure", "budget"),),
        (_row("expenditure_by_function", "total"),),
    ),
    CrossEqual(
        "budget_general_budget",
        (
            Pick(
                "fiscal_appropriation_summary",
                _TOTAL,
                ("general_budget",),
                "expenditure",
                "budget",
            ),
        ),
        (_row("general_budget_expenditure", "total"),),
    ),
    CrossItems(
        "budget_functions",
        Pick("income_expenditure_summary", r".*", ("amount",), "expenditure", "budget"),
        Pick("expenditure_by_function", r".*", ("total",)),
    ),
    CrossItems(
        "budget_fiscal_functions",
        Pick(
            "fiscal_appropriation_summary",
            r".*",
            ("general_budget",),
            "expenditure",
            "budget",
        ),
        Pick("general_budget_expenditure", r".*", ("total",)),
    ),
    # basic and project expenditure
    CrossEqual(
        "basic_by_economic",
        (_row("general_budget_expenditure", "basic"),),
        (_row("basic_expenditure_by_economic", "total"),),
    ),
    CrossEqual(
        "basic_personnel",
        (_row("general_budget_expenditure", "personnel"),),
        (Pick("basic_expenditure_by_economic", r"人员经费(合计)?", ("amount",)),),
    ),
    CrossEqual(
        "basic_public",
        (_row("general_budget_expenditure", "public"),),
        (Pick("basic_expenditure_by_economic", r"公用经费(合计)?", ("amount",)),),
    ),
    CrossEqual(
        "basic_personnel_column",
        (_row("general_budget_expenditure", "personnel"),),
        (_row("basic_expenditure_by_economic", "personnel"),),
    ),
    CrossEqual(
        "basic_public_column",
        (_row("general_budget_expenditure", "public"),),
        (_row("basic_expenditure_by_economic", "public"),),
    ),
    CrossEqual(
        "projects",
        (_row("expenditure_by_function", "project"),),
        (_row("project_expenditure", "total"),),
    ),
    CrossItems(
        "budget_fiscal_items",
        Pick("fiscal_appropriation_summary", r".*", ("total", "amount"), "expenditure", "budget"),
        Pick("general_budget_expenditure", r".*", ("total",)),
        totals=rf"{_TOTAL}|{_ROW_TOTAL}",
    ),
    # income by source
    *(
        CrossEqual(
            f"income_{column}",
            (_summary(name, "income"),),
            (_row("income_by_function", column),),
        )
        for column, name in _SOURCES
    ),
    *(
        CrossEqual(
            f"final_income_{fund}",
            (_summary(rf"{name}财政拨款收入", "income", "final"),),
            (
                Pick(
                    "fiscal_appropriation_summary", rf"{name}财政拨款(收入)?", ("amount",), "income", "final"
                ),
            ),
        )
        for fund, name in _FUNDS
    ),
    CrossRows(
        "functions",
        "expenditure_by_function",
        "general_budget_expenditure",
        _ROW_TOTAL,
        ("total", "basic", "project"),
    ),
)
