"""`rows`: a row is a list of strings in a declared order of columns, figures exactly as printed."""

from __future__ import annotations

from functools import cache
from typing import Any

from pydantic import Field, create_model

from prompts.wire.base import (
    Answer,
    Decoded,
    Draft,
    Drafts,
    Shape,
    column_field,
    columns_in,
    columns_out,
    figure_out,
    name_out,
    shape_of,
)
from prompts.wire.grounding import ground
from schemas.registry import AnyTable, TableType, table_type
from schemas.source import Chunk
from schemas.tables import Cell, Row
from schemas.text import normalise


class RowsWire:
    """`[side, code, name, v1, v2, …]`, the side only where the kind has sides, null for a blank cell."""

    name = "rows"
    ids = False

    def response_model(self, kind: str | None) -> type[Answer]:
        """The model of an answer for a kind."""
        return _model(table_type(kind))

    def show(self, chunk: Chunk) -> str:
        """The text as it is."""
        return chunk.text

    def encode(self, table: AnyTable, chunk: Chunk) -> Answer:
        """The answer that means `table`."""
        shape = shape_of(table.kind)
        columns = columns_out(table, shape)
        value_out, code_out = (figure_ref, code_ref) if self.ids else (figure_out, code_printed)
        keys = [item if isinstance(item, str) else item["key"] or item["header"] for item in columns]
        rows = []
        for row in table.rows:
            head = [row.side] if shape.sides else []
            cells = [value_out(cell, chunk) if (cell := row.get(key)) else None for key in keys]
            rows.append([*head, code_out(row, chunk), name_out(row, shape), *cells])
        return self.response_model(table.kind).model_validate({"columns": columns, "rows": rows})

    def decode(self, answer: Answer, chunk: Chunk) -> Decoded:
        """The table that an answer means. Raises Invalid."""
        shape = shape_of(chunk.kind)
        columns = columns_in(answer)
        problems, drafts = [], []
        head = 3 if shape.sides else 2
        for number, row in enumerate(_rows(answer), start=1):
            values = row[head:]
            if len(values) != len(columns):
                problems.append(f"row {number}: {max(len(values), 0)} values, {len(columns)} columns")
            values = [value or None for value in [*values, *[None] * len(columns)][: len(columns)]]
            side, code, name = [None] * (3 - head) + [*row, None, None, None][:head]
            drafts.append(
                Draft(side, code or None, name, {key: v for (key, _), v in zip(columns, values, strict=True)})
            )
        return ground(Drafts(columns, tuple(drafts), tuple(problems)), chunk, shape, ids=self.ids)


def code_printed(row: Row, _: Chunk) -> str | None:
    """The code of a row in one piece."""
    return row.code


def figure_ref(cell: Cell, chunk: Chunk) -> str:
    """The id of the numeral of a cell, with a minus where words give the sign; a text as it is."""
    if cell.amount is None or cell.numeral is None:
        return cell.text
    printed = next(numeral for numeral in chunk.ledger if numeral.id == cell.numeral)
    return cell.numeral if printed.value == cell.amount.value else f"-{cell.numeral}"


def code_ref(row: Row, chunk: Chunk) -> str | None:
    """The ids of the numerals of a code, joined by plus signs; the code itself if its cell does not tell."""
    if row.code is None or row.code_cell is None:
        return row.code
    span = row.code_cell.span
    pieces = [n for n in chunk.ledger if span.start <= n.span.start and n.span.end <= span.end]
    printed = "".join(normalise(numeral.text) for numeral in pieces)
    return "+".join(numeral.id for numeral in pieces) if printed == row.code else row.code


def _rows(answer: Any) -> list[list[str | None]]:
    rows: list[list[str | None]] = answer.rows
    return rows


@cache
def _model(table: TableType) -> type[Answer]:
    shape = Shape(table)
    order = "[side, code, name, values…]" if shape.sides else "[code, name, values…]"
    return create_model(
        "Answer",
        __base__=Answer,
        __doc__=Answer.__doc__,
        columns=(
            column_field(shape),
            Field(description="the printed columns that hold values, left to right"),
        ),
        rows=(
            list[list[str | None]],
            Field(description=f"{order}: one value for each column, null for a blank cell"),
        ),
    )
