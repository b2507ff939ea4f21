"""Long tables are cut by rows; every part carries the header."""

from __future__ import annotations

import re
from collections.abc import Sequence

from schemas import Chunk
from worker.segment.heads import header_again, is_page_number
from worker.segment.lines import Line, lines_of

_DIGIT = re.compile(r"\d")


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
    begins, begun = [0], 0
    while len(body) - begun > rows:
        ends = range(begun + rows, begun, -1)
        begun = min(ends, key=lambda at: _torn(lines[body[at - 1]], lines[body[at]]))
        begins.append(body[begun])
    return [
        [line.index for line in lines[low:high]]
        for low, high in zip(begins, [*begins[1:], len(lines)], strict=True)
    ]


def _torn(before: Line, after: Line) -> int:
    """How likely it is that a row is torn between two lines: 0 if both have digits, 1 if the second has.

    A line of words alone goes on with a name, mostly that of the line before it.
    """
    digits = [_DIGIT.search(line.text) is not None for line in (before, after)]
    return 0 if all(digits) else 1 if digits[1] else 2
