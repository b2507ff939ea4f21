"""The methods of the store that are about batches and their files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from decimal import Decimal

from worker.store import batches, orders
from worker.store.blobs import RAW, BlobStore
from worker.store.connected import Connected
from worker.store.records import BatchRecord, Entry, ItemClaim, ItemRecord
from worker.store.retention import RetentionStore


def of_no_one(_worker: str) -> bool:
    """No worker is known to be gone."""
    return False


class BatchMethods(Connected):
    """Batches and their files, one short transaction a method. `retention` takes away what is spent."""

    def __init__(self, url: str, blobs: BlobStore) -> None:
        """Connect. Raises ConfigError."""
        super().__init__(url, blobs)
        self.retention = RetentionStore(self._write, self._read)

    def enter_batch(self, name: str, priority: int | None = None, budget: Decimal | None = None) -> int:
        """The id of the batch of this name, which is made or opened again. `budget` in USD."""
        with self._write() as session:
            return batches.enter(session, name, priority, budget)

    def add_item(self, batch_id: int, entry: Entry) -> bool:
        """Enter a file in a batch; whether it is to be read: not if the same bytes are there already."""
        with self._write() as session:
            new = batches.add(session, batch_id, entry)
        if not new and entry.sha256:
            self._drop_spent(entry.sha256)
        return new

    def close_entry(self, batch_id: int) -> None:
        """Say that all files of a batch are entered: it is done when they are."""
        with self._write() as session:
            batches.close_entry(session, batch_id)

    def take_items(self, room: int) -> list[int]:
        """Ids of the files that go next, so that no more than `room` are at work; each is given once."""
        with self._write() as session:
            return batches.take(session, room)

    def claim_item(
        self,
        item_id: int,
        worker: str,
        attempts: int,
        lease: timedelta,
        is_lost: Callable[[str], bool] = of_no_one,
    ) -> ItemClaim | None:
        """Take a file to ingest it. None if another holds it, it is further on, or was tried `attempts` times."""
        with self._write() as session:
            return batches.claim(session, item_id, worker, attempts, lease, is_lost)

    def uncut(self, item_id: int) -> int | None:
        """The document of a file that was ingested and waits to be cut, if that is how far it is."""
        with self._read() as session:
            return batches.uncut(session, item_id)

    def settle_item(
        self,
        item_id: int,
        status: str,
        document_id: int | None = None,
        error: str | None = None,
        notes: Sequence[str] = (),
    ) -> None:
        """Enter what came of ingesting a file: `reading`, done or failed."""
        with self._write() as session:
            batches.settle(session, item_id, status, document_id, error, notes)

    def conclude_items(self, document_id: int) -> None:
        """Carry the end of a document over to the files of batches that wait for it, if it has come."""
        with self._write() as session:
            batches.conclude(session, document_id)
        self._drop_spent(document_id)

    def _drop_spent(self, of: int | str) -> None:
        """Remove the bytes of a file whose document is read to its end, unless one may be tried with them."""
        if sha256 := self.retention.spent(of):
            self.blobs.drop(sha256, RAW)

    def conclude_ended(self) -> None:
        """The same for every document that has ended: a worker may have died before it said so."""
        with self._write() as session:
            batches.conclude_ended(session)

    def recover(self, is_lost: Callable[[str], bool]) -> list[int]:
        """Take back the files that were sent and those of workers that `is_lost` says are gone; ids of the
        documents that are being read for a batch.
        """
        with self._write() as session:
            return batches.recover(session, is_lost)

    def list_batches(self, name: str | None = None) -> list[BatchRecord]:
        """All batches, the latest first, or the one of a name. Raises InputError."""
        with self._read() as session:
            return orders.records(session, name)

    def list_items(self, name: str, status: str | None = None) -> Iterator[ItemRecord]:
        """The files of a batch in the order of their entry. Raises InputError."""
        with self._read() as session:
            yield from orders.items(session, name, status)

    def cancel_batch(self, name: str) -> int:
        """Let nothing more be done for a batch; the number of files given up. Raises InputError."""
        with self._write() as session:
            return orders.cancel(session, name)

    def resume_batch(self, name: str, budget: Decimal | None = None) -> list[int]:
        """Let a paused batch go on; the documents it was at. Raises InputError while its budget is spent."""
        with self._write() as session:
            return orders.resume(session, name, budget)

    def retry_batch(self, name: str) -> int:
        """Let what failed in a batch be tried again; the number of files. Raises InputError."""
        with self._write() as session:
            return orders.retry(session, name)
