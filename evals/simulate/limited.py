"""A hard limit of calls before a script: what is over it is answered with 429 and Retry-After."""

from __future__ import annotations

import threading
import time
from typing import NamedTuple

from evals.simulate.server import Asked, Reply, Script

RETRY_AFTER_S = 1


class Came(NamedTuple):
    """A call: when it came, in seconds since the epoch, and whether it was let through."""

    at: float
    good: bool


class Limited:
    """A script that answers `a_second` calls a second at most (None: all), saved up for one second.

    Safe for threads; `came` is every call in the order of arrival.
    """

    def __init__(self, script: Script, a_second: float | None) -> None:
        self.came: list[Came] = []
        self._script = script
        self._limit = a_second
        self._saved = a_second or 0.0
        self._last = time.time()
        self._lock = threading.Lock()

    def __call__(self, asked: Asked) -> Reply:
        """The answer of the script, or 429."""
        if self._admits():
            return self._script(asked)
        return Reply(
            status=429, error={"message": "too many requests"}, headers={"Retry-After": str(RETRY_AFTER_S)}
        )

    def _admits(self) -> bool:
        with self._lock:
            now = time.time()
            good = True
            if self._limit is not None:
                self._saved = min(self._limit, self._saved + (now - self._last) * self._limit)
                good = self._saved >= 1
                self._saved -= good
            self._last = now
            self.came.append(Came(now, good))
            return good
