"""What answers mean in each wire format, and what is wrong with those that mean nothing."""

from __future__ import annotations

from typing import Any

import pytest

from prompts import WIRES
from schemas import Amount, AnyTable, Chunk, Invalid
from schemas.kinds import ThreePublic
from schemas.registry import kinds
from tests.chunks import chunk_of


def decode(wire: str, chunk: Chunk, **answer: Any) -> AnyTable:
    """The table that an answer in a wire format means."""
    model = WIRES[wire].response_model(chunk.kind)
    return WIRES[wire].decode(model.model_validate(answer), chunk).table


def problems(wire: str, chunk: Chunk, **answer: Any) -> tuple[str, ...]:
    """What is wrong with an answer."""
    with pytest.raises(Invalid) as caught:
        decode(wire, chunk, **answer)
    return caught.value.problems


def places_of(table: AnyTable, column: str) -> list[int | None]:
    """The line of each cell of a column."""
    return [cell.span.line if (cell := row.get(column)) else None for row in table.rows]


TOTAL_AND_BASIC = [{"key": "total", "header": "合计"}, {"key": "basic", "header": "基本支出"}]
EQUAL = """\
科目编码 科目名称 合计 基本支出
201 一般公共服务支出 5.00 5.00
20103 行政运行 5.00 5.00
合计 5.00 5.00
"""


def test_equal_figures_are_told_apart_by_their_rows() -> None:
    chunk = chunk_of(EQUAL, "expenditure_by_function")
    rows = [["20103", "行政运行", "5.00", "5.00"], [None, "合计", "5.00", None]]
    table = decode("rows", chunk, columns=TOTAL_AND_BASIC, rows=rows)
    assert places_of(table, "total") == [3, 4]
    assert [(cell.span.start, cell.span.end) for _, cell in table.rows[0].cells()] == [(52, 56), (57, 61)]
    assert [EQUAL[52:56], EQUAL[57:61]] == ["5.00", "5.00"]
    assert table.headers == {"total": "合计", "basic": "基本支出"}


def test_labels_wrapped_around_their_figures() -> None:
    text = """\
二、政府性基金预算财政拨
二、外交支出 7.00
款 3.00
机关事业单位基本养老保险缴
208 05 05 费支出 160.75 160.75
"""
    chunk = chunk_of(text, "expenditure_by_function")
    rows = [
        [None, "二、政府性基金预算财政拨款", "3.00"],
        ["2080505", "机关事业单位基本养老保险缴费支出", "160.75"],
    ]
    table = decode("rows", chunk, columns=TOTAL_AND_BASIC[:1], rows=rows)
    assert [row.name for row in table.rows] == ["政府性基金预算财政拨款", "机关事业单位基本养老保险缴费支出"]
    assert [row.label.span.line for row in table.rows if row.label] == [1, 4]
    assert places_of(table, "total") == [3, 5]
    assert [row.code_cell.text for row in table.rows if row.code_cell] == ["208 05 05"]


def test_codes_whose_pieces_stand_on_two_lines() -> None:
    text = "301 01 302\n基本工资 01 办公费\n262.33 21.21\n301 02 302\n津贴补贴 1,238.58 02 印刷费\n7.61\n"
    chunk = chunk_of(text, "basic_expenditure_by_economic")
    rows = [
        ["30101", "基本工资", "262.33"],
        ["30102", "津贴补贴", "1,238.58"],
        ["30201", "办公费", "21.21"],
        ["30202", "印刷费", "7.61"],
    ]
    decoded = WIRES["rows"].decode(
        WIRES["rows"]
        .response_model(chunk.kind)
        .model_validate({"columns": [{"key": "amount", "header": ""}], "rows": rows}),
        chunk,
    )
    assert [row.code for row in decoded.table.rows] == ["30101", "30102", "30201", "30202"]
    assert set(decoded.roles) == {numeral.id for numeral in chunk.ledger}


def test_a_fall_is_negative_though_print_has_no_sign() -> None:
    chunk = chunk_of("项目支出 2,130.31 万元，比上年减少 356.17 万元，下降 14.32%。", "narrative_facts")
    columns = [{"key": key, "header": ""} for key in ("amount", "unit", "change_amount", "change_percent")]
    values = ["2,130.31", "万元", "-356.17", "-14.32%"]
    for wire, listed, answered in (
        ("rows", columns, [None, "项目支出", *values]),
        ("refs", "A B C D", "n<项目支出> A1 B<万元> C-2 D-3"),
    ):
        row = decode(wire, chunk, columns=listed, rows=[answered]).rows[0]
        assert [
            str(a.value) for key in ("amount", "change_amount", "change_percent") if (a := row.figure(key))
        ] == [
            "2130.31",
            "-356.17",
            "-14.32",
        ]
        assert row.figure("amount") == Amount(value=row.amount.amount.value, decimals=2, unit="万元")


@pytest.mark.parametrize("answered", [None, "亿元"])
def test_the_unit_of_a_claim_is_the_one_that_is_printed_behind_it(answered: str | None) -> None:
    text = "收入总计 1,026.30 千元，为 0.01 亿元的十倍。"
    chunk = chunk_of(text, "narrative_facts", unit="万元")
    columns = [{"key": "amount", "header": ""}, {"key": "unit", "header": ""}]
    (row,) = decode("rows", chunk, columns=columns, rows=[[None, "收入总计", "1,026.30", answered]]).rows
    amount, unit = row.figure("amount"), row.get("unit")
    assert amount is not None
    assert unit is not None
    assert (amount.unit, unit.text, text[unit.span.start : unit.span.end]) == ("千元", "千元", "千元")


def test_everything_that_is_wrong_is_said_at_once() -> None:
    chunk = chunk_of(EQUAL, "expenditure_by_function")
    rows = [
        ["201", "一般公共服务支出", "5.00"],
        ["20199", "行政运行", "5.01", "five"],
        [None, "行政管理", "5.00", "5.00"],
        [None, "合计", "5.00", "5.00"],
        [None, "合计", "5.00", "5.00"],
    ]
    assert problems("rows", chunk, columns=TOTAL_AND_BASIC, rows=rows) == (
        "row 1: 1 values, 2 columns",
        "row 2, total: 5.01 is not in the source",
        "row 2, basic: 'five' is not a figure",
        "row 2: the code 20199 is not in the source",
        "row 3: the name '行政管理' is not in the source",
        "row 5, basic: 5.00 stands in the source 6 times and is used more often",
    )


def test_figures_match_in_value_and_decimals_never_nearly() -> None:
    chunk = chunk_of("合计 6, 901. 75\n行政运行 5.0\n", "expenditure_by_function")
    columns = TOTAL_AND_BASIC[:1]
    table = decode("rows", chunk, columns=columns, rows=[[None, "合计", "6901.75"]])
    assert [cell.text for _, cell in table.rows[0].cells()] == ["6, 901. 75"]
    for near in ("6901.8", "6901.750", "-6901.75", "69017.5"):
        said = problems("rows", chunk, columns=columns, rows=[[None, "合计", near]])
        assert said == (f"row 1, total: {near} is not in the source",)


def test_sides_keys_and_columns_are_held_to_the_kind() -> None:
    summary = chunk_of("收入 5.00\n", "income_expenditure_summary")
    columns = [{"key": "amount", "header": ""}, {"key": None, "header": "备注"}]
    assert problems("rows", summary, columns=columns, rows=[["left", None, "收入", "5.00", None]]) == (
        "column 2: the header '备注' is not in the source",
        "row 1: the side 'left' is none of income, expenditure, expenditure_by_use",
    )
    chunk = chunk_of("公务接待费 5.00\n其他 1.00\n", "three_public")
    rows = [[None, "公务接待费", "5.00"], [None, "其他", "1.00"]]
    assert problems("rows", chunk, columns=[{"key": "amount", "header": ""}], rows=rows) == (
        "row 2: the name '其他' is none of " + ", ".join(ThreePublic.keys[""]),
    )
    table = decode("rows", chunk, columns=[{"key": "amount", "header": ""}], rows=rows[:1])
    assert [row.name for row in table.rows] == ["reception"]


def test_an_answer_without_rows_needs_a_source_without_figures() -> None:
    assert problems("rows", chunk_of("合计 5.00\n", "state_capital"), columns=[], rows=[]) == (
        "there are no rows, though the source prints figures",
    )
    assert decode("rows", chunk_of("本单位无此项支出\n", "state_capital"), columns=[], rows=[]).rows == []


def test_a_row_without_a_name_is_a_doubt_not_a_fault() -> None:
    chunk = chunk_of("合计 5.00\n\t17.00\n", "project_expenditure")
    model = WIRES["rows"].response_model(chunk.kind)
    answer = {"columns": TOTAL_AND_BASIC[:1], "rows": [[None, "合计", "5.00"], [None, None, "17.00"]]}
    decoded = WIRES["rows"].decode(model.model_validate(answer), chunk)
    assert decoded.doubts == ("row 2 has no name",)
    assert places_of(decoded.table, "total") == [1, 2]


def test_records_keep_cells_of_unnamed_columns() -> None:
    chunk = chunk_of("科目 合计 其他资金\n行政运行 5.00 1.00\n", "state_capital")
    blank = {"code": None, "basic": None, "project": None}
    rows = [
        {**blank, "name": "行政运行", "total": "5.00", "others": [{"header": "其他资金", "value": "1.00"}]}
    ]
    columns = [{"key": "total", "header": "合计"}, {"key": None, "header": "其他资金"}]
    table = decode("records", chunk, columns=columns, rows=rows)
    assert [(key, cell.text) for key, cell in table.rows[0].cells()] == [
        ("total", "5.00"),
        ("其他资金", "1.00"),
    ]
    assert problems("records", chunk, columns=columns[:1], rows=rows) == (
        "row 1: 其他资金 is filled but not among the columns",
    )


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("kind", [*kinds(), None])
def test_answers_have_closed_schemas(wire: str, kind: str | None) -> None:
    schema = WIRES[wire].response_model(kind).model_json_schema()
    parts = [part for part in (schema, *schema.get("$defs", {}).values()) if part["type"] == "object"]
    assert schema in parts
    for part in parts:
        assert part["additionalProperties"] is False
        assert sorted(part["required"]) == sorted(part["properties"])
