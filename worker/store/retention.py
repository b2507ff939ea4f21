"""What has ended long ago and may go: batches, their files, documents with all that is known of them.

A document goes whole, with all of its runs, or not at all; what refers to it goes with it by the database itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, delete, exists, func, or_, select, text
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from schemas import InputError
from worker.store.blobs import RAW, Blob
from worker.store.models import BatchRow, ChunkRow, DocumentRow, FindingRow, ItemRow, TableRow
from worker.store.statements import changed

Transaction = Callable[[], AbstractContextManager[Session]]

ROWS = 500
"""About so many rows go in one transaction."""

_ENDED = ("done", "failed", "cancelled")
_NEEDS_NO_BYTES = ("done", "cancelled")


@dataclass(frozen=True)
class Expired:
    """What may go: what ended before a moment, in all or in the one batch of a name.

    A document with tables that wait for a person stays, unless `unreviewed` is set.
    """

    before: datetime
    batch: str | None = None
    unreviewed: bool = False


class RetentionStore:
    """What is too old. Every method that takes something away may be stopped and repeated."""

    def __init__(self, write: Transaction, read: Transaction) -> None:
        self._write = write
        self._read = read

    def check(self, expired: Expired) -> None:
        """Raises InputError where there is no batch of the name."""
        if expired.batch is None:
            return
        with self._read() as session:
            if session.execute(select(BatchRow.id).where(BatchRow.name == expired.batch)).scalar() is None:
                raise InputError(expired.batch, "there is no batch of this name", "gouji status lists them")

    def counts(self, expired: Expired) -> tuple[int, int, int, int]:
        """How many documents, files of batches and batches would go, and documents that stay to be reviewed."""
        everything = Expired(expired.before, expired.batch, unreviewed=True)
        with self._read() as session:
            documents = _count(session, DocumentRow.id, _documents(expired))
            unreviewed = _count(session, DocumentRow.id, _documents(everything)) - documents
            items = _count(session, ItemRow.id, _items(expired))
            left = exists().where(ItemRow.batch_id == BatchRow.id, ~_items(expired))
            batches = _count(session, BatchRow.id, _batches(expired) & ~left)
        return documents, items, batches, unreviewed

    def drop_documents(self, expired: Expired) -> Iterator[int]:
        """Take documents away, in small transactions; how many each time."""
        after = 0
        while True:
            with self._write() as session:
                query = select(DocumentRow.id).where(DocumentRow.id > after, _documents(expired))
                # One that a worker takes at this moment is left alone.
                query = query.order_by(DocumentRow.id).limit(ROWS).with_for_update(skip_locked=True)
                found = list(session.execute(query).scalars())
                going = _few(session, found)
                session.execute(delete(DocumentRow).where(DocumentRow.id.in_(going)))
            if not going:
                return
            after = going[-1]
            yield len(going)

    def drop_items(self, expired: Expired) -> Iterator[int]:
        """Take away files of batches whose documents are gone or belong to others too; how many each time."""
        while True:
            with self._write() as session:
                some = select(ItemRow.id).where(_items(expired)).order_by(ItemRow.id).limit(ROWS)
                ids = list(session.execute(some).scalars())
                # Asked again: one may have been told to be tried anew.
                still = ItemRow.id.in_(ids), ItemRow.status.in_(_ENDED)
                gone = changed(session, delete(ItemRow).where(*still)) if ids else 0
            if not gone:
                return
            yield gone

    def drop_batches(self, expired: Expired) -> int:
        """Take away batches without files; how many."""
        left = exists().where(ItemRow.batch_id == BatchRow.id)
        with self._write() as session:
            statement = delete(BatchRow).where(_batches(expired), ~left)
            return changed(session, statement.execution_options(synchronize_session=False))

    def unnamed(self, blobs: Sequence[Blob], expired: Expired | None = None) -> list[Blob]:
        """Those files that no row speaks of, or none that stays when `expired` is gone."""
        with self._read() as session:
            return _unnamed(session, blobs, expired)

    @contextmanager
    def holding_unnamed(self, blobs: Sequence[Blob]) -> Iterator[list[Blob]]:
        """The same, and until the end of this no one can enter a row that speaks of them."""
        with self._write() as session:
            if session.get_bind().dialect.name == "postgresql":
                # SQLite lets one write at a time anyway. One table only: two could be taken in another order.
                session.execute(text(f"LOCK TABLE {DocumentRow.__tablename__} IN SHARE MODE"))
            yield _unnamed(session, blobs, None)

    def known(self, digests: Sequence[str]) -> set[str]:
        """Those of these SHA-256 that are of a document or of a file that waits to be ingested."""
        with self._read() as session:
            return _named(session, digests, None) | _wanted(session, digests, None)

    def spent(self, of: int | str) -> str | None:
        """The SHA-256 of a document, by its id or itself, if the bytes of its file have done their service.

        That is: it is read to its end, and no file of a batch waits for them or may be tried again.
        """
        given_up = exists().where(
            ChunkRow.document_id == DocumentRow.id,
            ChunkRow.run == DocumentRow.run,
            ChunkRow.status == "poisoned",
        )
        which = DocumentRow.id == of if isinstance(of, int) else DocumentRow.sha256 == of
        query = select(DocumentRow.sha256).where(which, DocumentRow.status == "done", ~given_up)
        with self._read() as session:
            sha256 = session.execute(query).scalar()
            return None if sha256 is None or _wanted(session, [sha256], None) else sha256


def _count(session: Session, of: InstrumentedAttribute[int], condition: ColumnElement[bool]) -> int:
    return session.execute(select(func.count(of)).where(condition)).scalar_one()


def _batches(expired: Expired) -> ColumnElement[bool]:
    """Batches that have ended, with no file that is still to be read."""
    item = aliased(ItemRow)
    live = exists().where(item.batch_id == BatchRow.id, item.status.not_in(_ENDED))
    condition = BatchRow.status.in_(["done", "cancelled"]) & (BatchRow.touched_at < expired.before) & ~live
    return condition if expired.batch is None else condition & (BatchRow.name == expired.batch)


def _documents(expired: Expired) -> ColumnElement[bool]:
    """Documents that have ended, that no batch which stays speaks of, and that no file waits to be."""
    mine, twin = aliased(ItemRow), aliased(ItemRow)
    stays = mine.batch_id.not_in(select(BatchRow.id).where(_batches(expired)))
    condition = (
        DocumentRow.status.in_(_ENDED)
        & (DocumentRow.touched_at < expired.before)
        & ~exists().where(mine.document_id == DocumentRow.id, stays)
        & ~exists().where(twin.sha256 == DocumentRow.sha256, twin.status.not_in(_ENDED))
    )
    if expired.batch is not None:
        item = aliased(ItemRow)
        of = select(BatchRow.id).where(BatchRow.name == expired.batch)
        condition &= exists().where(item.document_id == DocumentRow.id, item.batch_id.in_(of))
    if not expired.unreviewed:
        present = TableRow.document_id == DocumentRow.id, TableRow.run == DocumentRow.run
        condition &= ~exists().where(*present, TableRow.status == "review")
    return condition


def _items(expired: Expired) -> ColumnElement[bool]:
    """Files of batches that go: without a document, with one that goes, or with one that another batch keeps."""
    going = select(BatchRow.id).where(_batches(expired))
    other = aliased(ItemRow)
    shared = exists().where(other.document_id == ItemRow.document_id, other.batch_id.not_in(going))
    document = ItemRow.document_id.in_(select(DocumentRow.id).where(_documents(expired)))
    return (
        ItemRow.batch_id.in_(going)
        & ItemRow.status.in_(_ENDED)
        & or_(ItemRow.document_id.is_(None), shared, document)
    )


def _few(session: Session, ids: Sequence[int]) -> list[int]:
    """The first of these documents, as many as make no more than `ROWS` rows together, and one at least."""
    rows = dict.fromkeys(ids, 1)
    for of in (ChunkRow, FindingRow, TableRow):
        query = select(of.document_id, func.count()).where(of.document_id.in_(ids)).group_by(of.document_id)
        for document_id, number in session.execute(query):
            rows[document_id] += number
    going: list[int] = []
    total = 0
    for document_id in ids:
        total += rows[document_id]
        if going and total > ROWS:
            break
        going.append(document_id)
    return going


def _unnamed(session: Session, blobs: Sequence[Blob], expired: Expired | None) -> list[Blob]:
    documents = _named(session, [each.sha256 for each in blobs if each.name != RAW], expired)
    waiting = _wanted(session, [each.sha256 for each in blobs if each.name == RAW], expired)
    return [each for each in blobs if each.sha256 not in (waiting if each.name == RAW else documents)]


def _named(session: Session, digests: Iterable[str], expired: Expired | None) -> set[str]:
    """Those of these SHA-256 that a document has."""
    query = select(DocumentRow.sha256).where(DocumentRow.sha256.in_(set(digests)))
    if expired:
        query = query.where(~_documents(expired))
    return {found for found in session.execute(query).scalars() if found}


def _wanted(session: Session, digests: Iterable[str], expired: Expired | None) -> set[str]:
    """Those of these SHA-256 whose bytes a file waits for, or may be tried again with."""
    given_up = exists().where(
        ChunkRow.document_id == ItemRow.document_id,
        ChunkRow.status == "poisoned",
        DocumentRow.id == ItemRow.document_id,
        DocumentRow.run == ChunkRow.run,
    )
    needs = or_(ItemRow.status.not_in(_NEEDS_NO_BYTES), given_up)
    query = select(ItemRow.sha256).where(ItemRow.sha256.in_(set(digests)), needs)
    if expired:
        query = query.where(~_items(expired))
    return {found for found in session.execute(query).scalars() if found}
