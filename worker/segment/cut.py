"""Long tables are cut by rows; every part carries the header."""

from __future__ import annotations

from schemas import Chunk
from worker.segment.lines import lines_of


def body_start(chunk: Chunk) -> int:
    """Index of the first line with an amount; the lines before it are the header."""
    lines = lines_of(chunk.text, chunk.lines, chunk.start, chunk.delimiter)
    return next((line.index for line in lines if line.has_amount), 0)


def cut(chunk: Chunk, rows: int) -> list[Chunk]:
    """`chunk` in parts of at most `rows` body lines; the chunk alone if it is no longer than that.

    Parts keep the chunk's id and ledger ids, so their readings can be joined; every part but the first has the
    text of the header lines in `header`. Blank lines do not count.
    """
    first = body_start(chunk)
    lines = lines_of(chunk.text, chunk.lines, chunk.start, chunk.delimiter)
    groups: list[list[int]] = [[]]
    filled = 0
    for line in lines[first:]:
        if filled == rows and not line.blank:
            groups.append([])
            filled = 0
        groups[-1].append(line.index)
        filled += not line.blank
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
