"""Requests that can wait: sent in jobs of the batch API, collected, and the chunks that waited let go on.

A job is a row with a name of its own before anything is sent, and says there what is about to be done before it is
done: who comes after a kill looks at the endpoint for a file or a job of that name, and does nothing twice.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from itertools import chain, islice
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, BinaryIO, cast

from schemas import Away, ConfigError, ModelError, Throttled, Transient
from worker.readers.cache import AnswerCache
from worker.readers.deferral import address_of
from worker.settings import Settings
from worker.steps import LEASE, hard_limit
from worker.store import Store
from worker.store.grouping import Limits
from worker.store.jobs import Asked, Job, JobStore, Settled

if TYPE_CHECKING:
    from worker.readers.llm.jobs import BatchApi, RemoteJob
    from worker.readers.llm.results import Result

MOST_REQUESTS, MOST_BYTES = 50_000, 190_000_000
"""The most of one job: what OpenAI takes (200 MB), less room for what a file has around its lines."""
LONGEST = timedelta(hours=26)
"""After what time a job is given up that has not ended: two hours more than an endpoint has for it."""
REFUSED_PAUSE = timedelta(minutes=10)
"""When requests are sent again that an endpoint had no room for."""

_AT_ONCE = 200
_TURN_S = 300.0
_IN_MEMORY = 8_000_000
_NO_ROOM = "token_limit_exceeded"
# Servers that take a file apart by Python's idea of lines break these too.
_BREAKS = {0x85: "\\u0085", 0x2028: "\\u2028", 0x2029: "\\u2029"}

_log = logging.getLogger(__name__)


def advance(store: Store, settings: Settings, worker: str, is_lost: Callable[[str], bool]) -> list[int]:
    """Form jobs, send, look after and collect them; ids of the chunks that need not wait any more.

    What others attend to is left to them. `worker` names who asks, `is_lost` tells which of such are gone. Of large
    outputs a part is taken at a time. What goes wrong with a job is kept with it. Raises ConfigError where there is
    no model.
    """
    if settings.readers == "layout":
        return []
    jobs, address = store.jobs, address_of(settings)
    pause = timedelta(seconds=settings.job_poll_s)
    jobs.release_lost(is_lost)
    jobs.form(address, Limits(MOST_REQUESTS, MOST_BYTES, pause))
    give_up = time.monotonic() + _TURN_S
    # Nothing is said of a job while its file is on the way.
    lease = hard_limit(settings) + LEASE
    if job := jobs.claim(address, worker, lease):
        with _Courier(jobs, settings, give_up) as courier:
            while job:
                courier.attend(job)
                overdue = time.monotonic() > give_up
                job = None if overdue else jobs.claim(address, worker, lease)
    return jobs.let_go()


def stop_unwanted(store: Store, settings: Settings) -> None:
    """Have jobs stopped that nobody waits for any more. Raises what keeps an endpoint from being told."""
    unwanted = [job for job in store.jobs.running(address_of(settings)) if not store.jobs.is_wanted(job.id)]
    if unwanted:
        with _Courier(store.jobs, settings, time.monotonic()) as courier:
            for job in unwanted:
                courier.stop(job)


class _Courier:
    """Who speaks to the endpoint about jobs. Safe for one thread."""

    def __init__(self, jobs: JobStore, settings: Settings, give_up: float) -> None:
        # Takes a second to load; a process without jobs needs none of it.
        from worker.readers.llm.jobs import BatchApi

        self._jobs = jobs
        self._api: BatchApi = BatchApi(settings)
        self._cache = AnswerCache(settings.blobs_url.rstrip("/") + "/answers")
        self._pause = timedelta(seconds=settings.job_poll_s)
        self._give_up = give_up

    def __enter__(self) -> _Courier:
        return self

    def __exit__(self, *_: object) -> None:
        self._api.close()

    def attend(self, job: Job) -> None:
        """Bring a job that is held on by what can be done now, and give it back."""
        from worker.readers.llm.jobs import NoBatchApi

        try:
            self._bring_on(job)
        except Away:
            raise
        except (Transient, Throttled) as error:
            self._wait(job, str(error), error.retry_after if isinstance(error, Throttled) else None)
        except (ModelError, ConfigError) as error:
            self._fail(job, str(error), live=isinstance(error, NoBatchApi))
        # One job must not hold up the others.
        except Exception as error:
            _log.exception("job %s cannot be brought on", job.token)
            self._wait(job, f"{type(error).__name__}: {error}", None)

    def stop(self, job: Job) -> None:
        """Have a job stopped; what is answered by then is taken all the same."""
        if job.remote_id and not job.cancelling:
            self._api.cancel(job.remote_id)
            self._jobs.note(job.id, cancelling=True)

    def _wait(self, job: Job, problem: str, seconds: float | None) -> None:
        if _is_old(job):
            self._fail(job, f"given up after {LONGEST}: {problem}", live=False)
        else:
            delay = max(self._pause, timedelta(seconds=min(seconds or 0.0, LONGEST.total_seconds())))
            self._jobs.release(job.id, delay, problem)

    def _fail(self, job: Job, problem: str, *, live: bool) -> None:
        """Have asked live what a job will not bring, and say so."""
        _log.warning("job %s: %s; its requests are asked live", job.token, problem)
        self._jobs.tell(job.id, f"{problem}; read live", live=live)
        self._jobs.end(job.id, "failed", problem)

    def _bring_on(self, job: Job) -> None:
        from worker.readers.llm.jobs import Gone

        remote_id = job.remote_id or self._sent(job)
        if remote_id is None:
            self._jobs.end(job.id, "cancelled", again=True)
            return
        job = job._replace(remote_id=remote_id)
        remote = self._api.look(remote_id)
        if remote.ended:
            self._collect(job, remote)
            return
        try:
            if _is_old(job) or not self._jobs.is_wanted(job.id):
                self.stop(job)
        except Gone:
            pass  # it ended just now
        if _is_old(job, timedelta(hours=1)):
            raise Transient(f"the endpoint has not ended it: {remote.status}")
        self._jobs.release(job.id, self._pause)

    def _sent(self, job: Job) -> str | None:
        """The id of a job at the endpoint, where it is begun unless it was; None if nobody wants it any more."""
        since = job.added_at.timestamp()
        remote = self._api.find(job.token, since) if job.status == "creating" else None
        if remote is None:
            if not self._jobs.is_wanted(job.id):
                return None
            file_id = job.file_id or self._uploaded(job, since)
            self._jobs.note(job.id, status="creating", file_id=file_id)
            remote = self._api.create(file_id, job.token)
        self._jobs.note(job.id, status="sent", remote_id=remote.id)
        return remote.id

    def _uploaded(self, job: Job, since: float) -> str:
        name = f"{job.token}.jsonl"
        if job.status == "uploading" and (known := self._api.find_file(name, since)):
            return known
        self._jobs.note(job.id, status="uploading")
        with SpooledTemporaryFile(max_size=_IN_MEMORY) as file:
            for line in _file(self._jobs.bodies(job.id)):
                file.write(line)
            file.seek(0)
            return self._api.upload(name, cast("BinaryIO", file))

    def _collect(self, job: Job, remote: RemoteJob) -> None:
        """Take what a job brought, and end it; where that takes too long, the rest is for another turn."""
        faults: Counter[str] = Counter()
        lines = chain.from_iterable(self._api.lines(each) for each in remote.outputs)
        while some := list(islice(lines, _AT_ONCE)):
            self._keep(job, some, faults)
            if time.monotonic() > self._give_up:
                self._jobs.release(job.id, timedelta(0))
                return
        for fault, number in faults.items():
            _log.warning("job %s: ignored: %d lines of its output: %s", job.token, number, fault)
        if remote.code == _NO_ROOM and job.requests > 1:
            alone = self._jobs.no_room(job.id, REFUSED_PAUSE, remote.problem)
            _log.warning("job %s: the endpoint has no room for it%s", job.token, " at all" if alone else "")
        elif remote.status == "failed":
            self._fail(job, f"the endpoint failed it: {remote.problem or 'it does not say why'}", live=False)
        else:
            self._end(job, remote, faults)

    def _end(self, job: Job, remote: RemoteJob, faults: Counter[str]) -> None:
        # Who stopped it may want it again; who waited too long does not.
        again = job.cancelling and not _is_old(job)
        notes = [
            remote.status,
            *(f"{number} lines of its output: {fault}" for fault, number in faults.items()),
        ]
        status = "cancelled" if remote.status == "cancelled" else "done"
        left = self._jobs.end(job.id, status, "; ".join(notes[1:] or [""]), again=again)
        if left and not again:
            problem = f"{left} of {job.requests} requests were not answered: {'; '.join(notes)}"
            _log.warning("job %s: %s; they are asked live", job.token, problem)
            self._jobs.note(job.id, problem=problem)

    def _keep(self, job: Job, lines: Iterable[bytes | None], faults: Counter[str]) -> None:
        """Keep the answers in some lines of an output, and account for them."""
        found: dict[str, Result] = {}
        for result in _results(lines, faults):
            if result.key in found:
                faults["is there twice"] += 1
            found.setdefault(result.key, result)
        known = self._jobs.unanswered(job.id, list(found))
        if unknown := len(found) - len(known):
            faults["has an id that was not asked for"] += unknown
        settled = []
        for key, asked in known.items():
            if asked is None:
                continue
            result = found[key]
            if result.entry is not None:
                self._put(key, result)
            settled.append(_settled(result, asked))
        self._jobs.settle(job.id, settled)

    def _put(self, key: str, result: Result) -> None:
        try:
            self._cache.put(key, result.entry or {})
        except ConfigError as error:
            raise Transient(f"an answer cannot be kept: {error}") from None


def _is_old(job: Job, more: timedelta = timedelta(0)) -> bool:
    return time.time() - job.added_at.timestamp() > (LONGEST + more).total_seconds()


def _file(bodies: Iterator[tuple[str, str]]) -> Iterator[bytes]:
    from worker.readers.llm.jobs import ENDPOINT

    for key, body in bodies:
        head = f'{{"custom_id": "{key}", "method": "POST", "url": "{ENDPOINT}", "body": '
        yield f"{head}{body.translate(_BREAKS)}}}\n".encode()


def _results(lines: Iterable[bytes | None], faults: Counter[str]) -> Iterator[Result]:
    from worker.readers.llm.results import result_of

    for line in lines:
        if line is None:
            faults["is too long"] += 1
        elif line.strip():
            try:
                yield result_of(line)
            except ValueError as error:
                faults[str(error)] += 1


def _settled(result: Result, asked: Asked) -> Settled:
    from worker.readers.llm.results import call_of

    return Settled(result.key, result.entry is not None, call_of(result, *asked))
