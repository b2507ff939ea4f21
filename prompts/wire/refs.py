"""`refs`: figures, codes and names are given by the ids of the pieces of the source, which the text shows."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Annotated, Any

from pydantic import Field, create_model
from typing_extensions import TypeAliasType

from prompts.wire.base import Answer, Decoded, Shape, Strict, shape_of
from prompts.wire.grounding import ground
from prompts.wire.pieces import pieces_of
from prompts.wire.refs_in import Decoder
from prompts.wire.refs_out import Encoder
from schemas.registry import AnyTable, TableType, table_type
from schemas.source import Chunk, Numeral
from schemas.text import normalise

_SIGNS = ("#", "^", "~", "§", "¤")


class RefsWire:
    """Rows as strings of keyed items, `"c1 n2 A3 C4"`: code, name, columns A and C; what is blank is left out.

    An item is a letter with the id of a piece, several ids joined by plus signs where the print has it in pieces,
    or a text in angle brackets. Nothing has to be counted, and only what the source prints can be said by id.
    """

    name = "refs"

    def response_model(self, kind: str | None, chunk: Chunk | None = None) -> type[Answer]:
        """The model of an answer for a kind. Its schema admits the ids of `chunk` alone."""
        return _model(table_type(kind), len(pieces_of(chunk).all) if chunk else None)

    def show(self, chunk: Chunk) -> str:
        """The text with `#17` behind every piece; the sign is one that the text does not use itself."""
        sign = mark_of(chunk)
        shown, at = [], chunk.start
        for piece in pieces_of(chunk).all:
            # A digit right behind the mark would lengthen the id.
            closing = sign if chunk.slice(piece.end, piece.end + 1).isdigit() else ""
            shown.append(f"{chunk.slice(at, piece.end)}{sign}{piece.id}{closing}")
            at = piece.end
        return "".join([*shown, chunk.slice(at, chunk.end)])

    def cite(self, numerals: Sequence[Numeral], chunk: Chunk) -> list[str]:
        """Numerals by their ids, with what is printed."""
        pieces = pieces_of(chunk)
        return [f"{pieces.of(numeral.id).id} ({numeral.text})" for numeral in numerals]

    def encode(self, table: AnyTable, chunk: Chunk) -> Answer:
        """The answer that means `table`."""
        fields = Encoder(chunk, shape_of(table.kind)).answer(table)
        return self.response_model(table.kind, chunk).model_validate(fields)

    def decode(self, answer: Answer, chunk: Chunk, *, salvage: bool = False) -> Decoded:
        """The table that an answer means, or with `salvage` its sound rows. Raises Invalid."""
        shape = shape_of(chunk.kind)
        drafts = Decoder(chunk, shape).drafts(answer)
        return ground(drafts, chunk, shape, salvage=salvage)


def mark_of(chunk: Chunk) -> str:
    """The sign before an id: the shortest that nothing of what is shown of the chunk contains."""
    shown = "\n".join(
        [chunk.text, *map(normalise, (chunk.header, chunk.title, chunk.form or "", chunk.unit or ""))]
    )
    length = 1
    while True:
        for sign in _SIGNS:
            if sign * length not in shown:
                return sign * length
        length += 1


@lru_cache(maxsize=256)
def _model(table: TableType, pieces: int | None) -> type[Answer]:
    shape = Shape(table)
    given = "|".join(filter(None, [numbers_to(pieces), "<[^>]+>"]))
    columns = f"^(( ?[A-Z]{{1,2}}|[+/])({given})?)*$"
    items = f"^(( ?([cn]|[A-Z]{{1,2}})-?|[+])({given}))+$"
    # A named type is written into the schema once, however many sides there are.
    row = TypeAliasType("row", Annotated[str, Field(json_schema_extra={"pattern": items})])
    rows: Any = list[row]
    if shape.sides:
        sides: dict[str, Any] = dict.fromkeys(shape.sides, (rows, ...))
        rows = create_model("Sides", __base__=Strict, __doc__="Rows by side.", **sides)
    return create_model(
        "Answer",
        __base__=Answer,
        __doc__=Answer.__doc__,
        columns=(
            str,
            Field(
                description="the printed columns that hold values, left to right",
                json_schema_extra={"pattern": columns},
            ),
        ),
        rows=(rows, ...),
    )


def numbers_to(most: int | None) -> str:
    """A regular expression for the numbers from 1 to `most`; empty for 0, any number for None."""
    if most is None:
        return "[1-9][0-9]*"
    if most == 0:
        return ""
    digits = str(most)
    found = ["[1-9]" + _any(length - 1) for length in range(1, len(digits))]
    for i, digit in enumerate(digits):
        low = 0 if i else 1
        if int(digit) > low:
            span = f"[{low}-{int(digit) - 1}]" if int(digit) - 1 > low else str(low)
            found.append(f"{digits[:i]}{span}{_any(len(digits) - i - 1)}")
    return "|".join([*found, digits])


def _any(digits: int) -> str:
    return {0: "", 1: "[0-9]"}.get(digits, f"[0-9]{{{digits}}}")
