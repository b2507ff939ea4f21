"""The layout reader on literal tables: rows, columns, codes, sides, and what it says it could not place."""

from __future__ import annotations

import hashlib

from schemas import Document, Reading
from worker.readers.layout import LayoutReader
from worker.segment import segment


def read(text: str, delimiter: str | None = None) -> Reading:
    digest = hashlib.sha256(text.encode()).hexdigest()
    document = Document(name="sample.txt", sha256=digest, text=text, delimiter=delimiter)
    (chunk,) = [c for c in segment(document) if c.role == "table"]
    reading = LayoutReader().read(chunk)
    for row in reading.table.rows:  # every cell points at its own digits
        for _, cell in row.cells():
            assert "".join(text[cell.span.start : cell.span.end].split()) == "".join(cell.text.split())
    return reading


def rows(reading: Reading) -> list[tuple[str | None, str | None, str, dict[str, str]]]:
    return [(r.side, r.code, r.name, {k: c.text for k, c in r.cells()}) for r in reading.table.rows]


def unexplained(text: str, reading: Reading) -> list[str]:
    digest = hashlib.sha256(text.encode()).hexdigest()
    (chunk,) = [c for c in segment(Document(name="s", sha256=digest, text=text)) if c.role == "table"]
    return [n.text for n in chunk.ledger if n.id not in reading.roles]


def test_tabs_with_grouped_headers() -> None:
    text = """一般公共预算支出表
单位：万元
科目编码\t科目名称\t合计\t基本支出\t\t\t项目支出
\t\t\t小计\t人员经费\t公用经费\t
栏次\t\t1\t2\t3\t4\t5
\t合计\t10.00\t7.00\t6.00\t1.00\t3.00
205\t教育支出\t10.00\t7.00\t6.00\t1.00\t3.00
20502\t普通教育\t10.00\t7.00\t6.00\t1.00\t3.00
2050202\t小学教育\t7.00\t7.00\t6.00\t1.00\t
2050299\t其他普通教育支出\t3.00\t\t\t\t3.00
"""
    reading = read(text)
    assert reading.table.columns == ["total", "basic", "personnel", "public", "project"]
    assert rows(reading)[3:] == [
        (
            None,
            "2050202",
            "小学教育",
            {"total": "7.00", "basic": "7.00", "personnel": "6.00", "public": "1.00"},
        ),
        (None, "2050299", "其他普通教育支出", {"total": "3.00", "project": "3.00"}),
    ]
    assert unexplained(text, reading) == []
    assert reading.incomplete == ()


def test_two_sides_abreast_become_one_row_an_item() -> None:
    text = """收支总表
单位：万元
收入\t\t\t支出\t\t
项目\t行次\t预算数\t项目\t行次\t预算数
一、财政拨款收入\t1\t8.00\t一、教育支出\t5\t9.00
二、事业收入\t2\t\t二、卫生健康支出\t6\t1.00
本年收入合计\t3\t8.00\t本年支出合计\t7\t10.00
上年结转\t4\t2.00\t结转下年\t8\t
收入总计\t\t10.00\t支出总计\t\t10.00
"""
    reading = read(text)
    assert rows(reading)[0] == ("income", None, "财政拨款收入", {"amount": "8.00"})
    assert rows(reading)[1] == ("income", None, "事业收入", {})
    assert rows(reading)[5] == ("expenditure", None, "教育支出", {"amount": "9.00"})
    assert unexplained(text, reading) == []


def test_zeros_are_cells_and_blanks_are_not() -> None:
    reading = read(
        "支出总表\n单位：元\n科目编码\t科目名称\t合计\t基本支出\t项目支出\n205\t教育支出\t5\t5\t\n208\t社保\t0.00\t-\t0.00\n"
    )
    assert rows(reading) == [
        (None, "205", "教育支出", {"total": "5", "basic": "5"}),
        (None, "208", "社保", {"total": "0.00", "project": "0.00"}),
    ]


def test_codes_apart_from_their_rows_and_split_digits() -> None:
    text = """二、收入决算表

公开02表

部门：某局 单位：万元

1 2 3

3, 050. 00 3, 000. 00 50. 00

教育支出 3, 000. 00 2, 950. 00 50. 00

普通教育 3, 000. 00 2, 950. 00 50. 00

住房保障支出 50. 00 50. 00 0. 00

住房改革支出 50. 00 50. 00 0. 00

本年收入合计 财政拨款收入 其他收入

22102

205

收入决算表

合计

20502

221
"""
    reading = read(text)
    assert rows(reading) == [
        (
            None,
            None,
            "合计",
            {"total": "3, 050. 00", "fiscal_appropriation": "3, 000. 00", "other": "50. 00"},
        ),
        (
            None,
            "205",
            "教育支出",
            {"total": "3, 000. 00", "fiscal_appropriation": "2, 950. 00", "other": "50. 00"},
        ),
        (
            None,
            "20502",
            "普通教育",
            {"total": "3, 000. 00", "fiscal_appropriation": "2, 950. 00", "other": "50. 00"},
        ),
        (
            None,
            "221",
            "住房保障支出",
            {"total": "50. 00", "fiscal_appropriation": "50. 00", "other": "0. 00"},
        ),
        (
            None,
            "22102",
            "住房改革支出",
            {"total": "50. 00", "fiscal_appropriation": "50. 00", "other": "0. 00"},
        ),
    ]
    assert unexplained(text, reading) == []


def test_codes_over_three_columns_and_blanks_settled_by_the_totals() -> None:
    text = """部门支出预算总表
编制部门：某局 单位：元
项目 支出预算
功能分类科目编码
功能分类科目名称 合计 基本支出 项目支出
类 款 项
205 教育支出 100,000.00 70,000.00 30,000.00
205 02 普通教育 100,000.00 70,000.00 30,000.00
205 02 02 小学教育 70,000.00 70,000.00
205 02 99 其他普通教育支出 30,000.00 30,000.00
合计 100,000.00 70,000.00 30,000.00
"""
    reading = read(text)
    assert [(code, cells) for _, code, _, cells in rows(reading)][2:4] == [
        ("2050202", {"total": "70,000.00", "basic": "70,000.00"}),
        ("2050299", {"total": "30,000.00", "project": "30,000.00"}),
    ]
    assert reading.incomplete == ()
    assert unexplained(text, reading) == []


def test_blanks_that_nothing_can_settle_are_said() -> None:
    text = """部门收入预算总表
单位：元
功能分类科目名称 合计 财政拨款收入 事业收入 其他收入
205 教育支出 5,000.00 5,000.00
合计 5,000.00 5,000.00
"""
    reading = read(text)
    assert len(reading.incomplete) == 2
    assert "fit several columns" in reading.incomplete[0]


def test_figures_one_field_off_their_header_are_put_where_everything_closes() -> None:
    text = """收入总表
单位：万元
单位代码\t单位名称\t合计\t当年预算\t\t\t上年结转结余\t\t
\t\t\t小计\t一般公共预算\t政府性基金预算\t小计\t一般公共预算拨款结转\t
\t合计\t9.00\t6.00\t6.00\t\t\t3.00\t3.00
108\t某局\t9.00\t6.00\t6.00\t\t\t3.00\t3.00
108001\t某局本级\t5.00\t4.00\t4.00\t\t\t1.00\t1.00
108002\t某中心\t4.00\t2.00\t2.00\t\t\t2.00\t2.00
"""
    reading = read(text)
    assert rows(reading)[3] == (
        None,
        "108002",
        "某中心",
        {
            "total": "4.00",
            "current_total": "2.00",
            "current_general_budget": "2.00",
            "carryover_total": "2.00",
            "carryover_general_budget": "2.00",
        },
    )
    assert "belong -1 field" in reading.notes[0]


def test_three_entries_abreast_with_foot_rows() -> None:
    text = """一般公共预算财政拨款基本支出决算表
单位：万元
科目编码 科目名称 决算数 科目编码 科目名称 决算数
301 工资福利支出 5.00 302 商品和服务支出 2.00
30101 基本工资 3.00 30201 办公费 2.00
30102 津贴补贴 2.00 303 对个人和家庭的补助 1.00

6.00 2.00

人员经费合计 公用经费合计
"""
    reading = read(text)
    assert {(c or n): v["amount"] for _, c, n, v in rows(reading)} == {
        "301": "5.00",
        "30101": "3.00",
        "30102": "2.00",
        "302": "2.00",
        "30201": "2.00",
        "303": "1.00",
        "人员经费合计": "6.00",
        "公用经费合计": "2.00",
    }


def test_a_wide_three_public_row_becomes_a_row_an_item() -> None:
    text = """财政拨款“三公”经费支出决算表
公开09表
单位：万元
1 2 3 4 5 6 7 8 9 10 11 12

9.00 1.00 5.00 2.00 3.00 3.00 8.00 1.00 4.00 2.00 2.00 3.00
预算数 决算数
合计 因公出国（境）费 公务用车购置及运行费 公务接待费
"""
    assert [(name, cells) for _, _, name, cells in rows(read(text))] == [
        ("total", {"budget": "9.00", "final": "8.00"}),
        ("overseas", {"budget": "1.00", "final": "1.00"}),
        ("vehicles", {"budget": "5.00", "final": "4.00"}),
        ("vehicle_purchase", {"budget": "2.00", "final": "2.00"}),
        ("vehicle_operation", {"budget": "3.00", "final": "2.00"}),
        ("reception", {"budget": "3.00", "final": "3.00"}),
    ]


def test_an_unknown_column_is_kept_under_its_printed_header() -> None:
    text = """支出预算总表
单位：万元
科目编码\t科目名称\t合计\t基本支出\t项目支出\t单位预留机动经费
205\t教育支出\t10.00\t6.00\t3.00\t1.00
"""
    assert rows(read(text))[0][3] == {
        "total": "10.00",
        "basic": "6.00",
        "project": "3.00",
        "单位预留机动经费": "1.00",
    }


def test_any_table_of_separated_values() -> None:
    text = "\n".join(["Item,2023,2022", 'Cash,"1,200",900', "Stock,300,100", 'Total,"1,500","1,000"', ""])
    assert [(name, cells) for _, _, name, cells in rows(read(text, ","))] == [
        ("Cash", {"2023": "1,200", "2022": "900"}),
        ("Stock", {"2023": "300", "2022": "100"}),
        ("Total", {"2023": "1,500", "2022": "1,000"}),
    ]


def test_a_column_that_no_header_names_is_said() -> None:
    text = """支出总表
单位：万元
205 教育支出 10.00 6.00 3.00 1.00
208 社会保障和就业支出 4.00 3.00 1.00 0.00
合计 14.00 9.00 4.00 1.00
"""
    assert any("no header names" in reason for reason in read(text).incomplete)


def test_figures_belong_to_the_header_they_stand_under() -> None:
    text = """部门收入预算总表
单位：元
科目编码   科目名称          合计        财政拨款收入      事业收入      其他收入
205        教育支出        5,000.00                       5,000.00
208        社会保障支出    1,000.00        1,000.00
合计                       6,000.00        1,000.00       5,000.00
"""
    reading = read(text)
    assert [cells for _, _, _, cells in rows(reading)] == [
        {"total": "5,000.00", "undertaking": "5,000.00"},
        {"total": "1,000.00", "fiscal_appropriation": "1,000.00"},
        {"total": "6,000.00", "fiscal_appropriation": "1,000.00", "undertaking": "5,000.00"},
    ]
    assert reading.incomplete == ()


def test_names_broken_over_lines_are_joined() -> None:
    text = """支出决算表
单位：万元
科目编码 科目名称 合计 基本支出 项目支出
合计 9.00 5.00 4.00
208 社会保障和就业支出 9.00 5.00 4.00
行政事业单位养老支出
208 05 9.00 5.00 4.00
机关事业单位基本养老保险
208 05 05 缴费支出 5.00 5.00
208 05 06 机关事业单位职业年金缴费 4.00 4.00
支出
"""
    assert [(code, name) for _, code, name, _ in rows(read(text))] == [
        (None, "合计"),
        ("208", "社会保障和就业支出"),
        ("20805", "行政事业单位养老支出"),
        ("2080505", "机关事业单位基本养老保险缴费支出"),
        ("2080506", "机关事业单位职业年金缴费支出"),
    ]


def test_one_cell_a_line() -> None:
    cells = "科目编码 科目名称 合计 基本支出 项目支出 合计 9.00 5.00 4.00 205 教育支出 5.00 5.00 208 社保支出 4.00 4.00"
    text = "支出决算表\n单位：万元\n" + "\n".join(cells.split(" ")) + "\n"
    reading = read(text)
    assert rows(reading) == [
        (None, None, "合计", {"total": "9.00", "basic": "5.00", "project": "4.00"}),
        (None, "205", "教育支出", {"total": "5.00", "basic": "5.00"}),
        (None, "208", "社保支出", {"total": "4.00", "project": "4.00"}),
    ]
    assert reading.incomplete == ()


def test_a_form_of_one_row_in_whole_units_is_no_header() -> None:
    text = """财政拨款“三公”经费支出决算表
公开09表					单位：元
合计	因公出国（境）费	公务用车购置及运行费			公务接待费
		小计	公务用车购置费	公务用车运行维护费
1	2	3	4	5	6
397079	0	222430	0	222430	174649
"""
    figures = [cell for *_, cells in rows(read(text)) for cell in cells.values()]
    assert sorted(figures) == ["0", "0", "174649", "222430", "222430", "397079"]
