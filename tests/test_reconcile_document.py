"""Tables in, findings out: between tables, of prose, of codes, and which table a failure names."""

from __future__ import annotations

from decimal import Decimal

import pytest

from schemas import AnyTable
from schemas.lexicon import contradiction, lookup
from tests.tables import EXPENDITURE, cell, expenditure, failed, statuses, table
from worker.reconcile import Blame, reconcile

SUMMARY = """
    [income]
    | 一、财政拨款收入 | 7841.66
    | 本年收入合计 | 7841.66
    | 总计 | 7841.66
    [expenditure]
    | 一、一般公共服务支出 | 5987.96
    | 二、社会保障和就业支出 | 1853.70
    | 本年支出合计 | 7841.66
    | 总计 | 7841.66
"""


def summary(rows: str = SUMMARY, **kw: str) -> AnyTable:
    return table(
        "income_expenditure_summary", "amount", rows, stage="final", title="总表", unit=kw.get("unit", "万元")
    )


def test_tables_agree_with_one_another_item_by_item() -> None:
    found = reconcile({"t1": summary(), "t2": expenditure()})

    assert [(f.check, f.status) for f in found if f.scope == "cross_table"] == [
        ("cross.final_expenditure", "passed"),
        ("cross.final_functions", "passed"),
        ("cross.final_functions", "passed"),
    ]


def test_where_totals_agree_rows_of_one_code_must_agree() -> None:
    rows = EXPENDITURE.replace("2010301 | 行政运行        ", "2010302 | 一般行政管理事务")
    swapped = rows.replace("2010302 | 一般行政管理事务 | 1632.56", "2010301 | 行政运行         | 1632.56")
    part = table(
        "general_budget_expenditure", "total basic project", swapped, title="一般公共预算表", stage="final"
    )

    wrong = failed(expenditure(), part)

    assert [words.split(" 万元")[0] for words in wrong if words.startswith("cross.")][:2] == [
        "cross.functions: 支出决算表 2010301 行政运行 total 4355.40",
        "cross.functions: 支出决算表 2010302 一般行政管理事务 total 1632.56",
    ]


def test_units_are_converted_exactly() -> None:
    yuan = summary(
        SUMMARY.replace("7841.66", "78416600").replace("5987.96", "59879600").replace("1853.70", "18537000"),
        unit="元",
    )

    assert failed(yuan, expenditure()) == []
    cents = summary(
        SUMMARY.replace("7841.66", "78417100").replace("5987.96", "59879600").replace("1853.70", "18537500"),
        unit="元",
    )
    assert [w.split(":")[0] for w in failed(cents, expenditure())] == [
        "cross.final_expenditure",
        "cross.final_functions",
    ]


def test_names_cut_short_in_print_still_match() -> None:
    cut = summary(SUMMARY.replace("社会保障和就业支出", "社会保障和"))

    assert statuses(cut, expenditure(), check="cross.final_functions") == ["passed", "passed"]


def test_a_table_without_a_total_row_is_added_up() -> None:
    rows = EXPENDITURE.replace(EXPENDITURE.splitlines()[1] + "\n", "")

    assert statuses(summary(), expenditure(rows), check="cross.final_expenditure") == ["passed"]


def test_a_failure_between_tables_names_the_one_that_fails_by_itself() -> None:
    wrong = summary(SUMMARY.replace("5987.96", "5997.96"))
    found = reconcile({"t1": wrong, "t2": expenditure()})

    cross = [f for f in found if f.check == "cross.final_functions" and f.status == "failed"]

    assert [Blame(found).of(f) for f in cross] == [("t1",)]


def test_a_failure_between_tables_names_both_where_both_are_sound() -> None:
    smaller = (
        EXPENDITURE.replace("1632.56", "1532.56").replace("5987.96", "5887.96").replace("7841.66", "7741.66")
    )
    found = reconcile({"t1": summary(), "t2": expenditure(smaller)})

    cross = [f for f in found if f.check == "cross.final_expenditure"]

    assert [(f.status, Blame(found).of(f)) for f in cross] == [("failed", ("t1", "t2"))]


def target(project: str, funds: str) -> AnyTable:
    rows = f"[header]\n | project |\n[fund]\n | total | {funds}\n | fiscal | {funds}"
    found = table("performance_target", "amount", rows, stage="budget")
    found.rows[0].put("value", cell(project))
    return found


def test_the_table_that_disagrees_with_many_is_the_odd_one_out() -> None:
    projects = table(
        "project_expenditure",
        "total general_budget",
        " | 合计 | 6.00 | 6.00\n | 会议费 | 1.00 | 1.00\n | 印刷费 | 2.00 | 2.00\n | 接待费 | 3.00 | 3.00",
        stage="budget",
    )
    shifted = [target("会议费", "2.00"), target("印刷费", "3.00"), target("接待费", "1.00")]
    found = reconcile({"p": projects, "a": shifted[0], "b": shifted[1], "c": shifted[2]})

    cross = [f for f in found if f.status == "failed"]

    assert [(f.tables, Blame(found).of(f)) for f in cross] == [
        (("a", "p"), ("p",)),
        (("b", "p"), ("p",)),
        (("c", "p"), ("p",)),
    ]


def prose(
    rows: str, columns: str = "amount change_amount change_percent share_percent completion_percent"
) -> AnyTable:
    return table("narrative_facts", columns, rows, stage="final", title="情况说明")


def test_prose_is_held_against_the_cells_it_speaks_of() -> None:
    claims = prose("| 支出总计 | 7841.63\n | 基本支出 | 6209.1\n | 2024年行政运行 | 4355.40\n | 车辆 | 39")

    found = [f for f in reconcile({"t1": expenditure(), "n1": claims}) if f.scope == "narrative"]

    assert [(f.check, f.status, [str(c) for c in f.cells]) for f in found] == [
        ("narrative.amount", "failed", ["n1!0.amount", "t1!0.total"]),
        ("narrative.amount", "passed", ["n1!1.amount", "t1!0.basic"]),
        ("narrative.amount", "passed", ["n1!2.amount", "t1!2.total"]),
        ("narrative.unbound", "skipped", ["n1!3.amount"]),
    ]
    assert found[0].difference == Decimal("-0.03")


def test_a_function_is_found_by_its_path() -> None:
    claims = prose("| 一般公共服务(类)政府办公厅(室)及相关机构事务(款)行政运行(项) | 4355.40")
    other = prose("| 教育支出(类)政府办公厅(室)及相关机构事务(款)行政运行(项) | 4355.40")

    assert statuses(expenditure(), claims, check="narrative.amount") == ["passed"]
    assert statuses(expenditure(), other, check="narrative.amount") == []


def test_percentages_hold_within_their_own_rounding() -> None:
    good = prose("| 支出总计 | 100.00 | 10.00 | 11.11 | |\n | 公用经费 | 33.33 | | | 33.3 |")
    bad = prose("| 支出总计 | 100.00 | 10.00 | 11.21 | |")

    assert {f.check: f.status for f in reconcile({"n": good}) if f.scope == "ratio"} == {
        "narrative.growth": "passed",
        "narrative.share": "passed",
    }
    assert [f.status for f in reconcile({"n": bad}) if f.scope == "ratio"] == ["failed"]


def test_completion_is_held_against_the_budget_stated_before() -> None:
    rows = "| 行政运行年初预算 | 3937.89\n | 行政运行 | 4355.4 | | | | 110.6\n | 死亡抚恤 | 5.00 | | | | 40"

    found = [f for f in reconcile({"n": prose(rows)}) if f.check == "narrative.completion"]

    assert [f.status for f in found] == ["passed"]


def test_codes_and_names_that_contradict_are_remarked() -> None:
    slipped = table("expenditure_by_function", "total", "210 | 住房保障支出 | 1.00\n201 | 一般公共 | 2.00")
    ours = table("income_by_function", "total", "22999 | 其他支出 | 1.00\n2299999 | 其他支出 | 1.00")
    theirs = table("expenditure_by_function", "total", "22999 | 其他支出 | 1.00\n2299901 | 其他支出 | 1.00")

    assert failed(slipped) == [
        "lexicon.other_code: expenditure_by_function 210 is 卫生健康支出, printed is 住房保障支出, which is 221"
    ]
    assert [w.split(":")[0] for w in failed(ours, theirs)] == ["lexicon.code_differs"]


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("20805", "行政事业单位离退休"),
        ("30213", "维修(护)费"),
        ("2010302", "一般行政"),
        ("2019988", "无此码"),
    ],
)
def test_variants_and_names_cut_short_do_not_contradict(code: str, name: str) -> None:
    assert contradiction(code, name, "economic" if code.startswith("3") else "function") is None


def test_the_lexicon_knows_a_code_by_all_its_names() -> None:
    entry = lookup("210")

    assert entry is not None
    assert entry.names == ("卫生健康支出", "医疗卫生与计划生育支出")
