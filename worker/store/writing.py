"""Writing: documents, chunks, readings, verdicts. Every function works in the session it is given."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from schemas import Chunk, Document, Reading
from schemas.findings import Call
from worker.amend import amended
from worker.calibration import Policy
from worker.pipeline import Extraction
from worker.store import batches, counts
from worker.store.desk import enter_reviews, finding_row
from worker.store.hooks import tell_document
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
from worker.store.statements import changed, insert_new, now


def add_document(session: Session, document: Document, recipe: str) -> tuple[int, bool]:
    """Enter a document under its latest name; its id and whether it is new."""
    created = insert_new(
        session,
        DocumentRow,
        {
            "sha256": document.sha256,
            "name": document.name,
            "status": "queued",
            "recipe": recipe,
            "run": 1,
            "title": "",
            "unit_name": "",
            "pages": len(document.page_starts),
            "added_at": now(),
            "touched_at": now(),
        },
    )
    row = session.execute(select(DocumentRow).where(DocumentRow.sha256 == document.sha256)).scalar_one()
    row.name = document.name
    if row.status == "cancelled":
        row.status, row.touched_at = "queued", now()
    insert_new(session, NameRow, {"document_id": row.id, "name": document.name})
    _forget_failure(session, document.name)
    return row.id, created


def record_failure(session: Session, name: str, error: str) -> int:
    """Enter a file that could not be read; an earlier failure under the same name is replaced."""
    _forget_failure(session, name)
    row = DocumentRow(name=name, status="failed", error=error, pages=0, added_at=now(), touched_at=now())
    session.add(row)
    session.flush()
    tell_document(session, row.id)
    return row.id


def _forget_failure(session: Session, name: str) -> None:
    session.execute(delete(DocumentRow).where(DocumentRow.sha256.is_(None), DocumentRow.name == name))


def start_run(session: Session, document_id: int, recipe: str) -> None:
    """Read a document anew: what earlier runs brought stays, but no longer stands."""
    session.execute(
        update(DocumentRow)
        .where(DocumentRow.id == document_id)
        .values(run=DocumentRow.run + 1, recipe=recipe, status="queued", error=None, touched_at=now())
    )
    counts.recount(session, document_id)


def fail_document(session: Session, document_id: int, error: str) -> None:
    """Mark a document as failed, with the reason."""
    failed = (
        update(DocumentRow)
        .where(DocumentRow.id == document_id, DocumentRow.status.not_in(["done", "failed"]))
        .values(status="failed", error=error, touched_at=now())
    )
    if changed(session, failed):
        tell_document(session, document_id)


def add_chunks(session: Session, document_id: int, chunks: Sequence[Chunk]) -> list[int]:
    """Enter the chunks of the present run (those that are there stay as they are); ids of all, in order."""
    run = session.execute(select(DocumentRow.run).where(DocumentRow.id == document_id)).scalar_one()
    for ordinal, chunk in enumerate(chunks):
        insert_new(
            session,
            ChunkRow,
            {
                "document_id": document_id,
                "run": run,
                "key": chunk.id,
                "ordinal": ordinal,
                "status": "queued",
                "attempts": 0,
                "touched_at": now(),
                "problems": "[]",
                "payload": chunk.model_dump_json(),
            },
        )
    session.execute(
        update(DocumentRow)
        .where(DocumentRow.id == document_id, DocumentRow.status == "queued")
        .values(status="reading", touched_at=now())
    )
    present = ChunkRow.document_id == document_id, ChunkRow.run == run
    return list(session.execute(select(ChunkRow.id).where(*present).order_by(ChunkRow.ordinal)).scalars())


def save_reading(session: Session, chunk_id: int, reading: Reading) -> bool:
    """Keep what a reader made of a chunk, once: a second reading by the same reader is not taken."""
    values = {"chunk_id": chunk_id, "reader": reading.reader, "payload": reading.model_dump_json()}
    new = insert_new(session, ReadingRow, values)
    if new:
        add_calls(session, chunk_id, reading.reader, reading.calls)
    return new


def add_calls(session: Session, chunk_id: int, reader: str, calls: Iterable[Call]) -> None:
    """Keep the record of calls to a model."""
    rows = [call.model_dump() for call in calls]
    if not rows:
        return
    batch_id = batches.payer(session, chunk_id)
    same = {"chunk_id": chunk_id, "reader": reader, "at": now(), "batch_id": batch_id}
    session.execute(insert(CallRow), [{**same, **row} for row in rows])
    if batch_id is not None:
        batches.hold_to_budget(session, batch_id)


def save_extraction(
    session: Session, document_id: int, extraction: Extraction, policy: Policy | None = None
) -> None:
    """Write what stands in the end; what the same run had written before is replaced. Verdicts and findings are those
    that count once what people changed is held over it; the readings are kept as they are."""
    # One who was held to be lost may write at the same time.
    row = session.get_one(DocumentRow, document_id, with_for_update=True)
    ids = add_chunks(session, document_id, extraction.chunks)
    for chunk_id, chunk in zip(ids, extraction.chunks, strict=True):
        for reading in extraction.readings.get(chunk.id, ()):
            save_reading(session, chunk_id, reading)
    open_chunks = ChunkRow.document_id == row.id, ChunkRow.run == row.run, ChunkRow.status != "poisoned"
    session.execute(update(ChunkRow).where(*open_chunks).values(status="done", worker=None))
    for old in (TableRow, FindingRow):
        session.execute(delete(old).where(old.document_id == row.id, old.run == row.run))
    entries = [each.entry for each in log(session, document_id)]
    shown = amended(extraction, entries, policy=policy)
    session.add_all(_table_rows(row, extraction.model_copy(update={"verdicts": shown.verdicts})))
    session.add_all(
        finding_row(row.id, row.run, position, finding) for position, finding in enumerate(shown.findings)
    )
    enter_reviews(session, row.id, shown)
    facts = extraction.facts
    row.title, row.unit_name, row.year = facts.title, facts.unit_name, facts.year
    row.stage, row.pages = facts.stage, facts.pages
    news = row.status != "done"
    row.status, row.error, row.worker, row.touched_at = "done", None, None, now()
    counts.recount(session, document_id)
    if news:
        tell_document(session, row.id)


def _table_rows(row: DocumentRow, extraction: Extraction) -> Iterable[TableRow]:
    seen: Counter[str] = Counter()
    for position, chunk in enumerate(extraction.chunks):
        verdict = extraction.verdicts[chunk.id]
        reading = extraction.standing.get(chunk.id)
        table = reading.table if reading else None
        kind = table.kind if table else chunk.kind or "generic"
        seen[kind] += 1
        yield TableRow(
            document_id=row.id,
            run=row.run,
            key=chunk.id,
            kind=kind,
            title=table.title if table else chunk.title,
            unit=table.unit if table else chunk.unit,
            stage=table.stage if table else chunk.stage,
            position=position,
            ordinal=seen[kind],
            status=verdict.status,
            confidence=verdict.confidence,
            reader=reading.reader if reading else "",
            passed=verdict.passed,
            failed=verdict.failed,
            skipped=verdict.skipped,
            first_line=chunk.first_line,
            last_line=chunk.last_line,
            verdict=verdict.model_dump_json(),
            reading=reading.model_dump_json() if reading else None,
        )


def set_problems(session: Session, chunk_id: int, problems: Sequence[str]) -> None:
    """Keep why readers brought nothing for a chunk."""
    session.execute(
        update(ChunkRow)
        .where(ChunkRow.id == chunk_id)
        .values(problems=json.dumps(problems, ensure_ascii=False))
    )
