"""What is known of a document: facts, tables, what could not be read, what contradicts what, and what was done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from schemas import Finding, InputError
from worker.desk.pages.desk import Desk
from worker.review import Entry, Event, Filters
from worker.store.lines import DocumentLine, TableLine

MOST = 200
"""The most tables, contradictions and entries of the queue that are looked at."""


@dataclass(frozen=True, slots=True)
class Found:
    """A document as its page shows it. `reviews` are entries of the queue by table, `events` the newest first.

    `notes` say what of the file was left out; `between` are identities between tables that fail.
    """

    line: DocumentLine
    batches: tuple[str, ...]
    tables: tuple[TableLine, ...]
    reviews: Mapping[str, Entry]
    notes: tuple[str, ...]
    between: tuple[Finding, ...]
    events: tuple[Event, ...]

    @property
    def title(self) -> str:
        """What the document is called."""
        return self.line.title or self.line.name

    @property
    def state(self) -> tuple[object, ...]:
        """What differs once the document has gone on."""
        line = self.line
        return line.status, line.run, tuple(sorted(line.tables.items())), line.checks_failed


def load(desk: Desk, document: int) -> Found | None:
    """All that is known of a document; None if there is no such one."""
    listing = desk.store.listing
    line = listing.document(document)
    if line is None:
        return None
    read = line.status == "done"
    failed = listing.findings_of(document, MOST, status="failed") if read else []
    entries = desk.review.queue(Filters(document=document, status="all"), limit=MOST).entries
    return Found(
        line=line,
        batches=tuple(listing.batches_of(document)),
        tables=tuple(table for _, table in listing.tables(document, MOST)),
        reviews={entry.table: entry for entry in entries},
        notes=_notes(desk, line),
        between=tuple(each.finding for _, each in failed if len(each.finding.tables) > 1),
        events=_events(desk, document) if read else (),
    )


def _notes(desk: Desk, line: DocumentLine) -> tuple[str, ...]:
    if line.sha256 is None:
        return ()
    try:
        return desk.store.load_document(line.id).notes
    # Its text may be purged; the rest of the page stands.
    except InputError:
        return ()


def _events(desk: Desk, document: int) -> tuple[Event, ...]:
    try:
        return desk.review.history(document) if desk.store.desk.head(document).sequence else ()
    except (InputError, KeyError):
        return ()
