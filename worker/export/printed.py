"""Texts as the document prints them: readers work on normalised text, an export shows the original."""

from __future__ import annotations

import unicodedata

from schemas import Cell, Document, Row
from schemas.text import fold, squeeze


def printed_text(document: Document, cell: Cell) -> str:
    """The text of a cell as printed, white space folded; the cell's own where its place holds something else."""
    raw = document.text[cell.span.start : cell.span.end]
    return fold(raw) if squeeze(raw) == squeeze(cell.text) else fold(cell.text)


def printed_name(document: Document, row: Row) -> str:
    """The name of a row with its punctuation as printed: 办公厅（室） rather than 办公厅(室).

    Letters, digits and look-alikes stay in their normalised form. A name that is a key rather than a printed
    text ("vehicles"), or that is printed in pieces, is returned as it is.
    """
    cells = (row.label, *(cell for _, cell in row.cells() if cell.amount is None))
    for cell in cells:
        if cell is None:
            continue
        start, end = cell.span.start, min(cell.span.end, len(document.reading))
        visible = [i for i in range(start, end) if not document.reading[i].isspace()]
        at = "".join(document.reading[i] for i in visible).find(row.name) if row.name else -1
        if at >= 0:
            return "".join(_as_printed(document, i) for i in visible[at : at + len(row.name)])
    return row.name


def _as_printed(document: Document, at: int) -> str:
    raw = document.text[at]
    return raw if unicodedata.category(raw).startswith("P") else document.reading[at]
