"""Opening a PDF: what cannot be opened is refused with what would help."""

from __future__ import annotations

import ctypes
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pypdfium2 as pdfium
import pypdfium2.raw as c

from schemas import Unreadable

_MARK = b"%PDF-"
_END = b"%%EOF"
# Readers allow for some bytes before the mark and after the end.
_HEAD = 2048
_TAIL = 32_768
# What is filled in or stamped on a page is no part of its contents.
_FILLED = (c.FPDF_ANNOT_WIDGET, c.FPDF_ANNOT_FREETEXT, c.FPDF_ANNOT_STAMP)
_DEEPEST = 8
_NO_WIDTH = 0.01
_SAVE_AGAIN = "save it again from the program that made it"


@contextmanager
def opened(data: bytes, name: str) -> Iterator[pdfium.PdfDocument]:
    """The document in `data`; one that opens with an empty password needs none.

    Raises Unreadable for what is encrypted, cut off, damaged or no PDF at all.
    """
    if _MARK not in data[:_HEAD]:
        raise Unreadable(name, "is no PDF", "check that the right file was given")
    if _END not in data.rstrip(b"\0\t\n\r ")[-min(_TAIL, _HEAD + len(data) // 10) :]:
        # Opened all the same, it would lack pages without a word.
        raise Unreadable(name, f"is cut off after {len(data):,} bytes", "fetch it again")
    try:
        document = pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        raise _refused(name, error.err_code) from None
    try:
        document.init_forms()
        yield document
    finally:
        document.close()


def _refused(name: str, code: int | None) -> Unreadable:
    if code == c.FPDF_ERR_PASSWORD:
        return Unreadable(name, "is encrypted and needs a password", "save it again without a password")
    if code == c.FPDF_ERR_SECURITY:
        return Unreadable(name, "is encrypted in a way that is not known", "save it again without encryption")
    return Unreadable(name, "is damaged, no page of it can be found", _SAVE_AGAIN)


@contextmanager
def page_of(document: pdfium.PdfDocument, name: str, number: int) -> Iterator[pdfium.PdfPage]:
    """Page `number` (from 0), with what is filled in or stamped on it. Raises Unreadable where it is damaged."""
    page = _load(document, name, number)
    annotations = (c.FPDFPage_GetAnnot(page.raw, i) for i in range(c.FPDFPage_GetAnnotCount(page.raw)))
    if any(c.FPDFAnnot_GetSubtype(annotation) in _FILLED for annotation in annotations):
        c.FPDFPage_Flatten(page.raw, c.FLAT_NORMALDISPLAY)
        page.close()
        page = _load(document, name, number)
    _widen(c.FPDFPage_GetObject(page.raw, i) for i in range(c.FPDFPage_CountObjects(page.raw)))
    try:
        yield page
    finally:
        page.close()


def _load(document: pdfium.PdfDocument, name: str, number: int) -> pdfium.PdfPage:
    try:
        return document[number]
    except pdfium.PdfiumError:
        raise Unreadable(name, f"its page {number + 1} is damaged", _SAVE_AGAIN) from None


def _widen(objects: Iterable[Any], depth: int = 0) -> None:
    """Give every text a width: the library leaves text without one out of the text layer.

    A font that is neither embedded nor installed has no outlines; a character of it alone, or a line of it on its
    side, is measured as nothing. A stroke around the outlines that are not there is measured.
    """
    left, bottom, right, top = (ctypes.c_float() for _ in range(4))
    for object_ in objects:
        kind = c.FPDFPageObj_GetType(object_)
        if kind == c.FPDF_PAGEOBJ_FORM and depth < _DEEPEST:
            inside = range(c.FPDFFormObj_CountObjects(object_))
            _widen((c.FPDFFormObj_GetObject(object_, i) for i in inside), depth + 1)
        if kind != c.FPDF_PAGEOBJ_TEXT:
            continue
        c.FPDFPageObj_GetBounds(object_, left, bottom, right, top)
        painted = c.FPDFTextObj_GetTextRenderMode(object_) == c.FPDF_TEXTRENDERMODE_FILL
        if painted and right.value - left.value < _NO_WIDTH:
            c.FPDFTextObj_SetTextRenderMode(object_, c.FPDF_TEXTRENDERMODE_FILL_STROKE)
            c.FPDFPageObj_SetStrokeWidth(object_, 1.0)
            # Only what moves is measured again.
            c.FPDFPageObj_Transform(object_, 1, 0, 0, 1, 0, 0)
