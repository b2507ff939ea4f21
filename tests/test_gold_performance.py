"""The performance tables of the gold: funds, execution rates, weights, scores, and the projects they tell of.

Contradictions of the sources stand in lists of known failures with both figures, as in `test_gold`.
"""

import re
from collections.abc import Iterator
from fractions import Fraction

import pytest

from tests.gold_arithmetic import (
    BUDGET,
    CITY,
    DOCUMENTS,
    EVALUATION,
    FINAL,
    OFFICE,
    PROJECTS,
    TARGET,
    YANBIAN,
    Failure,
    decimal,
    half,
    interval,
    matches,
    ordinals,
    quotient,
    rows,
    sums,
    value,
)

FUND_ROWS = ("fiscal", "carryover", "other")


def project(document: str, kind: str, number: int) -> str:
    header = {row.name: row.cells["value"] for row in rows(document, kind, "header", number)}
    return header.get("project", "")


def funds(document: str, number: int) -> dict[str, dict[str, str]]:
    kind = EVALUATION if document in FINAL else TARGET
    return {row.name: row.cells for row in rows(document, kind, "fund", number)}


@pytest.mark.parametrize("document", DOCUMENTS)
def test_funds_add_up(document: str) -> None:
    for number in ordinals(document, EVALUATION if document in FINAL else TARGET):
        table = funds(document, number)
        for column, total in table.get("total", {}).items():
            if column not in ("rate_percent", "score"):
                parts = [table[name].get(column) for name in FUND_ROWS if name in table]
                assert not list(sums(f"funds {number}: {column}", total, parts))


@pytest.mark.parametrize("document", FINAL)
def test_execution_rates(document: str) -> None:
    for number in ordinals(document, EVALUATION):
        for name, cells in funds(document, number).items():
            executed, adjusted = interval(cells["executed"]), interval(cells["budget_adjusted"])
            assert not list(quotient(f"{number} {name}", cells["rate_percent"], executed, adjusted))
            if Fraction(cells["budget_adjusted"]) == 0:
                assert Fraction(cells["rate_percent"]) == 0


RATE_KNOWN = {
    OFFICE: [Failure("离退休老干部活动经费", "67.77", "67.78"), Failure("保密检查工作经费", "99.44", "99.45")]
}


@pytest.mark.parametrize("document", FINAL)
def test_equal_funds_print_equal_rates(document: str) -> None:
    def failures() -> Iterator[Failure]:
        for number in ordinals(document, EVALUATION):
            table = funds(document, number)
            total, fiscal = table["total"], table["fiscal"]
            assert total["executed"] == fiscal["executed"]
            left, right = total["rate_percent"], fiscal["rate_percent"]
            if half(left) == half(right) and left != right:
                yield Failure(project(document, EVALUATION, number), left, right)
            assert not list(sums("rate", left, [right]))

    matches(RATE_KNOWN, document, failures())


def test_scores_and_weights() -> None:
    for number in ordinals(OFFICE, EVALUATION):
        indicators = [row.cells for row in rows(OFFICE, EVALUATION, "indicator", number)]
        assert sum(int(cells["weight"]) for cells in indicators) == 90
        assert all(int(cells["score"]) <= int(cells["weight"]) for cells in indicators)
        scores = [cells["score"] for cells in indicators] + [funds(OFFICE, number)["total"]["score"]]
        (total,) = rows(OFFICE, EVALUATION, "total", number)
        assert sum(map(Fraction, scores)) == Fraction(total.cells["value"])


def test_weights_of_targets() -> None:
    """Ninety points for indicators. In three tables the print pushed weights off the edge of the page."""
    weights = {
        number: sum(int(row.cells.get("weight", "0")) for row in rows(YANBIAN, TARGET, "indicator", number))
        for number in ordinals(YANBIAN, TARGET)
    }
    assert weights == {1: 70, 2: 90, 3: 80, 4: 80, 5: 90, 6: 90}


COST_KNOWN = {YANBIAN: [Failure("延边州政府驻北京联络处业务及工作经费", "93.42", "103.8")]}


def test_cost_targets_add_up_to_the_funds() -> None:
    def failures() -> Iterator[Failure]:
        for number in ordinals(YANBIAN, TARGET):
            targets = [
                re.sub("[=≈万元]", "", row.cells["target"])
                for row in rows(YANBIAN, TARGET, "indicator", number)
                if row.cells.get("level1") == "成本指标"
            ]
            if all(re.fullmatch(r"[\d.]+", target) for target in targets):
                # Targets are set figures, exact as they stand.
                total, cost = (
                    funds(YANBIAN, number)["total"]["amount"],
                    sum(map(Fraction, targets), Fraction(0)),
                )
                if Fraction(total) != cost:
                    yield Failure(project(YANBIAN, TARGET, number), total, decimal(cost))

    matches(COST_KNOWN, YANBIAN, failures())


def amounts_by_project(document: str) -> dict[str, str]:
    """The funds of each target table; one table is of a whole department and names no project."""
    return {
        name: funds(document, number)["total"]["amount"]
        for number in ordinals(document, TARGET)
        if (name := project(document, TARGET, number))
    }


SHIFTED = {
    # The amounts of this project table stand beside the wrong names; the target tables show the right ones.
    CITY: [
        Failure("市委无线网络覆盖建设", "4450.00", "116.30"),
        Failure("电子政务内网视频会议系统", "162.00", "691.80"),
        Failure("政务处理", "691.80", "46.80"),
        Failure("市委专题会议费", "46.80", "10.00"),
        Failure("文档工作经费", "10.00", "7.00"),
        Failure("服务保障", "7.00", "142.20"),
        Failure("办公耗材经费", "142.20", "30.20"),
        Failure("调研考察经费", "50.00", "20.00"),
        Failure("资料印刷费", "20.00", "42.00"),
    ],
}


@pytest.mark.parametrize("document", BUDGET)
def test_project_table_against_the_targets(document: str) -> None:
    targets = amounts_by_project(document)

    def failures() -> Iterator[Failure]:
        for row in rows(document, PROJECTS):
            if row.name in targets and "carryover_general_budget" not in row.cells:
                yield from sums(row.name, row.cells["total"], [targets[row.name]])

    matches(SHIFTED, document, failures())


def test_projects_of_the_second_level_add_up_to_the_first() -> None:
    city = amounts_by_project(CITY)
    support = ("市委专项接待费", "办公耗材经费", "调研考察经费", "资料印刷费")
    affairs = ("市委专题会议费", "政务服务经费", "文档工作经费", "处置突发事件经费", "网督工作经费")
    assert not list(sums("服务保障", city["服务保障"], [city[name] for name in support]))
    assert not list(sums("政务处理", city["政务处理"], [city[name] for name in affairs]))
    total = value(YANBIAN, f"{PROJECTS}//合计/general_budget")
    assert not list(sums("yanbian", total, list(amounts_by_project(YANBIAN).values())))
