"""Projects in prose, in forms and in the project table: numbers of them, money, names, indicators, cost targets."""

from __future__ import annotations

import pytest

from schemas import AnyTable, Finding
from tests.chunks import chunk_of
from tests.tables import cell, table
from worker.readers.layout.narrative import read_narrative
from worker.reconcile import reconcile


def form(
    project: str, funds: str, level: str = "", rows: str = "", kind: str = "performance_target"
) -> AnyTable:
    """A performance form; `rows` are its indicators as 'name | level1 | target | actual'."""
    column = "amount" if kind == "performance_target" else "budget_initial"
    found = table(
        kind, column, f"[header]\n | project |\n | level |\n[fund]\n | total | {funds}", title="绩效表"
    )
    found.rows[0].put("value", cell(project))
    found.rows[1].put("value", cell(level) if level else None)
    for line in rows.strip().splitlines():
        name, level1, target, actual = (part.strip() for part in line.split("|"))
        row = type(found.rows[0])(side="indicator", name=name)
        for key, text in (("level1", level1), ("target", target), ("actual", actual)):
            row.put(key, cell(text) if text else None)
        found.rows.append(row)
    return found


def evaluation(project: str, funds: str, rows: str = "") -> AnyTable:
    return form(project, funds, rows=rows, kind="performance_self_evaluation")


def projects(rows: str) -> AnyTable:
    """A project table with 'first level | second level | total' in every row."""
    found = table("project_expenditure", "total", "", title="项目表", stage="budget")
    for line in rows.strip().splitlines():
        first, second, total = (part.strip() for part in line.split("|"))
        row = found.row_type()(name=second or first)
        for key, text in (("first_level", first), ("second_level", second), ("total", total)):
            row.put(key, cell(text) if text else None)
        found.rows.append(row)
    return found


def findings(text: str, *tables: AnyTable, title: str = "绩效管理情况") -> list[Finding]:
    prose = read_narrative(chunk_of(text, "narrative_facts", title=title, unit="万元")).table
    found = reconcile({"n": prose, **{f"t{i}": t for i, t in enumerate(tables, start=1)}})
    return [f for f in found if f.status != "skipped"]


def of_prose(text: str, *tables: AnyTable) -> list[str]:
    return [f"{f.check} {f.status}" for f in findings(text, *tables) if "n" in f.tables]


def test_money_of_projects_counted_with_it_is_that_of_their_forms() -> None:
    text = "对二级项目2个开展自评，共涉及资金{}万元。"
    forms = evaluation("会议费", "100.00"), evaluation("印刷费", "30.00")

    assert of_prose(text.format("130"), *forms) == ["narrative.projects passed", "narrative.count passed"]
    (found,) = [f for f in findings(text.format("150"), *forms) if f.status == "failed"]
    assert found.statement.startswith(
        "绩效管理情况 涉及资金 amount 150 万元 = Σ budget_initial of 2 forms 130.00;"
    )
    assert [str(ref) for ref in found.cells] == ["n!1.amount", "t1!2.budget_initial", "t2!2.budget_initial"]


def test_money_of_other_projects_than_those_printed_may_be_any() -> None:
    forms = evaluation("会议费", "100.00"), evaluation("印刷费", "30.00")
    assert of_prose("对9个二级项目开展自评，共涉及资金150万元。", *forms) == []


def test_money_of_one_project_is_that_of_its_form() -> None:
    text = "对信息化建设1个项目进行评价，涉及资金29万元。"
    forms = evaluation("信息化建设", "29.00"), evaluation("服务保障", "152.00")
    assert "narrative.projects passed" in of_prose(text, *forms)


def test_projects_announced_are_printed() -> None:
    text = "纳入绩效管理的一级项目1项，二级项目{}项。"
    printed = (
        form("政务", "5.00", "一级项目"),
        form("会议费", "2.00", "二级项目"),
        form("印刷费", "3.00", "二级项目"),
    )

    assert of_prose(text.format(2), *printed) == ["narrative.count passed", "narrative.count passed"]
    (found,) = [f for f in findings(text.format(4), *printed) if f.status == "failed"]
    assert found.statement == (
        "绩效管理情况 二级项目 amount 4 = 2 forms of 二级项目 printed; differs by 2, rounding allows 0"
    )
    assert [str(ref) for ref in found.cells] == ["n!1.amount", "t2!2.amount", "t3!2.amount"]


def test_projects_are_counted_in_the_project_table_each_name_once() -> None:
    listed = projects("政务 | |7.00\n | 会议费 | 2.00\n | 印刷费 | 3.00\n | 会议费 | 2.00")
    assert of_prose("项目支出中，一级项目1个，二级项目2个。", listed) == [
        "narrative.count passed",
        "narrative.count passed",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("机要系统维护费自评情况：全年运行良好，机要交换单位满意度达98%。", ["narrative.indicator failed"]),
        ("机要系统维护费自评情况：全年运行良好，机要交换单位满意度达90%。", ["narrative.indicator passed"]),
        ("机要系统维护费自评情况：交换了文件，单位对服务满意度达90%。", []),
        ("机要系统维护费自评情况：交换机要件的单位满意度达95%。", []),
        ("其他项目自评情况：交换单位满意度达98%。", []),
    ],
)
def test_indicators_of_a_project_are_known_by_name(text: str, expected: list[str]) -> None:
    rows = "交换单位满意度 | 满意度指标 | ≥90% | 90%"
    assert of_prose(text, evaluation("机要系统维护费", "27.00", rows)) == expected


def test_a_project_is_known_by_a_name_like_its_own() -> None:
    text = "机动专项经费自评情况：项目全年预算数为50万元。"
    one = evaluation("机动经费项目", "50.00")
    one.rows[2].put("budget_adjusted", cell("50.00"))
    assert of_prose(text, one) == ["narrative.amount passed"]


@pytest.mark.parametrize(
    ("rows", "failed"),
    [
        ("工资 | 成本指标 | =26万元 |\n办公 | 成本指标 | 47.8万元 |\n租车 | 成本指标 | =30万元 |", True),
        ("工资 | 成本指标 | =26万元 |\n办公 | 成本指标 | 37.42万元 |\n租车 | 成本指标 | =30万元 |", False),
        ("工资 | 成本指标 | ≤26万元 |\n办公 | 成本指标 | ≤47.8万元 |\n租车 | 成本指标 | ≤30万元 |", False),
        ("人均工资 | 成本指标 | =260000元 |\n办公 | 成本指标 | =93.42万元 |", False),
        ("工资 | 成本指标 | =260000元 |\n办公 | 成本指标 | =93.42万元 |", True),
        ("工资 | 产出指标 | =26万元 |\n办公 | 产出指标 | =93.42万元 |", False),
    ],
)
def test_costs_fixed_exactly_are_within_the_funds(rows: str, failed: bool) -> None:
    found = reconcile({"t": form("联络处", "93.42", rows=rows)})
    assert any(f.check == "performance.costs" and f.status == "failed" for f in found) is failed


def names(*tables: AnyTable) -> list[str]:
    found = reconcile({f"t{i}": t for i, t in enumerate(tables, start=1)})
    return [f.statement for f in found if f.check == "lexicon.project_name"]


def test_a_project_under_two_names_is_known_by_its_money() -> None:
    listed = projects("政务 | |59.33\n | 会议费 | 2.00\n | 驻长春办事处 | 57.33")
    forms = form("会议费", "2.00", "二级项目"), form("政协驻长办", "57.33", "二级项目")
    assert names(listed, *forms) == [
        "绩效表 and 项目表 name the project of 57.33 政协驻长办 and 驻长春办事处"
    ]


def test_names_are_not_compared_where_the_money_has_slid() -> None:
    listed = projects("政务 | |59.33\n | 会议费 | 57.33\n | 驻长春办事处 | 2.00")
    forms = form("会议费", "2.00", "二级项目"), form("政协驻长办", "57.33", "二级项目")
    assert names(listed, *forms) == []
