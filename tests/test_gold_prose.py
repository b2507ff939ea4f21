"""The claims of the prose in the gold: against their tables, and against one another.

Contradictions of the sources stand in lists of known failures with both figures, as in `test_gold`.
"""

from collections.abc import Iterator
from typing import NamedTuple

import pytest

from tests.gold_arithmetic import (
    CHANGCHUN,
    CITY,
    DOCUMENTS,
    ECONOMIC,
    EXPENDITURE,
    FISCAL,
    GENERAL,
    INCOME,
    OFFICE,
    PROJECTS,
    PROSE,
    SUMMARY,
    THREE,
    UNITS,
    YANBIAN,
    Failure,
    matches,
    rows,
    sums,
    value,
)


class Bound(NamedTuple):
    """The nth amount of a subject, and the cell that it speaks of."""

    subject: str
    nth: int
    path: str


def amounts(document: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for row in rows(document, PROSE):
        if "amount" in row.cells:
            found.setdefault(row.name, []).append(row.cells["amount"])
    return found


def classes(*names: str) -> list[Bound]:
    """Subjects that are rows of the general budget table, given as subject=code."""
    pairs = (name.split("=") for name in names)
    return [Bound(subject, 0, f"{GENERAL}//{code}/total") for subject, code in pairs]


BOUND: dict[str, list[Bound]] = {
    OFFICE: [
        Bound("收入总计", 0, f"{SUMMARY}/income/总计/amount"),
        Bound("支出总计", 0, f"{SUMMARY}/expenditure/总计/amount"),
        Bound("本年收入合计", 0, f"{SUMMARY}/income/本年收入合计/amount"),
        Bound("财政拨款收入", 0, f"{INCOME}//合计/fiscal_appropriation"),
        Bound("其他收入", 0, f"{INCOME}//合计/other"),
        Bound("本年支出合计", 0, f"{EXPENDITURE}//合计/total"),
        Bound("基本支出", 0, f"{EXPENDITURE}//合计/basic"),
        Bound("项目支出", 0, f"{EXPENDITURE}//合计/project"),
        Bound("财政拨款收入", 1, f"{FISCAL}/income/本年收入合计/amount"),
        Bound("支出总计", 1, f"{FISCAL}/expenditure/总计/total"),
        Bound("一般公共预算财政拨款支出", 0, f"{GENERAL}//合计/total"),
        Bound("一般公共预算财政拨款支出", 1, f"{GENERAL}//合计/total"),
        Bound("一般公共预算财政拨款支出", 2, f"{GENERAL}//合计/total"),
        *classes("一般公共服务支出=201", "社会保障和就业支出=208", "卫生健康支出=210", "住房保障支出=221"),
        *classes("行政运行=2010301", "一般行政管理事务=2010302", "行政单位离退休=2080501"),
        *classes("机关事业单位基本养老保险缴费=2080505", "死亡抚恤=2080801", "行政单位医疗=2101101"),
        *classes("住房公积金=2210201"),
        Bound("一般公共预算财政拨款基本支出", 0, f"{GENERAL}//合计/basic"),
        Bound("人员经费", 0, f"{GENERAL}//合计/personnel"),
        Bound("公用经费", 0, f"{GENERAL}//合计/public"),
        Bound("“三公”经费预算", 0, f"{THREE}//total/budget"),
        Bound("“三公”经费", 0, f"{THREE}//total/final"),
        Bound("因公出国（境）费预算", 0, f"{THREE}//overseas/budget"),
        Bound("因公出国（境）费", 0, f"{THREE}//overseas/final"),
        Bound("公务用车购置及运行费预算", 0, f"{THREE}//vehicles/budget"),
        Bound("公务用车购置及运行费", 0, f"{THREE}//vehicles/final"),
        Bound("公务用车运行维护费", 0, f"{THREE}//vehicle_operation/final"),
        Bound("公务接待费预算", 0, f"{THREE}//reception/budget"),
        Bound("公务接待费", 0, f"{THREE}//reception/final"),
        Bound("机关运行经费支出", 0, f"{GENERAL}//合计/public"),
    ],
    CHANGCHUN: [
        Bound("收、支总计", 0, f"{SUMMARY}/income/总计/amount"),
        Bound("收、支总计", 0, f"{SUMMARY}/expenditure/总计/amount"),
        Bound("本年收入合计", 0, f"{SUMMARY}/income/本年收入合计/amount"),
        Bound("财政拨款收入", 0, f"{INCOME}//合计/fiscal_appropriation"),
        Bound("上级补助收入", 0, f"{INCOME}//合计/superior_subsidy"),
        Bound("事业收入", 0, f"{INCOME}//合计/undertaking"),
        Bound("经营收入", 0, f"{INCOME}//合计/business"),
        Bound("附属单位上缴收入", 0, f"{INCOME}//合计/affiliate_remittance"),
        Bound("其他收入", 0, f"{INCOME}//合计/other"),
        Bound("本年支出合计", 0, f"{EXPENDITURE}//合计/total"),
        Bound("基本支出", 0, f"{EXPENDITURE}//合计/basic"),
        Bound("项目支出", 0, f"{EXPENDITURE}//合计/project"),
        Bound("上缴上级支出", 0, f"{EXPENDITURE}//合计/superior_remittance"),
        Bound("经营支出", 0, f"{EXPENDITURE}//合计/business"),
        Bound("对附属单位补助支出", 0, f"{EXPENDITURE}//合计/affiliate_subsidy"),
        Bound("财政拨款收、支总计", 0, f"{FISCAL}/income/总计/amount"),
        Bound("财政拨款收、支总计", 0, f"{FISCAL}/expenditure/总计/total"),
        Bound("财政拨款支出", 0, f"{GENERAL}//合计/total"),
        Bound("财政拨款支出", 1, f"{GENERAL}//合计/total"),
        Bound("财政拨款支出", 2, f"{GENERAL}//合计/total"),
        *classes("一般公共服务支出=201", "社会保障和就业支出=208", "卫生健康支出=210", "住房保障支出=221"),
        *classes("其他支出=229", "行政运行=2010301", "一般行政管理事务=2010302", "事业运行=2010350"),
        *classes("行政单位离退休=2080501", "事业单位离退休=2080502"),
        *classes("机关事业单位基本养老保险缴费支出=2080505", "行政单位医疗=2101101"),
        *classes("事业单位医疗=2101102", "公务员医疗补助=2101103", "住房公积金=2210201"),
        Bound("其他支出", 1, f"{GENERAL}//2299901/total"),
        Bound("财政拨款基本支出", 0, f"{GENERAL}//合计/basic"),
        Bound("人员经费", 0, f"{GENERAL}//合计/personnel"),
        Bound("公用经费", 0, f"{GENERAL}//合计/public"),
        Bound("“三公”经费预算", 0, f"{THREE}//total/budget"),
        Bound("“三公”经费", 0, f"{THREE}//total/final"),
        Bound("因公出国（境）费", 0, f"{THREE}//overseas/final"),
        Bound("公务用车购置及运行费", 0, f"{THREE}//vehicles/final"),
        Bound("公务用车购置及运行费", 1, f"{THREE}//vehicles/final"),
        Bound("公务用车购置及运行费预算", 0, f"{THREE}//vehicles/budget"),
        Bound("公务用车购置费", 0, f"{THREE}//vehicle_purchase/final"),
        Bound("公务用车运行费", 0, f"{THREE}//vehicle_operation/final"),
        Bound("公务接待费预算", 0, f"{THREE}//reception/budget"),
        Bound("公务接待费", 0, f"{THREE}//reception/final"),
        Bound("公务接待费", 1, f"{THREE}//reception/final"),
        # One of the two units spends it, so it is the public expense of one row.
        Bound("机关运行经费支出", 0, f"{GENERAL}//2010301/public"),
    ],
    CITY: [
        Bound("收支总预算", 0, f"{SUMMARY}/income/收入总计/amount"),
        Bound("收支总预算", 0, f"{SUMMARY}/expenditure/支出总计/amount"),
        Bound("收入预算", 0, f"{UNITS}//合计/total"),
        Bound("本年收入", 0, f"{UNITS}//合计/current_total"),
        Bound("一般公共预算拨款收入", 0, f"{UNITS}//合计/current_general_budget"),
        Bound("支出预算", 0, f"{EXPENDITURE}//合计/total"),
        Bound("基本支出", 0, f"{EXPENDITURE}//合计/basic"),
        Bound("项目支出", 0, f"{EXPENDITURE}//合计/project"),
        Bound("人员经费", 0, f"{GENERAL}//合计/personnel"),
        Bound("公用经费", 0, f"{GENERAL}//合计/public"),
        Bound("财政拨款收支总预算", 0, f"{FISCAL}/income/收入总计/amount"),
        Bound("一般公共预算拨款", 0, f"{FISCAL}/income/一般公共预算拨款/amount"),
        *classes("一般公共服务支出=201", "社会保障和就业支出=208", "卫生健康支出=210", "住房保障支出=221"),
        Bound("一般公共预算拨款", 1, f"{GENERAL}//合计/total"),
        Bound("基本支出", 1, f"{GENERAL}//合计/basic"),
        Bound("项目支出", 1, f"{GENERAL}//合计/project"),
        Bound("人员经费", 1, f"{GENERAL}//合计/personnel"),
        Bound("公用经费", 1, f"{GENERAL}//合计/public"),
        *classes("一般公共服务（类）支出=201", "社会保障和就业（类）支出=208"),
        *classes("医疗卫生与计划生育（类）支出=210", "住房保障（类）支出=221"),
        Bound("一般公共预算基本支出", 0, f"{GENERAL}//合计/basic"),
        Bound("人员经费", 2, f"{GENERAL}//合计/personnel"),
        Bound("公用经费", 2, f"{GENERAL}//合计/public"),
        Bound("纳入绩效管理的项目资金", 0, f"{PROJECTS}//合计/total"),
        Bound("机关运行经费预算", 0, f"{GENERAL}//合计/public"),
    ],
    YANBIAN: [
        Bound("收支总预算", 0, f"{SUMMARY}/income/收入总计/amount"),
        Bound("当年预算", 0, f"{SUMMARY}/income/收入总计/current_year"),
        Bound("上年结转", 0, f"{SUMMARY}/income/收入总计/carryover"),
        Bound("收入预算", 0, f"{UNITS}//合计/total"),
        Bound("本年收入", 0, f"{UNITS}//合计/current_total"),
        Bound("上年结转", 1, f"{UNITS}//合计/carryover_total"),
        Bound("一般公共预算拨款收入", 0, f"{UNITS}//合计/current_general_budget"),
        Bound("一般公共预算拨款结转", 0, f"{UNITS}//合计/carryover_general_budget"),
        Bound("支出预算", 0, f"{EXPENDITURE}//合计/total"),
        Bound("基本支出", 0, f"{EXPENDITURE}//合计/basic"),
        Bound("项目支出", 0, f"{EXPENDITURE}//合计/project"),
        Bound("财政拨款收支总预算", 0, f"{FISCAL}/income/收入总计/amount"),
        Bound("本年收入", 1, f"{FISCAL}/income/收入总计/current_year"),
        Bound("上年结转", 2, f"{FISCAL}/income/收入总计/carryover"),
        *classes("一般公共服务支出=201", "社会保障和就业支出=208", "卫生健康支出=210", "住房保障支出=221"),
        *classes("自然资源海洋气象等支出=220"),
        Bound("一般公共预算拨款", 0, f"{GENERAL}//合计/total"),
        Bound("基本支出", 1, f"{GENERAL}//合计/basic"),
        Bound("项目支出", 1, f"{GENERAL}//合计/project"),
        Bound("人员经费", 0, f"{GENERAL}//合计/personnel"),
        Bound("公用经费", 0, f"{GENERAL}//合计/public"),
        *classes("一般公共服务（类）支出=201", "社会保障和就业（类）支出=208"),
        *classes("卫生健康支出（类）支出=210", "住房保障（类）支出=221"),
        Bound("自然资源海洋气象等支出", 1, f"{GENERAL}//220/total"),
        Bound("一般公共预算基本支出", 0, f"{GENERAL}//合计/basic"),
        Bound("人员经费", 1, f"{GENERAL}//合计/personnel"),
        Bound("公用经费", 1, f"{GENERAL}//合计/public"),
        Bound("“三公”经费预算", 0, f"{THREE}//total/amount"),
        Bound("“三公”经费当年预算", 0, f"{THREE}//total/current_year"),
        Bound("公务接待费", 0, f"{THREE}//reception/amount"),
        Bound("公务接待费当年预算", 0, f"{THREE}//reception/current_year"),
        Bound("公务用车购置及运行费", 0, f"{THREE}//vehicles/amount"),
        Bound("公务用车购置及运行费当年预算", 0, f"{THREE}//vehicles/current_year"),
        Bound("公务用车运行维护费", 0, f"{THREE}//vehicle_operation/amount"),
        Bound("公务用车运行维护费当年预算", 0, f"{THREE}//vehicle_operation/current_year"),
        Bound("公务接待费", 0, f"{ECONOMIC}//30217/total"),
        Bound("机关运行经费预算", 0, f"{GENERAL}//行政/public"),
        Bound("项目支出", 2, f"{PROJECTS}//合计/total"),
        Bound("本年拨款", 0, f"{PROJECTS}//合计/general_budget"),
        Bound("财政拨款结转", 0, f"{PROJECTS}//合计/carryover_general_budget"),
        Bound("二级项目金额", 0, f"{PROJECTS}//合计/general_budget"),
    ],
}
BOUND_KNOWN = {
    # The prose calls the year's own income and expenditure the total, which the tables keep apart.
    OFFICE: [
        Failure("收入总计", "7698.92", "7867.54"),
        Failure("支出总计", "7841.66", "7867.54"),
        Failure("支出总计", "7841.66", "7852.73"),
    ],
    YANBIAN: [
        Failure("收入预算", "2030.72", "2030.75"),
        Failure("支出预算", "2030.72", "2030.75"),
        Failure("人员经费", "1080.74", "1263.21"),
        Failure("公用经费", "364.93", "182.46"),
    ],
}


@pytest.mark.parametrize("document", DOCUMENTS)
def test_amounts_stand_in_the_tables(document: str) -> None:
    said = amounts(document)

    def failures() -> Iterator[Failure]:
        for subject, nth, path in BOUND[document]:
            cell = value(document, path)
            assert cell is not None, path
            yield from sums(subject, said[subject][nth], [cell])

    matches(BOUND_KNOWN, document, failures())
