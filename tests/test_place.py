"""Figures under the wrong column: mended where one way only closes the table, left alone otherwise."""

from __future__ import annotations

from schemas import Reading
from tests.tables import table
from worker.reconcile import closure, repaired
from worker.reconcile.place import Move, repair_places

SLIPPED = """
        | 合计             | 6677.45 | 943.25 | 5734.20
201     | 一般公共服务支出 | 6475.69 | 741.49 | 5734.20
2013101 | 行政运行         | 741.49  | 741.49 |
2013102 | 一般行政管理事务 | 5734.20 |        | 5734.20
208     | 社会保障和就业   | 90.42   | 90.42  |
210     | 卫生健康支出     | 43.52   |        | 43.52
21011   | 行政事业单位医疗 | 43.52   |        | 43.52
221     | 住房保障支出     | 67.82   |        | 67.82
"""


def expenditure(rows: str) -> Reading:
    found = table("expenditure_by_function", "total basic project", rows, title="支出总表")
    return Reading(chunk="t03", reader="layout", table=found)


def test_the_only_assignment_that_closes_is_made_and_told() -> None:
    reading = expenditure(SLIPPED)
    sibling = table(
        "general_budget_expenditure", "total basic", "210 | 卫生健康支出 | 43.52 | 43.52", title="五"
    )

    mended = repaired({"t03": reading, "t05": reading.model_copy(update={"table": sibling})})["t03"]

    assert [str(mended.table.rows[i].figure("basic").value) for i in (5, 6, 7)] == ["43.52", "43.52", "67.82"]
    assert [mended.table.rows[i].project for i in (5, 6, 7)] == [None, None, None]
    assert closure(mended.table).failed == 0
    assert mended.notes[0] == (
        "moved 43.52 of 210 卫生健康支出 from project to basic: "
        "the only assignment of columns with which all sums of the table hold; 五 prints it there"
    )
    assert len(mended.notes) == 3
    assert closure(reading.table).failed == 2


def test_two_ways_are_none() -> None:
    rows = """
        | 合计 | 30.00 | 20.00 | 10.00
    201 | 甲   | 10.00 |       | 10.00
    202 | 乙   | 10.00 |       | 10.00
    203 | 丙   | 10.00 | 10.00 |
    """
    assert repair_places(expenditure(rows).table) == ()


def test_a_total_out_of_place_is_moved_back() -> None:
    rows = """
        | 合计 | 20.00 |       | 20.00
    201 | 甲   | 12.00 | 12.00 | 0.00
    202 | 乙   | 8.00  | 8.00  | 0.00
    """
    assert repair_places(expenditure(rows).table) == (Move(0, "project", "basic"),)


def test_a_printed_zero_is_never_moved_over() -> None:
    rows = SLIPPED.replace("|        | 43.52", "| 0.00   | 43.52")

    assert repair_places(expenditure(rows).table) == ()


def test_wrong_digits_are_not_a_matter_of_place() -> None:
    rows = SLIPPED.replace("43.52   |        | 43.52", "43.62   |        | 43.62")

    assert repair_places(expenditure(rows).table) == ()


def test_a_table_that_closes_is_left_alone() -> None:
    rows = " | 合计 | 20.00 | 12.00 | 8.00\n201 | 甲 | 12.00 | 12.00 |\n202 | 乙 | 8.00 | | 8.00"

    assert repair_places(expenditure(rows).table) == ()
