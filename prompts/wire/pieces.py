"""The pieces of a source that an answer can point at: its numerals, and the stretches of words between them."""

from __future__ import annotations

import re
import threading
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from schemas.source import Chunk, Numeral

_Range = tuple[int, int]

_LINE = re.compile(r"[^\n\f\r]+")
_GAP = r"\t|\||  +"
_COMPARED = "<>≥≤±~≈"
_OPENING, _CLOSING = f"([【《“\"'*{_COMPARED}", ")]】》”\"'%‰℃"
_CURRENCY = " $€£¥"
_NIL = re.compile(r"[-—*/]+")
_ORDINAL = re.compile(r"\([一二三四五六七八九十\d]{1,3}\)|其中")
_CODE_DIGITS = 3
_FIRST_CHINESE = 0x2E80


@dataclass(frozen=True, slots=True)
class Piece:
    """Document offsets [start, end), 0-based line of the chunk; `id` counts from 1 in reading order.

    `numeral` is the one numeral in it: the piece itself, or part of its words (2023年预算数, ≥90%).
    """

    id: int
    start: int
    end: int
    line: int
    numeral: Numeral | None = None


_last = threading.local()


def pieces_of(chunk: Chunk) -> Pieces:
    """The pieces of a chunk. A thread has those of the chunk that it is at ready: they are asked for at each step."""
    if getattr(_last, "chunk", None) is not chunk:
        _last.pieces, _last.chunk = Pieces(chunk), chunk
    found: Pieces = _last.pieces
    return found


class Pieces:
    """The pieces of a chunk. Every numeral of the ledger is or lies in one of them, and no two overlap."""

    def __init__(self, chunk: Chunk) -> None:
        self._chunk = chunk
        self._starts = [numeral.span.start for numeral in chunk.ledger]
        self.all: tuple[Piece, ...] = tuple(
            Piece(number, start, end, line, next(iter(self._inside(start, end)), None))
            for number, (line, (start, end)) in enumerate(self._ranges(), start=1)
        )
        self._at = [piece.start for piece in self.all]
        self._ends = [piece.end for piece in self.all]
        self._of = {piece.numeral.id: piece for piece in self.all if piece.numeral}

    def get(self, number: int) -> Piece | None:
        """The piece with an id."""
        return self.all[number - 1] if 0 < number <= len(self.all) else None

    def of(self, numeral: str) -> Piece:
        """The piece that is or holds a numeral, by the id in the ledger."""
        return self._of[numeral]

    def over(self, start: int, end: int) -> tuple[Piece, ...]:
        """The pieces that share a character with [start, end), document offsets."""
        return self.all[bisect_right(self._ends, start) : bisect_left(self._at, end)]

    def text(self, piece: Piece) -> str:
        """What a piece prints, in reading form."""
        return self._chunk.slice(piece.start, piece.end)

    def joined(self, pieces: Sequence[Piece]) -> str:
        """The text that several pieces make; those apart with a blank only between Latin letters or digits."""
        text = self.text(pieces[0])
        for before, piece in pairwise(pieces):
            here = self.text(piece)
            if self.beside(before, piece):
                text += self._chunk.slice(before.end, piece.start)
            elif text[-1].isascii() and text[-1].isalnum() and here[0].isascii():
                text += " "
            text += here
        return text

    def beside(self, one: Piece, other: Piece) -> bool:
        """Whether `other` goes on from `one`, with nothing but white space and marks between."""
        between = self._chunk.slice(one.end, max(one.end, other.start))
        return one.end <= other.start and not any(map(str.isalnum, between))

    def _inside(self, start: int, end: int) -> Sequence[Numeral]:
        first = bisect_left(self._starts, start)
        return self._chunk.ledger[first : bisect_left(self._starts, end)]

    def _ranges(self) -> Iterator[tuple[int, _Range]]:
        """(line, range) of every piece in order."""
        text, base = self._chunk.text, self._chunk.start
        breaks = [match.start() for match in re.finditer(r"[\n\f]", text)]
        for match in _LINE.finditer(text):
            line = bisect_right(breaks, match.start())
            for found in self._line(base + match.start(), base + match.end()):
                yield line, found

    def _line(self, start: int, end: int) -> Iterator[_Range]:
        numerals = self._inside(start, end)
        if self._chunk.role == "narrative":
            # Subjects are parts of sentences: pieces of prose would seldom be what is wanted.
            yield from ((n.span.start, n.span.end) for n in numerals)
            return
        for stretch in self._stretches(start, end, numerals):
            yield from self._parts(*stretch)

    def _stretches(self, start: int, end: int, numerals: Sequence[Numeral]) -> Iterator[_Range]:
        """Words that belong together: the cells of a line, cut where a numeral or a Chinese word stands alone."""
        taken = [(n.span.start, n.span.end) for n in numerals]
        words = list(_words(self._chunk.slice(start, end), start, taken, self._chunk.delimiter))
        alone = set(taken)
        held: _Range | None = None
        for (low, high), cut in words:
            word = (low, high)
            if held and not (cut or held in alone or word in alone or self._apart(held, word)):
                held = (held[0], high)
                continue
            if held:
                yield held
            held = word
        if held:
            yield held

    def _apart(self, one: _Range, other: _Range) -> bool:
        """Whether a single blank parts two words: Chinese has none, but for letters set wide (合 计)."""
        left, right = self._chunk.slice(*one), self._chunk.slice(*other)
        if not (_is_chinese(left[-1]) or left[-1].isdigit() or left[-1] == "%"):
            return False
        wide = len(left.rsplit(" ", 1)[-1]) == 1 or len(right) == 1
        begins = _is_chinese(right[0]) or right[0].isdigit() or right[0] in _COMPARED + _CURRENCY
        return bool(_ORDINAL.match(right)) or (begins and not wide)

    def _parts(self, start: int, end: int) -> Iterator[_Range]:
        """A stretch as one piece, or cut at its numerals where they are figures or codes."""
        numerals = self._inside(start, end)
        if not numerals or self._is_whole(start, end, numerals):
            yield from self._trimmed(start, end, whole=bool(numerals))
            return
        at = start
        for numeral in numerals:
            yield from self._trimmed(at, numeral.span.start)
            yield numeral.span.start, numeral.span.end
            at = numeral.span.end
        yield from self._trimmed(at, end)

    def _is_whole(self, start: int, end: int, numerals: Sequence[Numeral]) -> bool:
        numeral = numerals[0]
        low, high = numeral.span.start, numeral.span.end
        if len(numerals) > 1 or (low, high) == (start, end):
            return len(numerals) == 1
        rest = self._chunk.slice(start, low) + self._chunk.slice(high, end)
        if not rest.strip(_CURRENCY):
            return False
        if sum(map(str.isalnum, rest)) < 2:
            return True
        bare = self._chunk.slice(low, high).isdigit()
        year = self._chunk.slice(high, min(high + 1, end)) == "年"
        return bare and (high - low < _CODE_DIGITS or year)

    def _trimmed(self, start: int, end: int, *, whole: bool = False) -> Iterator[_Range]:
        """The range without marks at its ends, if anything is left; `whole`: it holds a numeral."""
        text = self._chunk.slice(start, end)
        if not (whole or any(map(str.isalpha, text))):
            return
        opening = _OPENING + "-+" * whole
        quotes = '"' if self._chunk.delimiter else ""
        low, high = 0, len(text)
        while not text[low].isalnum() and (text[low] not in opening or text[low] in quotes):
            low += 1
        while not text[high - 1].isalnum() and (text[high - 1] not in _CLOSING or text[high - 1] in quotes):
            high -= 1
        yield start + low, start + high


def _words(
    text: str, base: int, taken: Iterable[_Range], delimiter: str | None
) -> Iterator[tuple[_Range, bool]]:
    """The words of a line, and whether a gap between cells or a nil stands before them; numerals are never cut."""
    gap = re.compile(_GAP if delimiter is None else f"{_GAP}|{re.escape(delimiter)}")
    inside = [(a - base, b - base) for a, b in taken]
    blanks = [
        match.span()
        for match in re.finditer(rf"(?:{gap.pattern}| )+", text)
        if not any(a < match.end() and match.start() < b for a, b in inside)
    ]
    cut = True
    for (start, low), (high, _) in pairwise([(0, 0), *blanks, (len(text), len(text))]):
        cut = cut or bool(gap.search(text, start, low))
        if low == high:
            continue
        if _NIL.fullmatch(text, low, high):
            cut = True
            continue
        yield (base + low, base + high), cut
        cut = False


def _is_chinese(char: str) -> bool:
    return char.isalpha() and ord(char) > _FIRST_CHINESE
