"""Asking: what is in the store, and everything that is known of one document."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, select, text, union
from sqlalchemy.orm import Session

from schemas import Chunk, Document, Finding, InputError, Reading
from schemas.findings import Verdict
from worker.amend import changes_of, corrected, fold_readings
from worker.pipeline import Extraction
from worker.segment import DocumentFacts
from worker.store.logs import log
from worker.store.models import (
    CallRow,
    ChunkRow,
    DocumentRow,
    FindingRow,
    NameRow,
    ReadingRow,
    TableRow,
)
from worker.store.models.work import TABLE_COUNTS, TableCounts
from worker.store.records import Claim, DocumentRecord, Progress, ReadChunks, Usage, reading_from

CLOSED = ("done", "failed")
"""The states in which nothing more is done for a document."""

# In the words of its index: a parameter in their place would hide that from the database.
_POISONED = text("chunks.status = 'poisoned'")
_SHORTEST_SHA = 6
_BATCH = 500


def list_documents(session: Session) -> list[DocumentRecord]:
    """All documents in the order of their entry."""
    return _records(session, select(DocumentRow).order_by(DocumentRow.id))


def record(session: Session, document_id: int) -> DocumentRecord:
    """One document by its id. Raises KeyError."""
    found = _records(session, select(DocumentRow).where(DocumentRow.id == document_id))
    if not found:
        raise KeyError(document_id)
    return found[0]


def known(session: Session, sha256: str) -> DocumentRecord | None:
    """The document of exactly this SHA-256, if there is one."""
    return next(iter(_records(session, select(DocumentRow).where(DocumentRow.sha256 == sha256))), None)


def _records(session: Session, query: Select[DocumentRow]) -> list[DocumentRecord]:
    rows = session.execute(query).scalars().all()
    poisoned = _poisoned(session, [row.id for row in rows])
    return [
        DocumentRecord(
            id=row.id,
            name=row.name,
            sha256=row.sha256,
            status=row.status,
            error=row.error,
            recipe=row.recipe,
            run=row.run,
            title=row.title,
            unit_name=row.unit_name,
            year=row.year,
            stage=row.stage,
            pages=row.pages,
            counts=table_counts(row),
            failed=row.checks_failed,
            poisoned=poisoned.get(row.id, 0),
        )
        for row in rows
    ]


def table_counts(row: TableCounts) -> dict[str, int]:
    """The tables of a document, or of a file of a batch, by status."""
    numbers = ((name.removeprefix("tables_"), getattr(row, name)) for name in TABLE_COUNTS)
    return {status: number for status, number in numbers if number}


def _poisoned(session: Session, ids: Sequence[int]) -> dict[int, int]:
    """Chunks of the present runs that were given up, by document; they are few."""
    present = and_(DocumentRow.id == ChunkRow.document_id, DocumentRow.run == ChunkRow.run)
    found: dict[int, int] = {}
    for some in batched(ids):
        query = select(ChunkRow.document_id, func.count()).join(DocumentRow, present)
        query = query.where(_POISONED, ChunkRow.document_id.in_(some))
        found.update(session.execute(query.group_by(ChunkRow.document_id)).all())
    return found


def find(session: Session, key: str) -> DocumentRecord:
    """The document of a SHA-256 (six digits or more of it) or of a name under which it was given.

    Of several documents under one name the latest is taken. Raises InputError if there is none.
    """
    # Each by an index of its own: asked for in one condition, all documents would be looked through.
    ways = [
        select(DocumentRow.id).where(DocumentRow.name == key),
        select(NameRow.document_id).where(NameRow.name == key),
    ]
    digits = key.lower()
    if len(key) >= _SHORTEST_SHA and set(digits) <= set("0123456789abcdef"):
        # What begins with them comes before what goes on behind f.
        begins = DocumentRow.sha256 >= digits, DocumentRow.sha256 < f"{digits}g"
        ways.append(select(DocumentRow.id).where(*begins))
    # A document that is called so now goes before one that once was; a read one before a failed one.
    order = DocumentRow.sha256.is_(None), case((DocumentRow.name == key, 0), else_=1), DocumentRow.id.desc()
    found = _records(
        session, select(DocumentRow).where(DocumentRow.id.in_(union(*ways))).order_by(*order).limit(1)
    )
    if not found:
        raise InputError(key, "is not in the store", "extract it first, or give its name or SHA-256")
    return found[0]


def load_claim(session: Session, chunk_id: int) -> Claim:
    """A chunk with what readers have made of it so far."""
    row = session.get_one(ChunkRow, chunk_id)
    return Claim(
        chunk_id=row.id,
        document_id=row.document_id,
        attempt=row.attempts,
        chunk=Chunk.model_validate_json(row.payload),
        known=tuple(_readings(session, ReadingRow.chunk_id == row.id).get(row.id, ())),
    )


def document_of(session: Session, chunk_id: int) -> int:
    """The document that a chunk belongs to."""
    return session.get_one(ChunkRow, chunk_id).document_id


def _readings(session: Session, condition: ColumnElement[bool]) -> dict[int, list[Reading]]:
    found: dict[int, list[Reading]] = {}
    query = select(ReadingRow).join(ChunkRow, ChunkRow.id == ReadingRow.chunk_id).where(condition)
    for row in session.execute(query.order_by(ReadingRow.id)).scalars():
        found.setdefault(row.chunk_id, []).append(reading_from(row.payload))
    return found


def load_read(session: Session, document_id: int) -> ReadChunks:
    """The chunks of the present run with the readings and problems of each."""
    row = session.get_one(DocumentRow, document_id)
    present = and_(ChunkRow.document_id == document_id, ChunkRow.run == row.run)
    readings = _readings(session, present)
    rows = session.execute(select(ChunkRow).where(present).order_by(ChunkRow.ordinal)).scalars().all()
    return ReadChunks(
        chunks=tuple(Chunk.model_validate_json(chunk.payload) for chunk in rows),
        readings={chunk.key: tuple(readings.get(chunk.id, ())) for chunk in rows},
        problems={chunk.key: tuple(json.loads(chunk.problems)) for chunk in rows if chunk.problems != "[]"},
    )


def problems(session: Session, document_id: int) -> dict[str, tuple[str, ...]]:
    """Why readers brought nothing for chunks of the present run, by key."""
    present = and_(DocumentRow.id == ChunkRow.document_id, DocumentRow.run == ChunkRow.run)
    query = select(ChunkRow.key, ChunkRow.problems).join(DocumentRow, present)
    rows = session.execute(query.where(DocumentRow.id == document_id, ChunkRow.problems != "[]"))
    return {key: tuple(json.loads(told)) for key, told in rows}


def load_extraction(
    session: Session, document_id: int, document: Document, *, as_read: bool = False
) -> Extraction:
    """What stands for a document, corrections included unless `as_read`. Raises InputError if it is not read to its
    end."""
    row = session.get_one(DocumentRow, document_id)
    if row.status != "done":
        raise InputError(
            row.name, f"is {row.status}: {row.error or 'not read to its end'}", "extract it again"
        )
    read = load_read(session, document_id)
    tables = session.execute(
        select(TableRow)
        .where(TableRow.document_id == document_id, TableRow.run == row.run)
        .order_by(TableRow.position)
    ).scalars()
    standing: dict[str, Reading] = {}
    verdicts: dict[str, Verdict] = {}
    for table in tables:
        verdicts[table.key] = Verdict.model_validate_json(table.verdict)
        if table.reading is not None:
            standing[table.key] = reading_from(table.reading)
    findings = session.execute(
        select(FindingRow.payload)
        .where(FindingRow.document_id == document_id, FindingRow.run == row.run)
        .order_by(FindingRow.position)
    ).scalars()
    facts = {name: getattr(row, name) for name in DocumentFacts.model_fields}
    entries = () if as_read else [each.entry for each in log(session, document_id)]
    folded = fold_readings(standing, entries)
    return Extraction(
        document=document,
        facts=DocumentFacts.model_validate(facts),
        chunks=read.chunks,
        readings=read.readings,
        standing=corrected(standing, folded),
        findings=tuple(Finding.model_validate_json(payload) for payload in findings),
        verdicts=verdicts,
        changes=changes_of(folded),
    )


def progress(session: Session, document_ids: Sequence[int]) -> Progress:
    """How far some documents are."""
    present = and_(DocumentRow.id == ChunkRow.document_id, DocumentRow.run == ChunkRow.run)
    chunks, documents = Counter[str](), Counter[str]()
    for ids in batched(document_ids):
        of_chunks = select(ChunkRow.status, func.count()).join(DocumentRow, present)
        for status, number in session.execute(
            of_chunks.where(ChunkRow.document_id.in_(ids)).group_by(ChunkRow.status)
        ):
            chunks[status] += number
        of_documents = select(DocumentRow.status, func.count()).group_by(DocumentRow.status)
        for status, number in session.execute(of_documents.where(DocumentRow.id.in_(ids))):
            documents[status] += number
    closed = sum(documents[status] for status in CLOSED)
    return Progress(
        done=chunks["done"] + chunks["poisoned"],
        total=chunks.total(),
        open=documents.total() - closed,
        closed=closed,
        held=chunks["reading"] + documents["concluding"],
    )


def unfinished(session: Session, document_ids: Sequence[int]) -> list[int]:
    """Those of some documents that are neither done nor failed."""
    found: list[int] = []
    for ids in batched(document_ids):
        query = select(DocumentRow.id).where(DocumentRow.id.in_(ids), DocumentRow.status.not_in(CLOSED))
        found += session.execute(query.order_by(DocumentRow.id)).scalars()
    return found


def batched(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    """Few enough at a time for the parameters of one statement."""
    return (ids[at : at + _BATCH] for at in range(0, len(ids), _BATCH))


def usage(session: Session, document_id: int | None = None) -> Usage:
    """What calls to a model came to, for one document (all its runs) or all."""
    sums = (
        func.coalesce(func.sum(each), 0)
        for each in (CallRow.prompt_tokens, CallRow.cached_tokens, CallRow.completion_tokens)
    )
    seconds = func.coalesce(func.sum(CallRow.seconds), 0.0)
    query = select(func.count(), *sums, func.count(CallRow.cost_usd), func.sum(CallRow.cost_usd), seconds)
    if document_id is not None:
        query = query.join(ChunkRow, ChunkRow.id == CallRow.chunk_id).where(
            ChunkRow.document_id == document_id
        )
    found: Any = session.execute(query.select_from(CallRow)).one()
    calls, read, cached, written, priced, cost, took = found
    known = (cost or Decimal(0)) if priced == calls else None
    return Usage(calls, int(read), int(cached), int(written), known, took)
