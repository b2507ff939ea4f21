"""The log in words."""

from __future__ import annotations

from collections.abc import Iterator

from worker.amend import LABELS, VERDICTS, At, Put
from worker.export.plain import as_printed
from worker.review.opened import Opened
from worker.review.records import Event, Touched

_SAID = {
    "right_as_printed": "right as printed",
    "corrected": "corrected",
    "rejected": "rejected",
    "unreadable": "cannot be read",
}
_MOST_NAMED = 3


def events_of(opened: Opened) -> tuple[Event, ...]:
    """All events of a document, the oldest first."""
    return tuple(_events(opened))


def _events(opened: Opened) -> Iterator[Event]:
    standing = {entry.sequence for each in opened.folded.values() for entry in each.standing}
    stale = {entry.sequence for each in opened.folded.values() for entry in each.stale}
    for logged in opened.log:
        entry = logged.entry
        cells = tuple(_touched(opened, entry.table, put) for put in entry.puts)
        changes = entry.action not in {"undo", "redo"}
        yield Event(
            document=opened.document,
            sequence=entry.sequence,
            table=entry.table,
            action=entry.action,
            by=entry.by,
            at=entry.at,
            why=as_printed(entry.why),
            cells=cells,
            words=_words(entry.by, entry.table, entry.action, cells),
            undone=changes and entry.sequence not in standing,
            stale=entry.sequence in stale,
        )


def _words(by: str, table: str, action: str, cells: tuple[Touched, ...]) -> str:
    if action in VERDICTS:
        return f"{by}: {table} {_SAID[action]}"
    named = [f"{cell.where} {cell.before or '–'} → {cell.after or '–'}" for cell in cells[:_MOST_NAMED]]
    more = len(cells) - len(named)
    told = ", ".join(named) + (f" and {more} more" if more else "")
    verb = {"set": "set", "clear": "cleared", "move": "moved", "undo": "undid", "redo": "did again"}[action]
    return f"{by} {verb} in {table}: {told or 'a verdict'}"


def _touched(opened: Opened, key: str, put: Put) -> Touched:
    row = as_printed(" ".join(filter(None, (put.at.code, put.at.name)))) or put.at.side or "row"
    column = as_printed(_header(opened, key, put.at))
    return Touched(row, put.at.column, f"{row}, {column}", as_printed(put.before), as_printed(put.after))


def _header(opened: Opened, key: str, at: At) -> str:
    reading = opened.read.standing.get(key)
    if reading is None or at.column in LABELS:
        return at.column
    return reading.table.headers.get(at.column) or at.column
