"""Lists as a terminal shows them: documents, tables, findings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from rich import box
from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table as Grid
from rich.text import Text

from schemas import Finding
from schemas.findings import Suspect
from worker.export.flatten import Listed, document_status, label_of, listed, title_of
from worker.export.plain import as_printed, plain
from worker.pipeline import Extraction
from worker.store import DocumentRecord

STATUS_STYLE = {
    "accepted": "green",
    "corrected": "green",
    "passed": "green",
    "review": "yellow",
    "failed": "red",
    "rejected": "red",
    "empty": "dim",
    "skipped": "dim",
}
GAP = 2
_WIDEST_NAME = 40
_NARROWEST_TITLE = 18
_ROOM_FOR_FIGURES = 96
_MOST_SUSPECTS = 5
_FIGURES = ("rows", "confidence", "passed", "failed")
_COUNTS = ("tables", "accepted", "review", "empty", "contradictions")


def status(text: str) -> Text:
    """A status in its colour."""
    return Text(text, style=STATUS_STYLE.get(text, ""))


def simple_grid(*headers: str, right: Sequence[str] = ()) -> Grid:
    """An empty grid in the style of all lists; the columns named in `right` hold figures."""
    grid = Grid(
        box=box.SIMPLE_HEAD, show_edge=False, header_style="bold", pad_edge=False, padding=(0, GAP - 1, 0, 0)
    )
    for header in headers:
        figures = header in right
        grid.add_column(header, justify="right" if figures else "left", no_wrap=figures, overflow="fold")
    return grid


def document_grid(records: Sequence[DocumentRecord], width: int) -> Grid:
    """What became of documents, one line each."""
    names = [Text(as_printed(record.name)) for record in records]
    room = width - sum(len(name) + GAP for name in (*_COUNTS, "accepted"))
    longest = max((name.cell_len for name in names), default=0)
    name_width = max(_NARROWEST_TITLE, min(_WIDEST_NAME, longest, room - GAP))
    left = room - name_width - GAP
    titled = left > _NARROWEST_TITLE
    grid = simple_grid("document", *(["title"] if titled else []), *_COUNTS, "status", right=_COUNTS)
    grid.columns[0].width = name_width
    for name, record in zip(names, records, strict=True):
        counts = record.counts
        ended = {"done": document_status(counts), "failed": "failed"}
        grid.add_row(
            name,
            *([_cut(record.title, left - GAP)] if titled else []),
            str(record.tables),
            _count(counts.get("accepted", 0), "green"),
            _count(counts.get("review", 0), "yellow"),
            _count(counts.get("empty", 0), "dim"),
            _count(record.failed, "red"),
            status(ended.get(record.status, record.status)),
        )
    return grid


def failed_line(record: DocumentRecord) -> Text:
    """Why a document failed."""
    return Text.assemble(
        ("failed  ", "red"), as_printed(f"{record.name}: {record.error or 'no reason is known'}")
    )


def _count(number: int, style: str) -> Text:
    return Text(str(number), style if number else "dim")


def _cut(text: str, width: int) -> Text:
    cut = Text(as_printed(text))
    cut.truncate(width, overflow="ellipsis")
    # Half of a wide character is filled with a space.
    cut.plain = cut.plain.replace(" …", "…")
    return cut


def table_grid(extraction: Extraction, tables: Sequence[Listed], width: int) -> RenderableType:
    """The tables of a document, one line each; why one waits for a person only where there is room for it."""
    kinds = [f"{item.kind} {item.ordinal}" if item.ordinal > 1 else item.kind for item in tables]
    figures = _FIGURES if width >= _ROOM_FOR_FIGURES else ("rows", "failed")
    fixed = max(map(len, kinds), default=0) + sum(
        len(x) + GAP for x in ("table", "", "", *figures, "accepted")
    )
    longest = max((cell_len(title_of(item)) for item in tables), default=0)
    title_width = max(_NARROWEST_TITLE, min(_WIDEST_NAME, longest, width - fixed))
    left = width - fixed - title_width - GAP
    reasons = left > _NARROWEST_TITLE
    grid = simple_grid(
        "table", "kind", "title", *figures, "status", *(["why"] if reasons else []), right=figures
    )
    for column in grid.columns:
        column.no_wrap = True
    for item, kind in zip(tables, kinds, strict=True):
        verdict = item.verdict
        counts = {
            "rows": Text(str(len(item.table.rows)) if item.table else ""),
            "confidence": Text(f"{verdict.confidence:.2f}"),
            "passed": Text(str(verdict.passed)),
            "failed": _count(verdict.failed, "red"),
        }
        grid.add_row(
            Text(item.chunk.id, "cyan"),
            kind,
            _cut(title_of(item), title_width),
            *(counts[name] for name in figures),
            status(verdict.status),
            *([_cut(_shortened(verdict.reasons), left)] if reasons else []),
        )
    facts = extraction.facts
    head = [facts.title, facts.unit_name, extraction.document.name]
    return Group(Text(" · ".join(as_printed(part) for part in head if part), "bold"), grid)


def _shortened(reasons: Sequence[str]) -> str:
    if not reasons:
        return ""
    more = f"(and {len(reasons) - 1} more) " if len(reasons) > 1 else ""
    return as_printed(more + reasons[0])


def draw_findings(shown: Sequence[Finding], extraction: Extraction) -> Iterator[RenderableType]:
    """Findings under the table that their left side stands in."""
    titles = {item.chunk.id: title_of(item) for item in listed(extraction)}
    order = {key: number for number, key in enumerate(titles)}
    by_table = sorted(shown, key=lambda finding: order.get(next(iter(finding.tables), ""), len(order)))
    for tables, group in groupby(by_table, key=lambda finding: next(iter(finding.tables), "")):
        yield Text.assemble((tables, "bold cyan"), "  ", (titles.get(tables, ""), "bold"))
        yield from (draw_finding(finding, extraction) for finding in group)


def draw_finding(finding: Finding, extraction: Extraction) -> RenderableType:
    """One finding: status, equation, rule, and the likeliest suspects with the value that would close."""
    more = len(finding.suspects) - _MOST_SUSPECTS
    return hanging(
        status(finding.status),
        Group(
            Text(as_printed(finding.statement)),
            Text(" · ".join(_facts(finding)), "dim"),
            *(draw_suspect(suspect, extraction) for suspect in finding.suspects[:_MOST_SUSPECTS]),
            *([Text(f"… and {more} more suspects", "dim")] if more > 0 else []),
        ),
    )


def hanging(lead: Text, body: RenderableType) -> RenderableType:
    """`body` with all its lines to the right of `lead`."""
    grid = Grid.grid(padding=(0, 1, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row(lead, body)
    return Padding(grid, (0, 0, 0, 2), expand=False)


def _facts(finding: Finding) -> Iterator[str]:
    yield finding.check
    if finding.verdict:
        yield {"source": "the printed figures disagree"}.get(finding.verdict, finding.verdict)


def draw_suspect(suspect: Suspect, extraction: Extraction) -> RenderableType:
    """? t03 2010301 行政运行, total 12.50: 21.50 would close (transposed digits)"""
    ref = suspect.cell
    table = extraction.tables.get(ref.table)
    row = table.rows[ref.row] if table and ref.row < len(table.rows) else None
    cell = row.get(ref.column) if row else None
    where = " ".join(
        filter(None, [ref.table, row.code if row else "", label_of(row) if row else f"row {ref.row}"])
    )
    printed = f" {as_printed(cell.text)}" if cell else " (blank)"
    value = f": {plain(suspect.value)} would close" if suspect.value is not None else ""
    reason = f" ({as_printed(suspect.reason)})" if suspect.reason else ""
    return hanging(
        Text("?", "bold red"), Text.assemble(f"{where}, {ref.column}", (printed, "bold red"), value, reason)
    )
