"""Scoring: gold and extraction as literals in, what is right and wrong out."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from evals.cases import CellKey, GoldRow, GoldTable, Planted
from evals.metrics import CaseScore, TableScore, failed_score, score, summarise
from schemas import AnyTable
from tests.scored import COLUMNS, ROWS, case, extraction, gold, scored
from tests.tables import table

KIND = "expenditure_by_function"


def read(rows: str = ROWS, **more: Any) -> AnyTable:
    return table(KIND, COLUMNS, rows, **more)


def only(found: CaseScore) -> TableScore:
    (score_of_table,) = found.tables
    return score_of_table


def counts(found: TableScore) -> tuple[int, int, int, int]:
    return found.right, found.wrong, found.missing, found.extra


def cells(found: TableScore) -> list[tuple[str, str, str, str | None, str | None]]:
    return [(each.fault, each.code, each.column, each.gold, each.got) for each in found.cells]


def test_a_table_with_every_cell_right_is_exact() -> None:
    found = only(scored(case(gold()), read()))
    assert found.exact
    assert counts(found) == (8, 0, 0, 0)
    assert (found.rows, found.rows_found, found.rows_exact, found.last_row) == (3, 3, 3, 3)


def test_a_blank_is_not_a_zero() -> None:
    without_zero = ROWS.replace("| 20.00 | 20.00 | 0.00", "| 20.00 | 20.00 |")
    assert cells(only(scored(case(gold()), read(without_zero)))) == [
        ("missing", "201", "project", "0.00", None)
    ]
    assert cells(only(scored(case(gold(without_zero)), read()))) == [
        ("extra", "201", "project", None, "0.00")
    ]


def test_figures_are_compared_by_value_and_sign() -> None:
    assert only(scored(case(gold()), read(ROWS.replace("30.00", "30.0")))).exact
    found = only(scored(case(gold()), read(ROWS.replace("| 30.00", "| -30.00"))))
    assert cells(found) == [("wrong", "", "total", "30.00", "-30.00")]
    assert not found.exact
    assert (found.rows_found, found.rows_exact) == (3, 2)


def test_a_row_is_the_same_by_its_code_else_by_its_name() -> None:
    assert only(scored(case(gold()), read(ROWS.replace("社会保障和就业", "社会保障")))).exact
    assert only(scored(case(gold()), read(ROWS.replace("合计", "合 计")))).exact
    other = only(scored(case(gold()), read(ROWS.replace("208", "210"))))
    assert counts(other) == (6, 0, 2, 2)


def test_equal_names_are_told_apart_by_their_order() -> None:
    rows = """
 | 小计 | 1.00 | 1.00 | 0.00
 | 小计 | 2.00 | 2.00 | 0.00
 | 小计 | 3.00 | 3.00 | 0.00
"""
    assert only(scored(case(gold(rows)), read(rows))).exact
    lost = "\n".join(line for line in rows.splitlines() if "1.00" not in line)
    found = only(scored(case(gold(rows)), read(lost)))
    assert counts(found) == (6, 0, 3, 0)


def test_a_table_that_broke_off_says_where() -> None:
    found = only(scored(case(gold()), read("\n".join(ROWS.splitlines()[:3]))))
    assert (found.rows, found.rows_found, found.last_row) == (3, 2, 2)


def test_a_missing_table_is_neither_right_nor_accepted() -> None:
    found = only(scored(case(gold())))
    assert (found.status, found.exact, found.accepted, found.missing) == ("", False, False, 8)


def test_a_table_that_is_in_no_gold_is_an_error_if_accepted() -> None:
    found = scored(case(gold()), read(), table("three_public", "final", "| total | 5.00"))
    extra = found.tables[1]
    assert (extra.in_gold, extra.extra, extra.accepted) == (False, 1, True)
    summary = summarise([found])
    assert summary.metrics["exact_table_rate"] == 1.0
    assert summary.metrics["escape_rate"] == pytest.approx(1 / 9)
    assert summary.counts["extra_tables"] == 1


def test_tables_are_paired_by_what_they_hold_not_by_their_number() -> None:
    second = ROWS.replace("0.00", "5.00")
    stranger = read("999 | 无关 | 7.00 | 7.00 |")
    found = scored(case(gold(), gold(second, ordinal=2)), stranger, read(), read(second))
    assert [(each.ordinal, each.in_gold, each.exact) for each in found.tables] == [
        (1, True, True),
        (2, True, True),
        (1, False, False),
    ]


def test_a_table_in_two_pieces_has_its_cells_but_is_not_exact() -> None:
    lines = ROWS.strip("\n").splitlines()
    found = only(scored(case(gold()), read("\n".join(lines[:2])), read(lines[2])))
    assert found.tables == ("t1", "t2")
    assert counts(found) == (8, 0, 0, 0)
    assert not found.exact


def test_prose_is_judged_piece_by_piece_as_the_reader_cut_it() -> None:
    claims = "| 收入 | 5.00 \n | 支出 | 4.00 \n | 其他收入 | 1.00"
    facts = gold(claims, "amount", kind="narrative_facts")
    first, second = "| 收入 | 5.00", "| 支出 | 4.10 \n | 其他 | 1.00"
    found = scored(
        case(facts), table("narrative_facts", "amount", first), table("narrative_facts", "amount", second)
    )
    assert [(each.ordinal, each.exact, *counts(each)) for each in found.tables] == [
        (1, True, 1, 0, 0, 0),
        (2, False, 0, 1, 1, 1),
    ]


def test_texts_are_counted_apart() -> None:
    columns = "weight target"
    right = gold("| 会议 | 10 | ≥ 5次", columns, kind="performance_target", side="indicator")
    found = only(
        scored(case(right), table("performance_target", columns, "| 会议 | 10 | 6次", side="indicator"))
    )
    assert found.exact
    assert (found.texts_right, found.texts_gold, found.texts_got) == (0, 1, 1)


def test_a_form_without_figures_is_right_if_nothing_is_read() -> None:
    blank = gold("", kind="state_capital")
    right = scored(case(blank), table("state_capital", COLUMNS, ""))
    invented = scored(case(blank), table("state_capital", COLUMNS, "201 | 服务 | 0.00 | |"))
    assert summarise([right]).metrics["blank_form_rate"] == 1.0
    assert summarise([invented]).metrics["blank_form_rate"] == 0.0
    assert summarise([right]).counts["tables"] == 0


def test_the_unit_belongs_to_the_figure() -> None:
    found = scored(case(gold()), read(unit="元"))
    assert only(found).exact
    assert summarise([found]).metrics["numeric_exact_match"] == 0.0


FAULT = Planted(
    nature="fault",
    error="digit",
    cells=(CellKey(KIND, 1, 1, "basic"),),
    true=("20.00",),
    printed=("26.00",),
)


def test_a_planted_fault_is_found_if_a_failing_check_points_at_its_cell() -> None:
    found = scored(
        case(gold(), planted=[FAULT]), read(ROWS.replace("20.00 | 20.00 | 0.00", "20.00 | 26.00 | 0.00"))
    )
    (planted,) = found.planted
    assert (planted.found, planted.first, planted.among, planted.mended) == (True, True, True, False)
    assert [each.planted for each in only(found).cells] == ["digit"]
    (error,) = summarise([found]).errors
    assert (error.origin, error.error, error.cells, error.wrong, error.escaped) == ("print", "digit", 1, 1, 1)


def test_a_fault_that_was_mended_counts_as_found() -> None:
    (planted,) = scored(case(gold(), planted=[FAULT]), read()).planted
    assert planted.mended
    assert planted.first


def test_a_planted_contradiction_is_found_by_any_failing_check_on_it() -> None:
    rows = ROWS.replace("20.00 | 20.00 | 0.00", "20.00 | 26.00 | 0.00")
    printed = Planted(
        nature="source",
        error="digit",
        cells=(CellKey(KIND, 1, 1, "basic"),),
        true=("20.00",),
        printed=("26.00",),
    )
    summary = summarise([scored(case(gold(rows), planted=[printed]), read(rows))])
    assert summary.metrics["exact_table_rate"] == 1.0
    assert summary.metrics["contradiction_recall"] == 1.0
    assert summary.metrics["contradiction_precision"] == 1.0


def test_a_closed_table_passes_all_checks_and_at_least_one() -> None:
    for verdict, closed in (({"passed": 3}, True), ({"passed": 3, "failed": 1}, False), ({}, False)):
        found = score(case(gold()), extraction(read(), verdicts={1: verdict}))
        assert only(found).closed is closed


def test_a_figure_of_no_numeral_is_ungrounded() -> None:
    invented = read()
    first = invented.rows[0]
    first.put("total", first.get("total").model_copy(update={"numeral": None}))
    found = only(scored(case(gold()), invented))
    assert (found.figures, found.ungrounded, found.misplaced) == (8, 1, 7)


class Slip(NamedTuple):
    """What a simulated model is said to have done."""

    chunk: str
    error: str
    cell: CellKey | None
    given: str


def test_errors_of_a_simulated_model_are_followed_to_the_end() -> None:
    slips = (
        Slip("t1", "digit", CellKey(KIND, 1, 1, "basic"), "26.00"),
        Slip("t1", "sign", CellKey(KIND, 1, 0, "total"), "-30.00"),
        Slip("t1", "invented", CellKey(KIND, 1, 2, "project"), "77.00"),
    )
    rows = ROWS.replace("20.00 | 20.00 | 0.00", "20.00 | 26.00 | 0.00") + "999 | 其他 | | | 77.00"
    summary = summarise([scored(case(gold()), read(rows), injected=slips)])
    assert [(each.error, each.cells, each.wrong, each.escaped) for each in summary.errors] == [
        ("digit", 1, 1, 1),
        ("invented", 1, 1, 1),
        ("sign", 1, 0, 0),
    ]


def test_a_column_with_white_space_in_its_header_is_one_column() -> None:
    right = GoldTable(kind="generic", ordinal=1, rows=(GoldRow(name="Pens", cells={"Unit price": "1.50"}),))
    planted = Planted(
        nature="fault",
        error="digit",
        cells=(CellKey("generic", 1, 0, "Unit price"),),
        true=("1.50",),
        printed=("7.50",),
    )
    prices = table("generic", "Unitprice", "| Pens | 7.50")
    (row,) = prices.rows
    row.put("Unit  price", row.get("Unitprice"))
    row.put("Unitprice", None)
    found = scored(case(right, planted=[planted]), prices)
    assert [(each.fault, each.planted) for each in only(found).cells] == [("wrong", "digit")]


def test_a_long_table_is_scored_to_its_end() -> None:
    rows = [f"| 国内接待{number} | {number}.00" for number in range(5000)]
    right = gold("\n".join(rows), "final", kind="three_public")
    found = only(scored(case(right), table("three_public", "final", "\n".join(rows[:4000]))))
    assert (found.rows, found.rows_found, found.last_row, found.missing) == (5000, 4000, 4000, 1000)
    assert len(found.cells) == 200


def test_a_case_that_failed_misses_everything() -> None:
    found = failed_score(case(gold(), planted=[FAULT]), "the process died")
    summary = summarise([found])
    assert summary.metrics["exact_table_rate"] == 0.0
    assert summary.metrics["cell_recall"] == 0.0
    assert summary.metrics["fault_found_rate"] == 0.0
    assert summary.counts["failed_cases"] == 1
