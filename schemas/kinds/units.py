"""收入总表 of a departmental budget: income by unit, this year's and carried over."""

from __future__ import annotations

from typing import ClassVar, Literal

from schemas.kinds.functions import TOTAL_NAME
from schemas.registry import kind
from schemas.rules import CodeHierarchy, GrandTotal, RowSum
from schemas.tables import Money, Row, Table, column

_NOW = (r"(本年|当年)(收入|预算).*",)
_CARRIED = (r"(上年|年初)?(结转结余|结转).*",)
_GENERAL = r"一般公共预算.*"
_FUND = r"政府性基金.*"
_CAPITAL = r"国有资本经营.*"
_SPECIAL = r"财政(拨款)?专户.*"


class UnitIncomeRow(Row):
    """Income of one unit."""

    total: Money = column(r"合计", r"总计")
    current_total: Money = column(r"小计|合计", group=_NOW)
    current_general_budget: Money = column(_GENERAL, group=_NOW)
    current_government_fund: Money = column(_FUND, group=_NOW)
    current_state_capital: Money = column(_CAPITAL, group=_NOW)
    current_special_account: Money = column(_SPECIAL, group=_NOW)
    current_undertaking: Money = column(r"事业收入", group=_NOW)
    current_business: Money = column(r"事业(单位)?(经营|性经营)(收入)?", group=_NOW)
    current_superior_subsidy: Money = column(r"上级补助(收入)?", group=_NOW)
    current_affiliate_remittance: Money = column(r"附属单位(上缴)?(收入)?", group=_NOW)
    current_other: Money = column(r"其他(收入)?", group=_NOW)
    carryover_total: Money = column(r"小计|合计", group=_CARRIED)
    carryover_general_budget: Money = column(_GENERAL, group=_CARRIED)
    carryover_government_fund: Money = column(_FUND, group=_CARRIED)
    carryover_state_capital: Money = column(_CAPITAL, group=_CARRIED)
    carryover_special_account: Money = column(_SPECIAL, group=_CARRIED)
    carryover_unit_funds: Money = column(r"单位资金.*", group=_CARRIED)


@kind
class IncomeByUnit(Table[UnitIncomeRow]):
    """收入总表: a row a unit, codes of 3 and 6 digits."""

    titles: ClassVar = (r"(部门)?收入总表", r"(部门)?收入预算总表")
    rules: ClassVar = (
        RowSum("years", "total", ("current_total", "carryover_total")),
        RowSum(
            "current_parts",
            "current_total",
            (
                "current_general_budget",
                "current_government_fund",
                "current_state_capital",
                "current_special_account",
                "current_undertaking",
                "current_business",
                "current_superior_subsidy",
                "current_affiliate_remittance",
                "current_other",
            ),
        ),
        RowSum(
            "carryover_parts",
            "carryover_total",
            (
                "carryover_general_budget",
                "carryover_government_fund",
                "carryover_state_capital",
                "carryover_special_account",
                "carryover_unit_funds",
            ),
        ),
        CodeHierarchy("hierarchy"),
        GrandTotal("grand_total", TOTAL_NAME),
    )

    kind: Literal["income_by_unit"] = "income_by_unit"
