"""Where the code of a row stands: in one piece, or spread over the columns 类 款 项."""

from __future__ import annotations

import re
from dataclasses import dataclass

from prompts.wire.places import Place, Source
from schemas.source import Numeral
from schemas.text import normalise, squeeze

_IDS = re.compile(r"n\d+(\+n\d+)*")
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
    """Finds codes in a source. `by_id`: answers name the numerals of a code ("n5", "n5+n6+n7")."""

    def __init__(self, source: Source, *, by_id: bool = False) -> None:
        self._source = source
        self._by_id = by_id
        self._plain = [n for n in source.chunk.ledger if normalise(n.text).isdigit()]

    def find(self, code: str) -> list[Code]:
        """All places of a code, the likeliest first; empty if it is not printed."""
        wanted = squeeze(code)
        if self._by_id and _IDS.fullmatch(wanted):
            numerals = [self._source.ledger.get(key) for key in wanted.split("+")]
            known = [n for n in numerals if n]
            return [self._code(known)] if len(known) == len(numerals) else []
        if not wanted.isdigit():
            return [Code(wanted, self._source.within(p.start, p.end), p) for p in self._source.texts(wanted)]
        return self._whole(wanted) or self._in_pieces(wanted) or self._below_prefix(wanted)

    def _whole(self, wanted: str) -> list[Code]:
        found = [(i, n) for i, n in enumerate(self._plain) if normalise(n.text) == wanted]
        return [self._code([n]) for _, n in sorted(found, key=lambda item: (self._goes_on(item[0]), item[0]))]

    def _goes_on(self, index: int) -> bool:
        """Whether the next numeral is a further piece: two digits beside it on its line."""
        if index + 1 >= len(self._plain):
            return False
        this, following = self._plain[index], self._plain[index + 1]
        gap = self._source.chunk.slice(this.span.end, following.span.start)
        return len(following.text) == 2 and not gap.strip(" \t|") and this.span.line == following.span.line

    def _in_pieces(self, wanted: str) -> list[Code]:
        found = []
        for i in range(len(self._plain)):
            joined = ""
            pieces: list[Numeral] = []
            for numeral in self._plain[i : i + 4]:
                if pieces and numeral.span.line - pieces[-1].span.line > 1:
                    break
                joined += normalise(numeral.text)
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
        for numeral in self._plain:
            if normalise(numeral.text) != tail:
                continue
            before = [
                n for n in self._plain if normalise(n.text) == head and n.span.start < numeral.span.start
            ]
            if before and numeral.span.line - before[-1].span.line <= _LINES_UP:
                found.append(self._code([before[-1], numeral]))
            elif self._whole(head) or self._in_pieces(head):
                found.append(self._code([numeral], text=wanted))
        return found

    def _code(self, numerals: list[Numeral], text: str = "") -> Code:
        first, last = self._source.place(numerals[0]), self._source.place(numerals[-1])
        beside = first.line == last.line
        place = Place(first.start if beside else last.start, last.end, last.line)
        return Code(
            text or "".join(normalise(n.text) for n in numerals), tuple(numerals), place, numerals[-1].id
        )
