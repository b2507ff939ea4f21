"""XLSX and XLSM: what its sheets show, read straight from their XML.

Neither openpyxl (reads a sheet without its hidden rows and merged cells, or at fifty times its size) nor
calamine (knows values, not the decimals that are shown) gives what a reader sees in one pass.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation

from lxml import etree

from worker.ingest.messages import Section
from worker.ingest.office.formats import BUILTIN, GENERAL, shown, shown_text
from worker.ingest.office.grid import Grid, Merged, counted, page_of
from worker.ingest.office.package import Package, attribute, local

_REFERENCE = re.compile(r"\$?([A-Z]{1,3})\$?([1-9][0-9]{0,6})")
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_LAST_COLUMN, _LAST_ROW = 16_384, 1_048_576
_NOT_READ = {
    "drawing": "pictures, charts and text boxes are not read",
    "legacyDrawing": "comments and controls are not read",
    "oleObjects": "embedded objects are not read",
}
_NO_VALUE = "formulas without a stored value are blank"
_NO_STRING = "cells that refer to no text are blank"


def sections_of_xlsx(data: bytes, name: str) -> Iterator[Section]:
    """A section for each sheet that is shown. Formulas are never run, links to other files never followed."""
    package = Package(data, name)
    place = next(
        (x.target for x in package.relations("").values() if x.type == "officeDocument"), "xl/workbook.xml"
    )
    root = package.tree(place)
    relations = package.relations(place)
    settings = root.find("{*}workbookPr")
    since_1904 = settings is not None and settings.get("date1904") in {"1", "true"}
    by_type = {relation.type: relation.target for relation in relations.values()}
    strings = _strings(package, by_type.get("sharedStrings"))
    codes = _codes(package, by_type.get("styles"))
    unseen: list[str] = []
    for sheet in root.iterfind("{*}sheets/{*}sheet"):
        title = sheet.get("name", "")
        relation = relations.get(attribute(sheet, "id") or "")
        if sheet.get("state", "visible") != "visible":
            unseen.append(f"hidden sheet {title} left out")
        elif relation is None or relation.type != "worksheet":
            unseen.append(f"sheet {title} is no table of cells, left out")
        else:
            reader = _Sheet(package, relation.target, strings, codes, since_1904=since_1904)
            lines = reader.grid.lines()
            notes = [*reader.grid.notes(), *reader.notes]
            yield Section(
                text=page_of(title, lines) if lines else "",
                notes=tuple(f"sheet {title}: {note}" for note in notes),
            )
    links = sum(relation.type == "externalLink" for relation in relations.values())
    if links:
        unseen.append(f"{counted(links, 'link')} to other files not followed, stored values stand")
    if any(relation.type == "vbaProject" for relation in relations.values()):
        unseen.append("macros not run")
    if unseen:
        yield Section(text="", notes=tuple(unseen))


def _strings(package: Package, part: str | None) -> list[str]:
    if part is None or not package.has(part):
        return []
    return [_string(item) for item in package.elements(part, "si")]


def _string(item: etree._Element) -> str:
    """The text of a shared or inline string; how it is pronounced is not printed in the line."""
    texts = (
        t.text or "" for t in item.iter("{*}t") if (up := t.getparent()) is not None and local(up) != "rPh"
    )
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), "".join(texts))


def _codes(package: Package, part: str | None) -> list[str]:
    """The format code of each style, by the number that cells give."""
    if part is None or not package.has(part):
        return []
    root = package.tree(part)
    own = {x.get("numFmtId", ""): x.get("formatCode", "") for x in root.iterfind("{*}numFmts/{*}numFmt")}
    known = {str(number): code for number, code in BUILTIN.items()} | own
    return [known.get(x.get("numFmtId", "0"), GENERAL) for x in root.iterfind("{*}cellXfs/{*}xf")]


class _Sheet:
    """Reads one sheet into its grid."""

    def __init__(
        self, package: Package, part: str, strings: list[str], codes: list[str], *, since_1904: bool
    ) -> None:
        self.grid = Grid(package.name)
        self.notes: list[str] = []
        self._strings, self._codes, self._since_1904 = strings, codes, since_1904
        self._zeros = True
        row = -1
        for element in package.elements(part, "sheetView", "col", "row", "mergeCell", *_NOT_READ):
            kind = local(element)
            if kind == "row":
                row = self._row(element, row + 1)
            elif kind == "sheetView":
                self._zeros = element.get("showZeros") not in {"0", "false"}
            elif kind == "col":
                self._column(element)
            elif kind == "mergeCell":
                self._merge(element.get("ref", ""))
            else:
                self.notes.append(_NOT_READ[kind])

    def _row(self, element: etree._Element, expected: int) -> int:
        number = _number(element.get("r"), _LAST_ROW) or expected + 1
        if _is_hidden(element, "ht"):
            self.grid.hide_row(number - 1)
        column = -1
        for cell in element.iterchildren("{*}c"):
            found = _place(cell.get("r", ""))
            row, column = found or (number - 1, column + 1)
            self._cell(cell, row, column)
        return number - 1

    def _cell(self, cell: etree._Element, row: int, column: int) -> None:
        kind, stored = cell.get("t") or "n", cell.findtext("{*}v")
        style = _number(cell.get("s"), len(self._codes) - 1, least=0)
        code = GENERAL if style is None else self._codes[style]
        if kind == "inlineStr":
            inline = cell.find("{*}is")
            text = shown_text(_string(inline), code) if inline is not None else ""
        elif stored is None or (not stored and kind != "str"):
            if cell.find("{*}f") is not None:
                self.grid.blank(_NO_VALUE, row, column)
            return
        elif kind == "s":
            at = _number(stored, len(self._strings) - 1, least=0)
            if at is None:
                self.grid.blank(_NO_STRING, row, column)
                return
            text = shown_text(self._strings[at], code)
        elif kind == "b":
            text = {"1": "TRUE", "0": "FALSE"}.get(stored, stored)
        elif kind == "n":
            text = self._amount(stored, code)
        else:
            text = shown_text(stored, code) if kind == "str" else stored
        self.grid.put(row, column, text)

    def _amount(self, stored: str, code: str) -> str:
        try:
            value = Decimal(stored.strip())
        except InvalidOperation:
            return stored
        if not value.is_finite() or (value == 0 and not self._zeros):
            return "" if value == 0 else stored
        return shown(value, code, since_1904=self._since_1904)

    def _column(self, element: etree._Element) -> None:
        first = _number(element.get("min"), _LAST_COLUMN)
        last = _number(element.get("max"), _LAST_COLUMN)
        if first and last and _is_hidden(element, "width"):
            self.grid.hide_columns(range(first - 1, last))

    def _merge(self, reference: str) -> None:
        first, _, last = reference.partition(":")
        begin, end = _place(first), _place(last or first)
        if begin and end:
            self.grid.merged.append(Merged(*begin, *end))


def _is_hidden(element: etree._Element, size: str) -> bool:
    return element.get("hidden") in {"1", "true"} or element.get(size) in {"0", "0.0"}


def _number(text: str | None, most: int, least: int = 1) -> int | None:
    text = (text or "").strip()
    if not (text.isascii() and text.isdigit()) or len(text) > 9 or not least <= int(text) <= most:
        return None
    return int(text)


def _place(reference: str) -> tuple[int, int] | None:
    """Row and column from 0 of a reference such as B12."""
    match = _REFERENCE.fullmatch(reference)
    if match is None:
        return None
    column = 0
    for letter in match[1]:
        column = column * 26 + ord(letter) - 64
    row = int(match[2])
    return (row - 1, column - 1) if row <= _LAST_ROW and column <= _LAST_COLUMN else None
