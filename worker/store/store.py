"""The face of the store: one method for each thing that is written or asked, one short transaction each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from schemas import Chunk, ConfigError, Document, InputError, Reading, load_kinds
from schemas.findings import Call
from worker.calibration import Policy
from worker.pipeline import Extraction
from worker.settings import Settings
from worker.store import claims, queries, vitals, writing
from worker.store.access import AccessStore
from worker.store.batching import BatchMethods, of_no_one
from worker.store.blobs import BlobStore
from worker.store.database import upgrade
from worker.store.desk import DeskStore
from worker.store.exports import ExportStore
from worker.store.hooks import HookStore
from worker.store.jobs import JobStore
from worker.store.listing import ListingStore
from worker.store.paces import StoredPace
from worker.store.records import (
    Added,
    Claim,
    DocumentRecord,
    Progress,
    ReadChunks,
    Stuck,
    Totals,
    Unsent,
    Usage,
)
from worker.store.reviews import ReviewStore
from worker.store.urgency import UrgencyStore
from worker.store.users import UserStore


class Store(BatchMethods):
    """Documents and all that is known of them, in a database and a folder of texts.

    Safe for threads and for several processes on one database. Close it, or use it with `with`. `blobs` keeps
    texts, original files and images of pages; `access`, `jobs`, `exports`, `desk` and `listing` are the
    faces of what they are named after.
    """

    def __init__(self, url: str, blobs: BlobStore) -> None:
        """Connect and bring the tables up to date. Raises ConfigError."""
        super().__init__(url, blobs)
        self.access = AccessStore(self._write, self._read)
        self.jobs = JobStore(self._write, self._read)
        self.exports = ExportStore(self._write, self._read)
        self.hooks = HookStore(self._write, self._read)
        self.urgency = UrgencyStore(self._read)
        self.desk = DeskStore(self._write, self._read)
        self.reviews = ReviewStore(self._write, self._read)
        self.users = UserStore(self._write, self._read)
        self.listing = ListingStore(self._write, self._read)
        try:
            upgrade(self._engine)
        except BaseException:
            self.close()
            raise

    @classmethod
    def open(cls, settings: Settings) -> Store:
        """The store that the settings name, with the user's own kinds known. Raises ConfigError."""
        if settings.kinds_folder:
            load_kinds(settings.kinds_folder)
        try:
            settings.home.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError(
                f"GOUJI_HOME: {settings.home} cannot be made ({error.strerror}); name another folder"
            ) from None
        return cls(settings.database_url, BlobStore(settings.blobs_url))

    def pace(self, endpoint: str) -> StoredPace:
        """Keeps how fast an endpoint may be asked, for all who work on this database."""
        return StoredPace(self._write, endpoint)

    # Documents

    def add_document(self, document: Document, recipe: str = "") -> Added:
        """Enter a document, known by its SHA-256: the same one twice is one, under its latest name.

        `recipe` is kept for a new one only. Nothing is read anew by this; see `reread`.
        """
        if not self.blobs.has(document.sha256):
            self.blobs.put(document)
        with self._write() as session:
            document_id, created = writing.add_document(session, document, recipe)
        # A purge takes away texts that no row speaks of: what was there just now may have been one.
        if created and not self.blobs.has(document.sha256):
            self.blobs.put(document)
        return Added(document_id, created, self.record(document_id))

    def reread(self, document_id: int, document: Document, recipe: str = "") -> None:
        """Let a document be read anew, as a further run; readings of earlier runs stay as they are."""
        self.blobs.put(document)
        with self._write() as session:
            writing.start_run(session, document_id, recipe)

    def record_failure(self, name: str, error: InputError) -> int:
        """Enter a file that could not be read, under its name; returns the id of its record."""
        with self._write() as session:
            return writing.record_failure(session, name, f"{error.problem}; {error.remedy}")

    def fail_document(self, document_id: int, error: str) -> None:
        """Mark a document that is not done as failed."""
        with self._write() as session:
            writing.fail_document(session, document_id, error)

    def list_documents(self) -> list[DocumentRecord]:
        """All documents, failed files among them, in the order of their entry."""
        with self._read() as session:
            return queries.list_documents(session)

    def record(self, document_id: int) -> DocumentRecord:
        """One document by its id. Raises KeyError."""
        with self._read() as session:
            return queries.record(session, document_id)

    def known(self, sha256: str) -> DocumentRecord | None:
        """The document of exactly this SHA-256, if there is one."""
        with self._read() as session:
            return queries.known(session, sha256)

    def find(self, key: str) -> DocumentRecord:
        """The document of a SHA-256 (six digits or more) or of a name it was given by. Raises InputError."""
        with self._read() as session:
            return queries.find(session, key)

    def load_document(self, document_id: int) -> Document:
        """The text of a document, under its latest name. Raises KeyError; InputError for a failed file."""
        record = self.record(document_id)
        if record.sha256 is None:
            raise InputError(
                record.name, record.error or "could not be read", "mend the file, extract it again"
            )
        try:
            document = self.blobs.get(record.sha256)
        except FileNotFoundError:
            problem = f"its text {record.sha256} is gone"
            raise InputError(record.name, problem, "extract it again") from None
        return document.model_copy(update={"name": record.name})

    # Chunks and readings

    def add_chunks(self, document_id: int, chunks: Sequence[Chunk]) -> list[int]:
        """Enter the chunks of the present run, once; their ids in order. The document is then `reading`."""
        with self._write() as session:
            return writing.add_chunks(session, document_id, chunks)

    def claim_chunk(
        self,
        chunk_id: int,
        worker: str,
        attempts: int,
        lease: timedelta,
        is_lost: Callable[[str], bool] = of_no_one,
    ) -> Claim | None:
        """Take a chunk to read it. None if another holds it, it is finished, or was tried `attempts` times.

        In the last case it is marked poisoned. `worker` names who holds it (`worker.holding`): the same one may take
        it again, and another where `is_lost` says so.
        """
        with self._write() as session:
            took = claims.claim_chunk(session, chunk_id, worker, attempts, lease, is_lost)
            return queries.load_claim(session, chunk_id) if took else None

    def save_reading(self, chunk_id: int, reading: Reading) -> bool:
        """Keep a reading with its calls, once for a chunk and a reader: whether it was taken."""
        with self._write() as session:
            return writing.save_reading(session, chunk_id, reading)

    def save_calls(self, chunk_id: int, reader: str, calls: Iterable[Call]) -> None:
        """Keep calls that brought no reading."""
        with self._write() as session:
            writing.add_calls(session, chunk_id, reader, calls)

    def finish_chunk(self, chunk_id: int, problems: Sequence[str] = (), *, poisoned: bool = False) -> None:
        """Mark a chunk as done or given up; `problems` say why readers brought nothing."""
        with self._write() as session:
            claims.finish_chunk(session, chunk_id, "poisoned" if poisoned else "done")
            writing.set_problems(session, chunk_id, problems)

    def release_chunk(
        self, chunk_id: int, problems: Sequence[str], delay: timedelta, *, untried: bool = False
    ) -> None:
        """Give a chunk back, to be taken again after `delay`; `untried`: as if it had not been taken."""
        with self._write() as session:
            claims.release_chunk(session, chunk_id, delay, untried=untried)
            writing.set_problems(session, chunk_id, problems)

    def document_of(self, chunk_id: int) -> int:
        """The id of the document that a chunk belongs to."""
        with self._read() as session:
            return queries.document_of(session, chunk_id)

    def problems(self, document_id: int) -> dict[str, tuple[str, ...]]:
        """Why readers brought nothing, by the key of the chunk."""
        with self._read() as session:
            return queries.problems(session, document_id)

    # Conclusion

    def is_read(self, document_id: int) -> bool:
        """Whether all chunks of a document are finished and it waits for its conclusion."""
        with self._read() as session:
            return claims.is_read(session, document_id)

    def claim_finalisation(
        self,
        document_id: int,
        worker: str,
        lease: timedelta,
        is_lost: Callable[[str], bool] = of_no_one,
    ) -> bool:
        """Take the conclusion of a document all of whose chunks are finished: true for exactly one caller."""
        with self._write() as session:
            return claims.claim_finalisation(session, document_id, worker, lease, is_lost)

    def renew(self, pieces: Sequence[tuple[str, int]]) -> None:
        """Say anew that pieces of work are held: kinds (item, document, chunk) and ids."""
        with self._write() as session:
            claims.renew(session, pieces)

    def load_read(self, document_id: int) -> ReadChunks:
        """The chunks of the present run, with their readings and problems."""
        with self._read() as session:
            return queries.load_read(session, document_id)

    def save_extraction(self, extraction: Extraction, recipe: str = "", policy: Policy | None = None) -> int:
        """Keep all that is known of a document, which is then done; returns its id.

        What people changed in it before is held over it again; `policy` is that of `worker.route`.
        """
        added = self.add_document(extraction.document, recipe)
        with self._write() as session:
            writing.save_extraction(session, added.id, extraction, policy)
        return added.id

    def load_extraction(self, key: str | int, *, as_read: bool = False) -> Extraction:
        """All that is known of a document, by SHA-256, name or id. Raises InputError, KeyError for an id.

        Tables are as people left them, or `as_read`: then with the findings and verdicts that count all the same.
        """
        record = self.record(key) if isinstance(key, int) else self.find(key)
        document = self.load_document(record.id)
        with self._read() as session:
            return queries.load_extraction(session, record.id, document, as_read=as_read)

    # Watching

    def totals(self) -> Totals:
        """How much there is, by state."""
        with self._read() as session:
            return vitals.totals(session)

    def beat(self, queue: str) -> None:
        """Note that a worker took the canary of a queue."""
        with self._write() as session:
            vitals.beat(session, queue)

    def beats(self) -> dict[str, datetime]:
        """When the canary of each queue was last taken."""
        with self._read() as session:
            return vitals.beats(session)

    def stuck(
        self, lease: timedelta, unsent: Unsent | None = None, is_lost: Callable[[str], bool] = of_no_one
    ) -> Stuck:
        """What its holder lost, and what no one took for so long that its message must be lost.

        The latter is found once in that time, which is `lease` too where `unsent` says nothing else.
        """
        with self._write() as session:
            return claims.stuck(session, lease, unsent or Unsent(lease, lease, lease), is_lost)

    def release_lost(self, document_id: int, is_lost: Callable[[str], bool]) -> None:
        """Free what a document's chunks or its conclusion lost to workers that `is_lost` says are gone."""
        with self._write() as session:
            claims.release_lost(session, document_id, is_lost)

    def progress(self, document_ids: Sequence[int]) -> Progress:
        """How far these documents are."""
        with self._read() as session:
            return queries.progress(session, document_ids)

    def unfinished(self, document_ids: Sequence[int]) -> list[int]:
        """Those of these documents that are neither done nor failed, in the order of their ids."""
        with self._read() as session:
            return queries.unfinished(session, document_ids)

    def usage(self, document_id: int | None = None) -> Usage:
        """What the calls to a model came to, for one document or all."""
        with self._read() as session:
            return queries.usage(session, document_id)
