"""Names that are broken over lines: joined where it is sure how, said to be open where it is not."""

from __future__ import annotations

import pytest

from schemas import Document
from tests.test_layout_reader import read, rows
from worker.readers.layout import LayoutReader
from worker.segment import segment


def figures(text: str) -> list[tuple[str, tuple[str, ...]]]:
    """The rows with figures: name and figures."""
    return [(name, tuple(cells.values())) for _, _, name, cells in rows(read(text)) if cells]


def test_figures_in_the_middle_of_a_broken_name_belong_to_it() -> None:
    text = """Balance Sheet
|  | 2023 | 2022 |
| Current assets |  |  |
| Cash and cash |  |  |
|  | 1,010 | 2,020 |
| equivalents |  |  |
| Inventories | 505 | 606 |
| Total current |  |  |
|  | 1,515 | 2,626 |
| assets |  |  |
"""
    assert figures(text) == [
        ("Cashandcashequivalents", ("1,010", "2,020")),
        ("Inventories", ("505", "606")),
        ("Totalcurrentassets", ("1,515", "2,626")),
    ]
    assert read(text).incomplete == ()


@pytest.mark.parametrize(
    "broken", ["Toner\t\t\t\nblack\t18\t2.00\t36.00", "Toner\t18\t2.00\t36.00\nblack\t\t\t"]
)
def test_what_is_written_small_goes_on_with_the_name_beside_it(broken: str) -> None:
    text = f"Invoice 17\nItem\tQty\tUnit price\tAmount\nPaper A4\t2\t1.00\t2.00\n{broken}\nTotal due\t\t\t38.00\n"
    assert ("Tonerblack", ("18", "2.00", "36.00")) in figures(text)


def test_a_capital_may_begin_a_name_or_go_on_with_one() -> None:
    text = """Table 9. Expenditures
Department\tGeneral Fund\tDebt Service
City Council\t10.00\t20.00
Human\t\t
Resources\t5.00\t6.00
Police\t1.00\t1.00
Grand Total\t16.00\t27.00
"""
    assert any(words.startswith("Human: may belong") for words in read(text).incomplete)


def test_where_every_name_is_one_word_a_line_nothing_is_sure() -> None:
    text = """Table 1. Expenditures
Department\tGeneral Fund\tDebt Service
Police\t1.00\t1.00
Public
Works\t10.00\t20.00
Human
Resources\t5.00\t6.00
Grand
Total\t16.00\t27.00
"""
    assert len(read(text).incomplete) == 3


def test_a_heading_whose_sum_says_it_again_is_no_piece() -> None:
    text = """Balance Sheet
\t2023\t2022
Cash\t1\t2
Total current assets\t1\t2
Non-Current Liabilities\t\t
Long-Term Debt\t3\t4
Total Non-Current Liabilities\t3\t4
"""
    reading = read(text)
    assert reading.incomplete == ()
    assert ("Long-TermDebt", ("3", "4")) in figures(text)


def test_names_of_several_columns_are_joined_column_by_column() -> None:
    text = """项目支出表
单位：万元
一级项目\t二级项目\t项目单位\t合计\t一般公共预算
合计\t\t\t60.00\t60.00
业务经费\t\t\t60.00\t60.00
\t信息化系统运行\t某县财政培训\t10.00\t10.00
\t维护\t中心
\t会议培训经费\t某县财政培训\t20.00\t20.00
\t\t中心
\t网络安全等级保\t某县财政培训\t30.00\t30.00
\t护测评\t中心
"""
    (chunk,) = segment(Document(name="s", sha256="0" * 64, text=text))
    reading = LayoutReader().read(chunk)
    units = [(row.name, unit.text) for row in reading.table.rows if (unit := row.get("unit_name"))]
    assert units == [
        ("信息化系统运行维护", "某县财政培训中心"),
        ("会议培训经费", "某县财政培训中心"),
        ("网络安全等级保护测评", "某县财政培训中心"),
    ]
    assert reading.incomplete == ()


def test_figures_stand_beside_the_last_line_of_every_name() -> None:
    text = """财政拨款收支总表
单位：万元
收入\t\t支出\t
项目\t预算数\t项目\t预算数
一、本年收入\t30.00\t一、本年支出\t30.00
  一般公共预算\t\t七、文化旅游体育\t
拨款\t20.00\t与传媒支出\t20.00
  政府性基金预\t\t八、社会保障和就\t
算拨款\t10.00\t业支出\t10.00
收入总计\t30.00\t支出总计\t30.00
"""
    assert figures(text) == [
        ("本年收入", ("30.00",)),
        ("一般公共预算拨款", ("20.00",)),
        ("政府性基金预算拨款", ("10.00",)),
        ("收入总计", ("30.00",)),
        ("本年支出", ("30.00",)),
        ("文化旅游体育与传媒支出", ("20.00",)),
        ("社会保障和就业支出", ("10.00",)),
        ("支出总计", ("30.00",)),
    ]


def test_a_row_without_a_name_is_a_total_at_the_end_alone() -> None:
    reading = read(
        "Statement\n\t2023\t2022\nCash\t1.00\t2.00\n\t3.00\t4.00\nDebt\t5.00\t6.00\n\t6.00\t8.00\n"
    )
    assert [row.name for row in reading.table.rows] == ["Cash", "", "Debt", "合计"]


def test_lines_that_run_into_one_name_are_said() -> None:
    cells = "Item 2022 Cash 1.00 Stock 2.00 Fixed assets Bonds 3.00 Total 6.00 Land 4.00 Plant 5.00 Sum 15.00"
    reading = read("Balance Sheet\n" + "\n".join(cells.split()) + "\n")
    assert any("may be several names" in words for words in reading.incomplete)


def test_codes_torn_off_their_rows_go_back_in_order() -> None:
    text = """支出决算表
单位：万元
科目编码\t科目名称\t合计\t基本支出\t项目支出
\t合计\t9.00\t5.00\t4.00
\t教育支出\t9.00\t5.00\t4.00
\t普通教育\t9.00\t5.00\t4.00
205
20502
"""
    assert [(code, name) for _, code, name, _ in rows(read(text))] == [
        (None, "合计"),
        ("205", "教育支出"),
        ("20502", "普通教育"),
    ]


def test_a_number_before_two_columns_of_names_parts_no_lists() -> None:
    text = """项目支出表
单位：万元
序号\t一级项目\t二级项目\t合计\t一般公共预算
1\t合计\t\t30.00\t30.00
2\t业务经费\t会议\t10.00\t10.00
3\t业务经费\t培训\t20.00\t20.00
"""
    assert [(row.name, str(row.get("first_level").text)) for row in read(text).table.rows] == [
        ("合计", "合计"),
        ("会议", "业务经费"),
        ("培训", "业务经费"),
    ]


def test_words_set_wide_are_no_columns() -> None:
    text = """国有资本经营预算支出表
单位：万元
科目编码    科目名称                    合    计    基本支出    项目支出
223         国有资本经营预算支出           30.00       10.00       20.00
22301       解决历史遗留问题               30.00       10.00       20.00
合    计                                   30.00       10.00       20.00
"""
    assert [(code, name) for _, code, name, _ in rows(read(text))] == [
        ("223", "国有资本经营预算支出"),
        ("22301", "解决历史遗留问题"),
        (None, "合计"),
    ]


def test_the_header_of_a_plain_table_is_not_its_unit() -> None:
    text = """Income Statement
(in US dollars)
Line item 2022 2021
Operating revenue
Product revenue 20.00 30.00
Service revenue 5.00 6.00
Total revenue 25.00 36.00
"""
    assert read(text).table.columns == ["2022", "2021"]


def test_two_lines_that_may_be_the_header_are_said() -> None:
    text = """Income Statement
This year Last
Operating revenue
Product revenue 20.00 30.00
Service revenue 5.00 6.00
Total revenue 25.00 36.00
"""
    assert any("no header names the column" in words for words in read(text).incomplete)


def test_a_heading_goes_on_with_no_sum_above_it() -> None:
    text = """资产负债表
项目\t期末余额
存货\t3.00
应收账款\t4.00
流动资产合计\t7.00
非流动资
产：
固定资产\t5.00
非流动资产合计\t5.00
资产总计\t12.00
"""
    names = [name for name, _ in figures(text)]
    assert names == ["存货", "应收账款", "流动资产合计", "固定资产", "非流动资产合计", "资产总计"]


def test_a_sum_whose_last_word_is_a_heading_elsewhere_is_joined() -> None:
    text = """Balance Sheet
Item\t2025
Cash\t3.00
Deferred tax\t4.00
assets\t
Total current\t7.00
assets\t
Buildings\t5.00
Total assets\t12.00
"""
    assert [name for name, _ in figures(text)] == [
        "Cash",
        "Deferredtaxassets",
        "Totalcurrentassets",
        "Buildings",
        "Totalassets",
    ]
