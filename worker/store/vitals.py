"""What a service that runs is watched by: how much of what there is, and when its queues were last served."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Select, and_, func, select
from sqlalchemy.orm import Session

from worker.store.models import BatchRow, CallRow, CanaryRow, ChunkRow, DocumentRow, ItemRow, TableRow
from worker.store.records import Totals
from worker.store.statements import insert_new, now


def totals(session: Session) -> Totals:
    """How much there is, by state; of chunks those that are still to be read."""
    calls = session.execute(
        select(
            CallRow.outcome,
            func.count(),
            func.sum(CallRow.prompt_tokens),
            func.sum(CallRow.completion_tokens),
        )
        .group_by(CallRow.outcome)
        .order_by(CallRow.outcome)
    ).all()
    oldest = session.execute(select(func.min(ItemRow.touched_at)).where(ItemRow.status == "waiting")).scalar()
    present = and_(DocumentRow.id == TableRow.document_id, DocumentRow.run == TableRow.run)
    return Totals(
        items=_counted(session, select(ItemRow.status, func.count()).group_by(ItemRow.status)),
        documents=_counted(session, select(DocumentRow.status, func.count()).group_by(DocumentRow.status)),
        chunks=_counted(
            session,
            select(ChunkRow.status, func.count())
            .where(ChunkRow.status.in_(["queued", "reading"]))
            .group_by(ChunkRow.status),
        ),
        tables=_counted(
            session,
            select(TableRow.status, func.count()).join(DocumentRow, present).group_by(TableRow.status),
        ),
        batches=_counted(session, select(BatchRow.status, func.count()).group_by(BatchRow.status)),
        calls={outcome: number for outcome, number, _, _ in calls},
        prompt_tokens=sum(int(read) for _, _, read, _ in calls),
        completion_tokens=sum(int(written) for _, _, _, written in calls),
        cost_usd=sum(session.execute(select(BatchRow.spent)).scalars(), Decimal(0)),
        oldest_waiting_s=(now() - oldest).total_seconds() if oldest else None,
    )


def _counted(session: Session, query: Select[str, int]) -> Mapping[str, int]:
    return dict(session.execute(query).all())


def beat(session: Session, queue: str) -> None:
    """A worker took the canary of a queue."""
    insert_new(session, CanaryRow, {"queue": queue, "at": now()})
    session.get_one(CanaryRow, queue).at = now()


def beats(session: Session) -> dict[str, datetime]:
    """When the canary of each queue was last taken."""
    return {row.queue: row.at for row in session.execute(select(CanaryRow)).scalars()}
