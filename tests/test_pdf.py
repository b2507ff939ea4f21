"""PDFs: words and ruling lines where they are drawn, pages upright, files that cannot be read refused in words."""

from __future__ import annotations

import pytest
from PIL import Image
from reportlab.lib.pdfencrypt import StandardEncryption

from schemas import Unreadable
from tests.drawn import Drawing, composed, document_of, sheets, table_rows
from worker.ingest.page import Rule, Seen
from worker.ingest.pdf import page_count, render, sheets_of_pdf

ROWS = (("科目名称", "合计"), ("行政运行", "1,511.89"), ("合计", "2,106.66"))


def table(drawing: Drawing) -> bytes:
    drawing.table(60, 100, (120, 90), ROWS)
    return drawing.pdf()


def as_lists(rows: tuple[tuple[str, ...], ...]) -> list[list[str]]:
    return [list(row) for row in rows]


def test_words_stand_where_they_are_drawn() -> None:
    drawing = Drawing()
    drawing.text(60, 100, "行政运行", size=12)
    drawing.text(300, 100, "1,511.89", size=12, align="right")
    (sheet,) = sheets(drawing.pdf())
    label, figure = sheet.words
    assert (label.text, figure.text) == ("行政运行", "1,511.89")
    assert label.box == pytest.approx((60, 100, 108, 112), abs=1)
    assert figure.box[2] == pytest.approx(300, abs=2)
    assert label.score is None
    assert (sheet.page.width, sheet.page.height, sheet.page.source) == (595, 842, "text_layer")


def test_rules_are_strokes_thin_boxes_edges_of_boxes_and_dashes() -> None:
    drawing = Drawing()
    drawing.text(60, 700, "页")
    drawing.rule(50, 100, 250, 100)
    drawing.canvas.rect(50, 842 - 200.5, 200, 0.5, stroke=0, fill=1)
    drawing.canvas.rect(50, 842 - 350, 200, 50)
    drawing.canvas.setDash(3, 2)
    drawing.rule(50, 400, 250, 400)
    drawing.canvas.setDash()
    for x in range(50, 250, 5):
        drawing.rule(x, 450, x + 3, 450)
    (sheet,) = sheets(drawing.pdf())
    across = [rule for rule in sheet.rules if rule.x1 - rule.x0 > 100]
    assert [round(rule.top) for rule in across] == [100, 200, 300, 350, 400, 450]
    assert all((round(rule.x0), round(rule.x1)) in {(50, 250), (50, 248)} for rule in across)
    assert [rule for rule in sheet.rules if rule not in across] == [
        pytest.approx(Rule(50, 300, 50, 350), abs=0.1),
        pytest.approx(Rule(250, 300, 250, 350), abs=0.1),
    ]


def test_what_is_drawn_inside_a_form_is_seen() -> None:
    drawing = Drawing()
    drawing.canvas.beginForm("stamp")
    drawing.canvas.line(0, 0, 200, 0)
    drawing.canvas.drawString(0, 5, "inside")
    drawing.canvas.endForm()
    drawing.canvas.translate(100, 500)
    drawing.canvas.doForm("stamp")
    (sheet,) = sheets(drawing.pdf())
    assert [word.text for word in sheet.words] == ["inside"]
    (rule,) = sheet.rules
    assert rule == pytest.approx(Rule(100, 342, 300, 342), abs=0.1)


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_a_page_that_the_file_turns_is_upright(rotation: int) -> None:
    drawing = Drawing()
    drawing.canvas.setPageRotation(rotation)
    # What the viewer turns clockwise is drawn turned the other way.
    drawing.canvas.translate(*{0: (0, 0), 90: (842, 0), 180: (595, 842), 270: (0, 595)}[rotation])
    drawing.canvas.rotate(rotation)
    data = table(drawing)
    (sheet,) = sheets(data)
    assert table_rows(composed([sheet])) == as_lists(ROWS)
    assert sheet.page.turned == 0
    assert (sheet.page.width, sheet.page.height) == (595, 842)
    assert sheet.words[0].box == pytest.approx((63, 104, 103, 114), abs=2)


@pytest.mark.parametrize("turned", [90, 180, 270])
def test_a_page_on_which_text_lies_is_turned(turned: int) -> None:
    drawing = Drawing()
    drawing.canvas.translate(*{90: (0, 842), 180: (595, 842), 270: (595, 0)}[turned])
    drawing.canvas.rotate({90: -90, 180: 180, 270: 90}[turned])
    if turned in (90, 270):
        drawing.height = 595
    data = table(drawing)
    (sheet,) = sheets(data)
    assert sheet.page.turned == (360 - turned) % 360
    assert table_rows(composed([sheet])) == as_lists(ROWS)
    image = render(data, "drawn.pdf", 0, 72, turned=sheet.page.turned)
    assert image.size == (round(sheet.page.width), round(sheet.page.height))
    assert dark(image, next(word for word in sheet.words if word.text == "2,106.66"))


def dark(image: Image.Image, word: Seen) -> bool:
    """Whether something is printed in the box of a word."""
    x0, top, x1, bottom = word.box
    inside = image.convert("L").crop((int(x0), int(top), int(x1) + 1, int(bottom) + 1))
    return min(inside.tobytes()) < 128


def test_text_on_its_side_is_a_word_and_text_askew_is_told() -> None:
    drawing = Drawing()
    drawing.table(60, 100, (120, 90), ROWS)
    drawing.canvas.saveState()
    drawing.canvas.translate(40, 700)
    drawing.canvas.rotate(90)
    drawing.canvas.drawString(0, 0, "sidebar")
    drawing.canvas.restoreState()
    drawing.canvas.translate(200, 300)
    drawing.canvas.rotate(45)
    drawing.canvas.drawString(0, 0, "DRAFT")
    (sheet,) = sheets(drawing.pdf())
    texts = [word.text for word in sheet.words]
    assert "sidebar" in texts
    assert "DRAFT" not in texts
    assert "DRAFT" in sheet.page.reason


def test_bold_by_printing_twice_is_printed_once() -> None:
    drawing = Drawing()
    drawing.text(60, 100, "1,511.89")
    drawing.text(60.3, 100, "1,511.89")
    (sheet,) = sheets(drawing.pdf())
    assert [word.text for word in sheet.words] == ["1,511.89"]


def test_words_are_whole_however_the_file_orders_their_characters() -> None:
    drawing = Drawing()
    text = "行政运行及一般管理事务"
    for place in [*range(0, len(text), 2), *range(1, len(text), 2)]:
        drawing.text(60 + place * 10, 100, text[place])
    (sheet,) = sheets(drawing.pdf())
    assert [word.text for word in sheet.words] == [text]


def test_a_figure_filled_into_a_field_is_read() -> None:
    drawing = Drawing()
    drawing.text(60, 100, "Total amount of all items")
    drawing.canvas.acroForm.textfield(value="1234.56", x=200, y=725, width=100, height=20, borderWidth=0)
    (sheet,) = sheets(drawing.pdf())
    assert "1234.56" in [word.text for word in sheet.words]


def test_pages_come_when_asked_for_and_from_where_asked() -> None:
    drawing = Drawing()
    for number in range(4):
        drawing.text(60, 100, f"第{number + 1}页")
        drawing.page()
    data = drawing.pdf()
    assert page_count(data, "drawn.pdf") == 4
    found = sheets_of_pdf(data, "drawn.pdf", recognise=None, pages=range(2, 4))
    assert [sheet.words[0].text for sheet in found] == ["第3页", "第4页"]


def test_rendering_keeps_to_the_limit() -> None:
    drawing = Drawing()
    drawing.text(60, 100, "页")
    image = render(drawing.pdf(), "drawn.pdf", 0, 600, max_pixels=500_000)
    assert 400_000 < image.width * image.height <= 510_000


@pytest.mark.parametrize("user", ["", "secret"])
def test_only_a_file_that_needs_a_password_is_refused(user: str) -> None:
    data = table(Drawing(encrypt=StandardEncryption(user, ownerPassword="owner")))
    if not user:
        assert table_rows(document_of(data)) == as_lists(ROWS)
        return
    with pytest.raises(
        Unreadable, match=r"drawn\.pdf: is encrypted and needs a password; save it again without"
    ):
        sheets(data)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"%PDF-1.7\n", "is cut off after 9 bytes"),
        (b"<html></html>", "is no PDF"),
        (b"", "is no PDF"),
        (b"%PDF-1.7\nnothing\n%%EOF\n", "is damaged, no page of it can be found"),
    ],
)
def test_what_is_no_whole_pdf_is_refused(data: bytes, problem: str) -> None:
    with pytest.raises(Unreadable, match=problem):
        page_count(data, "drawn.pdf")


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_file_that_is_cut_off_is_refused(share: float) -> None:
    drawing = Drawing()
    for _ in range(5):
        drawing.table(60, 100, (120, 90), ROWS * 8)
        drawing.page()
    data = drawing.pdf()
    with pytest.raises(Unreadable, match="cut off"):
        sheets(data[: int(len(data) * share)])
