"""The benchmark of reading PDFs in a small form: on PDFs made here, with gold beside them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from random import Random

import numpy as np
import pypdfium2
import pytest
from PIL import Image, ImageDraw, ImageFont
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.pdfmetrics import registerFont
from reportlab.pdfgen.canvas import Canvas

from evals.bench.ingest import main
from evals.garble.pages import CLEAN, DEGRADED, images_of, worsened, write_scan
from schemas import ConfigError

HEADER = "kind,ordinal,side,code,name,column,value\n"
CODED = [
    ["科目编码", "科目名称", "合计", "基本支出", "项目支出"],
    ["", "合计", "930.00", "480.00", "450.00"],
    ["201", "一般公共服务支出", "930.00", "480.00", "450.00"],
    ["20103", "政府办公厅及相关机构事务", "930.00", "480.00", "450.00"],
    ["2010301", "行政运行", "480.00", "480.00", ""],
    ["2010302", "一般行政管理事务", "450.00", "", "450.00"],
]
CODED_AT = (50, 110, 330, 400, 470, 540)
INVOICE = [
    ["Item", "Net", "Tax", "Gross"],
    ["Paper", "168.00", "16.80", "184.80"],
    ["Toner", "184.50", "18.45", "202.95"],
    ["Lamp", "74.50", "7.45", "81.95"],
    ["Total", "427.00", "42.70", "469.70"],
]
INVOICE_AT = (80, 220, 320, 420, 520)


def draw(path: Path, title: str, rows: Sequence[Sequence[str]], at: Sequence[float], font: str) -> Canvas:
    """A page with a ruled table: its columns begin at `at`, its last place is the right edge."""
    canvas = Canvas(str(path), pagesize=(595, 400), invariant=True)
    canvas.setFont(font, 12)
    canvas.drawString(200, 350, title)
    for number, row in enumerate(rows):
        top = 320 - 24 * number
        canvas.line(at[0], top, at[-1], top)
        for left, text in zip(at, row, strict=False):
            canvas.drawString(left + 4, top - 17, text)
    bottom = 320 - 24 * len(rows)
    canvas.line(at[0], bottom, at[-1], bottom)
    for left in at:
        canvas.line(left, 320, left, bottom)
    return canvas


def coded(folder: Path, *, gold: str = "930.00") -> None:
    """A table by function, as PDF and as gold; `gold` is its grand total there."""
    registerFont(UnicodeCIDFont("STSong-Light"))
    draw(folder / "office-2024-final.pdf", "支出决算表 单位：万元", CODED, CODED_AT, "STSong-Light").save()
    lines = [
        f"expenditure_by_function,1,,{code},{name},{column},{value}\n"
        for code, name, *values in CODED[1:]
        for column, value in zip(("total", "basic", "project"), values, strict=True)
        if value
    ]
    lines[0] = lines[0].replace("930.00", gold)
    (folder / "office-2024-final.csv").write_text(HEADER + "".join(lines), encoding="utf-8")


def invoice(folder: Path, *, shown: str = "") -> None:
    """An invoice, as PDF and as gold; `shown` is a picture that covers 184.50, which its text says all the same."""
    canvas = draw(folder / "invoice.pdf", "Invoice 2024-117", INVOICE, INVOICE_AT, "Helvetica")
    if shown:
        picture = Image.new("L", (400, 80), 255)
        ImageDraw.Draw(picture).text((0, 8), shown, font=ImageFont.load_default(54), fill=0)
        canvas.drawImage(ImageReader(picture), 222, 251, 80, 16)
    canvas.save()
    lines = [
        f"generic,1,,,{name},{column},{value}\n"
        for name, *values in INVOICE[1:]
        for column, value in zip(INVOICE[0][1:], values, strict=True)
    ]
    (folder / "invoice.csv").write_text(HEADER + "".join(lines), encoding="utf-8")


def figures(
    folder: Path, capsys: pytest.CaptureFixture[str], *arguments: str
) -> dict[str, dict[str, object]]:
    main(["--documents", str(folder), "--gold", str(folder), "--json", *arguments])
    parsed: dict[str, dict[str, object]] = json.loads(capsys.readouterr().out.splitlines()[-1])
    return parsed


def test_a_text_layer_is_held_to_gold_beside_a_peer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("pdfplumber")
    coded(tmp_path)
    found = figures(tmp_path, capsys, "--peers")
    text, peer = found["ways"]["text"], found["peers"]["pdfplumber"]
    assert isinstance(text, dict)
    assert isinstance(peer, dict)
    assert {
        name: text[name] for name in ("cells", "right", "tables", "accepted", "accepted_wrong", "pages")
    } == {
        "cells": 13,
        "right": 13,
        "tables": 1,
        "accepted": 1,
        "accepted_wrong": 0,
        "pages": 1,
    }
    assert (peer["cells"], peer["found"]) == (13, 13)


def test_a_figure_that_is_not_the_gold_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    coded(tmp_path, gold="931.00")
    found = figures(tmp_path, capsys, "--wrong")
    text = found["ways"]["text"]
    assert isinstance(text, dict)
    assert (text["right"], text["wrong"], text["found"], text["accepted_wrong"]) == (12, 1, 12, 1)


def test_what_is_wrong_is_listed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    coded(tmp_path, gold="931.00")
    main(["--documents", str(tmp_path), "--gold", str(tmp_path), "--wrong"])
    assert "wrong 合计 total: 931.00 / 930.00" in capsys.readouterr().out


def test_a_scan_tells_what_became_of_misread_figures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("rapidocr")
    invoice(tmp_path, shown="134.50")
    found = figures(tmp_path, capsys, "--scan", "clean")
    text, clean = found["ways"]["text"], found["ways"]["clean"]
    assert isinstance(text, dict)
    assert isinstance(clean, dict)
    assert (text["right"], text["accepted"], text.get("misread")) == (12, 1, None)
    assert (clean["right"], clean["accepted"]) == (11, 0)
    assert clean["misread"] == {"printed": 12, "misread": 1, "caught": 1, "accepted": 0}


def test_a_folder_without_gold_is_refused(tmp_path: Path) -> None:
    coded(tmp_path)
    (tmp_path / "office-2024-final.csv").unlink()
    with pytest.raises(ConfigError, match="no PDF with gold"):
        main(["--documents", str(tmp_path), "--gold", str(tmp_path)])


def test_a_scan_is_the_same_for_a_seed_and_another_for_another(tmp_path: Path) -> None:
    invoice(tmp_path)
    [one], [again], [other] = (
        list(images_of(tmp_path / "invoice.pdf", DEGRADED, seed)) for seed in (1, 1, 2)
    )
    assert one.tobytes() == again.tobytes()
    assert one.tobytes() != other.tobytes()
    assert one.size == other.size == (1240, 834)


def test_a_skewed_line_rises_by_its_angle() -> None:
    image = Image.new("L", (1000, 400), 255)
    ImageDraw.Draw(image).line((100, 200, 900, 200), fill=0, width=3)
    askew = worsened(image, CLEAN._replace(skew=1.0), Random(1))
    left, right = (int(column.argmin()) for column in np.asarray(askew).T[[150, 850]])
    assert abs(abs(right - left) - 700 * 0.01746) <= 2


def test_a_scan_keeps_the_size_of_the_page_and_no_text(tmp_path: Path) -> None:
    invoice(tmp_path)
    write_scan(tmp_path / "invoice.pdf", tmp_path / "scan.pdf", DEGRADED, 1)
    with pypdfium2.PdfDocument(tmp_path / "scan.pdf") as document:
        assert len(document) == 1
        assert document[0].get_size() == pytest.approx((595, 400), abs=1)
        assert document[0].get_textpage().count_chars() == 0
