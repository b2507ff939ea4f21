"""Sheets → Document: text that keeps layout, a tab between the cells of a row, and where each word of it stands."""

from __future__ import annotations

from collections.abc import Iterable

from schemas.source import Document, Page
from worker.ingest.compose.layout import blocks_of_sheet
from worker.ingest.compose.pages import continued
from worker.ingest.compose.stream import Block
from worker.ingest.compose.writing import Writer
from worker.ingest.page import Sheet

__all__ = ["compose"]

# One blank line may stand inside a table.
_BETWEEN_TABLES = 2


def compose(sheets: Iterable[Sheet], *, name: str, sha256: str, media_type: str) -> Document:
    """The document of the pages `sheets`, in order.

    A row of a table is one line; a cell that spans rows or columns stands in its first place, the others are
    blank. Where no ruling lines tell the columns of a table, gaps that run through its lines do. All other text
    keeps its lines. Every page begins a line, also one without text.
    """
    writer = Writer()
    starts: list[int] = []
    pages: list[Page] = []
    grids: list[tuple[int, int]] = []
    before: Block | None = None
    for sheet in sheets:
        starts.append(writer.at)
        pages.append(sheet.page)
        blocks = blocks_of_sheet(sheet)
        if before and blocks and before.width and blocks[0].width:
            if goes_on := continued(blocks[0], before):
                blocks[0] = goes_on
            else:
                writer.blank(_BETWEEN_TABLES)
        for number, block in enumerate(blocks):
            if number and (block.width or blocks[number - 1].width):
                writer.blank(_BETWEEN_TABLES if block.width and blocks[number - 1].width else 1)
            start = writer.at
            for row in block.rows:
                writer.row(row, sheet.shown)
            if block.whole:
                grids.append((start, writer.at))
        before = blocks[-1] if blocks else before
        if writer.at == starts[-1]:
            writer.blank(1)
    return Document(
        name=name,
        sha256=sha256,
        text=writer.text,
        page_starts=tuple(starts) or (0,),
        media_type=media_type,
        pages=tuple(pages),
        words=tuple(writer.words),
        grids=tuple(grids),
    )
