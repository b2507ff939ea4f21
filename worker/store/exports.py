"""Exports that were asked for: one file each, written by a worker, kept for some days."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, Select, and_, delete, exists, func, or_, select, update
from sqlalchemy.orm import Session

from schemas import InputError
from worker.store.hooks import tell
from worker.store.models import BatchRow, DocumentRow, ExportRow, ItemRow
from worker.store.orders import batch
from worker.store.statements import changed, now

Transaction = Callable[[], AbstractContextManager[Session]]

LEASE = timedelta(minutes=2)
"""After what time without a sign of life who writes an export is held to be gone."""
_PAGE = 500


class ExportRecord(NamedTuple):
    """An export as listed. `status` is queued, running, done or failed; `done` of `total` documents are written.

    `batch` is None where it holds all documents; `file` names the file, of `size` bytes, once it is done.
    """

    id: int
    batch: str | None
    formats: tuple[str, ...]
    status: str
    reason: str
    done: int
    total: int
    file: str | None
    size: int | None
    attempts: int
    added_at: datetime
    touched_at: datetime


class Wanted(NamedTuple):
    """A document or file that belongs into an export; without `document_id` it was never one. `error` if it failed."""

    document_id: int | None
    name: str
    sha256: str
    status: str
    error: str


class ExportStore:
    """Exports that were asked for, and what belongs into them."""

    def __init__(self, write: Transaction, read: Transaction) -> None:
        self._write = write
        self._read = read

    def ask(self, formats: tuple[str, ...], batch_name: str | None = None) -> ExportRecord:
        """Enter an export of a batch, or of all documents. Raises InputError for a batch that is not there."""
        with self._write() as session:
            batch_id = batch(session, batch_name).id if batch_name is not None else None
            row = ExportRow(
                batch_id=batch_id,
                formats=",".join(formats),
                status="queued",
                total=session.execute(_count(batch_id)).scalar_one(),
                added_at=now(),
                touched_at=now(),
            )
            session.add(row)
            session.flush()
            return _record(row, batch_name)

    def get(self, export_id: int) -> ExportRecord:
        """One export. Raises InputError."""
        with self._read() as session:
            found = session.execute(_listed().where(ExportRow.id == export_id)).first()
        if found is None:
            problem = "there is no such export, or it was removed after its time"
            raise InputError(f"export {export_id}", problem, "ask for a new one")
        return _record(*found)

    def latest(self, before: int | None = None, most: int = 50) -> list[ExportRecord]:
        """Exports, the latest first; with `before` those with a smaller id."""
        query = _listed().order_by(ExportRow.id.desc()).limit(most)
        with self._read() as session:
            rows = session.execute(query if before is None else query.where(ExportRow.id < before)).all()
        return [_record(*row) for row in rows]

    def claim(self, export_id: int, worker: str, attempts: int) -> ExportRecord | None:
        """Take an export to write it. None if another holds it, it has ended, or was tried `attempts` times.

        In the last case it ends as failed.
        """
        late = or_(ExportRow.worker == worker, ExportRow.touched_at < now() - LEASE)
        lost = and_(ExportRow.status == "running", late)
        free = ExportRow.id == export_id, or_(ExportRow.status == "queued", lost)
        with self._write() as session:
            row = session.execute(
                select(ExportRow).where(*free).with_for_update(skip_locked=True)
            ).scalar_one_or_none()
            if row is None:
                return None
            if row.attempts >= attempts:
                _end(session, row, "failed", f"its worker was lost {row.attempts} times")
                return None
            row.status, row.worker, row.touched_at = "running", worker, now()
            row.attempts, row.done = row.attempts + 1, 0
            row.total = session.execute(_count(row.batch_id)).scalar_one()
            session.flush()
            return _record(row, _name(session, row))

    def touch(self, export_id: int, worker: str, done: int) -> bool:
        """Say that it is being written and how far it is; whether it is still this worker's."""
        mine = ExportRow.id == export_id, ExportRow.status == "running", ExportRow.worker == worker
        with self._write() as session:
            return changed(session, update(ExportRow).where(*mine).values(done=done, touched_at=now())) == 1

    def finish(self, export_id: int, worker: str, file: str, size: int, done: int) -> bool:
        """Enter the file of an export, which is then done: whether it was still this worker's to write."""
        with self._write() as session:
            row = _mine(session, export_id, worker)
            if row is None:
                return False
            row.file, row.size, row.done = file, size, done
            _end(session, row, "done", "")
            return True

    def fail(self, export_id: int, worker: str, reason: str) -> None:
        """End an export that cannot be written."""
        with self._write() as session:
            if row := _mine(session, export_id, worker):
                _end(session, row, "failed", reason)

    def stuck(
        self, is_lost: Callable[[str], bool] = lambda _worker: False, untaken: timedelta = LEASE
    ) -> list[int]:
        """Ids of exports that no one writes: lost with their worker, or not taken for `untaken`."""
        lost = and_(ExportRow.status == "running", ExportRow.touched_at < now() - LEASE)
        limit = now() - untaken
        waits = and_(ExportRow.status == "queued", ExportRow.touched_at <= limit)
        with self._write() as session:
            for held in session.execute(
                select(ExportRow).where(ExportRow.status == "running").order_by(ExportRow.id)
            ).scalars():
                if held.worker and is_lost(held.worker):
                    held.status, held.touched_at = "queued", limit
            session.flush()
            rows = session.execute(select(ExportRow).where(or_(lost, waits)).order_by(ExportRow.id)).scalars()
            found = []
            for row in rows:
                found.append(row.id)
                # One that is running keeps its time, which tells that its worker is lost.
                if row.status == "queued":
                    row.touched_at = now()
            return found

    def expired(self, older_than: timedelta) -> list[ExportRecord]:
        """Exports that ended longer ago than that. Remove their files, then `forget` them."""
        ended = ExportRow.status.in_(["done", "failed"]), ExportRow.touched_at < now() - older_than
        with self._read() as session:
            return [_record(*row) for row in session.execute(_listed().where(*ended)).all()]

    def forget(self, export_id: int) -> None:
        """Remove the record of an export."""
        with self._write() as session:
            session.execute(delete(ExportRow).where(ExportRow.id == export_id))

    def documents(self, batch_name: str | None) -> Iterator[Wanted]:
        """What belongs into an export, a document once, in the order of entry. Raises InputError."""
        with self._read() as session:
            batch_id = batch(session, batch_name).id if batch_name is not None else None
        after = 0
        while True:
            query = select(DocumentRow).where(_of(batch_id), DocumentRow.id > after)
            with self._read() as session:
                rows = session.execute(query.order_by(DocumentRow.id).limit(_PAGE)).scalars().all()
            for row in rows:
                yield Wanted(row.id, row.name, row.sha256 or "", row.status, row.error or "")
            if len(rows) < _PAGE:
                break
            after = rows[-1].id
        if batch_id is not None:
            yield from self._never_documents(batch_id)

    def _never_documents(self, batch_id: int) -> Iterator[Wanted]:
        mine = ItemRow.batch_id == batch_id, ItemRow.document_id.is_(None), ItemRow.status == "failed"
        after = 0
        while True:
            query = select(ItemRow).where(*mine, ItemRow.id > after).order_by(ItemRow.id).limit(_PAGE)
            with self._read() as session:
                rows = session.execute(query).scalars().all()
            for row in rows:
                yield Wanted(None, row.name, row.sha256 or "", "failed", row.error or "")
            if len(rows) < _PAGE:
                return
            after = rows[-1].id


def _listed() -> Select[ExportRow, str | None]:
    return select(ExportRow, BatchRow.name).outerjoin(BatchRow, BatchRow.id == ExportRow.batch_id)


def _record(row: ExportRow, batch_name: str | None) -> ExportRecord:
    return ExportRecord(
        id=row.id,
        batch=batch_name,
        formats=tuple(row.formats.split(",")),
        status=row.status,
        reason=row.reason or "",
        done=row.done or 0,
        total=row.total,
        file=row.file,
        size=row.size,
        attempts=row.attempts or 0,
        added_at=row.added_at,
        touched_at=row.touched_at,
    )


def _name(session: Session, row: ExportRow) -> str | None:
    return session.get_one(BatchRow, row.batch_id).name if row.batch_id is not None else None


def _of(batch_id: int | None) -> ColumnElement[bool]:
    """Whether a document belongs into the export of a batch; into that of all every one does."""
    if batch_id is None:
        return DocumentRow.id.is_not(None)
    return exists().where(ItemRow.batch_id == batch_id, ItemRow.document_id == DocumentRow.id)


def _count(batch_id: int | None) -> Select[int]:
    return select(func.count()).select_from(DocumentRow).where(_of(batch_id), DocumentRow.status == "done")


def _mine(session: Session, export_id: int, worker: str) -> ExportRow | None:
    mine = ExportRow.id == export_id, ExportRow.status == "running", ExportRow.worker == worker
    return session.execute(select(ExportRow).where(*mine).with_for_update()).scalar_one_or_none()


def _end(session: Session, row: ExportRow, status: str, reason: str) -> None:
    row.status, row.reason, row.worker, row.touched_at = status, reason, None, now()
    told = {"export": row.id, "batch": _name(session, row), "documents": row.done}
    if status == "failed":
        told["reason"] = reason
    tell(session, f"export.{status}", told)
