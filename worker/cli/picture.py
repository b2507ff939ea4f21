"""A page of a document as an image, with the places of its cells drawn upon it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from worker.cli.console import stop

if TYPE_CHECKING:
    from schemas.source import Box
    from worker.pipeline import Extraction
    from worker.store import BlobStore

DPI = 150
_POINTS = 72
_COLOURS = {"suspect": (210, 0, 0), "failed": (230, 140, 0), "cell": (0, 150, 60)}
_LINE = 2


def save_page(blobs: BlobStore, extraction: Extraction, page: int, path: Path) -> int:
    """Draw a page of a document into a PNG file; how many cells are marked on it.

    Red frames: the most suspicious cells; orange: others in checks that fail; green: all other cells.
    """
    from PIL import Image, ImageDraw

    from worker.ingest.images import page_image
    from worker.settings import load_settings

    document = extraction.document
    data = page_image(blobs, document, page, DPI, load_settings().limits)
    image = Image.open(io.BytesIO(data), formats=("PNG",)).convert("RGB")
    draw = ImageDraw.Draw(image)
    scale = DPI / _POINTS
    marked = list(_cells(extraction, page))
    for colour, box in marked:
        x0, top, x1, bottom = (side * scale for side in box)
        draw.rectangle((x0 - _LINE, top - _LINE, x1 + _LINE, bottom + _LINE), outline=colour, width=_LINE)
    try:
        image.save(path, "PNG")
    except OSError as error:
        stop(f"{path}: cannot be written ({error.strerror}); name another file")
    return len(marked)


def _cells(extraction: Extraction, page: int) -> Iterator[tuple[tuple[int, int, int], Box]]:
    """Colours and places of the cells of a page, what is most doubtful last."""
    from schemas import CellRef
    from worker.export.flatten import FAILED, SUSPECT, listed, marks

    document = extraction.document
    found = []
    for item in listed(extraction):
        doubtful = marks(extraction.findings, item.chunk.id, item.verdict)
        for number, row in enumerate(item.table.rows if item.table else ()):
            for column, cell in row.cells():
                box = document.box(cell.span.start, cell.span.end)
                if box is None or document.page_of(cell.span.start) != page:
                    continue
                mark = doubtful.get(CellRef(item.chunk.id, number, column))
                found.append(("suspect" if mark == SUSPECT else "failed" if mark == FAILED else "cell", box))
    order = list(reversed(_COLOURS))
    for name, box in sorted(found, key=lambda entry: order.index(entry[0])):
        yield _COLOURS[name], box
