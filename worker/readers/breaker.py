"""Spares an endpoint that does not answer, and those who wait for it."""

from __future__ import annotations

import threading
import time
from typing import Protocol

from schemas import Chunk, Reading, Throttled, Transient


class Asking(Protocol):
    """A reader that holds connections to an endpoint."""

    name: str

    def read(self, chunk: Chunk) -> Reading: ...

    def close(self) -> None: ...


class Breaker:
    """A reader in front of another that asks an endpoint. Safe for threads.

    After `failures` tries in a row that brought no answer (Transient, Throttled), for `pause_s` seconds every
    chunk is turned away with a Throttled that says when to come again; then one is let through to see.
    """

    def __init__(self, reader: Asking, *, failures: int = 3, pause_s: float = 15.0) -> None:
        self.name = reader.name
        self._reader = reader
        self._most = failures
        self._pause_s = pause_s
        self._failed = 0
        self._closed_until = 0.0
        self._trying = False
        self._last = ""
        self._lock = threading.Lock()

    def read(self, chunk: Chunk) -> Reading:
        """The reading of the other reader. Raises what that one raises, and Throttled while it is spared."""
        self._admit()
        try:
            reading = self._reader.read(chunk)
        except (Transient, Throttled) as error:
            self._count(error)
            raise
        except BaseException:
            self._answered()
            raise
        self._answered()
        return reading

    def close(self) -> None:
        """Close the connections of the other reader."""
        self._reader.close()

    def _admit(self) -> None:
        with self._lock:
            if self._failed < self._most:
                return
            wait = self._pause_s if self._trying else self._closed_until - time.monotonic()
            if wait > 0:
                raise Throttled(f"paused after {self._failed} tries in vain, the last: {self._last}", wait)
            self._trying = True

    def _count(self, error: Exception) -> None:
        with self._lock:
            self._failed += 1
            self._last = str(error)
            self._trying = False
            self._closed_until = time.monotonic() + self._pause_s

    def _answered(self) -> None:
        with self._lock:
            self._failed = 0
            self._trying = False
