"""PDF → Sheets: words with boxes and ruling lines, from the text layer of a page where that is sound."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import pypdfium2 as pdfium
from PIL import Image

from schemas import Unreadable
from schemas.source import Page
from worker.ingest.page import Rule, Sheet
from worker.ingest.pdf.drawing import Drawing, drawing_of
from worker.ingest.pdf.glyphs import Frame, Glyph, Quarter, Turn, frame_of, glyphs_of
from worker.ingest.pdf.opening import opened, page_of
from worker.ingest.pdf.soundness import evidence_of, judge
from worker.ingest.pdf.words import words_of

__all__ = ["page_count", "render", "sheets_of_pdf"]

Recognise = Callable[[Image.Image, float], Sheet]

MAX_PIXELS = 40_000_000
"""Most pixels of a rendered page; a larger page is rendered coarser."""
OCR_DPI = 300.0
_POINTS = 72
_BACK: dict[int, Quarter] = {0: 0, 90: 270, 180: 180, 270: 90}
_SHEET_OF_PAPER = (595.0, 842.0)
_MOST_GLYPHS = 200_000
_MOST_OBJECTS = 100_000


def page_count(data: bytes, name: str) -> int:
    """How many pages a PDF has. Raises Unreadable."""
    with opened(data, name) as document:
        return len(document)


def render(
    data: bytes, name: str, page: int, dpi: float, *, turned: int = 0, max_pixels: int = MAX_PIXELS
) -> Image.Image:
    """Page `page` (from 0) as an image, turned clockwise by `turned` degrees beyond what the file asks.

    At most `max_pixels`: what would have more is rendered coarser. Raises Unreadable.
    """
    with opened(data, name) as document, page_of(document, name, page) as opened_page:
        return _image(opened_page, dpi, turned, max_pixels)[0]


def _image(page: pdfium.PdfPage, dpi: float, turned: int, max_pixels: int) -> tuple[Image.Image, float]:
    """The image of a page and its true dots per inch."""
    width, height = page.get_size()
    scale = dpi / _POINTS
    scale = min(scale, (max_pixels / max(width * height, 1)) ** 0.5)
    image = page.render(scale=scale, rotation=turned).to_pil()
    return image.convert("RGB"), scale * _POINTS


def sheets_of_pdf(
    data: bytes,
    name: str,
    *,
    recognise: Recognise | None,
    pages: Sequence[int] | None = None,
    max_pixels: int = MAX_PIXELS,
    always: bool = False,
) -> Iterator[Sheet]:
    """One Sheet a page, in order, made when it is asked for; `pages` (from 0) are all by default.

    A page whose text layer is not sound goes to `recognise(image, dpi)`; where that is None, its sheet has the
    source "none" and says what is the matter. `always`: text layers count as unsound. Raises Unreadable where the
    file cannot be opened.
    """
    with opened(data, name) as document:
        for number in pages if pages is not None else range(len(document)):
            try:
                with page_of(document, name, number) as page:
                    sheet = _sheet(page, recognise, max_pixels, always=always)
            except Unreadable as error:
                # The others can be read.
                sheet = _without_text(_SHEET_OF_PAPER, error.problem)
            yield sheet


def _sheet(page: pdfium.PdfPage, recognise: Recognise | None, max_pixels: int, *, always: bool) -> Sheet:
    frame = frame_of(page)
    glyphs = list(glyphs_of(page, frame, _MOST_GLYPHS))
    drawing = drawing_of(page, frame, _MOST_OBJECTS)
    evidence = evidence_of(glyphs, drawing, frame.size)
    verdict = judge(evidence)
    if evidence.without_hidden:
        glyphs = [glyph for glyph in glyphs if not glyph.hidden]
    if verdict.state == "sound" and not (always and recognise):
        problem = (
            f"only its first {_MOST_GLYPHS:,} characters are read" if len(glyphs) == _MOST_GLYPHS else ""
        )
        return _decoded(frame, glyphs, drawing, reason=verdict.reason, problem=problem)
    if recognise is not None:
        image, dpi = _image(page, OCR_DPI, 0, max_pixels)
        sheet = recognise(image, dpi)
        return sheet.model_copy(update={"page": sheet.page.model_copy(update={"reason": verdict.reason})})
    if verdict.state == "partial":
        return _decoded(frame, glyphs, drawing, problem=verdict.reason)
    return _without_text(frame.size, verdict.reason)


def _without_text(size: tuple[float, float], problem: str) -> Sheet:
    return Sheet(page=Page(width=size[0], height=size[1], source="none", problem=problem))


def _decoded(
    frame: Frame, glyphs: list[Glyph], drawing: Drawing, *, reason: str = "", problem: str = ""
) -> Sheet:
    """The sheet of a text layer, turned so that most of its text stands upright."""
    turns = Counter(glyph.turn for glyph in glyphs if glyph.turn is not None)
    turned = _BACK[max(turns, key=lambda turn: turns[turn], default=0)]
    words = words_of(glyphs, drawing.rules)
    width, height = frame.size
    around = Turn(turned, width, height)
    page = Page(
        width=around.size[0],
        height=around.size[1],
        source="text_layer" if words else "none",
        turned=turned,
        reason=reason,
        problem=problem,
    )
    return Sheet(
        page=page,
        words=tuple(word._replace(box=around.box(word.box)) for word in words),
        rules=tuple(Rule(*around.box(rule)) for rule in drawing.rules),
    )
