"""What is drawn on a page: ruling lines (strokes, thin boxes, edges of boxes, dashes joined), images, shapes."""

from __future__ import annotations

import ctypes
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import pypdfium2 as pdfium
import pypdfium2.raw as c

from schemas.source import Box
from worker.ingest.page import Rule
from worker.ingest.pdf.glyphs import Frame

# What is thicker is a bar and no ruling line; what is shorter, all dashes joined, is part of a drawing. Points.
_THICKEST = 4.0
_SHORTEST = 5.0
_SLENDER = 3
_DEEPEST = 8
_FEWEST_CORNERS = 9
# Two pieces this near in line are one line: dashes, and cell edges that miss each other's corners.
_DASH = 3.0
_IN_LINE = 0.75

Matrix = tuple[float, float, float, float, float, float]
_SAME: Matrix = (1, 0, 0, 1, 0, 0)


@dataclass
class Drawing:
    """What is drawn on a page beside text: ruling lines, the boxes of images, and how many small shapes there are.

    A shape is a filled outline of the size of a character, neither line nor box: text that was turned into curves.
    """

    rules: list[Rule] = field(default_factory=list)
    images: list[Box] = field(default_factory=list)
    shapes: int = 0


def drawing_of(page: pdfium.PdfPage, frame: Frame, most: int) -> Drawing:
    """What is drawn on a page as shown; at most `most` objects of it are looked at."""
    found = Drawing()
    objects = (c.FPDFPage_GetObject(page.raw, i) for i in range(c.FPDFPage_CountObjects(page.raw)))
    for object_, kind, matrix in _objects(objects, _SAME, 0, [most]):
        if kind == c.FPDF_PAGEOBJ_PATH:
            _take_path(object_, matrix, frame, found)
        else:
            corners = [_shown(x, y, matrix, frame) for x, y in ((0, 0), (1, 1))]
            found.rules.extend(_thin(corners))
            found.images.append(_around(corners))
    found.rules = merged(_clipped(rule, frame) for rule in found.rules)
    return found


def _objects(
    objects: Iterable[Any], outer: Matrix, depth: int, left: list[int]
) -> Iterator[tuple[Any, int, Matrix]]:
    """Paths and images with their matrices, also those inside forms; `left` counts what may still be looked at."""
    matrix = c.FS_MATRIX()
    for object_ in objects:
        left[0] -= 1
        if left[0] < 0:
            return
        kind = c.FPDFPageObj_GetType(object_)
        if kind not in (c.FPDF_PAGEOBJ_PATH, c.FPDF_PAGEOBJ_FORM, c.FPDF_PAGEOBJ_IMAGE):
            continue
        c.FPDFPageObj_GetMatrix(object_, matrix)
        own = _times((matrix.a, matrix.b, matrix.c, matrix.d, matrix.e, matrix.f), outer)
        if kind != c.FPDF_PAGEOBJ_FORM:
            yield object_, kind, own
        elif depth < _DEEPEST:
            inside = range(c.FPDFFormObj_CountObjects(object_))
            yield from _objects((c.FPDFFormObj_GetObject(object_, i) for i in inside), own, depth + 1, left)


def _take_path(path: Any, matrix: Matrix, frame: Frame, found: Drawing) -> None:
    fill, stroke = ctypes.c_int(), ctypes.c_int()
    c.FPDFPath_GetDrawMode(path, fill, stroke)
    if not (fill.value or stroke.value):
        return
    if fill.value and c.FPDFPath_CountSegments(path) >= _FEWEST_CORNERS:
        found.shapes += 1
        return
    for outline in _outlines(path, matrix, frame):
        left, top, right, bottom = _around(outline)
        if stroke.value and min(right - left, bottom - top) > _IN_LINE:
            for a, b in pairwise(outline):
                found.rules.extend(_thin([a, b]))
        else:
            found.rules.extend(_thin([(left, top), (right, bottom)]))


def _outlines(path: object, matrix: Matrix, frame: Frame) -> Iterator[list[tuple[float, float]]]:
    """The corners of every piece of a path, curves left out."""
    x, y = ctypes.c_float(), ctypes.c_float()
    outline: list[tuple[float, float]] = []
    for i in range(c.FPDFPath_CountSegments(path)):
        segment = c.FPDFPath_GetPathSegment(path, i)
        kind = c.FPDFPathSegment_GetType(segment)
        c.FPDFPathSegment_GetPoint(segment, x, y)
        point = _shown(x.value, y.value, matrix, frame)
        if kind != c.FPDF_SEGMENT_LINETO:
            if len(outline) > 1:
                yield outline
            outline = []
        outline.append(point)
        if c.FPDFPathSegment_GetClose(segment):
            yield [*outline, outline[0]]
            outline = [point]
    if len(outline) > 1:
        yield outline


def _around(points: list[tuple[float, float]]) -> Box:
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return min(xs), min(ys), max(xs), max(ys)


def _thin(corners: list[tuple[float, float]]) -> Iterator[Rule]:
    left, top, right, bottom = _around(corners)
    if min(right - left, bottom - top) <= _THICKEST:
        yield Rule(left, top, right, bottom)


def _shown(x: float, y: float, m: Matrix, frame: Frame) -> tuple[float, float]:
    return frame.point(m[0] * x + m[2] * y + m[4], m[1] * x + m[3] * y + m[5])


def _times(a: Matrix, b: Matrix) -> Matrix:
    return (
        a[0] * b[0] + a[1] * b[2],
        a[0] * b[1] + a[1] * b[3],
        a[2] * b[0] + a[3] * b[2],
        a[2] * b[1] + a[3] * b[3],
        a[4] * b[0] + a[5] * b[2] + b[4],
        a[4] * b[1] + a[5] * b[3] + b[5],
    )


def _clipped(rule: Rule, frame: Frame) -> Rule:
    width, height = frame.size
    return Rule(max(rule.x0, 0), max(rule.top, 0), min(rule.x1, width), min(rule.bottom, height))


def merged(rules: Iterable[Rule]) -> list[Rule]:
    """Ruling lines with their pieces joined, from top to bottom and from left to right."""
    across, upright = [], []
    for rule in rules:
        width, height = rule.x1 - rule.x0, rule.bottom - rule.top
        if height <= max(_THICKEST / 4, width / _SLENDER):
            across.append(rule)
        if width <= max(_THICKEST / 4, height / _SLENDER):
            upright.append(_flipped(rule))
    found = [*_joined(across), *map(_flipped, _joined(upright))]
    return sorted(found, key=lambda rule: (rule.top, rule.x0))


def _joined(rules: list[Rule]) -> Iterator[Rule]:
    """Horizontal pieces that lie on one line and nearly touch, as one."""
    by_line: dict[int, list[Rule]] = defaultdict(list)
    line, last = 0, float("-inf")
    for rule in sorted(rules, key=_middle):
        if _middle(rule) - last > _IN_LINE:
            line, last = line + 1, _middle(rule)
        by_line[line].append(rule)
    for pieces in by_line.values():
        pieces.sort()
        whole = pieces[0]
        for piece in pieces[1:]:
            if piece.x0 - whole.x1 > _DASH:
                yield from _long(whole)
                whole = piece
            else:
                top, bottom = min(whole.top, piece.top), max(whole.bottom, piece.bottom)
                whole = Rule(whole.x0, top, max(whole.x1, piece.x1), bottom)
        yield from _long(whole)


def _long(rule: Rule) -> Iterator[Rule]:
    if rule.x1 - rule.x0 >= max(_SHORTEST, _SLENDER * (rule.bottom - rule.top)):
        yield rule


def _middle(rule: Rule) -> float:
    return (rule.top + rule.bottom) / 2


def _flipped(rule: Rule) -> Rule:
    return Rule(rule.top, rule.x0, rule.bottom, rule.x1)
