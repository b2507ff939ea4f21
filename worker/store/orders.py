"""What people tell a batch to do, and what they ask of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal

from sqlalchemy import and_, exists, func, select, update
from sqlalchemy.orm import Session

from schemas import InputError
from worker.store import counts, waiting
from worker.store.batches import ENTERED, LEFT
from worker.store.models import BatchRow, ChunkRow, DocumentRow, ItemRow
from worker.store.models.work import TABLE_COUNTS
from worker.store.queries import CLOSED
from worker.store.records import BatchRecord, ItemRecord
from worker.store.statements import changed, now

_LIVE = ("open", "paused")
_PAGE = 500


def batch(session: Session, name: str) -> BatchRow:
    """The batch of a name. Raises InputError."""
    found = session.execute(select(BatchRow).where(BatchRow.name == name)).scalar_one_or_none()
    if found is None:
        raise InputError(name, "there is no batch of this name", "gouji status lists them")
    return found


def cancel(session: Session, name: str) -> int:
    """Let nothing more be done for a batch; the number of files that it no longer waits for.

    What others wait for too goes on, what is done stays.
    """
    row = batch(session, name)
    mine = ItemRow.batch_id == row.id
    reading = select(ItemRow.document_id).where(mine, ItemRow.status.in_(ENTERED))
    # Documents before files before batches, as everywhere, so that no two wait for each other.
    locked = select(DocumentRow.id).where(DocumentRow.id.in_(reading), DocumentRow.status.not_in(CLOSED))
    documents = session.execute(locked.order_by(DocumentRow.id).with_for_update()).scalars().all()
    ended = changed(
        session,
        update(ItemRow)
        .where(mine, ItemRow.status.in_(LEFT))
        .values(status="cancelled", worker=None, touched_at=now()),
    )
    if row.status in _LIVE:
        row.status, row.reason, row.touched_at = "cancelled", "", now()
    session.flush()
    wanted = exists().where(ItemRow.document_id == DocumentRow.id, ItemRow.status.in_(ENTERED))
    for document_id in documents:
        session.execute(
            update(DocumentRow)
            .where(DocumentRow.id == document_id, DocumentRow.status.not_in(CLOSED), ~wanted)
            .values(status="cancelled", touched_at=now())
            .execution_options(synchronize_session=False)
        )
    waiting.forget_cancelled(session)
    return ended


def resume(session: Session, name: str, budget: Decimal | None) -> list[int]:
    """Let a paused batch go on, with another budget if one is given; the documents it was at. Raises InputError."""
    row = batch(session, name)
    row.budget = row.budget if budget is None else budget
    more = counts.uncounted(session, [row.id]).get(row.id, counts.Spent())
    spent = row.spent + more.cost
    if row.budget is not None and spent >= row.budget:
        problem = f"has spent {spent.normalize():f} USD of its budget of {row.budget.normalize():f}"
        raise InputError(name, problem, "give a larger one: --budget-usd")
    if row.status == "paused":
        row.status, row.reason, row.touched_at = "open", "", now()
        # Their messages came while it was paused, and were dropped.
        sent = ItemRow.batch_id == row.id, ItemRow.status == "sent"
        session.execute(update(ItemRow).where(*sent).values(status="waiting"))
    query = select(ItemRow.document_id).where(ItemRow.batch_id == row.id, ItemRow.status == "reading")
    return sorted({found for found in session.execute(query).scalars() if found is not None})


def retry(session: Session, name: str) -> int:
    """Let what failed in a batch be tried again, chunks that were given up among it; the number of files."""
    row = batch(session, name)
    given_up = exists().where(
        ChunkRow.document_id == ItemRow.document_id,
        ChunkRow.status == "poisoned",
        DocumentRow.id == ItemRow.document_id,
        DocumentRow.run == ChunkRow.run,
    )
    mine = ItemRow.batch_id == row.id, ItemRow.sha256.is_not(None)
    tried = 0
    for which in (ItemRow.status == "failed", and_(ItemRow.status == "done", given_up)):
        tried += changed(
            session,
            update(ItemRow)
            .where(*mine, which)
            .values(status="waiting", error=None, attempts=0, touched_at=now())
            .execution_options(synchronize_session=False),
        )
    if tried and row.status in {"done", "cancelled"}:
        row.status, row.touched_at = "open", now()
    return tried


def records(session: Session, name: str | None = None) -> list[BatchRecord]:
    """All batches, the latest first, or the one of a name. Raises InputError."""
    rows = (
        [batch(session, name)]
        if name
        else session.execute(select(BatchRow).order_by(BatchRow.id.desc())).scalars().all()
    )
    ids = [row.id for row in rows]
    items, tables = _by_status(session, ids)
    more = counts.uncounted(session, ids)
    nothing = counts.Spent()
    return [
        BatchRecord(
            name=row.name,
            status=row.status,
            reason=row.reason,
            priority=row.priority,
            budget_usd=row.budget,
            spent_usd=row.spent + more.get(row.id, nothing).cost,
            items=items.get(row.id, {}),
            tables=tables.get(row.id, {}),
            tokens=row.tokens + more.get(row.id, nothing).tokens,
            added_at=row.added_at,
            touched_at=row.touched_at,
            llm_batch=row.llm_batch,
        )
        for row in rows
    ]


ByStatus = dict[int, dict[str, int]]


def _by_status(session: Session, ids: list[int]) -> tuple[ByStatus, ByStatus]:
    """Files and tables by status, for each batch."""
    items: ByStatus = {}
    tables: ByStatus = {}
    sums = (func.sum(getattr(ItemRow, name)) for name in TABLE_COUNTS)
    query = select(ItemRow.batch_id, ItemRow.status, func.count(), *sums).where(ItemRow.batch_id.in_(ids))
    for batch_id, status, number, *found in session.execute(query.group_by(ItemRow.batch_id, ItemRow.status)):
        items.setdefault(batch_id, {})[status] = number
        of_batch = tables.setdefault(batch_id, {})
        for column, more in zip(TABLE_COUNTS, found, strict=True):
            if more:
                key = column.removeprefix("tables_")
                of_batch[key] = of_batch.get(key, 0) + int(more)
    return items, tables


def items(session: Session, name: str, status: str | None = None, after: int = 0) -> Iterator[ItemRecord]:
    """The files of a batch in the order of their entry, those of a status if one is given."""
    of = [ItemRow.batch_id == batch(session, name).id]
    if status:
        of.append(ItemRow.status == status)
    while True:
        query = select(ItemRow).where(*of, ItemRow.id > after).order_by(ItemRow.id).limit(_PAGE)
        rows = session.execute(query).scalars().all()
        for row in rows:
            yield ItemRecord(
                id=row.id,
                place=row.place,
                name=row.name,
                sha256=row.sha256,
                status=row.status,
                error=row.error,
                document_id=row.document_id,
                notes=tuple(json.loads(row.notes)),
                facts=json.loads(row.facts),
            )
        if len(rows) < _PAGE:
            return
        after = rows[-1].id
