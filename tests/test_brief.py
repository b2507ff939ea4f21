"""How the embedded model is asked: cells by the number of their column, rows in the order of the source."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompts import BRIEF, build
from prompts.fields import numbered
from schemas import Invalid
from tests.chunks import chunk_of

KIND = "income_expenditure_summary"
TEXT = (
    "项目\t行次\t决算数\t项目\t行次\t决算数\n"
    "一、财政拨款收入\t1\t12.00\t一、教育支出\t9\t3.00\n"
    "二、其他收入\t2\t\t二、住房保障支出\t10\t9.00\n"
    "收入总计\t3\t12.00\t支出总计\t11\t12.00\n"
)
ROWS = ["1 n<财政拨款收入> A<12.00>", "2 n<教育支出> A<3.00>", "2 n<住房保障支出> A<9.00>"]
ROWS += ["1 n<收入总计> A<12.00>", "2 n<支出总计> A<12.00>"]


def test_a_blank_cell_need_not_be_counted() -> None:
    shown = build(chunk_of(TEXT, KIND), BRIEF, brief=True).user
    assert "①二、其他收入 ②2 ④二、住房保障支出 ⑤10 ⑥9.00\n" in shown
    assert numbered("| 201 | | 18.00 |", "合计 18.00") == ["①201 ③18.00", "合计 18.00"]


def test_a_source_with_such_marks_of_its_own_is_shown_as_it_is() -> None:
    assert numbered("① 教育\t3.00", "合计\t\t3.00") == ["① 教育\t3.00", "合计\t\t3.00"]
    assert numbered("\t" * 60) == ["\t" * 60]


_CELL = st.text(st.characters(categories=("L", "N"), max_codepoint=0x9FFF), max_size=5)


@given(st.lists(_CELL, min_size=2, max_size=50).filter(any))
def test_every_cell_can_be_told_from_its_mark(cells: list[str]) -> None:
    if re.search("[①-⑳㉑-㉟㊱-㊿]", "".join(cells)):
        return
    (shown,) = numbered("\t".join(cells))
    marks = [(each[0], each[1:]) for each in shown.split(" ")]
    assert [text for _, text in marks] == [cell for cell in cells if cell]
    assert len({mark for mark, _ in marks}) == len(marks)


def test_rows_of_two_sides_come_in_the_order_of_the_source() -> None:
    chunk = chunk_of(TEXT, KIND)
    answer = BRIEF.response_model(KIND, chunk).model_validate({"columns": "A", "rows": ROWS})
    table = BRIEF.decode(answer, chunk).table
    sides = [(row.side, row.name) for row in table.rows]
    assert sides[:2] == [("income", "财政拨款收入"), ("income", "收入总计")]
    assert [side for side, _ in sides[2:]] == ["expenditure"] * 3
    assert BRIEF.encode(table, chunk).model_dump()["rows"] == ROWS


def test_a_column_that_the_list_does_not_foresee_is_read_all_the_same() -> None:
    chunk = chunk_of(TEXT, KIND)
    answer = BRIEF.response_model(KIND, chunk).model_validate({"columns": "", "rows": ROWS})
    assert len(BRIEF.decode(answer, chunk).table.rows) == len(ROWS)


def test_a_row_of_no_side_is_refused() -> None:
    chunk = chunk_of(TEXT, KIND)
    answer = BRIEF.response_model(KIND, chunk).model_validate({"columns": "A", "rows": [ROWS[0][1:]]})
    with pytest.raises(Invalid, match="row 1: it does not begin with the number of a side"):
        BRIEF.decode(answer, chunk)
    pattern = BRIEF.response_model(KIND, chunk).model_json_schema()["$defs"]["row"]["pattern"]
    assert re.fullmatch(pattern, ROWS[0])
    assert not re.fullmatch(pattern, ROWS[0][1:])
