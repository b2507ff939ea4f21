"""Where the code of a row stands: in one piece, or spread over the columns 类 款 项."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass

from prompts.wire.base import Given
from prompts.wire.places import Place, Source
from schemas.source import Numeral
from schemas.text import normalise, squeeze

_LINES_UP = 3


@dataclass(frozen=True, slots=True)
class Code:
    """A code as found: its digits, the numerals that print it, and its place.

    `own` is the id of the numeral that no other row may take; the pieces before it may serve many rows.
    """

    text: str
    numerals: tuple[Numeral, ...]
    place: Place
    own: str | None = None


class CodeFinder:
    """Finds codes in a source."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._plain = [n for n in source.chunk.ledger if normalise(n.text).isdigit()]
        self._texts = [normalise(numeral.text) for numeral in self._plain]
        self._at: dict[str, list[int]] = {}
        for i, text in enumerate(self._texts):
            self._at.setdefault(text, []).append(i)

    def find(self, code: str) -> list[Code]:
        """All places of a code, the likeliest first; empty if it is not printed."""
        wanted = squeeze(code)
        if not wanted.isdigit():
            return [Code(wanted, self._source.within(p.start, p.end), p) for p in self._source.texts(wanted)]
        return self._whole(wanted) or self._in_pieces(wanted) or self._below_prefix(wanted)

    def given(self, given: Given) -> Code:
        """The code that pieces of the source make: their numerals, or their text where there are none."""
        numerals = [piece.numeral for piece in given.pieces if piece.numeral]
        if numerals:
            return self._code(numerals)
        first = given.pieces[0]
        return Code(squeeze(given.text), (), Place(first.start, given.end, first.line))

    def _whole(self, wanted: str) -> list[Code]:
        found = self._at.get(wanted, ())
        return [self._code([self._plain[i]]) for i in sorted(found, key=lambda i: (self._goes_on(i), i))]

    def _goes_on(self, index: int) -> bool:
        """Whether the next numeral is a further piece: two digits beside it on its line."""
        if index + 1 >= len(self._plain):
            return False
        this, following = self._plain[index], self._plain[index + 1]
        gap = self._source.chunk.slice(this.span.end, following.span.start)
        return len(following.text) == 2 and not gap.strip(" \t|") and this.span.line == following.span.line

    def _in_pieces(self, wanted: str) -> list[Code]:
        found = []
        beginnings = (self._at.get(wanted[:length], ()) for length in range(1, len(wanted)))
        for i in sorted(i for indices in beginnings for i in indices):
            joined = ""
            pieces: list[Numeral] = []
            for numeral, text in zip(self._plain[i : i + 4], self._texts[i : i + 4], strict=True):
                if pieces and numeral.span.line - pieces[-1].span.line > 1:
                    break
                joined += text
                pieces.append(numeral)
                if joined == wanted:
                    found.append(pieces)
                if len(joined) >= len(wanted) or not wanted.startswith(joined):
                    break
        beside = [pieces for pieces in found if pieces[0].span.line == pieces[-1].span.line]
        return [self._code(pieces) for pieces in beside or found]

    def _below_prefix(self, wanted: str) -> list[Code]:
        """The last piece alone, behind or below a numeral that prints what comes before it."""
        head, tail = wanted[:-2], wanted[-2:]
        if len(wanted) < 5:
            return []
        found = []
        heads = self._at.get(head, [])
        elsewhere = bool(heads or self._in_pieces(head))
        for i in self._at.get(tail, ()):
            numeral, above = self._plain[i], bisect_left(heads, i)
            if above and numeral.span.line - self._plain[heads[above - 1]].span.line <= _LINES_UP:
                found.append(self._code([self._plain[heads[above - 1]], numeral]))
            elif elsewhere:
                found.append(self._code([numeral], text=wanted))
        return found

    def _code(self, numerals: list[Numeral], text: str = "") -> Code:
        first, last = self._source.place(numerals[0]), self._source.place(numerals[-1])
        beside = first.line == last.line
        place = Place(first.start if beside else last.start, last.end, last.line)
        return Code(
            text or "".join(normalise(n.text) for n in numerals), tuple(numerals), place, numerals[-1].id
        )
