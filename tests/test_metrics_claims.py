"""Scoring of prose: the same claims, cut into rows in different ways, are the same."""

from __future__ import annotations

import pytest

from evals.metrics import TableScore
from evals.metrics.matching import pairs
from schemas.findings import Verdict
from tests.chunks import chunk_of
from tests.scored import case, gold, scored
from tests.tables import table
from worker.export.flatten import Listed

COLUMNS = "amount change_amount completion_percent budget_amount"


def held(wanted: str, found: str) -> TableScore:
    """The score of claims in the notation 'code | subject | amount | change | completion | budget'."""
    kind = "narrative_facts"
    (score,) = scored(case(gold(wanted, COLUMNS, kind=kind)), table(kind, COLUMNS, found)).tables
    return score


def outcome(found: TableScore) -> tuple[int, int, int, int]:
    return found.right, found.wrong, found.missing, found.extra


APART = """
| 行政运行年初预算 | 10.00
| 行政运行 | 12.00 |  | 120
"""
TOGETHER = "| 行政运行 | 12.00 |  | 120 | 10.00"


@pytest.mark.parametrize(("wanted", "found"), [(APART, TOGETHER), (TOGETHER, APART), (APART, APART)])
def test_a_budget_is_a_claim_of_its_own_or_a_column_of_its_final_figure(wanted: str, found: str) -> None:
    score = held(wanted, found)
    assert score.exact
    assert outcome(score) == (3, 0, 0, 0)
    assert (score.rows, score.rows_found, score.rows_exact) == (2, 2, 2)


@pytest.mark.parametrize(
    "budget", ["公务接待费预算", "公务接待费预算数", "公务接待费全年预算", "公务接待费年初预算"]
)
def test_a_budget_has_several_names(budget: str) -> None:
    assert held(f"| {budget} | 3.00\n| 公务接待费 | 2.00", "| 公务接待费 | 2.00 | | | 3.00").exact


def test_a_wrong_budget_is_a_wrong_cell_at_its_place() -> None:
    score = held(APART, TOGETHER.replace("10.00", "10.10"))
    assert outcome(score) == (2, 1, 0, 0)
    (cell,) = score.cells
    assert (cell.fault, cell.name, cell.column, cell.gold, cell.got) == (
        "wrong", "行政运行年初预算", "amount", "10.00", "10.10",
    )  # fmt: skip


def test_a_budget_is_not_the_final_figure() -> None:
    assert outcome(held("| 收入预算 | 5.00", "| 收入 | 5.00")) == (0, 0, 1, 1)


def test_budgets_of_equal_subjects_keep_their_order() -> None:
    wanted = "| 其他支出预算 | 1.00\n| 其他支出 | 2.00\n| 其他支出预算 | 3.00\n| 其他支出 | 4.00"
    right = "| 其他支出 | 2.00 | | | 1.00\n| 其他支出 | 4.00 | | | 3.00"
    assert held(wanted, right).exact
    swapped = "| 其他支出 | 2.00 | | | 3.00\n| 其他支出 | 4.00 | | | 1.00"
    assert outcome(held(wanted, swapped)) == (2, 2, 0, 0)


@pytest.mark.parametrize("subject", ["教育支出", "教育（类）支出", "教育 (类) 支出"])
def test_marks_of_class_section_and_item_do_not_make_a_subject(subject: str) -> None:
    assert held("| 教育（类）支出 | 5.00", f"| {subject} | 5.00").exact


def test_what_is_said_of_a_subject_in_two_places_is_one_claim() -> None:
    apart = "| 收入总计 | 7.00\n| 支出总计 | 8.00\n| 收入总计 | | -1.00\n| 支出总计 | | 2.00"
    together = "| 收入总计 | 7.00 | -1.00\n| 支出总计 | 8.00 | 2.00"
    assert held(apart, together).exact
    assert held(together, apart).exact


def test_a_second_amount_of_a_subject_is_another_claim() -> None:
    assert outcome(held("| 支出 | 7.00\n| 支出 | 8.00", "| 支出 | 7.00")) == (1, 0, 1, 0)


def test_claims_in_two_places_go_to_the_piece_in_which_they_were_read() -> None:
    kind = "narrative_facts"
    wanted = gold("| 支出 | 7.00\n| 支出 | | -1.00\n| 支出 | 8.00\n| 支出 | | 2.00", COLUMNS, kind=kind)
    pieces = [table(kind, COLUMNS, rows) for rows in ("| 支出 | 7.00 | -1.00", "| 支出 | 8.00 | 2.00")]
    found = scored(case(wanted), *pieces)
    assert [(each.exact, *outcome(each)) for each in found.tables] == [(True, 2, 0, 0, 0)] * 2


def test_a_column_of_that_name_in_another_table_is_a_column() -> None:
    rows = "| 行政运行 | 12.00 | | | 10.00"
    (found,) = scored(case(gold(rows, COLUMNS, kind="generic")), table("generic", COLUMNS, rows)).tables
    assert (found.rows, found.exact) == (1, True)


def test_a_claim_that_was_not_found_is_missing_where_it_is_printed() -> None:
    texts = ("一、收支情况\n收支总计30.00万元。\n", "二、收入情况\n收入总计30.00万元，其他收入4.00万元。\n")
    start = len(texts[0])
    wanted = gold(
        "| 收支总计 | 30.00\n| 收入总计 | 30.00\n| 其他收入 | 4.00", "amount", kind="narrative_facts"
    )
    chunks = [
        chunk_of(texts[0], "narrative_facts"),
        chunk_of(texts[1], "narrative_facts", before=texts[0]).model_copy(update={"id": "n02"}),
    ]
    assert chunks[1].start == start
    read = [table("narrative_facts", "amount", rows) for rows in ("", "| 其他收入 | 4.00")]
    listed = [
        Listed(
            chunk, each, "narrative_facts", number, Verdict(table=chunk.id, status="review", confidence=0.5)
        )
        for number, (chunk, each) in enumerate(zip(chunks, read, strict=True), start=1)
    ]
    found = [[row.name for row in pair.gold_rows] for pair in pairs([wanted], listed)]
    assert found == [["收支总计"], ["收入总计", "其他收入"]]
