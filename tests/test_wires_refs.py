"""Answers by reference: what can be pointed at, what an answer of ids means, and what is wrong with one."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompts import WIRES, Decoded
from prompts.wire.pieces import Pieces
from prompts.wire.refs import numbers_to
from schemas import Chunk, Invalid
from tests.chunks import chunk_of

REFS = WIRES["refs"]
EQUAL = """\
科目编码 科目名称 合计 基本支出
201 一般公共服务支出 5.00 5.00
20103 行政运行 5.00 5.00
合计 5.00 5.00
"""


def decode(chunk: Chunk, columns: str, *rows: str, **sides: list[str]) -> Decoded:
    """What an answer means."""
    model = REFS.response_model(chunk.kind, chunk)
    return REFS.decode(model.model_validate({"columns": columns, "rows": sides or list(rows)}), chunk)


def problems(chunk: Chunk, columns: str, *rows: str) -> tuple[str, ...]:
    with pytest.raises(Invalid) as caught:
        decode(chunk, columns, *rows)
    return caught.value.problems


def pieces(text: str, **facts: Any) -> list[str]:
    """What can be pointed at; an asterisk behind what holds a figure."""
    found = Pieces(chunk_of(text, **facts))
    return [found.text(piece) + "*" * bool(piece.numeral) for piece in found.all]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("201 一般公共服务支出 12.00 7.00", ["201*", "一般公共服务支出", "12.00*", "7.00*"]),
        ("合 计 17.00", ["合 计", "17.00*"]),
        ("三、事业收入 — 三、国防支出 5.00", ["三、事业收入", "三、国防支出", "5.00*"]),
        ("三、上级补助收入 （一）外交支出", ["三、上级补助收入", "(一)外交支出"]),
        ("Bolts, M8\t200\t\t0.05", ["Bolts, M8", "200*", "0.05*"]),
        ("| 合计 | 6, 901. 75 |", ["合计", "6, 901. 75*"]),
        ("2010301行政运行  2023年预算数  ≥90%", ["2010301*", "行政运行", "2023年预算数*", "≥90%*"]),
        ("项目支出12.00万元  ¥5,000.00", ["项目支出", "12.00*", "万元", "5,000.00*"]),
        ("1. 一般公共服务  **工程经费", ["1. 一般公共服务*", "**工程经费"]),
    ],
)
def test_what_can_be_pointed_at(text: str, expected: list[str]) -> None:
    assert pieces(text) == expected


def test_separated_fields_are_pieces_without_their_quotes() -> None:
    assert pieces('Rent,"Bolts, M8",200', delimiter=",") == ["Rent", "Bolts", "M8", "200*"]


def test_of_prose_only_the_figures_are_pieces() -> None:
    assert pieces("本年支出 17.00 万元，其中 5.00 万元。", kind="narrative_facts") == ["17.00*", "5.00*"]


WORDS = ["合计", "行政运行", "一、收入", "（一）支出", "Rent", "M8", "12次", "≥90%", "—", "***", "201", "5.00", "-3.2",
         "(7.10)", "6, 901. 75", "1.", "2023年", "|", "项目12.5万元", "[30101]工资", "¥", "，"]  # fmt: skip


@given(st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from(["", " ", "  ", "\t", "\n", "\f"]))))
def test_every_figure_has_an_id_of_its_own_and_pieces_are_apart(words: list[tuple[str, str]]) -> None:
    chunk = chunk_of("".join(word + gap for word, gap in words))
    found = Pieces(chunk)
    assert [piece.id for piece in found.all] == list(range(1, len(found.all) + 1))
    for before, piece in zip(found.all, found.all[1:], strict=False):
        assert before.end <= piece.start
    for numeral in chunk.ledger:
        piece = found.of(numeral.id)
        assert piece.numeral == numeral
        assert piece.start <= numeral.span.start < numeral.span.end <= piece.end
    assert len({found.of(numeral.id).id for numeral in chunk.ledger}) == len(chunk.ledger)


@given(st.integers(0, 12000), st.integers(0, 12500))
def test_the_schema_admits_the_ids_of_the_source_alone(most: int, number: int) -> None:
    pattern = numbers_to(most) or "(?!)"
    assert bool(re.fullmatch(pattern, str(number))) == (1 <= number <= most)
    assert len(pattern) < 120


def test_an_answer_is_held_to_its_form_by_the_schema() -> None:
    chunk = chunk_of(EQUAL, "expenditure_by_function")
    schema = REFS.response_model(chunk.kind, chunk).model_json_schema()
    row = re.compile(schema["$defs"]["row"]["pattern"])
    for fits in ("c5 n6 A7 B8", "n<总计> A14", "c5+6 n7 A-8", "n6+10"):
        assert row.fullmatch(fits)
    for not_fit in ("c5 n6 A16", "5 6 7", "A", "c5 d6", "n<总计", "A0", "A1 2"):
        assert not row.fullmatch(not_fit)
    columns = re.compile(schema["properties"]["columns"]["pattern"])
    assert all(columns.fullmatch(fits) for fits in ("A3 B4", "A B", "", "A3+4/1 G<其他>"))
    assert not columns.fullmatch("A99")


def test_ids_mean_the_pieces_they_stand_behind() -> None:
    chunk = chunk_of(EQUAL, "expenditure_by_function")
    decoded = decode(chunk, "A3 B4", "c9 n10 A11 B12", "n13 A15")
    table = decoded.table
    assert [(row.code, row.name) for row in table.rows] == [("20103", "行政运行"), (None, "合计")]
    assert table.headers == {"total": "合计", "basic": "基本支出"}
    spans = [
        (cell.span.line, cell.span.start, cell.span.end) for row in table.rows for _, cell in row.cells()
    ]
    assert spans == [(3, 52, 56), (3, 57, 61), (4, 70, 74)]
    label = table.rows[0].label
    assert label is not None
    assert EQUAL[label.span.start : label.span.end] == "行政运行"


def test_codes_and_labels_in_pieces() -> None:
    text = "机关事业单位基本养老保险缴\n208 05 05 费支出 160.75 160.75\n总 计 160.75\n"
    chunk = chunk_of(text, "expenditure_by_function")
    decoded = decode(chunk, "A B", "c2+3+4 n1+5 A6 B7", "n8 A9")
    first, total = decoded.table.rows
    assert (first.code, first.name) == ("2080505", "机关事业单位基本养老保险缴费支出")
    assert (total.name, total.label and total.label.text) == ("总计", "总 计")
    assert first.code_cell
    assert first.label
    assert (first.code_cell.text, first.label.text, first.label.span.line) == (
        "208 05 05",
        "机关事业单位基本养老保险缴",
        1,
    )
    assert decoded.doubts == ()


def test_a_text_that_is_no_piece_is_written_out_and_found() -> None:
    chunk = chunk_of("行政运行Ⅱ类合计 5.00\n效益＞5% 1.00\n", "expenditure_by_function")
    table = decode(chunk, "A", "n<合计> A2", "n<效益＞5%> A4").table
    assert [(row.name, row.label and row.label.span.start) for row in table.rows] == [
        ("合计", 6),
        ("效益>5%", 14),
    ]


def test_headers_spanning_and_wrapped() -> None:
    chunk = chunk_of("Item\tBudget\nNet\tGross\namount\nRent\t5.00\t6.00\n")
    table = decode(chunk, "A2/3+5 B2/4", "n6 A7 B8").table
    assert table.columns == ["Budget Net amount", "Budget Gross"]


def test_a_column_of_texts_takes_the_text_and_one_of_figures_the_figure() -> None:
    chunk = chunk_of("受理时限\t≥90%\t10分\n", "performance_self_evaluation")
    rows = {"header": [], "fund": [], "indicator": ["I1 J2 L3"], "total": []}
    row = decode(chunk, "I J L", **rows).table.rows[0]
    infos = list(type(row).column_infos())
    cells = {infos.index(column): cell for column, cell in row.cells()}
    assert [(cells[i].text, cells[i].amount is not None) for i in sorted(cells)] == [
        ("受理时限", False),
        ("≥90%", False),
        ("10", True),
    ]


def test_everything_that_is_wrong_is_said_in_words_to_act_on() -> None:
    chunk = chunk_of(EQUAL, "expenditure_by_function")
    rows = ("c5 n6 A7 B8", "c9 n10 A7 B99", "n13 A13 D14", "5 n13 A14 A15")
    assert problems(chunk, "A3 B4 B4", *rows) == (
        "columns: B is listed twice",
        "row 2: 99 is no id of the source, which has 1 to 15",
        "row 3: D is filled but not among the columns",
        "row 4: '5' is not understood; an item is a letter with ids (A17, n3+4) or with a text (n<…>)",
        "row 4: A is given twice",
        "row 3, total: 13 (合计) is not a figure",
        "row 2, total: 7 (5.00) is used twice, but stands in the source once",
    )
    assert problems(chunk, "A3 B4", "c5 n6 A7 B", f"c9 n10 A{'9' * 5000}") == (
        "row 1: B has neither an id nor a text; what is blank is left out",
        f"row 2: 'A{'9' * 5000}' is not understood; an item is a letter with ids (A17, n3+4) or with a text (n<…>)",
    )
    assert problems(chunk, "A3", "c5 n<行政管理> A7", "c5 n10 A11") == (
        "row 1: the name '行政管理' is not in the source",
        "row 2: the code 5 is used twice",
    )


def test_rows_of_sides_are_named_by_them() -> None:
    chunk = chunk_of("收入 5.00 支出 4.00\n", "income_expenditure_summary")
    with pytest.raises(Invalid) as caught:
        decode(chunk, "A", income=["n1 A2"], expenditure=["n3 A9"], expenditure_by_use=[])
    assert caught.value.problems == ("expenditure row 1: 9 is no id of the source, which has 1 to 4",)


def test_names_given_by_wrong_ids_are_doubted() -> None:
    chunk = chunk_of("教育支出 5.00\n科学支出 4.00\n卫生支出 3.00\n", "expenditure_by_function")
    assert decode(chunk, "A", "n1 A2", "n3 A4", "n5 A6").doubts == ()
    assert decode(chunk, "A", "n1 A2", "n1 A4", "n5 A6").doubts == (
        "row 2 has the same name as row 1: 1 (教育支出)",
    )
    assert decode(chunk, "A", "n1 A2", "n5 A4", "n3 A6").doubts == (
        "row 2 has the name 5 (卫生支出), but 3 (科学支出), the name of row 3, stands before its figures",
        "row 3 has the name 3 (科学支出), but 5 (卫生支出), the name of row 2, stands before its figures",
    )


def test_a_name_above_or_below_its_figures_is_no_doubt() -> None:
    chunk = chunk_of("教育支出\n5.00\n3.00\n卫生支出\n", "expenditure_by_function")
    assert decode(chunk, "A", "n1 A2", "n4 A3").doubts == ()
