"""Where things stand: documents, chunks and the ledger of their numerals."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from decimal import Decimal
from functools import cached_property
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict

from schemas.numerals import Printed
from schemas.text import normalise

Box = tuple[float, float, float, float]
"""(x0, top, x1, bottom) in points (1/72 inch) from the upper left corner of the page as it is shown."""


class Span(BaseModel):
    """A place in a document: character offsets [start, end), 1-based line and page; `box` where known."""

    model_config = ConfigDict(frozen=True)

    start: int
    end: int
    line: int
    page: int = 1
    box: Box | None = None


class Word(NamedTuple):
    """A word of a page: offsets [start, end) in the text of its document, and its place on the page.

    `score` is how sure the recognition of it was, 0..1; None where it was not recognised but decoded.
    """

    start: int
    end: int
    box: Box
    score: float | None = None


class Page(BaseModel):
    """Where the text of one page comes from. Width and height in points, as shown.

    `turned` is by how many degrees clockwise the page was turned to stand upright. `reason` says why its text
    was taken from `source`; `problem` why nothing, or not all of it, could be read.
    """

    model_config = ConfigDict(frozen=True)

    width: float
    height: float
    source: Literal["text_layer", "ocr", "none"]
    turned: Literal[0, 90, 180, 270] = 0
    reason: str = ""
    problem: str = ""


class Numeral(BaseModel):
    """One entry of a ledger: a numeral as printed, its value and its place.

    `id` is unique within the chunk ("n17", in reading order). `score` as in `Word`.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    text: str
    value: Decimal
    decimals: int
    percent: bool
    span: Span
    score: float | None = None


class Document(BaseModel):
    """One document as text: what ingest makes of a file.

    `text` is the decoded file (or, for formats that are not plain text, the text made from it, tables
    with a tab between cells). `page_starts` and all spans are offsets into it. `delimiter` is set for
    files that are one table of separated values. Files that have pages to look at have `pages`, one for each
    of `page_starts`, and `words` in the order of the text. `notes` say what of the file was left out. `grids`
    are the (start, end) offsets of tables whose rows are ruled: no name goes on in the next row there, but over the
    break of a page.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    sha256: str
    text: str
    page_starts: tuple[int, ...] = (0,)
    media_type: str = "text/plain"
    encoding: str = "utf-8"
    delimiter: str | None = None
    pages: tuple[Page, ...] = ()
    words: tuple[Word, ...] = ()
    notes: tuple[str, ...] = ()
    grids: tuple[tuple[int, int], ...] = ()

    @cached_property
    def reading(self) -> str:
        """`text` in reading form, the same offsets."""
        return normalise(self.text)

    @cached_property
    def line_starts(self) -> tuple[int, ...]:
        """Offset of the first character of every line (lines end with a newline character)."""
        starts = [0]
        starts.extend(i + 1 for i, char in enumerate(self.text) if char == "\n")
        return tuple(starts)

    def line_of(self, offset: int) -> int:
        """1-based line of an offset."""
        return bisect_right(self.line_starts, offset)

    def page_of(self, offset: int) -> int:
        """1-based page of an offset."""
        return max(1, bisect_right(self.page_starts, offset))

    def span(self, start: int, end: int) -> Span:
        """The span of [start, end)."""
        return Span(
            start=start,
            end=end,
            line=self.line_of(start),
            page=self.page_of(start),
            box=self.box(start, end),
        )

    def words_in(self, start: int, end: int) -> tuple[Word, ...]:
        """The words that share a character with [start, end)."""
        first = bisect_right(self.words, start, key=lambda word: word.end)
        last = bisect_left(self.words, end, key=lambda word: word.start)
        return self.words[first:last]

    def box(self, start: int, end: int) -> Box | None:
        """What the words of [start, end) take up on the page on which it begins."""
        page = self.page_of(start)
        boxes = [word.box for word in self.words_in(start, end) if self.page_of(word.start) == page]
        if not boxes:
            return None
        lefts, tops, rights, bottoms = zip(*boxes, strict=True)
        return min(lefts), min(tops), max(rights), max(bottoms)

    def score(self, start: int, end: int) -> float | None:
        """The lowest score of the words of [start, end); None where none was recognised from an image."""
        return min((word.score for word in self.words_in(start, end) if word.score is not None), default=None)


ChunkRole = Literal["table", "narrative"]
Stage = Literal["budget", "final"]


class Chunk(BaseModel):
    """One table region (or a piece of prose with figures), ready to be read.

    `text` is the document's reading text from `start` to `end`; `lines` are the (start, end) offsets of
    its lines in the document. `kind` is what segmentation takes the table for, None where it is of no
    known kind. `blank` says why the form is known to hold no figures. `wide` are the document offsets of
    characters that are printed wide and are narrow in reading form. `part` of `parts`: a long table cut by
    rows; `header` is then the text of the header lines that every part but the first lacks. `whole`: its rows lie
    in `Document.grids`.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    document: str
    role: ChunkRole
    kind: str | None
    title: str
    form: str | None = None
    unit: str | None = None
    stage: Stage | None = None
    year: int | None = None
    start: int
    end: int
    lines: tuple[tuple[int, int], ...]
    first_line: int
    last_line: int
    page: int = 1
    text: str
    wide: frozenset[int] = frozenset()
    header: str = ""
    blank: str | None = None
    delimiter: str | None = None
    part: int = 1
    parts: int = 1
    whole: bool = False
    ledger: tuple[Numeral, ...] = ()

    def slice(self, start: int, end: int) -> str:
        """Reading text between two document offsets inside the chunk."""
        return self.text[start - self.start : end - self.start]

    def span(self, start: int, end: int) -> Span:
        """The span of two document offsets inside the chunk; the page is that of the nearest numeral before."""
        line = self.first_line + max(0, bisect_right(self.lines, start, key=lambda x: x[0]) - 1)
        at = bisect_right(self.ledger, start, key=lambda numeral: numeral.span.start) - 1
        page = self.ledger[at].span.page if at >= 0 else self.page
        return Span(start=start, end=end, line=line, page=page)


def ledger_of(document: Document, printed: Iterable[Printed]) -> tuple[Numeral, ...]:
    """The ledger of a region from its numerals in reading order, offsets into the document."""
    return tuple(
        Numeral(
            id=f"n{i}",
            text=document.text[p.start : p.end],
            value=p.value,
            decimals=p.decimals,
            percent=p.percent,
            span=document.span(p.start, p.end),
            score=document.score(p.start, p.end),
        )
        for i, p in enumerate(printed, start=1)
    )
