"""`rows`: a row is a list of strings in a declared order of columns, figures exactly as printed."""

from __future__ import annotations

from collections.abc import Sequence
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
from schemas.source import Chunk, Numeral


class RowsWire:
    """`[side, code, name, v1, v2, …]`, the side only where the kind has sides, null for a blank cell."""

    name = "rows"

    def response_model(self, kind: str | None, chunk: Chunk | None = None) -> type[Answer]:  # noqa: ARG002
        """The model of an answer for a kind."""
        return _model(table_type(kind))

    def show(self, chunk: Chunk) -> str:
        """The text as it is."""
        return chunk.text

    def cite(self, numerals: Sequence[Numeral], chunk: Chunk) -> list[str]:  # noqa: ARG002
        """Numerals as they are printed."""
        return [numeral.text for numeral in numerals]

    def encode(self, table: AnyTable, chunk: Chunk) -> Answer:
        """The answer that means `table`."""
        shape = shape_of(table.kind)
        columns = columns_out(table, shape)
        keys = [item if isinstance(item, str) else item["key"] or item["header"] for item in columns]
        ledger = {numeral.id: numeral for numeral in chunk.ledger}
        rows = []
        for row in table.rows:
            head = [row.side] if shape.sides else []
            cells = [figure_out(cell, chunk, ledger) if (cell := row.get(key)) else None for key in keys]
            rows.append([*head, row.code, name_out(row, shape), *cells])
        return self.response_model(table.kind).model_validate({"columns": columns, "rows": rows})

    def decode(self, answer: Answer, chunk: Chunk, *, salvage: bool = False) -> Decoded:
        """The table that an answer means, or with `salvage` its sound rows. Raises Invalid."""
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
                Draft(
                    side,
                    code or None,
                    name,
                    {key: v for (key, _), v in zip(columns, values, strict=True)},
                    f"row {number}",
                )
            )
        return ground(Drafts(columns, tuple(drafts), tuple(problems)), chunk, shape, salvage=salvage)


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
