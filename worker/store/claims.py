"""Who works on what: conditional updates, so that of several workers exactly one gets a piece of work."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, exists, or_, select, update
from sqlalchemy.orm import Session

from worker.store.batches import held
from worker.store.models import BatchRow, ChunkRow, DocumentRow, ItemRow
from worker.store.queries import batched
from worker.store.records import Stuck
from worker.store.statements import changed, now

_OPEN = ("queued", "reading")


def claim_chunk(session: Session, chunk_id: int, worker: str, attempts: int, lease: timedelta) -> bool:
    """Take a chunk of a present run that is queued, or that its holder lost: whether it was got.

    Lost means: delivered again to the same `worker`, or not touched for `lease`. A chunk that was taken
    `attempts` times already is marked poisoned instead.
    """
    free = or_(
        ChunkRow.status == "queued",
        and_(
            ChunkRow.status == "reading", or_(ChunkRow.worker == worker, ChunkRow.touched_at < now() - lease)
        ),
    )
    present = select(DocumentRow.run).where(DocumentRow.id == ChunkRow.document_id).scalar_subquery()
    mine = ChunkRow.id == chunk_id, ChunkRow.run == present, free, ~held(ChunkRow.document_id), ~_cancelled()
    took = changed(
        session,
        update(ChunkRow)
        .where(*mine, ChunkRow.attempts < attempts)
        .values(status="reading", attempts=ChunkRow.attempts + 1, worker=worker, touched_at=now())
        .execution_options(synchronize_session=False),
    )
    if not took:
        session.execute(
            update(ChunkRow)
            .where(*mine, ChunkRow.attempts >= attempts)
            .values(status="poisoned", worker=None, touched_at=now())
            .execution_options(synchronize_session=False)
        )
    return took == 1


def _cancelled() -> ColumnElement[bool]:
    return exists().where(DocumentRow.id == ChunkRow.document_id, DocumentRow.status == "cancelled")


def finish_chunk(session: Session, chunk_id: int, status: str) -> None:
    """Mark an open chunk as done or poisoned."""
    session.execute(
        update(ChunkRow)
        .where(ChunkRow.id == chunk_id, ChunkRow.status.in_(_OPEN))
        .values(status=status, worker=None, touched_at=now())
    )


def release_chunk(session: Session, chunk_id: int, delay: timedelta, *, untried: bool = False) -> None:
    """Give a chunk back to be taken again after `delay`; `untried`: as if it had not been taken."""
    session.execute(
        update(ChunkRow)
        .where(ChunkRow.id == chunk_id, ChunkRow.status == "reading")
        .values(
            status="queued", worker=None, touched_at=now() + delay, attempts=ChunkRow.attempts - int(untried)
        )
        .execution_options(synchronize_session=False)
    )


def claim_finalisation(session: Session, document_id: int, worker: str, lease: timedelta) -> bool:
    """Take the conclusion of a document whose chunks are all done or poisoned: whether it was got.

    One that another took and did not finish within `lease` is taken over, and one delivered again to the
    same `worker`.
    """
    held = and_(DocumentRow.status == "concluding", DocumentRow.worker == worker)
    statement = (
        update(DocumentRow)
        .where(DocumentRow.id == document_id, or_(_ready(now() - lease), held))
        .values(status="concluding", worker=worker, touched_at=now())
        .execution_options(synchronize_session=False)
    )
    return changed(session, statement) == 1


def _all_read() -> ColumnElement[bool]:
    present = ChunkRow.document_id == DocumentRow.id, ChunkRow.run == DocumentRow.run
    unread = exists().where(*present, ChunkRow.status.in_(_OPEN))
    return and_(DocumentRow.status == "reading", ~unread)


def _ready(lost_before: datetime) -> ColumnElement[bool]:
    lost = and_(DocumentRow.status == "concluding", DocumentRow.touched_at < lost_before)
    return or_(_all_read(), lost)


def is_read(session: Session, document_id: int) -> bool:
    """Whether a document waits for its conclusion: all chunks finished and no one at it."""
    query = select(DocumentRow.id).where(DocumentRow.id == document_id, _all_read())
    return session.execute(query).scalar() is not None


def release_lost(session: Session, document_id: int, is_lost: Callable[[str], bool]) -> None:
    """Take from workers that are gone what they hold of a document."""
    held = ChunkRow.document_id == document_id, ChunkRow.status == "reading"
    for worker in set(session.execute(select(ChunkRow.worker).where(*held)).scalars()):
        if worker and is_lost(worker):
            session.execute(
                update(ChunkRow).where(*held, ChunkRow.worker == worker).values(status="queued", worker=None)
            )
    row = session.get_one(DocumentRow, document_id)
    if row.status == "concluding" and row.worker and is_lost(row.worker):
        row.status, row.worker = "reading", None


def stuck(session: Session, older_than: timedelta) -> Stuck:
    """What no one has touched for `older_than`; it is touched, so that it is found once in that time."""
    limit = now() - older_than
    chunk_of_present = and_(DocumentRow.id == ChunkRow.document_id, DocumentRow.run == ChunkRow.run)
    chunks = session.execute(
        select(ChunkRow.id)
        .join(DocumentRow, chunk_of_present)
        .where(DocumentRow.status == "reading", ChunkRow.status.in_(_OPEN), ChunkRow.touched_at < limit)
        .where(~held(ChunkRow.document_id))
        .order_by(ChunkRow.id)
    ).scalars()
    items = session.execute(
        select(ItemRow.id)
        .join(BatchRow, BatchRow.id == ItemRow.batch_id)
        .where(
            BatchRow.status == "open", ItemRow.status.in_(["sent", "ingesting"]), ItemRow.touched_at < limit
        )
        .order_by(ItemRow.id)
    ).scalars()
    uncut = _old_documents(session, DocumentRow.status == "queued", limit)
    unconcluded = _old_documents(session, _ready(limit), limit)
    found = Stuck(tuple(items), uncut, tuple(chunks), unconcluded)
    _touch(session, found)
    return found


def _old_documents(session: Session, condition: ColumnElement[bool], limit: datetime) -> tuple[int, ...]:
    query = select(DocumentRow.id).where(condition, DocumentRow.touched_at < limit).order_by(DocumentRow.id)
    return tuple(session.execute(query).scalars())


def _touch(session: Session, found: Stuck) -> None:
    # What is held keeps its time, which tells that its holder is lost.
    for row, ids, free in (
        (ItemRow, found.items, "sent"),
        (ChunkRow, found.chunks, "queued"),
        (DocumentRow, found.documents, "queued"),
        (DocumentRow, found.unconcluded, "reading"),
    ):
        for some in batched(ids):
            session.execute(update(row).where(row.id.in_(some), row.status == free).values(touched_at=now()))
