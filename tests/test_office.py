"""Office files show what a reader sees in them: formats applied, hidden things left out and named."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import docx
import openpyxl
import pytest
import xlwt
from docx.enum.text import WD_BREAK
from hypothesis import given
from hypothesis import strategies as st

from schemas import Document, InputError
from tests.office_files import docx_parts, ods_parts, packed, paragraph, relations, sheet_xml, xlsx_parts
from worker.ingest import load
from worker.ingest.office.formats import BUILTIN, shown, shown_text


def read(folder: Path, name: str, data: bytes) -> Document:
    path = folder / name
    path.write_bytes(data)
    return load(path)


def lines(document: Document) -> list[str]:
    return [line.replace("\t", "|") for line in document.text.split("\n")]


# Formats


@pytest.mark.parametrize(
    ("value", "code", "text"),
    [
        ("1234.5", "#,##0.00", "1,234.50"),
        ("-1234.5", "#,##0.00", "-1,234.50"),
        ("1234567", "#,##0", "1,234,567"),
        ("1.005", "0.00", "1.01"),
        ("2.5", "0", "3"),
        ("59.999988", "0.0000", "60.0000"),
        ("0.256", "0.00%", "25.60%"),
        ("0.5", "#.##", ".5"),
        ("5", "000", "005"),
        ("2010601", "0", "2010601"),
        # Positive, negative, zero.
        ("-5", "#,##0.00_);(#,##0.00)", "(5.00)"),
        ("0", "#,##0.00;-#,##0.00;", ""),
        ("0", BUILTIN[43], "-"),
        ("1234.5", BUILTIN[43], "1,234.50"),
        ("-5", "0.00;[Red]-0.00", "-5.00"),
        ("5", ";;;", ""),
        ("150", '[>=100]"多"0;0.0', "多150"),
        ("50", '[>=100]"多"0;0.0', "50.0"),
        # Thousands and ten thousands left out.
        ("12345678", "#,##0.00,", "12,345.68"),
        ("12345678", "0!.0,", "1234.6"),
        # What is said around the figure.
        ("5", "[$¥-804]#,##0.00", "¥5.00"),
        ("1234567", '"合计："#,##0"万元"', "合计：1,234,567万元"),
        ("12345.678", "0.00E+00", "1.23E+04"),
        # Without a format: no more than fits a column, and no trace of binary fractions.
        ("0.30000000000000004", "General", "0.3"),
        ("0.33333333333333331", "General", "0.333333333"),
        ("1234567.891", "General", "1234567.891"),
        ("123456789012", "General", "123456789012"),
        ("1e400", "0.0", "1E+400"),
        # Days.
        ("45000", BUILTIN[14], "2023/3/15"),
        ("45000", BUILTIN[31], "2023年3月15日"),
        ("45000.99999999", "yyyy-mm-dd hh:mm:ss", "2023-03-16 00:00:00"),
        ("0.75", "h:mm AM/PM", "6:00 PM"),
        ("1.5", "[h]:mm:ss", "36:00:00"),
        ("61", "m/d", "3/1"),
        ("-45", "yyyy", "-45"),
    ],
)
def test_a_figure_is_shown_as_its_format_says(value: str, code: str, text: str) -> None:
    assert shown(Decimal(value), code) == text


@given(
    st.decimals(min_value=-(10**9), max_value=10**9, places=5),
    st.integers(min_value=0, max_value=4),
)
def test_decimals_shown_are_those_of_the_format(value: Decimal, places: int) -> None:
    code = "#,##0" + ("." + "0" * places if places else "")
    rounded = value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    assert shown(value, code).replace("-", "") == f"{abs(rounded):,f}"


def test_only_a_format_with_a_place_for_text_changes_text() -> None:
    assert [shown_text("甲", code) for code in ("0.00", "@", '0;0;0;"["@"]"', ";;;")] == [
        "甲",
        "甲",
        "[甲]",
        "",
    ]


# Workbooks


def test_a_workbook_shows_what_excel_shows(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = "收入决算表"
    sheet.merge_cells("A1:D1")
    sheet["A1"], sheet["D2"] = "收入决算表", "单位：万元"
    for row in (
        ["项目", "本年", "备注", "增幅"],
        ["一、教育\n支出", 1234.5, "密", 0.2345],
        [],
        ["合计", 0, "密", None],
    ):
        sheet.append(row)
    for place, code in {"B4": "#,##0.00", "D4": "0.00%", "B6": "0.00"}.items():
        sheet[place].number_format = code
    sheet.column_dimensions["C"].hidden = True
    second = book.create_sheet("第二张")
    second["B3"] = "甲"
    second["C3"] = 7
    book.create_sheet("草稿").sheet_state = "hidden"
    book.save(tmp_path / "a.xlsx")
    found = load(tmp_path / "a.xlsx")
    assert lines(found) == [
        "收入决算表",
        "收入决算表",
        "||单位：万元",
        "项目|本年|增幅",
        "一、教育 支出|1,234.50|23.45%",
        "",
        "合计|0.00|",
        "",
        "第二张",
        "甲|7",
        "",
        "",
    ]
    assert found.text[found.page_starts[1] :].startswith("第二张")
    assert found.notes == ("sheet 收入决算表: 1 hidden column left out", "hidden sheet 草稿 left out")


def test_formulas_show_what_was_stored_with_them_and_are_never_run(tmp_path: Path) -> None:
    rows = (
        '<row r="1"><c r="A1" t="str"><f>A2</f><v>合计</v></c><c r="B1" s="1"><f>SUM(C1:C9)</f><v>12.345</v></c></row>'
        '<row r="2"><c r="A2" t="s"><v>0</v></c><c r="B2"><f>1+1</f></c><c r="C2"><f>1+2</f><v></v></c></row>'
        '<row r="3"><c r="A3" t="s"><v>9</v></c><c r="B3" t="b"><v>1</v></c><c r="C3" t="e"><v>#REF!</v></c></row>'
        '<row r="4"><c t="inlineStr"><is><t>内</t></is></c><c><v>not a number</v></c></row>'
    )
    parts = xlsx_parts({"表": sheet_xml(rows)}, codes=("0.00",), strings=("甲_x000A_乙",))
    found = read(tmp_path, "a.xlsx", packed(parts))
    assert lines(found)[1:5] == ["合计|12.35|", "甲 乙||", "|TRUE|#REF!", "内|not a number|"]
    assert found.notes == (
        "sheet 表: formulas without a stored value are blank: B2, C2",
        "sheet 表: cells that refer to no text are blank: A3",
    )


def test_what_is_hidden_is_left_out_and_a_merged_cell_shows_in_what_is_left(tmp_path: Path) -> None:
    rows = (
        '<row r="1"><c r="A1"><v>1</v></c></row><row r="2" hidden="1"><c r="B2"><v>2</v></c></row>'
        '<row r="3"><c r="A3"><v>3</v></c><c r="B3"><v>0</v></c><c r="C3"><v>5</v></c></row>'
    )
    before = (
        '<sheetViews><sheetView showZeros="0"/></sheetViews><cols><col min="1" max="1" hidden="1"/></cols>'
    )
    after = '<mergeCells><mergeCell ref="A1:C1"/></mergeCells><drawing r:id="x"/>'
    parts = xlsx_parts({"表": sheet_xml(rows, before=before, after=after)})
    parts["xl/_rels/workbook.xml.rels"] = str(parts["xl/_rels/workbook.xml.rels"]).replace(
        "</Relationships>", relations({"e": ("externalLink", "externalLinks/externalLink1.xml")})[75:]
    )
    found = read(tmp_path, "a.xlsx", packed(parts))
    assert lines(found)[1:3] == ["1", "|5"]
    assert found.notes == (
        "sheet 表: 1 hidden row left out",
        "sheet 表: 1 hidden column left out",
        "sheet 表: pictures, charts and text boxes are not read",
        "1 link to other files not followed, stored values stand",
    )


def test_an_old_workbook_shows_formats_and_merged_cells(tmp_path: Path) -> None:
    book = xlwt.Workbook()
    sheet = book.add_sheet("支出")
    sheet.write_merge(0, 0, 0, 2, "支出决算表")
    style = xlwt.easyxf(num_format_str="#,##0.00")
    for row, (name, one, two) in enumerate([("教育", 1234.5, 1), ("卫生", 0, -2.25)], start=1):
        sheet.write(row, 0, name)
        sheet.write(row, 1, one, style)
        sheet.write(row, 2, two, style)
    sheet.write(3, 0, "密")
    sheet.row(3).hidden = True
    book.add_sheet("草稿").visibility = 1
    book.save(str(tmp_path / "a.xls"))
    found = load(tmp_path / "a.xls")
    assert lines(found)[:4] == ["支出", "支出决算表", "教育|1,234.50|1.00", "卫生|0.00|-2.25"]
    assert found.notes == ("sheet 支出: 1 hidden row left out", "hidden sheet 草稿 left out")


def test_an_opendocument_sheet_shows_its_texts(tmp_path: Path) -> None:
    def cell(text: str, more: str = "") -> str:
        return f"<table:table-cell {more}><text:p>{text}</text:p></table:table-cell>"

    title = cell("收入决算表", "table:number-columns-spanned='2'")
    amount = cell("1,234.50", "office:value='1234.5'")
    header = cell("金额<text:s text:c='2'/><text:span>元</text:span>")
    tables = (
        "<table:table table:name='收入'><table:table-column table:number-columns-repeated='2'/>"
        "<table:table-column table:visibility='collapse'/>"
        f"<table:table-row>{title}<table:covered-table-cell/></table:table-row>"
        "<table:table-row table:number-rows-repeated='1000'>"
        "<table:table-cell table:number-columns-repeated='1024'/></table:table-row>"
        f"<table:table-header-rows><table:table-row>{cell('项目')}{header}{cell('密')}</table:table-row>"
        "</table:table-header-rows>"
        f"<table:table-row table:visibility='filter'>{cell('密')}{cell('9')}</table:table-row>"
        f"<table:table-row table:number-rows-repeated='2'>{cell('甲')}{amount}</table:table-row>"
        "<table:table-row><table:table-cell table:formula='of:=1+1'/></table:table-row></table:table>"
        "<table:table table:name='草稿' table:style-name='t2'/>"
    )
    styles = '<style:style style:name="t2"><style:table-properties table:display="false"/></style:style>'
    found = read(tmp_path, "a.ods", packed(ods_parts(tables, styles)))
    assert lines(found)[:6] == ["收入", "收入决算表", "", "项目|金额 元", "甲|1,234.50", "甲|1,234.50"]
    assert found.notes == (
        "sheet 收入: 1 hidden row left out",
        "sheet 收入: 1 hidden column left out",
        "sheet 收入: formulas without a stored value are blank: A1006",
        "hidden sheet 草稿 left out",
    )


# Documents


def test_a_document_keeps_its_order_and_the_grid_of_its_tables(tmp_path: Path) -> None:
    made = docx.Document()
    made.add_paragraph("一、收入情况")
    table = made.add_table(rows=3, cols=3)
    for at, text in enumerate(["项目", "金额", "", "", "本年", "上年", "教育", "1,234.50", ""]):
        table.cell(at // 3, at % 3).text = text
    table.cell(0, 1).merge(table.cell(0, 2))
    table.cell(0, 0).merge(table.cell(1, 0))
    made.add_paragraph("单位：万元\t共 1 页")
    made.add_paragraph().add_run().add_break(WD_BREAK.PAGE)
    made.add_paragraph("二、支出情况")
    made.sections[0].header.paragraphs[0].text = "某局决算"
    made.sections[0].footer.paragraphs[0].text = "- 1 -"
    made.save(str(tmp_path / "a.docx"))
    found = load(tmp_path / "a.docx")
    assert lines(found) == [
        *(
            "某局决算",
            "一、收入情况",
            "",
            "项目|金额|",
            "|本年|上年",
            "教育|1,234.50|",
            "",
            "单位：万元|共 1 页",
        ),
        *("二、支出情况", ""),
    ]
    assert found.text[found.page_starts[1] :] == "二、支出情况\n"


def test_a_document_is_read_in_its_last_state(tmp_path: Path) -> None:
    body = (
        "<w:p><w:r><w:t>甲</w:t></w:r><w:del><w:r><w:delText>旧</w:delText></w:r></w:del>"
        "<w:ins><w:r><w:t>新</w:t></w:r></w:ins><w:r><w:rPr><w:vanish/></w:rPr><w:t>密</w:t></w:r></w:p>"
        "<w:tbl><w:tr><w:trPr><w:del/></w:trPr><w:tc><w:p/></w:tc></w:tr>"
        "<w:tr><w:trPr><w:gridBefore w:val='1'/></w:trPr>"
        f"<w:tc>{paragraph('1')}</w:tc><w:tc>{paragraph('2')}</w:tc></w:tr></w:tbl>"
        f"<w:tbl><w:tr><w:tc>{paragraph('外')}<w:tbl><w:tr><w:tc>{paragraph('3')}</w:tc><w:tc>{paragraph('4')}</w:tc>"
        "</w:tr></w:tbl></w:tc></w:tr></w:tbl>"
        f"<w:p><w:r><w:pict><w:txbxContent>{paragraph('框')}</w:txbxContent></w:pict><w:drawing><blip/></w:drawing></w:r></w:p>"
    )
    notes = f"<w:footnote w:type='separator'>{paragraph('线')}</w:footnote><w:footnote>{paragraph('注')}</w:footnote>"
    found = read(tmp_path, "a.docx", packed(docx_parts(body, footnotes=notes)))
    assert [line for line in lines(found) if line] == ["甲新", "|1|2", "外", "3|4", "框", "注"]
    assert found.notes == ("1 picture not read",)


def test_numbers_that_word_counts_stand_before_their_paragraphs(tmp_path: Path) -> None:
    def place(level: int, key: int = 1) -> str:
        return f"<w:numPr><w:ilvl w:val='{level}'/><w:numId w:val='{key}'/></w:numPr>"

    def item(text: str, properties: str) -> str:
        return f"<w:p><w:pPr>{properties}</w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>"

    levels = [("chineseCounting", "%1、", 9), ("chineseCounting", "（%2）", 1), ("decimal", "%1.%3", 3)]
    numbering = "".join(
        f"<w:lvl w:ilvl='{n}'><w:start w:val='{start}'/><w:numFmt w:val='{style}'/><w:lvlText w:val='{text}'/></w:lvl>"
        for n, (style, text, start) in enumerate(levels)
    )
    numbering = (
        f"<w:abstractNum w:abstractNumId='4'>{numbering}</w:abstractNum>"
        "<w:num w:numId='1'><w:abstractNumId w:val='4'/></w:num>"
    )
    body = [
        *(item("收入", place(0)), item("甲", place(1)), item("乙", place(1)), item("丙", place(2))),
        *(item("丁", place(2)), item("戊", "<w:pStyle w:val='h'/>"), item("支出", place(0))),
        *(item("己", place(1)), item("其他", place(0)), item("无", place(0, key=0))),
    ]
    styles = f"<w:style w:styleId='h'><w:pPr>{place(1)}</w:pPr></w:style>"
    parts = docx_parts("".join(body), numbering=numbering, styles=styles)
    assert lines(read(tmp_path, "a.docx", packed(parts)))[:10] == [
        *("九、收入", "（一）甲", "（二）乙", "九.3丙", "九.4丁", "（三）戊"),
        *("十、支出", "（一）己", "十一、其他", "无"),
    ]


# What is told by content


def test_a_file_is_read_for_what_it_is(tmp_path: Path) -> None:
    book = packed(xlsx_parts({"表": sheet_xml("<row><c><v>7</v></c></row>")}))
    page = "<html><body><table><tr><td>甲<td>1.00</table>".encode()
    assert lines(read(tmp_path, "a.xls", book)) == lines(read(tmp_path, "a.txt", book)) == ["表", "7", "", ""]
    named = read(tmp_path, "b.xls", page)
    assert (named.text.strip(), named.media_type) == ("甲\t1.00", "text/html")


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("a.xlsx", "名称,1.00\n".encode(), "is named .xlsx but holds text; name it .txt or .csv"),
        ("a.pdf", b"\x00\x01\x02", "is named .pdf but holds something else"),
        ("a.txt", packed({"x.txt": "1"}), "is named .txt but is a ZIP archive without a workbook"),
        (
            "a.xls",
            b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"/>',
            "is a workbook as XML of Excel 2003; save it as .xlsx",
        ),
        (
            "a.docx",
            packed({"ppt/presentation.xml": "<p/>"}),
            "is named .docx but is a presentation; save it as .pdf",
        ),
    ],
)
def test_what_is_not_what_it_is_called_is_refused_by_both_names(
    tmp_path: Path, name: str, data: bytes, words: str
) -> None:
    with pytest.raises(InputError) as caught:
        read(tmp_path, name, data)
    assert words in str(caught.value)
