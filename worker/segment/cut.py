"""Long tables are cut by rows; every part carries the header."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

from schemas import Chunk
from schemas.text import display_width
from worker.segment.heads import header_again, is_page_number
from worker.segment.lines import Field, Line, lines_of

Names = Literal["above", "around", "below"]
"""Where names of several lines stand: they begin above the line of their figures, go round it, or go on below it."""
_DIGIT = re.compile(r"\d")
_ITEM = re.compile(r"[一二三四五六七八九十]+、|\([一二三四五六七八九十]+\)|其中")
"""What the name of an item begins with."""


def body_start(chunk: Chunk) -> int:
    """Index of the first line with an amount; the lines before it are the header."""
    lines = lines_of(chunk.text, chunk.lines, chunk.start, chunk.delimiter)
    return next((line.index for line in lines if line.has_amount), 0)


def cut(chunk: Chunk, rows: int) -> list[Chunk]:
    """`chunk` in parts of at most `rows` body lines; the chunk alone if it is no longer than that.

    Parts keep the chunk's id and ledger ids, so their readings can be joined; every part but the first has the
    text of the header lines in `header`. Lines that are blank, repeat the header or number a page do not count. Where
    a row takes several lines, a part rather ends before it than inside it.
    """
    first = body_start(chunk)
    lines = lines_of(chunk.text, chunk.lines, chunk.start, chunk.delimiter)
    groups = _groups(lines[first:], _rowless(lines, first), rows)
    if len(groups) == 1:
        return [chunk]
    header = chunk.header + chunk.slice(chunk.start, chunk.lines[first][0])
    parts = []
    for number, group in enumerate(groups, start=1):
        low = 0 if number == 1 else group[0]
        start, end = chunk.lines[low][0], chunk.lines[group[-1]][1]
        parts.append(
            chunk.model_copy(
                update={
                    "start": start,
                    "end": end,
                    "lines": chunk.lines[low : group[-1] + 1],
                    "first_line": chunk.first_line + low,
                    "last_line": chunk.first_line + group[-1],
                    "text": chunk.slice(start, end),
                    "header": header if number > 1 else chunk.header,
                    "part": number,
                    "parts": len(groups),
                    "ledger": tuple(n for n in chunk.ledger if start <= n.span.start < end),
                }
            )
        )
    return parts


def _rowless(lines: Sequence[Line], first: int) -> set[int]:
    """The indices of lines that hold nothing of a row: blank ones, the header again, and page numbers beside it."""
    printed = [line for line in lines if not line.blank]
    again = header_again(printed, sum(line.index < first for line in printed))
    numbers = {
        line.index
        for above, line, below in zip(printed, printed[1:], printed[2:], strict=False)
        if is_page_number(line, coded=True) and {above.index, below.index} & again
    }
    return {line.index for line in lines if line.blank} | again | numbers


def _groups(lines: Sequence[Line], rowless: set[int], rows: int) -> list[list[int]]:
    """The indices of `lines` part by part, at most `rows` of a part not `rowless`; those go with the lines before."""
    body = [at for at, line in enumerate(lines) if line.index not in rowless]
    names = _names([lines[at] for at in body])
    begins, begun = [0], 0
    while len(body) - begun > rows:
        ends = range(begun + rows, begun, -1)
        begun = min(ends, key=lambda at: _torn(lines[body[at - 1]], lines[body[at]], names))
        begins.append(body[begun])
    return [
        [line.index for line in lines[low:high]]
        for low, high in zip(begins, [*begins[1:], len(lines)], strict=True)
    ]


def _names(lines: Sequence[Line]) -> Names:
    """Where names of several lines stand, as most lines tell.

    They are `around` their figures where lines of figures alone have lines of words before and behind. They begin
    `above` where the line of the figures is the last of a name, mostly a short one, and the line behind it a long one.
    """
    widths = [
        max((display_width(f.text) for f in line.fields if not _figured(f)), default=0) for line in lines
    ]
    bare = sum(
        not width and not _figured(before) and not _figured(after)
        for before, width, after in zip(lines, widths[1:], lines[2:], strict=False)
    )
    if bare > 1:
        return "around"
    both = [(a, b) for (a, b), line in zip(pairwise(widths), lines[1:], strict=True) if not _figured(line)]
    longer = sum(b > a > 0 for a, b in both)
    return "above" if longer > sum(b < a for a, b in both) else "below"


def _figured(printed: Line | Field) -> bool:
    return _DIGIT.search(printed.text) is not None


def _torn(before: Line, after: Line, names: Names) -> int:
    """How likely it is that a row is torn between two lines: 0 that it is not, 2 that it is.

    Not between two lines with figures, nor before words where names begin above or a cell begins with the number of
    an item. Words behind words go on with a name, unless names are around their figures.
    """
    begins = names == "above" or any(_ITEM.match(field.text) for field in after.fields)
    if _figured(after):
        if _figured(before):
            return 0
        item = any(_ITEM.match(field.text) for field in before.fields)
        return 2 if item or names != "below" else 1
    if _figured(before):
        return 0 if begins else 1 if names == "around" else 2
    return 0 if names == "around" or (begins and names == "below") else 2
