"""What the API gives out. Amounts are decimal strings: no digit is lost to a float on the way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Self

from pydantic import BaseModel, Field, PlainSerializer

from schemas import Finding
from schemas.tables import Cell, CellRef, Row
from schemas.tables import Table as TypedTable
from worker.store.lines import BatchLine, DocumentLine, FindingLine, TableFound, TableLine
from worker.store.records import ItemRecord, Usage

Exact = Annotated[Decimal, PlainSerializer(lambda value: f"{value:f}", return_type=str)]
"""A decimal number, as text, with the digits as printed."""

Dollars = Annotated[Decimal, PlainSerializer(lambda value: f"{value.normalize():f}", return_type=str)]
"""US dollars, as text."""


class Batch(BaseModel):
    """Files that were handed in together. `items` are files and `tables` tables, by state.

    `entered`: all its files are known; until then more come. `reason` says why it is paused, or what went wrong
    while files were entered. `spent_usd` and `tokens` are what calls to a model came to.
    """

    id: int
    name: str
    status: str
    reason: str
    priority: int
    budget_usd: Dollars | None
    spent_usd: Dollars
    tokens: int
    entered: bool
    items: dict[str, int]
    tables: dict[str, int]
    added_at: datetime
    touched_at: datetime

    @classmethod
    def of(cls, line: BatchLine) -> Self:
        """From what the store lists."""
        return cls.model_validate(line._asdict())


class Item(BaseModel):
    """A file of a batch: where it was, what became of it, and the document that it is."""

    id: int
    place: str
    name: str
    sha256: str | None
    status: str
    error: str | None
    document_id: int | None
    notes: list[str]

    @classmethod
    def of(cls, record: ItemRecord) -> Self:
        """From what the store lists."""
        return cls.model_validate(record._asdict())


class Document(BaseModel):
    """A document: what it is, and how many of its tables are in which state."""

    id: int
    name: str
    sha256: str | None
    status: str
    error: str | None
    title: str
    unit_name: str
    year: int | None
    stage: str | None
    pages: int
    run: int
    tables: dict[str, int]
    checks_failed: int
    chunks_poisoned: int
    added_at: datetime
    touched_at: datetime

    @classmethod
    def of(cls, line: DocumentLine) -> Self:
        """From what the store lists."""
        return cls.model_validate(line._asdict())


class TableSummary(BaseModel):
    """A table as listed; `table` is its id within the document. Checks by outcome."""

    table: str
    kind: str
    title: str
    unit: str | None
    stage: str | None
    ordinal: int
    status: str
    confidence: float
    reader: str
    checks_passed: int
    checks_failed: int
    checks_skipped: int
    first_line: int
    last_line: int

    @classmethod
    def of(cls, line: TableLine) -> Self:
        """From what the store lists."""
        return cls(
            table=line.key,
            checks_passed=line.passed,
            checks_failed=line.failed,
            checks_skipped=line.skipped,
            **{name: getattr(line, name) for name in cls.model_fields if name in TableLine._fields},
        )


class CellShape(BaseModel):
    """A cell: `value` is its figure in the unit of the table (None: a text), `text` what is printed.

    `changed_from` is what was read, where a person changed it: empty for a blank, null where nobody did. Its place:
    offsets [start, end) in the text of the document, line, page, and where known the box (x0, top, x1, bottom) in
    points on the page.
    """

    value: Exact | None
    text: str
    changed_from: str | None
    start: int
    end: int
    line: int
    page: int
    box: tuple[float, float, float, float] | None

    @classmethod
    def of(cls, cell: Cell, changed_from: str | None) -> Self:
        """From a cell of a typed table."""
        span = cell.span
        value = cell.amount.value if cell.amount else None
        place = {"start": span.start, "end": span.end, "line": span.line, "page": span.page}
        return cls(value=value, text=cell.text, changed_from=changed_from, box=span.box, **place)


class RowShape(BaseModel):
    """A row: what it is known by, and its filled cells by column."""

    side: str | None
    code: str | None
    name: str
    cells: dict[str, CellShape]

    @classmethod
    def of(cls, row: Row, changed: Mapping[str, str]) -> Self:
        """From a row of a typed table; `changed` are its changed cells as they were, by column."""
        cells = {column: CellShape.of(cell, changed.get(column)) for column, cell in row.cells()}
        return cls(side=row.side, code=row.code, name=row.name, cells=cells)


class CellPlace(BaseModel):
    """A cell by table, 0-based row and column."""

    table: str
    row: int
    column: str

    @classmethod
    def of(cls, ref: CellRef) -> Self:
        """From a reference."""
        return cls(table=ref.table, row=ref.row, column=ref.column)


class ChangedCell(BaseModel):
    """A cell or label that a person changed: as it was read and as it is, empty for a blank."""

    cell: CellPlace
    before: str
    after: str
    by: str


class SuspectShape(BaseModel):
    """A cell that may be wrong, and the value that would make everything close."""

    cell: CellPlace
    value: Exact | None
    reason: str


class FindingShape(BaseModel):
    """The outcome of one identity: both sides with the difference and what rounding allows."""

    rule: str
    scope: str
    status: str
    verdict: str
    statement: str
    left: Exact | None
    right: Exact | None
    difference: Exact | None
    tolerance: Exact | None
    tables: list[str]
    cells: list[CellPlace]
    suspects: list[SuspectShape]

    @classmethod
    def of(cls, finding: Finding) -> Self:
        """From a finding."""
        return cls.model_validate(
            {
                **{name: getattr(finding, name) for name in cls.model_fields if name in _PLAIN},
                "rule": finding.check,
                "tables": list(finding.tables),
                "cells": _places(finding.cells),
                "suspects": [
                    SuspectShape(cell=CellPlace.of(each.cell), value=each.value, reason=each.reason)
                    for each in finding.suspects
                ],
            }
        )


class ListedFinding(BaseModel):
    """A finding with its document."""

    id: int
    document_id: int
    finding: FindingShape

    @classmethod
    def of(cls, line: FindingLine) -> Self:
        """From what the store lists."""
        return cls(id=line.id, document_id=line.document_id, finding=FindingShape.of(line.finding))


class VerdictShape(BaseModel):
    """Where a table goes and why. `coverage` is the share of figures that an identity touches."""

    status: str
    confidence: float
    coverage: float
    reasons: list[str]
    blind_cells: list[CellPlace]
    unexplained: list[str]


class Table(BaseModel):
    """A typed table with its cells, its verdict and the findings it takes part in.

    `columns` are those that the document prints, in its order; `headers` are their headers as printed. `changes` are
    those of people, and are made in `rows` already.
    """

    table: str
    kind: str
    title: str
    form: str | None
    unit: str | None
    stage: str | None
    year: int | None
    ordinal: int
    reader: str
    columns: list[str]
    headers: dict[str, str]
    rows: list[RowShape]
    verdict: VerdictShape
    findings: list[FindingShape]
    changes: list[ChangedCell]

    @classmethod
    def of(cls, found: TableFound) -> Self:
        """From what the store knows of it; without rows where no reader brought it."""
        line, verdict = found.line, found.verdict
        changed: dict[int, dict[str, str]] = {}
        for each in found.changes:
            changed.setdefault(each.cell.row, {})[each.cell.column] = each.before
        table = found.reading.table if found.reading else TypedTable[Row](kind=line.kind, title=line.title)
        return cls(
            table=line.key,
            kind=line.kind,
            title=line.title,
            form=table.form,
            unit=line.unit,
            stage=line.stage,
            year=table.year,
            ordinal=line.ordinal,
            reader=line.reader,
            columns=table.columns,
            headers=table.headers,
            rows=[RowShape.of(row, changed.get(index, {})) for index, row in enumerate(table.rows)],
            verdict=VerdictShape(
                status=line.status,
                confidence=verdict.confidence,
                coverage=verdict.coverage,
                reasons=list(verdict.reasons),
                blind_cells=_places(verdict.blind_cells),
                unexplained=list(verdict.unexplained),
            ),
            findings=[FindingShape.of(finding) for finding in found.findings],
            changes=[
                ChangedCell(cell=CellPlace.of(each.cell), before=each.before, after=each.after, by=each.by)
                for each in found.changes
            ],
        )


class Spent(BaseModel):
    """What calls to a model came to. `cost_usd` is None where a price is not known; `seconds` are summed."""

    calls: int
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    cost_usd: Dollars | None
    seconds: float

    @classmethod
    def of(cls, usage: Usage) -> Self:
        """From what the store counts."""
        return cls.model_validate(usage._asdict())


class Kind(BaseModel):
    """A kind of tables: what it holds, its columns, and the rules that hold in it."""

    kind: str
    description: str
    sides: list[str]
    columns: list[str]
    rules: list[str]


class Changed(BaseModel):
    """How many files a request changed the state of, and the batch as it is now."""

    files: int = Field(ge=0)
    batch: Batch


class Retried(BaseModel):
    """How many files wait to be read again."""

    files: int = Field(ge=0)


class PartShape(BaseModel):
    """One thing that the service needs, whether it works, and if not what to do."""

    name: str
    ready: bool
    reason: str


class Readiness(BaseModel):
    """Whether work gets done, and the parts that this takes."""

    ready: bool
    parts: list[PartShape]


_PLAIN = frozenset({"scope", "status", "verdict", "statement", "left", "right", "difference", "tolerance"})


def _places(refs: Sequence[CellRef]) -> list[CellPlace]:
    return [CellPlace.of(ref) for ref in refs]
