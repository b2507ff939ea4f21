"""Documents → chunks: where tables begin and end, what they are, what is prose."""

from __future__ import annotations

import hashlib

from schemas import Chunk, Document
from worker.segment import cut, describe, segment


def document(text: str, delimiter: str | None = None) -> Document:
    digest = hashlib.sha256(text.encode()).hexdigest()
    return Document(name="sample.txt", sha256=digest, text=text, delimiter=delimiter)


def tables(text: str, delimiter: str | None = None) -> list[Chunk]:
    return [c for c in segment(document(text, delimiter)) if c.role == "table"]


FINAL = """某局2023年度部门决算

目 录
一、收入支出决算总表
二、支出决算表

第二部分 决算表

一、收入支出决算总表

公开 01 表
部门：某局    单位：万元
收入\t\t支出\t
项目\t决算数\t项目\t决算数
一、财政拨款收入\t10.00\t一、教育支出\t10.00
总计\t10.00\t总计\t10.00
注：本表反映收支情况。

二、支出决算表

支出决算表
公开03表
单位：万元
科目编码\t科目名称\t合计\t基本支出\t项目支出
\t合计\t10.00\t6.00\t4.00
205\t教育支出\t10.00\t6.00\t4.00

第三部分 情况说明

一、收入支出决算总体情况说明
2023年度收入总计10.00万元，比上年增加1.00万元，增长11.1%。
"""


def test_tables_are_found_with_kind_form_unit_and_lines() -> None:
    first, second = tables(FINAL)
    assert (first.kind, first.form, first.unit, first.stage) == (
        "income_expenditure_summary",
        "公开01表",
        "万元",
        "final",
    )
    assert (first.first_line, first.last_line) == (9, 17)
    assert (second.kind, second.form, second.unit) == ("expenditure_by_function", "公开03表", "万元")
    assert second.text.startswith("二、支出决算表")
    assert second.title == "支出决算表"


def test_prose_with_figures_is_a_narrative_chunk() -> None:
    (prose,) = [c for c in segment(document(FINAL)) if c.role == "narrative"]
    assert prose.kind == "narrative_facts"
    assert [n.text for n in prose.ledger] == ["2023", "10.00", "1.00", "11.1%"]


def test_facts_of_a_document() -> None:
    facts = describe(document(FINAL))
    assert (facts.title, facts.unit_name, facts.year, facts.stage) == (
        "某局2023年度部门决算",
        "某局",
        2023,
        "final",
    )


def test_ledger_points_at_its_own_digits() -> None:
    text = FINAL.replace("10.00", "１０．００")
    for chunk in segment(document(text)):
        for numeral in chunk.ledger:
            assert text[numeral.span.start : numeral.span.end] == numeral.text
            assert text.split("\n")[numeral.span.line - 1].count(numeral.text) >= 1


def test_a_head_printed_after_the_body_belongs_to_the_same_table() -> None:
    text = """二、收入决算表

公开02表
单位：万元

5. 00 5. 00
教育支出 5. 00 5. 00

205
合计
收入决算表
项 目
三、支出决算表
公开03表
单位：万元
5. 00 5. 00
支出决算表
"""
    first, second = tables(text)
    assert (first.kind, first.first_line, first.last_line) == ("income_by_function", 1, 12)
    assert (second.kind, second.first_line, second.last_line) == ("expenditure_by_function", 13, 17)


def test_a_form_left_blank_says_why() -> None:
    text = """政府性基金预算支出表
单位：万元
科目编码 科目名称 合计
注：本部门没有政府性基金预算财政拨款安排的支出，故本表为空表。
"""
    (chunk,) = tables(text)
    assert chunk.kind == "government_fund"
    assert chunk.blank is not None
    assert "没有政府性基金" in chunk.blank


def test_a_table_without_title_that_touches_another_is_told_by_its_header() -> None:
    text = """支出总表\t\t\t单位: 万元
科目编码\t功能分类科目名称\t合计\t基本支出\t项目支出
\t合计\t9.00\t5.00\t4.00
205\t教育支出\t9.00\t5.00\t4.00

类型\t项目名称\t\t项目单位\t合计\t本年财政拨款\t\t单位资金
\t一级项目\t二级项目\t\t\t一般公共预算\t政府性基金预算\t
合计\t\t\t\t4.00\t4.00\t\t
运转\t教学\t设备更新\t某校\t4.00\t4.00\t\t
"""
    first, second = tables(text)
    assert (first.kind, first.last_line) == ("expenditure_by_function", 4)
    assert (second.kind, second.first_line) == ("project_expenditure", 6)


def test_performance_forms_are_told_apart_by_their_first_label() -> None:
    form = (
        "项目支出绩效自评表\t\n项目名称\t{}\n实施单位\t某局\n"
        "项目资金\t年初预算数\t全年执行数\n年度资金总额\t5.00\t5.00\n\n"
    )
    chunks = tables(form.format("甲") + form.format("乙"))
    assert [(c.kind, c.first_line) for c in chunks] == [
        ("performance_self_evaluation", 1),
        ("performance_self_evaluation", 7),
    ]


def test_a_header_that_names_projects_is_no_performance_form() -> None:
    text = """收入预算总表
单位：万元
项目名称\t金额
收入总计\t9.00
一般公共预算资金\t9.00
"""
    (chunk,) = tables(text)
    assert (chunk.kind, chunk.first_line, chunk.last_line) == ("generic", 1, 5)


def test_a_continued_table_is_one_table() -> None:
    text = """支出决算表
单位：万元
科目编码\t科目名称\t合计
\t合计\t9.00
205\t教育支出\t5.00
\f
支出决算表（续）
单位：万元
科目编码\t科目名称\t合计
208\t社会保障和就业支出\t4.00
"""
    (chunk,) = tables(text)
    assert (chunk.first_line, chunk.last_line) == (1, 10)


def test_any_table_in_any_language_is_a_chunk() -> None:
    text = """Some words first.

Balance sheet
Assets\t2023\t2022
Cash\t1,200\t1,000
Stock\t300\t200
Total assets\t1,500\t1,200

Closing words.
"""
    (chunk,) = tables(text)
    assert chunk.kind is None
    assert chunk.title == "Balance sheet"
    assert [n.text for n in chunk.ledger][-2:] == ["1,500", "1,200"]


def test_a_file_of_separated_values_is_a_table() -> None:
    text = 'item,"amount, net"\nA,"1,200"\nB,300\nTotal,"1,500"\n'
    (chunk,) = tables(text, ",")
    assert [n.text for n in chunk.ledger] == ["1,200", "300", "1,500"]


def test_long_tables_are_cut_by_rows_with_the_header_repeated() -> None:
    rows = "".join(f"{205 + i}\t科目{i}\t{i}.00\n" for i in range(1, 6))
    (chunk,) = tables("支出决算表\n单位：万元\n科目编码\t科目名称\t合计\n" + rows)
    parts = cut(chunk, 2)
    assert [p.part for p in parts] == [1, 2, 3]
    assert parts[1].header == "支出决算表\n单位:万元\n科目编码\t科目名称\t合计\n"
    assert [n.text for p in parts for n in p.ledger] == [n.text for n in chunk.ledger]
    assert [(p.first_line, p.last_line) for p in parts] == [(1, 5), (6, 7), (8, 8)]


def test_a_part_ends_before_a_row_of_several_lines_and_not_inside_it() -> None:
    rows = [
        "一般公共  1  9.00",
        "预算收入",
        "教育支出  2  4.00",
        "科技支出  3  5.00",
        "社会保障和  4  6.00",
        "就业支出",
    ]
    (chunk,) = tables("支出决算表\n单位：万元\n项目  行次  金额\n" + "\n".join(rows) + "\n")
    assert [part.text.splitlines()[-1] for part in cut(chunk, 4)] == ["科技支出  3  5.00", "就业支出"]
    # Where every row goes on in the next line, its first line is the one with figures.
    assert [part.text.splitlines()[-1] for part in cut(chunk, 1)] == rows


def test_a_name_may_begin_above_its_figures() -> None:
    rows = ["其他卫生健", "康管理事务", "支出  4.00", "行政事业单", "位医疗  5.00", "其他教育支", "出  6.00"]
    (chunk,) = tables("支出决算表\n单位：万元\n项目  金额\n教育  9.00\n" + "\n".join(rows) + "\n")
    assert [part.text.splitlines()[-1] for part in cut(chunk, 4)] == [rows[2], rows[6]]
    assert [part.text.splitlines()[-1] for part in cut(chunk, 3)] == ["教育  9.00", rows[2], rows[4], rows[6]]


def test_a_name_may_stand_around_its_figures() -> None:
    rows = [
        "困难群众走",
        "  4.00",
        "访慰问",
        "信息化系统",
        "  5.00",
        "运行维护",
        "检验检测能",
        "  6.00",
        "力提升",
    ]
    (chunk,) = tables("项目支出表\n单位：万元\n项目  金额\n教育  9.00\n" + "\n".join(rows) + "\n")
    ends = [part.text.splitlines()[-1] for part in cut(chunk, 4)]
    assert ends == [rows[2], rows[5], rows[8]]


def test_a_line_with_the_number_of_an_item_begins_a_row() -> None:
    rows = ["一、教育支出  4.00", "二、国有资", "本经营支出  5.00", "三、灾害防", "治管理支出  6.00"]
    (chunk,) = tables("支出决算表\n单位：万元\n项目  金额\n" + "\n".join(rows) + "\n")
    assert [part.text.splitlines()[-1] for part in cut(chunk, 4)] == [rows[2], rows[4]]
    assert [part.text.splitlines()[-1] for part in cut(chunk, 2)] == [rows[0], rows[2], rows[4]]


def test_the_header_on_a_later_page_is_no_part_of_a_row_and_tears_none() -> None:
    head = "收入  支出\n项目  金额\n"
    text = (
        f"支出决算表\n单位：万元\n{head}社会保障和就业  6.00\n2\n{head}支出\n科技支出  5.00\n卫生支出  7.00\n"
    )
    (chunk,) = tables(text)
    assert [part.text.splitlines()[-1] for part in cut(chunk, 2)] == ["支出", "卫生支出  7.00"]


def test_a_table_of_contents_is_no_table() -> None:
    assert tables("目 录\n一、收入支出决算总表\n二、支出决算表\n三、财政拨款收支总表\n") == []


def test_a_row_of_many_commas_is_no_sentence() -> None:
    text = """Consolidated Balance Sheets
                                         2023        2022
Cash and cash equivalents            4,420.40    3,801.04
Property, plant and equipment, net  44,926.20   47,173.61
Total assets                        49,346.60   50,974.65
"""
    (table,) = tables(text)
    assert (table.title, table.last_line) == ("Consolidated Balance Sheets", 5)


def test_a_piece_of_a_name_that_ends_as_headings_do_cuts_no_table() -> None:
    text = """支出决算表
单位：万元
科目代码  功能分类科目名称                        合计      项目支出
     229  其他支出                               16.75         16.75
          其他政府性基金及对应专项债务收入安排
   22904  的支出                                 16.75         16.75
          合计                                   16.75         16.75
"""
    (table,) = tables(text)
    assert table.last_line == 7


def test_the_next_number_of_a_list_cuts_no_table() -> None:
    text = """财政拨款收支总表
单位：万元
项目                预算数
二十六、债务付息支出     1.00
二十七、抗疫特别国债安排
的支出                 2.00
支出总计               3.00
"""
    (table,) = tables(text)
    assert table.last_line == 7


def test_a_heading_of_prose_ends_a_table() -> None:
    text = """财政拨款收支总表
单位：万元
项目                预算数
一、本年支出          3.00
支出总计             3.00
二、收支预算总体安排
本年支出3.00万元，均为财政拨款。
"""
    (table,) = tables(text)
    assert table.last_line == 5


def test_a_header_said_again_on_the_next_page_opens_no_table() -> None:
    head = "| 项目 | 行次 | 金额 | 项目 | 合计 | 一般公共预算财政拨款 | 政府性基金预算财政拨款 |"
    text = f"""财政拨款收入支出决算总表
单位：万元
{head}
| 一、财政拨款 | 1 | 9.00 | 一、教育支出 | 4.00 | 4.00 |  |
|  | 2 |  | 二、社保支出 | 5.00 | 5.00 |  |

{head}

| 总计 | 3 | 9.00 | 总计 | 9.00 | 9.00 |  |
"""
    (table,) = tables(text)
    assert table.last_line == 9


def test_a_foot_with_the_page_neither_cuts_nor_names_a_table() -> None:
    text = """Revenue and cost
|  | 2023 | 2022 |
| Revenue | 10.00 | 20.00 |
| Cost | 4.00 | 5.00 |
Page 1 of 2
|  | 2023 | 2022 |
| Net of |  |  |
| all that |  |  |
| was spent | 6.00 | 15.00 |
"""
    (table,) = tables(text)
    assert (table.first_line, table.last_line, table.title) == (1, 9, "Revenue and cost")
