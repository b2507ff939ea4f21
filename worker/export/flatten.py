"""Extraction → rows of the export files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import NamedTuple

from schemas import AnyTable, Cell, CellRef, Chunk, Document, Finding, Row
from schemas.findings import Changed, Suspect, Verdict
from schemas.numerals import parse_numeral
from schemas.source import Box
from schemas.text import squeeze
from worker.export.plain import as_printed, plain
from worker.export.printed import printed_name, printed_text
from worker.export.rows import SEPARATOR, CellRow, CheckRow, DocumentRow, TableRow
from worker.ingest.notes import notes_of, unread_pages
from worker.pipeline import Extraction


class Listed(NamedTuple):
    """A table of a document in document order; `table` is None where no reader brought one."""

    chunk: Chunk
    table: AnyTable | None
    kind: str
    ordinal: int
    verdict: Verdict


def listed(extraction: Extraction) -> Iterator[Listed]:
    """Every table of a document, empty and failed ones included, numbered within its kind."""
    seen: Counter[str] = Counter()
    for chunk in sorted(extraction.chunks, key=lambda chunk: chunk.start):
        standing = extraction.standing.get(chunk.id)
        table = standing.table if standing else None
        kind = (
            table.kind
            if table
            else chunk.kind or ("narrative_facts" if chunk.role == "narrative" else "generic")
        )
        seen[kind] += 1
        yield Listed(chunk, table, kind, seen[kind], extraction.verdicts[chunk.id])


def document_row(extraction: Extraction, document: str, text_file: str) -> DocumentRow:
    """`document` is the name under which the export lists it."""
    facts = extraction.facts
    count = Counter[str](verdict.status for verdict in extraction.verdicts.values())
    return DocumentRow(
        document=document,
        sha256=extraction.document.sha256,
        title=as_printed(facts.title),
        unit_name=as_printed(facts.unit_name),
        year=facts.year,
        stage=facts.stage or "",
        pages=facts.pages,
        tables=len(extraction.verdicts),
        accepted=count["accepted"],
        review=count["review"],
        status=document_status(count),
        empty=count["empty"],
        contradictions=sum(finding.status == "failed" for finding in extraction.findings),
        text_file=text_file,
        error="",
        pages_unread=len(unread_pages(extraction.document)),
        notes=_joined(notes_of(extraction.document)),
    )


def document_status(counts: Mapping[str, int]) -> str:
    """By the number of tables of each status: `review` while one waits for a person or failed, else `accepted`.

    A document without any table is `empty`.
    """
    if not any(counts.values()):
        return "empty"
    return "review" if counts.get("review") or counts.get("failed") else "accepted"


def title_of(item: Listed) -> str:
    """The title of a table as printed, its kind where it has none."""
    return as_printed((item.table and item.table.title) or item.chunk.title) or item.kind


def table_row(item: Listed, extraction: Extraction, document: str, file: str) -> TableRow:
    """`file` is the path of the table's JSON within the export."""
    chunk, table, verdict = item.chunk, item.table, item.verdict
    standing = extraction.standing.get(chunk.id)
    printed = {entry.id: f"{entry.text} (line {entry.span.line})" for entry in chunk.ledger}
    return TableRow(
        document=document,
        table=chunk.id,
        kind=item.kind,
        title=as_printed((table and table.title) or chunk.title),
        unit=as_printed((table and table.unit) or chunk.unit or ""),
        stage=(table and table.stage) or chunk.stage or "",
        ordinal=item.ordinal,
        status=verdict.status,
        confidence=_share(verdict.confidence),
        reader=standing.reader if standing else "",
        checks_passed=verdict.passed,
        checks_failed=verdict.failed,
        checks_skipped=verdict.skipped,
        first_line=chunk.first_line,
        last_line=chunk.last_line,
        form=as_printed((table and table.form) or chunk.form or ""),
        year=(table and table.year) or chunk.year,
        page=chunk.page,
        rows=len(table.rows) if table else 0,
        coverage=_share(verdict.coverage),
        blind_cells=_joined(f"{ref.row}.{ref.column}" for ref in verdict.blind_cells),
        unexplained=_joined(printed.get(key, key) for key in verdict.unexplained),
        reasons=_joined(verdict.reasons),
        file=file,
        blind_spot=verdict.blind_spot,
    )


def cell_rows(
    item: Listed, document: Document, name: str, changes: Iterable[Changed] = ()
) -> Iterator[CellRow]:
    """The filled cells of a table, row by row. `name` is what the export calls the document; `changes` are cells that
    people changed."""
    changed = {change.cell: change for change in changes if change.cell.table == item.chunk.id}
    for number, row in enumerate(item.table.rows if item.table else ()):
        row_name = as_printed(printed_name(document, row))
        for column, cell in row.cells():
            change = changed.get(CellRef(item.chunk.id, number, column))
            yield CellRow(
                document=name,
                table=item.chunk.id,
                kind=item.kind,
                ordinal=item.ordinal,
                row=number,
                side=row.side or "",
                code=as_printed(row.code or ""),
                name=row_name,
                column=as_printed(column),
                value=cell.amount.value if cell.amount else None,
                text=as_printed(printed_text(document, cell)),
                line=cell.span.line,
                start=cell.span.start,
                end=cell.span.end,
                page=document.page_of(cell.span.start),
                grounded=grounded(document, cell, signed_by_words=column.startswith("change_")),
                box=_box(document.box(cell.span.start, cell.span.end)),
                changed_from=as_printed(change.before) if change else "",
                changed_by=as_printed(change.by) if change else "",
            )


def _box(box: Box | None) -> str:
    return " ".join(plain(Decimal(f"{side:.2f}").normalize()) for side in box) if box else ""


def check_rows(findings: Iterable[Finding], document: str) -> Iterator[CheckRow]:
    """The outcomes of the identities, in their order."""
    for finding in findings:
        yield CheckRow(
            document=document,
            table=next(iter(finding.tables), ""),
            check=finding.check,
            scope=finding.scope,
            statement=as_printed(finding.statement),
            left=finding.left,
            right=finding.right,
            difference=finding.difference,
            tolerance=finding.tolerance,
            status=finding.status,
            cells=_joined(map(str, finding.cells)),
            suspects=_joined(map(suspect_text, finding.suspects)),
            tables=_joined(finding.tables),
            verdict=finding.verdict,
        )


def suspect_text(suspect: Suspect) -> str:
    """t03!4.total=21.50 (reason)"""
    value = "" if suspect.value is None else f"={plain(suspect.value)}"
    reason = f" ({suspect.reason})" if suspect.reason else ""
    return f"{suspect.cell}{value}{reason}"


def grounded(document: Document, cell: Cell, *, signed_by_words: bool = False) -> bool:
    """Whether the text at the place of a cell is its value, looked up anew.

    `signed_by_words`: a word beside the figure (减少, 下降) gives the sign, the figure itself may lack it.
    """
    start, end = cell.span.start, cell.span.end
    if not 0 <= start < end <= len(document.text):
        return False
    printed = document.text[start:end]
    if cell.amount is None:
        return squeeze(printed) == squeeze(cell.text)
    found = parse_numeral(printed)
    if found is None:
        return False
    value = cell.amount.value
    return found.value == value or (signed_by_words and found.value == -value)


Mark = str
SUSPECT: Mark = "suspect"
FAILED: Mark = "failed"
BLIND: Mark = "blind"


def marks(findings: Iterable[Finding], table: str, verdict: Verdict) -> dict[CellRef, Mark]:
    """What is doubtful in a table: the first suspects of checks that fail, other cells in such checks, and
    cells that no check touches."""
    found: dict[CellRef, Mark] = dict.fromkeys(verdict.blind_cells, BLIND)
    failed = [finding for finding in findings if finding.status == "failed"]
    for finding in failed:
        doubtful = (*finding.cells, *(suspect.cell for suspect in finding.suspects))
        found.update({ref: FAILED for ref in doubtful if ref.table == table})
    for finding in failed:
        found.update({ref: SUSPECT for ref in _first_suspects(finding) if ref.table == table})
    return found


def _first_suspects(finding: Finding) -> list[CellRef]:
    """The most suspicious cell, and those for which exactly the same speaks."""
    return [suspect.cell for suspect in finding.suspects if suspect.reason == finding.suspects[0].reason]


def columns_of(table: AnyTable) -> list[tuple[str, str]]:
    """(key, header) of the columns to draw: those of the kind in its order, then others as printed."""
    used = dict.fromkeys(table.columns)
    for row in table.rows:
        used.update(dict.fromkeys(column for column, _ in row.cells()))
    declared = [key for key in table.row_type().column_infos() if key in used]
    keys = dict.fromkeys([*declared, *used])
    return [(key, as_printed(table.headers.get(key, "")) or key) for key in keys]


def label_of(row: Row) -> str:
    """The label of a row as printed, its name where no label is kept."""
    return as_printed(row.label.text if row.label else row.name)


def _joined(items: Iterable[str]) -> str:
    return SEPARATOR.join(as_printed(item) for item in items)


def _share(value: float) -> Decimal:
    return Decimal(f"{value:.4f}")
