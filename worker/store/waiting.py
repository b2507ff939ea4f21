"""Chunks that wait for the answers of a job: who may wait, who does, who need not any more."""

from __future__ import annotations

from sqlalchemy import ColumnElement, delete, exists, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from worker.store.models import BatchRow, ChunkRow, DocumentRow, ItemRow
from worker.store.models.jobs import RequestRow, WaitRow
from worker.store.statements import now

OPEN = ("pending", "sent")
"""The states of a request that may yet be answered."""

_WAITED_FOR = ("reading", "deferred")


def wanted(document_id: InstrumentedAttribute[int], *, llm_batch: bool) -> ColumnElement[bool]:
    """Whether an open batch waits for a document: one that can wait for a job, or one that cannot."""
    return exists().where(
        ItemRow.document_id == document_id,
        ItemRow.status.in_(_WAITED_FOR),
        ItemRow.batch_id == BatchRow.id,
        BatchRow.status == "open",
        BatchRow.llm_batch.is_(llm_batch),
    )


def may_wait(session: Session, chunk_id: int) -> bool:
    """Whether a chunk is to ask by a job: all who want it can wait, and it did not do so before."""
    asked = exists().where(WaitRow.chunk_id == ChunkRow.id)
    by_job = wanted(ChunkRow.document_id, llm_batch=True), ~wanted(ChunkRow.document_id, llm_batch=False)
    return (
        session.execute(select(ChunkRow.id).where(ChunkRow.id == chunk_id, *by_job, ~asked)).scalar()
        is not None
    )


def join(session: Session, document_id: int, *, llm_batch: bool) -> None:
    """A batch wants a document that may wait for a job: if it can wait too, it does, else the document goes on."""
    if llm_batch:
        rest(session, document_id)
    else:
        lock(session, document_id)
        let_go(session, ChunkRow.document_id == document_id)


def lock(session: Session, document_id: int) -> None:
    """Let no one else decide at the same time what chunks of a document wait for."""
    session.execute(select(DocumentRow.id).where(DocumentRow.id == document_id).with_for_update())


def rest(session: Session, document_id: int) -> bool:
    """Mark the files of a document as deferred where nothing but answers of jobs is left to be waited for."""
    # Two that end the last two chunks at once would each take the other's for one at work.
    lock(session, document_id)
    of_document = ChunkRow.document_id == document_id, ChunkRow.run == DocumentRow.run
    present = DocumentRow.id == document_id, DocumentRow.status == "reading"
    busy = exists().where(*of_document, ChunkRow.status.in_(["queued", "reading"]))
    deferred = exists().where(*of_document, ChunkRow.status == "deferred")
    if session.execute(select(DocumentRow.id).where(*present, deferred, ~busy)).scalar() is None:
        return False
    session.execute(
        update(ItemRow)
        .where(ItemRow.document_id == document_id, ItemRow.status == "reading")
        .values(status="deferred", touched_at=now())
    )
    return True


def let_go(session: Session, *which: ColumnElement[bool]) -> list[int]:
    """Let deferred chunks go on, and their files with them; the ids of the chunks."""
    gone = session.execute(
        update(ChunkRow)
        .where(ChunkRow.status == "deferred", *which)
        .values(status="queued", touched_at=now())
        .returning(ChunkRow.id, ChunkRow.document_id)
        .execution_options(synchronize_session=False)
    ).all()
    for document_id in sorted({document_id for _, document_id in gone}):
        session.execute(
            update(ItemRow)
            .where(ItemRow.document_id == document_id, ItemRow.status == "deferred")
            .values(status="reading", touched_at=now())
            .execution_options(synchronize_session=False)
        )
    return sorted(chunk_id for chunk_id, _ in gone)


def forget_cancelled(session: Session) -> None:
    """Let no chunk of a cancelled document wait: should it be read after all, it begins anew."""
    cancelled = select(DocumentRow.id).where(DocumentRow.status == "cancelled").scalar_subquery()
    chunks = ChunkRow.status == "deferred", ChunkRow.document_id.in_(cancelled)
    mine = select(ChunkRow.id).where(*chunks).scalar_subquery()
    session.execute(
        delete(WaitRow).where(WaitRow.chunk_id.in_(mine)).execution_options(synchronize_session=False)
    )
    let_go(session, ChunkRow.document_id.in_(cancelled))
    forget_unwanted(session)


def forget_unwanted(session: Session) -> None:
    """Drop the requests that were not sent and that no chunk waits for any more."""
    waits = exists().where(
        WaitRow.request_id == RequestRow.id, ChunkRow.id == WaitRow.chunk_id, ChunkRow.status == "deferred"
    )
    session.execute(
        delete(RequestRow)
        .where(RequestRow.status == "pending", ~waits)
        .execution_options(synchronize_session=False)
    )
