"""“三公”经费: expenses for travel abroad, official vehicles and receptions."""

from __future__ import annotations

from typing import ClassVar, Literal

from schemas.registry import kind
from schemas.rules import NamedSum
from schemas.tables import Money, Row, Table, column

ITEMS: dict[str, str] = {
    "vehicle_purchase": r"公务用车购置费?|购置费|公务用车购置支出",
    "vehicle_operation": r"(公务用车)?运行(维护)?费?|公务用车运行(维护)?(费|支出)?",
    "vehicles": r"公务用车(购置(及|和)(运行|运行维护))?费?|公务用车购置(及|和)运行(维护)?费?(小计)?|小计",
    "overseas": r"因公出国\(?境?\)?(费用?|经费)?",
    "reception": r"公务接待费?",
    "operating": r"机关运行(经费|费)(预算数?|支出)?",
    "meeting": r"会议费",
    "training": r"培训费",
    "total": r"[“\"]?三公[”\"]?经费(合计|小计)?|合计|总计|小计",
}
"""Item key → pattern of its printed name, the most specific first.

A form that adds meetings and training to the three prints a total of all under 合计 and that of the three beside it.
"""


class ThreePublicRow(Row):
    """One item; `name` is its key in `ITEMS`."""

    budget: Money = column(r"(全年|调整)?预算数")
    final: Money = column(r"决算数")
    amount: Money = column(r"(\d{4}年)?预算数?", r"金额", r"合计")
    current_year: Money = column(r"(当年|本年)预算数?")
    carryover: Money = column(r"上年结转(结余)?")


@kind
class ThreePublic(Table[ThreePublicRow]):
    """财政拨款“三公”经费支出决算表: in a final account one wide row, in a budget a row an item."""

    titles: ClassVar = (
        r"(财政拨款|一般公共预算)?[“\"‘']?三公[”\"’']?经费.{0,20}表",
        r"机关运行经费.{0,10}表",
    )
    keys: ClassVar = {"": ITEMS}
    # That of the official form 公开09表, and that of older forms; both also with the running of the office behind.
    orders: ClassVar = (
        ("total", "overseas", "vehicles", "vehicle_purchase", "vehicle_operation", "reception"),
        ("total", "overseas", "reception", "vehicles", "vehicle_purchase", "vehicle_operation"),
        ("total", "overseas", "vehicles", "vehicle_purchase", "vehicle_operation", "reception", "operating"),
        ("total", "overseas", "reception", "vehicles", "vehicle_purchase", "vehicle_operation", "operating"),
    )
    rules: ClassVar = (
        NamedSum(
            "three_total",
            target=r"total",
            parts=(r"overseas", r"vehicles", r"reception"),
        ),
        NamedSum("all_total", target=r"合计", parts=(r"total", r"meeting", r"training")),
        NamedSum(
            "vehicle_total",
            target=r"vehicles",
            parts=(r"vehicle_purchase", r"vehicle_operation"),
        ),
    )

    kind: Literal["three_public"] = "three_public"
