"""Webhooks: who is told of what, and the messages that wait to be sent.

`tell` writes a message in the transaction of the change that it tells of: either both are there, or none.
"""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update
from sqlalchemy.orm import Session

from schemas import InputError
from worker.store.models import BatchRow, DeliveryRow, DocumentRow, HookRow, ItemRow, TableRow
from worker.store.statements import now

Transaction = Callable[[], AbstractContextManager[Session]]

EVENTS = (
    "batch.done",
    "batch.paused",
    "document.done",
    "document.failed",
    "export.done",
    "export.failed",
)
"""What one can be told of."""
TEST = "webhook.test"
"""What is told on request, to see whether it arrives."""

LEASE = timedelta(minutes=2)
"""After what time who sends a message is held to be gone; longer than a sending takes."""
GIVEN_UP = timedelta(hours=24)
"""For how long a message is tried."""
DISABLED = timedelta(days=3)
"""For how long every message to a webhook may fail before it is told nothing more."""
_FIRST_PAUSE = timedelta(seconds=30)
_LONGEST_PAUSE = timedelta(hours=6)
_LONGEST_REST = timedelta(minutes=5)
_KEPT = timedelta(days=7)
_GONE = 410


class HookRecord(NamedTuple):
    """A webhook as listed, without its secret. `status` is active or disabled, `reason` says why."""

    id: int
    url: str
    events: tuple[str, ...]
    status: str
    reason: str
    failing_since: datetime | None
    added_at: datetime


class DeliveryRecord(NamedTuple):
    """A message as listed. `status` is waiting, sending, delivered or given_up; `code` that of the last answer."""

    id: int
    message: str
    event: str
    status: str
    attempts: int
    code: int | None
    error: str
    next_at: datetime
    added_at: datetime


class Sending(NamedTuple):
    """A message for the one who holds it: where it goes, what it says, and the secret that signs it."""

    id: int
    message: str
    url: str
    payload: str
    secret: str

    def __repr__(self) -> str:
        return f"Sending({self.id}, {self.message!r})"


class Answer(NamedTuple):
    """What came of a sending: the status of the answer, or None and why there was none.

    `unreached`: the webhook as a whole did not answer.
    """

    code: int | None
    error: str = ""
    unreached: bool = False

    @property
    def accepted(self) -> bool:
        """Whether the receiver has taken it."""
        return self.code is not None and 200 <= self.code < 300


def tell(session: Session, event: str, data: Mapping[str, Any]) -> None:
    """Have every webhook that asked for `event` told, as part of this transaction. `data` is ids, names, counts."""
    asked = session.execute(select(HookRow.id, HookRow.events).where(HookRow.status == "active")).all()
    for hook_id, events in asked:
        if event in events.split(","):
            session.add(_message(hook_id, event, data))


def tell_batch(session: Session, batch_id: int, event: str) -> None:
    """Tell of a batch, by its name, and why it is in the state that it is in."""
    row = session.execute(select(BatchRow.name, BatchRow.reason).where(BatchRow.id == batch_id)).one()
    tell(session, event, {"batch": row.name, **({"reason": row.reason} if row.reason else {})})


def tell_document(session: Session, document_id: int) -> None:
    """Tell that a document is done, with its tables by status, or failed, with the reason."""
    if not _anyone(session):
        return
    session.flush()
    row = session.get_one(DocumentRow, document_id, populate_existing=True)
    about: dict[str, Any] = {"document": row.id, "name": row.name, "sha256": row.sha256}
    if row.status == "done":
        present = TableRow.document_id == row.id, TableRow.run == row.run
        counted = select(TableRow.status, func.count()).where(*present).group_by(TableRow.status)
        about["tables"] = dict(session.execute(counted).all())
    else:
        about["error"] = row.error
    tell(session, f"document.{row.status}", about)


def tell_file(session: Session, item_id: int, error: str) -> None:
    """Tell that a file of a batch failed before it became a document."""
    row = session.get_one(ItemRow, item_id)
    tell(
        session, "document.failed", {"document": None, "name": row.name, "sha256": row.sha256, "error": error}
    )


def _anyone(session: Session) -> bool:
    return session.execute(select(HookRow.id).where(HookRow.status == "active").limit(1)).first() is not None


def _message(hook_id: int, event: str, data: Mapping[str, Any]) -> DeliveryRow:
    at = now()
    payload = {"type": event, "timestamp": at.isoformat(), "data": dict(data)}
    return DeliveryRow(
        hook_id=hook_id,
        message=f"msg_{uuid.uuid4().hex}",
        event=event,
        payload=json.dumps(payload, ensure_ascii=False, separators=(",", ":")),
        status="waiting",
        next_at=at,
        added_at=at,
        touched_at=at,
    )


class HookStore:
    """Webhooks and their messages."""

    def __init__(self, write: Transaction, read: Transaction) -> None:
        self._write = write
        self._read = read

    def add(self, url: str, events: tuple[str, ...], secret: str) -> HookRecord:
        """Enter a webhook. Its secret is kept as it is, since it signs."""
        with self._write() as session:
            row = HookRow(
                url=url,
                events=",".join(events),
                secret=secret,
                status="active",
                rests_until=now(),
                added_at=now(),
            )
            session.add(row)
            session.flush()
            return _hook(row)

    def get(self, hook_id: int) -> HookRecord:
        """One webhook. Raises InputError."""
        with self._read() as session:
            return _hook(_row(session, hook_id))

    def all(self, after: int | None = None, most: int = 50) -> list[HookRecord]:
        """Webhooks in the order of their entry; with `after` those with a larger id."""
        query = select(HookRow).where(HookRow.id > (after or 0)).order_by(HookRow.id).limit(most)
        with self._read() as session:
            return [_hook(row) for row in session.execute(query).scalars()]

    def remove(self, hook_id: int) -> None:
        """Tell a webhook nothing more; its messages go with it. Raises InputError."""
        with self._write() as session:
            _row(session, hook_id)
            session.execute(delete(HookRow).where(HookRow.id == hook_id))

    def enable(self, hook_id: int) -> HookRecord:
        """Let a disabled webhook be told again, of what happens from now on. Raises InputError."""
        with self._write() as session:
            row = _row(session, hook_id)
            row.status, row.reason, row.failing_since, row.rests_until = "active", "", None, now()
            return _hook(row)

    def test(self, hook_id: int) -> DeliveryRecord:
        """Have one webhook told that it is a test. Raises InputError."""
        with self._write() as session:
            row = _message(_row(session, hook_id).id, TEST, {"webhook": hook_id})
            session.add(row)
            session.flush()
            return _delivery(row)

    def deliveries(self, hook_id: int, before: int | None = None, most: int = 50) -> list[DeliveryRecord]:
        """Messages to a webhook, the latest first; with `before` those with a smaller id. Raises InputError."""
        query = select(DeliveryRow).where(DeliveryRow.hook_id == hook_id)
        if before is not None:
            query = query.where(DeliveryRow.id < before)
        with self._read() as session:
            _row(session, hook_id)
            rows = session.execute(query.order_by(DeliveryRow.id.desc()).limit(most)).scalars()
            return [_delivery(row) for row in rows]

    def is_due(self) -> bool:
        """Whether a message waits to be sent by now."""
        query = select(DeliveryRow.id).join(HookRow, HookRow.id == DeliveryRow.hook_id).where(_due())
        with self._read() as session:
            return session.execute(query.limit(1)).first() is not None

    def claim(self, worker: str) -> Sending | None:
        """Take a message that is due to send it, with None if there is none that no one else holds."""
        with self._write() as session:
            found = session.execute(
                select(DeliveryRow, HookRow)
                .join(HookRow, HookRow.id == DeliveryRow.hook_id)
                .where(_due())
                .order_by(DeliveryRow.next_at, DeliveryRow.id)
                .limit(1)
                .with_for_update(of=DeliveryRow, skip_locked=True)
            ).first()
            if found is None:
                return None
            row, hook = found
            row.status, row.worker, row.touched_at = "sending", worker, now()
            row.attempts += 1
            return Sending(row.id, row.message, hook.url, row.payload, hook.secret)

    def settle(self, delivery_id: int, worker: str, answer: Answer) -> None:
        """Enter what came of a sending: it is delivered, waits for its next try, or is given up."""
        with self._write() as session:
            mine = (
                DeliveryRow.id == delivery_id,
                DeliveryRow.worker == worker,
                DeliveryRow.status == "sending",
            )
            row = session.execute(select(DeliveryRow).where(*mine).with_for_update()).scalar_one_or_none()
            if row is None:
                return
            hook = session.get_one(HookRow, row.hook_id, with_for_update=True)
            row.code, row.error, row.worker, row.touched_at = answer.code, answer.error, None, now()
            if answer.accepted:
                row.status, hook.failing_since, hook.rests_until = "delivered", None, now()
                return
            row.next_at = now() + _pause(row.attempts)
            row.status = "given_up" if row.next_at > row.added_at + GIVEN_UP else "waiting"
            hook.failing_since = hook.failing_since or now()
            if answer.unreached:
                hook.rests_until = min(row.next_at, now() + _LONGEST_REST)
            if answer.code == _GONE or hook.failing_since < now() - DISABLED:
                _disable(session, hook, answer)

    def purge(self) -> None:
        """Remove messages that ended some days ago."""
        ended = DeliveryRow.status.in_(["delivered", "given_up"]), DeliveryRow.touched_at < now() - _KEPT
        with self._write() as session:
            session.execute(delete(DeliveryRow).where(*ended))


def _due() -> ColumnElement[bool]:
    at = now()
    ready = and_(DeliveryRow.status == "waiting", DeliveryRow.next_at <= at)
    lost = and_(DeliveryRow.status == "sending", DeliveryRow.touched_at < at - LEASE)
    return and_(or_(ready, lost), HookRow.status == "active", HookRow.rests_until <= at)


def _pause(attempts: int) -> timedelta:
    """Four times as long after each attempt, and not the same for all that failed together."""
    longest: timedelta = min(_FIRST_PAUSE * 4 ** min(attempts - 1, 8), _LONGEST_PAUSE)
    return longest * random.uniform(0.75, 1)  # noqa: S311 - no secret


def _disable(session: Session, hook: HookRow, answer: Answer) -> None:
    hook.status = "disabled"
    said = f"HTTP {answer.code}" if answer.code else answer.error
    days = f"every message failed for {DISABLED.days} days, the last with {said}"
    hook.reason = "it answered that it is gone (HTTP 410)" if answer.code == _GONE else days
    open_ones = DeliveryRow.hook_id == hook.id, DeliveryRow.status.in_(["waiting", "sending"])
    session.execute(
        update(DeliveryRow).where(*open_ones).values(status="given_up", worker=None, touched_at=now())
    )


def _row(session: Session, hook_id: int) -> HookRow:
    row = session.get(HookRow, hook_id)
    if row is None:
        raise InputError(f"webhook {hook_id}", "there is no such webhook", "list them, or register it")
    return row


def _hook(row: HookRow) -> HookRecord:
    return HookRecord(
        id=row.id,
        url=row.url,
        events=tuple(row.events.split(",")),
        status=row.status,
        reason=row.reason or "",
        failing_since=row.failing_since,
        added_at=row.added_at,
    )


def _delivery(row: DeliveryRow) -> DeliveryRecord:
    return DeliveryRecord(
        id=row.id,
        message=row.message,
        event=row.event,
        status=row.status,
        attempts=row.attempts or 0,
        code=row.code,
        error=row.error or "",
        next_at=row.next_at,
        added_at=row.added_at,
    )
