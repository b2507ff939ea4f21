"""Summaries with two sides: 收入支出总表 and 财政拨款收支总表."""

from __future__ import annotations

from typing import ClassVar, Literal

from schemas.registry import kind
from schemas.rules import NamedSum, RowSum, Rule, SidesBalance, SideTotals
from schemas.tables import Money, Row, Table, column

_TOTAL = r"(收入|支出|收支)?(总计|合计)|收、?支总计"
_SUBTOTAL = r"(本年|当年|本期)(收入|支出)(合计|小计)|(本年|当年)(收入|支出)$"
_HEADING = r"(本年|当年)(收入|支出)|上年结转(和结余)?|(年终)?结转下年(支出)?|年终结转结余"
_CARRY = r".*(结转|结余|弥补|用事业基金).*"
_SUMS: tuple[Rule, ...] = (
    RowSum("years", "amount", ("current_year", "carryover")),
    SideTotals("side_total", total=_TOTAL, subtotal=_SUBTOTAL, heading=_HEADING, carry=_CARRY),
    SidesBalance(
        "uses_balance", "income", "expenditure_by_use", total=_TOTAL, columns=(("amount", "amount"),)
    ),
)


class SummaryRow(Row):
    """One item of one side."""

    amount: Money = column(
        r"(\d{4}年)?(度)?(预算|决算)数?",
        r"金额",
        r"(\d{4}年)?预算安排数?",
        r"年初预算数?",
        r"(收入|支出)(预算|决算)数?",
    )
    current_year: Money = column(r"(当年|本年)预算数?")
    carryover: Money = column(r"上年结转(结余)?")


@kind
class IncomeExpenditureSummary(Table[SummaryRow]):
    """All income against all expenditure of a department or unit."""

    titles: ClassVar = (
        r"收入支出决算总表",
        r"(财务)?收支(预算|决算)?总表",
        r"(财务)?收支(预算|决算)?总体情况表",
        r"收入支出(预算|决算)?(总|汇总)表",
    )
    sides: ClassVar = ("income", "expenditure", "expenditure_by_use")
    rules: ClassVar = (
        *_SUMS,
        NamedSum(
            "appropriation_parts",
            target=r"财政拨款(收入)?|财政拨款\(补助\)",
            parts=(
                r"一般公共预算(财政)?(拨款)?(收入|资金)?",
                r"政府性基金(预算)?(财政)?(拨款)?(收入|资金)?",
                r"国有资本经营(预算)?(财政)?(拨款)?(收入|资金)?",
            ),
            side="income",
        ),
        NamedSum(
            "unit_funds_parts",
            target=r"单位资金(收入)?",
            parts=(
                r"事业收入",
                r"事业单位经营收入",
                r"上级补助收入",
                r"附属单位上缴收入",
                r"其他收入",
            ),
            side="income",
        ),
        SidesBalance(
            "sides_balance",
            left="income",
            right="expenditure",
            total=_TOTAL,
            columns=(
                ("amount", "amount"),
                ("current_year", "current_year"),
                ("carryover", "carryover"),
            ),
        ),
    )

    kind: Literal["income_expenditure_summary"] = "income_expenditure_summary"


class FiscalRow(Row):
    """One item of one side; an expenditure item may be split by the budget that pays it."""

    amount: Money = column(
        r"(\d{4}年)?(度)?(预算|决算)数?",
        r"金额",
        r"(\d{4}年)?预算安排数?",
        r"年初预算数?",
    )
    total: Money = column(r"合计", r"小计", r"总计")
    current_year: Money = column(r"(当年|本年)预算数?")
    carryover: Money = column(r"上年结转(结余)?")
    general_budget: Money = column(r"一般公共预算(财政)?(拨款|资金)?(支出)?")
    government_fund: Money = column(r"政府性基金(预算)?(财政)?(拨款|资金)?(支出)?")
    state_capital: Money = column(r"国有资本经营(预算)?(财政)?(拨款|资金)?(支出)?")


@kind
class FiscalAppropriationSummary(Table[FiscalRow]):
    """Income and expenditure out of fiscal appropriations."""

    titles: ClassVar = (
        r"财政拨款收入支出(决算|预算)?总表",
        r"财政拨款收支(预算|决算)?总表",
        r"财政拨款收支(预算|决算)?总体情况表",
    )
    sides: ClassVar = ("income", "expenditure", "expenditure_by_use")
    rules: ClassVar = (
        *_SUMS,
        RowSum("funds", "total", ("general_budget", "government_fund", "state_capital")),
        SidesBalance(
            "sides_balance",
            left="income",
            right="expenditure",
            total=_TOTAL,
            columns=(
                ("amount", "amount"),
                ("amount", "total"),
                ("current_year", "current_year"),
                ("carryover", "carryover"),
            ),
        ),
    )

    kind: Literal["fiscal_appropriation_summary"] = "fiscal_appropriation_summary"
