"""Tables in, findings out: what holds within one table, and what the findings say."""

from __future__ import annotations

from decimal import Decimal

import pytest

from schemas import AnyTable, CellRef
from tests.tables import EXPENDITURE, cell, expenditure, failed, statuses, table
from worker.reconcile import closure, reconcile


def test_a_table_that_closes_is_wholly_supported() -> None:
    found = closure(expenditure())

    assert (found.failed, found.skipped) == (0, 0)
    assert found.touched == found.cells == 16
    assert found.passed == 7 + 7 + 3  # rows; 201, 208 and 20808 in their columns; the total in its three


def test_a_statement_reads_with_names_and_figures() -> None:
    words = [f.statement for f in reconcile({"t1": expenditure()})]

    assert "支出决算表 2010301 行政运行: basic 4355.40 + project 0 = total 4355.40" in words
    assert "支出决算表 project: 2010302 一般行政管理事务 1632.56 = 201 一般公共服务支出 1632.56" in words


def test_a_wrong_cell_fails_its_row_and_its_column_and_is_the_first_suspect() -> None:
    wrong = expenditure(EXPENDITURE.replace("4355.40 | 4355.40 |", "4355.40 | 4365.40 |"))

    found = [f for f in reconcile({"t1": wrong}) if f.status == "failed"]

    assert [f.check for f in found] == [
        "expenditure_by_function.natures",
        "expenditure_by_function.hierarchy",
    ]
    for finding in found:
        first = finding.suspects[0]
        assert (first.cell, first.value) == (CellRef("t1", 2, "basic"), Decimal("4355.40"))
        assert first.reason.startswith("the only change of one figure that closes 2 failed identities")
    assert (found[0].left, found[0].right) == (Decimal("4355.4"), Decimal("4365.4"))
    assert (found[0].difference, found[0].tolerance) == (Decimal(-10), Decimal("0.01"))
    assert found[0].statement.endswith("; differs by -10, rounding allows 0.01")


def test_rounding_may_add_up_and_no_more() -> None:
    rows = "301 | 工资福利支出 | {}\n30101 | 基本工资 | 0.11\n30102 | 津贴补贴 | 0.11"
    total = "basic_expenditure_by_economic"

    assert failed(table(total, "amount", rows.format("0.23"))) == []  # three terms: up to 0.015
    assert failed(table(total, "amount", rows.format("0.24"))) != []


def test_blank_counts_as_nothing_but_a_printed_total_needs_parts() -> None:
    rows = "201 | 一般公共服务支出 | 5.00 | |\n202 | 外交支出 | 3.00 | 3.00 |"

    assert failed(table("expenditure_by_function", "total basic project", rows, title="支出总表")) == [
        (
            "expenditure_by_function.natures: 支出总表 201 一般公共服务支出: basic 0 + project 0 = total 5.00; "
            "differs by 5, rounding allows 0.005"
        )
    ]
    alone = table("expenditure_by_function", "total", "201 | 一般公共服务支出 | 5.00")
    assert statuses(alone, check="expenditure_by_function.natures") == []


def test_a_total_of_an_unknown_table_sums_only_the_columns_that_it_fills() -> None:
    rows = " | Paper | 10 | 45.00\n | Toner | 2 | 120.00\n | Total | | {}"

    assert statuses(table("generic", "Qty Amount", rows.format("165.00")), check="generic.row_sums") == [
        "passed"
    ]
    assert statuses(table("generic", "Qty Amount", rows.format("166.00")), check="generic.row_sums") == [
        "failed"
    ]


def test_a_column_that_the_kind_does_not_name_joins_where_it_closes_more_rows() -> None:
    rows = " | 合计 | 13649.07 | 7666.68 | 5853.96 | 128.43"
    printed = table("expenditure_by_function", "total basic project 单位预留机动经费", rows)

    found = [f for f in reconcile({"t1": printed}) if f.check.endswith("natures")]

    assert [f.status for f in found] == ["passed"]
    assert found[0].statement.endswith("(with 单位预留机动经费)")


CODELESS = """
    | 合计 | 2030.75 | 1445.67 | 1263.21 | 182.46 | 585.08
201 | 一般 | 1690.82 | 1109.49 | 927.03  | 182.46 | 581.34
    | 一般 | 1690.82 | 1109.49 | 927.03  | 182.46 | 581.34
    | 行政 | 676.25  | 676.25  | 553.45  | 122.80 |
    | 一般 | 201.05  |         |         |        | 201.05
    | 事业 | 433.24  | 433.24  | 373.58  | 59.66  |
    | 其他 | 380.29  |         |         |        | 380.29
208 | 社会 | 148.23  | 145.74  | 145.74  |        | 2.49
    | 社会 | 148.23  | 145.74  | 145.74  |        | 2.49
    | 机关 | 148.23  | 145.74  | 145.74  |        | 2.49
210 | 卫生 | 191.70  | 190.44  | 190.44  |        | 1.26
"""


def codeless(rows: str = CODELESS) -> AnyTable:
    return table("general_budget_expenditure", "total basic personnel public project", rows)


def test_rows_that_lost_their_codes_nest_by_their_sums() -> None:
    found = closure(codeless())

    assert found.failed == 0
    assert found.touched == found.cells


def test_a_wrong_cell_among_rows_without_codes_is_reported() -> None:
    wrong = failed(codeless(CODELESS.replace("59.66", "58.66")))

    assert len(wrong) == 2
    assert "public: 行政 122.80 + 事业 58.66 = 一般 182.46" in wrong[1]


def test_equal_siblings_are_not_taken_for_parent_and_child() -> None:
    rows = " | 合计 | 34.00 | 34.00\n | 一期 | 17.00 | 17.00\n | 二期 | 17.00 | 17.00"

    found = closure(table("project_expenditure", "total general_budget", rows))

    assert (found.passed, found.failed) == (5, 0)


def test_subtotals_of_a_table_without_codes_nest() -> None:
    rows = """
    | 合计 | 581.34 | 486.81 | 94.53
    | 结转 | 94.53  |        | 94.53
    | 测评 | 45.22  |        | 45.22
    | 补助 | 49.31  |        | 49.31
    | 本年 | 486.81 | 486.81 |
    | 业务 | 486.81 | 486.81 |
    | 甲   | 93.42  | 93.42  |
    | 乙   | 393.39 | 393.39 |
    """
    found = closure(table("project_expenditure", "total general_budget carryover_general_budget", rows))

    assert found.failed == 0
    assert found.touched == found.cells == 17


SIDES = {
    "subtotal and carried over": """
        [income]
        | 一、一般公共预算财政拨款收入 | 7697.03
        | 八、其他收入 | 1.89
        | 本年收入合计 | 7698.92
        | 使用非财政拨款结余（含专用结余） |
        | 年初结转和结余 | 168.62
        | 总计 | 7867.54
        [expenditure]
        | 一、一般公共服务支出 | 7841.66
        | 本年支出合计 | 7841.66
        | 结余分配 |
        | 年末结转和结余 | 25.88
        | 总计 | 7867.54
    """,
    "what is carried over has parts": """
        [income]
        | 一、一般公共预算财政拨款 | 7697.03
        | 本年收入合计 | 7697.03
        | 年初财政拨款结转和结余 | 155.70
        | 一般公共预算财政拨款 | 100.00
        | 政府性基金预算财政拨款 | 55.70
        | 总计 | 7852.73
    """,
    "headings first": """
        [income]
        | 一、本年收入 | 1932.48
        | 一般公共预算拨款 | 1932.48
        | 二、上年结转 | 98.27
        | 一般公共预算拨款 | 98.27
        | 收入总计 | 2030.75
        [expenditure]
        | 一、本年支出 | 2030.75
        | 一、一般公共服务支出 | 1690.82
        | 二、外交支出 | 339.93
        | 二、结转下年支出 |
        | 支出总计 | 2030.75
    """,
    "no subtotal": """
        [income]
        | 一、财政拨款收入 | 3715.15
        | 1. 一般公共预算资金 | 3000.00
        | 2. 政府性基金 | 715.15
        | 二、事业收入 | 10.00
        | 收入总计 | 3725.15
    """,
    "small total": """
        [income]
        | 一、财政拨款 | 13.07
        | 当年收入小计 | 13.07
        | 上年结转资金 | 1.00
        | 收入合计 | 14.07
        [expenditure_by_use]
        | 一、基本支出 | 10.07
        | 二、项目支出 | 3.00
        | 结转下年资金 | 1.00
        | 支出合计 | 14.07
    """,
    "one foot for two divisions": """
        [income]
        | 一、财政拨款 | 13.07
        | 当年收入小计 | 13.07
        | 上年结转资金 |
        | 收入合计 | 13.07
        [expenditure]
        | 一、一般公共服务支出 | 12.00
        | 二、外交支出 | 1.07
        | 当年支出小计 | 13.07
        | 结转下年资金 |
        | 支出合计 | 13.07
        [expenditure_by_use]
        | 一、基本支出 | 10.07
        | 二、项目支出 | 3.00
    """,
    "one foot for two divisions, headings first": """
        [income]
        | 一、本年收入 | 12.07
        | 二、上年结转 | 1.00
        | 收入总计 | 13.07
        [expenditure]
        | 一、本年支出 | 13.07
        | 一、一般公共服务支出 | 12.00
        | 二、外交支出 | 1.07
        | 二、结转下年支出 |
        | 支出总计 | 13.07
        [expenditure_by_use]
        | 一、基本支出 | 10.07
        | 二、项目支出 | 3.00
    """,
    "ordinals lost": """
        [income]
        | 财政拨款收入 | 5.00
        | 一般公共预算 | 3.00
        | 政府性基金 | 2.00
        | 其他收入 | 4.00
        | 收入总计 | 9.00
    """,
    "some of the parts": """
        [income]
        | 一、财政拨款收入 | 5.00
        | 其中：政府性基金 | 2.00
        | 收入总计 | 5.00
    """,
}


@pytest.mark.parametrize("rows", SIDES.values(), ids=list(SIDES))
def test_the_sides_of_a_summary_close_by_their_outline(rows: str) -> None:
    summary = table("fiscal_appropriation_summary", "amount", rows)

    assert failed(summary) == []
    found = closure(summary)
    assert found.passed
    assert found.touched == found.cells or "其中" in rows


@pytest.mark.parametrize("name", sorted(SIDES.keys() - {"some of the parts"}))
def test_a_wrong_figure_in_a_summary_is_found(name: str) -> None:
    summary = table("fiscal_appropriation_summary", "amount", SIDES[name])
    for index, row in enumerate(summary.rows):
        if (printed := row.figure("amount")) is not None:
            wrong = summary.model_copy(deep=True)
            wrong.rows[index].put("amount", cell(f"{printed.value + 1}"))
            assert closure(wrong).failed, f"{row.name} in {name}"


def test_two_sides_must_balance() -> None:
    rows = "[income]\n | 一、甲 | 5.00\n | 总计 | 5.00\n[expenditure]\n | 一、乙 | 6.00\n | 总计 | 6.00"

    assert [w.split(":")[0] for w in failed(table("income_expenditure_summary", "amount", rows))] == [
        "income_expenditure_summary.sides_balance"
    ]


def test_named_sums_go_by_code_and_by_name() -> None:
    rows = """
    301 | 工资福利支出 | 10.00
    303 | 对个人和家庭的补助 | 2.00
    302 | 商品和服务支出 | 3.00
        | 人员经费合计 | 12.00
        | 公用经费合计 | 4.00
    """
    assert [w.split(":")[0] for w in failed(table("basic_expenditure_by_economic", "amount", rows))] == [
        "basic_expenditure_by_economic.public_total"
    ]


def test_funds_rates_weights_and_scores_of_a_project() -> None:
    rows = """
        [fund]
        | total    | 30 | 20.33 | 67.77% | 5 | |
        | fiscal   | 30 | 20.33 | 67.78% |   | |
        | other    | 0  | 0     | 0%     |   | |
        [indicator]
        | 次数 | | | | 40 | 40 |
        | 人数 | | | | 50 | 50 |
        [total]
        | total_score | | | | | | 95.00
    """
    found = table(
        "performance_self_evaluation", "budget_adjusted executed rate_percent score weight value", rows
    )

    assert failed(found) == [
        (
            "performance_self_evaluation.execution_rate: performance_self_evaluation rate_percent: "
            "fiscal 67.78 = total 67.77; differs by -0.01, rounding allows 0"
        )
    ]
    checked = closure(found)
    assert checked.touched == checked.cells == 15
    found.rows[3].put("weight", cell("45"))
    assert [w.split(":")[0] for w in failed(found)][-1] == "performance_self_evaluation.weights"


def test_a_rate_of_nothing_is_not_checked() -> None:
    rows = "[fund]\n | total | 0 | 0 | 100%"
    found = table("performance_self_evaluation", "budget_adjusted executed rate_percent", rows)

    assert statuses(found, check="performance_self_evaluation.execution_rate") == ["skipped"]
