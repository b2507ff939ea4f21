"""Whether a service does its work: what it needs answers, and its queues are served.

A canary is sent to each queue, and a worker notes when it took it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, NamedTuple, Protocol

from schemas.errors import ConfigError

STALE = timedelta(minutes=3)
"""A queue whose canary is older is not served; one is sent each minute."""

_ANSWER_S = 3
_PROBE = "probe"


class Part(NamedTuple):
    """One thing that the service needs, whether it works, and if not why and what to do."""

    name: str
    ready: bool
    reason: str


class Blobs(Protocol):
    """Where files are kept by their SHA-256."""

    def keep(self, sha256: str, name: str, data: bytes) -> None: ...
    def kept(self, sha256: str, name: str) -> bytes | None: ...
    def drop(self, sha256: str, name: str | None = None) -> None: ...


class Truth(Protocol):
    """A store that says when the canary of each queue was last taken."""

    @property
    def blobs(self) -> Blobs: ...
    def beats(self) -> dict[str, datetime]: ...


class Broker(Protocol):
    """Gives connections to a broker."""

    def connection_for_write(self) -> AbstractContextManager[Any]: ...


def canary(queue: str, seen: datetime | None, now: datetime) -> Part:
    """Whether a queue is served, by when a worker last took the canary that is sent to it each minute."""
    name, remedy = f"queue {queue}", f"start gouji worker -q {queue}, and let one worker send what is timed"
    if seen is None:
        return Part(name, False, f"no canary was ever taken; {remedy}")
    age = now - seen
    if age > STALE:
        return Part(name, False, f"the last canary was taken {age.total_seconds():.0f} s ago; {remedy}")
    return Part(name, True, f"a canary was taken {max(age.total_seconds(), 0):.0f} s ago")


def readiness(store: Truth, broker: Broker | None, queues: Sequence[str], *, works_here: bool) -> list[Part]:
    """Database, blobs, broker and queues, each asked; without a broker, whether this process works itself."""
    beats: Mapping[str, datetime] = {}

    def ask_database() -> None:
        nonlocal beats
        beats = store.beats()

    parts = [_asked("database", ask_database), _asked("blobs", lambda: _probe(store.blobs))]
    if broker is None:
        reason = "files are read in this process" if works_here else "no one reads files; start it again"
        return [*parts, Part("worker", works_here, reason)]
    parts.append(_asked("broker", lambda: _reach(broker)))
    now = datetime.now(UTC)
    return parts + [canary(queue, beats.get(queue), now) for queue in queues]


def _asked(name: str, ask: Callable[[], None]) -> Part:
    try:
        ask()
    except ConfigError as error:
        return Part(name, False, str(error))
    # Whatever it is, it is told; its words may hold an address with a password.
    except Exception as error:
        return Part(name, False, f"does not answer ({type(error).__name__})")
    return Part(name, True, "answers")


def _probe(blobs: Blobs) -> None:
    data = os.urandom(16)
    key = sha256(data).hexdigest()
    try:
        blobs.keep(key, _PROBE, data)
        found = blobs.kept(key, _PROBE)
    finally:
        blobs.drop(key, _PROBE)
    if found != data:
        raise ConfigError("GOUJI_BLOBS_URL: what is written is not what is read; check what it names")


def _reach(broker: Broker) -> None:
    with broker.connection_for_write() as connection:
        # Redis is spoken to only when a channel is opened.
        connection.ensure_connection(max_retries=1, timeout=_ANSWER_S)
        connection.channel().close()
