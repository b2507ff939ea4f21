"""From an answer by reference to drafts whose values are pieces of the source."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from prompts.wire.base import Draft, Drafts, Given, Shape, Value
from prompts.wire.notation import CODE, NAME, Keyed, items_of, letter_of
from prompts.wire.pieces import Piece, pieces_of
from schemas.source import Chunk


class Decoder:
    """Reads the strings of an answer as drafts; what is wrong with them is said row by row."""

    def __init__(self, chunk: Chunk, shape: Shape) -> None:
        self._shape = shape
        self._pieces = pieces_of(chunk)
        self._problems: list[str] = []
        self._written: set[str] = set()

    def drafts(self, answer: Any) -> Drafts:
        """The rows that the answer gives, and its faults."""
        columns = self._columns(answer.columns)
        rows = []
        for side, say, row in self._rows(answer.rows):
            rows.append(self._draft(side, say, row, columns))
        pointed = frozenset(key for key, _ in columns.values() if key not in self._written)
        return Drafts(tuple(columns.values()), tuple(rows), tuple(self._problems), pointed)

    def _rows(self, rows: Any) -> Iterator[tuple[str | None, str, str]]:
        """(side, what the row is called, row) of every row."""
        if not self._shape.sides:
            yield from ((None, f"row {number}", row) for number, row in enumerate(rows, start=1))
            return
        for side in self._shape.sides:
            for number, row in enumerate(getattr(rows, side), start=1):
                yield side, f"{side} row {number}", row

    def _columns(self, said: str) -> dict[str, tuple[str, str]]:
        """(key, header) of every column by its letter; one without a key goes by its header."""
        found: dict[str, tuple[str, str]] = {}
        keys = {letter_of(i): key for i, key in enumerate(self._shape.columns)}
        for item in self._items("columns", said):
            if item.key in found:
                self._problems.append(f"columns: {item.key} is listed twice")
                continue
            header = item.text or ""
            if item.ids and (levels := [self._pointed("columns", level) for level in item.ids]):
                header = " ".join(self._pieces.joined(level) for level in levels if level)
            found[item.key] = (keys.get(item.key) or header, header)
            if not item.ids:
                self._written.add(found[item.key][0])
        return found

    def _draft(self, side: str | None, say: str, row: str, columns: dict[str, tuple[str, str]]) -> Draft:
        given: dict[str, Value] = {}
        for item in self._items(say, row):
            if item.key in given:
                self._problems.append(f"{say}: {item.key} is given twice")
            elif item.key not in columns and item.key not in (CODE, NAME):
                self._problems.append(f"{say}: {item.key} is filled but not among the columns")
            elif item.text is None and not item.ids:
                self._problems.append(
                    f"{say}: {item.key} has neither an id nor a text; what is blank is left out"
                )
            else:
                given[item.key] = self._value(say, item)
        values = {key: given.get(letter) for letter, (key, _) in columns.items()}
        return Draft(side, given.get(CODE), given.get(NAME), values, say)

    def _value(self, say: str, item: Keyed) -> Value:
        if item.text is not None:
            return item.text or None
        pieces = self._pointed(say, [number for level in item.ids for number in level])
        if not pieces:
            return None
        end = pieces[0].end
        for before, piece in pairwise(pieces):
            if not self._pieces.beside(before, piece):
                break
            end = piece.end
        return Given(self._pieces.joined(pieces), tuple(pieces), end, item.negative)

    def _pointed(self, say: str, ids: Sequence[int]) -> list[Piece]:
        """The pieces with these ids."""
        found = [self._pieces.get(number) for number in ids]
        for number, piece in zip(ids, found, strict=True):
            if piece is None:
                self._problems.append(
                    f"{say}: {number} is no id of the source, which has 1 to {len(self._pieces.all)}"
                )
        return [piece for piece in found if piece]

    def _items(self, say: str, text: str) -> Iterator[Keyed]:
        for item in items_of(text):
            if isinstance(item, Keyed):
                yield item
            else:
                self._problems.append(
                    f"{say}: {item!r} is not understood; an item is a letter with ids (A17, n3+4)"
                    " or with a text (n<…>)"
                )
