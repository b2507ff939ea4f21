"""The files of a batch on their way: waiting, taken apart, read, reconciled, done or failed; live."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple
from urllib.parse import urlencode

from anyio import to_thread
from nicegui import html, ui

from worker.desk.pages.frame import View
from worker.desk.pages.saying import Lines, say
from worker.desk.pages.text import Words
from worker.desk.pages.text.phrases import phrased
from worker.store import Store
from worker.store.lines import BatchLine, DocumentLine
from worker.store.records import ItemRecord

_SHOWN = 200
_OFTEN_S, _SELDOM_S = 0.7, 5.0
_AT_WORK = ("waiting", "sent", "ingesting", "reading", "deferred")
_ENDED = ("done", "failed", "cancelled")
_STEPS = {"waiting": 0, "ingesting": 1, "cutting": 1, "reading": 2, "deferred": 2, "concluding": 3, "done": 4}
_COUNTED = ("accepted", "review", "failed")
_COLUMNS = (("steps.column.file", 38), ("steps.column.step", 28), ("steps.column.tables", 34))


class Look(NamedTuple):
    """A batch at one moment: its files, their documents by id, and by document how many tables are read of all."""

    batch: BatchLine
    items: Sequence[ItemRecord]
    documents: Mapping[int, DocumentLine]
    read: Mapping[int, tuple[int, int]]


def look(store: Store, batch_id: int) -> Look | None:
    """A batch as it is now; None if there is none."""
    if (batch := store.listing.batch(batch_id)) is None:
        return None
    items = store.listing.items(batch_id, _SHOWN)
    wanted = {item.document_id for item in items if item.document_id is not None}
    documents = {line.id: line for line in store.listing.documents(_SHOWN, batch_id=batch_id)}
    for missing in wanted - set(documents):
        if (line := store.listing.document(missing)) is not None:
            documents[missing] = line
    read = {}
    for item in items:
        if item.status == "reading" and item.document_id is not None:
            progress = store.progress([item.document_id])
            read[item.document_id] = progress.done, progress.total
    return Look(batch, items, documents, read)


class _Shown(NamedTuple):
    name: str
    place: str
    href: str
    step: str
    said: str
    share: int
    counts: tuple[tuple[str, str], ...]
    told: str


class _File:
    """A file in the list."""

    def __init__(self) -> None:
        self._counts: tuple[tuple[str, str], ...] = ()
        with html.tr() as self.root:
            with html.td():
                self._name = html.a()
                self._place = html.span().classes("rows-under")
            with html.td():
                with html.div().props('aria-hidden="true"') as self._bar:
                    self._done = html.i()
                self._said = html.span()
            with html.td():
                self._tables = html.span()
                self._told = html.span()

    def show(self, shown: _Shown) -> None:
        """Bring it to what is true now."""
        say(self._name, shown.name, classes="rows-open" if shown.href else "steps-name")
        if shown.href:
            self._name.props["href"] = shown.href
        say(self._place, shown.place)
        self._bar.classes(replace=f"steps-bar is-{shown.step}")
        self._done.style(replace=f"width: {shown.share}%")
        say(self._said, shown.said, classes=f"steps-said is-{shown.step}")
        say(self._told, shown.told, classes=f"steps-error is-{shown.step}")
        if shown.counts != self._counts:
            self._counts = shown.counts
            self._tables.clear()
            with self._tables:
                for state, said in shown.counts:
                    html.span(said).classes(f"desk-status steps-count is-{state}")


class Steps:
    """What becomes of the files of a batch; shows nothing until there is one to follow."""

    def __init__(self, view: View, batch: int | None) -> None:
        self._view = view
        self._words = words = view.words
        self._batch = batch
        self._timer: ui.timer | None = None
        with html.section().classes("pages-section") as self._root:
            self._root.props["aria-label"] = words("steps.title")
            with html.div().classes("pages-section-head"):
                self._name = html.h2()
                self._state = html.span().classes("desk-status")
                html.div().classes("desk-space")
                self._review = html.a(words("steps.review")).classes("page-link")
            self._summary = html.p().classes("desk-quiet").props('role="status"')
            self._list = Lines[_Shown](words, words("steps.title"), _COLUMNS, _File)
        self._root.set_visibility(False)

    async def begin(self) -> None:
        """Show what there is for the first time; from then on it keeps itself up to date."""
        await self.refresh()
        self._timer = ui.timer(_OFTEN_S, self.refresh, immediate=False)

    async def follow(self, batch: int) -> None:
        """Show this batch from now on."""
        self._batch = batch
        await self.refresh()
        if self._timer:
            self._timer.interval = _OFTEN_S

    async def refresh(self) -> None:
        """Bring the list to what is true now."""
        if self._batch is None:
            return
        asked = self._batch
        found = await to_thread.run_sync(look, self._view.desk.store, asked)
        if found is None or asked != self._batch or self._root.is_deleted:
            return
        self._root.set_visibility(True)
        self._show_head(found.batch)
        self._list.show([(item.id, _shown(item, found, self._words)) for item in found.items])
        if self._timer:
            live = not found.batch.entered or any(found.batch.items.get(state) for state in _AT_WORK)
            self._timer.interval = _OFTEN_S if live else _SELDOM_S

    def _show_head(self, batch: BatchLine) -> None:
        words = self._words
        say(self._name, batch.name)
        say(self._state, words(f"batch.{batch.status}"), classes=f"desk-status is-batch-{batch.status}")
        ended, total = (sum(batch.items.get(each, 0) for each in states) for states in (_ENDED, batch.items))
        said = [words("steps.files", ended=f"{ended:,}", total=f"{total:,}")]
        said += [
            words(f"document.count.{state}", count=f"{count:,}")
            for state in _COUNTED
            if (count := batch.tables.get(state, 0))
        ]
        if not batch.entered:
            said.append(words("steps.entering"))
        if total > _SHOWN:
            said.append(words("steps.first", count=_SHOWN))
        if batch.reason:
            said.append(phrased(words.language, batch.reason))
        say(self._summary, " · ".join(said))
        waiting = batch.tables.get("review", 0) + batch.tables.get("failed", 0)
        self._review.props["href"] = f"/?{_query(batch.name)}"
        self._review.set_visibility(bool(waiting))


def _query(name: str) -> str:
    return urlencode({"batch": name})


def _step(item: ItemRecord, document: DocumentLine | None) -> str:
    if item.status == "reading" and document is not None:
        return {"queued": "cutting", "concluding": "concluding"}.get(document.status, "reading")
    return "waiting" if item.status == "sent" else item.status


def _shown(item: ItemRecord, found: Look, words: Words) -> _Shown:
    document = found.documents.get(item.document_id or 0)
    step = _step(item, document)
    done, total = found.read.get(item.document_id or 0, (0, 0))
    part = done / total if step == "reading" and total else 0
    tables = document.tables if document is not None and step == "done" else {}
    return _Shown(
        name=item.name,
        place="" if item.place == item.name or _is_here(item.place) else item.place,
        href=f"/documents/{item.document_id}" if document is not None and step == "done" else "",
        step=step,
        said=words("steps.reading", done=done, total=total) if step == "reading" else words(f"steps.{step}"),
        share=round(100 * min(1, (_STEPS.get(step, 4) + part) / 4)),
        counts=tuple(
            (state, words(f"document.count.{state}", count=f"{count:,}")) for state, count in tables.items()
        ),
        told=(item.error or "") if step == "failed" else " ".join(item.notes),
    )


def _is_here(place: str) -> bool:
    """Whether a place is a path of the machine that files were handed in from."""
    return place.startswith(("/", "\\", "file:")) or place[1:3] in {":\\", ":/"}
