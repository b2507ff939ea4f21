"""XLS (Excel 97 to 2003), by xlrd: it knows formats, merged cells and what is hidden, which calamine does not."""

from __future__ import annotations

import io
from collections.abc import Iterator
from decimal import Decimal

import xlrd
from xlrd.biffh import XLRDError
from xlrd.sheet import Sheet

from schemas import Unreadable, Unsupported
from worker.ingest.messages import Section
from worker.ingest.office.formats import GENERAL, shown, shown_text
from worker.ingest.office.grid import Grid, Merged, page_of
from worker.ingest.office.package import SAVE_AGAIN


def sections_of_xls(data: bytes, name: str) -> Iterator[Section]:
    """A section for each sheet that is shown; formulas show the values that are stored with them."""
    try:
        book = xlrd.open_workbook(
            file_contents=data, formatting_info=True, ragged_rows=True, logfile=io.StringIO()
        )
    except XLRDError as error:
        if "encrypted" in str(error):
            raise Unsupported(name, "is encrypted", "save it without a password") from None
        raise Unreadable(name, f"is damaged ({error})", SAVE_AGAIN) from None
    for sheet in book.sheets():
        if sheet.visibility:
            yield Section(text="", notes=(f"hidden sheet {sheet.name} left out",))
            continue
        grid = Grid(name)
        _fill(grid, book, sheet)
        lines = grid.lines()
        yield Section(
            text=page_of(sheet.name, lines) if lines else "",
            notes=tuple(f"sheet {sheet.name}: {note}" for note in grid.notes()),
        )


def _fill(grid: Grid, book: xlrd.Book, sheet: Sheet) -> None:
    for number, row in sheet.rowinfo_map.items():
        if row.hidden:
            grid.hide_row(number)
    for number, column in sheet.colinfo_map.items():
        if column.hidden or column.width == 0:
            grid.hide_columns(range(number, number + 1))
    grid.merged += [
        Merged(top, left, bottom - 1, right - 1) for top, bottom, left, right in sheet.merged_cells
    ]
    for number in range(sheet.nrows):
        for at in range(sheet.row_len(number)):
            grid.put(number, at, _text(book, sheet, number, at))


def _text(book: xlrd.Book, sheet: Sheet, row: int, column: int) -> str:
    kind, value = sheet.cell_type(row, column), sheet.cell_value(row, column)
    if kind in {xlrd.XL_CELL_EMPTY, xlrd.XL_CELL_BLANK}:
        return ""
    code = _code(book, sheet.cell_xf_index(row, column))
    if kind == xlrd.XL_CELL_TEXT:
        return shown_text(value, code)
    if kind == xlrd.XL_CELL_BOOLEAN:
        return "TRUE" if value else "FALSE"
    if kind == xlrd.XL_CELL_ERROR:
        return xlrd.error_text_from_code.get(int(value), "#ERROR")
    number = Decimal(repr(value))
    if not number.is_finite() or (number == 0 and not sheet.show_zero_values):  # type: ignore[attr-defined]
        return ""
    return shown(number, code, since_1904=book.datemode == 1)


def _code(book: xlrd.Book, style: int | None) -> str:
    if style is None or not 0 <= style < len(book.xf_list):
        return GENERAL
    found = book.format_map.get(book.xf_list[style].format_key)
    return found.format_str if found else GENERAL
