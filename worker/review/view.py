"""An opened table, made of an extraction: the grid, what holds and what does not, the source around it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from schemas import AnyTable, Cell, CellRef, Document, Finding, Row, unit_factor
from schemas.findings import Changed, Rearrangement, Suspect
from worker.amend import Folded, printed
from worker.export.flatten import BLIND, SUSPECT, Listed, columns_of, label_of, listed, marks, title_of
from worker.export.plain import as_printed
from worker.export.printed import printed_text
from worker.pipeline import Extraction
from worker.reconcile.measure import unit_of
from worker.reconcile.wording import column_name, row_name
from worker.review.records import (
    CellState,
    GridCell,
    GridColumn,
    GridRow,
    IdentityView,
    MoveCells,
    PageView,
    Place,
    Proposal,
    SetCell,
    Sibling,
    Side,
    SourceLine,
    SuspectCell,
)

_AROUND = 4
_MOST_LINES = 4_000
_MOST_SUSPECTS = 8
_ORDER = {"failed": 0, "skipped": 1, "passed": 2}
# Control characters become one character each, so that offsets stay.
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


class Book(NamedTuple):
    """A document as people left it, and its tables in order."""

    extraction: Extraction
    tables: Mapping[str, Listed]


def book_of(extraction: Extraction) -> Book:
    """The document and its tables by id."""
    return Book(extraction, {item.chunk.id: item for item in listed(extraction)})


def grid(
    book: Book, key: str, after: Folded | None, drawn: Drawn
) -> tuple[tuple[GridColumn, ...], tuple[GridRow, ...]]:
    """The columns and rows of a table; none where no reader brought one. Rows that look as they did are taken from
    `drawn`, which is brought up to date."""
    item = book.tables[key]
    table = item.table
    if table is None:
        return (), ()
    infos = type(table).row_type().column_infos()
    columns = tuple(
        GridColumn(column, header, column in infos and infos[column].text)
        for column, header in columns_of(table)
    )
    cells = _Cells(book, key, table, after)
    keys = tuple(column.key for column in columns)
    rows = []
    for index, row in enumerate(table.rows):
        looks = keys, cells.looks(index, keys)
        known = drawn.get((key, index))
        if known is None or known.row is not row or known.looks != looks:
            shown = GridRow(
                index=index,
                side=row.side or "",
                code=as_printed(row.code or ""),
                name=as_printed(row.name),
                label=label_of(row),
                place=_place(book.extraction.document, row.label or row.code_cell),
                cells=tuple(
                    cells.cell(index, column, look) for column, look in zip(keys, looks[1], strict=True)
                ),
            )
            known = drawn[key, index] = _Drawn(row, looks, shown)
        rows.append(known.shown)
    return columns, tuple(rows)


class _Look(NamedTuple):
    """What of a cell depends on more than its row."""

    state: CellState
    change: Changed | None
    identities: tuple[int, ...]


class _Drawn(NamedTuple):
    row: Row
    looks: tuple[tuple[str, ...], tuple[_Look, ...]]
    shown: GridRow


Drawn = dict[tuple[str, int], _Drawn]
"""Rows of the grids of a document as they were shown last, by table and number."""


class _Cells:
    """Draws the cells of one table."""

    def __init__(self, book: Book, key: str, table: AnyTable, after: Folded | None) -> None:
        extraction = book.extraction
        self._document = extraction.document
        self._key, self._table = key, table
        self._marks = marks(extraction.findings, key, book.tables[key].verdict)
        self._changed: dict[CellRef, Changed] = {each.cell: each for each in (after.changes if after else ())}
        self._scores = {n.id: n.score for n in book.tables[key].chunk.ledger if n.score is not None}
        self._in: dict[CellRef, list[int]] = defaultdict(list)
        self._held: set[CellRef] = set()
        for number, finding in enumerate(extraction.findings):
            if key in finding.tables:
                for ref in finding.cells:
                    self._in[ref].append(number)
                if finding.status == "passed":
                    self._held.update(finding.cells)

    def looks(self, row: int, columns: Sequence[str]) -> tuple[_Look, ...]:
        """How the cells of a row look now."""
        found = self._table.rows[row]
        refs = [CellRef(self._key, row, column) for column in columns]
        return tuple(
            _Look(
                self._state(ref, found.get(ref.column)),
                self._changed.get(ref),
                tuple(self._in.get(ref, ())),
            )
            for ref in refs
        )

    def cell(self, row: int, column: str, look: _Look) -> GridCell:
        """A cell of the grid."""
        found, change = self._table.rows[row].get(column), look.change
        return GridCell(
            ref=CellRef(self._key, row, column),
            text=as_printed(printed_text(self._document, found)) if found and found.text else "",
            value=found.amount.value if found and found.amount else None,
            typed=printed(self._table.rows[row], column) if found else "",
            state=look.state,
            place=_place(self._document, found),
            changed_from=as_printed(change.before) if change else None,
            changed_by=change.by if change else None,
            identities=look.identities,
            score=self._scores.get(found.numeral) if found and found.numeral else None,
        )

    def _state(self, ref: CellRef, found: Cell | None) -> CellState:
        mark = self._marks.get(ref)
        if ref in self._changed:
            return "changed"
        if mark is not None and mark != BLIND:
            return "suspect" if mark == SUSPECT else "doubtful"
        if found is None:
            return "blank"
        if found.amount is None:
            return "text"
        return "closed" if ref in self._held else "unbound"


def _place(document: Document, cell: Cell | None) -> Place | None:
    if cell is None or not 0 <= cell.span.start < cell.span.end <= len(document.text):
        return None
    start, end = cell.span.start, cell.span.end
    box = cell.span.box or (document.box(start, end) if document.words else None)
    return Place(start, end, document.line_of(start), document.page_of(start), box)


def identities(book: Book, key: str) -> tuple[IdentityView, ...]:
    """The identities that name a table: failing ones first, the largest difference in front."""
    found = [(n, finding) for n, finding in enumerate(book.extraction.findings) if key in finding.tables]
    found.sort(key=lambda each: (_ORDER[each[1].status], -_size(book, each[1]), each[0]))
    return tuple(identity(book, number, finding) for number, finding in found)


def _size(book: Book, finding: Finding) -> Decimal:
    if finding.status != "failed" or finding.difference is None:
        return Decimal(0)
    return abs(finding.difference) * unit_factor(unit_of(finding, book.extraction.tables))


def identity(book: Book, number: int, finding: Finding) -> IdentityView:
    """One identity in words and figures; `number` is its place among the findings."""
    failed = finding.status == "failed"
    return IdentityView(
        id=number,
        check=finding.check,
        scope=finding.scope,
        words=as_printed(finding.statement),
        status=finding.status,
        verdict=finding.verdict,
        unit=as_printed(unit_of(finding, book.extraction.tables) or "") if failed else "",
        sides=tuple(_sides(book, finding)),
        difference=finding.difference,
        tolerance=finding.tolerance,
        tables=finding.tables,
        cells=finding.cells,
        suspects=tuple(_suspect(book, each) for each in finding.suspects[:_MOST_SUSPECTS]) if failed else (),
    )


def _sides(book: Book, finding: Finding) -> Iterator[Side]:
    words = ["as printed", "as it follows from the others"]
    if finding.scope in {"cross_table", "narrative"} and len(finding.tables) == 2:
        words = [title_of(book.tables[key]) if key in book.tables else key for key in finding.tables]
    for side, figure in zip(words, (finding.left, finding.right), strict=True):
        if figure is not None:
            yield Side(side, figure)


def _suspect(book: Book, suspect: Suspect) -> SuspectCell:
    item = book.tables.get(suspect.cell.table)
    table = item.table if item else None
    row = table.rows[suspect.cell.row] if table and suspect.cell.row < len(table.rows) else None
    if item is None or table is None or row is None:
        return SuspectCell(suspect.cell, str(suspect.cell), "", None, as_printed(suspect.reason), "", ())
    cell = row.get(suspect.cell.column)
    reason = suspect.reason
    for ref in suspect.others:
        reason = reason.replace(str(ref), _where(book, ref))
    ends = [f"{end:,f}" for end in (suspect.low, suspect.high) if end is not None]
    return SuspectCell(
        cell=suspect.cell,
        where=_where(book, suspect.cell),
        printed=as_printed(cell.text) if cell else "",
        place=_place(book.extraction.document, cell),
        reason=as_printed(reason),
        closing=" to ".join(dict.fromkeys(ends)),
        proposals=tuple(_values(book, suspect)),
    )


def _where(book: Book, ref: CellRef) -> str:
    item = book.tables.get(ref.table)
    if item is None or item.table is None or ref.row >= len(item.table.rows):
        return str(ref)
    names = f"{row_name(item.table.rows[ref.row], ref.row)}, {column_name(item.table, ref.column)}"
    return as_printed(f"{ref.table} {names}")


def _values(book: Book, suspect: Suspect) -> Iterator[Proposal]:
    """The values that a cell may really have, the likeliest first."""
    evidence: dict[Decimal, list[str]] = {}
    for candidate in suspect.candidates:
        evidence.setdefault(candidate.value, []).append(as_printed(candidate.words))
    if suspect.value is not None:
        evidence.setdefault(suspect.value, [])
    _, row, column = suspect.cell
    for value, words in evidence.items():
        change = SetCell(row, column, f"{value:f}", why="; ".join(words) or "closes the identities")
        told = f"{_where(book, suspect.cell)}: {value:,f}"
        yield Proposal(change, told, tuple(words), tuple(_closed_by(book, suspect, value)))


def _closed_by(book: Book, suspect: Suspect, value: Decimal) -> Iterator[int]:
    """The identities that would hold if the cell, and nothing else, were this value."""
    if suspect.others:
        return
    for number, finding in enumerate(book.extraction.findings):
        for each in finding.suspects if finding.status == "failed" else ():
            within = each.low is not None and each.high is not None and each.low <= value <= each.high
            if each.cell == suspect.cell and within and not each.others:
                yield number
                break


def proposals(book: Book, key: str) -> tuple[Proposal, ...]:
    """The rearrangements that a table's verdict proposes."""
    return tuple(_move(book, key, each) for each in book.tables[key].verdict.proposals)


def _move(book: Book, key: str, proposed: Rearrangement) -> Proposal:
    closes = tuple(
        number
        for number, finding in enumerate(book.extraction.findings)
        if finding.status == "failed" and finding.verdict == "misplaced" and key in finding.tables
    )
    words = as_printed(proposed.words)
    return Proposal(MoveCells(proposed.moves, why=words), words, (words.partition(": ")[2] or words,), closes)


def siblings(book: Book) -> tuple[Sibling, ...]:
    """All tables of the document."""
    failed: dict[str, int] = defaultdict(int)
    for finding in book.extraction.findings:
        if finding.status == "failed":
            for key in finding.tables:
                failed[key] += 1
    return tuple(
        Sibling(key, title_of(item), item.kind, item.verdict.status, failed[key])
        for key, item in book.tables.items()
    )


def source_lines(book: Book, key: str) -> tuple[SourceLine, ...]:
    """The lines of a table and a few around it."""
    document, chunk = book.extraction.document, book.tables[key].chunk
    starts = document.line_starts
    first = max(1, chunk.first_line - _AROUND)
    last = min(len(starts), chunk.last_line + _AROUND, first + _MOST_LINES)
    return tuple(_line(document, number, starts) for number in range(first, last + 1))


def _line(document: Document, number: int, starts: Sequence[int]) -> SourceLine:
    start = starts[number - 1]
    end = starts[number] if number < len(starts) else len(document.text)
    text = document.text[start:end].rstrip("\r\n\f")
    return SourceLine(number, document.page_of(start), start, _UNPRINTABLE.sub("\ufffd", text))


def pages(document: Document) -> tuple[PageView, ...]:
    """The pages of a document that has pages to look at."""
    return tuple(PageView(n, page.width, page.height) for n, page in enumerate(document.pages, start=1))
