"""What a service that runs is watched by: how much of what there is, and when its queues were last served."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from worker.store import counts
from worker.store.models import BatchRow, CallRow, CanaryRow, ChunkRow, DocumentRow, ItemRow
from worker.store.models.work import TABLE_COUNTS
from worker.store.records import Totals
from worker.store.statements import insert_new, now


def totals(session: Session) -> Totals:
    """How much there is, by state; of chunks those that are still to be read."""
    calls = counts.by_outcome(session)
    oldest = session.execute(select(func.min(ItemRow.touched_at)).where(ItemRow.status == "waiting")).scalar()
    documents, tables = _documents(session)
    return Totals(
        items=_counted(session, select(ItemRow.status, func.count()).group_by(ItemRow.status)),
        documents=documents,
        chunks=_counted(
            session,
            select(ChunkRow.status, func.count())
            .where(ChunkRow.status.in_(["queued", "reading", "deferred"]))
            .group_by(ChunkRow.status),
        ),
        tables=tables,
        batches=_counted(session, select(BatchRow.status, func.count()).group_by(BatchRow.status)),
        calls={outcome: spent.calls for outcome, spent in sorted(calls.items())},
        prompt_tokens=sum(spent.prompt_tokens for spent in calls.values()),
        completion_tokens=sum(spent.completion_tokens for spent in calls.values()),
        cost_usd=_cost(session),
        oldest_waiting_s=(now() - oldest).total_seconds() if oldest else None,
    )


def _documents(session: Session) -> tuple[dict[str, int], dict[str, int]]:
    """Documents by status, and their tables by status."""
    documents: dict[str, int] = {}
    tables: dict[str, int] = {}
    sums = (func.sum(getattr(DocumentRow, name)) for name in TABLE_COUNTS)
    query = select(DocumentRow.status, func.count(), *sums).group_by(DocumentRow.status)
    for status, number, *found in session.execute(query):
        documents[status] = number
        for column, more in zip(TABLE_COUNTS, found, strict=True):
            if more:
                key = column.removeprefix("tables_")
                tables[key] = tables.get(key, 0) + int(more)
    return documents, tables


def _cost(session: Session) -> Decimal:
    known = sum(session.execute(select(BatchRow.spent)).scalars(), Decimal(0))
    open_calls = select(func.sum(CallRow.cost_usd)).where(~CallRow.counted, CallRow.batch_id.is_not(None))
    return known + (session.execute(open_calls).scalar() or Decimal(0))


def _counted(session: Session, query: Select[str, int]) -> Mapping[str, int]:
    return dict(session.execute(query).all())


def beat(session: Session, queue: str) -> None:
    """A worker took the canary of a queue."""
    insert_new(session, CanaryRow, {"queue": queue, "at": now()})
    session.get_one(CanaryRow, queue).at = now()


def beats(session: Session) -> dict[str, datetime]:
    """When the canary of each queue was last taken."""
    return {row.queue: row.at for row in session.execute(select(CanaryRow)).scalars()}
