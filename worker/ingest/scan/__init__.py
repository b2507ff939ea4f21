"""Images of pages → Sheets: words with boxes and scores, and ruling lines.

    image ─▶ cleaned, levelled ─▶ rules ─▶ lines found ─▶ turned upright ─▶ cut to pieces ─▶ read ─▶ Sheet

An `Engine` finds lines and reads crops; what is cut out for it, and where it stands, is decided here: the crop of a
figure ends at the rules of its cell and where its ink ends, and marks that an engine overlooks, single digits and
dashes, are put to it as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from PIL import Image

from worker.ingest.page import Sheet
from worker.ingest.scan.engine import Engine, Line, engine_named
from worker.ingest.scan.frames import frames, pixels_of
from worker.ingest.scan.reading import sheet_of

__all__ = ["Engine", "Line", "engine_named", "recognise", "sheets_of_image"]


def recognise(image: Image.Image, dpi: float, engine: Engine | None = None) -> Sheet:
    """What is seen on the image of a page: words with scores, and rules, in points on the upright page.

    `dpi` is the resolution of the image, `engine` by default RapidOCR, one for the process. A page that lies on its
    side or its head is turned (`Page.turned`); places are those of level lines (`Sheet.skew`). Raises ConfigError
    where the engine is not installed.
    """
    return sheet_of(pixels_of(image), dpi, engine or engine_named("rapidocr"))


def sheets_of_image(
    data: bytes,
    name: str,
    *,
    max_pixels: int,
    engine: Engine | None = None,
    pages: Sequence[int] | None = None,
) -> Iterator[Sheet]:
    """The pages of a PNG, JPEG, TIFF, WebP or BMP file, one by one; `pages` by number from 0, by default all.

    Raises TooLarge for more than `max_pixels` on a page, before it is decoded; Unreadable for what is no image or
    is damaged; ConfigError as `recognise`.
    """
    for image, dpi in frames(data, name, max_pixels=max_pixels, pages=pages):
        yield recognise(image, dpi, engine)
