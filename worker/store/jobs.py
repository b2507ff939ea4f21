"""Requests to a model that can wait, and the jobs they were sent in."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import exists, func, or_, select, update
from sqlalchemy.orm import Session

from schemas.findings import Call
from worker.readers.deferral import Wanted
from worker.store import waiting, writing
from worker.store.grouping import Limits, groups, room, waiting_batch
from worker.store.models import BatchRow, CallRow, ChunkRow, ItemRow
from worker.store.models.jobs import JobRow, RequestRow, WaitRow
from worker.store.queries import batched
from worker.store.statements import changed, insert_new, now

Transaction = Callable[[], AbstractContextManager[Session]]

UNENDED = ("new", "uploading", "creating", "sent")
"""The states of a job that has not ended."""

_PAGE = 500
_ENVELOPE = 250
"""Bytes of a line around the body of a request, at most."""
_SAID = 500


class Job(NamedTuple):
    """A job; see `models.jobs.JobRow`."""

    id: int
    token: str
    status: str
    requests: int
    file_id: str | None
    remote_id: str | None
    cancelling: bool
    problem: str
    added_at: datetime


class Asked(NamedTuple):
    """By which model, wire format and prompt a request was made."""

    model: str
    wire: str
    prompt_version: str


class Settled(NamedTuple):
    """What came of a request: whether there is an answer to be had from the cache, and the call that it was."""

    key: str
    answered: bool
    call: Call


class JobStore:
    """Requests to a model that can wait, and the jobs they were sent in."""

    def __init__(self, write: Transaction, read: Transaction) -> None:
        self._write = write
        self._read = read

    # Chunks

    def defer(self, batch_id: int) -> None:
        """Say of a batch that what it asks of a model can wait."""
        with self._write() as session:
            session.execute(update(BatchRow).where(BatchRow.id == batch_id).values(llm_batch=True))

    def may_wait(self, chunk_id: int) -> bool:
        """Whether a chunk is to ask by a job: all who want it can wait, and it did not do so before."""
        with self._read() as session:
            return waiting.may_wait(session, chunk_id)

    def record(self, chunk_id: int, address: str, requests: Sequence[Wanted]) -> bool:
        """Have a chunk that is held wait for `requests`: whether it does. Else they are to be asked live.

        To have waited is no try of a chunk.
        """
        with self._write() as session:
            chunk = session.get_one(ChunkRow, chunk_id)
            waiting.lock(session, chunk.document_id)
            session.refresh(chunk)
            ids = [_enter(session, chunk_id, address, each) for each in requests]
            open_ones = select(RequestRow.id).where(
                RequestRow.id.in_(ids), RequestRow.status.in_(waiting.OPEN)
            )
            live = select(ChunkRow.id).where(
                ChunkRow.id == chunk_id, waiting.wanted(ChunkRow.document_id, llm_batch=False)
            )
            if (
                chunk.status != "reading"
                or session.execute(open_ones.limit(1)).first() is None
                or session.execute(live).first()
            ):
                return False
            chunk.status, chunk.worker, chunk.attempts = "deferred", None, chunk.attempts - 1
            chunk.touched_at = now()
            session.flush()
            waiting.rest(session, chunk.document_id)
            return True

    def rest(self, document_id: int) -> None:
        """Note if nothing but answers of jobs is left that a document waits for: its files take no room then."""
        with self._write() as session:
            waiting.rest(session, document_id)

    def recall(self, document_id: int) -> list[int]:
        """Let the chunks of a document wait no longer: someone else wants it now. Their ids."""
        with self._write() as session:
            waiting.lock(session, document_id)
            return waiting.let_go(session, ChunkRow.document_id == document_id)

    def let_go(self) -> list[int]:
        """Let go on whatever has nothing left to wait for; ids of the chunks."""
        open_ones = exists().where(
            WaitRow.chunk_id == ChunkRow.id,
            RequestRow.id == WaitRow.request_id,
            RequestRow.status.in_(waiting.OPEN),
        )
        with self._write() as session:
            waiting.forget_unwanted(session)
            live = waiting.wanted(ChunkRow.document_id, llm_batch=False)
            return waiting.let_go(session, or_(~open_ones, live))

    # Jobs

    def form(self, address: str, limits: Limits) -> int:
        """Put requests that wait into jobs, each of one batch, and none of a batch that does not go on; how many.

        A job that is not full is made when nothing new came for a while.
        """
        with self._write() as session:
            made = 0
            limits = limits._replace(requests=min(limits.requests, room(session, address)))
            for group in groups(session, address, limits):
                # Another who forms jobs at the same time may have taken them since they were looked up.
                if not (ids := _still_free(session, group)):
                    continue
                token = f"gouji-{uuid.uuid4()}"
                job = JobRow(token=token, address=address, status="new", requests=len(ids))
                job.due_at = job.added_at = job.touched_at = now()
                session.add(job)
                session.flush()
                for some in batched(ids):
                    mine = RequestRow.id.in_(some)
                    session.execute(update(RequestRow).where(mine).values(status="sent", job_id=job.id))
                made += 1
            return made

    def claim(self, address: str, worker: str, lease: timedelta) -> Job | None:
        """Take the job that is due first, to attend to it; None if none is, or others hold them."""
        free = or_(JobRow.worker.is_(None), JobRow.worker == worker, JobRow.touched_at < now() - lease)
        due = JobRow.address == address, JobRow.status.in_(UNENDED), JobRow.due_at <= now()
        query = select(JobRow).where(*due, free).order_by(JobRow.due_at, JobRow.id).limit(1)
        with self._write() as session:
            row = session.execute(query.with_for_update(skip_locked=True)).scalar_one_or_none()
            if row is None:
                return None
            row.worker, row.touched_at = worker, now()
            return _job(row)

    def release(self, job_id: int, delay: timedelta, problem: str | None = None) -> None:
        """Give a job back, to be looked at again after `delay`; what went wrong, if anything did."""
        self.note(
            job_id, worker=None, due_at=now() + delay, **({"problem": problem[:_SAID]} if problem else {})
        )

    def release_lost(self, is_lost: Callable[[str], bool]) -> None:
        """Take from workers that are gone the jobs that they hold."""
        with self._write() as session:
            held = JobRow.worker.is_not(None), JobRow.status.in_(UNENDED)
            for worker in set(session.execute(select(JobRow.worker).where(*held)).scalars()):
                if worker and is_lost(worker):
                    gone = update(JobRow).where(JobRow.worker == worker, *held)
                    session.execute(gone.values(worker=None, due_at=now()))

    def note(self, job_id: int, **values: Any) -> None:
        """Keep what is known of a job, by the names of its columns; it is held on to."""
        with self._write() as session:
            session.execute(update(JobRow).where(JobRow.id == job_id).values(touched_at=now(), **values))

    def is_wanted(self, job_id: int) -> bool:
        """Whether an open batch still waits for an answer of this job."""
        with self._read() as session:
            query = select(RequestRow.id).where(RequestRow.job_id == job_id, RequestRow.status == "sent")
            return session.execute(query.where(waiting_batch().is_not(None)).limit(1)).first() is not None

    def has_unwanted(self) -> bool:
        """Whether a job is at an endpoint that nobody waits for."""
        wanted = exists().where(
            RequestRow.job_id == JobRow.id, RequestRow.status == "sent", waiting_batch().is_not(None)
        )
        with self._read() as session:
            query = select(JobRow.id).where(JobRow.status == "sent", JobRow.cancelling.is_(False), ~wanted)
            return session.execute(query.limit(1)).first() is not None

    def bodies(self, job_id: int) -> Iterator[tuple[str, str]]:
        """Key and body of each request of a job that is not answered, always in the same order."""
        after = 0
        while True:
            mine = RequestRow.job_id == job_id, RequestRow.status == "sent", RequestRow.id > after
            query = select(RequestRow.id, RequestRow.key, RequestRow.body).where(*mine)
            with self._read() as session:
                rows = session.execute(query.order_by(RequestRow.id).limit(_PAGE)).all()
            for row_id, key, body in rows:
                after = row_id
                yield key, body
            if len(rows) < _PAGE:
                return

    def unanswered(self, job_id: int, keys: Sequence[str]) -> dict[str, Asked | None]:
        """Those of some keys that a job asked for; None for one that is settled already."""
        mine = RequestRow.job_id == job_id, RequestRow.key.in_(keys)
        columns = (
            RequestRow.key,
            RequestRow.status,
            RequestRow.model,
            RequestRow.wire,
            RequestRow.prompt_version,
        )
        with self._read() as session:
            return {
                key: Asked(*about) if status == "sent" else None
                for key, status, *about in session.execute(select(*columns).where(*mine))
            }

    def settle(self, job_id: int, results: Sequence[Settled]) -> None:
        """Enter what came of requests, each once, with its call; the job is held on to."""
        with self._write() as session:
            for result in results:
                mine = RequestRow.key == result.key, RequestRow.job_id == job_id, RequestRow.status == "sent"
                status = "answered" if result.answered else "failed"
                chunk_id = session.execute(
                    update(RequestRow)
                    .where(*mine)
                    .values(status=status, body="", touched_at=now())
                    .returning(RequestRow.chunk_id)
                ).scalar_one_or_none()
                if chunk_id is not None:
                    writing.add_calls(session, chunk_id, "llm", [result.call])
                    _charge_late(session, chunk_id)
            session.execute(update(JobRow).where(JobRow.id == job_id).values(touched_at=now()))

    def end(self, job_id: int, status: str, problem: str = "", *, again: bool = False) -> int:
        """Nothing more comes of a job: how many of its requests have no answer. They are to be asked live, or
        `again` by another job.
        """
        fate = {"status": "pending", "job_id": None} if again else {"status": "failed", "body": ""}
        with self._write() as session:
            mine = RequestRow.job_id == job_id, RequestRow.status == "sent"
            left = changed(session, update(RequestRow).where(*mine).values(touched_at=now(), **fate))
            ended = update(JobRow).where(JobRow.id == job_id)
            session.execute(
                ended.values(status=status, problem=problem[:_SAID], worker=None, touched_at=now())
            )
            return left

    def no_room(self, job_id: int, pause: timedelta, problem: str) -> bool:
        """The endpoint had no room for a job: its requests are sent again after `pause`, in smaller jobs if it has
        none even where it is given nothing else; whether that is so.
        """
        with self._write() as session:
            job = session.get_one(JobRow, job_id)
            others = JobRow.address == job.address, JobRow.status == "sent", JobRow.id != job_id
            alone = session.execute(select(JobRow.id).where(*others).limit(1)).first() is None
            mine = RequestRow.job_id == job_id, RequestRow.status == "sent"
            later = {"status": "pending", "job_id": None, "touched_at": now() + pause}
            session.execute(update(RequestRow).where(*mine).values(later))
            job.status, job.problem = "too large" if alone else "failed", problem[:_SAID]
            job.worker, job.touched_at = None, now()
            return alone

    def tell(self, job_id: int, reason: str, *, live: bool = False) -> None:
        """Say on the batches that wait for a job why it brings less than they asked; `live`: that none ever will."""
        waits = (
            select(ItemRow.batch_id)
            .join(ChunkRow, ChunkRow.document_id == ItemRow.document_id)
            .join(WaitRow, WaitRow.chunk_id == ChunkRow.id)
            .join(RequestRow, RequestRow.id == WaitRow.request_id)
            .where(RequestRow.job_id == job_id, ItemRow.status.in_(["reading", "deferred"]))
            .scalar_subquery()
        )
        which = BatchRow.id.in_(waits), BatchRow.status == "open", BatchRow.llm_batch.is_(True)
        values: dict[str, Any] = {"reason": reason[:_SAID], **({"llm_batch": False} if live else {})}
        with self._write() as session:
            session.execute(
                update(BatchRow).where(*which).values(values).execution_options(synchronize_session=False)
            )

    def running(self, address: str) -> list[Job]:
        """The jobs that are at the endpoint."""
        with self._read() as session:
            query = select(JobRow).where(JobRow.address == address, JobRow.status == "sent")
            return [_job(row) for row in session.execute(query.order_by(JobRow.id)).scalars()]

    def listed(self) -> list[Job]:
        """All jobs, the latest first."""
        with self._read() as session:
            return [_job(row) for row in session.execute(select(JobRow).order_by(JobRow.id.desc())).scalars()]

    def counts(self) -> dict[str, int]:
        """The number of requests by status."""
        with self._read() as session:
            return dict(
                session.execute(select(RequestRow.status, func.count()).group_by(RequestRow.status)).all()
            )


def _job(row: JobRow) -> Job:
    return Job(*(getattr(row, name) for name in Job._fields))


def _still_free(session: Session, ids: Sequence[int]) -> list[int]:
    """Those of some requests that wait; they are held for the rest of the transaction."""
    found: list[int] = []
    for some in batched(ids):
        free = RequestRow.id.in_(some), RequestRow.status == "pending"
        query = select(RequestRow.id).where(*free).order_by(RequestRow.id).with_for_update()
        found += session.execute(query).scalars()
    return found


def _enter(session: Session, chunk_id: int, address: str, wanted: Wanted) -> int:
    """Enter a request, or find it where another chunk asked the same; the chunk waits for it."""
    values = {
        **wanted._asdict(),
        "chunk_id": chunk_id,
        "address": address,
        "status": "pending",
        "size": len(wanted.body.encode()) + _ENVELOPE,
        "touched_at": now(),
    }
    insert_new(session, RequestRow, values)
    query = select(RequestRow.id).where(RequestRow.key == wanted.key)
    request_id = session.execute(query).scalar_one()
    insert_new(session, WaitRow, {"request_id": request_id, "chunk_id": chunk_id})
    return request_id


def _charge_late(session: Session, chunk_id: int) -> None:
    """Enter calls for a chunk that no batch waits for any more with the one that could wait for them."""
    payer = (
        select(func.min(ItemRow.batch_id))
        .join(ChunkRow, ChunkRow.document_id == ItemRow.document_id)
        .join(BatchRow, BatchRow.id == ItemRow.batch_id)
        .where(ChunkRow.id == chunk_id, BatchRow.llm_batch.is_(True))
        .scalar_subquery()
    )
    mine = CallRow.chunk_id == chunk_id, CallRow.batch_id.is_(None), CallRow.counted.is_(False)
    session.execute(
        update(CallRow).where(*mine).values(batch_id=payer).execution_options(synchronize_session=False)
    )
