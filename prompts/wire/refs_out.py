"""From a table to an answer by reference."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from prompts.wire.base import Shape, columns_out, name_out
from prompts.wire.notation import CODE, NAME, ids_of, letter_of, written
from prompts.wire.pieces import Piece, pieces_of
from prompts.wire.places import alike
from schemas.registry import AnyTable
from schemas.source import Chunk
from schemas.tables import Cell, Row
from schemas.text import canonical_name, normalise

_REACH = 60
"""A label that is wrapped around other columns goes on within so many pieces."""


class Encoder:
    """Writes the rows of a table as a model that reads without a fault."""

    def __init__(self, chunk: Chunk, shape: Shape) -> None:
        self._chunk, self._shape = chunk, shape
        self._pieces = pieces_of(chunk)
        self._numerals = {numeral.id: numeral for numeral in chunk.ledger}
        self._by_text: dict[str, list[Piece]] = {}
        for piece in self._pieces.all:
            self._by_text.setdefault(alike(self._pieces.text(piece)), []).append(piece)

    def answer(self, table: AnyTable) -> dict[str, Any]:
        """The fields of the answer."""
        columns = columns_out(table, self._shape)
        keys = [item if isinstance(item, str) else item["key"] or item["header"] for item in columns]
        headers = [item if isinstance(item, str) else item["header"] for item in columns]
        own = [key for key in keys if key not in self._shape.columns]
        letters = {key: letter_of(i) for i, key in enumerate([*self._shape.columns, *own])}
        said = " ".join(
            self._header(letters[key], header, key in own) for key, header in zip(keys, headers, strict=True)
        )
        rows: Any = [self._row(row, keys, letters) for row in table.rows]
        if self._shape.sides:
            sides = [row.side for row in table.rows]
            rows = {
                side: [row for row, of in zip(rows, sides, strict=True) if of == side]
                for side in self._shape.sides
            }
        return {"columns": said, "rows": rows}

    def _header(self, letter: str, header: str, needed: bool) -> str:
        """A column; the header of one that has a key of its own is given where it can be pointed at."""
        for levels in ([header], header.split()):
            found = [self._run(level) for level in levels]
            if header.strip() and all(found):
                return letter + "/".join("+".join(str(p.id) for p in run) for run in found)
        return letter + written(header) if needed else letter

    def _run(self, wanted: str) -> Sequence[Piece]:
        """The pieces that make a text; empty where there are none."""
        if alike(wanted) in self._by_text:
            return self._by_text[alike(wanted)][:1]
        starts = (p for p in self._pieces.all if alike(wanted).startswith(alike(self._pieces.text(p))))
        return next(filter(None, (self._following(piece, wanted) for piece in starts)), ())

    def _following(self, first: Piece, wanted: str) -> Sequence[Piece]:
        """The pieces from `first` on, others between them passed over, that make a text."""
        text, found = self._pieces.text(first), [first]
        for piece in self._pieces.all[first.id : first.id + _REACH]:
            more = text + self._pieces.text(piece)
            if _named(wanted).startswith(_named(more)) and piece.numeral is None:
                text = more
                found.append(piece)
        return found if _named(text) == _named(wanted) else ()

    def _row(self, row: Row, keys: Sequence[str], letters: dict[str, str]) -> str:
        cells = [
            letters[key] + self._value(cell, key, row.side)
            for key in keys
            if (cell := row.get(key)) is not None
        ]
        return " ".join(filter(None, [self._code(row), self._name(row), *cells]))

    def _code(self, row: Row) -> str:
        if row.code is None:
            return ""
        span = row.code_cell.span if row.code_cell else None
        pieces = [p for p in (self._pieces.over(span.start, span.end) if span else ()) if p.numeral]
        printed = "".join(normalise(p.numeral.text) for p in pieces if p.numeral)
        return CODE + (ids_of(pieces) if printed == row.code else written(row.code))

    def _name(self, row: Row) -> str:
        name = name_out(row, self._shape)
        if not name:
            return ""
        if row.label and not self._shape.keys(row.side):
            span = row.label.span
            pieces = self._pieces.over(span.start, span.end)
            if pieces and _named(self._pieces.joined(pieces)) == _named(row.name):
                return NAME + ids_of(pieces)
            if pieces and (run := self._following(pieces[0], row.name)):
                return NAME + ids_of(run)
        return NAME + written(name)

    def _value(self, cell: Cell, column: str, side: str | None) -> str:
        printed = self._numerals.get(cell.numeral or "")
        if cell.amount is not None and printed is not None:
            sign = "" if printed.value == cell.amount.value else "-"
            return f"{sign}{self._pieces.of(printed.id).id}"
        pieces = self._pieces.over(cell.span.start, cell.span.end)
        whole = pieces and alike(self._pieces.joined(pieces)) == alike(cell.text)
        # Where a column may hold either, a piece with a numeral is the figure.
        if whole and (self._shape.is_text(column, side) or not any(piece.numeral for piece in pieces)):
            return ids_of(pieces)
        return written(cell.text)


def _named(text: str) -> str:
    """What a label says, in the form in which labels are compared."""
    return alike(canonical_name(text))
