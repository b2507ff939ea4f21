"""Basic expenditure by economic classification (部门预算支出经济分类): codes of 3 and 5 digits (类, 款)."""

from __future__ import annotations

from typing import ClassVar, Literal

from schemas.kinds.functions import TOTAL_NAME
from schemas.registry import kind
from schemas.rules import CodeHierarchy, GrandTotal, NamedSum, RowSum
from schemas.tables import Money, Row, Table, column

PERSONNEL_CODES = (r"code:301", r"code:303")
PUBLIC_CODES = (
    r"code:302",
    r"code:307",
    r"code:309",
    r"code:310",
    r"code:311",
    r"code:312",
    r"code:313",
    r"code:399",
)


class EconomicRow(Row):
    """Expenditure of one economic class."""

    amount: Money = column(r"(决算|预算)数?", r"金额")
    total: Money = column(r"合计", r"小计", r"总计")
    personnel: Money = column(r"人员(经费|支出)?")
    public: Money = column(r"(日常)?公用(经费|支出)?")


@kind
class BasicExpenditureByEconomic(Table[EconomicRow]):
    """一般公共预算财政拨款基本支出决算(明细)表, often printed three entries abreast."""

    titles: ClassVar = (
        r"(一般公共预算)?(财政拨款)?基本支出(决算|预算)?(明细)?表",
        r"一般公共预算(财政拨款)?基本支出.*(经济分类).*表",
        r"基本支出(部门预算)?经济分类(预算|决算)?表",
    )
    classification: ClassVar = "economic"
    rules: ClassVar = (
        RowSum("parts", "total", ("personnel", "public")),
        CodeHierarchy("hierarchy"),
        GrandTotal("grand_total", TOTAL_NAME),
        NamedSum("personnel_total", target=r"人员经费(合计)?", parts=PERSONNEL_CODES),
        NamedSum("public_total", target=r"公用经费(合计)?", parts=PUBLIC_CODES),
    )

    kind: Literal["basic_expenditure_by_economic"] = "basic_expenditure_by_economic"
