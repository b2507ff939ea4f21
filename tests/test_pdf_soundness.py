"""Text layers that do not say what the page shows are found out, and the page says why."""

from __future__ import annotations

import io
from collections.abc import Sequence

import pytest
from PIL import Image
from reportlab.lib.utils import ImageReader

from schemas.source import Page
from tests.drawn import Drawing, composed, sheets
from worker.ingest.page import Seen, Sheet
from worker.ingest.pdf import sheets_of_pdf

PROSE = (
    "本表反映部门年度总体收支预算情况，全年收入总计与支出总计相等，与上年相比增加，主要原因是政策性增资。",
    "基本支出是为保障机构正常运转、完成日常工作任务而编制的年度支出计划，包括人员经费和公用经费。",
)


def drawn_with(codes: Sequence[int], mapped: dict[int, str] | None) -> bytes:
    """A page of raw PDF that shows character codes in one font, which maps them as told or says nothing of them."""
    lines = [codes[i : i + 30] for i in range(0, len(codes), 30)]
    shown = " ".join(f"<{bytes(line).hex()}> Tj 0 -20 Td" for line in lines)
    content = f"BT /F1 12 Tf 50 700 Td {shown} ET".encode()
    entries = "".join(f"<{a:02x}> <{b.encode('utf-16-be').hex()}>\n" for a, b in (mapped or {}).items())
    cmap = (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def\n"
        "1 begincodespacerange <00> <ff> endcodespacerange\n"
        f"{len(mapped or {})} beginbfchar\n{entries}endbfchar endcmap end end"
    ).encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources 7 0 R >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /ToUnicode 6 0 R >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(cmap), cmap),
        b"<< /Font << /F1 5 0 R >> >>",
    ]
    data = b"%PDF-1.7\n"
    places = []
    for number, body in enumerate(objects, start=1):
        places.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    tail = b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(data))
    return data + head + table + tail


def cover(drawing: Drawing, share: float = 1.0) -> None:
    """An image over the upper part of the page."""
    buffer = io.BytesIO()
    Image.new("L", (60, 84), 230).save(buffer, "PNG")
    buffer.seek(0)
    height = drawing.height * share
    drawing.canvas.drawImage(ImageReader(buffer), 0, drawing.height - height, drawing.width, height)


def page_of(data: bytes) -> Page:
    (sheet,) = sheets(data)
    return sheet.page


def test_a_sound_text_layer_is_taken_and_says_so() -> None:
    drawing = Drawing()
    for number, line in enumerate(PROSE * 3):
        drawing.text(40, 60 + number * 20, line)
    page = page_of(drawing.pdf())
    assert page.source == "text_layer"
    assert "sound" in page.reason
    assert page.problem == ""


CODES = [*range(65, 91)] * 6


@pytest.mark.parametrize(
    ("mapped", "said"),
    [
        ({code: chr(0xE000 + code) for code in range(65, 91)}, "156 of 156 characters have no meaning"),
        (dict.fromkeys(range(65, 91), "\ufffd"), "characters have no meaning"),
        ({code: chr(1) for code in range(65, 91)}, "characters have no meaning"),
        ({code: "齉龘靐魖麤厵灪虪羴鱻"[code % 10] for code in range(65, 91)}, "ideographs are rare"),
        ({code: "ԱაΩЯאبกअ가"[code % 9] for code in range(65, 91)}, "scripts"),
        ({code: "bcdfghjklm"[code % 10] for code in range(65, 91)}, "vowels"),
        ({code: chr(0xC0 + code - 65) for code in range(65, 91)}, "accented"),
    ],
)
def test_a_wrong_font_map_is_found_out(mapped: dict[int, str], said: str) -> None:
    page = page_of(drawn_with(CODES, mapped))
    assert page.source == "none"
    assert said in page.problem


def test_radicals_in_place_of_characters_are_no_fault() -> None:
    mapped = {65 + i: char for i, char in enumerate("⼀般公共预算⽀出⽤于⼈员⺠⽣⼯资⻓期")}
    page = page_of(drawn_with([*mapped] * 5, mapped))
    assert page.source == "text_layer"
    assert "radicals" in page.reason


def test_accents_and_foreign_letters_of_real_languages_are_no_fault() -> None:
    lines = (
        "Les dépenses réalisées en 2024 ont été supérieures aux prévisions budgétaires établies à l'été.",
        "Die Ausgaben für Löhne und Gehälter erhöhten sich gegenüber dem Vorjahr um 3,5 Prozent.",
    )
    drawing = Drawing()
    drawing.canvas.setFont("Helvetica", 9)
    for number, line in enumerate(lines * 3):
        drawing.canvas.drawString(40, 700 - number * 20, line)
    assert page_of(drawing.pdf()).source == "text_layer"


def test_a_page_without_text_is_empty_or_a_picture() -> None:
    drawing = Drawing()
    drawing.page()
    cover(drawing)
    drawing.page()
    drawing.rule(50, 100, 300, 100)
    empty, picture, ruled = sheets(drawing.pdf())
    assert (empty.page.source, empty.page.problem) == ("none", "")
    assert empty.page.reason == "the page is empty"
    assert "an image covers 100% of the page" in picture.page.problem
    assert ruled.page.problem == ""


def test_a_page_of_outlines_is_a_picture() -> None:
    drawing = Drawing()
    for number in range(60):
        path = drawing.canvas.beginPath()
        path.moveTo(40 + number * 8, 700)
        for corner in range(10):
            path.lineTo(40 + number * 8 + corner % 3, 700 + corner)
        path.close()
        drawing.canvas.drawPath(path, stroke=0, fill=1)
    page = page_of(drawing.pdf())
    assert page.source == "none"
    assert "60 drawn shapes" in page.problem


def test_figures_without_labels_beside_images_are_kept_and_told() -> None:
    drawing = Drawing()
    for number in range(20):
        drawing.text(400, 60 + number * 30, f"{number + 1},234.56", align="right")
        for x in (50, 150):
            cover_small(drawing, x, 60 + number * 30)
    (sheet,) = sheets(drawing.pdf())
    assert "figures alone" in sheet.page.problem
    assert len(sheet.words) == 20


def cover_small(drawing: Drawing, x: float, top: float) -> None:
    buffer = io.BytesIO()
    Image.new("L", (40, 10), 100).save(buffer, "PNG")
    buffer.seek(0)
    drawing.canvas.drawImage(ImageReader(buffer), x, drawing.height - top - 10, 80, 10)


def test_a_recognition_that_came_with_a_scan_is_used_if_plausible() -> None:
    drawing = Drawing()
    cover(drawing)
    text = drawing.canvas.beginText(40, 700)
    text.setTextRenderMode(3)
    text.setFont("Helvetica", 10)
    for _ in range(5):
        text.textLine("Total expenditure of the department in the year was 1,234.56")
    drawing.canvas.drawText(text)
    (sheet,) = sheets(drawing.pdf())
    assert sheet.page.source == "text_layer"
    assert "recognition that came with the file" in sheet.page.reason
    assert "1,234.56" in composed([sheet]).text


def test_what_is_not_painted_on_a_painted_page_is_left_out() -> None:
    drawing = Drawing()
    drawing.text(40, 60, PROSE[0])
    text = drawing.canvas.beginText(40, 700)
    text.setTextRenderMode(3)
    text.setFont("Helvetica", 10)
    text.textLine("hidden 99.99")
    drawing.canvas.drawText(text)
    (sheet,) = sheets(drawing.pdf())
    assert "".join(word.text for word in sheet.words) == PROSE[0]
    assert "11 characters that are not painted" in sheet.page.reason


def test_a_page_number_on_a_scan_does_not_pass_for_its_text() -> None:
    drawing = Drawing()
    cover(drawing)
    drawing.text(300, 800, "- 3 -")
    page = page_of(drawing.pdf())
    assert "an image covers 100% of the page" in page.problem


def test_what_is_not_sound_is_recognised_where_that_is_installed() -> None:
    drawing = Drawing()
    drawing.text(40, 60, PROSE[0])
    drawing.page()
    cover(drawing)
    asked: list[tuple[tuple[int, int], float]] = []

    def recognise(image: Image.Image, dpi: float) -> Sheet:
        asked.append((image.size, dpi))
        return Sheet(
            page=Page(width=595, height=842, source="ocr"),
            words=(Seen("recognised", (50, 50, 100, 60), 0.9),),
        )

    found = list(sheets_of_pdf(drawing.pdf(), "drawn.pdf", recognise=recognise))
    assert [sheet.page.source for sheet in found] == ["text_layer", "ocr"]
    ((width, height), dpi) = asked[0]
    assert (width, height) == pytest.approx((595 * dpi / 72, 842 * dpi / 72), abs=2)
    assert "no text layer" in found[1].page.reason
    document = composed(found)
    assert document.text.endswith("recognised\n")
    assert document.words[-1].score == 0.9
    assert document.page_of(document.words[-1].start) == 2
