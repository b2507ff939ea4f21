"""Asking for the queue: pages of it, counts, the next table, and figures over what was done."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, Subquery, and_, func, or_, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

from schemas import Reading
from worker.amend import VERDICTS
from worker.store.desk import claim_row
from worker.store.models import (
    BatchRow,
    DocumentRow,
    EventRow,
    FindingRow,
    ItemRow,
    ReadingRow,
    ReviewRow,
    TableRow,
    UserRow,
)
from worker.store.records import reading_from
from worker.store.statements import now

Transaction = Callable[[], AbstractContextManager[Session]]

_FEW_FILES = 10_000
_MOST_VALUES = 50
_LATEST = 1_000
_LATEST_FINDINGS = 2_000
MOST_COUNTED = 5_000
"""Counts go no further: a queue of a million tables is not gone through whenever someone looks at it."""
_LATEST_TWICE = 200


class Wanted(NamedTuple):
    """What of the queue is wanted; None does not count. `status` open: review or failed."""

    batch: str | None = None
    document: int | None = None
    kind: str | None = None
    unit_name: str | None = None
    reason: str | None = None
    status: str = "open"
    mine: int | None = None
    text: str = ""
    free: bool = False


class Counted(NamedTuple):
    """How many tables are wanted: in all, by value of each filter with that filter left out, by document (id → name,
    number), by user who holds them, and held by no one. Each is of the `MOST_COUNTED` worthiest."""

    total: int
    by: dict[str, dict[str, int]]
    documents: dict[int, tuple[str, int]]
    held: dict[int, int]
    free: int


class Queued(NamedTuple):
    """A table in the queue as it is kept: doubt and ease in ten-thousandths."""

    id: int
    document_id: int
    key: str
    document_name: str
    kind: str
    title: str
    unit_name: str
    batches: tuple[str, ...]
    reason: str
    reasons: tuple[str, ...]
    money: Decimal | None
    doubt: int
    ease: int
    worth: int
    status: str
    claimed_by: str | None
    claimed_until: datetime | None


class Figures(NamedTuple):
    """What is counted over the desk. `seconds` are the last times from claim to verdict by person; `verdicts` and
    `cells` count by person; `failed` the present findings that fail, by kind of table and verdict, `identities` the
    same by kind of identity and verdict."""

    waiting: int
    claimed: int
    seconds: dict[str, list[int]]
    verdicts: dict[str, dict[str, int]]
    cells: dict[str, int]
    failed: dict[str, dict[str, int]]
    identities: dict[str, dict[str, int]]


class ReviewStore:
    """The queue of tables that wait for a person."""

    def __init__(self, write: Transaction, read: Transaction) -> None:
        self._write = write
        self._read = read

    def page(self, wanted: Wanted, order: str, after: tuple[int, int] | None, limit: int) -> list[Queued]:
        """Tables in order: by worth or newest first, after a (worth, id) of that order."""
        with self._read() as session:
            place = _place(session, wanted, ReviewRow.worth if order == "worth" else ReviewRow.id)
            query = select(ReviewRow).where(*_conditions(wanted))
            if after is not None:
                query = query.where(tuple_(*place) < after)
            query = query.order_by(*(part.desc() for part in place)).limit(limit)
            return _queued(session, session.execute(query).scalars().all())

    def counts(self, wanted: Wanted) -> Counted:
        """How many there are of everything that can be filtered by."""
        with self._read() as session:
            total = _number(session, wanted)
            found = {
                "status": _by(session, ReviewRow.status, wanted._replace(status="all")),
                "reason": _by(session, ReviewRow.reason, wanted._replace(reason=None)),
                "kind": _by(session, ReviewRow.kind, wanted._replace(kind=None)),
                "unit_name": _by(session, ReviewRow.unit_name, wanted._replace(unit_name=None)),
                "batch": _by_batch(session, wanted._replace(batch=None)),
            }
            documents = _by_document(session, wanted._replace(document=None))
            anyones = wanted._replace(mine=None, free=False)
            held = _by_holder(session, anyones)
            free = (total if anyones == wanted else _number(session, anyones)) - sum(held.values())
        return Counted(total, found, documents, held, free)

    def take(self, wanted: Wanted, user_id: int, lease: timedelta) -> Queued | None:
        """Hold the worthiest table that is free, or that the user holds already."""
        mine = and_(ReviewRow.claimed_by == user_id, ReviewRow.claimed_until >= now())
        with self._write() as session:
            place = _place(session, wanted, ReviewRow.worth)
            for which in (mine, _free()):
                query = select(ReviewRow).where(*_conditions(wanted), ReviewRow.waiting.is_(True), which)
                query = query.order_by(*(part.desc() for part in place)).limit(1)
                row = session.execute(query.with_for_update(skip_locked=True)).scalar_one_or_none()
                if row is not None:
                    claim_row(row, user_id, lease)
                    session.flush()
                    return _queued(session, [row])[0]
        return None

    def read_twice(self) -> list[tuple[Reading, ...]]:
        """The readings of the latest chunks that several readers read."""
        several = (
            select(ReadingRow.chunk_id)
            .where(ReadingRow.id > select(func.max(ReadingRow.id) - _LATEST).scalar_subquery())
            .group_by(ReadingRow.chunk_id)
            .having(func.count() > 1)
            .order_by(ReadingRow.chunk_id.desc())
            .limit(_LATEST_TWICE)
        )
        found: dict[int, list[Reading]] = defaultdict(list)
        with self._read() as session:
            query = select(ReadingRow).where(ReadingRow.chunk_id.in_(several)).order_by(ReadingRow.id)
            for row in session.execute(query).scalars():
                found[row.chunk_id].append(reading_from(row.payload))
        return [tuple(each) for each in found.values()]

    def figures(self) -> Figures:
        """What the overview counts."""
        with self._read() as session:
            waiting = session.execute(select(func.count()).where(ReviewRow.waiting.is_(True))).scalar_one()
            held = ReviewRow.claimed_by.is_not(None), ReviewRow.claimed_until >= now()
            claimed = session.execute(select(func.count()).where(*held)).scalar_one()
            return Figures(waiting, claimed, _seconds(session), *_done(session), *_failed(session))


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.status == "open":
        found.append(ReviewRow.waiting.is_(True))
    elif wanted.status != "all":
        found.append(ReviewRow.status == wanted.status)
    if wanted.batch is not None:
        of_batch = select(ItemRow.document_id).join(BatchRow, BatchRow.id == ItemRow.batch_id)
        found.append(
            ReviewRow.document_id.in_(
                of_batch.where(BatchRow.name == wanted.batch, ItemRow.document_id.is_not(None))
            )
        )
    if wanted.document is not None:
        found.append(ReviewRow.document_id == wanted.document)
    if wanted.kind is not None:
        found.append(ReviewRow.kind == wanted.kind)
    if wanted.unit_name is not None:
        found.append(ReviewRow.unit_name == wanted.unit_name)
    if wanted.reason is not None:
        found.append(ReviewRow.reason == wanted.reason)
    if wanted.mine is not None:
        found += [ReviewRow.claimed_by == wanted.mine, ReviewRow.claimed_until >= now()]
    if wanted.free:
        found.append(_free())
    found += [
        ReviewRow.words.contains(word, autoescape=True)
        for word in wanted.text.replace("\0", "").lower().split()
    ]
    return found


def _place(
    session: Session, wanted: Wanted, key: InstrumentedAttribute[int]
) -> tuple[ColumnElement[int], ColumnElement[int]]:
    """By what tables are put in order: a key and the id."""
    if wanted.batch is not None:
        files = select(ItemRow.id).join(BatchRow, BatchRow.id == ItemRow.batch_id)
        files = files.where(BatchRow.name == wanted.batch).limit(_FEW_FILES + 1)
        if session.execute(select(func.count()).select_from(files.subquery())).scalar_one() <= _FEW_FILES:
            # Nothing is added, so that no index is of this order: in the order of one, all that waits is gone through
            # where little or none of it is of the batch.
            return key + 0, ReviewRow.id + 0
    return key.expression, ReviewRow.id.expression


def _by(session: Session, column: InstrumentedAttribute[str], wanted: Wanted) -> dict[str, int]:
    value = _worthiest(session, wanted, column).c[0]
    query: Select[str, int] = select(value, func.count()).group_by(value)
    return dict(session.execute(query.order_by(func.count().desc(), value).limit(_MOST_VALUES)).all())


def _worthiest(session: Session, wanted: Wanted, *columns: InstrumentedAttribute[Any]) -> Subquery:
    query = select(*columns).where(*_conditions(wanted))
    place = _place(session, wanted, ReviewRow.worth)
    return query.order_by(*(part.desc() for part in place)).limit(MOST_COUNTED).subquery()


def _free() -> ColumnElement[bool]:
    return or_(ReviewRow.claimed_by.is_(None), ReviewRow.claimed_until < now())


def _number(session: Session, wanted: Wanted) -> int:
    return session.execute(
        select(func.count()).select_from(_worthiest(session, wanted, ReviewRow.id))
    ).scalar_one()


def _by_document(session: Session, wanted: Wanted) -> dict[int, tuple[str, int]]:
    of = _worthiest(session, wanted, ReviewRow.document_id).c.document_id
    query = (
        select(of, DocumentRow.name, func.count())
        .join(DocumentRow, DocumentRow.id == of)
        .group_by(of, DocumentRow.name)
        .order_by(func.count().desc(), of)
        .limit(_MOST_VALUES)
    )
    return {number: (name, count) for number, name, count in session.execute(query)}


def _by_holder(session: Session, wanted: Wanted) -> dict[int, int]:
    query = select(ReviewRow.claimed_by, func.count()).where(
        *_conditions(wanted), ReviewRow.claimed_by.is_not(None), ReviewRow.claimed_until >= now()
    )
    found = session.execute(query.group_by(ReviewRow.claimed_by))
    return {user: count for user, count in found if user is not None}


def _by_batch(session: Session, wanted: Wanted) -> dict[str, int]:
    found = _worthiest(session, wanted, ReviewRow.id, ReviewRow.document_id)
    query = (
        select(BatchRow.name, func.count(func.distinct(found.c.id)))
        .join(ItemRow, ItemRow.batch_id == BatchRow.id)
        .join(found, found.c.document_id == ItemRow.document_id)
        .group_by(BatchRow.name)
    )
    return dict(session.execute(query.order_by(BatchRow.name).limit(_MOST_VALUES)).all())


def _queued(session: Session, rows: Sequence[ReviewRow]) -> list[Queued]:
    documents = {row.document_id for row in rows}
    names = dict(
        session.execute(select(DocumentRow.id, DocumentRow.name).where(DocumentRow.id.in_(documents))).all()
    )
    users = {row.claimed_by for row in rows if row.claimed_by}
    people = dict(session.execute(select(UserRow.id, UserRow.name).where(UserRow.id.in_(users))).all())
    batches: dict[int, set[str]] = defaultdict(set)
    of = select(ItemRow.document_id, BatchRow.name).join(BatchRow, BatchRow.id == ItemRow.batch_id)
    for document_id, name in session.execute(of.where(ItemRow.document_id.in_(documents))):
        if document_id is not None:
            batches[document_id].add(name)
    return [
        Queued(
            row.id,
            row.document_id,
            row.key,
            names[row.document_id],
            row.kind,
            row.title,
            row.unit_name,
            tuple(sorted(batches[row.document_id])),
            row.reason,
            tuple(json.loads(row.reasons)),
            row.money,
            row.doubt,
            row.ease,
            row.worth,
            row.status,
            people.get(row.claimed_by) if held and row.claimed_by else None,
            row.claimed_until if held else None,
        )
        for row in rows
        for held in [
            row.claimed_by is not None and row.claimed_until is not None and row.claimed_until >= now()
        ]
    ]


def _seconds(session: Session) -> dict[str, list[int]]:
    """The latest times from claim to verdict, by person."""
    query = select(EventRow.by, EventRow.seconds).where(
        EventRow.action.in_(VERDICTS), EventRow.seconds.is_not(None)
    )
    found: dict[str, list[int]] = defaultdict(list)
    for name, seconds in session.execute(query.order_by(EventRow.id.desc()).limit(_LATEST)):
        found[name].append(seconds or 0)
    return found


def _done(session: Session) -> tuple[dict[str, dict[str, int]], dict[str, int]]:
    """Verdicts and changes by person."""
    verdicts: dict[str, dict[str, int]] = defaultdict(dict)
    cells: dict[str, int] = defaultdict(int)
    query = select(EventRow.by, EventRow.action, func.count()).group_by(EventRow.by, EventRow.action)
    for name, action, number in session.execute(query):
        if action in VERDICTS:
            verdicts[name][action] = number
        elif action in {"set", "clear", "move"}:
            cells[name] += number
    return verdicts, cells


def _failed(session: Session) -> tuple[dict[str, dict[str, int]], dict[str, dict[str, int]]]:
    """Findings that fail in present runs, the latest so many: by kind of the first table, by kind of identity, each
    by verdict."""
    latest = (
        select(FindingRow.document_id, FindingRow.scope, FindingRow.payload)
        .join(DocumentRow, and_(DocumentRow.id == FindingRow.document_id, DocumentRow.run == FindingRow.run))
        .where(FindingRow.status == "failed")
        .order_by(FindingRow.id.desc())
        .limit(_LATEST_FINDINGS)
    )
    found: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    wanted: dict[tuple[int, str], list[str]] = defaultdict(list)
    identities: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for document_id, scope, payload in session.execute(latest):
        data = json.loads(payload)
        identities[scope][data["verdict"] or "undetermined"] += 1
        wanted[document_id, next(iter(data["tables"]), "")].append(data["verdict"])
    documents = sorted({document for document, _ in wanted})
    for at in range(0, len(documents), 500):
        query = select(TableRow.document_id, TableRow.key, TableRow.kind).join(
            DocumentRow, and_(DocumentRow.id == TableRow.document_id, DocumentRow.run == TableRow.run)
        )
        for document_id, key, kind in session.execute(
            query.where(TableRow.document_id.in_(documents[at : at + 500]))
        ):
            for verdict in wanted.get((document_id, key), ()):
                found[kind][verdict or "undetermined"] += 1
    by_kind = {kind: dict(by) for kind, by in found.items()}
    return by_kind, {scope: dict(by) for scope, by in identities.items()}
