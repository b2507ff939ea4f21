"""The claims of the prose in the gold against one another: growth, completion, shares, sums, evaluations."""

from collections.abc import Iterator
from fractions import Fraction

import pytest

from tests.gold_arithmetic import (
    CHANGCHUN,
    CITY,
    DOCUMENTS,
    EVALUATION,
    OFFICE,
    PROSE,
    TARGET,
    YANBIAN,
    Failure,
    half,
    interval,
    matches,
    ordinals,
    quotient,
    rows,
    sums,
)
from tests.test_gold_prose import amounts

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
