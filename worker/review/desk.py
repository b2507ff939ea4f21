"""The face of the desk: one method for each thing that a person does."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TypeVar

from worker.calibration import Policy
from worker.export.flatten import title_of
from worker.export.plain import as_printed
from worker.ingest import Limits
from worker.ingest.images import page_image
from worker.review import view
from worker.review.changing import entry_of
from worker.review.figures import overview
from worker.review.opened import Opened, Shelf, differences
from worker.review.records import (
    Applied,
    Change,
    Counts,
    Decide,
    Entry,
    Event,
    Filters,
    Listing,
    Order,
    TableView,
)
from worker.review.refusals import (
    BadChange,
    Conflict,
    Forbidden,
    Held,
)
from worker.review.telling import events_of
from worker.review.totals import (
    Overview,
)
from worker.store import Store
from worker.store.reviews import Queued, Wanted
from worker.users import User
from worker.worth import WHOLE

LEASE = timedelta(minutes=15)
"""How long a table is held from the last activity on."""

_ALL = Filters()
_MOST = 200
_KEPT_DOCUMENTS = 16
_COUNTS_S = 5.0
_OVERVIEW_S = 30.0

T = TypeVar("T")


class Desk:
    """Reviews over a store. `policy` is that of `worker.route`, `limits` are those of drawing a page.

    Safe for threads and for several processes; keeps a few documents in memory.
    """

    def __init__(self, store: Store, policy: Policy | None = None, limits: Limits | None = None) -> None:
        self._store = store
        self._policy = policy
        self._limits = limits
        self._shelf = Shelf(store, _KEPT_DOCUMENTS, policy)
        self._kept: dict[object, _Kept] = {}
        self._lock = threading.Lock()

    # The queue

    def queue(
        self, filters: Filters = _ALL, order: Order = "worth", cursor: str | None = None, limit: int = 50
    ) -> Listing:
        """Tables in the queue, `limit` at a time (1 to 200); `cursor` is that of the listing before.

        Order by worth: the money at stake in yuan, times the doubt of the reading, times the ease of the fix, so
        that an hour of review sets right as much money as it can. Money is the largest difference of a failing
        identity or figure that nothing supports; ease is 1 where a proposal closes everything, and falls with the
        number of suspects. All of it is computed once, when a document is concluded. Raises BadChange for a
        cursor that is none.
        """
        limit = min(max(limit, 1), _MOST)
        found = self._store.reviews.page(_wanted(filters), order, _after(cursor), limit + 1)
        last = found[limit - 1] if len(found) > limit else None
        following = f"{last.worth if order == 'worth' else last.id}.{last.id}" if last else None
        return Listing(tuple(map(_entry, found[:limit])), following)

    def counts(self, filters: Filters = _ALL) -> Counts:
        """How many tables there are by value of each filter, the other filters in force; a few seconds old at most."""

        def count() -> Counts:
            found = self._store.reviews.counts(_wanted(filters))
            return Counts(
                total=found.total,
                document=found.documents,
                held=found.held,
                free=found.free,
                **found.by,
            )

        return self._kept_for(("counts", filters), _COUNTS_S, count)

    def next_table(self, user: User, filters: Filters = _ALL) -> Entry | None:
        """Claim the worthiest table that no one holds; None if there is none. One that the user holds already comes
        first. Raises Forbidden."""
        _must(user)
        found = self._store.reviews.take(_wanted(filters), user.id, LEASE)
        return _entry(found) if found else None

    def claim(self, user: User, document: int, table: str) -> None:
        """Hold a table for 15 minutes; every change renews it. Raises Held, Forbidden, KeyError."""
        _must(user)
        hold = self._store.desk.claim(document, table, user.id, LEASE)
        if hold is not None:
            raise Held(self._store.users.named(hold.user_id), hold.until)

    def release(self, user: User, document: int, table: str) -> None:
        """Let go of a table; one that is not held is no error."""
        self._store.desk.release(document, table, user.id)

    # A table

    def open(self, document: int, table: str) -> TableView:
        """A table as it stands. Nobody's claim is needed or made. Raises KeyError, InputError for a document that is
        not read to its end."""
        return self._view(document, self._shelf.take(document), table)

    def apply(self, user: User, document: int, table: str, change: Change, version: int) -> Applied:
        """Enter a change in the log and hold the whole document against its identities again.

        `version` is that of the view which the user saw. A free table is claimed by this, a verdict releases it.
        Raises Conflict (nothing was written; open anew), Held, BadChange, Forbidden, KeyError.
        """
        _must(user)
        slot = self._shelf.slot(document)
        with slot.lock:
            opened = self._shelf.take_prepared(document)
            if version != opened.version:
                raise self._conflict(opened, version, table)
            read, after = opened.table(table), opened.after(table)
            at = datetime.now(UTC)
            entry = entry_of(change, table, read, after, len(opened.log) + 1, user.name, at)
            found, outcome = opened.then(entry, self._policy)
            lease = None if isinstance(change, Decide) else LEASE
            written = self._store.desk.append(document, opened.run, entry, user.id, outcome, lease)
            if written.held is not None:
                raise Held(self._store.users.named(written.held.user_id), written.held.until)
            if not written.done:
                raise self._conflict(self._shelf.take(document), version, table)
            slot.opened = then = opened.further(entry, user.id, found)
        closed, broke = differences(opened.now.findings, found.findings)
        numbered = then.now.findings
        return Applied(
            table=self._view(document, then, table),
            closed=tuple(view.identity(then.book, number, numbered[number]) for number in closed),
            broke=tuple(view.identity(then.book, number, numbered[number]) for number in broke),
        )

    def _conflict(self, opened: Opened, version: int, table: str) -> Conflict:
        """What others did since a version: all of the log where that was of an earlier reading."""
        seen = opened.seen(version)
        events = events_of(opened)[seen:] if seen is not None else ()
        return Conflict(
            opened.version, events, same_table=seen is None or any(event.table == table for event in events)
        )

    def _view(self, document: int, opened: Opened, key: str) -> TableView:
        opened.table(key)
        book, after = opened.book, opened.after(key)
        item, facts = book.tables[key], opened.now.facts
        hold = self._store.desk.hold_of(document, key)
        columns, rows = view.grid(book, key, after, opened.drawn)
        found = view.identities(book, key)
        return TableView(
            document=document,
            document_name=opened.now.document.name,
            table=key,
            version=opened.version,
            kind=item.kind,
            title=title_of(item),
            unit=(item.table.unit if item.table else item.chunk.unit) or "",
            unit_name=facts.unit_name,
            stage=(item.table.stage if item.table else item.chunk.stage) or "",
            status=item.verdict.status,
            reasons=tuple(map(as_printed, item.verdict.reasons)),
            confidence=item.verdict.confidence,
            columns=columns,
            rows=rows,
            identities=found,
            proposals=view.proposals(book, key),
            lines=view.source_lines(book, key),
            pages=view.pages(opened.now.document),
            siblings=view.siblings(book),
            log=tuple(event for event in events_of(opened) if event.table == key),
            held_by=self._store.users.named(hold.user_id) if hold else None,
            held_until=hold.until if hold else None,
            can_undo=bool(after.standing),
            can_redo=bool(after.undone),
            accept="corrected" if after.changes else "right_as_printed",
            failed=sum(each.status == "failed" for each in found),
        )

    def page_image(self, document: int, page: int, dpi: int = 110) -> bytes:
        """A page as PNG, from the cache of pages. Raises InputError where it cannot be shown."""
        return page_image(self._store.blobs, self._store.load_document(document), page, dpi, self._limits)

    # What was done

    def history(self, document: int, table: str | None = None) -> tuple[Event, ...]:
        """All that was done to a document, or to one table of it, the newest first. Raises KeyError."""
        events = events_of(self._shelf.take(document))
        return tuple(event for event in reversed(events) if table in {None, event.table})

    def overview(self) -> Overview:
        """The desk in figures; half a minute old at most."""
        return self._kept_for("overview", _OVERVIEW_S, lambda: overview(self._store))

    def _kept_for(self, key: object, seconds: float, make: Callable[[], T]) -> T:
        """What was made at most so many seconds ago; who asks meanwhile waits for the one who makes it."""
        with self._lock:
            if len(self._kept) > _MOST:
                self._kept.clear()
            kept = self._kept.setdefault(key, _Kept())
        # Who asks for something else does not wait.
        with kept.lock:
            if kept.made_at is None or kept.made_at + seconds < time.monotonic():
                kept.value, kept.made_at = make(), time.monotonic()
            return kept.value  # type: ignore[return-value]


@dataclass
class _Kept:
    lock: threading.Lock = field(default_factory=threading.Lock)
    made_at: float | None = None
    value: object = None


def _must(user: User) -> None:
    if not user.may("reviewer"):
        raise Forbidden(f"{user.name} may look and not review; ask an admin for the role of a reviewer")


def _wanted(filters: Filters) -> Wanted:
    return Wanted(
        filters.batch,
        filters.document,
        filters.kind,
        filters.unit_name,
        filters.reason,
        filters.status,
        filters.mine,
        filters.text,
        filters.free,
    )


def _after(cursor: str | None) -> tuple[int, int] | None:
    if cursor is None:
        return None
    numbers: Sequence[str] = cursor.split(".")
    if len(numbers) != 2 or not all(number.isascii() and number.isdigit() for number in numbers):
        raise BadChange(f"{cursor[:40]!r} is no place in the queue; begin at its head")
    first, second = (min(int(number), 2**62) for number in numbers)
    return first, second


def _entry(found: Queued) -> Entry:
    return Entry(
        document=found.document_id,
        table=found.key,
        document_name=found.document_name,
        kind=found.kind,
        title=found.title,
        unit_name=found.unit_name,
        batches=found.batches,
        reason=found.reason,
        reasons=found.reasons,
        money=found.money,
        doubt=Decimal(found.doubt) / WHOLE,
        ease=Decimal(found.ease) / WHOLE,
        worth=found.worth,
        status=found.status,
        claimed_by=found.claimed_by,
        claimed_until=found.claimed_until,
    )
