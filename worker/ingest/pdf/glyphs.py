"""A page's characters with their places, as the text layer has them."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass
from math import atan2, degrees, hypot
from typing import Any, Literal, NamedTuple

import pypdfium2 as pdfium
import pypdfium2.raw as c

from schemas.source import Box

# How far from upright a scan may have been fed; text that is more askew is a stamp across the page.
_SKEW = 10
_INVISIBLE = 3

Quarter = Literal[0, 90, 180, 270]


class Glyph(NamedTuple):
    """A character: where it begins on its baseline, how far it reaches along it and the size of its font, in points.

    `angle` is the direction of reading, in degrees clockwise from left to right. `run` counts text objects,
    `unmapped` says that its font does not tell what it stands for, `hidden` that it is not painted.
    """

    char: str
    x: float
    y: float
    advance: float
    size: float
    angle: float
    run: int
    unmapped: bool
    hidden: bool

    @property
    def turn(self) -> int | None:
        """The multiple of 90 degrees that it is turned by; None where it stands askew."""
        nearest = round(self.angle / 90) * 90
        return nearest % 360 if abs(self.angle - nearest) <= _SKEW else None


@dataclass(frozen=True)
class Frame:
    """From the space of a page's contents to the page as shown, in points from its upper left corner."""

    left: float
    bottom: float
    right: float
    top: float
    rotation: int

    @property
    def size(self) -> tuple[float, float]:
        """Width and height of the page as shown."""
        across, down = self.right - self.left, self.top - self.bottom
        return (down, across) if self.rotation in (90, 270) else (across, down)

    def point(self, x: float, y: float) -> tuple[float, float]:
        """Where a point is shown."""
        if self.rotation == 90:
            return y - self.bottom, x - self.left
        if self.rotation == 180:
            return self.right - x, y - self.bottom
        if self.rotation == 270:
            return self.top - y, self.right - x
        return x - self.left, self.top - y


@dataclass(frozen=True)
class Turn:
    """A page of `width` and `height` turned clockwise by `degrees`, a multiple of 90."""

    degrees: Quarter
    width: float
    height: float

    @property
    def size(self) -> tuple[float, float]:
        """Width and height of the turned page."""
        return (self.height, self.width) if self.degrees in (90, 270) else (self.width, self.height)

    def box(self, box: Box) -> Box:
        """Where a box stands on the turned page."""
        x0, top, x1, bottom = box
        if self.degrees == 90:
            return self.height - bottom, x0, self.height - top, x1
        if self.degrees == 180:
            return self.width - x1, self.height - bottom, self.width - x0, self.height - top
        if self.degrees == 270:
            return top, self.width - x1, bottom, self.width - x0
        return box


def frame_of(page: pdfium.PdfPage) -> Frame:
    """The frame of a page, by its crop box and its rotation."""
    box = c.FS_RECTF()
    c.FPDF_GetPageBoundingBox(page.raw, box)
    return Frame(box.left, box.bottom, box.right, box.top, page.get_rotation())


def glyphs_of(page: pdfium.PdfPage, frame: Frame, most: int) -> Iterator[Glyph]:
    """The characters on a page as shown, at most `most`, in the order of its contents, with the blanks it encodes."""
    text = page.get_textpage()
    try:
        yield from _glyphs(text.raw, frame, most)
    finally:
        text.close()


def _glyphs(raw: Any, frame: Frame, most: int) -> Iterator[Glyph]:
    x, y = ctypes.c_double(), ctypes.c_double()
    left, right, bottom, top = (ctypes.c_double() for _ in range(4))
    box, matrix = c.FS_RECTF(), c.FS_MATRIX()
    width, height = frame.size
    object_, run, size, angle, hidden = None, 0, 0.0, 0.0, False
    for i in range(min(c.FPDFText_CountChars(raw), most)):
        if c.FPDFText_IsGenerated(raw, i) == 1:
            continue
        c.FPDFText_GetCharOrigin(raw, i, x, y)
        at_x, at_y = frame.point(x.value, y.value)
        holder = c.FPDFText_GetTextObject(raw, i)
        address = ctypes.cast(holder, ctypes.c_void_p).value
        if address != object_ or address is None:
            object_, run = address, run + 1
            c.FPDFText_GetMatrix(raw, i, matrix)
            size = c.FPDFText_GetFontSize(raw, i) * hypot(matrix.c, matrix.d)
            # Contents are drawn with y upwards, angles are told clockwise.
            angle = (frame.rotation - degrees(atan2(matrix.b, matrix.a))) % 360
            hidden = c.FPDFTextObj_GetTextRenderMode(holder) == _INVISIBLE
        c.FPDFText_GetLooseCharBox(raw, i, box)
        advance = _along(box.right - box.left, box.top - box.bottom, angle - frame.rotation)
        if advance <= 0:
            c.FPDFText_GetCharBox(raw, i, left, right, bottom, top)
            advance = _along(right.value - left.value, top.value - bottom.value, angle - frame.rotation)
        if not (-size < at_x < width + size and -size < at_y < height + size and size > 0):
            continue
        code = c.FPDFText_GetUnicode(raw, i)
        unmapped = c.FPDFText_HasUnicodeMapError(raw, i) == 1 or code == 0
        yield Glyph(chr(code) if code else "\ufffd", at_x, at_y, advance, size, angle, run, unmapped, hidden)


def _along(width: float, height: float, angle: float) -> float:
    return width if round(angle / 90) % 2 == 0 else height
