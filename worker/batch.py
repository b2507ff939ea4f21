"""Many files through the tasks, in this process or over a broker, until each is done or named as failed."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

from schemas import InputError
from worker.app import CUT, SWEEP, App, InProcess, is_gone, make_app
from worker.ingest import discover, load
from worker.pipeline import Reader
from worker.settings import Settings
from worker.store import DocumentRecord, Progress, Store

_POLL_S = 0.5
_SWEEP_S = 60.0
_SILENCE_S = 15.0
_ROUNDS = 3

_log = logging.getLogger(__name__)


class Outcome(NamedTuple):
    """What became of one file. `read` is False for one that was read before; `error` is empty unless it failed."""

    path: Path
    document_id: int
    record: DocumentRecord
    read: bool
    error: str = ""


def process(
    paths: Iterable[Path | str],
    store: Store,
    settings: Settings,
    progress: Callable[[Progress], None] | None = None,
    *,
    again: bool = False,
    readers: Sequence[Reader] | None = None,
) -> list[Outcome]:
    """Bring every file under `paths` through ingest, readers and conclusion; one outcome a file, in their order.

    A document that was read under the same settings is not read again, unless `again` is set or chunks of it
    were given up. A file that cannot be read is recorded as failed and stops no other. `progress` is called
    with what is done so far, `readers` stand in for those of the settings in this process. Without a broker
    the work is done here; else workers do it, and this waits. Raises ConfigError.
    """
    app = make_app(settings, store, readers)
    recipe = f"{version('gouji')} {settings.recipe}"
    taken: list[tuple[Path, int, bool, str]] = []
    for path in discover(paths):
        try:
            document_id, read = _take(path, store, recipe, settings, again)
            taken.append((path, document_id, read, ""))
        except InputError as error:
            taken.append((path, store.record_failure(path.name, error), False, str(error)))
    ids = sorted({document_id for _, document_id, read, _ in taken if read})
    if ids:
        _finish(app, store, ids, progress)
        app.give_up()
    return [_outcome(store, *each) for each in taken]


def _take(path: Path, store: Store, recipe: str, settings: Settings, again: bool) -> tuple[int, bool]:
    """Enter a file; its document and whether there is anything to be done for it."""
    document = load(path, max_bytes=settings.max_bytes)
    added = store.add_document(document, recipe)
    if added.created:
        return added.id, True
    record = added.record
    finished = record.status in {"done", "failed"}
    if record.recipe != recipe or (finished and (again or record.poisoned or record.status == "failed")):
        store.reread(added.id, document, recipe)
        return added.id, True
    return added.id, not finished


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


def _outcome(store: Store, path: Path, document_id: int, read: bool, error: str) -> Outcome:
    record = store.record(document_id)
    if not error and record.status != "done":
        error = record.error or "was not finished; extract it again"
    return Outcome(path, document_id, record, read, error)
