"""Many files through the tasks, in this process or over a broker, until each is done or named as failed."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from schemas import ConfigError, InputError, ModelError
from worker.app import App, InProcess, make_app
from worker.archive import Member, Refused, members
from worker.deferred import stop_unwanted
from worker.entry import PageReport, archive_limits, enter, file_of
from worker.holding import is_gone
from worker.pipeline import Reader
from worker.queues import ADVANCE, CUT, FIRST, SWEEP, WRITE_EXPORT
from worker.settings import Settings
from worker.steps import RAW
from worker.store import DocumentRecord, Entry, Progress, Store

LOWEST, HIGHEST = 1, 9
"""The range of priorities of a batch."""
_POLL_S = 0.5
_SETTLE_S = 10.0
_LOOK_S = 2.0
_SWEEP_S = 60.0
_SILENCE_S = 15.0
_ROUNDS = 3

_log = logging.getLogger(__name__)


class Outcome(NamedTuple):
    """What became of one file. `read` is False for one that was read before; `error` is empty unless it failed.

    `place` is the file as it was given, a URL or a member of an archive in full; `notes` say what of it could not
    be read or was left out; `metadata` is what a manifest says of it.
    """

    place: str
    document_id: int
    record: DocumentRecord
    read: bool
    error: str = ""
    notes: tuple[str, ...] = ()
    metadata: Mapping[str, str] = MappingProxyType({})


class _Taken(NamedTuple):
    """A file entered in the store, and whether there is anything to be done for it."""

    place: str
    document_id: int
    read: bool
    error: str = ""
    notes: tuple[str, ...] = ()
    metadata: Mapping[str, str] = MappingProxyType({})


def process(
    paths: Iterable[Path | str],
    store: Store,
    settings: Settings,
    progress: Callable[[Progress], None] | None = None,
    *,
    again: bool = False,
    readers: Sequence[Reader] | None = None,
    pages: PageReport | None = None,
    manifest: Path | None = None,
) -> list[Outcome]:
    """Bring every file through ingest, readers and conclusion; one outcome a file, in their order.

    `paths` are files, folders, archives and, as text, globs and URLs; a `manifest` lists further ones.

    A document that was read under the same settings is not read again, unless `again` is set or chunks of it
    were given up. A file that cannot be read is recorded as failed and stops no other. `progress` is called
    with what is done so far, `pages` while a file with pages is read; `readers` stand in for those of the settings
    in this process. Without a broker the work is done here; else workers do it, and this waits. Files are
    parsed here in either case: who waits sees their pages go by, and need not share a disk with the workers.
    Raises ConfigError.
    """
    app = make_app(settings, store, readers)
    taken: list[_Taken] = []
    failures: dict[str, int] = {}
    for found in (every := members(paths, archive_limits(settings), manifest=manifest)):
        try:
            entered = enter(file_of(found, settings), store, settings, again=again, pages=pages)
            taken.append(
                _Taken(found.place, entered.document_id, entered.read, "", entered.notes, found.metadata)
            )
        except InputError as error:
            # Given twice, it fails once: a second record would take the place of the first.
            if found.name not in failures:
                failures[found.name] = store.record_failure(found.name, error)
            failure = failures[found.name]
            taken.append(_Taken(found.place, failure, False, str(error), metadata=found.metadata))
    if every.skipped:
        _log.info("%d hidden files in archives were passed over", every.skipped)
    ids = sorted({each.document_id for each in taken if each.read})
    if ids:
        _finish(app, store, ids, progress)
        app.give_up()
    return [_outcome(store, each) for each in taken]


class Submitted(NamedTuple):
    """What was entered: by batch, files that are to be read, were there already, and could not be had."""

    batch: str
    new: int = 0
    known: int = 0
    refused: tuple[str, ...] = ()


def submit(
    paths: Iterable[Path | str],
    store: Store,
    settings: Settings,
    batch: str,
    *,
    priority: int | None = None,
    budget: Decimal | None = None,
    llm_batch: bool = False,
    manifest: Path | None = None,
    progress: Callable[[int], None] | None = None,
) -> list[Submitted]:
    """Enter every file in a batch and let workers know; one summary a batch, as a manifest may name several.

    A file that is there with the same bytes is not entered twice: what was interrupted is simply given again.
    `llm_batch`: what it asks of a model can wait for a job of the batch API. `progress` is called with the number
    of files so far. Raises ConfigError.
    """
    app = make_app(settings, store)
    ids: dict[str, int] = {}
    done: dict[str, Submitted] = {}
    for number, found in enumerate(members(paths, archive_limits(settings), manifest=manifest), start=1):
        name = found.metadata.get("batch") or batch
        if name not in ids:
            ids[name] = store.enter_batch(name, _priority(found.metadata) or priority, budget)
            if llm_batch:
                store.jobs.defer(ids[name])
        entry = entry_of(found, store, settings)
        new = store.add_item(ids[name], entry)
        so_far = done.get(name, Submitted(name))
        if entry.error:
            done[name] = so_far._replace(refused=(*so_far.refused, entry.error))
        else:
            done[name] = so_far._replace(new=so_far.new + new, known=so_far.known + (not new))
        if new and settings.broker_url:
            app.dispatch()
        if progress:
            progress(number)
    for name, batch_id in ids.items():
        store.close_entry(batch_id)
        done.setdefault(name, Submitted(name))
    if settings.broker_url:
        app.dispatch()
    return list(done.values())


def _priority(facts: Mapping[str, str]) -> int | None:
    given = facts.get("priority", "")
    return min(max(int(given), LOWEST), HIGHEST) if given else None


def entry_of(found: Member | Refused, store: Store, settings: Settings) -> Entry:
    """A file as it is entered in a batch, its bytes kept first; or why it cannot be had."""
    try:
        file = file_of(found, settings)
    except InputError as error:
        return Entry(found.place, found.name, None, 0, found.metadata, str(error))
    # Before the row that speaks of them, so that no worker looks for what is not there yet; anew where they are, for
    # a purge may be about to take what is old.
    store.blobs.keep(file.sha256, RAW, file.data)
    return Entry(file.place, file.name, file.sha256, len(file.data), found.metadata)


def serve(
    store: Store,
    settings: Settings,
    *,
    until_done: bool,
    threads: int | None = None,
    readers: Sequence[Reader] | None = None,
    stop: threading.Event | None = None,
) -> None:
    """Work for batches in this process, without a broker, until interrupted or until nothing is left to do.

    Once `stop` is set no more is begun; what is at work then has some seconds, or is taken up by the next process.
    """
    app = InProcess(settings, store, readers)
    app.serves_batches = True
    workers = threads or (1 if settings.readers == "layout" else settings.concurrency)
    stop = stop or threading.Event()
    sent: set[int] = set()
    looked = -_LOOK_S
    seen = -settings.job_poll_s

    def look() -> None:
        """Take up what others ask for while there is work: files, exports, messages to webhooks."""
        nonlocal looked
        if time.monotonic() - looked < _LOOK_S:
            return
        looked = time.monotonic()
        app.dispatch()
        for export_id in sorted(set(store.exports.stuck(is_gone, timedelta(0))) - sent):
            sent.add(export_id)
            app.send(WRITE_EXPORT, export_id)
        app.deliver()

    def bring_on() -> None:
        """See to the jobs of the batch API."""
        nonlocal seen
        due = settings.readers != "layout" and time.monotonic() - seen >= settings.job_poll_s
        # One that takes longer than the pause would meet the next, and all that is less urgent would never be done.
        if due and not app.has(ADVANCE):
            seen = time.monotonic()
            app.send(ADVANCE, urgency=FIRST)

    def tick() -> None:
        if stop.is_set():
            raise _Stopped
        look()
        bring_on()

    while not stop.is_set():
        store.conclude_ended()
        for document_id in store.recover(is_gone):
            store.release_lost(document_id, is_gone)
            app.send(CUT, document_id)
        app.dispatch()
        look()
        bring_on()
        with suppress(_Stopped):
            app.run(workers, tick)
        # By its files, not its state: a submission that was interrupted leaves its batch open.
        if until_done and all(
            record.status != "open" or record.ended == record.total for record in store.list_batches()
        ):
            break
        stop.wait(_POLL_S)
    app.settle(_SETTLE_S)
    if until_done:
        _stop_jobs(store, settings)
    app.give_up()


def _stop_jobs(store: Store, settings: Settings) -> None:
    """Stop at the endpoint what nobody waits for any more; where that fails, who works next does it."""
    if settings.readers == "layout" or not store.jobs.has_unwanted():
        return
    try:
        stop_unwanted(store, settings)
    except (ConfigError, ModelError) as error:
        _log.warning("jobs that nobody waits for could not be stopped (%s)", error)


class _Stopped(Exception):
    """Who serves is to end."""


def _finish(app: App, store: Store, ids: Sequence[int], progress: Callable[[Progress], None] | None) -> None:
    def tick() -> Progress:
        now = store.progress(ids)
        if progress:
            progress(now)
        return now

    if isinstance(app, InProcess):
        _finish_here(app, store, ids, tick)
    else:
        _await_workers(app, store, ids, tick)


def _finish_here(app: InProcess, store: Store, ids: Sequence[int], tick: Callable[[], Progress]) -> None:
    """Work until all is done. What another process holds is waited for, and taken over should that one die."""
    threads = 1 if app.settings.readers == "layout" else app.settings.concurrency
    idle = 0
    before = store.progress(ids)
    while before.open and idle < _ROUNDS:
        for document_id in store.unfinished(ids):
            store.release_lost(document_id, is_gone)
            store.jobs.recall(document_id)
            app.send(CUT, document_id, urgency=FIRST)
        app.run(threads, tick)
        now = tick()
        if now.open:
            idle = idle + 1 if now == before and not now.held else 0
            time.sleep(_POLL_S)
        before = now


def _await_workers(app: App, store: Store, ids: Sequence[int], tick: Callable[[], Progress]) -> None:
    for document_id in store.unfinished(ids):
        store.jobs.recall(document_id)
        app.send(CUT, document_id, urgency=FIRST)
    before = store.progress(ids)
    heard = swept = time.monotonic()
    warned = False
    while before.open:
        time.sleep(_POLL_S)
        now = tick()  # what ends the wait is what was reported last
        if now != before:
            before, heard = now, time.monotonic()
        elif not warned and time.monotonic() - heard > _SILENCE_S:
            warned = True
            _log.warning(
                "no worker has taken anything for %.0f s; is one running (gouji worker)?", _SILENCE_S
            )
        if time.monotonic() - swept > _SWEEP_S:
            swept = time.monotonic()
            app.send(SWEEP, urgency=FIRST)


def _outcome(store: Store, taken: _Taken) -> Outcome:
    record = store.record(taken.document_id)
    error = taken.error
    if not error and record.status != "done":
        error = record.error or "was not finished; extract it again"
    return Outcome(taken.place, taken.document_id, record, taken.read, error, taken.notes, taken.metadata)
