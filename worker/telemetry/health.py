"""Whether the queues of a service are served: a canary is sent to each, and a worker notes when it took it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

STALE = timedelta(minutes=3)
"""A queue whose canary is older is not served; one is sent each minute."""


class Part(NamedTuple):
    """One thing that the service needs, whether it works, and if not why and what to do."""

    name: str
    ready: bool
    reason: str


def canary(queue: str, seen: datetime | None, now: datetime) -> Part:
    """Whether a queue is served, by when a worker last took the canary that is sent to it each minute."""
    name, remedy = f"queue {queue}", f"start gouji worker -q {queue}, and let one worker send what is timed"
    if seen is None:
        return Part(name, False, f"no canary was ever taken; {remedy}")
    age = now - seen
    if age > STALE:
        return Part(name, False, f"the last canary was taken {age.total_seconds():.0f} s ago; {remedy}")
    return Part(name, True, f"a canary was taken {max(age.total_seconds(), 0):.0f} s ago")
