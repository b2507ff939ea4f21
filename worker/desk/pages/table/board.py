"""The table page at work: what a key or a click does, and what the page shows of it afterwards."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, Literal

from anyio import to_thread
from nicegui import html, ui

from schemas import GoujiError
from worker.desk.pages.desk import in_words
from worker.desk.pages.filters import address_of, query_of
from worker.desk.pages.frame import View
from worker.desk.pages.table.doubts import Doubt, Doubts, spots_of
from worker.desk.pages.table.figures import Spot, named_in, spot_from
from worker.desk.pages.table.grid import Grid
from worker.desk.pages.table.head import Head
from worker.desk.pages.table.keys import COMMANDS, Command, help_dialog
from worker.desk.pages.table.naming import Naming
from worker.desk.pages.table.source import Source
from worker.review import (
    Applied,
    Change,
    ClearCell,
    Conflict,
    Decide,
    Entry,
    Event,
    Filters,
    IdentityView,
    Redo,
    SetCell,
    TableView,
    Undo,
    VerdictWord,
)

_AHEAD = 200


class Board:
    """One open table of one person."""

    def __init__(self, view: View, table: TableView, filters: Filters) -> None:
        self._view = view
        self._words = view.words
        self._table = table
        self._filters = filters
        self._may = view.user.may("reviewer")
        # Keys come faster than a document is held against its identities: each waits for what the one before did.
        self._turn = asyncio.Lock()
        self._left = False
        self._lit: tuple[Spot | None, tuple[Spot, ...]] = (None, ())
        self._naming = naming = Naming(table, view.words)
        with html.div().classes("desk-table") as self._root:
            self._head = Head(view, table, naming, may=self._may, on_command=self.command)
            with html.div().classes("desk-halves"):
                with html.section().classes("desk-left") as left:
                    left.props["aria-label"] = self._words("source.title")
                    self._source = Source(table, self._words)
                with html.div().classes("desk-right"):
                    self._grid = Grid(
                        table,
                        self._words,
                        naming,
                        editable=self._may,
                        on_select=self.select,
                        on_edit=lambda spot, typed: self._in_turn(partial(self._edit, spot, typed)),
                    )
                    with html.div().classes("desk-below"):
                        self._doubts = Doubts(
                            table,
                            self._words,
                            naming,
                            may=self._may,
                            on_doubt=self._doubt,
                            on_identity=self._identity,
                        )
        self._head.on_search(self._grid.filter)
        self._help = help_dialog(self._words)
        ui.on("desk-key", lambda event: self._key(str(event.args)))
        ui.on("desk-doubt", lambda event: self._in_turn(partial(self._apply_doubt, str(event.args))))
        ui.on("desk-look", lambda event: self._look(str(event.args)))
        ui.on("desk-place", lambda event: self._place(str(event.args)))
        first = named_in(table, view.request.query_params)
        begin = f"desk.begin({json.dumps(str(first) if first else '')})"
        ui.context.client.on_connect(lambda: self._begin(begin))

    def _begin(self, code: str) -> None:
        # A browser may come back to a page that it kept.
        self._left = False
        ui.run_javascript(code)

    # What is selected

    def select(self, spot: Spot) -> None:
        """A cell has the focus, and is lit already: show its page, and the identities it takes part in."""
        self._lit = (spot, (spot,))
        self._turn_to(spot)
        self._doubts.select(spot)
        self._doubts.light(self._identities_of(spot))

    def _turn_to(self, spot: Spot) -> None:
        row = self._table.rows[spot.row]
        self._source.turn_to(row.cells[spot.column].place if spot.column >= 0 else row.place)

    def _identities_of(self, spot: Spot) -> Sequence[int]:
        return self._table.rows[spot.row].cells[spot.column].identities if spot.column >= 0 else ()

    def _light(self, main: Spot | None, spots: Sequence[Spot], *, reveal: bool) -> None:
        if (main, tuple(spots)) == self._lit:
            return
        self._lit = (main, tuple(spots))
        if main:
            self._turn_to(main)
        self._grid.light(main, spots, reveal=reveal)

    def _doubt(self, doubt: Doubt) -> None:
        spots = spots_of(self._table, doubt.cells)
        self._light(spots[0] if spots else None, spots, reveal=True)
        self._doubts.light(self._identities_of(spots[0]) if spots else ())

    def _identity(self, identity: IdentityView) -> None:
        spots = spots_of(self._table, identity.cells)
        suspects = spots_of(self._table, [suspect.cell for suspect in identity.suspects])
        first = next(iter(suspects or spots), None)
        self._light(first, spots, reveal=True)
        self._doubts.light([identity.id])

    def _place(self, name: str) -> None:
        if spot := spot_from(name, self._table):
            self._grid.focus(spot)

    def _look(self, name: str) -> None:
        if spot := spot_from(name, self._table):
            self.select(spot)

    # What is done

    async def _in_turn(self, what: Callable[[], Awaitable[object]]) -> None:
        """Do it after all that was asked for before; not at all where that has led to another table."""
        async with self._turn:
            if self._left:
                return
            # What asked for it may be gone from the page by then: it speaks from what stays.
            with self._root:
                await what()

    async def _key(self, key: str) -> None:
        if key in COMMANDS:
            await self.command(COMMANDS[key])

    async def command(self, name: Command) -> None:
        """Do what a key or a button stands for."""
        match name:
            case "help":
                self._help.open()
            case "clear":
                self._light(None, (), reveal=False)
                self._doubts.select(None)
                self._doubts.light(())
            case "identities":
                self._doubts.toggle_all()
            case "next":
                await self._in_turn(self._leave)
            case _ if not self._may:
                self._head.tell(self._words("told.reader"), bad=True)
            case "undo" | "redo":
                await self._in_turn(partial(self._step, name))
            case "accept":
                await self._in_turn(self._accept)
            case "source":
                self._ask("right_as_printed")
            case "reject":
                self._ask("rejected")
            case "unreadable":
                self._ask("unreadable")

    async def _step(self, name: Literal["undo", "redo"]) -> None:
        can = self._table.can_undo if name == "undo" else self._table.can_redo
        if can:
            await self._apply(Undo() if name == "undo" else Redo())
        else:
            self._head.tell(self._words(f"told.no_{name}"))

    async def _accept(self) -> None:
        await self._decide(self._table.accept)

    async def _apply_doubt(self, name: str) -> None:
        doubt = self._doubts.named(name)
        if doubt is None:
            return
        if doubt.table:
            self._open(address_of(self._table.document, doubt.table, self._filters))
            return
        if doubt.change is None or not self._may:
            if spots := spots_of(self._table, doubt.cells):
                self._grid.focus(spots[0])
            return
        await self._apply(doubt.change)

    async def _edit(self, spot: Spot, typed: str) -> None:
        cell = self._table.rows[spot.row].cells[spot.column]
        column = self._table.columns[spot.column].key
        typed = typed.strip()
        if typed == cell.typed:
            return
        await self._apply(SetCell(spot.row, column, typed) if typed else ClearCell(spot.row, column))

    async def _apply(self, change: Change) -> bool:
        """Enter a change; whether it was made. What came of it, or why it was not made, is told."""
        applied = await self._applied(change)
        if applied is None:
            return False
        self.show(applied.table)
        words = self._words
        told = words("told.closes", closed=len(applied.closed), broke=len(applied.broke))
        if applied.broke:
            told += f" · {self._naming.said(applied.broke[0].words)}"
        self._head.tell(told, bad=bool(applied.broke), good=bool(applied.closed) and not applied.broke)
        return True

    async def _applied(self, change: Change) -> Applied | None:
        review, table = self._view.desk.review, self._table
        user = await self._view.still()
        if user is None:
            return None
        for again in (True, False):
            try:
                return await to_thread.run_sync(
                    review.apply, user, table.document, table.table, change, self._table.version
                )
            except Conflict as conflict:
                fresh = await to_thread.run_sync(review.open, table.document, table.table)
                # What was done to other tables takes nothing from this one: the change is made after it.
                if again and not conflict.same_table:
                    self._table = fresh
                    continue
                self.show(fresh)
                self._tell_conflict(conflict.events)
                return None
            except (GoujiError, KeyError) as error:
                self._head.tell(in_words(error), bad=True)
                return None
        return None

    def show(self, table: TableView) -> None:
        """Bring the page to another state of the table, in place."""
        self._table = table
        self._source.show(table)
        self._grid.show(table)
        self._doubts.show(table)
        self._head.show(table)
        main, spots = self._lit
        self._lit = (None, ())
        self._light(main, spots, reveal=False)
        self._root.client.run_javascript("desk.settle(false)")

    # Verdicts, and where to go from here

    def _ask(self, verdict: VerdictWord) -> None:
        words = self._words
        with self._root, ui.dialog(value=True) as dialog, ui.card().classes("desk-dialog"):
            html.h2(words(f"decide.{verdict}")).classes("desk-h2")
            html.p(words(f"decide.{verdict}.about")).classes("desk-quiet")
            why = ui.input(words("decide.why")).props("outlined dense autofocus").classes("desk-why")

            async def decide() -> None:
                dialog.close()
                await self._in_turn(partial(self._decide, verdict, why.value))

            why.on("keydown.enter", decide)
            with html.div().classes("desk-row-end"):
                _button(words("cancel"), dialog.close)
                _button(words(f"decide.{verdict}.do"), decide).classes("desk-main-button")
        dialog.props["aria-label"] = words(f"decide.{verdict}")
        dialog.on("hide", dialog.delete)

    async def _decide(self, verdict: VerdictWord, why: str = "") -> None:
        table = self._table
        if not await self._apply(Decide(verdict, why)):
            return
        user = self._view.user
        entry = await to_thread.run_sync(self._view.desk.review.next_table, user, self._filters)
        self._go(entry, settled=f"{table.document}/{table.table}", verdict=verdict)

    async def _leave(self) -> None:
        """On to the table that comes after this one in the queue."""
        review, user, table = self._view.desk.review, self._view.user, self._table
        listing = await to_thread.run_sync(review.queue, self._filters, "worth", None, _AHEAD)
        free = [each for each in listing.entries if each.claimed_by in (None, user.name)]
        at = next((n for n, each in enumerate(free) if _same(each, table)), -1)
        others = [each for each in free[at + 1 :] + free[: max(at, 0)] if not _same(each, table)]
        if table.held_by == user.name:
            await to_thread.run_sync(review.release, user, table.document, table.table)
        self._go(others[0] if others else None)

    def _go(self, entry: Entry | None, **more: str) -> None:
        if entry is None:
            target = f"/{query_of(self._filters, **more)}"
        else:
            target = address_of(entry.document, entry.table, self._filters, **more)
        self._open(target)

    def _open(self, target: str) -> None:
        # What is typed from now on cannot be meant for a table that is done with, nor for one not yet seen.
        self._left = True
        self._root.client.open(target)

    def _tell_conflict(self, events: Sequence[Event]) -> None:
        words = self._words
        with ui.dialog(value=True) as dialog, ui.card().classes("desk-dialog"):
            html.h2(words("conflict.title")).classes("desk-h2")
            html.p(words("conflict.about")).classes("desk-quiet")
            with html.ul().classes("desk-events"):
                for event in events:
                    with html.li():
                        html.span(f"{event.by} · {event.at:%H:%M} UTC").classes("desk-quiet")
                        html.span(event.words)
                        for cell in event.cells:
                            html.span(f"{cell.where}: {cell.before or '∅'} → {cell.after or '∅'}")
            _button(words("conflict.look"), dialog.close).classes("desk-main-button").props("autofocus")
        dialog.props["aria-label"] = words("conflict.title")
        dialog.on("hide", dialog.delete)


def _button(said: str, on_click: Callable[[], Any]) -> Any:
    return html.button(said).classes("desk-button").props('type="button"').on("click", on_click)


def _same(entry: Entry, table: TableView) -> bool:
    return (entry.document, entry.table) == (table.document, table.table)
