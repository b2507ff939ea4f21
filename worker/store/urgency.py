"""How urgent work is: the priority of the most urgent open batch that waits for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from worker.store.batches import ENTERED
from worker.store.models import BatchRow, ChunkRow, ItemRow
from worker.store.queries import batched

Transaction = Callable[[], AbstractContextManager[Session]]


class UrgencyStore:
    """Priorities by id; what no open batch waits for is left out."""

    def __init__(self, read: Transaction) -> None:
        self._read = read

    def of_items(self, ids: Sequence[int]) -> dict[int, int]:
        """Of files of batches."""
        query = select(ItemRow.id, BatchRow.priority).join(BatchRow, BatchRow.id == ItemRow.batch_id)
        return self._by_id(ids, lambda some: query.where(ItemRow.id.in_(some)))

    def of_documents(self, ids: Sequence[int]) -> dict[int, int]:
        """Of documents that batches wait for."""
        of = ItemRow.document_id
        query = select(of, func.max(BatchRow.priority)).join(BatchRow, BatchRow.id == ItemRow.batch_id)
        waiting = ItemRow.status.in_(ENTERED), BatchRow.status == "open"
        return self._by_id(ids, lambda some: query.where(of.in_(some), *waiting).group_by(of))

    def of_chunks(self, ids: Sequence[int]) -> dict[int, int]:
        """Of chunks of documents that batches wait for."""
        query = (
            select(ChunkRow.id, func.max(BatchRow.priority))
            .join(ItemRow, ItemRow.document_id == ChunkRow.document_id)
            .join(BatchRow, BatchRow.id == ItemRow.batch_id)
            .where(ItemRow.status.in_(ENTERED), BatchRow.status == "open")
            .group_by(ChunkRow.id)
        )
        return self._by_id(ids, lambda some: query.where(ChunkRow.id.in_(some)))

    def _by_id(
        self, ids: Sequence[int], query: Callable[[Sequence[int]], Select[int | None, int]]
    ) -> dict[int, int]:
        found: dict[int, int] = {}
        if ids:
            with self._read() as session:
                for some in batched(ids):
                    rows = session.execute(query(some)).all()
                    found |= {key: priority for key, priority in rows if key is not None}
        return found
