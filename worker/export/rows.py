"""The rows of the export files: one class a file, one field a column, described where it is declared.

Header lines, Table Schemas, worksheet headings and Parquet types all follow from these classes.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from decimal import Decimal
from types import NoneType
from typing import Any, NamedTuple, get_args, get_type_hints

SEPARATOR = "; "
"""Stands between the entries of a column that holds a list."""


def described(text: str) -> Any:
    """A column with its description."""
    return field(metadata={"description": text})


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """One document, a failed one included."""

    document: str = described("File name as given; two files of one name are told apart by their digest.")
    sha256: str = described("SHA-256 of the file's bytes; empty where the file could not be read.")
    title: str = described("Title as the document gives it.")
    unit_name: str = described("Unit or department that the document speaks for.")
    year: int | None = described("Year of account.")
    stage: str = described("budget or final.")
    pages: int | None = described("Number of pages.")
    tables: int = described("Number of tables, empty ones and sections of prose with figures included.")
    accepted: int = described("Tables with status accepted.")
    review: int = described("Tables with status review.")
    status: str = described(
        "accepted (nothing is left to a person), review, empty (no table found) or failed (see error)."
    )
    empty: int = described("Tables with status empty: forms without figures.")
    contradictions: int = described("Checks that fail.")
    text_file: str = described(
        "The document's text, to which line, start and end refer; line ends as they were."
    )
    error: str = described("Why the document failed.")
    pages_unread: int = described("Pages of which nothing could be read.")
    notes: str = described("What of the document could not be read or was left out, and why.")


@dataclass(frozen=True, slots=True)
class TableRow:
    """One table."""

    document: str = described("The document, as in documents.csv.")
    table: str = described("Id of the table within the document.")
    kind: str = described("Kind of table; generic for any other.")
    title: str = described("Title as printed.")
    unit: str = described("Unit as printed.")
    stage: str = described("budget or final.")
    ordinal: int = described("1-based number of the table within its kind and document.")
    status: str = described("accepted, review, corrected, rejected, empty or failed.")
    confidence: Decimal = described("0..1, from evidence: closure, coverage, agreement of readers.")
    reader: str = described("Reader whose result stands.")
    checks_passed: int = described("Checks of this table that hold.")
    checks_failed: int = described("Checks of this table that fail.")
    checks_skipped: int = described("Checks of this table that lack a figure.")
    first_line: int = described("First line in the document's text, 1-based.")
    last_line: int = described("Last line in the document's text, 1-based.")
    form: str = described("Number of the form as printed.")
    year: int | None = described("Year of account.")
    page: int = described("Page on which the table begins, 1-based.")
    rows: int = described("Number of rows.")
    coverage: Decimal = described("Share of the figures that some check touches, 0..1.")
    blind_cells: str = described("Cells that no check touches, as row.column.")
    unexplained: str = described(
        "Figures in the region of the table that are neither cell nor named otherwise."
    )
    reasons: str = described("What keeps the table from being accepted.")
    file: str = described("The typed table as JSON.")
    blind_spot: Decimal | None = described(
        "Error in an amount, in the unit of the table, above which a check is sure to fail; empty where no check"
        " adds up amounts."
    )


@dataclass(frozen=True, slots=True)
class CellRow:
    """One filled cell; a blank cell has no row."""

    document: str = described("The document, as in documents.csv.")
    table: str = described("The table, as in tables.csv.")
    kind: str = described("Kind of the table.")
    ordinal: int = described("Number of the table within its kind and document.")
    row: int = described("0-based row of the table.")
    side: str = described("Side or block of the table that the row belongs to.")
    code: str = described("Code of the row.")
    name: str = described("Name of the row, without white space and leading ordinals.")
    column: str = described("Column.")
    value: Decimal | None = described("The figure with the decimals printed; empty for a text.")
    text: str = described("As printed, white space folded.")
    line: int = described("1-based line in the document's text.")
    start: int = described("Offset of the first character in the document's text.")
    end: int = described("Offset after the last character.")
    page: int = described("1-based page.")
    grounded: bool = described("Whether the document's text at that place is this value.")
    box: str = described(
        "Place on the page, x0 top x1 bottom in points (1/72 inch) from its upper left corner; empty where unknown."
    )
    changed_from: str = described(
        "What was read here before a person changed it; empty where nobody did, or nothing was."
    )
    changed_by: str = described("Who changed the cell; empty where nobody did.")


@dataclass(frozen=True, slots=True)
class CheckRow:
    """The outcome of one identity."""

    document: str = described("The document, as in documents.csv.")
    table: str = described("Table that the left side stands in.")
    check: str = described("Stable id of the rule.")
    scope: str = described("row, column, hierarchy, cross_table, narrative or ratio.")
    statement: str = described("The equation with its figures.")
    left: Decimal | None = described("Left side, in the unit of its table.")
    right: Decimal | None = described("Right side, in the same unit.")
    difference: Decimal | None = described("Left less right.")
    tolerance: Decimal | None = described("What rounding in print can explain.")
    status: str = described("passed, failed or skipped.")
    cells: str = described("Cells that take part, as table!row.column.")
    suspects: str = described(
        "Cells that may be wrong, most suspicious first, with the value that would make everything close."
    )
    tables: str = described("All tables that take part.")
    verdict: str = described(
        "What a contradiction is: misread, misplaced or source (the printed figures disagree)."
    )


ExportRow = DocumentRow | TableRow | CellRow | CheckRow


class Column(NamedTuple):
    """A column of an export file. `type` is str, int, bool or Decimal."""

    name: str
    type: type[str] | type[int] | type[bool] | type[Decimal]
    optional: bool
    description: str


class Sheet(NamedTuple):
    """An export file: its name without suffix, its columns, its key, and the file and key it refers to."""

    name: str
    title: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    refers: tuple[str, tuple[str, ...]] | None


def columns(row: type[Any]) -> tuple[Column, ...]:
    """The columns of a class of rows, which is a dataclass of described fields."""
    hints = get_type_hints(row)
    found = []
    for item in fields(row):
        options = get_args(hints[item.name]) or (hints[item.name],)
        base = next(option for option in options if option is not NoneType)
        found.append(Column(item.name, base, NoneType in options, item.metadata["description"]))
    return tuple(found)


_TABLE_KEY = ("document", "table")
SHEETS: dict[type[ExportRow], Sheet] = {
    DocumentRow: Sheet("documents", "Documents", columns(DocumentRow), ("document",), None),
    TableRow: Sheet("tables", "Tables", columns(TableRow), _TABLE_KEY, ("documents", ("document",))),
    CellRow: Sheet(
        "cells", "Cells", columns(CellRow), (*_TABLE_KEY, "row", "column"), ("tables", _TABLE_KEY)
    ),
    CheckRow: Sheet("checks", "Checks", columns(CheckRow), (), ("tables", _TABLE_KEY)),
}
"""The files of an export, in the order in which one refers to another."""
