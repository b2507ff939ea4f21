"""Spares an endpoint that does not answer, and those who wait for it."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Sequence
from typing import Protocol

from schemas import Chunk, ModelError, Paused, Reading, Throttled, Transient, Unreachable
from schemas.findings import Call
from worker.readers.deferral import Deferrable, Wanted


class Asking(Protocol):
    """A reader that holds connections to an endpoint."""

    name: str

    def read(self, chunk: Chunk) -> Reading: ...

    def close(self) -> None: ...


class Breaker:
    """A reader in front of another that asks an endpoint. Safe for threads.

    Until the endpoint has answered once, one chunk goes ahead. After `failures` tries in a row without an answer
    (Transient, Throttled; at the start after one) nothing is asked for `pause_s` seconds; then one chunk is let
    through to see. The others wait here, for `wait_s` seconds at most, and go on when it was answered.

    Chunks that waited in vain, and those that fail by the endpoint, are Paused: that is no try of theirs. By the
    endpoint means: it could not be reached or is asked too often (Unreachable, Throttled), or `failures` chunks and
    more failed since the last answer, and this one no more often than that; and no other chunk was answered between
    two failures of this one. From `outage_s` seconds after the first try in vain on, no one waits any more, and all
    errors count.
    """

    def __init__(
        self,
        reader: Asking,
        *,
        failures: int = 3,
        pause_s: float = 15.0,
        wait_s: float = 30.0,
        outage_s: float = 60.0,
    ) -> None:
        self.name = reader.name
        self._reader = reader
        self._most = failures
        self._pause_s = pause_s
        self._wait_s = wait_s
        self._outage_s = outage_s
        self._answered = False
        self._failed = 0
        self._failing: Counter[tuple[str, str]] = Counter()
        self._answers = 0
        self._excused: dict[tuple[str, str], int] = {}
        self._last = ""
        self._lost_at = 0.0
        self._closed_until = 0.0
        self._trying = False
        self._changed = threading.Condition()

    def read(self, chunk: Chunk) -> Reading:
        """The reading of the other reader. Raises what that one raises, and Paused or Throttled while it is
        spared."""
        if chunk.blank:
            return self._reader.read(chunk)
        trial = self._admit()
        began = time.monotonic()
        try:
            reading = self._reader.read(chunk)
            self._count_answer(chunk, reading.calls)
        except Paused:
            raise  # its turn did not come: that says nothing about the endpoint
        except (Transient, Throttled) as error:
            if self._count_failure(chunk, began, error):
                raise
            asked = error.retry_after if isinstance(error, Throttled) else None
            paused = Paused(str(error), asked or self._pause_s)
            paused.calls = error.calls
            raise paused from error
        except ModelError as error:
            self._count_answer(chunk, error.calls)
            raise
        finally:
            if trial:
                with self._changed:
                    self._trying = False
                    self._changed.notify_all()
        return reading

    def wanted(self, chunk: Chunk) -> tuple[Wanted, ...]:
        """What the other reader would ask; nothing where it cannot tell."""
        return self._reader.wanted(chunk) if isinstance(self._reader, Deferrable) else ()

    def close(self) -> None:
        """Close the connections of the other reader."""
        self._reader.close()

    def _admit(self) -> bool:
        """Let a chunk through, when it may be, or raise; whether it is the one that is to see."""
        give_up = time.monotonic() + self._wait_s
        with self._changed:
            while not (self._answered and self._failed < self._most):
                now = time.monotonic()
                if not self._trying and (not self._failed or now >= self._closed_until):
                    self._trying = True
                    return True
                if self._is_lasting(now):
                    # Whoever comes back later would find the same: the run is to end.
                    raise Throttled(self._said())
                if now >= give_up:
                    wait = self._pause_s if self._trying else self._closed_until - now
                    raise Paused(self._said(), wait)
                self._changed.wait(self._next_change(give_up) - now)
            return False

    def _next_change(self, give_up: float) -> float:
        """When one who waits has something to do, even if no one wakes it."""
        times = [give_up]
        if self._failed:
            times.append(self._lost_at + self._outage_s)
            if not self._trying:
                times.append(self._closed_until)
        return min(times)

    def _is_lasting(self, now: float) -> bool:
        return self._failed > 0 and now >= self._lost_at + self._outage_s

    def _said(self) -> str:
        if not self._failed:
            return "the endpoint has not answered its first request yet"
        return f"paused after {self._failed} tries in vain, the last: {self._last}"

    def _count_failure(self, chunk: Chunk, began: float, error: Exception) -> bool:
        """Enter a try in vain; whether it counts for the chunk."""
        with self._changed:
            if not self._failed:
                self._lost_at = began
            self._failed += 1
            key = _key(chunk)
            self._failing[key] += 1
            self._last = str(error)
            now = time.monotonic()
            self._closed_until = now + self._pause_s
            self._changed.notify_all()
            if self._is_lasting(now):
                return True
            excused_at = self._excused.pop(key, self._answers)
            many = len(self._failing) >= self._most and self._failing[key] <= self._most
            # Whoever fails again after others were answered fails by itself.
            if (many or isinstance(error, Unreachable | Throttled)) and excused_at == self._answers:
                self._excused[key] = excused_at
                return False
            return True

    def _count_answer(self, chunk: Chunk, calls: Sequence[Call]) -> None:
        # An answer that was kept says nothing about the endpoint.
        if any(not call.cached for call in calls):
            with self._changed:
                self._answered = True
                self._answers += 1
                self._excused.pop(_key(chunk), None)
                self._failed = 0
                self._failing.clear()
                self._changed.notify_all()


def _key(chunk: Chunk) -> tuple[str, str]:
    return chunk.document, chunk.id
