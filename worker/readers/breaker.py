"""Spares an endpoint that does not answer, and those who wait for it."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import Protocol

from schemas import Chunk, ModelError, Reading, Throttled, Transient
from schemas.findings import Call


class Asking(Protocol):
    """A reader that holds connections to an endpoint."""

    name: str

    def read(self, chunk: Chunk) -> Reading: ...

    def close(self) -> None: ...


class Breaker:
    """A reader in front of another that asks an endpoint. Safe for threads.

    Until the endpoint has answered once, one chunk goes ahead and the others wait for it. After `failures`
    tries in a row without an answer (Transient, Throttled; at the start after one), for `pause_s` seconds every
    chunk is turned away with a Throttled that says when to come again; then one is let through to see.
    """

    def __init__(self, reader: Asking, *, failures: int = 3, pause_s: float = 15.0) -> None:
        self.name = reader.name
        self._reader = reader
        self._most = failures
        self._pause_s = pause_s
        self._answered = False
        self._failed = 0
        self._last = ""
        self._closed_until = 0.0
        self._trying = False
        self._changed = threading.Condition()

    def read(self, chunk: Chunk) -> Reading:
        """The reading of the other reader. Raises what that one raises, and Throttled while it is spared."""
        if chunk.blank:
            return self._reader.read(chunk)
        trial = self._admit()
        try:
            reading = self._reader.read(chunk)
            self._count_answer(reading.calls)
        except (Transient, Throttled) as error:
            self._count_failure(error)
            raise
        except ModelError as error:
            self._count_answer(error.calls)
            raise
        finally:
            if trial:
                with self._changed:
                    self._trying = False
                    self._changed.notify_all()
        return reading

    def close(self) -> None:
        """Close the connections of the other reader."""
        self._reader.close()

    def _admit(self) -> bool:
        """Let a chunk through or raise Throttled; whether it is the one that is to see."""
        with self._changed:
            while self._trying and not (self._answered or self._failed):
                self._changed.wait()
            if self._answered and self._failed < self._most:
                return False
            if self._failed:
                wait = self._pause_s if self._trying else self._closed_until - time.monotonic()
                if wait > 0:
                    raise Throttled(
                        f"paused after {self._failed} tries in vain, the last: {self._last}", wait
                    )
            self._trying = True
            return True

    def _count_failure(self, error: Exception) -> None:
        with self._changed:
            self._failed += 1
            self._last = str(error)
            self._closed_until = time.monotonic() + self._pause_s

    def _count_answer(self, calls: Sequence[Call]) -> None:
        # An answer that was kept says nothing about the endpoint.
        if any(not call.cached for call in calls):
            with self._changed:
                self._answered = True
                self._failed = 0
