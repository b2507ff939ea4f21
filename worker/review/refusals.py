"""Why a change is not made: each says what happened, and what may be done about it."""

from __future__ import annotations

from datetime import datetime

from schemas import GoujiError
from worker.review.records import Event


class Forbidden(GoujiError):
    """The role of the user does not allow this."""


class Held(GoujiError):
    """Another person holds the table. `by` is the name, `until` when the hold ends by itself."""

    def __init__(self, by: str, until: datetime) -> None:
        super().__init__(f"{by} holds this table until {until:%H:%M} UTC; take another, or wait")
        self.by = by
        self.until = until


class Conflict(GoujiError):
    """The document went on since it was opened: nothing was written.

    `version` is the present one, `events` are what others did since, the oldest first; `same_table` says whether any
    of it concerns the table of the change that was refused.
    """

    def __init__(self, version: int, events: tuple[Event, ...], *, same_table: bool) -> None:
        told = "; ".join(event.words for event in events) or "it was read anew"
        super().__init__(f"the document has changed since you opened it: {told}; look at it and try again")
        self.version = version
        self.events = events
        self.same_table = same_table


class BadChange(GoujiError):
    """A change that cannot be made: no such cell, no figure, nothing to undo. The message says which and what to do."""
