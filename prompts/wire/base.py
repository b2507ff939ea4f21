"""What the wire formats have in common: an answer as rows of strings, and what decoding makes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field, create_model

from prompts.wire.pieces import Piece
from schemas.findings import Role
from schemas.registry import AnyTable, TableType, table_type
from schemas.source import Chunk, Numeral
from schemas.tables import Cell, Row
from schemas.text import fold

FIGURE_SIDES = frozenset({"total"})
"""Sides whose `value`, elsewhere a text, is a figure."""


class Strict(BaseModel):
    """Base of all answers: nothing beyond the schema, and no echo of the input in messages."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class PrintedColumn(Strict):
    """A column that the table prints: its key (null if the schema has none) and its header as printed."""

    key: str | None
    header: str


class Answer(Strict):
    """The table, read row by row."""


@dataclass(frozen=True, slots=True)
class Given:
    """A value given by pieces of the source: the text that they make. `negative`: a minus stands before it.

    `end` is the document offset at which those of them end that stand beside the first.
    """

    text: str
    pieces: tuple[Piece, ...]
    end: int
    negative: bool = False

    def __str__(self) -> str:
        return "-" * self.negative + "+".join(str(piece.id) for piece in self.pieces)


Value = str | Given | None
"""A value of an answer: as printed, or by reference; None is a blank cell."""


def text_of(value: Value) -> str | None:
    """What a value prints."""
    return value.text if isinstance(value, Given) else value


@dataclass(frozen=True, slots=True)
class Draft:
    """One row of an answer. `said` is what messages call it, by default by its number."""

    side: str | None
    code: Value
    name: Value
    values: Mapping[str, Value]
    said: str = ""


@dataclass(frozen=True, slots=True)
class Drafts:
    """An answer in the terms that all formats share. `columns` are (key, header) in printed order.

    `pointed` are the keys of those whose header was given by reference.
    """

    columns: tuple[tuple[str, str], ...]
    rows: tuple[Draft, ...]
    problems: tuple[str, ...] = ()
    pointed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Decoded:
    """A table whose cells point into the chunk, and the roles of the numerals that it takes up.

    `doubts` are worth a second look of the model, but print may really be so: a row without a name.
    `dropped` is what was wrong with rows that were left out.
    """

    table: AnyTable
    roles: dict[str, Role] = field(default_factory=dict)
    doubts: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()


class Wire(Protocol):
    """A form in which a table crosses to a model and back."""

    @property
    def name(self) -> str:
        """The name of the format, as in the settings."""

    def response_model(self, kind: str | None, chunk: Chunk | None = None) -> type[Answer]:
        """The model of an answer for a table of `kind`: closed objects, every field required.

        Where ids are answered, its schema admits those of `chunk` alone.
        """

    def show(self, chunk: Chunk) -> str:
        """The text of the chunk as the model sees it."""

    def cite(self, numerals: Sequence[Numeral], chunk: Chunk) -> list[str]:
        """Numerals of the chunk as they are spoken of to the model."""

    def encode(self, table: AnyTable, chunk: Chunk) -> Answer:
        """The answer of a model that reads `table` off `chunk` without a fault."""

    def decode(self, answer: Answer, chunk: Chunk, *, salvage: bool = False) -> Decoded:
        """The table that an answer means. Raises Invalid with everything that the model has to mend.

        `salvage`: rows that are wrong are left out, and Invalid is raised only if nothing sound is left.
        """


class Shape:
    """What the answers for one kind hold: sides, declared columns, and which of them are texts."""

    def __init__(self, table: TableType) -> None:
        self.table = table
        self.row: type[Row] = self.table.row_type()
        self.kind: str = self.table.model_fields["kind"].default
        self.sides: tuple[str, ...] = tuple(self.table.sides)
        self.columns: tuple[str, ...] = tuple(self.row.column_infos())

    def is_text(self, column: str, side: str | None) -> bool | None:
        """Whether a column holds texts; None where it may hold either."""
        info = self.row.column_infos().get(column)
        if info is None:
            return None
        return info.text and side not in FIGURE_SIDES

    def keys(self, side: str | None) -> Mapping[str, str]:
        """Keys that name the rows of a side → pattern of the printed label; empty if rows go by labels."""
        return self.table.keys.get(side or "", {})


def signed_by_words(column: str) -> bool:
    """Whether the sign of a figure in this column may stand in words (减少, 下降)."""
    return column.startswith("change_")


def column_field(shape: Shape) -> Any:
    """The type of the answer's list of columns."""
    if not shape.columns:
        return list[str]
    key: Any = Literal[*shape.columns] | None
    keyed = create_model(
        "Column",
        __base__=PrintedColumn,
        key=(key, Field(description="key of the schema, null for a column without one")),
        header=(str, Field(description="as printed")),
    )
    return list[keyed]


def columns_in(answer: Any) -> tuple[tuple[str, str], ...]:
    """(key, header) of the columns of an answer; a column without a key goes by its header."""
    return tuple(
        (item, item) if isinstance(item, str) else (item.key or item.header, item.header)
        for item in answer.columns
    )


def columns_out(table: AnyTable, shape: Shape) -> list[Any]:
    """The columns of a table for an answer; those that only cells name come last."""
    keys = dict.fromkeys(table.columns)
    for row in table.rows:
        keys.update(dict.fromkeys(column for column, _ in row.cells()))
    if not shape.columns:
        return list(keys)
    return [
        {
            "key": key if key in shape.columns else None,
            "header": table.headers.get(key, "" if key in shape.columns else key),
        }
        for key in keys
    ]


def name_out(row: Row, shape: Shape) -> str | None:
    """The name of a row for an answer: its key, its label as printed, or None where a column repeats it."""
    if shape.keys(row.side):
        return row.name
    for column in shape.table.named_by:
        if (cell := row.get(column)) is not None:
            if row.label is None or row.label == cell:
                return None
            break
    return row.label.text if row.label else row.name or None


def figure_out(cell: Cell, chunk: Chunk, ledger: Mapping[str, Numeral]) -> str:
    """The figure of a cell as the chunk prints it, with the sign that it has; `ledger` is that of the chunk by id."""
    printed = ledger.get(cell.numeral or "")
    if cell.amount is None or printed is None:
        return cell.text
    text = fold(chunk.slice(printed.span.start, printed.span.end))
    return text if printed.value == cell.amount.value else f"-{text}"


def shape_of(kind: str | None) -> Shape:
    """The shape of a kind, the generic one for None."""
    return _shape(table_type(kind))


@cache
def _shape(table: TableType) -> Shape:
    return Shape(table)
