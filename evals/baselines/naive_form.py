"""What the naive baseline asks and is answered: plain row objects for all tables of a piece of text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from pydantic import BaseModel

from evals.cases import GoldRow, GoldTable
from prompts.wire.base import name_out, shape_of
from schemas import AnyTable, canonical_name, kinds
from schemas.numerals import parse_numeral

NAME = "naive"


class NaiveRow(BaseModel):
    """A row of a table: its filled cells by column."""

    side: str | None = None
    code: str | None = None
    name: str | None = None
    cells: dict[str, str]


class NaiveTable(BaseModel):
    """A table of the text; the title is empty where the table began before it."""

    kind: str
    title: str = ""
    unit: str | None = None
    rows: list[NaiveRow]


class NaiveTables(BaseModel):
    """All tables of the text."""

    tables: list[NaiveTable]


def _system() -> str:
    lines = ["Extract all tables of the document as JSON. Kinds of tables with their sides and columns:"]
    for name, model in kinds().items():
        sides = f" ({', '.join(model.sides)})" if model.sides else ""
        columns = ", ".join(model.row_type().column_infos()) or "headers as printed"
        lines.append(f"- {name}{sides}: {columns}")
    lines.append(
        "Give every row of every table with its code, its name, and its filled cells by column, figures as"
        " printed. Claims in figures of the prose are rows of narrative_facts."
    )
    return "\n".join(lines)


SYSTEM = _system()
"""The one prompt."""


def asked(text: str, fence: str) -> str:
    """The message that holds a piece of a document, between two lines `fence`."""
    return f"{fence}\n{text}\n{fence}"


def written(tables: Sequence[AnyTable], starts: Sequence[bool]) -> NaiveTables:
    """The answer that means `tables`; `starts` says which of them begin in the piece."""
    return NaiveTables(
        tables=[
            NaiveTable(
                kind=table.kind,
                title=(table.title or table.kind) if begins else "",
                unit=table.unit,
                rows=[
                    NaiveRow(
                        side=row.side,
                        code=row.code,
                        name=name_out(row, shape_of(table.kind)),
                        cells={column: cell.text for column, cell in row.cells()},
                    )
                    for row in table.rows
                ],
            )
            for table, begins in zip(tables, starts, strict=True)
        ]
    )


def read(answers: Iterable[NaiveTables]) -> tuple[GoldTable, ...]:
    """The tables that the answers for the pieces of a document mean, in the form of gold.

    A first table without a title goes on with the last one of the piece before, if that is of its kind.
    """
    found: list[NaiveTable] = []
    for answer in answers:
        for number, given in enumerate(answer.tables):
            table = given if given.kind in kinds() else given.model_copy(update={"kind": "generic"})
            if number == 0 and not table.title and found and found[-1].kind == table.kind:
                found[-1] = found[-1].model_copy(update={"rows": [*found[-1].rows, *table.rows]})
            else:
                found.append(table)
    ordinals: Counter[str] = Counter()
    tables = []
    for table in found:
        ordinals[table.kind] += 1
        rows = tuple(map(_row, table.rows))
        tables.append(
            GoldTable(
                kind=table.kind,
                ordinal=ordinals[table.kind],
                title=table.title,
                unit=table.unit,
                columns=tuple(dict.fromkeys(column for row in rows for column in row.cells)),
                rows=rows,
            )
        )
    return tuple(tables)


def _row(row: NaiveRow) -> GoldRow:
    cells = {column: plain(value) for column, value in row.cells.items() if value.strip()}
    return GoldRow(side=row.side or "", code=row.code or "", name=canonical_name(row.name or ""), cells=cells)


def plain(text: str) -> str:
    """A figure as gold writes it; any other text as it is."""
    figure = parse_numeral(text)
    return f"{figure.value:f}" if figure else text
