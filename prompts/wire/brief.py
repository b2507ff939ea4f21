"""`refs` as a small model is asked for it: the source without ids, and rows that give what it prints as texts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import pairwise
from typing import Annotated, Any, NamedTuple

from pydantic import Field, create_model
from typing_extensions import TypeAliasType

from prompts.wire.base import Answer, Decoded, Shape, columns_out, figure_out, name_out, shape_of
from prompts.wire.notation import CODE, NAME, Keyed, items_of, letter_of, written
from prompts.wire.pieces import Pieces, pieces_of
from prompts.wire.refs import RefsWire
from schemas.errors import Invalid
from schemas.registry import AnyTable, TableType, table_type
from schemas.source import Chunk
from schemas.tables import Row
from schemas.text import canonical_name

_ANY = "[^<>]"
_MARKS = re.compile(r"[][(){}|.*+?^$]")
"""What means something else in a pattern; grammars do not know that anything else is escaped."""
_PANELS = 3
"""So many rows a line holds at most."""
_LEVELS, _LEVEL_DIGITS = 3, 2
"""So many levels of a code stand in cells of their own at most, of so many digits each, behind its class."""
_LETTERS = 26
_UNSAID = '"\\'
"""What a string of JSON would have to escape; a piece that holds it is not offered."""


class BriefWire(RefsWire):
    """Rows as strings of keyed texts, `"c<201> n<行政运行> A<4,355.40>"`; what is blank is left out.

    Rows come in the order of the source, also where it prints several side by side; before one of a table with
    sides stands the number of its side, `"2 n<住房保障支出> A<67.82>"`. For the rest it is read as `refs` is. Copying
    is what a small model does best: nothing has to be counted, nothing passed over to come back to it.
    """

    def response_model(self, kind: str | None, chunk: Chunk | None = None) -> type[Answer]:
        """The model of an answer for a kind. Its schema admits what `chunk` prints alone, in whole pieces."""
        return _model(table_type(kind), _said(chunk) if chunk else None)

    def show(self, chunk: Chunk) -> str:
        """The text as it is."""
        return chunk.text

    def encode(self, table: AnyTable, chunk: Chunk) -> Answer:
        """The answer that means `table`."""
        shape = shape_of(table.kind)
        columns = columns_out(table, shape)
        keys = [item if isinstance(item, str) else item["key"] or item["header"] for item in columns]
        own = [key for key in keys if key not in shape.columns]
        letters = {key: letter_of(i) for i, key in enumerate([*shape.columns, *own])}
        ledger = {numeral.id: numeral for numeral in chunk.ledger}

        def row_out(row: Row) -> str:
            cells = [(letters[key], cell) for key in keys if (cell := row.get(key)) is not None]
            said = [
                (CODE, row.code),
                (NAME, name_out(row, shape)),
                *((letter, figure_out(cell, chunk, ledger)) for letter, cell in cells),
            ]
            items = [letter + written(text) for letter, text in said if text]
            return " ".join([str(shape.sides.index(row.side) + 1), *items] if row.side else items)

        said = " ".join(letters[key] + (written(key) if key in own else "") for key in keys)
        places = list(table.starts())
        rows = [row_out(table.rows[at]) for at in sorted(range(len(places)), key=places.__getitem__)]
        return self.response_model(table.kind).model_validate({"columns": said, "rows": rows})

    def decode(self, answer: Answer, chunk: Chunk, *, salvage: bool = False) -> Decoded:
        """The table that an answer means, or with `salvage` its sound rows. Raises Invalid."""
        shape = shape_of(chunk.kind)
        given: Any = answer
        rows: Any = given.rows
        if shape.sides:
            marks = {str(number): side for number, side in enumerate(shape.sides, start=1)}
            rows = {side: [] for side in shape.sides}
            for number, row in enumerate(given.rows, start=1):
                if row[:1] not in marks:
                    raise Invalid((f"row {number}: it does not begin with the number of a side",))
                rows[marks[row[0]]].append(row[1:])
        # What is filled is there, also where the list of columns, which comes first, does not foresee it.
        said = {item.key: item for item in reversed(list(_keyed(given.columns)))}
        filled = {item.key for row in given.rows for item in _keyed(row)}
        declared = [letter_of(i) for i in range(len(shape.columns))]
        own = [key + written(item.text) for key, item in said.items() if key not in declared and item.text]
        columns = " ".join([*(key for key in declared if key in filled or key in said), *sorted(own)])
        refs = super().response_model(chunk.kind)
        return super().decode(refs.model_validate({"columns": columns, "rows": rows}), chunk, salvage=salvage)


def _keyed(text: str) -> Iterator[Keyed]:
    return (item for item in items_of(text) if isinstance(item, Keyed))


class _Said(NamedTuple):
    """What an answer may say, as patterns of a text: codes, words, names, figures, and anything that is printed; and in
    how many rows."""

    codes: str
    words: str
    names: str
    figures: str
    any: str
    rows: int


def _said(chunk: Chunk) -> _Said:
    shape, pieces = shape_of(chunk.kind), pieces_of(chunk)
    printed = [(pieces.text(piece), piece.numeral) for piece in pieces.all]
    figures = {text for text, numeral in printed if numeral}
    words = {text for text, numeral in printed if not numeral}
    names = {name for text, _ in printed for name in (text, canonical_name(text))}
    keys = {key for side in (None, *shape.sides) for key in shape.keys(side)}
    code = f"({_one_of(_codes(pieces, classified=bool(shape.table.classification)))})"
    lines = sum(bool(chunk.slice(start, end).strip()) for start, end in chunk.lines)
    most = lines * _PANELS if chunk.role == "table" else len(chunk.ledger)
    return _Said(code, _one_of(words), _one_of(names | keys), _one_of(figures), _one_of(names), most)


def _codes(pieces: Pieces, *, classified: bool) -> set[str]:
    """The codes that are printed, in one cell or, a class and the levels below it, in several beside each other.

    `classified`: they are of an official classification, whose codes are longer than numbers of lines.
    """
    codes = {text for piece in pieces.all if piece.numeral and (text := pieces.text(piece)).isdigit()}
    # Where codes are printed, what is shorter than the code of a class is the number of a line, or a level.
    found = {text for text in codes if len(text) > _LEVEL_DIGITS} or (set() if classified else codes)
    for at, piece in enumerate(pieces.all):
        code = pieces.text(piece)
        if code in found:
            for before, level in pairwise(pieces.all[at : at + 1 + _LEVELS]):
                text = pieces.text(level)
                if not (text.isdigit() and len(text) == _LEVEL_DIGITS and pieces.beside(before, level)):
                    break
                code += text
                found.add(code)
    return found


def _one_of(texts: Iterable[str]) -> str:
    """A pattern for one of the texts; the longer ones first, so that the first that fits is the whole."""
    found = {written(text)[1:-1] for text in texts if not set(text) & set(_UNSAID)}
    return "|".join(
        _MARKS.sub(r"\\\g<0>", text) for text in sorted(found, key=lambda t: (-len(t), t)) if text
    )


def _own(declared: int, texts: str) -> str:
    """A pattern for columns behind those that are declared, each with one of `texts` or several; "" if none may be."""
    letter = letter_of(declared) if declared < _LETTERS else ""
    return f"( ?[{letter}-Z]<({texts})+>)*" if letter and texts else ""


@lru_cache(maxsize=256)
def _model(table: TableType, said: _Said | None) -> type[Answer]:
    shape = Shape(table)
    given = said or _Said(f"{_ANY}+", _ANY, _ANY, _ANY, _ANY, 0)
    letters = {letter_of(i): key for i, key in enumerate(shape.columns)}
    many = "" if said else "+"
    # Codes and names may be printed in pieces, a figure never is.
    items = [(CODE, given.codes), (NAME, f"({given.names})+")]
    for letter, key in letters.items():
        texts = any(shape.is_text(key, side) is not False for side in (None, *shape.sides))
        items.append((letter, f"({given.any})+" if texts else f"-?({given.figures}){many}"))
    pattern = f"[1-{len(shape.sides)}]" if shape.sides else ""
    pattern += "".join(f"( ?{letter}<{text}>)?" for letter, text in items if "()" not in text)
    columns = " ?".join(f"({letter})?" for letter in letters) + _own(len(letters), given.words)
    pattern += "" if letters else _own(0, given.any)
    row = TypeAliasType("row", Annotated[str, Field(json_schema_extra={"pattern": f"^{pattern}$"})])
    # A small model may go round in circles.
    rows: Any = Annotated[list[row], Field(max_length=given.rows if said else None)]
    return create_model(
        "Answer",
        __base__=Answer,
        __doc__=Answer.__doc__,
        columns=(str, Field(json_schema_extra={"pattern": f"^{columns}$"})),
        rows=(rows, ...),
    )
