"""What people tell a batch to do, and what they ask of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from sqlalchemy import and_, exists, func, select, update
from sqlalchemy.orm import Session

from schemas import InputError
from worker.store.batches import AT_WORK
from worker.store.models import BatchRow, CallRow, ChunkRow, DocumentRow, ItemRow, TableRow
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
    reading = select(ItemRow.document_id).where(mine, ItemRow.status == "reading")
    documents = set(session.execute(reading).scalars())
    ended = changed(
        session,
        update(ItemRow)
        .where(mine, ItemRow.status.in_(["waiting", *AT_WORK]))
        .values(status="cancelled", worker=None, touched_at=now()),
    )
    if row.status in _LIVE:
        row.status, row.reason, row.touched_at = "cancelled", "", now()
    session.flush()
    wanted = exists().where(ItemRow.document_id == DocumentRow.id, ItemRow.status == "reading")
    for document_id in documents:
        session.execute(
            update(DocumentRow)
            .where(DocumentRow.id == document_id, DocumentRow.status.not_in(CLOSED), ~wanted)
            .values(status="cancelled", touched_at=now())
            .execution_options(synchronize_session=False)
        )
    return ended


def resume(session: Session, name: str, budget: Decimal | None) -> list[int]:
    """Let a paused batch go on, with another budget if one is given; the documents it was at. Raises InputError."""
    row = batch(session, name)
    row.budget = row.budget if budget is None else budget
    if row.budget is not None and row.spent >= row.budget:
        problem = f"has spent {row.spent.normalize():f} USD of its budget of {row.budget.normalize():f}"
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
    items = _by_batch(
        session,
        select(ItemRow.batch_id, ItemRow.status, func.count()).group_by(ItemRow.batch_id, ItemRow.status),
        ids,
    )
    of_item = and_(TableRow.document_id == ItemRow.document_id, DocumentRow.run == TableRow.run)
    tables = _by_batch(
        session,
        select(ItemRow.batch_id, TableRow.status, func.count())
        .select_from(ItemRow)
        .join(DocumentRow, DocumentRow.id == ItemRow.document_id)
        .join(TableRow, of_item)
        .group_by(ItemRow.batch_id, TableRow.status),
        ids,
    )
    tokens = dict(
        session.execute(
            select(ItemRow.batch_id, func.sum(CallRow.prompt_tokens + CallRow.completion_tokens))
            .join(ChunkRow, ChunkRow.document_id == ItemRow.document_id)
            .join(CallRow, CallRow.chunk_id == ChunkRow.id)
            .where(ItemRow.batch_id.in_(ids))
            .group_by(ItemRow.batch_id)
        ).all()
    )
    return [
        BatchRecord(
            name=row.name,
            status=row.status,
            reason=row.reason,
            priority=row.priority,
            budget_usd=row.budget,
            spent_usd=row.spent,
            items=items.get(row.id, {}),
            tables=tables.get(row.id, {}),
            tokens=int(tokens.get(row.id, 0)),
            added_at=row.added_at,
            touched_at=row.touched_at,
        )
        for row in rows
    ]


def _by_batch(session: Session, query: Any, ids: list[int]) -> dict[int, dict[str, int]]:
    found: dict[int, dict[str, int]] = {}
    for batch_id, status, number in session.execute(query.where(ItemRow.batch_id.in_(ids))):
        found.setdefault(batch_id, {})[status] = number
    return found


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
