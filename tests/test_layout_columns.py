"""The layout reader on columns: aligned by blanks, lost blanks, broken labels, and what it says is open."""

from __future__ import annotations

from collections.abc import Sequence

from schemas import Document
from tests.test_layout_reader import read, rows, unexplained
from worker.readers.layout.place import Choices, options, settle
from worker.readers.layout.records import Record, Value
from worker.segment import segment

FUND = ["opening_balance", "income", "total", "basic", "project", "closing_balance"]


def page(*lines: Sequence[str], widths: Sequence[int]) -> str:
    """Lines of cells under one another: words to the left, figures to the right, ideographs two wide."""

    def wide(text: str) -> int:
        return sum(2 if ord(char) > 0x2E7F else 1 for char in text)

    def cell(text: str, width: int) -> str:
        blanks = " " * (width - wide(text))
        return blanks + text if text[-1:].isdigit() or "０" <= text[-1:] <= "９" else text + blanks

    return "\n".join("  ".join(map(cell, line, widths)).rstrip() for line in lines)


def test_figures_by_blanks_stand_under_their_header_though_others_would_close_too() -> None:
    text = "政府性基金预算财政拨款收入支出决算表\n单位：万元\n" + page(
        ["科目代码", "科目名称", "年初结转和结余", "本年收入", "本年支出", "", "", "年末结转和结余"],
        ["", "", "", "", "小计", "基本支出", "项目支出", ""],
        ["栏次", "", "1", "2", "3=4+5", "4", "5", "6"],
        ["", "合计", "", "27.03", "27.03", "", "27.03", ""],
        ["212", "城乡社区支出", "", "27.03", "27.03", "", "27.03", ""],
        ["21208", "土地出让收入安排的支出", "", "27.03", "27.03", "", "27.03", ""],
        widths=(8, 24, 14, 10, 10, 10, 10, 14),
    )
    reading = read(text)
    assert {tuple(cells) for _, _, _, cells in rows(reading)} == {("income", "total", "project")}
    assert [code for _, code, _, _ in rows(reading)] == [None, "212", "21208"]
    assert reading.incomplete == ()
    assert unexplained(text, reading) == []


def test_what_is_printed_wide_moves_no_column() -> None:
    text = "国有资本经营预算财政拨款支出决算表\n单位：万元\n" + page(
        ["科目代码", "科目名称", "合计", "基本支出", "项目支出"],
        ["", "合计", "３０．００", "", "３０．００"],
        ["223", "国有资本（经营）支出", "30.00", "", "30.00"],
        ["22301", "解决历史遗留问题", "30.00", "", "30.00"],
        widths=(8, 24, 12, 12, 12),
    )
    assert {tuple(cells) for _, _, _, cells in rows(read(text))} == {("total", "project")}


def test_lost_blanks_that_arithmetic_leaves_open_are_said() -> None:
    reading = read(
        """政府性基金预算财政拨款收入支出决算表
单位：万元
科目代码 科目名称 年初结转和结余 本年收入 小计 基本支出 项目支出 年末结转和结余
合计 27.03 27.03 27.03
212 城乡社区支出 27.03 27.03 27.03
21208 土地出让收入安排的支出 27.03 27.03 27.03
"""
    )
    assert len(reading.incomplete) == 3
    assert all("3 figures fit several columns" in words for words in reading.incomplete)


def test_names_of_several_columns_that_run_together_are_said() -> None:
    reading = read(
        """项目支出表
单位：万元
一级项目名称 二级项目名称 单位名称 合计 一般公共预算 政府性基金预算
合计 30.00 20.00 10.00
业务费 设备更新 某某局 20.00 20.00 0.00
业务费 系统维护 某某局 10.00 0.00 10.00
"""
    )
    assert "the columns first_level, second_level, unit_name run together" in reading.incomplete


def test_formulas_of_columns_are_column_numbers() -> None:
    reading = read(
        """国有资本经营预算财政拨款支出决算表
单位：万元
科目代码\t科目名称\t合计\t基本支出\t项目支出
栏次\t\t1=2+3\t(2)\t3
\t合计\t30.00\t10.00\t20.00
223\t国有资本经营预算支出\t30.00\t10.00\t20.00
22301\t解决历史遗留问题\t30.00\t10.00\t20.00
"""
    )
    assert reading.table.columns == ["total", "basic", "project"]


def test_a_page_number_between_rows_is_no_row() -> None:
    text = """收入支出决算总表
单位：万元
收入\t\t支出\t
项目\t决算数\t项目\t决算数
一、财政拨款收入\t8.00\t一、教育支出\t9.00
二、事业收入\t1.00\t二、卫生支出\t
2
收入\t\t支出\t
项目\t决算数\t项目\t决算数
本年收入合计\t9.00\t本年支出合计\t9.00
总计\t9.00\t总计\t9.00
"""
    reading = read(text)
    assert [(side, name) for side, _, name, _ in rows(reading)] == [
        ("income", "财政拨款收入"),
        ("income", "事业收入"),
        ("income", "本年收入合计"),
        ("income", "总计"),
        ("expenditure", "教育支出"),
        ("expenditure", "卫生支出"),
        ("expenditure", "本年支出合计"),
        ("expenditure", "总计"),
    ]
    assert unexplained(text, reading) == []


def test_labels_broken_at_the_width_of_their_column_are_joined() -> None:
    reading = read(
        """资产负债表
单位：万元
项目\t期末余额\t年初余额
流动资产:
应收票据\t1.00\t2.00
流动资产合
计\t1.00\t2.00
长期股权投
资\t8.00\t9.00
递延所得税
资产\t1.00\t1.00
资产总计\t10.00\t12.00
"""
    )
    names = [name for _, _, name, cells in rows(reading) if cells]
    assert names == ["应收票据", "流动资产合计", "长期股权投资", "递延所得税资产", "资产总计"]


def test_a_piece_of_a_name_among_coded_rows_is_said() -> None:
    reading = read(
        """国有资本经营预算财政拨款支出决算表
单位：万元
科目代码\t科目名称\t合计\t基本支出\t项目支出
\t合计\t30.00\t10.00\t20.00
223\t国有资本经营预\t30.00\t10.00\t20.00
\t算开支\t\t\t
22301\t解决历史遗留问题\t30.00\t10.00\t20.00
"""
    )
    assert reading.incomplete == ("a piece of a name: 算开支",)


def test_text_among_figures_is_said() -> None:
    reading = read(
        """国有资本经营预算财政拨款支出决算表
单位：万元
科目代码\t科目名称\t合计\t基本支出\t项目支出
\t合计\t30.00\t10.00\t20.00
223\t国有资本经营预算支出\t30.00\t10.00\t2●.00
22301\t解决历史遗留问题\t30.00\t10.00\t20.00
"""
    )
    assert any("2●.00" in words for words in reading.incomplete)


def test_the_single_column_of_a_budget_for_the_three_is_the_amount() -> None:
    reading = read(
        """一般公共预算“三公”经费支出预算表
单位：万元
项目\t预算数
合计\t5.00
1、因公出国（境）费用\t1.00
2、公务接待费\t4.00
"""
    )
    assert reading.table.columns == ["amount"]


def test_one_wide_row_with_the_operating_expenses_beside_the_three() -> None:
    reading = read(
        """“三公”经费和机关运行经费预算表
单位：万元
2018年“三公”经费预算数\t\t\t\t\t\t2018年机关运行经费预算数
合计\t因公出国（境）费\t公务接待费\t公务用车购置及运行费\t\t\t
\t\t\t小计\t购置费\t运行费\t
25.15\t\t25.15\t\t\t\t77.70
"""
    )
    assert [(name, cells) for _, _, name, cells in rows(reading)] == [
        ("total", {"amount": "25.15"}),
        ("reception", {"amount": "25.15"}),
        ("operating", {"amount": "77.70"}),
    ]


def kinds(text: str) -> list[tuple[str | None, str, str | None]]:
    found = segment(Document(name="s", sha256="0" * 64, text=text))
    return [(c.kind, c.title, c.form) for c in found if c.role == "table"]


def test_units_as_rows_make_it_the_income_of_units() -> None:
    text = """部门收入总表
单位：万元
代码\t名称\t合计\t小计\t一般公共预算
\t合计\t5.00\t5.00\t5.00
205\t某某局\t5.00\t5.00\t5.00
205001\t某某局本级\t5.00\t5.00\t5.00
"""
    assert [kind for kind, _, _ in kinds(text)] == ["income_by_unit"]


def test_a_form_number_beside_or_above_a_title_is_none() -> None:
    body = "科目代码\t科目名称\t合计\t基本支出\t项目支出\n223\t国有支出\t30.00\t10.00\t20.00\n"
    for form in ("财决公开01表", "决算09表", "预算03表"):
        text = f"{form}\n支出决算表\n单位：万元\n{body}"
        assert kinds(text) == [("expenditure_by_function", "支出决算表", form)]


def record(*figures: str) -> Record:
    """A row of whole figures, as the ledger of a page would hold them."""
    text = "某表\n单位：元\n甲\t" + "\t".join(figures) + "\n"
    (chunk,) = [
        c for c in segment(Document(name="s", sha256="0" * 64, text="收入决算表" + text)) if c.role == "table"
    ]
    return Record(line=0, values=[Value(numeral) for numeral in chunk.ledger])


def test_a_cut_list_of_placements_settles_nothing() -> None:
    keys = [f"column {i}" for i in range(17)]
    found = options(record("1.00", "2.00", "3.00", "4.00"), keys, [])
    assert not found.complete
    total, part = record("1.00"), record("1.00")
    cut = Choices([("column 1",), ("column 2",)], complete=False)
    assert settle([total, part], [Choices([("column 1",)]), cut], [(0, (1,))])[1] == cut


def test_sums_settle_rows_and_totals_alike() -> None:
    records = [record("3.00"), record("1.00"), record("2.00")]
    either = Choices([("a",), ("b",)])
    settled = settle(records, [either, Choices([("b",)]), either], [(0, (1, 2))])
    assert [choices.placements for choices in settled] == [[("b",)], [("b",)], [("b",)]]


def test_years_on_lines_of_their_own_head_no_columns() -> None:
    reading = read(
        """Balance Sheet
(in US dollars)
2015
December 31, 2014
Cash and cash equivalents
4,002,856
3,242,313
Accounts receivable
1,284,858
1,117,826
Inventories
1,000,000
1,000,000
Total assets
6,287,714
5,360,139
"""
    )
    assert [name for _, _, name, _ in rows(reading)][::3] == ["Cashandcashequivalents", "Totalassets"]
    assert any("no header names the column" in words for words in reading.incomplete)


def test_a_date_is_one_header_and_a_currency_sign_is_no_name() -> None:
    lines = ["Cash", "$", "500.00", "Inventories", "300.00", "Goodwill", "200.00", "Deferred tax", "50.00"]
    lines += ["Loans", "50.00", "Total assets", "$", "1,100.00"]
    reading = read("\n".join(["Balance Sheet", "(in US dollars)", "December 31, 2016", *lines, ""]))
    assert reading.table.columns == ["December 31, 2016"]
    assert rows(reading)[0] == (None, None, "Cash", {"December 31, 2016": "500.00"})
    assert reading.incomplete == ()


def test_figures_beside_a_heading_but_not_beside_its_total_are_said_to_be_moved() -> None:
    printed = """资产负债表
单位：万元
项目 期末数 期初数
货币资金 10.00 9.00
应收账款 5.00 6.00
资产总计 15.00 15.00
流动负债： 6.00 5.00
短期借款 4.00 4.00
应付账款 10.00 9.00
流动负债合计
实收资本 5.00 6.00
负债和所有者权益总计 15.00 15.00
"""
    right = printed.replace("流动负债： 6.00 5.00", "流动负债：")
    right = right.replace("短期借款 4.00 4.00", "短期借款 6.00 5.00").replace(
        "应付账款 10.00 9.00\n流动负债合计", "应付账款 4.00 4.00\n流动负债合计 10.00 9.00"
    )
    assert any("a total has none" in words for words in read(printed).incomplete)
    assert not any("a total has none" in words for words in read(right).incomplete)


def test_a_name_of_one_ideograph_is_said_to_be_the_rest_of_one() -> None:
    text = "资产负债表\n单位：万元\n项目 期末余额 年初余额\n流动资产：\n交易性金融资\n产 416.55 479.03\n"
    text += "应收票据 3.45 0.97\n流动资产合计 420.00 480.00\n"
    assert "产: may be the rest of a name" in read(text).incomplete
