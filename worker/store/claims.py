"""Who works on what: conditional updates, so that of several workers exactly one gets a piece of work."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, case, exists, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from worker.store.batches import held
from worker.store.models import BatchRow, ChunkRow, DocumentRow, ItemRow
from worker.store.queries import batched
from worker.store.records import Stuck, Unsent
from worker.store.statements import changed, now

_OPEN = ("queued", "reading")
_Held = Select[int, str | None, datetime]
_UNREAD = (*_OPEN, "deferred")


def claim_chunk(
    session: Session,
    chunk_id: int,
    worker: str,
    attempts: int,
    lease: timedelta,
    is_lost: Callable[[str], bool],
) -> bool:
    """Take a chunk of a present run that is queued, or that its holder lost: whether it was got.

    Lost means: `is_lost` says so of the holder, or it did not touch the chunk for `lease`. A chunk that was taken
    `attempts` times already is marked poisoned instead. Who has it may take it anew, which is no further attempt.
    """
    known = select(ChunkRow.worker).where(ChunkRow.id == chunk_id, ChunkRow.status == "reading")
    lost = _lost(session.execute(known).scalar(), is_lost)
    again = and_(ChunkRow.status == "reading", ChunkRow.worker == worker)
    left = or_(ChunkRow.worker == lost, ChunkRow.touched_at < now() - lease)
    free = or_(ChunkRow.status == "queued", again, and_(ChunkRow.status == "reading", left))
    present = select(DocumentRow.run).where(DocumentRow.id == ChunkRow.document_id).scalar_subquery()
    mine = ChunkRow.id == chunk_id, ChunkRow.run == present, free, ~held(ChunkRow.document_id), ~_cancelled()
    took = changed(
        session,
        update(ChunkRow)
        .where(*mine, or_(ChunkRow.attempts < attempts, again))
        .values(
            status="reading",
            attempts=ChunkRow.attempts + case((again, 0), else_=1),
            worker=worker,
            touched_at=now(),
        )
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


def _lost(worker: str | None, is_lost: Callable[[str], bool]) -> str | None:
    """A holder that is lost; None where there is none."""
    return worker if worker is not None and is_lost(worker) else None


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


def claim_finalisation(
    session: Session, document_id: int, worker: str, lease: timedelta, is_lost: Callable[[str], bool]
) -> bool:
    """Take the conclusion of a document whose chunks are all done or poisoned: whether it was got.

    One whose holder is lost, by `is_lost` or by its silence for `lease`, is taken over; who has it may take it anew.
    """
    known = select(DocumentRow.worker).where(DocumentRow.id == document_id)
    lost = _lost(session.execute(known).scalar(), is_lost)
    held = and_(DocumentRow.status == "concluding", DocumentRow.worker.in_([worker, lost or worker]))
    statement = (
        update(DocumentRow)
        .where(DocumentRow.id == document_id, or_(_ready(now() - lease), held))
        .values(status="concluding", worker=worker, touched_at=now())
        .execution_options(synchronize_session=False)
    )
    return changed(session, statement) == 1


def _all_read() -> ColumnElement[bool]:
    present = ChunkRow.document_id == DocumentRow.id, ChunkRow.run == DocumentRow.run
    unread = exists().where(*present, ChunkRow.status.in_(_UNREAD))
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


def renew(session: Session, pieces: Sequence[tuple[str, int]]) -> None:
    """Say anew that pieces (kinds of rows and ids) are held."""
    for kind, row, status in (
        ("item", ItemRow, "ingesting"),
        ("document", DocumentRow, "concluding"),
        ("chunk", ChunkRow, "reading"),
    ):
        ids = sorted(number for of, number in pieces if of == kind)
        for some in batched(ids):
            mine = row.id.in_(some), row.status == status
            session.execute(update(row).where(*mine).values(touched_at=now()))


def stuck(session: Session, lease: timedelta, unsent: Unsent, is_lost: Callable[[str], bool]) -> Stuck:
    """What its holder lost, by `is_lost` or by its silence for `lease`; and what waits for longer than `unsent` says.

    The latter is touched, so that it is found once in that time.
    """
    silent = now() - lease
    chunk_of_present = and_(DocumentRow.id == ChunkRow.document_id, DocumentRow.run == ChunkRow.run)
    chunks = (
        select(ChunkRow.id, ChunkRow.worker, ChunkRow.touched_at)
        .join(DocumentRow, chunk_of_present)
        .where(DocumentRow.status == "reading", ~held(ChunkRow.document_id))
        .order_by(ChunkRow.id)
    )
    items = (
        select(ItemRow.id, ItemRow.worker, ItemRow.touched_at)
        .join(BatchRow, BatchRow.id == ItemRow.batch_id)
        .where(BatchRow.status == "open")
        .order_by(ItemRow.id)
    )
    documents = select(DocumentRow.id, DocumentRow.worker, DocumentRow.touched_at).order_by(DocumentRow.id)

    def old(
        query: _Held, free: ColumnElement[bool], touched: InstrumentedAttribute[datetime], wait: timedelta
    ) -> list[int]:
        return [number for number, _, _ in session.execute(query.where(free, touched < now() - wait))]

    def lost(query: _Held, status: ColumnElement[bool]) -> list[int]:
        rows = session.execute(query.where(status)).all()
        return [
            number
            for number, worker, touched in rows
            if touched < silent or (worker is not None and is_lost(worker))
        ]

    found = Stuck(
        _sorted(
            old(items, ItemRow.status == "sent", ItemRow.touched_at, unsent.ingest),
            lost(items, ItemRow.status == "ingesting"),
        ),
        _sorted(old(documents, DocumentRow.status == "queued", DocumentRow.touched_at, unsent.ingest)),
        _sorted(
            old(chunks, ChunkRow.status == "queued", ChunkRow.touched_at, unsent.llm),
            lost(chunks, ChunkRow.status == "reading"),
        ),
        _sorted(
            old(documents, _all_read(), DocumentRow.touched_at, unsent.reconcile),
            lost(documents, DocumentRow.status == "concluding"),
        ),
    )
    _touch(session, found)
    return found


def _sorted(*ids: list[int]) -> tuple[int, ...]:
    return tuple(sorted(number for some in ids for number in some))


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
