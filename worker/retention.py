"""Taking away what ended long ago: first the rows, then the files that no row speaks of any more.

A text without a record is harmless, a record without its text is not. Whatever stops a purge, the next one
goes on with what is left. Workers may run meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import NamedTuple, TypeVar

from worker.files import Kept
from worker.ingest.cache import Pages, kept_pages
from worker.settings import Settings
from worker.store import Store
from worker.store.blobs import Blob
from worker.store.retention import Expired

GRACE = timedelta(days=1)
"""A file that is younger stays though no row speaks of it: one may be about to."""

_FILES = 100

T = TypeVar("T")


class Purged(NamedTuple):
    """What goes, or went. `files` counts texts, originals, pages and bytes of files, `size` them all in bytes.

    `unreviewed` documents are old enough, and stay because a table of them waits for a person.
    """

    documents: int = 0
    items: int = 0
    batches: int = 0
    files: int = 0
    answers: int = 0
    pages: int = 0
    size: int = 0
    unreviewed: int = 0


def plan(store: Store, settings: Settings, expired: Expired, grace: timedelta = GRACE) -> Purged:
    """What `purge` would take away now; nothing is changed. Raises InputError, ConfigError."""
    store.retention.check(expired)
    documents, items, batches, unreviewed = store.retention.counts(expired)
    found = Purged(documents, items, batches, unreviewed=unreviewed)
    for some in _lots(_old(store.blobs.listed(), grace)):
        going = store.retention.unnamed(some, expired)
        found = _more(found, files=len(going), size=sum(each.size for each in going))
    for half in _old(store.blobs.halves(), grace):
        found = _more(found, files=1, size=half.size)
    for answer in _answers(store, expired):
        found = _more(found, answers=1, size=answer.size)
    for pages in _pages(store, settings, expired, grace):
        found = _more(found, pages=1, size=pages.size)
    return found


def purge(
    store: Store,
    settings: Settings,
    expired: Expired,
    grace: timedelta = GRACE,
    progress: Callable[[Purged], None] = lambda _so_far: None,
) -> Purged:
    """Take away what has expired, and files that no row speaks of. `progress` is told now and then how much went.

    Answers of models, and pages that are kept in case a file is interrupted, go by their age alone; they stay where
    `expired` is one batch. Raises InputError, ConfigError.
    """
    retention, blobs = store.retention, store.blobs
    retention.check(expired)
    gone = Purged(unreviewed=retention.counts(expired)[3])
    for number in retention.drop_documents(expired):
        progress(gone := _more(gone, documents=number))
    for number in retention.drop_items(expired):
        progress(gone := _more(gone, items=number))
    gone = _more(gone, batches=retention.drop_batches(expired))
    for some in _lots(_old(blobs.listed(), grace)):
        if not (unnamed := retention.unnamed(some)):
            continue
        with retention.holding_unnamed(unnamed) as going:
            for each in going:
                blobs.drop(each.sha256, each.name)
        progress(gone := _more(gone, files=len(going), size=sum(each.size for each in going)))
    for half in list(_old(blobs.halves(), grace)):
        blobs.discard(half.name)
        gone = _more(gone, files=1, size=half.size)
    for answer in _answers(store, expired):
        blobs.discard(answer.name)
        progress(gone := _more(gone, answers=1, size=answer.size))
    for pages in list(_pages(store, settings, expired, grace)):
        pages.drop()
        progress(gone := _more(gone, pages=1, size=pages.size))
    return gone


def _more(so_far: Purged, **more: int) -> Purged:
    return so_far._replace(**{name: getattr(so_far, name) + number for name, number in more.items()})


_Dated = TypeVar("_Dated", Blob, Kept, Pages)


def _old(files: Iterable[_Dated], grace: timedelta) -> Iterator[_Dated]:
    before = (datetime.now(UTC) - grace).timestamp()
    return (each for each in files if each.at <= before)


def _answers(store: Store, expired: Expired) -> Iterator[Kept]:
    if expired.batch is None:
        before = expired.before.timestamp()
        yield from (each for each in store.blobs.answers() if each.at < before)


def _pages(store: Store, settings: Settings, expired: Expired, grace: timedelta) -> Iterator[Pages]:
    before = expired.before.timestamp()
    for some in _lots(_old(kept_pages(settings.home / "pages"), grace)):
        known = store.retention.known([each.sha256 for each in some])
        for each in some:
            if each.sha256 not in known or (expired.batch is None and each.at < before):
                yield each


def _lots(files: Iterable[T]) -> Iterator[list[T]]:
    waiting = iter(files)
    while some := list(islice(waiting, _FILES)):
        yield some
