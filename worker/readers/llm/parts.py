"""Long tables in parts, where a part says by itself what its figures are."""

from __future__ import annotations

from collections import defaultdict

from prompts.wire.pieces import Piece, pieces_of
from schemas.source import Chunk
from worker.segment import cut
from worker.segment.cut import body_start

_NEAR = 2
_MOST_COLUMNS = 20
_FEWEST_ROWS = 3
_LONGEST_CODE = 7


def parts_of(chunk: Chunk, lines: int) -> list[Chunk]:
    """`chunk` in parts of at most so many body lines; alone if its columns are printed one below the other."""
    return [chunk] if is_whole(chunk, lines) else cut(chunk, lines)


def is_whole(chunk: Chunk, lines: int) -> bool:
    """Whether a chunk is longer than so many lines and no part of it would hold all that its rows print: its names are
    printed apart from its figures, or a column of amounts behind all rows."""
    return len(chunk.lines) > lines and (_names_apart(chunk) or _amounts_behind(chunk))


def halves_of(part: Chunk) -> list[Chunk]:
    """A part in smaller parts, empty if it cannot be cut. A column of amounts behind the rows is lost to them, which is
    less than all."""
    body = sum(bool(part.slice(start, end).strip()) for start, end in part.lines[body_start(part) :])
    lines = max(1, (body + 1) // 2)
    parts = [] if len(part.lines) > lines and _names_apart(part) else cut(part, lines)
    return parts if len(parts) > 1 else []


def _names_apart(chunk: Chunk) -> bool:
    """Whether most lines of figures have no words on them or near.

    Words must stand elsewhere: a table without names loses none.
    """
    lines = _printed(chunk)
    worded = _worded(lines)
    figured = {line for line, found in lines.items() if any(p.numeral and p.numeral.decimals for p in found)}
    alone = figured & _far(lines, worded, _NEAR)
    return 2 * len(alone) > len(figured) and _MOST_COLUMNS * len(worded - figured) >= len(alone)


def _amounts_behind(chunk: Chunk) -> bool:
    """Whether lines of one amount each follow behind the last row, half as many as there are rows or more.

    Codes there are no loss: a row is known without.
    """
    lines, pieces = _printed(chunk), pieces_of(chunk)
    worded = _worded(lines)

    def is_amount(piece: Piece) -> bool:
        text = pieces.text(piece)
        return bool(piece.numeral) and not (text.isdigit() and len(text) <= _LONGEST_CODE)

    rows = [line for line in worded if any(map(is_amount, lines[line]))]
    behind = {line for line in _far(lines, worded, 1) if line > max(rows, default=0)}
    single = [line for line in behind if len(lines[line]) == 1 and is_amount(lines[line][0])]
    return len(rows) >= _FEWEST_ROWS and len(single) >= max(_FEWEST_ROWS, len(rows) // 2)


def _printed(chunk: Chunk) -> dict[int, list[Piece]]:
    """What is printed on each line that is not blank."""
    lines: dict[int, list[Piece]] = defaultdict(list)
    for piece in pieces_of(chunk).all:
        lines[piece.line].append(piece)
    return lines


def _worded(lines: dict[int, list[Piece]]) -> set[int]:
    return {line for line, found in lines.items() if any(piece.numeral is None for piece in found)}


def _far(lines: dict[int, list[Piece]], worded: set[int], near: int) -> set[int]:
    """The lines that are farther than `near` lines from any with words."""
    order = sorted(lines)
    close = {at + step for at, line in enumerate(order) if line in worded for step in range(-near, near + 1)}
    return {line for at, line in enumerate(order) if at not in close}
