"""How a file comes into the store: opened, parsed unless that was done before, known by its SHA-256."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from typing import NamedTuple

from schemas import Document
from worker.archive import SCHEMES, WEB, Limits, Member, Refused
from worker.ingest import File, load, notes_of, open_file
from worker.ingest.images import ORIGINAL
from worker.ingest.media import ending_of, refuse_ending
from worker.settings import Settings
from worker.store import Store

PageReport = Callable[[str, int, int], None]
"""Called with the name of a file, its pages done and all its pages, while it is being read."""


class Entered(NamedTuple):
    """A document in the store, whether it is still to be read, and what of its file could not be."""

    document_id: int
    read: bool
    notes: tuple[str, ...]


def archive_limits(settings: Settings) -> Limits:
    """How much of an archive is looked at."""
    return Limits(
        members=settings.max_members,
        member_bytes=settings.max_bytes,
        total_bytes=settings.max_unpacked,
        schemes=SCHEMES | WEB if settings.allow_http else SCHEMES,
    )


def file_of(found: Member | Refused, settings: Settings) -> File:
    """The bytes of a member. Raises the InputError of one that is refused."""
    if isinstance(found, Refused):
        raise found.error
    if found.path:
        return File(found.name, open_file(found.path, max_bytes=settings.max_bytes).data, found.place)
    # Before it is read: an archive may hold much else.
    refuse_ending(ending_of(found.name), found.place)
    return File(found.name, found.read(settings.max_bytes), found.place)


def enter(
    file: File, store: Store, settings: Settings, *, again: bool = False, pages: PageReport | None = None
) -> Entered:
    """Enter a file as a document. One that was read to its end under the same settings is not parsed again.

    Raises InputError where the file cannot be read.
    """
    recipe = f"{version('gouji')} {settings.recipe}"
    known = None if again else store.known(file.sha256)
    sound = known and known.recipe == recipe and known.status == "done" and not known.poisoned
    if known and sound and store.blobs.has(file.sha256):
        document = store.load_document(known.id).model_copy(update={"name": file.name})
        return Entered(store.add_document(document, recipe).id, False, notes_of(document))
    document = _parse(file, store, settings, pages)
    added = store.add_document(document, recipe)
    record = added.record
    finished = record.status in {"done", "failed"}
    read = added.created or not finished
    if not added.created and (
        record.recipe != recipe or (finished and (again or record.poisoned or record.status == "failed"))
    ):
        store.reread(added.id, document, recipe)
        read = True
    return Entered(added.id, read, notes_of(document))


def _parse(file: File, store: Store, settings: Settings, pages: PageReport | None) -> Document:
    """The document in a file, which is kept as well if it has pages to look at."""
    document = load(
        file,
        settings.limits,
        cache=settings.home / "pages",
        progress=partial(pages, file.name) if pages else None,
    )
    if document.pages:
        store.blobs.keep(file.sha256, ORIGINAL, file.data)
    return document
