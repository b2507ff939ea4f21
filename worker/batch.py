"""Many files through the tasks, in this process or over a broker, until each is done or named as failed."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from schemas import InputError
from worker.app import CUT, SWEEP, App, InProcess, is_gone, make_app
from worker.archive import Member, Refused, members
from worker.entry import PageReport, archive_limits, enter, file_of
from worker.pipeline import Reader
from worker.settings import Settings
from worker.steps import RAW
from worker.store import DocumentRecord, Entry, Progress, Store

LOWEST, HIGHEST = 1, 9
"""The range of priorities of a batch."""
_POLL_S = 0.5
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
    in this process. Without a broker the work is done here; else workers do it, and this waits. Raises ConfigError.
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
    manifest: Path | None = None,
    progress: Callable[[int], None] | None = None,
) -> list[Submitted]:
    """Enter every file in a batch and let workers know; one summary a batch, as a manifest may name several.

    A file that is there with the same bytes is not entered twice: what was interrupted is simply given again.
    `progress` is called with the number of files so far. Raises ConfigError.
    """
    app = make_app(settings, store)
    ids: dict[str, int] = {}
    done: dict[str, Submitted] = {}
    for number, found in enumerate(members(paths, archive_limits(settings), manifest=manifest), start=1):
        name = found.metadata.get("batch") or batch
        if name not in ids:
            ids[name] = store.enter_batch(name, _priority(found.metadata) or priority, budget)
        entry = _entry(found, store, settings)
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


def _entry(found: Member | Refused, store: Store, settings: Settings) -> Entry:
    try:
        file = file_of(found, settings)
    except InputError as error:
        return Entry(found.place, found.name, None, 0, found.metadata, str(error))
    # Before the row that speaks of them, so that no worker looks for what is not there yet.
    if not store.blobs.has(file.sha256, RAW):
        store.blobs.keep(file.sha256, RAW, file.data)
    return Entry(file.place, file.name, file.sha256, len(file.data), found.metadata)


def serve(
    store: Store,
    settings: Settings,
    *,
    until_done: bool,
    threads: int | None = None,
    readers: Sequence[Reader] | None = None,
) -> None:
    """Work for batches in this process, without a broker, until interrupted or until nothing is left to do."""
    app = InProcess(settings, store, readers)
    app.serves_batches = True
    workers = threads or (1 if settings.readers == "layout" else settings.concurrency)
    while True:
        store.conclude_ended()
        for document_id in store.recover(is_gone):
            store.release_lost(document_id, is_gone)
            app.send(CUT, document_id)
        app.dispatch()
        app.run(workers, lambda: None)
        # By its files, not its state: a submission that was interrupted leaves its batch open.
        if until_done and all(
            record.status != "open" or record.ended == record.total for record in store.list_batches()
        ):
            break
        time.sleep(_POLL_S)
    app.give_up()


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
            app.send(CUT, document_id)
        app.run(threads, tick)
        now = tick()
        if now.open:
            idle = idle + 1 if now == before and not now.held else 0
            time.sleep(_POLL_S)
        before = now


def _await_workers(app: App, store: Store, ids: Sequence[int], tick: Callable[[], Progress]) -> None:
    for document_id in store.unfinished(ids):
        app.send(CUT, document_id)
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
            app.send(SWEEP)


def _outcome(store: Store, taken: _Taken) -> Outcome:
    record = store.record(taken.document_id)
    error = taken.error
    if not error and record.status != "done":
        error = record.error or "was not finished; extract it again"
    return Outcome(taken.place, taken.document_id, record, taken.read, error, taken.notes, taken.metadata)
