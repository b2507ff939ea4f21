"""Files with pages to look at: where their cells stand, what could not be read, what a page looks like."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from PIL import Image

from schemas import EmptyInput, InputError, Unsupported
from tests.command import Gouji, lines
from tests.hostile import pdf, stream
from worker.ingest import Limits, load
from worker.ingest.images import ORIGINAL, page_image
from worker.settings import load_settings
from worker.store import BlobStore

WIDTH, HEIGHT = 595, 842
ROWS = [("Name", "Amount"), ("Rent", "1,200.50"), ("Wages", "2,300.00"), ("Total", "3,500.50")]
TOPS = [140 + 24 * row for row in range(len(ROWS))]
RIGHT = 300
GREEN = (0, 150, 60)


def statement(*, scan: bytes = b"", rotate: int = 0) -> bytes:
    """A PDF with a table at known places, and a second page that is an image where `scan` is its grey pixels."""
    drawn = [b"BT /F1 12 Tf 1 0 0 1 72 %d Tm (Statement of costs 2024) Tj ET" % (HEIGHT - 100)]
    for top, (name, amount) in zip(TOPS, ROWS, strict=True):
        for x, text in ((72, name), (RIGHT, amount)):
            drawn.append(b"BT /F1 12 Tf 1 0 0 1 %d %d Tm (%s) Tj ET" % (x, HEIGHT - top, text.encode()))
    media = b"/MediaBox[0 0 %d %d]" % (WIDTH, HEIGHT)
    font = b"/Resources<</Font<</F1<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>"
    kids = b"3 0 R 5 0 R" if scan else b"3 0 R"
    return pdf(
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[%s]/Count %d>>" % (kids, 2 if scan else 1),
        b"<</Type/Page/Parent 2 0 R%s/Contents 4 0 R%s/Rotate %d>>" % (media, font, rotate),
        stream(b"\n".join(drawn)),
        b"<</Type/Page/Parent 2 0 R%s/Contents 6 0 R/Resources<</XObject<</I 7 0 R>>>>>>" % media,
        stream(b"%d 0 0 %d 0 0 cm /I Do" % (WIDTH, HEIGHT)),
        stream(
            scan,
            b"/Type/XObject/Subtype/Image/Width 100/Height 100/ColorSpace/DeviceGray/BitsPerComponent 8",
        ),
    )


@pytest.fixture
def gouji(tmp_path: Path) -> Gouji:
    return Gouji(tmp_path)


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_cells_say_where_they_stand_on_the_page_and_a_picture_shows_it(gouji: Gouji, tmp_path: Path) -> None:
    (tmp_path / "costs.pdf").write_bytes(statement())
    done = gouji("extract", "costs.pdf", "--out", "out")
    assert (done.returncode, done.stderr) == (0, "")
    cells = {row["text"]: row for row in rows_of(tmp_path / "out" / "cells.csv")}
    for top, (_, amount) in list(zip(TOPS, ROWS, strict=True))[1:]:
        x0, up, x1, bottom = map(float, cells[amount]["box"].split())
        assert abs(x0 - RIGHT) < 2
        assert up < top - 4 < top <= bottom < top + 8
        assert x1 > x0 + 30
        assert (cells[amount]["page"], cells[amount]["grounded"]) == ("1", "true")
    shown = gouji("show", "costs.pdf", "--page", "1", "--image", "page.png")
    assert (shown.returncode, shown.stderr) == (0, "Page 1 of costs.pdf in page.png: 3 cells framed\n")
    image = Image.open(tmp_path / "page.png").convert("RGB")
    assert image.size == (round(WIDTH * 150 / 72), round(HEIGHT * 150 / 72))
    green = [at for at, colour in enumerate(image.get_flattened_data()) if colour == GREEN]
    assert green
    lowest, highest = min(green) // image.width, max(green) // image.width
    assert (TOPS[1] - 16) * 150 / 72 < lowest < highest < (TOPS[-1] + 8) * 150 / 72


def test_what_cannot_be_read_is_said_where_it_is_looked_for(gouji: Gouji, tmp_path: Path) -> None:
    noise = Image.effect_noise((100, 100), 90).tobytes()
    (tmp_path / "costs.pdf").write_bytes(statement(scan=noise))
    done = gouji("extract", "costs.pdf", "--out", "out", GOUJI_OCR="never")
    assert done.returncode == 0
    assert done.stderr.startswith("not read: costs.pdf: page 2: ")
    assert "GOUJI_OCR=auto" in done.stderr
    [document] = rows_of(tmp_path / "out" / "documents.csv")
    assert (document["pages"], document["pages_unread"]) == ("2", "1")
    assert document["notes"].startswith("page 2: ")
    assert "not read: page 2: " in gouji("show", "costs.pdf", COLUMNS="200").stdout
    assert gouji("extract", "costs.pdf", GOUJI_OCR="never").stderr.startswith("not read: costs.pdf: page 2")


def test_a_page_that_lies_on_its_side_is_shown_upright_with_its_boxes(tmp_path: Path) -> None:
    path = tmp_path / "side.pdf"
    path.write_bytes(statement(rotate=90))
    document = load(path)
    [page] = document.pages
    assert (page.width, page.height) == (WIDTH, HEIGHT)
    blobs = BlobStore(tmp_path / "blobs")
    blobs.keep(document.sha256, ORIGINAL, path.read_bytes())
    drawn = page_image(blobs, document, 1, dpi=72)
    image = Image.open(io.BytesIO(drawn)).convert("L")
    assert image.size == (WIDTH, HEIGHT)
    at = document.text.index("3,500.50")
    box = document.box(at, at + 8)
    assert box is not None
    assert abs(box[0] - RIGHT) < 2
    inked = image.point(lambda value: 255 if value < 128 else 0).crop(box).getbbox()
    assert inked is not None
    assert inked[2] - inked[0] > 30
    # Kept: what is asked again is not drawn again.
    blobs.drop(document.sha256, ORIGINAL)
    assert page_image(blobs, document, 1, dpi=72) == drawn


def test_a_page_that_cannot_be_shown_says_why(tmp_path: Path, gouji: Gouji) -> None:
    path = tmp_path / "costs.pdf"
    path.write_bytes(statement())
    document = load(path)
    blobs = BlobStore(tmp_path / "blobs")
    with pytest.raises(EmptyInput, match="its original file is not kept; extract it again"):
        page_image(blobs, document, 1)
    with pytest.raises(InputError, match="has no page 2; name one of its 1 pages"):
        page_image(blobs, document, 2)
    (tmp_path / "a.txt").write_text("Name  Amount\nA  1.00\n")
    with pytest.raises(Unsupported, match="has no pages to look at"):
        page_image(blobs, load(tmp_path / "a.txt"), 1)
    alone = gouji("show", "--page", "1")
    assert alone.returncode == 2
    assert "--page N and --image FILE go together" in alone.stderr


def test_an_image_is_not_read_where_recognition_is_off(tmp_path: Path) -> None:
    Image.new("L", (300, 300), 255).save(tmp_path / "a.png")
    with pytest.raises(Unsupported, match=r"is an image; GOUJI_OCR=auto"):
        load(tmp_path / "a.png", Limits(ocr="never"))


def test_who_recognises_text_is_shown_and_is_part_of_the_recipe(gouji: Gouji) -> None:
    told = lines(gouji("doctor").stdout)
    assert any(line.startswith("ocr auto, by rapidocr ok rapidocr ") for line in told)
    assert "ocr never off scans and images are not read (GOUJI_OCR)" in lines(
        gouji("doctor", GOUJI_OCR="never").stdout
    )
    recipes = [
        load_settings(ocr=ocr, ocr_engine=engine).recipe
        for ocr, engine in [("auto", "rapidocr"), ("never", "rapidocr"), ("auto", "tesseract")]
    ]
    assert len(set(recipes)) == 3
    assert load_settings(ocr="auto", max_pages=7).recipe == recipes[0], "a limit changes no text"
