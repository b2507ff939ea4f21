"""Opening the store, and finding in it what a user means."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from worker.cli.console import stop

if TYPE_CHECKING:
    from worker.export.flatten import Listed
    from worker.pipeline import Extraction
    from worker.store import DocumentRecord, Store

DOC_HELP = "File name, beginning of the SHA-256, or a piece of the title."

_SHORTEST_SHA = 4
_SHOWN = 12


@contextmanager
def opened() -> Iterator[Store]:
    """The store that the settings name. Raises ConfigError."""
    from worker.settings import load_settings
    from worker.store import Store

    with Store.open(load_settings()) as store:
        yield store


def documents(store: Store, wanted: Sequence[str]) -> list[DocumentRecord]:
    """The documents that `wanted` names, in the order of their names; all of them if it is empty."""
    records = store.list_documents()
    chosen: list[DocumentRecord] = [find(records, name) for name in wanted] if wanted else records
    return sorted(
        {record.id: record for record in chosen}.values(), key=lambda x: (x.name, x.sha256 or "", x.id)
    )


def find(records: Sequence[DocumentRecord], wanted: str) -> DocumentRecord:
    """The one document that is called so, whose digest begins so, or whose name or title holds it.

    Of several versions under exactly that name it is the latest. Ends the command where there is none or
    more than one.
    """
    from schemas import squeeze

    exact = [record for record in records if wanted == record.name]
    if exact:
        return max(exact, key=lambda record: (record.sha256 is not None, record.id))
    piece = squeeze(wanted).casefold()
    found = [
        record
        for record in records
        if (len(wanted) >= _SHORTEST_SHA and (record.sha256 or "").startswith(wanted.lower()))
        or (piece and piece in squeeze(f"{record.name}\n{record.title}").casefold())
    ]
    if not found:
        stop(
            f"no document is called {wanted!r} or holds it in its title; name one of these, or extract it first",
            more=_lines(records) or ["(the store is empty)"],
        )
    if len(found) > 1:
        stop(f"{wanted!r} fits {len(found)} documents; name one of them", more=_lines(found))
    return found[0]


def _lines(records: Sequence[DocumentRecord]) -> list[str]:
    shown = [f"{(x.sha256 or '-')[:8]:<8}  {x.name}  {x.title}".rstrip() for x in records[:_SHOWN]]
    left = len(records) - _SHOWN
    return [*shown, *([f"… and {left} more"] if left > 0 else [])]


def find_table(tables: Sequence[Listed], wanted: str) -> list[Listed]:
    """The tables that `wanted` names: an id, a kind, or a piece of a title. Ends the command if none does."""
    from schemas import squeeze
    from worker.export.flatten import title_of

    if found := [item for item in tables if item.chunk.id == wanted]:
        return found
    if found := [item for item in tables if item.kind == wanted]:
        return found
    piece = squeeze(wanted)
    found = [item for item in tables if piece and piece in squeeze(title_of(item))]
    if not found:
        stop(
            f"no table is called {wanted!r}; name one of these",
            more=[f"{item.chunk.id}  {item.kind}  {title_of(item)}" for item in tables],
        )
    return found


def load(store: Store, record: DocumentRecord) -> Extraction:
    """All that is known of a document; ends the command if it failed or is not done."""
    if record.status != "done":
        stop(f"{record.name}: {record.error or f'is not done yet ({record.status})'}", 1)
    return store.load_extraction(record.id)
