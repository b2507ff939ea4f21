"""A document before it is printed: prose and tables as cells, for garblers to rearrange and `print_paper` to set."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

from evals.cases import CellKey


class Spot(NamedTuple):
    """A cell of a printed table: 0-based body row and 0-based printed column."""

    row: int
    column: int


class Prose(BaseModel):
    """Paragraphs, one line each."""

    model_config = ConfigDict(frozen=True)

    lines: tuple[str, ...]


class PrintedTable(BaseModel):
    """A table as it is set on paper.

    `above` are the lines over it (title, form number, unit), `header` its header rows and `body` its rows, every
    row with one text a printed column and "" for a blank cell; `below` are notes. A spanning header repeats in no
    cell but its first. `cells` says which gold cell a body cell prints.
    """

    model_config = ConfigDict(frozen=True)

    above: tuple[str, ...]
    header: tuple[tuple[str, ...], ...]
    body: tuple[tuple[str, ...], ...]
    below: tuple[str, ...] = ()
    cells: dict[Spot, CellKey] = {}


Block = Prose | PrintedTable


class Paper(BaseModel):
    """A whole document in reading order."""

    model_config = ConfigDict(frozen=True)

    blocks: tuple[Block, ...]


def print_paper(paper: Paper, separator: str = "\t") -> str:
    """The text of a document: a line a row, `separator` between cells, blank cells kept."""
    lines: list[str] = []
    for block in paper.blocks:
        lines += block.lines if isinstance(block, Prose) else table_lines(block, separator)
    return "\n".join(lines) + "\n"


def table_lines(table: PrintedTable, separator: str = "\t") -> list[str]:
    """The lines of one table."""
    rows: Sequence[Sequence[str]] = (*table.header, *table.body)
    return [*table.above, *(separator.join(row) for row in rows), *table.below]
