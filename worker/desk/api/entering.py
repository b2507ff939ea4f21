"""Files that were handed over are entered in their batch beside the requests: an archive may take hours."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import IO, BinaryIO, cast

from schemas import ConfigError, GoujiError
from worker import telemetry
from worker.app import App
from worker.archive import ENDINGS, Member, Refused, members
from worker.archive.opening import Opener
from worker.batch import entry_of
from worker.entry import archive_limits
from worker.queues import CUT
from worker.settings import Settings
from worker.store import Store

AT_ONCE = 2
"""How many hand-overs are entered at the same time; others wait for their turn."""

_LOOK = 100
_STOP_S = 10.0
_STOPPED = (
    "the server was stopped while files were entered; hand them in again, known ones are not entered twice"
)

_log = logging.getLogger(__name__)


Files = Callable[[Settings], Iterator[Member | Refused]]
"""Where files come from: gives them one after another."""


class _Stopped(Exception):
    """The server ends."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file on the disk, without a name there, and what it is called; closed when it has been entered."""

    file: IO[bytes]
    name: str
    size: int

    def __call__(self, settings: Settings) -> Iterator[Member | Refused]:
        """The file, or where it is an archive its members. Its place is its name: the same at every handing in."""
        with closing(self.file):
            if self.name.lower().endswith(ENDINGS):
                yield from Opener(archive_limits(settings)).open(
                    cast(BinaryIO, self.file), self.name, self.name, {}
                )
            else:
                yield Member(self.name, self.name, self.size, lambda: closing(self.file))


@dataclass(frozen=True, slots=True)
class Addresses:
    """Files behind addresses of the kind `scheme`, and of no other."""

    urls: Sequence[str]
    scheme: str

    def __call__(self, settings: Settings) -> Iterator[Member | Refused]:
        """Every file behind them."""
        return members(self.urls, replace(archive_limits(settings), schemes=frozenset({self.scheme})))


class Entering:
    """Enters what is handed over, in threads of its own, until `stop`."""

    def __init__(self, store: Store, settings: Settings, app: App) -> None:
        self._store = store
        self._settings = settings
        self._app = app
        self._room = threading.Semaphore(AT_ONCE)
        self._stopping = threading.Event()
        self._threads: set[threading.Thread] = set()
        self._lock = threading.Lock()

    def begin(self, batch_id: int, files: Files) -> None:
        """Enter files in a batch, from now on and beside all else."""
        thread = threading.Thread(target=self._run, args=(batch_id, files), daemon=True)
        with self._lock:
            self._threads = {each for each in self._threads if each.is_alive()} | {thread}
        thread.start()

    def stop(self) -> None:
        """Enter nothing more; what is not entered is said in the batch."""
        self._stopping.set()
        with self._lock:
            left = list(self._threads)
        for thread in left:
            thread.join(_STOP_S)

    def _run(self, batch_id: int, files: Files) -> None:
        with telemetry.bound(batch=batch_id), self._room:
            try:
                self._enter(batch_id, files)
            except _Stopped:
                self._explain(batch_id, _STOPPED)
            except GoujiError as error:
                self._explain(batch_id, str(error))
            # Whatever it is, who handed the files in must be able to see that it went wrong.
            except Exception as error:
                _log.exception("files cannot be entered")
                self._explain(
                    batch_id, f"not all files were entered ({type(error).__name__}); hand them in again"
                )

    def _explain(self, batch_id: int, reason: str) -> None:
        try:
            self._store.listing.explain_batch(batch_id, reason)
        except Exception:
            _log.exception("what went wrong cannot be kept: %s", reason)

    def _enter(self, batch_id: int, files: Files) -> None:
        listing = self._store.listing
        for number, found in enumerate(files(self._settings)):
            if self._stopping.is_set():
                raise _Stopped
            if number % _LOOK == 0 and self._is_cancelled(batch_id):
                return
            if self._store.add_item(batch_id, entry_of(found, self._store, self._settings)):
                tell_workers(self._app)
        # Files that were handed in at the same time may have ended it before these came.
        listing.reopen_batch(batch_id)
        listing.explain_batch(batch_id, "")
        self._store.close_entry(batch_id)
        tell_workers(self._app)

    def _is_cancelled(self, batch_id: int) -> bool:
        line = self._store.listing.batch(batch_id)
        return line is None or line.status == "cancelled"


def tell_workers(app: App, documents: Sequence[int] = ()) -> None:
    """Have workers take what waits, and go on with these documents, where there is a broker.

    While it does not answer the store knows what waits, and the sweep sends it later.
    """
    if not app.settings.broker_url:
        return
    try:
        for document_id in documents:
            app.send(CUT, document_id)
        app.dispatch()
    except ConfigError as error:
        _log.warning("workers are told later: %s", error)
