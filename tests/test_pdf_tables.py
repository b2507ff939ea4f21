"""Tables of PDFs, from the drawn page to the typed table."""

from __future__ import annotations

import pytest

from schemas import AnyTable
from tests.drawn import Drawing, document_of
from worker.pipeline import Extraction, extract
from worker.readers.layout import LayoutReader

HEADER = ("科目编码", "科目名称", "合计", "基本支出", "项目支出")
WIDTHS = (70.0, 170.0, 80.0, 80.0, 80.0)
BODY = (
    ("201", "一般公共服务支出", "603.00", "402.00", "201.00"),
    ("20106", "财政事务", "603.00", "402.00", "201.00"),
    ("2010601", "行政运行", "402.00", "402.00", ""),
    ("2010602", "一般行政管理事务", "201.00", "", "201.00"),
    ("208", "社会保障和就业支出", "30.50", "30.50", ""),
    ("20805", "行政事业单位养老支出", "30.50", "30.50", ""),
    ("2080501", "行政单位离退休", "10.25", "10.25", ""),
    ("2080505", "机关事业单位基本养老保险缴费支出", "20.25", "20.25", ""),
    ("", "合计", "633.50", "432.50", "201.00"),
)


def extraction(drawing: Drawing) -> Extraction:
    return extract(document_of(drawing.pdf()), [LayoutReader()])


def figures(table: AnyTable) -> list[list[str]]:
    return [
        [row.code or row.name, *(cell.text for _, cell in row.cells() if cell.amount)] for row in table.rows
    ]


EXPECTED = [[code or name, *filter(None, rest)] for code, name, *rest in BODY]


def head(drawing: Drawing) -> None:
    drawing.text(300, 60, "一般公共预算支出表", size=16, align="centre")
    drawing.text(540, 85, "单位：万元", align="right")


def furniture(drawing: Drawing, page: int) -> None:
    drawing.text(60, 25, "某某市财政局2024年度部门预算", size=8)
    drawing.text(297, 815, str(page), size=8, align="centre")


@pytest.mark.parametrize("repeated", [True, False])
@pytest.mark.parametrize("marked", [True, False])
def test_a_table_over_three_pages_is_one(*, repeated: bool, marked: bool) -> None:
    drawing = Drawing()
    for page in range(3):
        if marked:
            furniture(drawing, page + 1)
        if page == 0:
            head(drawing)
        rows = BODY[page * 3 : page * 3 + 3]
        drawing.table(50, 100 if page == 0 else 60, WIDTHS, (HEADER, *rows) if repeated or not page else rows)
        drawing.page()
    result = extraction(drawing)
    (chunk,) = [chunk for chunk in result.chunks if chunk.role == "table"]
    assert figures(result.tables[chunk.id]) == EXPECTED
    assert result.verdicts[chunk.id].status == "accepted"
    assert chunk.unit == "万元"
    assert [cell.span.page for _, cell in result.tables[chunk.id].rows[-1].cells()] == [3, 3, 3]


@pytest.mark.parametrize("rules", ["none", "rows", "frame"])
def test_a_table_without_a_grid_is_read(rules: str) -> None:
    drawing = Drawing()
    head(drawing)
    drawing.table(50, 100, WIDTHS, (HEADER, *BODY), rules=rules)  # type: ignore[arg-type]
    result = extraction(drawing)
    (chunk,) = [chunk for chunk in result.chunks if chunk.role == "table"]
    assert figures(result.tables[chunk.id]) == EXPECTED
    assert result.verdicts[chunk.id].status == "accepted"


def test_an_untitled_table_over_two_pages_is_one() -> None:
    drawing = Drawing()
    rows = [
        ("Item", "2024", "2023"),
        *((f"Item number {c}", f"{i},100", f"{i},200") for i, c in enumerate("ABCDEF", 1)),
    ]
    for page, part in enumerate((rows[:4], [rows[0], *rows[4:]])):
        drawing.table(50, 100, (200, 80, 80), part)
        drawing.text(297, 815, str(page + 1), size=8, align="centre")
        drawing.page()
    result = extraction(drawing)
    (chunk,) = [chunk for chunk in result.chunks if chunk.role == "table"]
    assert len(result.tables[chunk.id].rows) == 6


def test_two_untitled_tables_on_a_page_are_two() -> None:
    drawing = Drawing()
    end = drawing.table(
        50,
        100,
        (200, 80, 80),
        [("Item", "2024", "2023"), ("Cash", "1,100", "1,200"), ("Debt", "2,100", "2,200")],
    )
    drawing.table(
        50,
        end + 40,
        (150, 100, 100, 100),
        [
            ("Unit", "Staff", "Cost", "Share"),
            ("North", "1,100", "1,200", "1,300"),
            ("South", "2,100", "2,200", "2,300"),
        ],
    )
    result = extraction(drawing)
    assert [len(result.tables[chunk.id].rows) for chunk in result.chunks if chunk.role == "table"] == [2, 2]


def test_codes_over_columns_are_joined() -> None:
    drawing = Drawing()
    head(drawing)
    rows = [("类", "款", "项", "科目名称", "合计", "基本支出", "项目支出")]
    for code, *rest in BODY:
        rows.append((code[:3], code[3:5], code[5:7], *rest))  # type: ignore[arg-type]
    drawing.table(50, 100, (35, 25, 25, 170, 75, 75, 75), rows)
    result = extraction(drawing)
    (chunk,) = result.chunks
    assert figures(result.tables[chunk.id]) == EXPECTED
    assert result.verdicts[chunk.id].status == "accepted"


def test_groups_named_in_a_column_of_their_own_are_summed() -> None:
    rows = (
        ("项目名称", "", "金额"),
        ("收入总计", "", "700.00"),
        ("一般公共预算资金", "小计", "600.00"),
        ("", "公共财政拨款(补助)资金", "550.00"),
        ("", "专项收入", "50.00"),
        ("其他资金", "小计", "100.00"),
        ("", "事业收入", "60.00"),
        ("", "经营收入", "40.00"),
    )
    drawing = Drawing()
    drawing.text(300, 60, "收入预算总表", size=16, align="centre")
    drawing.text(540, 85, "单位：万元", align="right")
    drawing.table(50, 100, (130, 170, 100), rows)
    result = extraction(drawing)
    (chunk,) = result.chunks
    assert [row.name for row in result.tables[chunk.id].rows][1:4] == [
        "一般公共预算资金",
        "公共财政拨款(补助)资金",
        "专项收入",
    ]
    assert result.verdicts[chunk.id].status == "accepted"


def test_a_row_that_a_page_break_parts_is_one() -> None:
    head = ("项目", "决算数", "项目", "决算数")
    rows = [
        ("一、财政拨款收入", "300.00", "一、一般公共服务支出", "200.00"),
        ("二、事业收入", "", "二、社会保障和就", "100.00"),
        ("", "", "业支出", ""),
        ("", "", "三、卫生健康支出", ""),
        ("本年收入合计", "300.00", "本年支出合计", "300.00"),
    ]
    drawing = Drawing()
    drawing.text(300, 60, "收入支出决算总表", size=16, align="centre")
    drawing.text(540, 85, "单位：万元", align="right")
    drawing.table(50, 100, (160, 90, 110, 90), (head, *rows[:2]))
    drawing.page()
    drawing.table(50, 60, (160, 90, 110, 90), rows[2:])
    result = extraction(drawing)
    (chunk,) = result.chunks
    table = result.tables[chunk.id]
    assert [row.name for row in table.rows if row.side == "expenditure"] == [
        "一般公共服务支出",
        "社会保障和就业支出",
        "卫生健康支出",
        "本年支出合计",
    ]
    assert result.verdicts[chunk.id].status == "accepted"
