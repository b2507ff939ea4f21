"""What the ledger explains by itself, and what it must never explain away."""

from __future__ import annotations

import pytest

from schemas.findings import Role
from tests.chunks import chunk_of
from worker.readers.ledger import explain_rest, unexplained


def roles(text: str, *, title: str = "", used: tuple[str, ...] = ()) -> dict[str, list[str]]:
    """Role → printed numerals, those without a role under ''; `used` numerals count as cells."""
    chunk = chunk_of(text, title=title)
    taken: dict[str, Role] = {n.id: "cell" for n in chunk.ledger if n.text in used}
    found = explain_rest(chunk, taken)
    result: dict[str, list[str]] = {}
    for numeral in chunk.ledger:
        if numeral.id not in taken:
            result.setdefault(found.get(numeral.id, ""), []).append(numeral.text)
    return result


SUMMARY = """\
一、收入支出决算总表
公开01表
部门：某某市档案馆 单位：万元
项    目 行次 决算数 项    目 行次 决算数
栏    次 1 栏    次 2
一、财政拨款收入 1 6, 901. 75 一、一般公共服务支出 4 5, 309. 93
二、事业收入 2 0. 00 5
总计 3 6, 901. 84 总计 6 6, 901. 84
注：1. 本表反映部门本年度的总收支情况。
    2. 本套报表金额单位转换时可能存在 0.01 万元的尾数误差。
"""


def test_a_summary_with_line_and_column_numbers() -> None:
    assert roles(SUMMARY) == {
        "form_number": ["01"],
        "column_number": ["1", "2"],
        "line_number": ["1", "4", "2", "5", "3", "6"],
        "ordinal": ["1", "2"],
        "note": ["0.01"],
        "": ["6, 901. 75", "5, 309. 93", "0. 00", "6, 901. 84", "6, 901. 84"],
    }


def test_what_a_reader_used_is_left_alone() -> None:
    chunk = chunk_of("行次\n一 1 5\n二 2 6\n三 3 7\n")
    used: dict[str, Role] = {"n2": "cell", "n4": "cell", "n6": "cell"}
    assert explain_rest(chunk, used) == {"n1": "line_number", "n3": "line_number", "n5": "line_number"}


SIDES = """\
一般公共预算财政拨款基本支出决算表
决算06表
{0} {1} 科目名称 决算数 {0} {1} 科目名称 决算数
301  工资福利支出 152.77 302  商品和服务支出 76.96
301 01 基本工资  302 01 办公费 4.18
301 02 津贴补贴 322.48 302 02 印刷费
307 03 国内债务发行费用  152 02 印刷费
"""


@pytest.mark.parametrize("rule", [" | ", "\t"])
def test_codes_of_rows_without_figures_are_codes_where_others_are(rule: str) -> None:
    text = SIDES.format("类", "款").replace(" ", rule)
    chunk = chunk_of(text)
    used: dict[str, Role] = {}
    for numeral in chunk.ledger:
        if numeral.decimals:
            used[numeral.id] = "cell"
        elif numeral.span.line in (4, 6) and numeral.text in ("301", "302", "02", "01"):
            used[numeral.id] = "code"
    # The last rows: 307 03 and 152 02 stand where codes do, in their parts; with a row lost, 4.18 tells of it.
    lost = {n.id for n in chunk.ledger if n.text == "4.18"}
    found = explain_rest(chunk, {key: role for key, role in used.items() if key not in lost})
    by_line = [(n.text, found.get(n.id, "")) for n in chunk.ledger if n.id not in used or n.id in lost]
    assert by_line == [
        ("06", "form_number"),
        ("301", "code"),
        ("01", "code"),
        ("302", "code"),
        ("01", "code"),
        ("4.18", ""),
        ("307", "code"),
        ("03", "code"),
        ("152", "code"),
        ("02", "code"),
    ]


def test_figures_that_look_like_codes_are_none_elsewhere() -> None:
    text = "201\t一般公共服务\t152\t印刷费\n208\t社会保障\t301\t办公费\n"
    chunk = chunk_of(text)
    used: dict[str, Role] = {n.id: "code" for n in chunk.ledger if n.text == "208"}
    found = explain_rest(chunk, used)
    assert [(n.text, found.get(n.id, "")) for n in chunk.ledger if n.id not in used] == [
        ("201", "code"),
        ("152", ""),
        ("301", ""),
    ]


@pytest.mark.parametrize("text", ["December 31, 2019", "Sept. 30, 2020", "31 March 2021"])
def test_dates_in_english_are_dates(text: str) -> None:
    assert roles(f"Item\t{text}\nCash\t5,126\nMay 7,500\n")[""] == ["5,126", "7,500"]


def test_ordinals_begin_cells() -> None:
    assert roles("| 1. 一般公共预算 | 2. 政府性基金 |\n一般 12.00  3、公务接待费 4.00\n") == {
        "ordinal": ["1", "2", "3"],
        "": ["12.00", "4.00"],
    }


def test_codes_that_no_row_took_stay_unexplained() -> None:
    assert roles("201 一般公共服务支出 5.00\n20103 政府办公厅 5.00\n", used=("5.00",)) == {
        "": ["201", "20103"]
    }


@pytest.mark.parametrize(
    ("text", "role", "numerals"),
    [
        ("2023 年度决算", "year", ["2023"]),
        ("2022-2024年", "year", ["2022", "2024"]),
        ("FY2024 budget", "year", []),
        ("FY 2024 budget", "year", ["2024"]),
        ("截至 2023 年 12 月 31 日", "year", ["2023"]),
        ("截至 2023 年 12 月 31 日", "date", ["12", "31"]),
        ("制表日期 2023-12-31", "date", ["2023", "12", "31"]),
        ("1-6月执行数", "date", ["1", "6"]),
        ("预算公开表3", "form_number", ["3"]),
        ("预算表 3", "form_number", ["3"]),
        ("表1-2", "form_number", ["1", "2"]),
        ("Table 12", "form_number", ["12"]),
        ("财预〔2023〕12号", "label", ["2023", "12"]),
        ("第 3 页 共 12 页", "page", ["3", "12"]),
        ("Page 3 of 12", "page", ["3", "12"]),
        ("— 12 —", "page", ["12"]),
        ("1.组织指导", "ordinal", ["1"]),
        ("(3)其他支出", "ordinal", ["(3)"]),
        ("12、2024 年安排", "ordinal", ["12"]),
        ("部门：321-某某市档案馆", "code", ["321"]),
        ("1 2 3 4 5", "column_number", ["1", "2", "3", "4", "5"]),
        ("栏次 1 2 3=1+2", "column_number", ["1", "2", "3", "1", "2"]),
        ("栏次\n1\n2\n3\n", "column_number", ["1", "2", "3"]),
        ("1 2 4\n栏次 3\n", "column_number", ["1", "2", "4", "3"]),
        ("Item 2021 2022 2023\nStaff 5 6 7", "year", ["2021", "2022", "2023"]),
    ],
)
def test_numerals_that_their_wording_explains(text: str, role: str, numerals: list[str]) -> None:
    assert roles(text).get(role, []) == numerals


@pytest.mark.parametrize(
    "text",
    [
        "一般公共服务支出 5 6 7",
        "Staff 2021 2030 2023\nRent 5 6 7",
        "2023",
        "仪器仪表 12",
        "Table 2 100.00",
        "1.50 2.50 3.50",
        "行次 1.00 2.00 3.00",
        "行次\n甲 1\n乙 3\n",
        "注：100.00 200.00",
        "2 3 4",
        "甲 - 12 -\n— 12 —",
        "1,001 2,002",
        "栏次合计支出 5",
        "12%",
    ],
)
def test_figures_are_never_explained_away(text: str) -> None:
    chunk = chunk_of(text)
    assert unexplained(chunk, explain_rest(chunk, {})) == chunk.ledger


def test_a_page_number_stands_beside_a_page_break_and_near_its_page() -> None:
    assert roles("合计 5.00\n2\n\f208 其他 5.00\n\f229\n", used=("5.00",)) == {
        "page": ["2"],
        "": ["208", "229"],
    }


def test_a_bare_number_in_the_title_is_a_label() -> None:
    assert roles("某某 12 中学收支表\n合计 12\n", title="某某12中学收支表") == {"label": ["12"], "": ["12"]}


def test_offsets_count_from_the_document() -> None:
    chunk = chunk_of("2023 年 5.00", before="前言 1.00\n")
    assert explain_rest(chunk, {}) == {"n1": "year"}
