"""Where a piece of text or a figure stands in a chunk."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from decimal import Decimal

from prompts.wire.base import Given
from schemas.numerals import parse_numeral
from schemas.source import Chunk, Numeral
from schemas.text import normalise, squeeze

# Quotation marks and dots that are copied in one form or another; one character to one character.
_ALIKE = str.maketrans("“”„‟‘’‚`´«»•∙⋅", "\"\"\"\"''''''\"···")
_MAX_PIECES = 12
_MAX_LINES_APART = 6


@dataclass(frozen=True, slots=True)
class Place:
    """Document offsets [start, end), 0-based line of the chunk, and the numeral that stands there, if any.

    `bounded`: no letter joins it on either side, so it is not merely part of a longer word (in prose it may).
    """

    start: int
    end: int
    line: int
    numeral: Numeral | None = None
    bounded: bool = True


def alike(text: str) -> str:
    """The form in which texts are compared: squeezed, quotation marks of one kind."""
    return squeeze(text).translate(_ALIKE)


class Source:
    """A chunk, searchable by text (white space ignored) and by figure."""

    def __init__(self, chunk: Chunk) -> None:
        self.chunk = chunk
        reading = normalise(chunk.text).translate(_ALIKE)
        self._reading = reading
        self._at = [i for i, char in enumerate(reading) if not char.isspace()]
        self._text = "".join(reading[i] for i in self._at)
        self._line = [0] * (len(reading) + 1)
        line = 0
        for i, char in enumerate(reading):
            self._line[i] = line
            line += char in "\n\f"
        self._line[len(reading)] = line
        self.ledger = {numeral.id: numeral for numeral in chunk.ledger}
        self._starts = [numeral.span.start for numeral in chunk.ledger]
        self._places = {numeral.id: self._place_of(numeral) for numeral in chunk.ledger}
        self._found: dict[str, list[Place]] = {}
        self._by_value: dict[tuple[Decimal, int], list[Place]] = {}
        self._by_size: dict[tuple[Decimal, int], list[Place]] = {}
        for numeral in chunk.ledger:
            place = self._places[numeral.id]
            self._by_value.setdefault((numeral.value, numeral.decimals), []).append(place)
            self._by_size.setdefault((abs(numeral.value), numeral.decimals), []).append(place)

    def place(self, numeral: Numeral) -> Place:
        """The place of a numeral of the ledger."""
        return self._places[numeral.id]

    def _place_of(self, numeral: Numeral) -> Place:
        start, end = numeral.span.start, numeral.span.end
        low, high = start - self.chunk.start, end - self.chunk.start
        prose = self.chunk.role == "narrative"
        alone = prose or not (
            self._reading[low - 1 : low].isalpha() or self._reading[high : high + 1].isalpha()
        )
        return Place(start, end, self.line_of(start), numeral, alone)

    def line_of(self, offset: int) -> int:
        """0-based line of the chunk in which a document offset lies."""
        return self._line[offset - self.chunk.start]

    def within(self, start: int, end: int) -> tuple[Numeral, ...]:
        """The numerals that lie wholly between two document offsets."""
        first = bisect_left(self._starts, start)
        return tuple(
            n for n in self.chunk.ledger[first : bisect_left(self._starts, end)] if n.span.end <= end
        )

    def figures(self, text: str, *, signed_by_words: bool = False) -> list[Place] | None:
        """Places of the figure that `text` prints, equal in value and decimals; None if `text` is no figure.

        `signed_by_words`: the sign of `text` need not be printed.
        """
        wanted = parse_numeral(text)
        if wanted is None:
            return None
        if signed_by_words:
            return self._by_size.get((abs(wanted.value), wanted.decimals), [])
        return self._by_value.get((wanted.value, wanted.decimals), [])

    def texts(self, text: str) -> list[Place]:
        """Places where `text` stands, those first where it stands as a word of its own.

        A text that the print wraps around other columns is found by its first line.
        """
        needle = alike(text)
        if needle not in self._found:
            self._found[needle] = self._search(needle) if needle else []
        return self._found[needle]

    def _search(self, needle: str) -> list[Place]:
        found = self._whole(needle)
        if not found and len(needle) > 1:
            found = self._wrapped(needle)
        return sorted(found, key=lambda place: (not place.bounded, place.start))

    def at(self, given: Given) -> Place:
        """Where something given by reference stands: its first pieces, as far as they stand side by side."""
        first = given.pieces[0]
        return Place(first.start, given.end, first.line)

    def _whole(self, needle: str, low: int = 0) -> list[Place]:
        found, index = [], self._text.find(needle, low)
        while index >= 0:
            found.append(self._place(index, index + len(needle)))
            index = self._text.find(needle, index + 1)
        return found

    def _place(self, first: int, last: int) -> Place:
        start, end = self._at[first], self._at[last - 1] + 1
        before = self._reading[start - 1 : start]
        after = self._reading[end : end + 1]
        joined = (before.isalpha() and self._reading[start].isalpha()) or (
            after.isalpha() and self._reading[end - 1].isalpha()
        )
        digits = (before.isdigit() and self._reading[start].isdigit()) or (
            after.isdigit() and self._reading[end - 1].isdigit()
        )
        base = self.chunk.start
        return Place(base + start, base + end, self._line[start], bounded=not (joined or digits))

    def _wrapped(self, needle: str) -> list[Place]:
        """Places of the first line of a text whose further lines stand below, among other columns."""
        for size in range(len(needle) - 1, 0, -1):
            heads = [p for p in self._whole(needle[:size]) if p.bounded and self._ends_column(p)]
            if found := [head for head in heads if self._goes_on(needle[size:], head, 1)]:
                return found
        return []

    def _ends_column(self, place: Place) -> bool:
        after = self._reading[place.end - self.chunk.start :][:1]
        return after == "" or after.isspace()

    def _goes_on(self, rest: str, above: Place, pieces: int) -> bool:
        """Whether `rest` follows on lines below `above`, in a few pieces that each end a line or a column."""
        if pieces > _MAX_PIECES:
            return False
        low = bisect_left(self._at, above.end - self.chunk.start)
        for size in range(len(rest), 0, -1):
            for place in self._whole(rest[:size], low):
                if not 0 < place.line - above.line <= _MAX_LINES_APART:
                    continue
                if not (place.bounded and self._ends_column(place)):
                    continue
                if size == len(rest) or self._goes_on(rest[size:], place, pieces + 1):
                    return True
        return False
