"""A printed table as rows of cells that remember what they print, so that rows and cells can be moved about."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from evals.cases import CellKey
from evals.paper import PrintedTable, Spot
from schemas import squeeze
from schemas.numerals import parse_numeral


class Printed(NamedTuple):
    """The text of one cell, and the gold cell that it prints, if any."""

    text: str
    key: CellKey | None = None


Row = tuple[Printed, ...]
BLANK = Printed("")


def body_rows(table: PrintedTable) -> list[Row]:
    """The body of `table`, row by row."""
    return [
        tuple(Printed(text, table.cells.get(Spot(i, j))) for j, text in enumerate(row))
        for i, row in enumerate(table.body)
    ]


def header_rows(table: PrintedTable) -> list[Row]:
    """The header of `table` as rows."""
    return [tuple(map(Printed, row)) for row in table.header]


def with_body(table: PrintedTable, rows: Iterable[Row]) -> PrintedTable:
    """`table` with another body; rows need not be of one length."""
    rows = tuple(rows)
    return table.model_copy(
        update={
            "body": tuple(tuple(cell.text for cell in row) for row in rows),
            "cells": {
                Spot(i, j): cell.key for i, row in enumerate(rows) for j, cell in enumerate(row) if cell.key
            },
        }
    )


def with_text(table: PrintedTable, garbler: Callable[[str], str]) -> PrintedTable:
    """`table` with the texts over it, in it and under it garbled at once, before they are set.

    `garbler` sees a line a row and a tab between cells, and must keep both.
    """
    rows = ["\t".join(row) for row in (*table.header, *table.body)]
    lines = garbler("\n".join([*table.above, *rows, *table.below])).split("\n")
    top, foot = len(table.above), len(table.above) + len(rows)
    cells = [tuple(line.split("\t")) for line in lines[top:foot]]
    return table.model_copy(
        update={
            "above": tuple(lines[:top]),
            "header": tuple(cells[: len(table.header)]),
            "body": tuple(cells[len(table.header) :]),
            "below": tuple(lines[foot : foot + len(table.below)]),
        }
    )


def columns(rows: Iterable[Row]) -> list[Row]:
    """The columns of rows of one length; none if the rows are of several lengths."""
    rows = list(rows)
    return list(zip(*rows, strict=True)) if len({len(row) for row in rows}) == 1 else []


def is_label(cell: Printed) -> bool:
    """Whether a cell holds words and no gold cell."""
    return cell.key is None and any(char.isalpha() for char in squeeze(cell.text))


def is_figure(cell: Printed) -> bool:
    """Whether a cell prints a figure of the gold."""
    return cell.key is not None and parse_numeral(cell.text) is not None


def replaced(row: Row, at: int, cell: Printed) -> Row:
    """`row` with another cell at a place."""
    return (*row[:at], cell, *row[at + 1 :])


def only(row: Row, at: int, cell: Printed) -> Row:
    """A row as long as `row`, blank but for one cell."""
    return replaced((BLANK,) * len(row), at, cell)
