"""One page image, from pixels to words: which way up it is, what is found on it, what it says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import median
from typing import Literal, NamedTuple

import cv2
import numpy as np

from schemas.source import Box, Page
from worker.ingest.page import Rule, Seen, Sheet
from worker.ingest.scan.engine import Engine, Pixels, Region
from worker.ingest.scan.pieces import crop_of, height_of_text, is_dash, pieces, room_of, unread
from worker.ingest.scan.rulings import Rulings, rulings
from worker.ingest.scan.upright import Grey, cleaned, ink_of, levelled
from worker.ingest.scan.words import words_of

Turn = Literal[0, 90, 180, 270]

_POINTS = 72
# More dots an inch show nothing more of printed text; an image of less is enlarged before it is looked at.
_FINEST = 300.0
_COARSEST = 150.0
# Text is looked for where its characters have this many pixels, on images of no more than so many.
_EM = 14.0
_LONGEST = 2000
# How far from square a region must be to say whether lines lie or stand.
_OBLONG = 1.5
# Lines that tell whether a page stands on its head, and the score of text that does not.
_SAMPLE = 8
_PAPER = 255
_UPRIGHT = 0.9
# Marks that the engine did not find are kept where it reads them with this score.
_SURE = 0.8
# The median score of words on pages that can be read.
_LEGIBLE = 0.7


class _View(NamedTuple):
    """A page one way up: its pixels, ink without rules, rules, where text was found, the height of characters."""

    pixels: Pixels
    ink: Grey
    rules: Rulings
    found: list[Region]
    em: float


def sheet_of(pixels: Pixels, dpi: float, engine: Engine) -> Sheet:
    """What is seen on a page image of `dpi`."""
    zoom = min(1.0, _FINEST / dpi) if dpi >= _COARSEST else _COARSEST / dpi
    if zoom != 1.0:
        how = cv2.INTER_AREA if zoom < 1.0 else cv2.INTER_CUBIC
        pixels = np.asarray(cv2.resize(pixels, None, fx=zoom, fy=zoom, interpolation=how), np.uint8)
    height, width = pixels.shape[:2]
    level = levelled(cleaned(pixels, dpi * zoom), dpi * zoom)
    turned, view = _upright(level.pixels, dpi * zoom, engine)
    if turned in {90, 270}:
        height, width = width, height
    scale = _POINTS / (dpi * zoom)
    # The canvas grew around the page as it was made level.
    left, above = (view.pixels.shape[1] - width) / 2, (view.pixels.shape[0] - height) / 2

    def placed(region: Region) -> Box:
        x0, top, x1, bottom = region
        return (x0 - left) * scale, (top - above) * scale, (x1 - left) * scale, (bottom - above) * scale

    words = tuple(Seen(text, placed(region), score) for text, region, score in _read(view, engine))
    return Sheet(
        page=Page(
            width=width * scale,
            height=height * scale,
            source="ocr",
            turned=turned,
            problem=_illegible([score for *_, score in words if score is not None]),
        ),
        words=words,
        rules=(
            *(_level(placed(region)) for region in view.rules.level),
            *(_standing(placed(region)) for region in view.rules.upright),
        ),
        skew=level.skew,
    )


def _illegible(scores: Sequence[float]) -> str:
    """What is to be said of a page of which half the words are hardly recognised."""
    middle = median(scores) if scores else 1.0
    if middle >= _LEGIBLE:
        return ""
    return f"hardly legible, half of its words were recognised at less than {int(middle * 100) + 1} %"


def _level(box: Box) -> Rule:
    x0, top, x1, bottom = box
    return Rule(x0, (top + bottom) / 2, x1, (top + bottom) / 2)


def _standing(box: Box) -> Rule:
    x0, top, x1, bottom = box
    return Rule((x0 + x1) / 2, top, (x0 + x1) / 2, bottom)


def _upright(pixels: Pixels, dpi: float, engine: Engine) -> tuple[Turn, _View]:
    """By how many degrees clockwise a page must be turned, and the page so turned."""
    view = _view(pixels, dpi, engine)
    turned: Turn = 0
    if _on_its_side(view.found):
        turned = 90
        view = _view(_quarters(pixels, 1), dpi, engine)
    if _on_its_head(view, engine):
        turned = 270 if turned else 180
        view = _view(_quarters(view.pixels, 2), dpi, engine)
    return turned, view


def _on_its_side(found: Sequence[Region]) -> bool:
    lying = standing = 0
    for x0, top, x1, bottom in found:
        wide, high = x1 - x0, bottom - top
        lying += wide * high * (wide > _OBLONG * high)
        standing += wide * high * (high > _OBLONG * wide)
    return standing > lying


def _on_its_head(view: _View, engine: Engine) -> bool:
    """Whether lines are read better upside down; those that say most are tried."""
    longest = sorted(view.found, key=lambda r: -min(r[2] - r[0], 12 * (r[3] - r[1])))[:_SAMPLE]
    crops = [_cut(view.pixels, region) for region in longest]
    sure = _sureness(crops, engine)
    return 0 < sure < _UPRIGHT and _sureness([_quarters(crop, 2) for crop in crops], engine) > sure


def _sureness(crops: Sequence[Pixels], engine: Engine) -> float:
    scores = [score for line in engine.read(crops) for score in line.scores]
    return sum(scores) / len(scores) if scores else 0.0


def _quarters(pixels: Pixels, times: int) -> Pixels:
    """Turned by quarters, clockwise."""
    return np.ascontiguousarray(np.rot90(pixels, -times))


def _view(pixels: Pixels, dpi: float, engine: Engine) -> _View:
    ink = ink_of(pixels, dpi)
    em = height_of_text(ink, dpi)
    rules = rulings(ink, em)
    zoom = min(1.0, _EM / em, _LONGEST / max(pixels.shape))
    small = np.asarray(cv2.resize(pixels, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_AREA), np.uint8)
    found = [
        (int(x0 / zoom), int(top / zoom), int(x1 / zoom), int(bottom / zoom))
        for x0, top, x1, bottom in engine.find(small)
    ]
    return _View(pixels, rules.without(ink), rules, found, em)


def _read(view: _View, engine: Engine) -> Iterator[tuple[str, Region, float]]:
    known = pieces(view.ink, view.found, view.rules, view.em)
    every = (*known, *unread(view.ink, known, view.rules, view.em))
    asked = []
    for at, piece in enumerate(every):
        if is_dash(view.ink, piece, view.em):
            yield "-", piece, _SURE
        else:
            asked.append((piece, crop_of(piece, view.em, view.pixels.shape), at < len(known)))
    lines = engine.read([_alone(view, piece, crop) for piece, crop, _ in asked])
    for (piece, crop, found), line in zip(asked, lines, strict=True):
        for text, place, score in words_of(piece, crop, line):
            if found or score >= _SURE:
                yield text, place, score


def _alone(view: _View, piece: Region, crop: Region) -> Pixels:
    """The crop of a piece with paper for the rules in it and what lies beyond them."""
    left, above, right, below = room_of(piece, view.rules, view.em)
    x0, top, *_ = crop
    cut = _cut(view.pixels, crop)
    inside = np.zeros(cut.shape[:2], bool)
    inside[max(0, above - top) : max(0, below - top), max(0, left - x0) : max(0, right - x0)] = True
    if not inside.all():
        cut[~inside] = np.median(cut[inside], axis=0) if inside.any() else _PAPER
    return cut


def _cut(pixels: Pixels, region: Region) -> Pixels:
    x0, top, x1, bottom = region
    return pixels[top:bottom, x0:x1].copy()
