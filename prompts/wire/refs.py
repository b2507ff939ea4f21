"""`refs`: like `rows`, but a figure is given by the id of its numeral, which the text shows beside it."""

from __future__ import annotations

from prompts.wire.rows import RowsWire
from schemas.source import Chunk

_SIGNS = ("#", "^", "~", "§", "¤")


class RefsWire(RowsWire):
    """`[side, code, name, id1, id2, …]`; a code is an id too, or several joined by plus signs."""

    name = "refs"
    ids = True

    def show(self, chunk: Chunk) -> str:
        """The text with `#n17` behind every numeral; the sign is one that the text does not use itself."""
        sign = mark_of(chunk)
        pieces, at = [], chunk.start
        for numeral in chunk.ledger:
            pieces.append(f"{chunk.slice(at, numeral.span.end)}{sign}{numeral.id}")
            at = numeral.span.end
        return "".join([*pieces, chunk.slice(at, chunk.end)])


def mark_of(chunk: Chunk) -> str:
    """The sign before an id: the shortest that the text of the chunk does not contain."""
    length = 1
    while True:
        for sign in _SIGNS:
            if sign * length not in chunk.text:
                return sign * length
        length += 1
