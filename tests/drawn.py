"""PDFs drawn for tests: text by CID fonts that need no font file, tables by their cells."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from typing import Literal

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from schemas import Document
from worker.ingest.compose import compose
from worker.ingest.page import Sheet
from worker.ingest.pdf import sheets_of_pdf

FONT = "STSong-Light"
SIZE = 10.0
LINE = 18.0
A4 = (595.0, 842.0)

Rules = Literal["all", "none", "rows", "columns", "frame", "open"]
"""Which lines a table has: of all cells, none, between rows, between columns, around it, all but left and right."""
Align = Literal["left", "right", "centre"]


class Drawing:
    """Pages being drawn; places are in points from the upper left corner."""

    def __init__(self, size: tuple[float, float] = A4, **options: object) -> None:
        pdfmetrics.registerFont(UnicodeCIDFont(FONT))
        self._buffer = io.BytesIO()
        self.canvas = Canvas(self._buffer, pagesize=size, **options)
        self.width, self.height = size

    def text(self, x: float, top: float, text: str, *, size: float = SIZE, align: Align = "left") -> None:
        """A line of text; `x` is where it begins, ends or has its middle."""
        self.canvas.setFont(FONT, size)
        draw = {
            "left": self.canvas.drawString,
            "right": self.canvas.drawRightString,
            "centre": self.canvas.drawCentredString,
        }[align]
        draw(x, self.height - top - size * 0.85, text)

    def rule(self, x0: float, top: float, x1: float, bottom: float) -> None:
        """A ruling line."""
        self.canvas.line(x0, self.height - top, x1, self.height - bottom)

    def table(
        self,
        x: float,
        top: float,
        widths: Sequence[float],
        rows: Sequence[Sequence[str]],
        *,
        rules: Rules = "all",
        row_height: float = LINE,
    ) -> float:
        """A table; figures stand to the right, a cell's lines are parted by "\\n". Returns where it ends."""
        xs = [x + sum(widths[:i]) for i in range(len(widths) + 1)]
        heights = [row_height + (max(cell.count("\n") for cell in row) * SIZE * 1.2) for row in rows]
        ys = [top + sum(heights[:i]) for i in range(len(rows) + 1)]
        for row, y in zip(rows, ys, strict=False):
            for column, cell in enumerate(row):
                for number, line in enumerate(cell.split("\n")):
                    at = y + (row_height - SIZE) / 2 + number * SIZE * 1.2
                    figure = column > 0 and line[-1:].isdigit()
                    self.text(
                        xs[column + 1] - 3 if figure else xs[column] + 3,
                        at,
                        line,
                        align="right" if figure else "left",
                    )
        self._lines(xs, ys, rules)
        return ys[-1]

    def _lines(self, xs: Sequence[float], ys: Sequence[float], rules: Rules) -> None:
        outer_x, outer_y = (xs[0], xs[-1]), (ys[0], ys[-1])
        across = {"all": ys, "rows": ys, "open": ys, "frame": outer_y, "columns": (*outer_y, ys[1])}.get(
            rules, ()
        )
        upright = {"all": xs, "columns": xs, "frame": outer_x, "open": xs[1:-1]}.get(rules, ())
        for y in across:
            self.rule(xs[0], y, xs[-1], y)
        for place in upright:
            self.rule(place, ys[0], place, ys[-1])

    def page(self) -> None:
        """The next page."""
        self.canvas.showPage()

    def pdf(self) -> bytes:
        """The file."""
        self.canvas.save()
        return self._buffer.getvalue()


def sheets(data: bytes) -> list[Sheet]:
    """The sheets of a PDF without recognition."""
    return list(sheets_of_pdf(data, "drawn.pdf", recognise=None))


def composed(pages: Sequence[Sheet]) -> Document:
    """The document of sheets."""
    return compose(
        pages, name="drawn.pdf", sha256=hashlib.sha256(b"").hexdigest(), media_type="application/pdf"
    )


def document_of(data: bytes) -> Document:
    """The document of a PDF without recognition."""
    return composed(sheets(data))


def table_rows(document: Document) -> list[list[str]]:
    """The lines of a document that have cells."""
    return [line.split("\t") for line in document.text.split("\n") if "\t" in line]
