"""ODS: what its sheets show. A cell holds its text as it is shown, so that no format has to be applied."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from schemas import TooLarge, Unsupported
from worker.ingest.messages import Section
from worker.ingest.office.grid import MOST_CELLS, Grid, Merged, page_of
from worker.ingest.office.package import Package, attribute, local

_UNSEEN = {"annotation", "frame", "custom-shape", "shapes", "forms", "line", "rect", "control", "ruby-text"}
_LAST = 1_048_576
_NO_VALUE = "formulas without a stored value are blank"


def sections_of_ods(data: bytes, name: str) -> Iterator[Section]:
    """A section for each sheet that is shown."""
    package = Package(data, name)
    if package.has("META-INF/manifest.xml") and b"encryption-data" in package.read("META-INF/manifest.xml"):
        raise Unsupported(name, "is encrypted", "save it without a password")
    root = package.tree("content.xml")
    hidden = _hidden_styles(root)
    for sheet in root.iterfind("{*}body/{*}spreadsheet/{*}table"):
        title = attribute(sheet, "name") or ""
        if attribute(sheet, "style-name") in hidden:
            yield Section(text="", notes=(f"hidden sheet {title} left out",))
            continue
        grid = Grid(name)
        _Sheet(grid, hidden).read(sheet)
        drawn = sheet.find("{*}shapes") is not None or next(sheet.iter("{*}frame"), None) is not None
        notes = [*grid.notes(), *(["pictures, charts and text boxes are not read"] if drawn else [])]
        lines = grid.lines()
        yield Section(
            text=page_of(title, lines) if lines else "",
            notes=tuple(f"sheet {title}: {note}" for note in notes),
        )


def _hidden_styles(root: etree._Element) -> set[str | None]:
    """Styles of tables that are not shown."""
    found: set[str | None] = set()
    for style in root.iterfind("{*}automatic-styles/{*}style"):
        if any(attribute(item, "display") == "false" for item in style.iterfind("{*}table-properties")):
            found.add(attribute(style, "name"))
    return found


class _Sheet:
    """Walks the rows of a table, those in groups and headers included."""

    def __init__(self, grid: Grid, hidden: set[str | None]) -> None:
        self.grid = grid
        self.hidden = hidden
        self.row = self.column = 0
        self.cells = 0

    def read(self, parent: etree._Element, *, shown: bool = True) -> None:
        """Take up all rows and columns below an element."""
        for element in parent:
            kind = local(element)
            seen = shown and attribute(element, "visibility") not in {"collapse", "filter"}
            if kind == "table-column":
                times = _times(element, "number-columns-repeated")
                if not seen:
                    self.grid.hide_columns(range(self.column, self.column + times))
                self.column += times
            elif kind == "table-row":
                self._rows(element, seen=seen)
            elif kind.startswith(("table-row", "table-header", "table-column")):
                self.read(element, shown=seen and attribute(element, "display") != "false")

    def _rows(self, element: etree._Element, *, seen: bool) -> None:
        times = _times(element, "number-rows-repeated")
        filled = [*self._filled(element)]
        if not filled:
            self.row += times
            return
        self.cells += times * len(filled)
        if self.cells > MOST_CELLS:
            raise TooLarge(self.grid.name, f"has over {MOST_CELLS:,} cells", "split it into several files")
        for row in range(self.row, self.row + times):
            if not seen:
                self.grid.hide_row(row)
            for column, cell in filled:
                self._cell(cell, row, column)
        self.row += times

    def _filled(self, element: etree._Element) -> Iterator[tuple[int, etree._Element]]:
        """Cells with something in them, each as often as it is repeated, with their columns."""
        column = 0
        for cell in element:
            if local(cell) not in {"table-cell", "covered-table-cell"}:
                continue
            times = _times(cell, "number-columns-repeated")
            if local(cell) == "table-cell" and (len(cell) or attribute(cell, "formula") is not None):
                self.cells += times
                if self.cells > MOST_CELLS:
                    raise TooLarge(
                        self.grid.name, f"has over {MOST_CELLS:,} cells", "split it into several files"
                    )
                yield from ((column + at, cell) for at in range(times))
            column += times

    def _cell(self, cell: etree._Element, row: int, column: int) -> None:
        across, down = _times(cell, "number-columns-spanned"), _times(cell, "number-rows-spanned")
        if across > 1 or down > 1:
            self.grid.merged.append(Merged(row, column, row + down - 1, column + across - 1))
        paragraphs = cell.findall("{*}p")
        if not paragraphs and attribute(cell, "formula") is not None:
            if attribute(cell, "value") is None:
                self.grid.blank(_NO_VALUE, row, column)
            self.grid.put(row, column, attribute(cell, "value") or "")
            return
        self.grid.put(row, column, "\n".join("".join(_text(paragraph)) for paragraph in paragraphs))


def _text(element: etree._Element) -> Iterator[str]:
    yield element.text or ""
    for child in element:
        kind = local(child)
        if kind == "s":
            yield " " * min(_times(child, "c"), 100)
        elif kind in {"tab", "line-break"}:
            yield " "
        elif kind not in _UNSEEN:
            yield from _text(child)
        yield child.tail or ""


def _times(element: etree._Element, name: str) -> int:
    text = attribute(element, name) or "1"
    return min(int(text), _LAST) if text.isascii() and text.isdigit() and len(text) < 12 and int(text) else 1
