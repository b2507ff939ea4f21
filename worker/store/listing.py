"""Pages of lists, each begun after an id by an index; and what is told of a batch from outside."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, text, union, update
from sqlalchemy.orm import Session

from schemas import Finding
from schemas.findings import Verdict
from worker.amend import changes_of, corrected, fold_readings
from worker.store.lines import BatchLine, DocumentLine, FindingLine, TableFound, TableLine
from worker.store.logs import log
from worker.store.models import (
    BatchRow,
    CallRow,
    ChunkRow,
    DocumentRow,
    FindingRow,
    ItemRow,
    NameRow,
    TableRow,
)
from worker.store.records import ItemRecord, reading_from
from worker.store.statements import changed, now

Transaction = Callable[[], AbstractContextManager[Session]]

_STATES = ("accepted", "review", "corrected", "rejected", "empty", "failed")
# In the words of their indices: a parameter in their place would hide those from the database.
_FAILED = text("findings.status = 'failed'")
_POISONED = text("chunks.status = 'poisoned'")
_COUNTED = {"tables", "chunks_poisoned"}


class ListingStore:
    """Pages of lists, the number of their rows bounded by `limit`; and what is told of a batch from outside."""

    def __init__(self, write: Transaction, read: Transaction) -> None:
        self._write = write
        self._read = read

    # Batches

    def batches(
        self, limit: int, before: int | None = None, *, name: str | None = None, status: str | None = None
    ) -> list[BatchLine]:
        """Batches, the latest first, those with an id below `before`."""
        query = select(BatchRow).order_by(BatchRow.id.desc()).limit(limit)
        wanted = _given(
            (before, lambda value: BatchRow.id < value),
            (name, lambda value: BatchRow.name == value),
            (status, lambda value: BatchRow.status == value),
        )
        with self._read() as session:
            return _batch_lines(session, session.execute(query.where(*wanted)).scalars().all())

    def batch(self, batch_id: int) -> BatchLine | None:
        """One batch by its id."""
        with self._read() as session:
            row = session.get(BatchRow, batch_id)
            return _batch_lines(session, [row])[0] if row else None

    def items(
        self, batch_id: int, limit: int, after: int | None = None, *, status: str | None = None
    ) -> list[ItemRecord]:
        """The files of a batch in the order of their entry, those with an id above `after`."""
        query = select(ItemRow).where(ItemRow.batch_id == batch_id).order_by(ItemRow.id).limit(limit)
        wanted = _given(
            (after, lambda value: ItemRow.id > value), (status, lambda value: ItemRow.status == value)
        )
        with self._read() as session:
            return [
                ItemRecord(
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
                for row in session.execute(query.where(*wanted)).scalars()
            ]

    def change_batch(self, batch_id: int, changes: Mapping[str, Any]) -> None:
        """Change `priority` and `budget` (USD, None: no bound) of a batch."""
        with self._write() as session:
            values = {**changes, "touched_at": now()}
            session.execute(update(BatchRow).where(BatchRow.id == batch_id).values(**values))

    def explain_batch(self, batch_id: int, reason: str) -> None:
        """Say what is to be known of an open batch; "" for nothing."""
        with self._write() as session:
            mine = BatchRow.id == batch_id, BatchRow.status == "open", BatchRow.reason != reason
            session.execute(update(BatchRow).where(*mine).values(reason=reason, touched_at=now()))

    def pause_batch(self, batch_id: int, reason: str) -> bool:
        """Take nothing more of an open batch until it is resumed; whether it was open."""
        mine = BatchRow.id == batch_id, BatchRow.status == "open"
        with self._write() as session:
            paused = update(BatchRow).where(*mine).values(status="paused", reason=reason, touched_at=now())
            return changed(session, paused) == 1

    def reopen_batch(self, batch_id: int) -> None:
        """Let a batch that was done go on: files were entered since."""
        with self._write() as session:
            mine = BatchRow.id == batch_id, BatchRow.status == "done"
            session.execute(update(BatchRow).where(*mine).values(status="open", touched_at=now()))

    # Documents

    def documents(
        self,
        limit: int,
        before: int | None = None,
        *,
        batch_id: int | None = None,
        status: str | None = None,
        name: str | None = None,
        text: str = "",
    ) -> list[DocumentLine]:
        """Documents, the latest first, those with an id below `before`; `name` is one that they were given by.

        The words of `text` are looked for in names, titles and names of units.
        """
        query = select(DocumentRow).order_by(DocumentRow.id.desc()).limit(limit)
        wanted = _given(
            (before, lambda value: DocumentRow.id < value),
            (status, lambda value: DocumentRow.status == value),
            (name, _is_called),
        )
        wanted += map(_speaks_of, text.replace("\0", "").lower().split())
        if batch_id is not None:
            of = ItemRow.batch_id == batch_id, ItemRow.document_id.is_not(None)
            in_batch = select(ItemRow.document_id).where(*of)
            if before is not None:
                in_batch = in_batch.where(ItemRow.document_id < before)
            if status is None and name is None and not text:
                in_batch = in_batch.distinct().order_by(ItemRow.document_id.desc()).limit(limit)
            wanted.append(DocumentRow.id.in_(in_batch))
        with self._read() as session:
            return _document_lines(session, session.execute(query.where(*wanted)).scalars().all())

    def document(self, document_id: int) -> DocumentLine | None:
        """One document by its id."""
        with self._read() as session:
            row = session.get(DocumentRow, document_id)
            return _document_lines(session, [row])[0] if row else None

    def batches_of(self, document_id: int) -> list[str]:
        """The names of the batches that a document came with."""
        query = select(BatchRow.name).join(ItemRow, ItemRow.batch_id == BatchRow.id)
        with self._read() as session:
            found = session.execute(query.where(ItemRow.document_id == document_id).distinct())
            return sorted(found.scalars())

    def retry_document(self, document_id: int) -> int:
        """Let a document that failed, or tables of which were given up, be tried again in the batches that it
        came with; the number of its files that wait again.
        """
        given_up = exists().where(
            ChunkRow.document_id == DocumentRow.id,
            ChunkRow.run == DocumentRow.run,
            ChunkRow.status == "poisoned",
        )
        failed = exists().where(DocumentRow.id == document_id, or_(DocumentRow.status == "failed", given_up))
        mine = ItemRow.document_id == document_id, ItemRow.sha256.is_not(None)
        with self._write() as session:
            ended = session.execute(
                update(ItemRow)
                .where(*mine, ItemRow.status.in_(["failed", "done"]), failed)
                .values(status="waiting", error=None, attempts=0, touched_at=now())
                .returning(ItemRow.batch_id)
                .execution_options(synchronize_session=False)
            )
            batches = list(ended.scalars())
            closed = BatchRow.id.in_(batches), BatchRow.status.in_(["done", "cancelled"])
            changed(session, update(BatchRow).where(*closed).values(status="open", touched_at=now()))
            return len(batches)

    # Tables and findings

    def tables(
        self,
        document_id: int,
        limit: int,
        after: int | None = None,
        *,
        kind: str | None = None,
        status: str | None = None,
    ) -> list[tuple[int, TableLine]]:
        """The tables of a document in their order, each with its position; those with one above `after`."""
        wanted = _given(
            (after, lambda value: TableRow.position > value),
            (kind, lambda value: TableRow.kind == value),
            (status, lambda value: TableRow.status == value),
        )
        query = (
            select(TableRow)
            .join(DocumentRow, _present(TableRow))
            .where(DocumentRow.id == document_id, *wanted)
        )
        with self._read() as session:
            rows = session.execute(query.order_by(TableRow.position).limit(limit)).scalars()
            return [(row.position, _table_line(row)) for row in rows]

    def table(self, document_id: int, key: str) -> TableFound | None:
        """One table as people left it, with its cells, its verdict and the findings that it takes part in."""
        mine = DocumentRow.id == document_id, TableRow.key == key
        with self._read() as session:
            row = session.execute(
                select(TableRow).join(DocumentRow, _present(TableRow)).where(*mine)
            ).scalar_one_or_none()
            if row is None:
                return None
            of = FindingRow.document_id == document_id, FindingRow.run == row.run
            payloads = session.execute(
                select(FindingRow.payload).where(*of).order_by(FindingRow.position)
            ).scalars()
            found = (Finding.model_validate_json(payload) for payload in payloads)
            standing = {} if row.reading is None else {key: reading_from(row.reading)}
            after = fold_readings(standing, [each.entry for each in log(session, document_id, key=key)])
            return TableFound(
                line=_table_line(row),
                verdict=Verdict.model_validate_json(row.verdict),
                reading=corrected(standing, after).get(key),
                findings=tuple(finding for finding in found if key in finding.tables),
                changes=changes_of(after),
            )

    def findings_of(
        self,
        document_id: int,
        limit: int,
        after: int | None = None,
        *,
        rule: str | None = None,
        status: str | None = None,
    ) -> list[tuple[int, FindingLine]]:
        """The findings of a document in their order, each with its position; those with one above `after`."""
        wanted = _given(
            (after, lambda value: FindingRow.position > value),
            (rule, lambda value: FindingRow.rule == value),
            (status, lambda value: FindingRow.status == value),
        )
        query = (
            select(FindingRow)
            .join(DocumentRow, _present(FindingRow))
            .where(DocumentRow.id == document_id, *wanted)
        )
        with self._read() as session:
            rows = session.execute(query.order_by(FindingRow.position).limit(limit)).scalars()
            return [(row.position, _finding_line(row)) for row in rows]

    def failed_findings(
        self, limit: int, before: int | None = None, *, rule: str | None = None
    ) -> list[FindingLine]:
        """What does not add up in any document, the latest first, those with an id below `before`."""
        wanted = _given(
            (before, lambda value: FindingRow.id < value), (rule, lambda value: FindingRow.rule == value)
        )
        query = select(FindingRow).join(DocumentRow, _present(FindingRow)).where(_FAILED, *wanted)
        with self._read() as session:
            rows = session.execute(query.order_by(FindingRow.id.desc()).limit(limit)).scalars()
            return [_finding_line(row) for row in rows]


_Filter = tuple[Any, Callable[[Any], ColumnElement[bool]]]


def _given(*filters: _Filter) -> list[ColumnElement[bool]]:
    return [make(value) for value, make in filters if value is not None]


def _present(of: type[TableRow | FindingRow | ChunkRow]) -> ColumnElement[bool]:
    return and_(DocumentRow.id == of.document_id, DocumentRow.run == of.run)


def _is_called(name: str) -> ColumnElement[bool]:
    now_so = select(DocumentRow.id).where(DocumentRow.name == name)
    once_so = select(NameRow.document_id).where(NameRow.name == name)
    return DocumentRow.id.in_(union(now_so, once_so))


def _speaks_of(word: str) -> ColumnElement[bool]:
    said = (DocumentRow.name, DocumentRow.title, DocumentRow.unit_name)
    return or_(*(func.lower(each).contains(word, autoescape=True) for each in said))


def _batch_lines(session: Session, rows: Sequence[BatchRow]) -> list[BatchLine]:
    ids = [row.id for row in rows]
    items: dict[int, dict[str, int]] = {}
    tables: dict[int, dict[str, int]] = {}
    sums = [func.sum(getattr(ItemRow, f"tables_{state}")) for state in _STATES]
    query = select(ItemRow.batch_id, ItemRow.status, func.count(), *sums).where(ItemRow.batch_id.in_(ids))
    for batch_id, status, number, *found in session.execute(
        query.group_by(ItemRow.batch_id, ItemRow.status)
    ).all():
        items.setdefault(batch_id, {})[status] = number
        seen = tables.setdefault(batch_id, {})
        for state, count in zip(_STATES, found, strict=True):
            if count:
                seen[state] = seen.get(state, 0) + int(count)
    spent: dict[int, Decimal] = {}
    tokens: dict[int, int] = {}
    open_calls = CallRow.batch_id.in_(ids), ~CallRow.counted
    for batch_id, cost, read, written in session.execute(
        select(CallRow.batch_id, CallRow.cost_usd, CallRow.prompt_tokens, CallRow.completion_tokens).where(
            *open_calls
        )
    ).all():
        if batch_id is not None:
            spent[batch_id] = spent.get(batch_id, Decimal(0)) + (cost or 0)
            tokens[batch_id] = tokens.get(batch_id, 0) + read + written
    return [
        BatchLine(
            id=row.id,
            name=row.name,
            status=row.status,
            reason=row.reason,
            priority=row.priority,
            budget_usd=row.budget,
            spent_usd=row.spent + spent.get(row.id, Decimal(0)),
            tokens=row.tokens + tokens.get(row.id, 0),
            entered=row.entered,
            items=items.get(row.id, {}),
            tables=tables.get(row.id, {}),
            added_at=row.added_at,
            touched_at=row.touched_at,
        )
        for row in rows
    ]


def _document_lines(session: Session, rows: Sequence[DocumentRow]) -> list[DocumentLine]:
    given_up = select(ChunkRow.document_id, func.count()).join(DocumentRow, _present(ChunkRow))
    of = ChunkRow.document_id.in_([row.id for row in rows]), _POISONED
    poisoned = dict(session.execute(given_up.where(*of).group_by(ChunkRow.document_id)).all())
    return [
        DocumentLine(
            tables={state: number for state in _STATES if (number := getattr(row, f"tables_{state}"))},
            chunks_poisoned=poisoned.get(row.id, 0),
            **{name: getattr(row, name) for name in DocumentLine._fields if name not in _COUNTED},
        )
        for row in rows
    ]


def _table_line(row: TableRow) -> TableLine:
    return TableLine(**{name: getattr(row, name) for name in TableLine._fields})


def _finding_line(row: FindingRow) -> FindingLine:
    return FindingLine(row.id, row.document_id, Finding.model_validate_json(row.payload))
