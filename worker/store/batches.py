"""Batches: files given together, which of them goes next, and what became of each.

Of all that wait only so many are at work at a time; who is next is chosen anew each time, so that a batch of ten
does not wait for one of a hundred thousand that came first. What is sent is a message; what is true stands here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from worker.store import counts, waiting
from worker.store.hooks import tell_batch, tell_file
from worker.store.models import BatchRow, ChunkRow, DocumentRow, ItemRow
from worker.store.models.work import TABLE_COUNTS
from worker.store.queries import CLOSED
from worker.store.records import Entry, ItemClaim
from worker.store.statements import changed, insert_new, now

AT_WORK = ("sent", "ingesting", "reading")
"""The states of an item between waiting and its end in which something is done for it."""
ENTERED = ("reading", "deferred")
"""The states of an item in which it waits for the end of its document."""
LEFT = ("waiting", *AT_WORK, "deferred")
"""The states of an item that has not ended."""


def enter(session: Session, name: str, priority: int | None, budget: Decimal | None) -> int:
    """The batch of this name, made if there is none; what is given of it is changed. A closed one is open again."""
    values = {
        "name": name,
        "status": "open",
        "reason": "",
        "priority": 5,
        "spent": Decimal(0),
        "entered": False,
    }
    insert_new(session, BatchRow, {**values, "added_at": now(), "touched_at": now()})
    row = session.execute(select(BatchRow).where(BatchRow.name == name).with_for_update()).scalar_one()
    row.status = row.status if row.status == "paused" else "open"
    row.entered, row.touched_at = False, now()
    row.priority = row.priority if priority is None else priority
    row.budget = row.budget if budget is None else budget
    return row.id


def add(session: Session, batch_id: int, entry: Entry) -> bool:
    """Enter a file; whether there is anything to be done: not for one that is there with the same bytes."""
    status = "failed" if entry.error else "waiting"
    values = {
        "name": entry.name,
        "sha256": entry.sha256,
        "size": entry.size,
        "status": status,
        "error": entry.error,
        "facts": json.dumps(dict(entry.facts), ensure_ascii=False),
        "touched_at": now(),
    }
    fresh = {"batch_id": batch_id, "place": entry.place, "notes": "[]", "attempts": 0}
    if insert_new(session, ItemRow, {**fresh, **values}):
        return not entry.error
    other = or_(ItemRow.sha256.is_(None), ItemRow.sha256 != entry.sha256, ItemRow.status == "cancelled")
    mine = ItemRow.batch_id == batch_id, ItemRow.place == entry.place
    nothing = {"document_id": None, "notes": "[]", "attempts": 0, "worker": None}
    again = {**values, **nothing, **dict.fromkeys(TABLE_COUNTS, 0)}
    return changed(session, update(ItemRow).where(*mine, other).values(**again)) == 1 and not entry.error


def close_entry(session: Session, batch_id: int) -> None:
    """All files of a batch are entered."""
    session.execute(update(BatchRow).where(BatchRow.id == batch_id).values(entered=True, touched_at=now()))
    finish(session, batch_id)


def take(session: Session, room: int) -> list[int]:
    """Items to be sent next, so that no more than `room` are at work; they count as sent from now on.

    Every batch gets its share of the room by priority; among equals the one with the fewest at work is next.
    """
    busy = _counts(session, ItemRow.status.in_(AT_WORK))
    free = room - sum(busy.values())
    if free <= 0:
        return []
    priorities = dict(
        session.execute(
            select(BatchRow.id, BatchRow.priority)
            .where(BatchRow.status == "open")
            .where(exists().where(ItemRow.batch_id == BatchRow.id, ItemRow.status == "waiting"))
        ).all()
    )
    ready = {batch_id: _waiting(session, batch_id, free) for batch_id in priorities}
    chosen: list[int] = []
    while len(chosen) < free and any(ready.values()):
        batch_id = min(
            (each for each in ready if ready[each]),
            key=lambda each: (Fraction(busy.get(each, 0) + 1) / Fraction(2) ** priorities[each], each),
        )
        chosen.append(ready[batch_id].pop(0))
        busy[batch_id] = busy.get(batch_id, 0) + 1
    statement = update(ItemRow).where(ItemRow.id.in_(chosen), ItemRow.status == "waiting")
    taken = session.execute(statement.values(status="sent", touched_at=now()).returning(ItemRow.id)).scalars()
    return sorted(taken, key=chosen.index)


def _counts(session: Session, condition: ColumnElement[bool]) -> dict[int, int]:
    query = select(ItemRow.batch_id, func.count()).where(condition).group_by(ItemRow.batch_id)
    return dict(session.execute(query).all())


def _waiting(session: Session, batch_id: int, most: int) -> list[int]:
    query = select(ItemRow.id).where(ItemRow.batch_id == batch_id, ItemRow.status == "waiting")
    return list(session.execute(query.order_by(ItemRow.id).limit(most)).scalars())


def claim(
    session: Session,
    item_id: int,
    worker: str,
    attempts: int,
    lease: timedelta,
    is_lost: Callable[[str], bool],
) -> ItemClaim | None:
    """Take a file to ingest it; None if another holds it, it is further on, or its batch does not go on.

    A holder is lost if `is_lost` says so, or after its silence for `lease`. One that was taken `attempts` times
    already, and never finished, is given up. Who has it may take it anew, which is no further attempt.
    """
    known = session.execute(select(ItemRow.worker).where(ItemRow.id == item_id)).scalar()
    mine = {worker} | ({known} if known is not None and is_lost(known) else set())
    lost = or_(ItemRow.worker.in_(sorted(mine)), ItemRow.touched_at < now() - lease)
    free = or_(ItemRow.status.in_(["sent", "waiting"]), and_(ItemRow.status == "ingesting", lost))
    row = session.execute(
        select(ItemRow)
        .join(BatchRow, BatchRow.id == ItemRow.batch_id)
        .where(ItemRow.id == item_id, free, BatchRow.status == "open")
        .with_for_update(of=ItemRow, skip_locked=True)
    ).scalar_one_or_none()
    if row is None:
        return None
    row.touched_at = now()
    again = row.status == "ingesting" and row.worker == worker
    if row.attempts >= attempts and not again:
        row.status, row.worker = "failed", None
        lost_it = f"{row.place}: its reader was lost {row.attempts} times"
        row.error = f"{lost_it}; give it by itself, or raise GOUJI_INGEST_MEMORY"
        session.flush()
        finish(session, row.batch_id)
        return None
    row.status, row.worker, row.attempts = "ingesting", worker, row.attempts + (not again)
    return ItemClaim(row.id, row.name, row.place, row.sha256 or "")


def uncut(session: Session, item_id: int) -> int | None:
    """The document of a file that was ingested but is not known to be cut: its worker may have died in between."""
    query = (
        select(DocumentRow.id)
        .join(ItemRow, ItemRow.document_id == DocumentRow.id)
        .where(ItemRow.id == item_id, ItemRow.status == "reading", DocumentRow.status == "queued")
    )
    return session.execute(query).scalar()


def settle(
    session: Session,
    item_id: int,
    status: str,
    document_id: int | None,
    error: str | None,
    notes: Sequence[str],
) -> None:
    """Enter what came of ingesting a file: it is reading, done or failed."""
    values = {
        "document_id": document_id,
        "error": error,
        "notes": json.dumps(list(notes), ensure_ascii=False),
    }
    ended = session.execute(
        update(ItemRow)
        .where(ItemRow.id == item_id, ItemRow.status == "ingesting")
        .values(status=status, worker=None, touched_at=now(), **values)
        .returning(ItemRow.batch_id)
    ).scalars()
    for batch_id in ended.all():
        if status == "failed" and document_id is None:
            tell_file(session, item_id, error or "")
        if document_id is not None:
            counts.repeat(session, document_id)
            waiting.join(session, document_id, llm_batch=session.get_one(BatchRow, batch_id).llm_batch)
        finish(session, batch_id)


def conclude(session: Session, document_id: int) -> None:
    """Carry the end of a document over to the files that wait for it, and to their batches."""
    document = session.get_one(DocumentRow, document_id)
    if document.status not in CLOSED:
        return
    counts.repeat(session, document_id)
    waited = ItemRow.document_id == document_id, ItemRow.status.in_(ENTERED)
    ended = session.execute(
        update(ItemRow)
        .where(*waited)
        .values(status=document.status, error=document.error, touched_at=now())
        .returning(ItemRow.batch_id)
    ).scalars()
    counted = counts.count_calls(session, document_id)
    # In one order, so that no two wait for each other.
    for batch_id in sorted({*ended, *counted.by_batch}):
        if batch_id in counted.by_batch:
            counts.charge(session, batch_id, counted.by_batch[batch_id])
        finish(session, batch_id)
    counts.tally(session, counted.by_outcome)


def conclude_ended(session: Session) -> None:
    """Carry over the end of every document that a file still waits for: a worker may have died in between."""
    ended = DocumentRow.id == ItemRow.document_id, DocumentRow.status.in_(CLOSED)
    query = select(ItemRow.document_id).join(DocumentRow, and_(*ended)).where(ItemRow.status.in_(ENTERED))
    waited = {found for found in session.execute(query).scalars() if found is not None}
    for document_id in sorted(waited.union(counts.left_behind(session))):
        conclude(session, document_id)


def recover(session: Session, is_lost: Callable[[str], bool]) -> list[int]:
    """Take back what was sent, and what workers hold that are gone; documents that are being read for a batch."""
    for worker in set(session.execute(select(ItemRow.worker).where(ItemRow.status == "ingesting")).scalars()):
        if worker and is_lost(worker):
            held_by = ItemRow.status == "ingesting", ItemRow.worker == worker
            session.execute(update(ItemRow).where(*held_by).values(status="sent", worker=None))
    session.execute(update(ItemRow).where(ItemRow.status == "sent").values(status="waiting"))
    query = select(ItemRow.document_id).where(ItemRow.status == "reading").order_by(ItemRow.document_id)
    return [found for found in session.execute(query.distinct()).scalars() if found is not None]


def finish(session: Session, batch_id: int) -> None:
    """Mark a batch as done when all its files are entered and none is left."""
    left = exists().where(ItemRow.batch_id == BatchRow.id, ItemRow.status.in_(LEFT))
    done = (
        update(BatchRow)
        .where(BatchRow.id == batch_id, BatchRow.status == "open", BatchRow.entered.is_(True), ~left)
        .values(status="done", touched_at=now())
    )
    if changed(session, done):
        tell_batch(session, batch_id, "batch.done")


def held(document_id: InstrumentedAttribute[int]) -> ColumnElement[bool]:
    """Whether a document waits: a paused batch wants it, and no open one."""

    def wanted(status: str) -> ColumnElement[bool]:
        mine = ItemRow.document_id == document_id, ItemRow.status.in_(ENTERED)
        return exists().where(*mine, ItemRow.batch_id == BatchRow.id, BatchRow.status == status)

    return and_(wanted("paused"), ~wanted("open"))


def payer(session: Session, chunk_id: int) -> int | None:
    """The batch that calls for a chunk are made for, if it is read for one."""
    query = (
        select(ItemRow.batch_id)
        .join(ChunkRow, ChunkRow.document_id == ItemRow.document_id)
        .where(ChunkRow.id == chunk_id, ItemRow.status.in_(ENTERED))
        .order_by(ItemRow.batch_id)
        .limit(1)
    )
    return session.execute(query).scalar()


def hold_to_budget(session: Session, batch_id: int) -> None:
    """Pause a batch that has spent its budget."""
    row = session.execute(
        select(BatchRow.spent, BatchRow.budget).where(
            BatchRow.id == batch_id, BatchRow.status == "open", BatchRow.budget.is_not(None)
        )
    ).first()
    if row is None:
        return
    spent, budget = row
    if (
        budget is None
        or spent + counts.uncounted(session, [batch_id]).get(batch_id, counts.Spent()).cost < budget
    ):
        return
    paused = (
        update(BatchRow)
        .where(BatchRow.id == batch_id, BatchRow.status == "open")
        .values(status="paused", reason="its budget is spent", touched_at=now())
        .execution_options(synchronize_session=False)
    )
    if changed(session, paused):
        tell_batch(session, batch_id, "batch.paused")
