"""Sums that are kept, so that no list adds up what a million rows say.

What a document has is counted anew from its rows whenever these change, never added to. Calls to a model are added
up once, when their document ends; until then they are few, and are added up where they are asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import Update, func, select, update
from sqlalchemy.orm import Session

from worker.store.models import (
    BatchRow,
    CallRow,
    ChunkRow,
    DocumentRow,
    FindingRow,
    ItemRow,
    TableRow,
    TallyRow,
)
from worker.store.models.work import TABLE_COUNTS
from worker.store.queries import CLOSED
from worker.store.statements import insert_new


class Spent(NamedTuple):
    """What calls came to: their number, tokens read and written, USD as far as prices are known."""

    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: Decimal = Decimal(0)

    @property
    def tokens(self) -> int:
        """Tokens read and written."""
        return self.prompt_tokens + self.completion_tokens

    def plus(self, other: Spent) -> Spent:
        """Both together."""
        return Spent(
            self.calls + other.calls,
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
            self.cost + other.cost,
        )


def recount(session: Session, document_id: int) -> None:
    """Set what a document says of its tables and checks from their rows; files of batches repeat it.

    To be called in the transaction that changed the rows.
    """
    session.flush()
    # Locked before it is counted: who counts at the same time does not see what is not committed yet.
    held = select(DocumentRow.run).where(DocumentRow.id == document_id).with_for_update()
    run = session.execute(held).scalar_one()
    tables = (
        select(TableRow.status, func.count())
        .where(TableRow.document_id == document_id, TableRow.run == run)
        .group_by(TableRow.status)
    )
    found = {f"tables_{status}": number for status, number in session.execute(tables)}
    counts = {name: found.get(name, 0) for name in TABLE_COUNTS}
    checks = FindingRow.document_id == document_id, FindingRow.run == run, FindingRow.status == "failed"
    failed = session.execute(select(func.count()).where(*checks)).scalar_one()
    mine = DocumentRow.id == document_id
    session.execute(update(DocumentRow).where(mine).values(**counts, checks_failed=failed))
    session.execute(update(ItemRow).where(ItemRow.document_id == document_id).values(**counts))


def repeat(session: Session, document_id: int) -> None:
    """Have the files of batches that are this document say what it says of its tables."""
    row = session.get_one(DocumentRow, document_id)
    counts = {name: getattr(row, name) for name in TABLE_COUNTS}
    session.execute(update(ItemRow).where(ItemRow.document_id == document_id).values(**counts))


class Counted(NamedTuple):
    """Calls that were added up just now, by batch (those made for one) and by outcome."""

    by_batch: dict[int, Spent]
    by_outcome: dict[str, Spent]


def count_calls(session: Session, document_id: int) -> Counted:
    """Add up the calls made for a document, each once: in the sums of the document.

    The sums of batches and outcomes are to be given theirs in the same transaction.
    """
    session.flush()
    chunks = select(ChunkRow.id).where(ChunkRow.document_id == document_id)
    statement = update(CallRow).where(CallRow.chunk_id.in_(chunks), ~CallRow.counted).values(counted=True)
    calls = session.execute(
        statement.returning(
            CallRow.batch_id,
            CallRow.outcome,
            CallRow.prompt_tokens,
            CallRow.completion_tokens,
            CallRow.cost_usd,
        ).execution_options(synchronize_session=False)
    ).all()
    counted, every = Counted({}, {}), Spent()
    for batch_id, outcome, read, written, cost in calls:
        call = Spent(1, read, written, cost or Decimal(0))
        every = every.plus(call)
        counted.by_outcome[outcome] = counted.by_outcome.get(outcome, Spent()).plus(call)
        if batch_id is not None:
            counted.by_batch[batch_id] = counted.by_batch.get(batch_id, Spent()).plus(call)
    if calls:
        more = {
            "calls": DocumentRow.calls + every.calls,
            "tokens": DocumentRow.tokens + every.tokens,
            "cost": DocumentRow.cost + every.cost,
        }
        _set(session, update(DocumentRow).where(DocumentRow.id == document_id).values(**more))
    return counted


def charge(session: Session, batch_id: int, spent: Spent) -> None:
    """Enter calls that were added up in the sums of their batch."""
    more = {"spent": BatchRow.spent + spent.cost, "tokens": BatchRow.tokens + spent.tokens}
    _set(session, update(BatchRow).where(BatchRow.id == batch_id).values(**more))


def tally(session: Session, by_outcome: Mapping[str, Spent]) -> None:
    """Enter calls that were added up in the sums of their outcomes."""
    # In one order, so that no two wait for each other.
    for outcome, spent in sorted(by_outcome.items()):
        nothing = {"outcome": outcome, "calls": 0, "prompt_tokens": 0, "completion_tokens": 0}
        insert_new(session, TallyRow, nothing)
        more = {
            "calls": TallyRow.calls + spent.calls,
            "prompt_tokens": TallyRow.prompt_tokens + spent.prompt_tokens,
            "completion_tokens": TallyRow.completion_tokens + spent.completion_tokens,
        }
        _set(session, update(TallyRow).where(TallyRow.outcome == outcome).values(**more))


def _set(session: Session, statement: Update) -> None:
    session.execute(statement.execution_options(synchronize_session=False))


_SUMS = (
    func.count(),
    func.sum(CallRow.prompt_tokens),
    func.sum(CallRow.completion_tokens),
    func.sum(CallRow.cost_usd),
)


def _spent(sums: Sequence[Any]) -> Spent:
    calls, read, written, cost = sums
    return Spent(calls, int(read or 0), int(written or 0), cost or Decimal(0))


def uncounted(session: Session, batch_ids: Sequence[int]) -> dict[int, Spent]:
    """What calls that are in no sum yet came to, by the batch that they were made for."""
    query = select(CallRow.batch_id, *_SUMS).where(~CallRow.counted, CallRow.batch_id.in_(batch_ids))
    found = session.execute(query.group_by(CallRow.batch_id)).all()
    return {batch_id: _spent(sums) for batch_id, *sums in found if batch_id is not None}


def by_outcome(session: Session) -> dict[str, Spent]:
    """What all calls came to, by outcome."""
    found = {
        row.outcome: Spent(row.calls, row.prompt_tokens, row.completion_tokens)
        for row in session.execute(select(TallyRow)).scalars()
    }
    query = select(CallRow.outcome, *_SUMS).where(~CallRow.counted).group_by(CallRow.outcome)
    for outcome, *sums in session.execute(query):
        found[outcome] = found.get(outcome, Spent()).plus(_spent(sums))
    return found


def left_behind(session: Session) -> list[int]:
    """Documents that have ended, with calls that are in no sum: their worker died, or was late."""
    query = (
        select(ChunkRow.document_id)
        .distinct()
        .join(CallRow, CallRow.chunk_id == ChunkRow.id)
        .join(DocumentRow, DocumentRow.id == ChunkRow.document_id)
        .where(~CallRow.counted, DocumentRow.status.in_(CLOSED))
    )
    return list(session.execute(query).scalars())
