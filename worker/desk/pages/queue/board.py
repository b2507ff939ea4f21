"""The queue at work: what a key or a click does, and how the list keeps up with what others do."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from urllib.parse import quote

from anyio import to_thread
from nicegui import html, ui
from starlette.datastructures import QueryParams

from schemas import GoujiError
from worker.desk.pages.desk import COOKIE, in_words
from worker.desk.pages.filters import address_of, filters_in, query_of
from worker.desk.pages.frame import View
from worker.desk.pages.queue.empty import Nothing, nothing
from worker.desk.pages.queue.facets import Facets, groups
from worker.desk.pages.queue.keys import help_dialog
from worker.desk.pages.queue.rows import key_of, listing, minutes, rows_of
from worker.desk.pages.rows import Row
from worker.review import Counts, Entry, Filters, Held
from worker.users import User

_PAGE = 50
_MOST = 1_000
_AT_ONCE = 200
_EVERY_S = 3.0
_OPEN = {"review", "failed"}


@dataclass(frozen=True, slots=True)
class _Found:
    """What was asked for: entries in order, whether there are more, counts; why there are none, if so."""

    entries: tuple[Entry, ...]
    more: bool
    counts: Counts
    nothing: Nothing | None


class Queue:
    """The queue as one person looks at it."""

    def __init__(self, view: View, filters: Filters, settled: str) -> None:
        self._view = view
        self._words = words = view.words
        self._filters = filters
        self._may = view.user.may("reviewer")
        self._most = _PAGE
        # Keys come faster than tables are claimed: each waits for the one before, and knows what came of it.
        self._turn = asyncio.Lock()
        self._looks = self._shown = 0
        self._known: dict[str, Entry] = {}
        self._rows: list[Row] = []
        self._nothing: Nothing | None = None
        self._help = help_dialog(words)
        with html.div().classes("queue").props("data-keys") as self._root:
            self._facets = Facets(words)
            with html.div().classes("queue-main"):
                self._head()
                with html.div().classes("queue-told-line"):
                    self._told = html.p().classes("desk-told").props('role="status" aria-live="polite"')
                    self._link = html.a()
                with html.section().classes("queue-list desk-scroll") as section:
                    section.props["aria-label"] = words("queue.label")
                    self._table = listing(words)
                    self._empty = html.div()
                    with html.div().classes("queue-more-line") as self._more:
                        more = html.button(words("queue.more")).classes("desk-button queue-more")
                        more.props('type="button"').on("click", self._further)
                        self._narrow = html.p(words("queue.narrow", count=_MOST)).classes("desk-quiet")
        ui.on("queue-key", lambda event: self._key(event.args))
        ui.on("queue-open", lambda event: self._open(str(event.args)))
        ui.on("queue-claim", lambda event: self._hold(str(event.args), True))
        ui.on("queue-release", lambda event: self._hold(str(event.args), False))
        ui.on("queue-filter", lambda event: self._ask(str(event.args), "push"))
        ui.on("queue-back", lambda event: self._ask(str(event.args), ""))
        if settled:
            document, _, table = settled.partition("/")
            if document.isascii() and document.isdigit():
                back = address_of(int(document), quote(table, safe=""), filters)
                self._tell(words("settled.done"), good=True, link=(words("settled.back"), back))

    def _head(self) -> None:
        words = self._words
        with html.div().classes("queue-head"):
            html.h1(words("queue.title"))
            self._total = html.span().classes("queue-total")
            html.div().classes("desk-space")
            with html.div().classes("queue-search").props('role="search"'):
                field = ui.input(placeholder=words("queue.search"), value=self._filters.text)
                field.props("dense outlined clearable debounce=250").props["aria-label"] = words(
                    "queue.search"
                )
                with field.add_slot("prepend"):
                    ui.icon("search").props('aria-hidden="true"')
                field.on_value_change(lambda event: self._search(event.value or ""))
            self._field = field
            keys = ui.button(icon="keyboard", on_click=self._help.open, color=None)
            keys.props("flat round dense").classes("desk-icon")
            keys.props["aria-label"] = keys.props["title"] = words(
                "head.key", what=words("head.help"), key="?"
            )
            if self._may:
                following = ui.button(on_click=self._take, color=None)
                following.props("no-caps dense unelevated").classes("desk-main-button queue-next")
                following.props["title"] = words("queue.next.about")
                following.props["aria-keyshortcuts"] = "n"
                with following:
                    html.span(words("queue.next"))
                    html.kbd("n").props('aria-hidden="true"')

    async def begin(self) -> None:
        """Show the queue for the first time; from then on it keeps itself up to date."""
        await self.refresh()
        ui.timer(_EVERY_S, self._poll, immediate=False)

    # What is shown

    async def _poll(self) -> None:
        """Looking on is no activity: a session runs out all the same."""
        token = self._view.request.cookies.get(COOKIE, "")
        users = self._view.desk.users
        if await to_thread.run_sync(partial(users.session, token, renews=False)) is None:
            self._root.client.open("/signin")
            return
        await self.refresh()

    async def refresh(self) -> None:
        """Bring the list and the counts to what is true now; what has the focus keeps it."""
        asked = self._filters, self._most
        self._looks = look = self._looks + 1
        found = await to_thread.run_sync(self._find, *asked)
        # What was asked for later is shown by who asked for it; what was found earlier may be true no longer.
        if asked == (self._filters, self._most) and look > self._shown and not self._root.is_deleted:
            self._shown = look
            self._show(found)

    def _find(self, filters: Filters, most: int) -> _Found:
        review = self._view.desk.review
        entries: list[Entry] = []
        cursor = None
        while len(entries) < most:
            found = review.queue(filters, "worth", cursor, min(_AT_ONCE, most - len(entries)))
            entries += found.entries
            cursor = found.cursor
            if cursor is None:
                break
        why = None if entries else nothing(self._view.desk, filters)
        return _Found(tuple(entries), cursor is not None, review.counts(filters), why)

    def _show(self, found: _Found) -> None:
        words, view = self._words, self._view
        # A key may be meant for a row that has just left the list.
        self._known |= {key_of(entry): entry for entry in found.entries}
        rows = rows_of(found.entries, self._filters, words, view.user.name, may_claim=self._may)
        if rows != self._rows:
            self._rows = rows
            self._table.show(rows)
        total = f"{found.counts.total:,}"
        if self._total._text != total:
            self._total._text = total
            self._total.update()
        narrowed = self._filters != Filters()
        self._facets.show(groups(self._filters, found.counts, view.user, words), narrowed=narrowed)
        self._table.set_visibility(bool(rows))
        self._more.set_visibility(found.more)
        self._narrow.set_visibility(self._most >= _MOST)
        if found.nothing != self._nothing:
            self._nothing = found.nothing
            self._empty.clear()
            if found.nothing:
                with self._empty:
                    found.nothing.show(words, may_upload=self._may)

    def _run(self, code: str) -> None:
        if self._root.client.has_socket_connection:
            self._root.client.run_javascript(code)

    def _tell(
        self, said: str, *, bad: bool = False, good: bool = False, link: tuple[str, str] = ("", "")
    ) -> None:
        self._told.classes(replace=f"desk-told{' is-bad' if bad else ''}{' is-good' if good else ''}")
        self._told._text = said
        self._told.update()
        self._link._text = link[0]
        self._link.props["href"] = link[1]
        self._link.update()

    # What is asked for

    async def _ask(self, query: str, history: str) -> None:
        """Other filters, as the query of a URL says; `history`: push, replace, or "" where the browser went."""
        filters = filters_in(QueryParams(query.removeprefix("?")))
        await self._change(filters, history)

    async def _search(self, text: str) -> None:
        if text.strip() != self._filters.text:
            await self._change(replace(self._filters, text=text.strip()), "replace")

    async def _change(self, filters: Filters, history: str) -> None:
        focus = _changed(self._filters, filters)
        self._filters, self._most = filters, _PAGE
        if history:
            self._run(f"queue.address({json.dumps(query_of(filters))}, {json.dumps(history == 'push')})")
        if self._field.value != filters.text:
            self._field.value = filters.text
        self._tell("")
        await self.refresh()
        if focus:
            self._run(f"queue.refocus({json.dumps(focus)})")

    async def _further(self) -> None:
        self._most = min(self._most + _PAGE, _MOST)
        await self.refresh()

    # What is done

    async def _key(self, told: Any) -> None:
        key, row = str(told.get("key")), str(told.get("row"))
        match key:
            case "?":
                self._help.open()
            case "n":
                await self._take()
            case "c":
                await self._hold(row)

    async def _open(self, row: str) -> None:
        """Claim a table and go to it; one that is settled, or is only looked at, is not claimed."""
        async with self._turn:
            entry = self._known.get(row)
            if entry is None:
                return
            waits = self._may and entry.status in _OPEN
            if not waits or await self._done(self._view.desk.review.claim, entry, self._view.user.name):
                self._root.client.open(address_of(entry.document, entry.table, self._filters))

    async def _hold(self, row: str, hold: bool | None = None) -> None:
        """Claim a table (`hold`), release it, or whichever of the two it is not."""
        review, me = self._view.desk.review, self._view.user.name
        async with self._turn:
            entry = self._known.get(row)
            if entry is None:
                return
            hold = entry.claimed_by != me if hold is None else hold
            if not await self._done(review.claim if hold else review.release, entry, me if hold else None):
                return
            said = "queue.claimed" if hold else "queue.released"
            self._tell(self._words(said, title=entry.title or entry.table), good=hold)
        await self.refresh()

    async def _done(self, what: Callable[[User, int, str], None], entry: Entry, holder: str | None) -> bool:
        """Whether something could be done with a table, which `holder` then has; if not, it is told why."""
        user = await self._view.still()
        if user is None:
            return False
        try:
            await to_thread.run_sync(what, user, entry.document, entry.table)
        except Held as held:
            look = address_of(entry.document, entry.table, self._filters)
            said = self._words("queue.refused", by=held.by, count=minutes(held.until))
            self._tell(said, bad=True, link=(self._words("queue.look"), look))
        except (GoujiError, KeyError) as error:
            self._tell(in_words(error), bad=True)
        else:
            self._known[key_of(entry)] = replace(entry, claimed_by=holder)
            # What was looked up before this is no longer true.
            self._shown = self._looks
            return True
        await self.refresh()
        return False

    async def _take(self) -> None:
        """The worthiest table that is free, among those that are asked for."""
        async with self._turn:
            user = await self._view.still()
            if user is None:
                return
            if not user.may("reviewer"):
                self._tell(self._words("told.reader"), bad=True)
                return
            try:
                entry = await to_thread.run_sync(self._view.desk.review.next_table, user, self._filters)
            except GoujiError as error:
                self._tell(in_words(error), bad=True)
                return
            if entry is None:
                self._tell(self._words("queue.none_free"), bad=True)
                return
            self._root.client.open(address_of(entry.document, entry.table, self._filters))


def _changed(before: Filters, after: Filters) -> str:
    """The value that was just chosen, as the link to it is called; empty if it was not one."""
    for name in ("status", "reason", "kind", "unit_name", "document", "batch"):
        if getattr(before, name) != (value := getattr(after, name)):
            return f"{name}:{value if value is not None else getattr(before, name)}"
    if (before.mine, before.free) != (after.mine, after.free):
        return f"holder:{'mine' if after.mine else 'free' if after.free else 'anyone'}"
    return ""
