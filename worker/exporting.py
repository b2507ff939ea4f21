"""An export as a piece of work: asked for, written to one file by whoever takes it, kept for some days.

Documents are taken out of the store one at a time; of those before only the names of their files are held, about
1 kB each. What a worker that dies leaves behind is never served: a file counts once the store says so.
"""

from __future__ import annotations

import logging
import shutil
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO
from zipfile import ZIP_DEFLATED, ZipFile

from schemas import Away, GoujiError, InputError
from worker.export import Failure, write_into
from worker.files import Folder
from worker.pipeline import Extraction
from worker.settings import Settings
from worker.store import Store
from worker.store.exports import ExportRecord

MEDIA_TYPE = "application/zip"
_BEAT_S = 15.0

_log = logging.getLogger(__name__)


class Contents:
    """The documents of a batch, or all, as an export takes them; counted as they are taken."""

    def __init__(self, store: Store, batch: str | None) -> None:
        self._store, self._batch = store, batch
        self._lost: list[Failure] = []
        self.done = self.failed = self.waiting = 0

    def extractions(self) -> Iterator[Extraction]:
        """What is done, one at a time. Raises InputError for a batch that is not there."""
        for wanted in self._store.exports.documents(self._batch):
            if wanted.status in {"done", "failed"} and wanted.document_id is not None:
                if wanted.status == "done" and (found := self._load(wanted.document_id)) is not None:
                    yield found
                    self.done += 1
            elif wanted.status != "failed":
                self.waiting += 1

    def failures(self) -> Iterator[Failure]:
        """What failed, to be asked for after the others."""
        failed = (each for each in self._store.exports.documents(self._batch) if each.status == "failed")
        for each in failed:
            self.failed += 1
            yield Failure(each.name, each.sha256, each.error or "failed")
        for lost in self._lost:
            self.failed += 1
            yield lost

    def _load(self, document_id: int) -> Extraction | None:
        try:
            return self._store.load_extraction(document_id)
        except KeyError:
            return None  # removed meanwhile
        except InputError as error:
            record = self._store.record(document_id)
            if record.status in {"done", "failed"}:
                self._lost.append(
                    Failure(record.name, record.sha256 or "", f"{error.problem}; {error.remedy}")
                )
            else:
                self.waiting += 1  # it is being read anew
            return None


class _Lost(Exception):
    """Another has taken the export."""


def write(store: Store, settings: Settings, export_id: int, worker: str) -> None:
    """Write an export to its file, if it is free to be taken; what cannot be written ends as failed."""
    claim = store.exports.claim(export_id, worker, settings.attempts)
    if claim is None:
        return
    stage = settings.home / "exports"
    for earlier in stage.glob(f"{export_id}-*"):
        shutil.rmtree(earlier, ignore_errors=True)
    here = stage / f"{export_id}-{claim.attempts}"
    try:
        here.mkdir(parents=True)
        _write(store, settings, claim, worker, here)
        expire(store, settings)
    except _Lost:
        _log.warning("export %s was taken by another", export_id)
    except Away:
        raise  # to be tried again when the database is back
    except (GoujiError, OSError) as error:
        store.exports.fail(export_id, worker, str(error))
    # Whatever it is, the export must not stay open for ever.
    except Exception as error:
        _log.exception("export %s cannot be written", export_id)
        store.exports.fail(export_id, worker, f"cannot be written ({type(error).__name__})")
    finally:
        shutil.rmtree(here, ignore_errors=True)


def _write(store: Store, settings: Settings, claim: ExportRecord, worker: str, here: Path) -> None:
    contents = Contents(store, claim.batch)
    with _beating(store, claim.id, worker, contents) as lost:

        def watched() -> Iterator[Extraction]:
            for extraction in contents.extractions():
                if lost.is_set():
                    raise _Lost
                yield extraction

        folder, packed = here / "files", here / "packed.zip"
        folder.mkdir()
        write_into(folder, watched(), claim.formats, contents.failures())
        _pack(folder, packed)
        kept, name = _folder(settings), _name(claim.id, claim.attempts)
        kept.bring(name, packed)
        if not store.exports.finish(claim.id, worker, name, packed.stat().st_size, contents.done):
            kept.drop(name)
            raise _Lost
    for attempt in range(1, claim.attempts):
        kept.drop(_name(claim.id, attempt))


@contextmanager
def _beating(store: Store, export_id: int, worker: str, contents: Contents) -> Iterator[threading.Event]:
    """Says now and then that an export is being written; the event is set once it is another's."""
    lost, over = threading.Event(), threading.Event()

    def beat() -> None:
        while not over.wait(_BEAT_S):
            try:
                if not store.exports.touch(export_id, worker, contents.done):
                    lost.set()
            # A database that is away for a moment: the next beat tells.
            except Exception:
                _log.warning("export %s: no sign of life could be given", export_id, exc_info=True)

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield lost
    finally:
        over.set()
        thread.join()


def _pack(folder: Path, target: Path) -> None:
    with ZipFile(target, "w", ZIP_DEFLATED) as packed:
        for path in folder.rglob("*"):
            if path.is_file():
                packed.write(path, path.relative_to(folder).as_posix())
                path.unlink()


def opened(settings: Settings, record: ExportRecord) -> AbstractContextManager[BinaryIO]:
    """The file of an export that is done, to read from. Raises InputError, FileNotFoundError if it is gone."""
    if record.status != "done" or record.file is None:
        problem = f"is {record.status}" + (f": {record.reason}" if record.reason else "")
        raise InputError(f"export {record.id}", problem, "wait until it is done, or ask for a new one")
    return _folder(settings).opened(record.file)


def expire(store: Store, settings: Settings) -> int:
    """Remove exports that are older than GOUJI_EXPORT_DAYS, file and record; their number."""
    old = store.exports.expired(timedelta(days=settings.export_days))
    kept = _folder(settings)
    for record in old:
        # The file first: a record without one can be removed again, a file without one is never found.
        for attempt in range(1, record.attempts + 1):
            kept.drop(_name(record.id, attempt))
        store.exports.forget(record.id)
    return len(old)


def _folder(settings: Settings) -> Folder:
    return Folder(f"{settings.blobs_url.rstrip('/')}/exports")


def _name(export_id: int, attempt: int) -> str:
    return f"{export_id}-{attempt}.zip"
