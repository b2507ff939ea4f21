"""Image files of every mode, and what is made of a page before anything on it is read."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from schemas import ConfigError, TooLarge, Unreadable

pytest.importorskip("cv2", reason="the extra ocr is not installed")

from worker.ingest.scan import engine_named
from worker.ingest.scan.engine import Line
from worker.ingest.scan.frames import frames, pixels_of
from worker.ingest.scan.pieces import pieces, unread
from worker.ingest.scan.rulings import rulings
from worker.ingest.scan.upright import cleaned, ink_of, levelled
from worker.ingest.scan.words import words_of

MOST = 10**7


def drawing(
    mode: str = "L", paper: Any = 255, ink: Any = 0, size: tuple[int, int] = (300, 200)
) -> Image.Image:
    """A dark block in the middle of light paper."""
    image = Image.new(mode, size, paper)
    ImageDraw.Draw(image).rectangle((100, 80, 200, 120), fill=ink)
    return image


def kept(image: Image.Image, form: str = "PNG", **how: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, form, **how)
    return out.getvalue()


def only(data: bytes, most: int = MOST) -> tuple[Image.Image, float]:
    (frame,) = frames(data, "page.png", max_pixels=most)
    return frame


def sixteen_bits() -> Image.Image:
    values = np.full((200, 300), 60_000, np.uint16)
    values[80:120, 100:200] = 900
    return Image.fromarray(values)


@pytest.mark.parametrize(
    ("image", "form"),
    [
        (drawing("1", 1, 0), "PNG"),
        (drawing("1", 1, 0), "TIFF"),
        (drawing("L"), "BMP"),
        (drawing("RGB", "white", "black"), "WEBP"),
        (drawing("RGB", "white", "navy").quantize(4), "PNG"),
        (drawing("RGBA", (0, 0, 0, 0), (0, 0, 0, 255)), "PNG"),
        (drawing("LA", (0, 0), (0, 255)), "PNG"),
        (drawing("CMYK", (0, 0, 0, 0), (0, 0, 0, 255)), "JPEG"),
        (drawing("CMYK", (0, 0, 0, 0), (0, 0, 0, 255)), "TIFF"),
        (sixteen_bits(), "PNG"),
        (sixteen_bits(), "TIFF"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.mode,
)
def test_paper_is_light_and_ink_dark_in_every_mode(image: Image.Image, form: str) -> None:
    shown, _ = only(kept(image, form))

    assert (shown.mode, shown.size) == ("RGB", (300, 200))
    assert np.asarray(shown)[10, 10].min() > 220
    assert np.asarray(shown)[100, 150, :2].max() < 60


def test_a_page_is_shown_as_its_camera_was_held() -> None:
    told = Image.Exif()
    told[0x0112] = 6  # the top of the page is on the right
    shown, _ = only(kept(drawing("RGB", "white", "black"), "JPEG", exif=told))
    assert shown.size == (200, 300)


@pytest.mark.parametrize(
    ("size", "dpi", "expected"),
    [
        ((1240, 1754), (150, 150), 150),
        ((2480, 3508), (72, 72), 300),  # a scan of A4 that an editor saved
        ((2480, 3508), None, 300),
        ((1728, 1143), (204, 98), 204),  # a fax
    ],
)
def test_resolution_is_what_the_file_says_where_that_may_be(
    size: tuple[int, int], dpi: tuple[int, int] | None, expected: int
) -> None:
    image, found = only(kept(Image.new("L", size, 255), "TIFF", **({"dpi": dpi} if dpi else {})))
    assert found == pytest.approx(expected, rel=0.01)
    assert image.width / image.height == pytest.approx(
        size[0] / size[1] * (dpi[1] / dpi[0] if dpi else 1), rel=0.01
    )


def test_resolution_of_a_cutting_is_told_by_its_text() -> None:
    image = Image.new("L", (900, 300), 255)
    draw = ImageDraw.Draw(image)
    for at in range(20):
        draw.rectangle((40 + 40 * at, 100, 55 + 40 * at, 122), fill=0)
    _, dpi = only(kept(image))
    assert 150 < dpi < 260


def test_a_page_over_the_limit_is_refused_by_its_header() -> None:
    def chunk(name: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
        )

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 1, 0, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 1000))

    with pytest.raises(TooLarge, match="pixels"):
        only(bomb)
    with pytest.raises(TooLarge, match=r"page.png: page 1 has 300 × 200 pixels, the limit is 59,999"):
        only(kept(drawing()), 59_999)


@pytest.mark.parametrize("form", ["PNG", "JPEG", "TIFF", "BMP", "WEBP"])
def test_a_truncated_image_is_refused(form: str) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (200, 300, 3), dtype=np.uint8)
    data = kept(Image.fromarray(noise), form)
    with pytest.raises(Unreadable, match=r"^page.png"):
        only(data[: len(data) // 2])


def test_what_is_no_image_is_refused() -> None:
    for data in (b"", b"%PDF-1.7", b"GIF89a" + bytes(100), kept(drawing())[:20]):
        with pytest.raises(Unreadable, match="no image that can be read"):
            only(data)


def test_the_red_of_a_seal_fades_and_red_text_stays() -> None:
    image = Image.new("RGB", (600, 400), "white")
    draw = ImageDraw.Draw(image)
    draw.ellipse((150, 80, 400, 330), outline=(220, 30, 40), width=12)
    draw.rectangle((140, 200, 260, 212), fill="black")
    draw.rectangle((500, 40, 530, 60), fill=(220, 30, 40))

    shown = cleaned(pixels_of(image), 150)

    assert shown[205, 275].min() > 200  # paper
    assert shown[84, 275].min() > 200  # the ring
    assert shown[206, 154].max() < 60  # ink under the ring
    assert shown[50, 515].tolist() == [40, 30, 220]


def test_shadow_is_taken_off_the_paper() -> None:
    page = np.full((400, 600, 3), 255.0)
    page[100:110, 50:550] = 0
    shadow = np.linspace(1, 0.35, 600)[None, :, None]
    shown = cleaned((page * shadow).astype(np.uint8), 150)
    assert shown[300].min() > 200
    assert shown[105, 60:540].max() < 60


def test_a_negative_is_turned_into_a_page() -> None:
    shown = cleaned(pixels_of(drawing("RGB", "black", "white")), 150)
    assert (shown[10, 10].tolist(), shown[100, 150].tolist()) == ([255, 255, 255], [0, 0, 0])


@pytest.mark.parametrize("angle", [-4.0, -0.7, 1.3, 5.0])
def test_lines_are_made_level(angle: float) -> None:
    image = Image.new("RGB", (900, 700), "white")
    draw = ImageDraw.Draw(image)
    for y in range(80, 620, 30):
        for x in range(60, 820, 18):
            draw.rectangle((x, y, x + 9, y + 12), fill="black")
    askew = image.rotate(-angle, Image.Resampling.BICUBIC, fillcolor="white")
    assert levelled(pixels_of(askew), 150).skew == pytest.approx(angle, abs=0.1)


def test_rules_are_long_and_thin_and_whole() -> None:
    image = Image.new("RGB", (800, 500), "white")
    draw = ImageDraw.Draw(image)
    for y in (60, 160, 260):
        draw.line((50, y, 300, y), "black", 2)
        draw.line((310, y, 700, y), "black", 2)  # broken
    for x in (50, 350, 700):
        draw.line((x, 60, x, 260), "black", 2)
    draw.line((350, 110, 700, 110), "black", 1)
    for x in range(80, 300, 40):  # characters, one of them a long stroke
        draw.rectangle((x, 120, x + 15, 140), fill="black")
    draw.rectangle((400, 130, 440, 133), fill="black")
    draw.rectangle((60, 320, 700, 420), fill="black")  # a block

    found = rulings(ink_of(pixels_of(image), 150), 20)

    assert [
        round((top + bottom) / 20) * 10 for _, top, _, bottom in sorted(found.level, key=lambda r: r[1])
    ] == [
        60,
        110,
        160,
        260,
    ]
    assert all(x1 - x0 > 340 for x0, _, x1, _ in found.level)
    assert sorted(round((x0 + x1) / 20) * 10 for x0, _, x1, _ in found.upright) == [50, 350, 700]


def test_a_line_over_two_columns_is_cut_at_the_rule_and_at_the_gap() -> None:
    image = Image.new("RGB", (800, 300), "white")
    draw = ImageDraw.Draw(image)
    for x in (20, 400, 780):
        draw.line((x, 40, x, 260), "black", 2)
    for y in (40, 150, 260):
        draw.line((20, y, 780, y), "black", 2)
    for x in (60, 76, 92, 200, 216, 300, 370, 450, 466):
        draw.rectangle((x, 80, x + 11, 100), fill="black")
    draw.rectangle((600, 190, 611, 210), fill="black")  # a digit by itself, found by no engine
    ink = ink_of(pixels_of(image), 150)
    rules = rulings(ink, 20)

    known = pieces(rules.without(ink), [(50, 70, 490, 110)], rules, 20)

    assert [(round(x0, -1), round(x1, -1)) for x0, _, x1, _ in sorted(known)] == [
        (60, 100),
        (200, 230),
        (300, 310),
        (370, 380),
        (450, 480),
    ]
    assert [
        (round(x0, -1), round(top, -1)) for x0, top, *_ in unread(rules.without(ink), known, rules, 20)
    ] == [(600, 190)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("31,364, 000.00", ["31,364,000.00"]),
        ("1 ,305. 25", ["1,305.25"]),
        ("12.50 7.25", ["12.50", "7.25"]),
        ("2018年 预算", ["2018", "年", "预算"]),
        (" 0 ", ["0"]),
        ("489,30", ["489.30"]),
        ("(3,808,085,00)", ["(3,808,085.00)"]),
        ("-17.280.00", ["-17,280.00"]),
        ("1.234.567", ["1,234,567"]),
        ("支出2993,92万元", ["支出", "2993.92", "万元"]),
        ("支出993,92万元,占5,11%", ["支出", "993.92", "万元", ",", "占", "5.11%"]),
        ("1.234 31,364 2024.12.31 第1,12项", ["1.234", "31,364", "2024.12.31", "第", "1,12", "项"]),
        ("", []),
    ],
)
def test_words_are_divided_at_blanks_and_figures_are_whole(text: str, words: list[str]) -> None:
    places = tuple((at + 0.5) / max(1, len(text)) for at in range(len(text)))
    scores = tuple(0.2 if char.isspace() else 0.9 for char in text)
    found = list(words_of((10, 5, 110, 25), (0, 0, 120, 30), Line(text, places, scores)))

    assert [word for word, _, _ in found] == words
    assert all(score == 0.9 for _, _, score in found)
    lefts, rights = [box[0] for _, box, _ in found], [box[2] for _, box, _ in found]
    assert rights[:-1] == lefts[1:]
    assert (lefts[:1], rights[-1:]) == (([10], [110]) if words else ([], []))


def test_a_missing_engine_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ConfigError, match=r"tesseract.*GOUJI_OCR_ENGINE=rapidocr"):
        engine_named("tesseract")
