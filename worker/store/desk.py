"""What people do to documents: the queue of tables that wait, who holds them, and the log of what was done."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from schemas import Finding
from schemas.findings import Verdict
from worker.amend import Entry
from worker.pipeline import Extraction
from worker.store.counts import recount
from worker.store.logs import Logged, log
from worker.store.models import DocumentRow, EventRow, FindingRow, ReviewRow, TableRow
from worker.store.statements import insert_new, now
from worker.worth import worths

Transaction = Callable[[], AbstractContextManager[Session]]

_OPEN = ("review", "failed")
_BATCH = 500


class Head(NamedTuple):
    """Where a document is: its reading, the length of its log, its name, and its state (done where all is well)."""

    run: int
    sequence: int
    name: str
    status: str


class Hold(NamedTuple):
    """Who holds a table, until when."""

    user_id: int
    until: datetime


class Outcome(NamedTuple):
    """What an entry brings about: the document after it, and what of that differs from before."""

    extraction: Extraction
    verdicts: Mapping[str, Verdict]
    findings: Mapping[int, Finding]
    total: int


class Appended(NamedTuple):
    """Whether an entry was written; if not, the other person who holds the table, or None: the log went on."""

    done: bool
    held: Hold | None = None


class DeskStore:
    """The log of every document, and who holds which table. For the queue see `worker.store.reviews`."""

    def __init__(self, write: Transaction, read: Transaction) -> None:
        self._write = write
        self._read = read

    def head(self, document_id: int) -> Head:
        """Where a document is. Raises KeyError."""
        with self._read() as session:
            last = select(func.max(EventRow.sequence)).where(EventRow.document_id == document_id)
            query = select(
                DocumentRow.run, last.scalar_subquery(), DocumentRow.name, DocumentRow.status
            ).where(DocumentRow.id == document_id)
            found = session.execute(query).first()
        if found is None:
            raise KeyError(document_id)
        return Head(found[0], found[1] or 0, found[2], found[3])

    def log(self, document_id: int, after: int = 0) -> tuple[Logged, ...]:
        """The entries of a document after a number, in order."""
        with self._read() as session:
            return log(session, document_id, after)

    def append(
        self,
        document_id: int,
        run: int,
        entry: Entry,
        user_id: int,
        outcome: Outcome,
        lease: timedelta | None,
    ) -> Appended:
        """Write an entry with what it brings about, unless the log or the reading went on, or another holds the table.

        With a `lease` the user holds the table for so long from now; without one it is free again.
        """
        with self._write() as session:
            held = select(DocumentRow.run).where(DocumentRow.id == document_id).with_for_update()
            if session.execute(held).scalar_one_or_none() != run:
                return Appended(False)
            for_table = ReviewRow.document_id == document_id, ReviewRow.key == entry.table
            review = session.execute(select(ReviewRow).where(*for_table)).scalar_one_or_none()
            hold = _hold(review)
            if hold and hold.user_id != user_id:
                return Appended(False, hold)
            seconds = None
            if lease is None and review is not None and review.claimed_at is not None:
                seconds = max(0, round((entry.at - review.claimed_at).total_seconds()))
            values = {
                "document_id": document_id,
                "sequence": entry.sequence,
                "run": run,
                "key": entry.table,
                "action": entry.action,
                "user_id": user_id,
                "by": entry.by,
                "at": entry.at,
                "payload": entry.model_dump_json(),
                "seconds": seconds,
            }
            if not _in_turn(session, document_id, entry.sequence) or not insert_new(
                session, EventRow, values
            ):
                return Appended(False)
            _write_outcome(session, document_id, run, outcome, entry.table)
            review = session.execute(select(ReviewRow).where(*for_table)).scalar_one()
            claim_row(review, user_id, lease)
        return Appended(True)

    def hold_of(self, document_id: int, key: str) -> Hold | None:
        """Who holds a table now."""
        with self._read() as session:
            query = select(ReviewRow).where(ReviewRow.document_id == document_id, ReviewRow.key == key)
            return _hold(session.execute(query).scalar_one_or_none())

    def claim(self, document_id: int, key: str, user_id: int, lease: timedelta) -> Hold | None:
        """Hold a table; the other person who does so already, if there is one. Raises KeyError: it never waited."""
        with self._write() as session:
            query = select(ReviewRow).where(ReviewRow.document_id == document_id, ReviewRow.key == key)
            row = session.execute(query.with_for_update()).scalar_one_or_none()
            if row is None:
                raise KeyError(key)
            hold = _hold(row)
            if hold and hold.user_id != user_id:
                return hold
            claim_row(row, user_id, lease)
            return None

    def release(self, document_id: int, key: str, user_id: int) -> None:
        """Let go of a table, if the user holds it."""
        mine = ReviewRow.document_id == document_id, ReviewRow.key == key, ReviewRow.claimed_by == user_id
        free = {"claimed_by": None, "claimed_at": None, "claimed_until": None}
        with self._write() as session:
            session.execute(update(ReviewRow).where(*mine).values(**free))


def claim_row(row: ReviewRow, user_id: int, lease: timedelta | None) -> None:
    """Let a user hold a table for so long, or no one. The time of the claim is that of its beginning."""
    if lease is None:
        row.claimed_by = row.claimed_at = row.claimed_until = None
        return
    if row.claimed_by != user_id or row.claimed_until is None or row.claimed_until < now():
        row.claimed_at = now()
    row.claimed_by, row.claimed_until = user_id, now() + lease


def _hold(row: ReviewRow | None) -> Hold | None:
    if row is None or row.claimed_by is None or row.claimed_until is None or row.claimed_until < now():
        return None
    return Hold(row.claimed_by, row.claimed_until)


def _in_turn(session: Session, document_id: int, sequence: int) -> bool:
    """Whether an entry follows the last one. On PostgreSQL a row may be locked and the log still go on: the unique
    key decides then."""
    last = select(func.max(EventRow.sequence)).where(EventRow.document_id == document_id)
    return (session.execute(last).scalar() or 0) + 1 == sequence


def _write_outcome(session: Session, document_id: int, run: int, outcome: Outcome, key: str) -> None:
    """Tables, findings and the queue as they are after an entry; readings stay as they are."""
    present = TableRow.document_id == document_id, TableRow.run == run
    for table, verdict in outcome.verdicts.items():
        session.execute(
            update(TableRow)
            .where(*present, TableRow.key == table)
            .values(
                status=verdict.status,
                confidence=verdict.confidence,
                passed=verdict.passed,
                failed=verdict.failed,
                skipped=verdict.skipped,
                verdict=verdict.model_dump_json(),
            )
        )
    mine = FindingRow.document_id == document_id, FindingRow.run == run
    for at in _pieces(sorted(outcome.findings)):
        session.execute(delete(FindingRow).where(*mine, FindingRow.position.in_(at)))
    session.execute(delete(FindingRow).where(*mine, FindingRow.position >= outcome.total))
    session.add_all(
        finding_row(document_id, run, position, finding) for position, finding in outcome.findings.items()
    )
    enter_reviews(session, document_id, outcome.extraction, {*outcome.verdicts, key}, touched=key)
    recount(session, document_id)


def _pieces(numbers: Sequence[int]) -> Iterator[Sequence[int]]:
    return (numbers[at : at + _BATCH] for at in range(0, len(numbers), _BATCH))


def finding_row(document_id: int, run: int, position: int, finding: Finding) -> FindingRow:
    """A finding as a row."""
    return FindingRow(
        document_id=document_id,
        run=run,
        position=position,
        rule=finding.check,
        scope=finding.scope,
        status=finding.status,
        payload=finding.model_dump_json(),
    )


def enter_reviews(
    session: Session,
    document_id: int,
    extraction: Extraction,
    keys: Collection[str] | None = None,
    touched: str | None = None,
) -> None:
    """Bring the queue up to date for some tables of a document, by default all: those that wait are entered, others
    that were entered before, or are `touched` now, keep their row with what became of them."""
    found = worths(extraction)
    query = select(ReviewRow).where(ReviewRow.document_id == document_id)
    rows = {row.key: row for row in session.execute(query).scalars()}
    for chunk in extraction.chunks:
        if keys is not None and chunk.id not in keys:
            continue
        verdict, worth = extraction.verdicts[chunk.id], found.get(chunk.id)
        row = rows.get(chunk.id)
        if row is None:
            if worth is None and chunk.id != touched:
                continue
            row = ReviewRow(document_id=document_id, key=chunk.id, reason="", doubt=0, ease=0, worth=0)
            session.add(row)
        standing = extraction.standing.get(chunk.id)
        table = standing.table if standing else None
        row.kind = table.kind if table else chunk.kind or "generic"
        row.title = (table.title if table else "") or chunk.title
        row.unit_name = extraction.facts.unit_name
        row.words = f"{extraction.document.name} {row.title} {row.unit_name}".lower()
        row.status, row.waiting = verdict.status, verdict.status in _OPEN
        row.reasons = json.dumps(list(verdict.reasons), ensure_ascii=False)
        if worth is not None:
            row.reason, row.money, row.worth = worth.reason, worth.money, worth.worth
            row.doubt, row.ease = worth.doubt, worth.ease
    if keys is None:
        # A new reading may have cut the document into other tables.
        known = {chunk.id for chunk in extraction.chunks}
        for key, row in rows.items():
            if key not in known:
                session.delete(row)
    session.flush()
