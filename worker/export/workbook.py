"""The export as one workbook: the four lists, then a sheet a table with its doubtful cells filled."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any

import openpyxl
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from rich.cells import cell_len

from schemas import AnyTable, Cell, CellRef
from worker.export.flatten import (
    BLIND,
    FAILED,
    SUSPECT,
    Listed,
    Mark,
    columns_of,
    label_of,
    marks,
    suspect_text,
    title_of,
)
from worker.export.plain import as_printed, is_formula
from worker.export.rows import SHEETS, ExportRow, Sheet
from worker.pipeline import Extraction

Page = Any
"""A write-only worksheet of openpyxl; the types published for it leave out widths and filters."""

MAX_ROWS = 1_048_576
MAX_TABLES = 1_000
"""Tables with a sheet of their own: each takes memory, and a program that opens it more."""
MAX_DIGITS = 15
"""Significant digits that a spreadsheet's number keeps; a longer figure is written as text."""

FILLS = {
    SUSPECT: ("F8B878", "most suspicious cell of a check that fails"),
    FAILED: ("FFF0B3", "takes part in a check that fails"),
    BLIND: ("E4E4E4", "no check touches it"),
}
"""Mark → colour and what it says."""

_BOLD = Font(bold=True)
_HEAD = PatternFill("solid", fgColor="D9E4EC")
_FORBIDDEN = re.compile(r"[\[\]:*?/\\\x00-\x1f]")
_WIDTHS = {"title": 40, "statement": 70, "text": 30, "name": 30, "reasons": 60, "document": 30, "sha256": 14}
_WIDTHS |= {"source": 80, "suspects": 80, "verdict": 24}


class Workbook:
    """A workbook that is written row by row."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._book = openpyxl.Workbook(write_only=True)
        self._lists = {row: RowList(self._book, sheet) for row, sheet in SHEETS.items()}
        self._names: set[str] = {"more", *(sheet.name for sheet in SHEETS.values())}
        self._document, self._number, self._drawn, self._left = "", 0, 0, 0

    def add(self, row: ExportRow) -> None:
        """Append a row to its list."""
        self._lists[type(row)].add(row)

    def draw(self, item: Listed, extraction: Extraction, document: str) -> None:
        """A sheet for a table that has rows."""
        if item.table is None or not item.table.rows:
            return
        if self._drawn == MAX_TABLES:
            self._left += 1
            return
        self._drawn += 1
        if document != self._document:
            self._document, self._number = document, self._number + 1
        sheet = self._book.create_sheet(self._free_name(f"{self._number}-{item.chunk.id} {title_of(item)}"))
        found = marks(extraction.findings, item.chunk.id, item.verdict)
        columns = columns_of(item.table)
        sheet.column_dimensions["A"].width = 14
        sheet.column_dimensions["B"].width = 10
        sheet.column_dimensions["C"].width = _label_width(item.table)
        for place in range(4, 4 + len(columns)):
            sheet.column_dimensions[get_column_letter(place)].width = 18
        notes = _notes(item, document)
        sheet.freeze_panes = f"D{len(notes) + len(set(found.values())) + 3}"
        sheet.append([text_cell(sheet, title_of(item), bold=True)])
        for note in notes:
            sheet.append([text_cell(sheet, note)])
        for mark in [mark for mark in FILLS if mark in found.values()]:
            colour, meaning = FILLS[mark]
            sheet.append([text_cell(sheet, "", colour), text_cell(sheet, meaning)])
        for line in drawn(sheet, item.chunk.id, item.table, found):
            sheet.append(line)
        _append_failed(sheet, item, extraction)
        sheet.close()

    def close(self) -> None:
        """Finish the file."""
        for rows in self._lists.values():
            rows.close()
        if self._left:
            sheet = self._book.create_sheet("more")
            said = f"{self._left} further tables have no sheet of their own; their cells are in the list"
            sheet.append([text_cell(sheet, said)])
        self._book.save(self._path)

    def _free_name(self, wanted: str) -> str:
        base = _FORBIDDEN.sub(" ", wanted).strip(" '")[:31].strip()
        name, count = base, 1
        while name.casefold() in self._names:
            count += 1
            name = f"{base[: 30 - len(str(count))]}~{count}"
        self._names.add(name.casefold())
        return name


class RowList:
    """A list of rows in a workbook; it goes on in a further sheet where a sheet is full."""

    def __init__(self, book: openpyxl.Workbook, sheet: Sheet) -> None:
        self._book, self._sheet, self._part = book, sheet, 0
        self._open()

    def add(self, row: object) -> None:
        """Append a row: an object with an attribute for each column of the sheet."""
        if self._rows == MAX_ROWS:
            self.close()
            self._open()
        self._target.append(
            [_entry(self._target, getattr(row, column.name)) for column in self._sheet.columns]
        )
        self._rows += 1

    def close(self) -> None:
        """Finish the sheet."""
        self._target.auto_filter.ref = f"A1:{get_column_letter(len(self._sheet.columns))}{self._rows}"
        self._target.close()

    def _open(self) -> None:
        self._part += 1
        self._rows = 1
        self._target = self._book.create_sheet(
            self._sheet.name if self._part == 1 else f"{self._sheet.name} {self._part}"
        )
        self._target.freeze_panes = "A2"
        for number, column in enumerate(self._sheet.columns, start=1):
            self._target.column_dimensions[get_column_letter(number)].width = _WIDTHS.get(column.name, 12)
        self._target.append(
            [text_cell(self._target, column.name, head=True) for column in self._sheet.columns]
        )


def drawn(
    sheet: Page,
    table_id: str,
    table: AnyTable,
    found: Mapping[CellRef, Mark],
    remarks: Mapping[CellRef, str] = MappingProxyType({}),
) -> Iterator[list[Any]]:
    """The lines of a table with its doubtful cells filled, and `remarks` on cells as comments."""
    columns = columns_of(table)
    yield [text_cell(sheet, head, head=True) for head in ("side", "code", "name", *dict(columns).values())]
    for number, row in enumerate(table.rows):
        line = [text_cell(sheet, text) for text in (row.side or "", row.code or "", label_of(row))]
        for key, _ in columns:
            ref = CellRef(table_id, number, key)
            doubt = found.get(ref)
            cell = _figure(sheet, row.get(key), FILLS[doubt][0] if doubt else None)
            if ref in remarks:
                cell = cell or text_cell(sheet, "")
                cell.comment = Comment(ILLEGAL_CHARACTERS_RE.sub("\ufffd", remarks[ref]), "gouji", 160, 360)
            line.append(cell)
        yield line


def text_cell(
    sheet: Page, text: str, colour: str | None = None, *, bold: bool = False, head: bool = False
) -> Any:
    """A cell that holds text and never a formula, whatever it begins with."""
    cell = WriteOnlyCell(sheet, value=ILLEGAL_CHARACTERS_RE.sub("\ufffd", text))
    cell.data_type = "s"
    if is_formula(text):
        # Keeps it a text when someone edits the cell.
        cell.quotePrefix = True
    if "\n" in text:
        cell.alignment = Alignment(wrap_text=True, vertical="top")
    if bold or head:
        cell.font = _BOLD
    if head:
        cell.fill = _HEAD
    elif colour:
        cell.fill = PatternFill("solid", fgColor=colour)
    return cell


def _entry(sheet: Page, value: Any) -> Any:
    if isinstance(value, str):
        return text_cell(sheet, value) if value else None
    if isinstance(value, Decimal):
        return _number(sheet, value, grouped=False)
    return value


def _number(sheet: Page, value: Decimal, colour: str | None = None, *, grouped: bool = True) -> Any:
    exponent = value.as_tuple().exponent
    if len(value.as_tuple().digits) > MAX_DIGITS or not isinstance(exponent, int):
        return text_cell(sheet, f"{value:f}", colour)
    cell: Any = WriteOnlyCell(sheet)
    cell.value = value
    places = max(0, -exponent)
    cell.number_format = ("#,##0" if grouped else "0") + ("." + "0" * places if places else "")
    if colour:
        cell.fill = PatternFill("solid", fgColor=colour)
    return cell


def _figure(sheet: Page, cell: Cell | None, colour: str | None) -> Any:
    if cell is None:
        return text_cell(sheet, "", colour) if colour else None
    if cell.amount is None:
        return text_cell(sheet, as_printed(cell.text), colour)
    return _number(sheet, cell.amount.value, colour)


def _notes(item: Listed, document: str) -> list[str]:
    verdict = item.verdict
    facts: Sequence[str] = [
        document,
        f"{item.kind} {item.ordinal}",
        *([f"unit {item.table.unit}"] if item.table and item.table.unit else []),
        f"{verdict.status}, confidence {verdict.confidence:.2f}",
        f"checks: {verdict.passed} passed, {verdict.failed} failed, {verdict.skipped} skipped",
    ]
    return [as_printed(" · ".join(facts)), *map(as_printed, verdict.reasons)]


def _append_failed(sheet: Page, item: Listed, extraction: Extraction) -> None:
    failed = [x for x in extraction.findings if x.status == "failed" and item.chunk.id in x.tables]
    if not failed:
        return
    rows: Iterable[list[str]] = (
        ["", "", line]
        for finding in failed
        for line in (
            finding.statement,
            *(f"suspect: {suspect_text(suspect)}" for suspect in finding.suspects),
        )
    )
    sheet.append([])
    sheet.append([text_cell(sheet, "Checks that fail", bold=True)])
    for row in rows:
        sheet.append([text_cell(sheet, as_printed(text)) if text else None for text in row])


def _label_width(table: AnyTable) -> int:
    return min(60, max(12, *(cell_len(label_of(row)) + 2 for row in table.rows)))
