"""`records`: a row is an object with every field of the kind; the plain baseline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Literal

from pydantic import Field, create_model

from prompts.wire.base import (
    Answer,
    Decoded,
    Draft,
    Drafts,
    Shape,
    Strict,
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
from schemas.tables import Row


class Other(Strict):
    """A cell of a column that the schema has no key for."""

    header: str
    value: str


class RecordsWire:
    """`{"code": …, "name": …, "total": …}`: figures exactly as printed, null for a blank cell."""

    name = "records"

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
        ledger = {numeral.id: numeral for numeral in chunk.ledger}
        rows = [self._record(row, shape, chunk, ledger) for row in table.rows]
        return self.response_model(table.kind).model_validate(
            {"columns": columns_out(table, shape), "rows": rows}
        )

    def _record(self, row: Row, shape: Shape, chunk: Chunk, ledger: Mapping[str, Numeral]) -> dict[str, Any]:
        cells = {column: figure_out(cell, chunk, ledger) for column, cell in row.cells()}
        others = [{"header": c, "value": v} for c, v in cells.items() if c not in shape.columns]
        record: dict[str, Any] = {"side": row.side} if shape.sides else {}
        record |= {"code": row.code, "name": name_out(row, shape)}
        return record | {column: cells.get(column) for column in shape.columns} | {"others": others}

    def decode(self, answer: Answer, chunk: Chunk, *, salvage: bool = False) -> Decoded:
        """The table that an answer means, or with `salvage` its sound rows. Raises Invalid."""
        shape = shape_of(chunk.kind)
        columns = columns_in(answer)
        listed = {key for key, _ in columns}
        problems: list[str] = []
        drafts = []
        for number, record in enumerate(_records(answer), start=1):
            values = {column: getattr(record, column) or None for column in shape.columns}
            for other in record.others:
                if values.get(other.header) is not None:
                    problems.append(f"row {number}: {other.header} is given twice")
                values[other.header] = other.value or None
            problems.extend(
                f"row {number}: {column} is filled but not among the columns"
                for column, value in values.items()
                if value is not None and column not in listed
            )
            # The order of the columns is that of the print, which tells equal figures of a row apart.
            ordered = {key: values.get(key) for key, _ in columns}
            side = getattr(record, "side", None)
            drafts.append(Draft(side, record.code or None, record.name, ordered, f"row {number}"))
        return ground(Drafts(columns, tuple(drafts), tuple(problems)), chunk, shape, salvage=salvage)


def _records(answer: Any) -> list[Any]:
    records: list[Any] = answer.rows
    return records


@cache
def _model(table: TableType) -> type[Answer]:
    shape = Shape(table)
    fields: dict[str, Any] = {"side": (Literal[*shape.sides], ...)} if shape.sides else {}
    fields |= {"code": (str | None, ...), "name": (str | None, ...)}
    fields |= dict.fromkeys(shape.columns, (str | None, ...))
    fields["others"] = (list[Other], Field(description="cells of columns without a key"))
    record = create_model("Record", __base__=Strict, __doc__="One row.", **fields)
    return create_model(
        "Answer",
        __base__=Answer,
        __doc__=Answer.__doc__,
        columns=(
            column_field(shape),
            Field(description="the printed columns that hold values, left to right"),
        ),
        rows=(list[record], ...),
    )
