"""项目支出表: expenditure by project."""

from __future__ import annotations

from typing import ClassVar, Literal

from schemas.kinds.functions import TOTAL_NAME
from schemas.registry import kind
from schemas.rules import GrandTotal, RowSum
from schemas.tables import Money, Row, Table, column

_NOW = (r"(本年|当年)?财政拨款.*", r"本年.*")
_CARRIED = (r".*结转.*",)


class ProjectRow(Row):
    """One project, or the sub-total of a first-level project; `name` is the most specific name printed."""

    first_level: Money = column(r"一级项目(名称)?", text=True)
    second_level: Money = column(r"二级项目(名称)?", text=True)
    unit_name: Money = column(r"(项目|实施|预算|承担)?单位(名称)?", text=True)
    total: Money = column(r"合计", r"总计", r"金额")
    general_budget: Money = column(r"一般公共预算.*", group=_NOW)
    government_fund: Money = column(r"政府性基金.*", group=_NOW)
    state_capital: Money = column(r"国有资本经营.*", group=_NOW)
    carryover_general_budget: Money = column(r"一般公共预算.*", group=_CARRIED)
    carryover_government_fund: Money = column(r"政府性基金.*", group=_CARRIED)
    carryover_state_capital: Money = column(r"国有资本经营.*", group=_CARRIED)
    special_account: Money = column(r"财政专户.*")
    unit_funds: Money = column(r"单位资金.*")


@kind
class ProjectExpenditure(Table[ProjectRow]):
    """项目支出表."""

    titles: ClassVar = (r"项目支出(预算|决算)?(明细)?表",)
    named_by: ClassVar = ("second_level", "first_level")
    rules: ClassVar = (
        RowSum(
            "sources",
            "total",
            (
                "general_budget",
                "government_fund",
                "state_capital",
                "carryover_general_budget",
                "carryover_government_fund",
                "carryover_state_capital",
                "special_account",
                "unit_funds",
            ),
        ),
        GrandTotal("grand_total", TOTAL_NAME),
    )

    kind: Literal["project_expenditure"] = "project_expenditure"
