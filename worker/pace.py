"""How fast an endpoint may be asked: limits that are set, and one that is learned from its refusals.

A `Pace` is what all who ask one endpoint know together. It is kept in memory by one process or in the store for
all workers (`Keeper`); each process stands in a `Line` before it. Requests and tokens a minute are spaced by the
generic cell rate algorithm (ITU-T I.371). A limit that no one set shows itself by 429: the rate falls to 85 % of
what it was, comes back to just below, and only then tries for more, as CUBIC does (RFC 9438), so that it stays
near the limit and asks in vain seldom.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from typing import NamedTuple, Protocol

from schemas.errors import Paused

FALL = 0.85
"""What is left of the rate after a refusal."""
RETURN_S = 5.0
RETURN_REQUESTS = 40
"""Seconds until the rate is back at where it was refused; longer where that is less than so many requests."""
WINDOW_S = 1.0
FIRST_RATE = 10.0
"""The rate, in requests a second, from which the first refusal makes it fall, if not more were made."""
AHEAD_S = 0.25
"""Places in line are given for so many seconds ahead: those further off would keep a rate that has changed."""
TRUSTED_S = 2.0
"""While one looks whether they are still free, requests begin freely up to so many seconds after they were."""


class Limits(NamedTuple):
    """What is set for an endpoint, a minute; None where nothing is."""

    requests: float | None = None
    tokens: float | None = None


@dataclass(frozen=True, slots=True)
class Pace:
    """What is known of an endpoint. Times in seconds since the epoch, rates in requests a second.

    `ceiling` is the rate at which it last refused (None: never), at `slowed_at`; before `paused_until` nobody
    asks. `next_at` and `tokens_at` are when the next request and the next token are due. `started` requests
    began since `window_at`.
    """

    ceiling: float | None = None
    slowed_at: float = 0.0
    paused_until: float = 0.0
    next_at: float = 0.0
    tokens_at: float = 0.0
    window_at: float = 0.0
    started: int = 0

    def rate(self, now: float) -> float | None:
        """The rate that is thought to be allowed; None: no limit is known."""
        if self.ceiling is None:
            return None
        full = max(RETURN_S, RETURN_REQUESTS / self.ceiling)
        since = (now - self.slowed_at - full) / full
        return self.ceiling * (1 + (1 - FALL) * since**3)

    def due(self, now: float) -> float:
        """When a request that is ready now may begin."""
        return max(now, self.paused_until, self.next_at, self.tokens_at)

    def free(self, now: float, limits: Limits) -> bool:
        """Whether nothing holds requests back: no limit is set, none was met."""
        return self.due(now) == now and self.rate(now) is None and not any(limits)

    def joined(self, requests: int) -> Pace:
        """After so many further requests began since the last that was given its place."""
        return replace(self, started=self.started + requests)

    def reserved(self, now: float, tokens: int, limits: Limits) -> Pace:
        """After a request of so many tokens has been given its place."""
        at = self.due(now)
        rates = [rate for rate in (self.rate(now), limits.requests and limits.requests / 60) if rate]
        fresh = at - self.window_at >= WINDOW_S
        return replace(
            self,
            next_at=at + 1 / min(rates) if rates else 0.0,
            tokens_at=max(at, self.tokens_at) + tokens * 60 / limits.tokens if limits.tokens else 0.0,
            window_at=at if fresh else self.window_at,
            started=1 if fresh else self.started + 1,
        )

    def charged(self, tokens: int, limits: Limits) -> Pace:
        """After a request turned out to take `tokens` more than was reserved for it (less: negative)."""
        return (
            replace(self, tokens_at=self.tokens_at + tokens * 60 / limits.tokens) if limits.tokens else self
        )

    def refused(self, began: float, now: float, retry_after: float | None) -> Pace:
        """After a request that was given its place at `began` was refused with 429.

        One from before the rate last fell says nothing new. One that was refused although the rate had just
        fallen makes all wait as long as the endpoint asks.
        """
        if began < self.slowed_at:
            return self
        paused = self.paused_until
        if self.slowed_at and now - self.slowed_at < WINDOW_S and retry_after:
            paused = max(paused, now + retry_after)
        ceiling = self.rate(now) or max(self.started / WINDOW_S, FIRST_RATE)
        return replace(self, ceiling=ceiling, slowed_at=now, paused_until=paused)


@dataclass(slots=True)
class Held:
    """A pace while no one else may change it. `now` is by the clock of its keeper."""

    pace: Pace
    now: float


class Keeper(Protocol):
    """Keeps the pace of one endpoint. What is changed while it is held is kept."""

    def hold(self) -> AbstractContextManager[Held]: ...


class InMemory:
    """The pace of one process."""

    def __init__(self) -> None:
        self._pace = Pace()
        self._lock = threading.Lock()

    @contextmanager
    def hold(self) -> Iterator[Held]:
        """See `Keeper`."""
        with self._lock:
            held = Held(self._pace, time.time())
            yield held
            self._pace = held.pace


class Line:
    """The threads of this process that want to ask an endpoint. One at a time looks for its place.

    Where nothing holds requests back the next AHEAD_S seconds are free: no one looks, and who went is told later.
    Then one looks again, and the others do not wait for it: those who wait together begin together, and are answered
    together, and wait together again.
    """

    def __init__(self, keeper: Keeper, limits: Limits) -> None:
        self._keeper = keeper
        self._limits = limits
        self._first = threading.Lock()
        self._mine = threading.Lock()
        self._free_until = -TRUSTED_S
        self._looking = False
        self._ahead = 0.0
        self._went = 0

    def turn(self, tokens: int, patience_s: float) -> float:
        """Wait for the turn of a request of about so many tokens; when its place was given, for `refuse`.

        Raises Paused, which says when to come again, where it would take longer than `patience_s` seconds.
        """
        give_up = time.monotonic() + patience_s
        if (freely := self._freely(TRUSTED_S)) is not None:
            return freely
        with self._first:
            while True:
                if (freely := self._freely()) is not None:
                    return freely
                with self._keeper.hold() as held:
                    began = held.now
                    held.pace = held.pace.joined(self._told())
                    wait = held.pace.due(began) - began
                    self._found(began, free=held.pace.free(began, self._limits))
                    if wait <= AHEAD_S:
                        held.pace = held.pace.reserved(began, tokens, self._limits)
                        break
                if time.monotonic() + wait > give_up:
                    raise Paused("the endpoint is asked as often as it allows", wait)
                time.sleep(wait - AHEAD_S / 2)
        time.sleep(wait)
        return began

    def _freely(self, trusted_s: float = 0.0) -> float | None:
        """When a request began that need not look for its place; None where it must.

        `trusted_s`: seconds after the free ones for which it need not while another looks.
        """
        with self._mine:
            here = time.monotonic()
            past = here - self._free_until
            if past >= 0 and (past >= trusted_s or not self._looking):
                self._looking = True
                return None
            self._went += 1
            return here + self._ahead

    def _found(self, now: float, *, free: bool) -> None:
        """Enter what one sees who looks; `now` is what the clock of the keeper says."""
        with self._mine:
            here = time.monotonic()
            self._looking = False
            self._ahead = now - here
            self._free_until = here + AHEAD_S if free else here - TRUSTED_S

    def _told(self) -> int:
        """The number of requests that began freely and of which no one was told."""
        with self._mine:
            went, self._went = self._went, 0
            return went

    def charge(self, tokens: int) -> None:
        """Enter tokens that were not reserved; negative: that were reserved and not used."""
        if self._limits.tokens:
            with self._keeper.hold() as held:
                held.pace = held.pace.charged(tokens, self._limits)

    def refuse(self, began: float, retry_after: float | None) -> None:
        """Enter that the request that got its place at `began` was refused with 429."""
        self._look_again()
        with self._keeper.hold() as held:
            held.pace = held.pace.joined(self._told()).refused(began, held.now, retry_after)
            self._look_again()  # one may have looked before this was entered

    def _look_again(self) -> None:
        """Let no request begin freely."""
        with self._mine:
            self._free_until = time.monotonic() - TRUSTED_S
