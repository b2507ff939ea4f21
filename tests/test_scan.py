"""Pages that are images: what is seen on them, however they lie and however poor they are."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from worker.ingest.page import Sheet

pytest.importorskip("rapidocr", reason="the extra ocr is not installed")
scan = pytest.importorskip("worker.ingest.scan")

DPI = 150
COLUMNS = (40, 130, 420, 600, 780, 900)
ROWS = (90, 140, 190, 240, 290, 340)
TABLE = (
    ("Code", "Item", "Total", "Basic", "Share"),
    ("201", "General services", "13,649.07", "-6,901.75", "0"),
    ("20106", "Finance", "1,088.30", "0.76", "3"),
    ("2010601", "Administration", "31,364,000.00", "-", "7.5%"),
    ("208", "Social security", "5,560.31", "0.00", "12"),
)


SMALL = tuple(row[:3] for row in TABLE[:3])


def page(table: Sequence[Sequence[str]] = TABLE) -> Image.Image:
    """A ruled table under a title."""
    columns, rows = COLUMNS[: len(table[0]) + 1], ROWS[: len(table) + 1]
    image = Image.new("RGB", (columns[-1] + 40, rows[-1] + 40), "white")
    draw = ImageDraw.Draw(image)
    draw.text((120, 25), "Expenditure by function", "black", ImageFont.load_default(28))
    for x in columns:
        draw.line((x, rows[0], x, rows[-1]), "black", 2)
    for y in rows:
        draw.line((columns[0], y, columns[-1], y), "black", 2)
    for y, row in zip(rows, table, strict=False):
        for at, text in enumerate(row):
            place = (columns[at] + 10, y + 12) if at < 2 else (columns[at + 1] - 10, y + 12)
            draw.text(place, text, "black", ImageFont.load_default(20), anchor="la" if at < 2 else "ra")
    return image


def cells(sheet: Sheet) -> list[list[str]]:
    """The words between the rules of the sheet, row by row, in the columns of the table as drawn."""
    lying = sorted(rule.top for rule in sheet.rules if rule.x1 - rule.x0 > rule.bottom - rule.top)
    standing = sorted(rule.x0 for rule in sheet.rules if rule.bottom - rule.top > rule.x1 - rule.x0)
    rows = [[""] * (len(standing) - 1) for _ in lying[1:]]
    for word in sorted(sheet.words, key=lambda word: word.box[0]):
        x, y = (word.box[0] + word.box[2]) / 2, (word.box[1] + word.box[3]) / 2
        row = sum(rule < y for rule in lying) - 1
        column = sum(rule < x for rule in standing) - 1
        if row >= 0:
            rows[row][column] = f"{rows[row][column]} {word.text}".strip()
    return rows


def expected(table: Sequence[Sequence[str]] = TABLE) -> list[list[str]]:
    return [list(row) for row in table]


@pytest.fixture(scope="module")
def upright() -> Sheet:
    sheet: Sheet = scan.recognise(page(), DPI)
    return sheet


def test_a_ruled_table_is_read_cell_by_cell(upright: Sheet) -> None:
    assert cells(upright) == expected()
    assert (upright.page.source, upright.page.turned, upright.skew) == ("ocr", 0, 0.0)
    assert all(word.score is not None and 0.5 < word.score <= 1 for word in upright.words)


def test_places_are_in_points(upright: Sheet) -> None:
    scale = 72 / DPI
    assert upright.page.width == pytest.approx(940 * scale)
    assert upright.page.height == pytest.approx(380 * scale)
    (code,) = [word for word in upright.words if word.text == "2010601"]
    x0, top, x1, bottom = code.box
    assert x0 == pytest.approx(50 * scale, abs=2)
    assert ROWS[3] * scale < top < bottom < ROWS[4] * scale
    assert x1 < COLUMNS[1] * scale
    assert sorted(round(rule.x0 / scale) for rule in upright.rules if rule.x0 == rule.x1) == [
        pytest.approx(x, abs=2) for x in COLUMNS
    ]


@pytest.mark.parametrize("turned", [90, 180, 270])
def test_a_page_on_its_side_or_its_head_is_turned(turned: int) -> None:
    # What lies turned counter-clockwise by so much is upright after that turn clockwise.
    upright = page(SMALL)
    sheet = scan.recognise(upright.rotate(turned, expand=True), DPI)

    assert sheet.page.turned == turned
    assert sheet.page.width == pytest.approx(upright.width * 72 / DPI)
    assert cells(sheet) == expected(SMALL)


def test_a_page_askew_and_full_of_noise_is_made_level() -> None:
    askew = page(SMALL).rotate(-2, Image.Resampling.BICUBIC, expand=True, fillcolor="white")
    noise = np.random.default_rng(1).normal(0, 12, (askew.height, askew.width, 3))
    dirty = Image.fromarray(np.clip(np.asarray(askew) + noise, 0, 255).astype(np.uint8))
    kept = io.BytesIO()
    dirty.save(kept, "JPEG", quality=60)

    sheet = scan.recognise(Image.open(kept), DPI)

    assert cells(sheet) == expected(SMALL)
    assert sheet.skew == pytest.approx(2, abs=0.15)
    first, last = (next(w for w in sheet.words if w.text == text) for text in ("20106", "1,088.30"))
    assert first.box[3] == pytest.approx(last.box[3], abs=2)
    # As shown, the row falls to the right.
    fall = sheet.shown(last.box)[3] - sheet.shown(first.box)[3]
    assert fall == pytest.approx((last.box[2] - first.box[0]) * np.tan(np.radians(2)), abs=3)


def test_the_pages_of_a_tiff_come_one_by_one() -> None:
    pages = []
    for text in ("First 101.5", "Second 202.5"):
        pages.append(Image.new("L", (330, 90), "white"))
        ImageDraw.Draw(pages[-1]).text((20, 30), text, "black", ImageFont.load_default(26))
    kept = io.BytesIO()
    pages[0].save(kept, "TIFF", save_all=True, append_images=pages[1:], dpi=(DPI, DPI))

    def texts(sheets: Iterator[Sheet]) -> list[str]:
        return [" ".join(word.text for word in sheet.words) for sheet in sheets]

    assert texts(scan.sheets_of_image(kept.getvalue(), "two.tif", max_pixels=10**6)) == [
        "First 101.5",
        "Second 202.5",
    ]
    only = scan.sheets_of_image(kept.getvalue(), "two.tif", max_pixels=10**6, pages=[1])
    assert texts(only) == ["Second 202.5"]
