"""Many files through the tasks, in this process or over a broker, until each is done or named as failed."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from schemas import Document, InputError
from worker.app import CUT, SWEEP, App, InProcess, is_gone, make_app
from worker.archive import SCHEMES, WEB, Limits, Member, Refused, members
from worker.ingest import File, load, notes_of, open_file
from worker.ingest.images import ORIGINAL
from worker.ingest.media import ending_of, refuse_ending
from worker.pipeline import Reader
from worker.settings import Settings
from worker.store import DocumentRecord, Progress, Store

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


PageReport = Callable[[str, int, int], None]
"""Called with the name of a file, its pages done and all its pages, while it is being read."""


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
    recipe = f"{version('gouji')} {settings.recipe}"
    taken: list[_Taken] = []
    failures: dict[str, int] = {}
    for found in (every := members(paths, _limits(settings), manifest=manifest)):
        try:
            file = _opened(found, settings)
            taken.append(_take(file, store, recipe, settings, again, pages)._replace(metadata=found.metadata))
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


def _limits(settings: Settings) -> Limits:
    return Limits(
        members=settings.max_members,
        member_bytes=settings.max_bytes,
        total_bytes=settings.max_unpacked,
        schemes=SCHEMES | WEB if settings.allow_http else SCHEMES,
    )


def _opened(found: Member | Refused, settings: Settings) -> File:
    if isinstance(found, Refused):
        raise found.error
    if found.path:
        return File(found.name, open_file(found.path, max_bytes=settings.max_bytes).data, found.place)
    # Before it is read: an archive may hold much else.
    refuse_ending(ending_of(found.name), found.place)
    return File(found.name, found.read(settings.max_bytes), found.place)


def _take(
    file: File, store: Store, recipe: str, settings: Settings, again: bool, pages: PageReport | None
) -> _Taken:
    """Enter a file. One that was read to its end under this recipe is not parsed again."""
    known = None if again else store.known(file.sha256)
    sound = known and known.recipe == recipe and known.status == "done" and not known.poisoned
    if known and sound and store.blobs.path(file.sha256).exists():
        document = store.load_document(known.id).model_copy(update={"name": file.name})
        return _Taken(file.place, store.add_document(document, recipe).id, False, notes=notes_of(document))
    document = _parse(file, store, settings, pages)
    added = store.add_document(document, recipe)
    record = added.record
    finished = record.status in {"done", "failed"}
    read = added.created or not finished
    if not added.created and (
        record.recipe != recipe or (finished and (again or record.poisoned or record.status == "failed"))
    ):
        store.reread(added.id, document, recipe)
        read = True
    return _Taken(file.place, added.id, read, notes=notes_of(document))


def _parse(file: File, store: Store, settings: Settings, pages: PageReport | None) -> Document:
    """The document in a file, which is kept as well if it has pages to look at."""
    document = load(
        file,
        settings.limits,
        cache=settings.home / "pages",
        progress=partial(pages, file.name) if pages else None,
    )
    if document.pages:
        store.blobs.keep(file.sha256, ORIGINAL, file.data)
    return document


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
