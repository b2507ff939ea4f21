"""The claims of the prose in the gold: against their tables, and against one another.

Contradictions of the sources stand in lists of known failures with both figures, as in `test_gold`.
"""

from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

import pytest

from tests.gold_arithmetic import (
    CHANGCHUN,
    CITY,
    DOCUMENTS,
    ECONOMIC,
    EVALUATION,
    EXPENDITURE,
    FISCAL,
    GENERAL,
    INCOME,
    OFFICE,
    PROJECTS,
    PROSE,
    SUMMARY,
    TARGET,
    THREE,
    UNITS,
    YANBIAN,
    Failure,
    half,
    interval,
    matches,
    ordinals,
    quotient,
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


# --- ratios -------------------------------------------------------------------------------------------------

ALIASES = {"财政拨款收入总计": "财政拨款收入"}


@pytest.mark.parametrize("document", [OFFICE, CHANGCHUN, CITY])
def test_growth_rates(document: str) -> None:
    """Rate = change / (amount - change), the amount being the subject's latest."""
    latest: dict[str, str] = {}
    checked = 0
    for row in rows(document, PROSE):
        if "amount" in row.cells:
            latest[row.name] = row.cells["amount"]
        if {"change_amount", "change_percent"} <= row.cells.keys():
            amount = interval(latest[ALIASES.get(row.name, row.name)])
            change = interval(row.cells["change_amount"])
            before = (amount[0] - change[0], amount[1] + change[1])
            assert not list(quotient(row.name, row.cells["change_percent"], change, before))
            checked += 1
    assert checked == {OFFICE: 14, CHANGCHUN: 10, CITY: 1}[document]


@pytest.mark.parametrize("document", [OFFICE, CHANGCHUN])
def test_completion_rates(document: str) -> None:
    """Rate = amount / budget, the budget being the claim before."""
    previous = ""
    checked = 0
    for row in rows(document, PROSE):
        if "completion_percent" in row.cells:
            part, whole = interval(row.cells["amount"]), interval(previous)
            assert not list(quotient(row.name, row.cells["completion_percent"], part, whole))
            checked += 1
        previous = row.cells.get("amount", previous)
    assert checked == {OFFICE: 27, CHANGCHUN: 15}[document]


# What each share is a share of; shares of nothing, and those without an amount, are left out.
SHARES: dict[str, list[tuple[str, list[str]]]] = {
    OFFICE: [
        ("7841.66", ["一般公共预算财政拨款支出", "一般公共服务支出", "社会保障和就业支出", "卫生健康支出",
                     "住房保障支出"]),
        ("458.83", ["中小企业合同金额"]),
        ("83", ["小微企业合同金额"]),
    ],
    CHANGCHUN: [
        ("6901.84", ["财政拨款支出", "一般公共服务支出", "社会保障和就业支出", "卫生健康支出", "住房保障支出",
                     "其他支出"]),
        ("3.66", ["因公出国（境）费", "公务用车购置及运行费", "公务接待费"]),
        ("1601.02", ["中小企业合同金额"]),
        ("1368.17", ["小微企业合同金额"]),
        ("255.02", ["中小企业货物合同金额"]),
        ("1346.00", ["中小企业服务合同金额"]),
    ],
    CITY: [
        ("6677.45", ["本年收入", "基本支出", "项目支出", "一般公共服务（类）支出", "社会保障和就业（类）支出",
                     "医疗卫生与计划生育（类）支出", "住房保障（类）支出"]),
        ("943.25", ["人员经费", "公用经费"]),
    ],
    YANBIAN: [
        ("2030.75", ["本年收入", "上年结转", "基本支出", "项目支出", "一般公共服务（类）支出",
                     "社会保障和就业（类）支出", "卫生健康支出（类）支出", "住房保障（类）支出",
                     "自然资源海洋气象等支出", "事业单位经营支出", "其他支出"]),
        ("1932.48", ["一般公共预算拨款收入", "其他收入"]),
        ("98.27", ["一般公共预算拨款结转", "其他结转"]),
        ("1445.67", ["人员经费", "公用经费"]),
    ],
}  # fmt: skip


SHARES_KNOWN = {
    # Rounded down so that the four shares make a hundred.
    OFFICE: [Failure("住房保障支出", "5.2", "5.32")],
}


@pytest.mark.parametrize("document", DOCUMENTS)
def test_shares(document: str) -> None:
    base = {subject: whole for whole, subjects in SHARES[document] for subject in subjects}
    claims = [row for row in rows(document, PROSE) if {"amount", "share_percent"} <= row.cells.keys()]
    assert set(base) <= {row.name for row in claims}

    def failures() -> Iterator[Failure]:
        for row in claims:
            # Four sections of one document repeat their subjects, and the last of them shares out nothing.
            if row.name in base and Fraction(row.cells["amount"]) != 0:
                part, whole = interval(row.cells["amount"]), interval(base[row.name])
                yield from quotient(row.name, row.cells["share_percent"], part, whole)
            elif row.name in base:
                assert Fraction(row.cells["share_percent"]) == 0

    matches(SHARES_KNOWN, document, failures())


# --- sums ---------------------------------------------------------------------------------------------------

PURCHASES = ["货物采购", "工程采购", "服务采购"]
SUMS: dict[str, list[tuple[str, list[str]]]] = {
    OFFICE: [
        ("本年收入合计", ["财政拨款收入", "其他收入"]),
        ("本年支出合计", ["基本支出", "项目支出"]),
        ("一般公共预算财政拨款支出", [
            "一般公共服务支出", "社会保障和就业支出", "卫生健康支出", "住房保障支出"]),
        ("一般公共预算财政拨款支出年初预算", [
            f"{item}年初预算" for item in (
                "行政运行", "一般行政管理事务", "行政单位离退休", "机关事业单位基本养老保险缴费", "死亡抚恤",
                "行政单位医疗", "住房公积金")]),
        ("因公出国（境）费", ["赴符拉迪沃斯托克支出", "赴俄罗斯支出", "赴越南、马来西亚支出"]),
        ("“三公”经费预算", ["因公出国（境）费预算", "公务用车购置及运行费预算", "公务接待费预算"]),
        ("政府采购支出总额", PURCHASES),
        ("车辆", ["副部（省）级及以上领导用车", "主要负责人用车", "其他用车"]),
    ],
    CHANGCHUN: [
        ("本年支出合计", ["基本支出", "项目支出"]),
        ("财政拨款支出年初预算", [
            f"{item}年初预算" for item in (
                "行政运行", "一般行政管理事务", "事业运行", "行政单位离退休", "事业单位离退休",
                "机关事业单位基本养老保险缴费支出", "行政单位医疗", "事业单位医疗", "公务员医疗补助",
                "住房公积金", "其他支出")]),
        ("财政拨款基本支出", ["人员经费", "公用经费"]),
        ("“三公”经费", ["因公出国（境）费", "公务用车购置及运行费", "公务接待费"]),
        ("“三公”经费预算", ["因公出国（境）费预算", "公务用车购置及运行费预算", "公务接待费预算"]),
        ("政府采购支出总额", PURCHASES),
        ("中小企业合同金额", ["中小企业货物合同金额", "中小企业服务合同金额"]),
    ],
    CITY: [
        ("支出预算", ["基本支出", "项目支出"]),
        ("基本支出", ["人员经费", "公用经费"]),
        ("“三公”经费预算", ["因公出国（境）费", "公务接待费", "公务用车购置及运行费"]),
        ("政府采购预算总额", ["货物采购", "工程采购", "服务采购"]),
    ],
    YANBIAN: [
        ("收支总预算", ["当年预算", "上年结转"]),
        ("收入预算", ["本年收入", "上年结转"]),
        ("支出预算", ["基本支出", "项目支出"]),
        ("基本支出", ["人员经费", "公用经费"]),
        ("“三公”经费预算", ["因公出国（境）费", "公务接待费", "公务用车购置及运行费"]),
        ("项目支出", ["本年拨款", "财政拨款结转"]),
    ],
}  # fmt: skip
SUMS_KNOWN = {
    YANBIAN: [
        Failure("收入预算", "2030.72", "2030.75"),
        Failure("支出预算", "2030.72", "2030.75"),
        # The last of three 项目支出 is the sum of the project table; this is the first.
        Failure("项目支出", "585.08", "581.34"),
    ],
}


@pytest.mark.parametrize("document", DOCUMENTS)
def test_sums_in_the_prose(document: str) -> None:
    said = amounts(document)

    def failures() -> Iterator[Failure]:
        for total, parts in SUMS[document]:
            yield from sums(total, said[total][0], [said[part][0] for part in parts])

    matches(SUMS_KNOWN, document, failures())


# --- evaluations --------------------------------------------------------------------------------------------

PROJECT_NAMES = {"机动专项经费": "机动经费项目", "印刷费": "省政府印刷费"}


def evaluations(document: str) -> dict[str, dict[str, str]]:
    """Project → the total row of its evaluation table, and the total score where one is printed."""
    found = {}
    for number in ordinals(document, EVALUATION):
        header = {row.name: row.cells["value"] for row in rows(document, EVALUATION, "header", number)}
        scores = {row.name: row.cells["value"] for row in rows(document, EVALUATION, "total", number)}
        found[header["project"]] = rows(document, EVALUATION, "fund", number)[0].cells | scores
    return found


def test_evaluations_are_told_as_the_tables_have_them() -> None:
    tables = evaluations(OFFICE)
    said = amounts(OFFICE)
    projects = [subject.removesuffix("自评得分") for subject in said if subject.endswith("自评得分")]
    assert len(projects) == len(tables) == int(said["二级项目"][0]) == 16
    rates = {row.name: row.cells.get("completion_percent", "") for row in rows(OFFICE, PROSE)}
    columns = {"自评得分": "total_score", "全年预算": "budget_adjusted", "执行数": "executed"}
    for project in projects:
        table = tables[PROJECT_NAMES.get(project, project)]
        for subject, column in columns.items():
            assert Fraction(said[project + subject][0]) == Fraction(table[column]), project
        rate, printed = rates[project + "执行数"], table["rate_percent"]
        assert abs(Fraction(rate) - Fraction(printed)) <= half(rate) + half(printed), project


def test_money_under_evaluation() -> None:
    def initial(document: str) -> Fraction:
        return sum((Fraction(each["budget_initial"]) for each in evaluations(document).values()), Fraction(0))

    # The source says 2039.6 for sixteen projects, which is the opening budget of one function row.
    said = amounts(OFFICE)
    assert (said["一般公共预算项目资金"], initial(OFFICE)) == (["2039.6"], Fraction("1856.92"))
    assert said["一般行政管理事务年初预算"] == ["2039.6"]

    said = amounts(CHANGCHUN)
    assert said["一级项目资金"] == said["二级项目资金"] == ["2081.80"]
    assert initial(CHANGCHUN) == Fraction("2081.80")
    assert int(said["一级项目"][0]) == len(evaluations(CHANGCHUN))
    (assessed,) = said["部门评价项目资金"]
    assert Fraction(assessed) == Fraction(evaluations(CHANGCHUN)["信息化建设与运维"]["budget_initial"])


def test_counts_of_target_tables() -> None:
    def levels(document: str) -> list[str]:
        headers = [rows(document, TARGET, "header", number) for number in ordinals(document, TARGET)]
        return [row.cells["value"] for header in headers for row in header if row.name == "level"]

    assert levels(YANBIAN) == ["二级项目"] * 6
    assert amounts(YANBIAN)["二级项目"] == ["6", "6"]
    # The source announces 3 and 17, and prints 2 and 12.
    assert [levels(CITY).count(level) for level in ("一级项目", "二级项目")] == [2, 12]
    assert [amounts(CITY)[level][0] for level in ("一级项目", "二级项目")] == ["3", "17"]
