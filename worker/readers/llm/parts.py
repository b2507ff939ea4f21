"""Long tables in parts, where a part says by itself what its figures are."""

from __future__ import annotations

from prompts.wire.pieces import pieces_of
from schemas.source import Chunk
from worker.segment import cut
from worker.segment.cut import body_start

_NEAR = 2
_MOST_COLUMNS = 20


def parts_of(chunk: Chunk, lines: int) -> list[Chunk]:
    """`chunk` in parts of at most so many body lines; alone if its names are printed apart from its figures."""
    return [chunk] if is_whole(chunk, lines) else cut(chunk, lines)


def is_whole(chunk: Chunk, lines: int) -> bool:
    """Whether a chunk is longer than so many lines and cannot be cut: its names are printed apart from its figures."""
    return len(chunk.lines) > lines and _is_apart(chunk)


def halves_of(part: Chunk) -> list[Chunk]:
    """A part in smaller parts, empty if it cannot be cut."""
    body = sum(bool(part.slice(start, end).strip()) for start, end in part.lines[body_start(part) :])
    parts = parts_of(part, max(1, (body + 1) // 2))
    return parts if len(parts) > 1 else []


def _is_apart(chunk: Chunk) -> bool:
    """Whether columns are printed one below the other: most lines of figures have no words on them or near.

    Words must stand elsewhere: a table without names loses none.
    """
    pieces = pieces_of(chunk).all
    worded, figured = set(), set()
    for piece in pieces:
        if piece.numeral and piece.numeral.decimals:
            figured.add(piece.line)
        elif piece.numeral is None:
            worded.add(piece.line)
    at = {line: i for i, line in enumerate(sorted({piece.line for piece in pieces}))}
    near = {i + step for i in (at[line] for line in worded) for step in range(-_NEAR, _NEAR + 1)}
    alone = [line for line in figured if at[line] not in near]
    return 2 * len(alone) > len(figured) and _MOST_COLUMNS * len(worded - figured) >= len(alone)
