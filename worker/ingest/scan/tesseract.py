"""Tesseract as an engine, where it is installed: slower than RapidOCR, and less sure of small digits."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from itertools import groupby
from typing import Any, NamedTuple

import cv2
import numpy as np

from schemas import ConfigError
from worker.ingest.scan.engine import Line, Pixels, Region

_LANGUAGES = ("chi_sim", "eng")
_INSTALL = (
    "pip install 'gouji[tesseract]'; apt install tesseract-ocr-chi-sim; or set GOUJI_OCR_ENGINE=rapidocr"
)
# Pages of text without an order, and a page of lines one below the other.
_SPARSE, _LINES = "--psm 11", "--psm 6"
_LINE_LEVEL, _WORD_LEVEL = 4, 5
# Crops are put under each other on sheets of so many, so high and so far apart, in pixels.
_ON_A_SHEET = 60
_HEIGHT = 40
_APART = 40
# Blanks are wider than this, in heights of crops.
_BLANK = 0.4


class _Word(NamedTuple):
    text: str
    x0: int
    x1: int
    middle: float
    score: float


class Tesseract:
    """Tesseract 4 or later with the languages `chi_sim` and `eng`. Raises ConfigError where it is not installed."""

    def __init__(self) -> None:
        if find_spec("pytesseract") is None:
            raise ConfigError(f"pytesseract is missing: {_INSTALL}")
        self._tesseract: Any = import_module("pytesseract")
        # Its own threads wait for each other more than they work.
        os.environ.setdefault("OMP_THREAD_LIMIT", "1")
        try:
            known = self._tesseract.get_languages()
        except self._tesseract.TesseractNotFoundError:
            raise ConfigError(f"the program tesseract is missing: {_INSTALL}") from None
        if missing := [language for language in _LANGUAGES if language not in known]:
            raise ConfigError(f"tesseract lacks {', '.join(missing)}: {_INSTALL}")

    def find(self, image: Pixels) -> list[Region]:
        """Where text stands."""
        data = self._data(image, _SPARSE)
        places = zip(data["level"], data["left"], data["top"], data["width"], data["height"], strict=True)
        return [(x, y, x + w, y + h) for level, x, y, w, h in places if level == _LINE_LEVEL]

    def read(self, crops: Sequence[Pixels]) -> list[Line]:
        """The text of crops."""
        lines: list[Line] = []
        for start in range(0, len(crops), _ON_A_SHEET):
            lines += self._read(crops[start : start + _ON_A_SHEET])
        return lines

    def _read(self, crops: Sequence[Pixels]) -> Iterator[Line]:
        widths = [max(1, round(crop.shape[1] * _HEIGHT / crop.shape[0])) for crop in crops]
        step = _HEIGHT + _APART
        sheet = np.full((step * len(crops) + _APART, max(widths) + 2 * _APART, 3), 255, np.uint8)
        for at, (crop, width) in enumerate(zip(crops, widths, strict=True)):
            top = _APART + at * step
            sheet[top : top + _HEIGHT, _APART : _APART + width] = cv2.resize(crop, (width, _HEIGHT))
        words = sorted(_words(self._data(sheet, _LINES)), key=lambda word: (_row(word, step), word.x0))
        rows = {row: list(found) for row, found in groupby(words, key=lambda word: _row(word, step))}
        for at, width in enumerate(widths):
            yield _line(rows.get(at, []), width)

    def _data(self, image: Pixels, mode: str) -> Mapping[str, list[Any]]:
        found: Mapping[str, list[Any]] = self._tesseract.image_to_data(
            np.ascontiguousarray(image[:, :, ::-1]),
            lang="+".join(_LANGUAGES),
            config=mode,
            output_type=self._tesseract.Output.DICT,
        )
        return found


def _row(word: _Word, step: int) -> int:
    return int((word.middle - _APART / 2) // step)


def _words(data: Mapping[str, list[Any]]) -> Iterator[_Word]:
    for at, level in enumerate(data["level"]):
        text = str(data["text"][at]).strip()
        if level == _WORD_LEVEL and text:
            x, y, width, height = (int(data[key][at]) for key in ("left", "top", "width", "height"))
            yield _Word(text, x, x + width, y + height / 2, max(0.0, float(data["conf"][at]) / 100))


def _line(words: Sequence[_Word], width: int) -> Line:
    """Words of one crop; characters share the width of their word, and its score."""
    text, places, scores = "", list[float](), list[float]()
    for at, word in enumerate(words):
        if at and word.x0 - words[at - 1].x1 > _BLANK * _HEIGHT:
            text += " "
            places.append(places[-1])
            scores.append(1.0)
        for number, char in enumerate(word.text):
            centre = word.x0 + (number + 0.5) / len(word.text) * (word.x1 - word.x0) - _APART
            text += char
            places.append(min(1.0, max(0.0, centre / width)))
            scores.append(word.score)
    return Line(text, tuple(places), tuple(scores))
