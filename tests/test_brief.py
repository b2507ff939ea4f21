"""How the embedded model is asked: cells by the number of their column, rows in the order of the source."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.garble.setting import aligned
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


def test_more_columns_than_there_are_marks_are_left_as_they_are() -> None:
    steps = "\n".join(" " * 4 * at + "a  a" for at in range(60))
    for text in ("a  " * 60, "a  " * 60 + "\nb  b", steps, "a  " * 20_000):
        assert numbered(text)[0].splitlines()[0] == text.splitlines()[0]


_CELL = st.text(st.characters(categories=("L", "N"), max_codepoint=0x9FFF), max_size=5)


@given(st.lists(_CELL, min_size=2, max_size=50).filter(any))
def test_every_cell_can_be_told_from_its_mark(cells: list[str]) -> None:
    if re.search("[①-⑳㉑-㉟㊱-㊿]", "".join(cells)):
        return
    (shown,) = numbered("\t".join(cells))
    marks = [(each[0], each[1:]) for each in shown.split(" ")]
    assert [text for _, text in marks] == [cell for cell in cells if cell]
    assert len({mark for mark, _ in marks}) == len(marks)


ALIGNED = """科目编码      科目名称                      决算数    科目编码      科目名称            决算数
栏  次                                           1  栏  次                                 2
       30112  其他社会保障缴费                478.51         30211  差旅费                2.52
       30113  住房公积金                                     30212  因公出国(境)费用
              医疗费                            9.30
"""


def test_cells_under_one_another_have_the_mark_of_their_column() -> None:
    head, text = ALIGNED[: ALIGNED.index("       30112")], ALIGNED[ALIGNED.index("       30112") :]
    shown, over = numbered(text, head)
    assert over.splitlines()[0] == "①科目编码 ②科目名称 ③决算数 ④科目编码 ⑤科目名称 ⑥决算数"
    assert over.splitlines()[1] == "①栏次 ③1 ④栏次 ⑥2"
    assert shown.splitlines() == [
        "①30112 ②其他社会保障缴费 ③478.51 ④30211 ⑤差旅费 ⑥2.52",
        "①30113 ②住房公积金 ④30212 ⑤因公出国(境)费用",
        "②医疗费 ③9.30",
    ]


def test_a_head_over_several_columns_makes_none_of_them_one() -> None:
    text = "              预算合计数\n名称      年初数      年末数\n现金        1.00        2.00\n"
    assert numbered(text) == ["              预算合计数\n①名称 ②年初数 ③年末数\n①现金 ②1.00 ③2.00\n"]


def test_prose_and_titles_have_no_columns() -> None:
    text = "一、部门收支总体情况\n  本年收入 12.00 万元。\n现金  1.00\n"
    assert numbered(text) == ["一、部门收支总体情况\n  本年收入 12.00 万元。\n①现金 ②1.00\n"]


_WORD = st.text(st.sampled_from("教育国防收入支出项目公"), min_size=2, max_size=6)


@given(
    st.integers(2, 12).flatmap(
        lambda width: st.tuples(
            st.lists(_WORD, min_size=width, max_size=width),
            st.lists(
                st.lists(st.sampled_from(["", "1.00", "教育"]), min_size=width, max_size=width), max_size=4
            ),
        )
    )
)
def test_blanks_and_tabs_are_marked_alike(table: tuple[list[str], list[list[str]]]) -> None:
    head, rows = table
    full = ["9,999,999.99"] * len(head)
    lines = [[head, full, row] for row in rows if sum(map(bool, row)) > 1]
    for each in lines:
        assert numbered("\n".join(aligned(each))) == numbered("\n".join(map("\t".join, each)))


def test_a_column_of_its_own_has_words_for_a_name() -> None:
    chunk = chunk_of("项目\t年初数\t年末数\n现金\t1.00\t2.00\n", "generic")
    schema = BRIEF.response_model("generic", chunk).model_json_schema()
    pattern = schema["properties"]["columns"]["pattern"]
    assert re.fullmatch(pattern, "A<年初数> B<年末数>")
    assert not re.fullmatch(pattern, "A<1.00>")
    assert re.fullmatch(schema["$defs"]["row"]["pattern"], "n<现金> A<1.00> B<2.00>")


def test_a_part_without_words_admits_no_columns_of_its_own() -> None:
    schema = BRIEF.response_model(KIND, chunk_of("1.00\t2.00\n", KIND)).model_json_schema()
    assert schema["properties"]["columns"]["pattern"] == "^(A)? ?(B)? ?(C)?$"
    assert "()" not in json.dumps(schema)


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
