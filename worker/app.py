"""The Celery application, made from settings: over a broker, or with workers in this very process.

`celery -A worker.app worker` finds it as `app`, made at first use from the environment. The broker carries
ids and nothing else; what is true stands in the store.
"""

from __future__ import annotations

import heapq
import os
import socket
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any, NamedTuple, Protocol, runtime_checkable

from celery import Celery
from celery.app.trace import trace_task
from celery.result import AsyncResult
from kombu import Exchange, Queue
from kombu.exceptions import OperationalError

from schemas import ConfigError
from worker.pipeline import Reader
from worker.readers import build_readers
from worker.settings import Settings, load_settings, without_password
from worker.steps import LONGEST_PAUSE_S, hard_limit
from worker.store import Store

INGEST, LLM, RECONCILE = "ingest", "llm", "reconcile"
QUEUES = (INGEST, LLM, RECONCILE)
"""The queues, each for its kind of work: parsing, waiting for a model, solving."""

INGEST_ITEM, CUT, READ, CONCLUDE, SWEEP, CANARY = (
    "gouji.ingest_item",
    "gouji.cut_document",
    "gouji.read_chunk",
    "gouji.conclude_document",
    "gouji.sweep",
    "gouji.canary",
)
_ROUTES = {INGEST_ITEM: INGEST, CUT: INGEST, READ: LLM, CONCLUDE: RECONCILE, SWEEP: INGEST}
_RANK = {CUT: 0, CONCLUDE: 1, READ: 2, INGEST_ITEM: 3, SWEEP: 4}
_SWEEP_S = 60.0
_CANARY_S = 60.0
_TICK_S = 0.1


@runtime_checkable
class Closing(Protocol):
    """What holds connections until it is closed."""

    def close(self) -> None: ...


class App(Celery):
    """Celery with what its tasks work on: `settings`, and made in each process at first use `store`, `readers`."""

    def __init__(
        self, settings: Settings, store: Store | None = None, readers: Sequence[Reader] | None = None
    ) -> None:
        super().__init__("gouji", set_as_current=False, include=["worker.tasks"])
        self.settings = settings
        self._store = store
        self._readers = readers
        self._made: list[Closing] = []
        self._making = threading.Lock()
        self.conf.update(_configuration(settings))

    @property
    def store(self) -> Store:
        """The store that this process works on."""
        with self._making:
            if self._store is None:
                self._store = Store.open(self.settings)
                self._made.append(self._store)
            return self._store

    @property
    def readers(self) -> Sequence[Reader]:
        """The readers of this process; over a broker they share the pace of their endpoint with all others."""
        keeper = self.store.pace if self.settings.broker_url else None
        with self._making:
            if self._readers is None:
                self._readers = build_readers(self.settings, keeper)
                self._made += [reader for reader in self._readers if isinstance(reader, Closing)]
            return self._readers

    def give_up(self) -> None:
        """Close what was made here: connections to a database and to a model."""
        for each in self._made:
            each.close()
        self._made.clear()

    def send(self, task: str, *ids: int) -> None:
        """Have a task done by whoever takes it. Raises ConfigError if the broker does not answer."""
        try:
            self.send_task(task, ids)
        except OperationalError as error:
            url = without_password(self.settings.broker_url or "")
            raise ConfigError(
                f"GOUJI_BROKER_URL: {url} does not answer ({error}); start it, or unset the variable to work "
                "without a broker"
            ) from error

    def dispatch(self) -> None:
        """Send as many files of batches as there is room for. Raises ConfigError."""
        for item_id in self.store.take_items(self.settings.in_flight):
            self.send(INGEST_ITEM, item_id)


class InProcess(App):
    """The same application with its workers as threads of this process, and a queue in memory for a broker.

    Tasks run as in any worker, retries and their pauses included. What a killed process leaves behind is
    taken up by the next: see `is_gone`.
    """

    def __init__(
        self, settings: Settings, store: Store | None = None, readers: Sequence[Reader] | None = None
    ) -> None:
        super().__init__(settings, store, readers)
        self._ready: list[_Job] = []
        self._later: list[tuple[float, _Job]] = []
        self._running = 0
        self._closed = False
        self._changed = threading.Condition()
        self._numbers = count()
        self.serves_batches = False

    def send_task(  # type: ignore[override]
        self,
        name: str,
        args: Sequence[int] | None = None,
        _kwargs: object = None,
        countdown: float | None = None,
        *,
        task_id: str | None = None,
        retries: int = 0,
        **_options: object,
    ) -> AsyncResult[Any]:
        """Put a task in line; with `countdown` after so many seconds."""
        job = _Job(_RANK[name], next(self._numbers), name, tuple(args or ()), task_id or _token(), retries)
        with self._changed:
            if countdown:
                heapq.heappush(self._later, (time.monotonic() + countdown, job))
            else:
                heapq.heappush(self._ready, job)
            self._changed.notify_all()
        return self.AsyncResult(job.id)

    def dispatch(self) -> None:
        """The same where this process works for batches; one that was given files does those and no others."""
        if self.serves_batches:
            super().dispatch()

    def run(self, threads: int, tick: Callable[[], object]) -> None:
        """Do all that is in line and what comes of it. `tick` is called now and then, in the calling thread."""
        self.loader.import_default_modules()
        self.finalize()
        self._closed = False
        for _ in range(threads):
            # Daemons: who interrupts the program does not wait for the answer of a model.
            threading.Thread(target=self._work, daemon=True).start()
        try:
            while self._busy():
                tick()
            tick()
        finally:
            with self._changed:
                self._closed = True
                self._changed.notify_all()

    def _busy(self) -> bool:
        with self._changed:
            if self._ready or self._later or self._running:
                self._changed.wait(_TICK_S)
            return bool(self._ready or self._later or self._running)

    def _work(self) -> None:
        while (job := self._take()) is not None:
            try:
                request = {"id": job.id, "retries": job.retries, "args": job.args, "called_directly": False}
                trace_task(self.tasks[job.task], job.id, job.args, {}, request, app=self)
            finally:
                with self._changed:
                    self._running -= 1
                    self._changed.notify_all()

    def _take(self) -> _Job | None:
        with self._changed:
            while not self._closed:
                now = time.monotonic()
                while self._later and self._later[0][0] <= now:
                    heapq.heappush(self._ready, heapq.heappop(self._later)[1])
                if self._ready:
                    self._running += 1
                    return heapq.heappop(self._ready)
                self._changed.wait(self._later[0][0] - now if self._later else None)
            return None


class _Job(NamedTuple):
    """A task in line: cutting goes first, so that it is known early how much there is to read."""

    rank: int
    number: int
    task: str
    args: tuple[int, ...]
    id: str
    retries: int


def make_app(
    settings: Settings, store: Store | None = None, readers: Sequence[Reader] | None = None
) -> App | InProcess:
    """The application that the settings name: over their broker, or in this process where they name none."""
    return App(settings, store, readers) if settings.broker_url else InProcess(settings, store, readers)


def _token() -> str:
    return f"{socket.gethostname()}/{os.getpid()}/{uuid.uuid4()}"


def is_gone(worker: str) -> bool:
    """Whether a worker is known to be gone: one in a process of this machine that is no more."""
    host, _, rest = worker.partition("/")
    pid = rest.partition("/")[0]
    # Elsewhere signal 0 is no question but an order.
    if host != socket.gethostname() or not pid.isdigit() or os.name != "posix":
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def __getattr__(name: str) -> App:
    """`app`, made from the environment when it is asked for."""
    if name != "app":
        raise AttributeError(name)
    made = make_app(load_settings())
    globals()["app"] = made
    return made


def _configuration(settings: Settings) -> dict[str, Any]:
    limit = hard_limit(settings).total_seconds()
    names = {queue: settings.queue_prefix + queue for queue in QUEUES}
    return {
        "broker_url": settings.broker_url,
        "broker_connection_retry_on_startup": True,
        "broker_transport_options": {
            # Redis delivers again what is not acknowledged in this time; a running or waiting task must not be.
            "visibility_timeout": int(limit + LONGEST_PAUSE_S + 60),
        },
        "accept_content": ["json"],
        "task_serializer": "json",
        "task_ignore_result": True,
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        "task_time_limit": int(limit),
        "worker_prefetch_multiplier": 1,
        "worker_cancel_long_running_tasks_on_connection_loss": True,
        "worker_hijack_root_logger": False,
        "task_queues": [Queue(name, Exchange(name), routing_key=name) for name in names.values()],
        "task_default_queue": names[INGEST],
        "task_default_exchange": names[INGEST],
        "task_default_routing_key": names[INGEST],
        "task_routes": {task: {"queue": names[queue]} for task, queue in _ROUTES.items()},
        "beat_schedule": {
            "sweep": {"task": SWEEP, "schedule": _SWEEP_S},
            **{
                f"canary of {queue}": {
                    "task": CANARY,
                    "schedule": _CANARY_S,
                    "args": (queue,),
                    "options": {"queue": name, "expires": _CANARY_S},
                }
                for queue, name in names.items()
            },
        },
    }
