"""Tables by functional classification (支出功能分类): codes of 3, 5 and 7 digits (类, 款, 项)."""

from __future__ import annotations

from typing import ClassVar, Literal

from schemas.registry import kind
from schemas.rules import CodeHierarchy, GrandTotal, RowBalance, RowSum, Rule
from schemas.tables import Money, Row, Table, column

TOTAL_NAME = r"(本年)?(收入|支出)?(合计|总计)"
_CODED: tuple[Rule, ...] = (
    CodeHierarchy("hierarchy"),
    GrandTotal("grand_total", TOTAL_NAME),
)
_TOTAL = (r"(本年)?(收入|支出)?(合计|总计)", r"小计", r"金额", r"决算数", r"预算数")
_BASIC = (r"基本支出(预算)?",)
_PROJECT = (r"项目支出(预算)?",)


class FunctionIncomeRow(Row):
    """Income of one function."""

    total: Money = column(*_TOTAL)
    fiscal_appropriation: Money = column(r"财政拨款(收入|预算收入)?")
    superior_subsidy: Money = column(r"上级补助(收入|预算收入)?")
    undertaking: Money = column(r"事业(收入|预算收入)")
    business: Money = column(r"(事业单位)?经营(收入|预算收入)")
    affiliate_remittance: Money = column(r"附属单位(上缴|缴款)?(收入)?")
    other: Money = column(r"其他(收入|预算收入)?")


@kind
class IncomeByFunction(Table[FunctionIncomeRow]):
    """收入决算表: income by function and source."""

    titles: ClassVar = (r"收入决算表", r"(部门)?收入预算(总)?表", r"收入决算明细表")
    classification: ClassVar = "function"
    rules: ClassVar = (
        RowSum(
            "sources",
            "total",
            (
                "fiscal_appropriation",
                "superior_subsidy",
                "undertaking",
                "business",
                "affiliate_remittance",
                "other",
            ),
        ),
        *_CODED,
    )

    kind: Literal["income_by_function"] = "income_by_function"


class FunctionExpenditureRow(Row):
    """Expenditure of one function."""

    total: Money = column(*_TOTAL)
    basic: Money = column(*_BASIC)
    project: Money = column(*_PROJECT)
    superior_remittance: Money = column(r"上缴上级(支出)?")
    business: Money = column(r"(事业单位)?经营(支出)?")
    affiliate_subsidy: Money = column(r"对附属单位补助?(支出)?")


@kind
class ExpenditureByFunction(Table[FunctionExpenditureRow]):
    """支出决算表: expenditure by function and nature."""

    titles: ClassVar = (
        r"支出决算表",
        r"(部门)?支出(预算)?总表",
        r"(部门)?支出预算表",
        r"支出决算明细表",
        r"财政拨款支出(预算|决算)?表",
    )
    classification: ClassVar = "function"
    rules: ClassVar = (
        RowSum(
            "natures",
            "total",
            (
                "basic",
                "project",
                "superior_remittance",
                "business",
                "affiliate_subsidy",
            ),
        ),
        *_CODED,
    )

    kind: Literal["expenditure_by_function"] = "expenditure_by_function"


class GeneralBudgetRow(Row):
    """Expenditure of one function out of the general public budget."""

    total: Money = column(*_TOTAL)
    basic: Money = column(*_BASIC)
    personnel: Money = column(r"人员(经费|支出)?")
    public: Money = column(r"(日常)?公用(经费|支出)?")
    project: Money = column(*_PROJECT)


@kind
class GeneralBudgetExpenditure(Table[GeneralBudgetRow]):
    """一般公共预算财政拨款支出决算表."""

    titles: ClassVar = (
        r"一般公共预算(财政拨款)?支出(决算|预算)?表",
        r"一般公共预算支出(功能分类)?(预算|决算)?表",
        r"一般公共预算(当年)?(财政)?拨款支出(情况)?(决算|预算)?表",
    )
    classification: ClassVar = "function"
    # That of the official form 公开05表.
    orders: ClassVar = (("total", "basic", "project"),)
    rules: ClassVar = (
        RowSum("natures", "total", ("basic", "project")),
        RowSum("basic_parts", "basic", ("personnel", "public")),
        *_CODED,
    )

    kind: Literal["general_budget_expenditure"] = "general_budget_expenditure"


class GovernmentFundRow(Row):
    """Income, expenditure and balances of one function out of government funds."""

    opening_balance: Money = column(r"(年初|上年)结转(和结余)?")
    income: Money = column(r"本年收入")
    total: Money = column(*_TOTAL)
    basic: Money = column(*_BASIC)
    project: Money = column(*_PROJECT)
    closing_balance: Money = column(r"年末结转(和结余)?")


@kind
class GovernmentFund(Table[GovernmentFundRow]):
    """政府性基金预算财政拨款收入支出决算表."""

    titles: ClassVar = (
        r"政府性基金(预算)?(财政拨款)?收入支出(决算|预算)?表",
        r"(财政拨款)?政府性基金(预算)?(财政)?(拨款)?支出(功能分类)?(预算|决算)?表",
    )
    classification: ClassVar = "function"
    rules: ClassVar = (
        RowSum("natures", "total", ("basic", "project")),
        RowBalance("balance", ("opening_balance", "income"), ("total", "closing_balance")),
        *_CODED,
    )

    kind: Literal["government_fund"] = "government_fund"


class StateCapitalRow(Row):
    """Expenditure of one function out of the state capital budget."""

    total: Money = column(*_TOTAL)
    basic: Money = column(*_BASIC)
    project: Money = column(*_PROJECT)


@kind
class StateCapital(Table[StateCapitalRow]):
    """国有资本经营预算财政拨款支出决算表."""

    titles: ClassVar = (r"国有资本经营预算(财政)?(拨款)?(收入)?支出(功能分类)?(预算|决算)?表",)
    classification: ClassVar = "function"
    rules: ClassVar = (
        RowSum("natures", "total", ("basic", "project")),
        *_CODED,
    )

    kind: Literal["state_capital"] = "state_capital"
