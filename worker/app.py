"""The Celery application, made from settings: over a broker, or with workers in this very process.

`celery -A worker.app worker` finds it as `app`, made at first use from the environment. The broker carries
ids and nothing else; what is true stands in the store.
"""

from __future__ import annotations

import heapq
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any, NamedTuple, Protocol, runtime_checkable

from amqp.exceptions import PreconditionFailed
from celery import Celery
from celery.app.trace import trace_task
from celery.result import AsyncResult
from celery.signals import worker_ready
from kombu.exceptions import OperationalError

from schemas import Away, ConfigError
from worker.holding import Holding, Piece, holder
from worker.memory import Steady
from worker.pipeline import Reader
from worker.queues import (
    DELIVER,
    FIRST,
    INGEST,
    INGEST_ITEM,
    LLM,
    RANK,
    RECONCILE,
    SWEEP,
    USUAL,
    configuration,
    is_redis,
)
from worker.readers import build_readers
from worker.settings import Settings, load_settings, without_password
from worker.steps import LEASE, hard_limit
from worker.store import Store, Unsent

_TICK_S = 0.1


@runtime_checkable
class Closing(Protocol):
    """What holds connections until it is closed."""

    def close(self) -> None: ...


class App(Celery):
    """Celery with what its tasks work on: `settings`, and made in each process at first use `store`, `readers`.

    `holding` says of the pieces that this process works on that they are held, `memory` what it keeps.
    """

    def __init__(
        self, settings: Settings, store: Store | None = None, readers: Sequence[Reader] | None = None
    ) -> None:
        super().__init__("gouji", set_as_current=False, include=["worker.tasks"])
        self.settings = settings
        self._store = store
        self._readers = readers
        self.holding = Holding(self._renew, hard_limit(settings).total_seconds())
        self.memory = Steady()
        self._made: list[Closing] = []
        self._making = threading.Lock()
        self.conf.update(configuration(settings))

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

    def _renew(self, pieces: Sequence[Piece]) -> None:
        self.store.renew(pieces)

    def give_up(self) -> None:
        """Close what was made here: connections to a database and to a model."""
        for each in self._made:
            each.close()
        self._made.clear()

    def send(self, task: str, *ids: int, urgency: int = USUAL, pause_s: float | None = None) -> None:
        """Have a task done by whoever takes it, the most urgent first, not before `pause_s` seconds.

        Raises Away if the broker does not answer, ConfigError where it has other queues.
        """
        try:
            self.send_task(task, ids, priority=self.rank(urgency), countdown=pause_s)
        except PreconditionFailed as error:
            raise _declared_otherwise(error) from error
        except OperationalError as error:
            raise self._away(error) from error

    def unsent(self) -> Unsent:
        """How long something may wait to be taken before its message is held to be lost. Raises Away.

        Where a queue is empty its messages must be with workers, or with one that is no more.
        """
        soon, late = LEASE, hard_limit(self.settings) + LEASE
        return Unsent(*(soon if self._is_empty(queue) else late for queue in (INGEST, LLM, RECONCILE)))

    def _is_empty(self, queue: str) -> bool:
        try:
            with self.connection_for_write() as connection:
                asked: Any = connection.default_channel
                found = asked.queue_declare(self.settings.queue_prefix + queue, passive=True)
                return int(found.message_count) == 0
        except connection.channel_errors:
            return True  # Redis has no list without an element
        except OperationalError as error:
            raise self._away(error) from error

    def _away(self, error: Exception) -> Away:
        url = without_password(self.settings.broker_url or "")
        return Away(
            f"GOUJI_BROKER_URL: {url} does not answer ({error}); start it, or unset the variable to work "
            "without a broker"
        )

    def dispatch(self) -> None:
        """Send as many files of batches as there is room for. Raises ConfigError."""
        taken = self.store.take_items(self.settings.in_flight)
        urgency = self.store.urgency.of_items(taken)
        for item_id in taken:
            self.send(INGEST_ITEM, item_id, urgency=urgency.get(item_id, USUAL))

    def deliver(self) -> None:
        """Have webhooks told what they are to be told by now. Raises ConfigError."""
        if self.store.hooks.is_due():
            self.send(DELIVER)

    def rank(self, urgency: int) -> int:
        """The priority of a message on the broker for its urgency, or the other way about."""
        # Redis gives out the lowest number first, RabbitMQ the highest.
        return FIRST - urgency if is_redis(self.settings.broker_url) else urgency

    def declare(self) -> None:
        """Make the queues on the broker where they are missing. Raises ConfigError where they are others."""
        try:
            with self.connection_for_write() as connection:
                for queue in self.conf.task_queues:
                    queue(connection.default_channel).declare()
        except PreconditionFailed as error:
            raise _declared_otherwise(error) from error
        except OperationalError:
            pass  # the worker waits for its broker


class InProcess(App):
    """The same application with its workers as threads of this process, and a queue in memory for a broker.

    Tasks run as in any worker, retries and their pauses included. What a killed process leaves behind is
    taken up by the next: see `worker.holding`.
    """

    def __init__(
        self, settings: Settings, store: Store | None = None, readers: Sequence[Reader] | None = None
    ) -> None:
        super().__init__(settings, store, readers)
        self._ready: list[_Job] = []
        self._later: list[tuple[float, _Job]] = []
        self._running = 0
        self._unended: Counter[str] = Counter()
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
        priority: int = USUAL,
        **_options: object,
    ) -> AsyncResult[Any]:
        """Put a task in line; with `countdown` after so many seconds."""
        key = -priority, RANK[name], next(self._numbers)
        job = _Job(key, name, tuple(args or ()), task_id or _token(), retries)
        with self._changed:
            self._unended[name] += 1
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

    def unsent(self) -> Unsent:
        """No message of this process is lost."""
        late = hard_limit(self.settings) + LEASE
        return Unsent(late, late, late)

    def deliver(self) -> None:
        """The same where this process works for batches: a person does not wait for webhooks."""
        if self.serves_batches:
            super().deliver()

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

    def settle(self, seconds: float) -> None:
        """Wait, once `run` has ended, until no task is at work any more; `seconds` at most."""
        with self._changed:
            self._changed.wait_for(lambda: not self._running, seconds)

    def has(self, task: str) -> bool:
        """Whether a task is in line or at work."""
        with self._changed:
            return self._unended[task] > 0

    def _busy(self) -> bool:
        with self._changed:
            if self._ready or self._later or self._running:
                self._changed.wait(_TICK_S)
            return bool(self._ready or self._later or self._running)

    def _work(self) -> None:
        while (job := self._take()) is not None:
            try:
                request = {"id": job.id, "retries": job.retries, "args": job.args, "called_directly": False}
                request["delivery_info"] = {"priority": -job.key[0]}
                trace_task(self.tasks[job.task], job.id, job.args, {}, request, app=self)
            finally:
                with self._changed:
                    self._running -= 1
                    self._unended[job.task] -= 1
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
    """A task in line: among those as urgent, cutting goes first, so that it is known early how much there is
    to read.
    """

    key: tuple[int, int, int]
    task: str
    args: tuple[int, ...]
    id: str
    retries: int


def make_app(
    settings: Settings, store: Store | None = None, readers: Sequence[Reader] | None = None
) -> App | InProcess:
    """The application that the settings name: over their broker, or in this process where they name none."""
    return App(settings, store, readers) if settings.broker_url else InProcess(settings, store, readers)


@worker_ready.connect
def _look_round(sender: Any, **_facts: object) -> None:
    """A worker that begins looks for what one before it left behind."""
    sender.app.send(SWEEP, urgency=FIRST)


def _declared_otherwise(error: PreconditionFailed) -> ConfigError:
    return ConfigError(
        f"GOUJI_QUEUE_PREFIX: a queue of this name is there, but was made otherwise ({error.reply_text}); let it "
        "run empty and delete it (rabbitmqctl delete_queue), or choose another prefix"
    )


def _token() -> str:
    """A name for who works here: the machine, the process, and which of its pieces of work."""
    return holder(str(uuid.uuid4()))


def __getattr__(name: str) -> App:
    """`app`, made from the environment when it is asked for."""
    if name != "app":
        raise AttributeError(name)
    made = make_app(load_settings())
    globals()["app"] = made
    return made
