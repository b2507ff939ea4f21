"""What is done about one message: the store is asked for the right to do it, and told what came of it.

Messages may come twice, late or never: every step may be repeated, and what it finds in the store decides.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

from schemas import Away, InputError, ModelError, Paused, Throttled, Transient
from worker.calibration import policy_of
from worker.entry import Entered, enter
from worker.holding import is_gone
from worker.ingest import File, notes_of
from worker.pipeline import Failure, Reader, conclude, read_chunk
from worker.readers.deferral import Deferred, address_of, waiting
from worker.segment import segment
from worker.settings import Settings
from worker.store import Store
from worker.store.blobs import RAW as RAW

LEASE = timedelta(seconds=120)
"""After what time without a word who took a step is held to be gone. Clocks of hosts may differ by less than that."""
LONGEST_PAUSE_S = 600.0
"""The longest time, in seconds, that a chunk waits for its next try."""

_log = logging.getLogger(__name__)


def hard_limit(settings: Settings) -> timedelta:
    """How long one step may take at most; long enough for a chunk that is split, mended and asked again."""
    return timedelta(seconds=max(600.0, 10 * settings.timeout_s))


class Read(NamedTuple):
    """What came of reading a chunk: its document, and after how many seconds to try again (None: finished).

    `deferred`: it waits for answers of a job.
    """

    document_id: int
    again_in: float | None = None
    deferred: bool = False


def ingest(store: Store, settings: Settings, item_id: int, worker: str) -> int | None:
    """Ingest a file of a batch, if it is free to be taken; the document to be cut, None where nothing is left to do.

    A file that cannot be read ends as failed, with the reason; its bytes stay for another try.
    """
    claim = store.claim_item(item_id, worker, settings.attempts, LEASE, is_gone)
    if claim is None:
        return store.uncut(item_id)
    try:
        data = store.blobs.kept(claim.sha256, RAW)
        if data is None:
            entered = _read_before(store, claim.place, claim.sha256)
        else:
            entered = enter(File(claim.name, data, claim.place), store, settings)
    except InputError as error:
        store.settle_item(item_id, "failed", store.record_failure(claim.name, error), str(error))
        return None
    except Away:
        raise
    # Whatever it is, one file must not hold up its batch.
    except Exception as error:
        _log.exception("item %s cannot be ingested", item_id)
        store.settle_item(item_id, "failed", error=f"{claim.place}: cannot be read ({_in_words(error)})")
        return None
    store.settle_item(item_id, "reading", entered.document_id, notes=entered.notes)
    if not entered.read:
        store.conclude_items(entered.document_id)
        return None
    return entered.document_id


def _read_before(store: Store, place: str, sha256: str) -> Entered:
    """A file whose bytes were dropped when another of the same bytes was read to its end. Raises InputError."""
    known = store.known(sha256)
    if known is None or known.status != "done" or known.poisoned:
        raise InputError(place, "its bytes are gone from the blobs", "submit it again")
    return Entered(known.id, False, notes_of(store.load_document(known.id)))


def cut_document(store: Store, document_id: int) -> list[int]:
    """Cut a document into chunks; their ids. A document that cannot be cut is marked as failed."""
    try:
        return store.add_chunks(document_id, segment(store.load_document(document_id)))
    except Away:
        raise
    # Whatever it is, the document must not stay open for ever.
    except Exception as error:
        _log.exception("document %s cannot be cut into tables", document_id)
        store.fail_document(document_id, f"cannot be cut into tables ({_in_words(error)})")
        return []


def read(store: Store, readers: Sequence[Reader], settings: Settings, chunk_id: int, worker: str) -> Read:
    """Read a chunk, if it is free to be taken, and keep what came of it.

    What a model may yet answer (Transient, Throttled) is tried again up to the cap of the settings; then the
    chunk is poisoned. What it will not (Refused, Truncated, Invalid) leaves the chunk without that reading.
    Raises Away; done again it asks no model for what that has answered.
    """
    claim = store.claim_chunk(chunk_id, worker, settings.attempts, LEASE, is_gone)
    if claim is None:
        return Read(store.document_of(chunk_id))
    may_wait = settings.readers != "layout" and store.jobs.may_wait(chunk_id)
    asked = waiting(readers) if may_wait else readers
    readings, failures = read_chunk(claim.chunk, asked, settings.llm_when, claim.known)
    for failure in failures:
        if isinstance(failure.error, Away):
            raise failure.error
    for reading in readings:
        store.save_reading(chunk_id, reading)
    for failure in failures:
        if isinstance(failure.error, ModelError):
            store.save_calls(chunk_id, failure.reader, failure.error.calls)
    wanted = [
        each for failure in failures if isinstance(failure.error, Deferred) for each in failure.error.requests
    ]
    if wanted:
        if store.jobs.record(chunk_id, address_of(settings), wanted):
            return Read(claim.document_id, deferred=True)
        store.release_chunk(chunk_id, [], timedelta(0), untried=True)
        return Read(claim.document_id, 0.0)
    problems = [str(failure) for failure in failures]
    passing = [failure for failure in failures if isinstance(failure.error, Transient | Throttled)]
    # Workers can wait for an endpoint that is out; a run in one process must come to an end.
    untried = bool(settings.broker_url) and any(isinstance(failure.error, Paused) for failure in passing)
    if passing and (untried or claim.attempt < settings.attempts):
        pause = _pause(passing, claim.attempt)
        store.release_chunk(chunk_id, problems, timedelta(seconds=pause), untried=untried)
        return Read(claim.document_id, pause)
    store.finish_chunk(chunk_id, problems, poisoned=bool(passing))
    if may_wait:
        store.jobs.rest(claim.document_id)
    return Read(claim.document_id)


def _pause(failures: Sequence[Failure], attempt: int) -> float:
    """Seconds until the next try: what the endpoint asks for, else twice as long after each attempt."""
    waits = [failure.error.retry_after for failure in failures if isinstance(failure.error, Throttled)]
    asked = [wait for wait in waits if wait is not None]
    return min(max(asked, default=2.0 ** (attempt - 1)), LONGEST_PAUSE_S)


def conclude_document(store: Store, settings: Settings, document_id: int) -> None:
    """Hold the tables of a document against one another and keep the outcome; a fault marks it as failed."""
    try:
        read = store.load_read(document_id)
        document = store.load_document(document_id)
        policy = policy_of(settings)
        extraction = conclude(document, read.chunks, read.readings, read.problems, policy)
        store.save_extraction(extraction, policy=policy)
    except Away:
        raise
    # Whatever it is, the document must not stay open for ever.
    except Exception as error:
        _log.exception("document %s cannot be concluded", document_id)
        store.fail_document(document_id, f"cannot be concluded ({_in_words(error)})")


def _in_words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
