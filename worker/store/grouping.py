"""Which requests that wait go together into a job, and how many."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from worker.store.models import BatchRow, ChunkRow, ItemRow
from worker.store.models.jobs import JobRow, RequestRow, WaitRow
from worker.store.statements import now

_LONGEST = 100
"""A group is closed after so many times the quiet that it waits for, even if there was none."""
_AT_ONCE = 50_000
_LATELY = timedelta(days=1)


class Limits(NamedTuple):
    """The most of one job, and after how much quiet a smaller one is closed."""

    requests: int
    size: int
    quiet: timedelta


def waiting_batch() -> Any:
    """The first open batch that waits for a request; none where nobody does."""
    return (
        select(func.min(ItemRow.batch_id))
        .select_from(WaitRow)
        .join(ChunkRow, and_(ChunkRow.id == WaitRow.chunk_id, ChunkRow.status == "deferred"))
        .join(ItemRow, ItemRow.document_id == ChunkRow.document_id)
        .join(BatchRow, BatchRow.id == ItemRow.batch_id)
        .where(
            WaitRow.request_id == RequestRow.id,
            ItemRow.status.in_(["reading", "deferred"]),
            BatchRow.status == "open",
            BatchRow.llm_batch.is_(True),
        )
        .correlate(RequestRow)
        .scalar_subquery()
    )


def room(session: Session, address: str) -> int:
    """The most requests of a job, by what the endpoint had no room for of late: half of that."""
    refused = JobRow.address == address, JobRow.status == "too large", JobRow.touched_at > now() - _LATELY
    least = session.execute(select(func.min(JobRow.requests)).where(*refused)).scalar()
    return sys.maxsize if least is None else max(1, least // 2)


def groups(session: Session, address: str, limits: Limits) -> Iterator[list[int]]:
    """Requests that go together: full groups, and the rest of a batch of which nothing new came for a while."""
    batch = waiting_batch()
    rows = session.execute(
        select(RequestRow.id, RequestRow.size, RequestRow.touched_at, batch)
        .where(RequestRow.status == "pending", RequestRow.address == address, batch.is_not(None))
        .where(RequestRow.touched_at <= now())
        .order_by(RequestRow.id)
        .limit(_AT_ONCE)
    ).all()
    by_batch: dict[int, list[tuple[int, int, datetime]]] = {}
    for request_id, size, at, batch_id in rows:
        by_batch.setdefault(batch_id, []).append((request_id, size, at))
    for found in by_batch.values():
        ids: list[int] = []
        total = 0
        for request_id, size, _ in found:
            if ids and (total + size > limits.size or len(ids) == limits.requests):
                yield ids
                ids, total = [], 0
            ids.append(request_id)
            total += size
        times = [at for _, _, at in found]
        quiet = max(times) < now() - limits.quiet or min(times) < now() - _LONGEST * limits.quiet
        if quiet or len(ids) == limits.requests:
            yield ids
