"""Figures in the wrong cells: mended where one way only closes the table, proposed or left alone otherwise."""

from __future__ import annotations

from schemas import AnyTable, CellRef, Reading
from schemas.findings import Move
from tests.tables import EXPENDITURE, cell, expenditure, table
from worker.reconcile import closure, reconcile, repaired
from worker.reconcile.place import explained, proposals

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
TREE = """
        | 合计         | 30.00 | 20.00 | 10.00
201     | 一般公共服务 | 12.00 | 7.00  | 5.00
20103   | 政府办公     | 12.00 | 7.00  | 5.00
2010301 | 行政运行     | 7.00  | 7.00  |
2010302 | 行政管理     | 5.00  |       | 5.00
208     | 社会保障     | 18.00 | 13.00 | 5.00
20805   | 养老         | 18.00 | 13.00 | 5.00
"""


def reading(found: AnyTable) -> Reading:
    return Reading(chunk="t1", reader="layout", table=found)


def mended(rows: str, columns: str = "total basic project") -> Reading:
    return repaired({"t1": reading(table("expenditure_by_function", columns, rows))})["t1"]


def proposed(
    rows: str, kind: str = "expenditure_by_function", columns: str = "total basic project"
) -> list[str]:
    found = repaired({"t1": reading(table(kind, columns, rows))})
    assert not found["t1"].repairs
    return [rearrangement.words for rearrangement in proposals(found).get("t1", ())]


def printed(found: AnyTable) -> list[tuple[str | None, str, dict[str, str]]]:
    return [(row.code, row.name, {c: x.text for c, x in row.cells()}) for row in found.rows]


def true(rows: str) -> list[tuple[str | None, str, dict[str, str]]]:
    return printed(table("expenditure_by_function", "total basic project", rows))


def test_the_only_assignment_that_closes_is_made_and_told() -> None:
    slipped = reading(table("expenditure_by_function", "total basic project", SLIPPED, title="支出总表"))
    sibling = table(
        "general_budget_expenditure", "total basic", "210 | 卫生健康支出 | 43.52 | 43.52", title="五"
    )

    found = repaired({"t1": slipped, "t5": reading(sibling)})["t1"]

    assert [str(found.table.rows[i].figure("basic").value) for i in (5, 6, 7)] == ["43.52", "43.52", "67.82"]
    assert [found.table.rows[i].project for i in (5, 6, 7)] == [None, None, None]
    assert closure(found.table).failed == 0
    assert found.notes[0] == (
        "moved 43.52 of 210 卫生健康支出 from project to basic: "
        "the only arrangement with which all sums of the table hold; 五 prints it there"
    )
    assert tuple(repair.words for repair in found.repairs) == found.notes
    moves = {move for repair in found.repairs for move in repair.moves}
    assert moves == {Move(CellRef("t1", i, "project"), CellRef("t1", i, "basic")) for i in (5, 6, 7)}
    assert closure(slipped.table).failed == 2


def test_two_ways_are_proposed_and_none_is_made() -> None:
    rows = """
        | 合计 | 30.00 | 20.00 | 10.00
    201 | 甲   | 10.00 |       | 10.00
    202 | 乙   | 10.00 |       | 10.00
    203 | 丙   | 10.00 | 10.00 |
    """
    assert proposed(rows) == [
        f"move {words}: one of 3 arrangements with which all sums of the table hold"
        for words in (
            "10 of 201 甲 from project to basic",
            "10 of 202 乙 from project to basic",
            "20 of 合计 from basic to project, 10 of 合计 from project to basic",
        )
    ]


def test_another_table_decides_between_two_ways() -> None:
    rows = """
        | 合计 | 30.00 | 20.00 | 10.00
    201 | 甲   | 10.00 |       | 10.00
    202 | 乙   | 10.00 |       | 10.00
    203 | 丙   | 10.00 | 10.00 |
    """
    general = """
        | 合计 | 30.00 | 20.00 | 10.00
    201 | 甲   | 10.00 |       | 10.00
    202 | 乙   | 10.00 | 10.00 |
    203 | 丙   | 10.00 | 10.00 |
    """
    found = repaired(
        {
            "t1": reading(table("expenditure_by_function", "total basic project", rows)),
            "t2": reading(table("general_budget_expenditure", "total basic project", general)),
        }
    )
    assert [str(move.source) for repair in found["t1"].repairs for move in repair.moves] == ["t1!2.project"]
    assert "of 3 arrangements with which all sums hold the one that agrees" in found["t1"].notes[0]
    assert not found["t2"].repairs


def test_a_total_out_of_place_is_moved_back() -> None:
    rows = """
        | 合计 | 25.00 |       | 25.00
    201 | 甲   | 12.00 | 12.00 | 0.00
    202 | 乙   | 8.00  | 8.00  | 0.00
    203 | 丙   | 5.00  | 5.00  | 0.00
    """
    (repair,) = mended(rows).repairs
    assert repair.moves == (Move(CellRef("t1", 0, "project"), CellRef("t1", 0, "basic")),)


def test_one_line_against_two_is_too_few_to_say_which_is_wrong() -> None:
    rows = """
        | 合计 | 20.00 |       | 20.00
    201 | 甲   | 12.00 | 12.00 |
    202 | 乙   | 8.00  | 8.00  |
    """
    assert len(proposed(rows)) == 2


def test_a_row_whose_blanks_were_lost_is_spread_again() -> None:
    rows = TREE.replace("5.00  |       | 5.00", "5.00  | 5.00  |")

    assert printed(mended(rows).table) == true(TREE)


def test_rows_shifted_to_either_side_are_shifted_back_each_by_itself() -> None:
    wide = TREE.replace(
        "| 政府办公     | 12.00 | 7.00  | 5.00", "| 政府办公 |       | 12.00 | 7.00  | 5.00"
    ).replace("| 行政运行     | 7.00  | 7.00  |", "| 行政运行     |       | 7.00  | 7.00")

    found = mended(wide, "total basic project business")

    assert printed(found.table) == true(TREE)
    assert [repair.words.partition(":")[0].split(", ") for repair in found.repairs] == [
        [
            "moved 12 of 20103 政府办公 from basic to total",
            "7 of 20103 政府办公 from project to basic",
            "5 of 20103 政府办公 from business to project",
        ],
        [
            "moved 7 of 2010301 行政运行 from basic to total",
            "7 of 2010301 行政运行 from project to basic",
        ],
    ]


def test_neighbours_in_one_another_s_place_are_swapped_back() -> None:
    rows = TREE.replace("| 社会保障     | 18.00 | 13.00 | 5.00", "| 社会保障     | 13.00 | 18.00 | 5.00")

    assert printed(mended(rows).table) == true(TREE)


def test_a_figure_and_a_printed_zero_are_swapped_back() -> None:
    rows = TREE.replace("7.00  |\n", "0.00  | 7.00\n")

    assert printed(mended(rows).table)[3] == (
        "2010301",
        "行政运行",
        {"total": "7.00", "basic": "7.00", "project": "0.00"},
    )


def test_two_columns_under_one_another_s_header_are_swapped_back() -> None:
    swapped = table("expenditure_by_function", "basic total project", TREE)

    found = repaired({"t1": reading(swapped)})["t1"]

    assert printed(found.table) == true(TREE)
    assert found.notes[0].startswith("moved all figures of basic to total and those of total to basic")


def test_a_column_that_is_a_row_off_is_moved_back() -> None:
    rows = """
            | 合计         | 30.00 | 20.00 | 10.00
    201     | 一般公共服务 | 12.00 |       | 5.00
    20103   | 政府办公     | 12.00 | 7.00  | 5.00
    2010301 | 行政运行     | 7.00  | 7.00  |
    2010302 | 行政管理     | 5.00  | 7.00  | 5.00
    208     | 社会保障     | 18.00 | 13.00 | 5.00
    20805   | 养老         | 18.00 | 13.00 | 5.00
    """
    found = mended(rows)

    assert printed(found.table) == true(TREE)
    assert found.notes[0].startswith(
        "moved the figures of rows 3-5 (20103 政府办公 to 2010302 行政管理) in basic one row up"
    )


def test_figures_that_are_a_row_below_their_names_are_moved_up() -> None:
    rows = """
            | 合计         | 30.00 | 20.00 | 10.00
    201     | 一般公共服务 |       |       |
    20103   | 政府办公     | 12.00 | 7.00  | 5.00
    2010301 | 行政运行     | 12.00 | 7.00  | 5.00
    2010302 | 行政管理     | 7.00  | 7.00  |
    208     | 社会保障     | 5.00  |       | 5.00
    20805   | 养老         | 18.00 | 13.00 | 5.00
            |              | 18.00 | 13.00 | 5.00
    """
    found = mended(rows)

    assert printed(found.table)[:-1] == true(TREE)
    assert printed(found.table)[-1] == (None, "", {})


def test_codes_that_are_a_row_below_their_rows_are_moved_up() -> None:
    rows = """
            | 合计         | 30.00 | 20.00 | 10.00
            | 一般公共服务 | 12.00 | 7.00  | 5.00
    201     | 政府办公     | 12.00 | 7.00  | 5.00
    20103   | 行政运行     | 7.00  | 7.00  |
    2010301 | 行政管理     | 5.00  |       | 5.00
    2010302 | 社会保障     | 18.00 | 13.00 | 5.00
    208     | 养老         | 18.00 | 13.00 | 5.00
    20805   |              |       |       |
    """
    found = mended(rows)

    assert printed(found.table)[:-1] == true(TREE)
    assert found.repairs[0].moves[0] == Move(CellRef("t1", 2, "code"), CellRef("t1", 1, "code"))


SIDES = """
[income]
 | 一般公共预算财政拨款 | 100.00
 | 事业收入             | 7.50
 | 上级补助收入         | 30.25
 | 本年收入合计         | 137.75
 | 年初结转和结余       |
 | 总计                 | 137.75
[expenditure]
 | 一般公共服务支出     | 60.00
 | 教育支出             | 5.00
 | 社会保障和就业支出   |
 | 本年支出合计         | 65.00
 | 年末结转和结余       | 72.75
 | 总计                 | 137.75
"""


def on_lines(found: AnyTable) -> AnyTable:
    """The table with both sides printed from line 1 on."""
    for side in ("income", "expenditure"):
        rows = [row for row in found.rows if row.side == side]
        for line, row in enumerate(rows, start=1):
            assert row.label is not None
            row.label = row.label.model_copy(
                update={"span": row.label.span.model_copy(update={"line": line})}
            )
    return found


def test_a_figure_on_the_wrong_side_goes_back_to_its_own() -> None:
    right = on_lines(table("income_expenditure_summary", "amount", SIDES))
    wrong = on_lines(
        table(
            "income_expenditure_summary",
            "amount",
            SIDES.replace("上级补助收入         | 30.25", "上级补助收入 |").replace(
                "社会保障和就业支出   |", "社会保障和就业支出 | 30.25"
            ),
        )
    )
    assert closure(right).failed == 0

    found = repaired({"t1": reading(wrong)})["t1"]

    assert printed(found.table) == printed(right)
    assert found.notes[0].startswith(
        "moved 30.25 of 社会保障和就业支出 from amount to amount of 上级补助收入"
    )


def test_wrong_digits_are_not_a_matter_of_place() -> None:
    rows = SLIPPED.replace("43.52   |        | 43.52", "43.62   |        | 43.62")

    assert proposed(rows) == []


def test_a_row_that_its_own_sum_alone_would_order_is_only_proposed() -> None:
    rows = "201 | 甲 | 4.00 | 10.00 | 6.00"

    assert all(
        words.endswith("arrangements with which all sums of the table hold") for words in proposed(rows)
    )


def test_a_table_that_closes_is_left_alone() -> None:
    found = reading(expenditure(EXPENDITURE))

    assert repaired({"t1": found})["t1"] is found
    assert proposals({"t1": found}) == {}


PROJECTS = """
 | 合计         | 150.00 | 150.00
 | 机要通信     | 62.80  | 62.80
 | 网络运行     | 30.30  | 30.30
 | 会议         | 15.00  | 15.00
 | 文档         | 10.00  | 10.00
 | 耗材         | 12.00  | 12.00
 | 接待         | 14.90  | 14.90
 |              | 5.00   | 5.00
"""


def target(project: str, amount: str) -> AnyTable:
    found = table("performance_target", "amount", f"[fund]\n | total | {amount}", title="绩效目标表")
    row = found.row_type()(side="header", name="project")
    row.put("value", cell(project))
    found.rows.insert(0, row)
    return found


def test_amounts_that_other_tables_print_against_other_names_are_proposed_to_move() -> None:
    tables = {
        "t1": table("project_expenditure", "total general_budget", PROJECTS),
        "t2": target("网络运行", "15.00"),
        "t3": target("会议", "10.00"),
        "t4": target("耗材", "14.90"),
        "t5": target("机要通信", "62.80"),
    }
    (found,) = proposals({key: reading(one) for key, one in tables.items()})["t1"]

    assert [(str(m.source), str(m.target)) for m in found.moves if m.source.column == "total"] == [
        (f"t1!{row + 1}.total", f"t1!{row}.total") for row in (2, 3, 4, 5, 6)
    ]
    assert found.words == (
        "figures stand in other rows than their names: those of rows 4-8 (会议 to row 8) belong one row further up. "
        "绩效目标表 (t2, t3, t4) print them so: 网络运行 15.00, 会议 10.00, 耗材 14.90. "
        "No row is known for 30.30"
    )


def test_findings_that_a_proposal_explains_are_misplaced_and_others_are_not() -> None:
    tables = {
        "t1": table("project_expenditure", "total general_budget", PROJECTS),
        "t2": target("网络运行", "15.00"),
        "t3": target("会议", "10.00"),
        "t4": target("耗材", "14.90"),
        "t5": target("机要通信", "62.90"),
    }
    proposed_moves = proposals({key: reading(one) for key, one in tables.items()})

    found = explained(reconcile(tables), proposed_moves, tables)

    verdicts = {
        f.tables: f.verdict for f in found if f.check == "cross.project_funds" and f.status == "failed"
    }
    assert verdicts == {
        ("t2", "t1"): "misplaced",
        ("t3", "t1"): "misplaced",
        ("t4", "t1"): "misplaced",
        ("t5", "t1"): "",
    }


def test_two_contradictions_are_no_shift() -> None:
    tables = {
        "t1": table("project_expenditure", "total general_budget", PROJECTS),
        "t2": target("网络运行", "15.00"),
        "t3": target("会议", "10.00"),
        "t4": target("接待", "14.90"),
    }
    assert proposals({key: reading(one) for key, one in tables.items()}).get("t1", ()) == ()
