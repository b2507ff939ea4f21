"""Tables drawn on pages come out as rows of cells, however they are ruled."""

from __future__ import annotations

import pytest

from tests.drawn import Drawing, Rules, document_of, table_rows

WIDTHS = (60.0, 160.0, 90.0, 90.0)
ROWS = (
    ("科目编码", "科目名称", "合计", "基本支出"),
    ("201", "一般公共服务支出", "2,106.66", "1,503.52"),
    ("20106", "财政事务", "2,106.66", "1,503.52"),
    ("2010601", "行政运行", "1,511.89", ""),
    ("208", "社会保障和就业支出", "326.72", "326.72"),
    ("", "合计", "2,433.38", "1,830.24"),
)


def cells(rows: tuple[tuple[str, ...], ...]) -> list[list[str]]:
    return [[cell.replace("\n", "") for cell in row] for row in rows]


@pytest.mark.parametrize("rules", ["all", "none", "rows", "columns", "frame", "open"])
def test_a_table_has_the_cells_that_are_drawn(rules: Rules) -> None:
    drawing = Drawing()
    drawing.text(300, 60, "一般公共预算支出表", size=16, align="centre")
    drawing.table(60, 100, WIDTHS, ROWS, rules=rules)
    drawing.text(60, 240, "注：本表按功能分类填列。")
    document = document_of(drawing.pdf())
    assert table_rows(document) == cells(ROWS)
    assert document.text.startswith("一般公共预算支出表\n")
    assert document.text.rstrip().endswith("注：本表按功能分类填列。")


@pytest.mark.parametrize("rules", ["all", "rows"])
def test_a_label_on_several_lines_is_one_cell(rules: Rules) -> None:
    rows = (ROWS[0], ("2080505", "机关事业单位基本养老\n保险缴费支出", "160.75", "160.75"), *ROWS[1:])
    drawing = Drawing()
    drawing.table(60, 100, WIDTHS, rows, rules=rules)
    assert table_rows(document_of(drawing.pdf())) == cells(rows)


def test_cells_over_several_rows_and_columns_stand_in_their_first_place() -> None:
    drawing = Drawing()
    for y in (100, 160):
        drawing.rule(50, y, 350, y)
    drawing.rule(150, 120, 350, 120)
    drawing.rule(50, 140, 350, 140)
    for x, top in ((50, 100), (150, 100), (250, 120), (350, 100)):
        drawing.rule(x, top, x, 160)
    drawing.text(60, 115, "项目")
    drawing.text(250, 105, "支出", align="centre")
    drawing.text(200, 125, "预算数", align="centre")
    drawing.text(300, 125, "决算数", align="centre")
    drawing.text(60, 145, "办公费")
    drawing.text(245, 145, "21.21", align="right")
    drawing.text(345, 145, "20.00", align="right")
    assert table_rows(document_of(drawing.pdf())) == [
        ["项目", "支出", ""],
        ["", "预算数", "决算数"],
        ["办公费", "21.21", "20.00"],
    ]


def test_a_title_inside_the_ruling_lines_stands_alone() -> None:
    drawing = Drawing()
    drawing.rule(60, 80, 460, 80)
    drawing.rule(60, 80, 60, 100)
    drawing.rule(460, 80, 460, 100)
    drawing.text(260, 85, "一般公共预算支出表", align="centre")
    drawing.table(60, 100, WIDTHS, ROWS)
    document = document_of(drawing.pdf())
    assert "一般公共预算支出表" in document.text.split("\n")
    assert table_rows(document) == cells(ROWS)


def test_figures_side_by_side_in_narrow_cells_stay_apart() -> None:
    rows = (
        ("项目", "合计", "人员经费"),
        ("支出", "80,330,260", "24,531,459"),
        ("合计", "171,915,169", "102,464,260"),
    )
    drawing = Drawing()
    drawing.table(60, 100, (60, 60, 60), rows)
    assert table_rows(document_of(drawing.pdf())) == cells(rows)


def test_tables_beside_each_other_with_titles_of_their_own_follow_one_another() -> None:
    left = (("项目", "金额"), ("收入一", "1.00"), ("收入二", "2.00"), ("合计", "3.00"))
    right = (("项目", "金额"), ("支出一", "4.00"), ("支出二", "5.00"), ("合计", "9.00"))
    drawing = Drawing()
    drawing.text(150, 80, "收入表", align="centre")
    drawing.text(430, 80, "支出表", align="centre")
    drawing.table(50, 100, (120, 80), left)
    drawing.table(330, 100, (120, 80), right)
    document = document_of(drawing.pdf())
    assert table_rows(document) == [*cells(left), *cells(right)]
    lines = document.text.split("\n")
    assert (
        lines.index("收入表")
        < lines.index("收入一\t1.00")
        < lines.index("支出表")
        < lines.index("支出一\t4.00")
    )


def test_halves_of_one_table_beside_each_other_share_their_rows() -> None:
    left = (("项目", "金额"), ("收入一", "1.00"), ("收入二", "2.00"), ("合计", "3.00"))
    right = (("项目", "金额"), ("支出一", "1.00"), ("支出二", "2.00"), ("合计", "3.00"))
    drawing = Drawing()
    drawing.text(300, 80, "收支总表", align="centre", size=14)
    drawing.table(50, 100, (120, 80), left)
    drawing.table(330, 100, (120, 80), right)
    rows = [[cell for cell in row if cell] for row in table_rows(document_of(drawing.pdf()))]
    assert rows == [[*a, *b] for a, b in zip(left, right, strict=True)]


def test_a_currency_sign_stays_with_its_figure() -> None:
    drawing = Drawing()
    lines = (("Cash", "$", "1,234"), ("Receivables", "", "567"), ("Total", "$", "1,801"))
    for number, (label, sign, figure) in enumerate(lines):
        drawing.text(60, 100 + number * 18, label)
        drawing.text(300, 100 + number * 18, sign)
        drawing.text(380, 100 + number * 18, figure, align="right")
    assert table_rows(document_of(drawing.pdf())) == [
        ["Cash", "$ 1,234"],
        ["Receivables", "567"],
        ["Total", "$ 1,801"],
    ]


def test_a_figure_broken_over_two_lines_of_a_narrow_cell_is_one() -> None:
    rows = (("项目", "金额"), ("土地出让", "1,234,567,\n890.12"), ("合计", "9.00"))
    drawing = Drawing()
    drawing.table(60, 100, (100, 60), rows)
    assert table_rows(document_of(drawing.pdf())) == cells(rows)


def test_records_in_one_ruled_row_are_rows() -> None:
    rows = (("项目", "金额"), ("基本支出\n项目支出\n上缴支出", "100.00\n200.00\n300.00"), ("合计", "600.00"))
    drawing = Drawing()
    drawing.table(60, 100, (140, 90), rows)
    assert table_rows(document_of(drawing.pdf())) == [
        ["项目", "金额"],
        ["基本支出", "100.00"],
        ["项目支出", "200.00"],
        ["上缴支出", "300.00"],
        ["合计", "600.00"],
    ]


def test_prose_keeps_its_lines_and_becomes_no_table() -> None:
    lines = (
        "一、收入支出决算总体情况说明",
        "2024年度收入总计2,995.39万元，支出总计2,995.39万元。与上年相比增加。",
        "主要原因是人员经费增加，其中基本支出2,336.91万元，项目支出603.14万元。",
        "二、收入决算情况说明",
    )
    drawing = Drawing()
    for number, line in enumerate(lines):
        drawing.text(60, 80 + number * 20, line)
    assert document_of(drawing.pdf()).text == "\n".join(lines) + "\n"


def test_prose_in_two_columns_is_read_column_by_column() -> None:
    left = [f"left column line {i} of some running prose text" for i in range(6)]
    right = [f"right column line {i} of some other prose text" for i in range(6)]
    drawing = Drawing()
    for number, (a, b) in enumerate(zip(left, right, strict=True)):
        drawing.text(40, 80 + number * 16, a)
        drawing.text(320, 80 + number * 16, b)
    assert document_of(drawing.pdf()).text == "\n".join([*left, *right]) + "\n"


def test_entries_of_a_list_and_of_contents_are_no_table() -> None:
    drawing = Drawing()
    for number, entry in enumerate(("收支预算总表", "收入预算总表", "支出预算总表", "三公经费表", "说明")):
        drawing.text(60, 80 + number * 20, "一二三四五"[number] + "、")
        drawing.text(90, 80 + number * 20, entry)
        drawing.text(500, 80 + number * 20, str(number * 2 + 1), align="right")
    assert table_rows(document_of(drawing.pdf())) == []


def test_a_dash_and_a_figure_in_brackets_are_cells_of_their_own() -> None:
    lines = (
        ("Region", "2023", "2024", "Total"),
        ("North", "1,200", "(565)", "(334)"),
        ("South", "800", "-", "800"),
        ("West", "-", "400", "400"),
        ("All", "2,000", "165", "866"),
    )
    drawing = Drawing()
    for number, line in enumerate(lines):
        drawing.text(60, 100 + number * 18, line[0])
        for figure, x in zip(line[1:], (220, 300, 380), strict=True):
            drawing.text(x, 100 + number * 18, figure, align="right")
    assert table_rows(document_of(drawing.pdf())) == cells(lines)


def test_a_head_in_the_middle_over_columns_stands_in_the_first_of_them() -> None:
    lines = (
        ("Assets", "1,234", "1,100", "234", "200"),
        ("Debts", "566", "400", "66", "50"),
        ("Net", "668", "700", "168", "150"),
    )
    drawing = Drawing()
    drawing.text(265, 80, "Group", align="centre")
    drawing.text(405, 80, "Company", align="centre")
    for number, line in enumerate((("", "2024", "2023", "2024", "2023"), *lines)):
        drawing.text(60, 100 + number * 18, line[0])
        for figure, x in zip(line[1:], (250, 320, 390, 460), strict=True):
            drawing.text(x, 100 + number * 18, figure, align="right")
    rows = table_rows(document_of(drawing.pdf()))
    assert rows[0] == ["", "Group", "", "Company", ""]
    assert rows[2:] == cells(lines)
