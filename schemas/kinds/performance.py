"""Performance tables: self-evaluation (项目支出绩效自评表) and targets (绩效目标申报表).

Rows are told apart by `side`: `header` facts (`name` = key, column `value`), `fund` rows (`name` = total,
fiscal, carryover, other), `indicator` rows (`name` = level-3 text) and the `total` row (`name` = total_score).
"""

from __future__ import annotations

from typing import ClassVar, Literal

from schemas.registry import kind
from schemas.rules import NamedSum, PointSum, RowRatio, Spot
from schemas.tables import Money, Row, Table, column

HEADER_FACTS: dict[str, str] = {
    "project": r"(政策\(项目\)|项目)名称",
    "supervisor": r"主管(部门|单位)(及编码|及代码|名称)?",
    "unit_name": r"(项目)?实施单位|部门名称(及编码)?|项目单位|单位名称|部门\(单位\)名称",
    "level": r"项目(级次|级别|属性)",
}
"""Header fact key → pattern of its printed label."""

FUND_ROWS: dict[str, str] = {
    "total": r"(年度|项目|计划实施期)?(年度)?资金(总额|总和|合计):?|年度(资金|预算)(总额|合计):?|合计",
    "fiscal": r"(其中:?)?(当年|本年)?财政(拨款|资金):?|一般公共预算(拨款)?:?",
    "carryover": r"(其中:?)?上年结转(资金)?:?",
    "other": r"其他(资金)?:?",
}
"""Fund row key → pattern of its printed label."""


class PerformanceRow(Row):
    """A header fact, a fund row, an indicator or the total score."""

    value: Money = column(r"", text=True)
    amount: Money = column(r"金额")
    budget_initial: Money = column(r"年初预算数?")
    budget_adjusted: Money = column(r"(全年|调整后?)预算数?")
    executed: Money = column(r"(全年)?(执行|支出)数?")
    rate_percent: Money = column(r"(预算)?执行率(\(%\))?")
    level1: Money = column(r"一级指标", text=True)
    level2: Money = column(r"二级指标", text=True)
    level3: Money = column(r"三级指标(名称)?", text=True)
    target: Money = column(r"(年度)?指标值|(年度)?目标值", text=True)
    actual: Money = column(r"(全年)?实际(完成|完成情况)值?", text=True)
    weight: Money = column(r"权重|分值|指标分值.*")
    score: Money = column(r"(自评)?得分")
    reason: Money = column(r"偏差原因.*|未完成原因.*", text=True)


_KEYS = {
    "header": HEADER_FACTS,
    "fund": FUND_ROWS,
    "total": {"total_score": r"(自评)?(总分|总得分|得分合计)"},
}

_FUNDS = NamedSum(
    "fund_total",
    target=r"total",
    parts=(r"fiscal", r"carryover", r"other"),
    side="fund",
    columns=("amount", "budget_initial", "budget_adjusted", "executed"),
)

# 10 of the 100 points belong to the execution rate in many forms: the score of the funds, given with the evaluation.
_WEIGHTED = (Spot("indicator", r".*", "weight"), Spot("fund", r"total", "weight"))
_WEIGHTS = PointSum("weights", _WEIGHTED, constant=100, rest=90, besides=Spot("fund", r"total", "score"))
_PLANNED_WEIGHTS = PointSum("weights", _WEIGHTED, constant=100, rest=90)
_SCORES = PointSum(
    "total_score",
    parts=(Spot("indicator", r".*", "score"), Spot("fund", r"total", "score")),
    total=Spot("total", r"total_score", "value"),
)


@kind
class PerformanceSelfEvaluation(Table[PerformanceRow]):
    """项目支出绩效自评表."""

    titles: ClassVar = (
        r"(项目支出|部门预算项目支出|项目)?绩效自评表",
        r"(部门)?整体支出绩效自评表",
    )
    sides: ClassVar = ("header", "fund", "indicator", "total")
    keys: ClassVar = _KEYS
    named_by: ClassVar = ("level3",)
    rules: ClassVar = (
        _FUNDS,
        RowRatio("execution_rate", "rate_percent", "executed", "budget_adjusted"),
        _WEIGHTS,
        _SCORES,
    )

    kind: Literal["performance_self_evaluation"] = "performance_self_evaluation"


@kind
class PerformanceTarget(Table[PerformanceRow]):
    """项目支出绩效目标申报表 and 部门整体支出绩效目标申报表."""

    titles: ClassVar = (r"(项目支出|部门整体支出|整体支出|项目)?绩效目标(申报)?表",)
    sides: ClassVar = ("header", "fund", "indicator", "total")
    keys: ClassVar = _KEYS
    named_by: ClassVar = ("level3",)
    rules: ClassVar = (_FUNDS, _PLANNED_WEIGHTS)

    kind: Literal["performance_target"] = "performance_target"
