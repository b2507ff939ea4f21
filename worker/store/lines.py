"""What pages of lists are made of."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from schemas import Finding, Reading
from schemas.findings import Changed, Verdict


class BatchLine(NamedTuple):
    """A batch as listed: files and tables by status. `entered`: all its files are known.

    `tokens` (read and written) and `spent_usd` are what calls to a model came to.
    """

    id: int
    name: str
    status: str
    reason: str
    priority: int
    budget_usd: Decimal | None
    spent_usd: Decimal
    tokens: int
    entered: bool
    items: Mapping[str, int]
    tables: Mapping[str, int]
    added_at: datetime
    touched_at: datetime


class DocumentLine(NamedTuple):
    """A document as listed: tables by status, checks that failed, chunks that were given up."""

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
    tables: Mapping[str, int]
    checks_failed: int
    chunks_poisoned: int
    added_at: datetime
    touched_at: datetime


class TableLine(NamedTuple):
    """A table as listed: `key` is unique in its document; checks by outcome."""

    key: str
    kind: str
    title: str
    unit: str | None
    stage: str | None
    ordinal: int
    status: str
    confidence: float
    reader: str
    passed: int
    failed: int
    skipped: int
    first_line: int
    last_line: int


class TableFound(NamedTuple):
    """All that is known of a table; without a `reading` where no reader brought one. `changes` are those of people."""

    line: TableLine
    verdict: Verdict
    reading: Reading | None
    findings: tuple[Finding, ...]
    changes: tuple[Changed, ...]


class FindingLine(NamedTuple):
    """A finding with its id and its document."""

    id: int
    document_id: int
    finding: Finding
