"""The batches, the latest first: how far they are, what they cost, and what may be done about them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import partial
from typing import Any

from anyio import to_thread
from nicegui import html, ui

from schemas import GoujiError
from worker.desk.api.entering import tell_workers
from worker.desk.pages.desk import in_words
from worker.desk.pages.dialogs import asking, buttons
from worker.desk.pages.frame import View
from worker.desk.pages.overview.figures import NONE, compact, dollars, ended, pace
from worker.desk.pages.saying import Lines, say, tell
from worker.desk.pages.text import Words
from worker.desk.pages.text.phrases import phrased
from worker.desk.pages.upload.form import is_budget
from worker.store.lines import BatchLine

_ACTS = ("pause", "resume", "retry", "cancel")
_ICONS = {"pause": "pause", "resume": "play_arrow", "retry": "replay", "cancel": "stop"}
_PARTS = ("accepted", "corrected", "review", "rejected", "failed", "empty")
_COLUMNS = (
    ("overview.column.name", 23),
    ("overview.column.files", 18),
    ("overview.column.tables", 26),
    (">overview.column.tokens", 9),
    (">overview.column.cost", 12),
    (">overview.column.acts", 12),
)


class Batches:
    """The list of batches. After something was done it asks for `refresh`."""

    def __init__(self, view: View, refresh: Callable[[], Any]) -> None:
        self._view = view
        self._words = view.words
        self._refresh = refresh
        self._may = view.user.may("reviewer")
        with html.section().classes("pages-section") as self._root:
            self._root.props["aria-label"] = self._words("overview.batches")
            html.h2(self._words("overview.batches"))
            self._told = html.p().classes("upload-told").props('role="status"')
            make = partial(_Batch, self._words, self._act if self._may else None)
            self._list = Lines[BatchLine](self._words, self._words("overview.batches"), _COLUMNS, make)
            self._nothing = html.p(self._words("overview.no_batches")).classes("chart-nothing")

    def show(self, lines: Sequence[BatchLine]) -> None:
        """Show these batches; nothing moves where nothing has changed."""
        self._list.show([(line.id, line) for line in lines])
        self._nothing.set_visibility(not lines)

    async def _act(self, name: str, line: BatchLine) -> None:
        if name == "cancel":
            self._confirm(line)
        elif name == "resume" and line.budget_usd is not None and line.spent_usd >= line.budget_usd:
            self._ask_budget(line)
        else:
            await self._do(name, line)

    async def _do(self, name: str, line: BatchLine, budget: Decimal | None = None) -> None:
        user = await self._view.still()
        if user is None or not user.may("reviewer"):
            return
        store, app = self._view.desk.store, self._view.desk.service.app

        def act() -> None:
            documents: Sequence[int] = ()
            match name:
                case "pause":
                    store.listing.pause_batch(line.id, f"paused by {user.name}")
                case "resume":
                    documents = store.resume_batch(line.name, budget)
                case "retry":
                    store.retry_batch(line.name)
                case "cancel":
                    store.cancel_batch(line.name)
            tell_workers(app, documents)

        with self._root:
            try:
                await to_thread.run_sync(act)
            except (GoujiError, KeyError) as error:
                tell(self._told, in_words(error), bad=True)
            else:
                tell(self._told, self._words(f"overview.done.{name}", name=line.name))
            await self._refresh()

    def _confirm(self, line: BatchLine) -> None:
        words = self._words
        title, about = words("overview.act.cancel"), words("overview.cancel.about", name=line.name)
        with asking(self._root, title, about) as dialog:

            async def act() -> None:
                dialog.close()
                await self._do("cancel", line)

            buttons(words, dialog, title, act)

    def _ask_budget(self, line: BatchLine) -> None:
        words = self._words
        title = words("overview.act.resume")
        with asking(self._root, title, words("overview.resume.about")) as dialog:
            field = ui.input(words("upload.budget"), validation={words("upload.budget.wrong"): _is_budget})
            field.props("outlined dense autofocus inputmode=decimal prefix=$").classes("desk-why")

            async def act() -> None:
                if not field.validate():
                    return
                dialog.close()
                await self._do("resume", line, Decimal(field.value))

            field.on("keydown.enter", act)
            buttons(words, dialog, title, act)


def _is_budget(given: str) -> bool:
    return bool(given) and is_budget(given)


def _acts(line: BatchLine) -> Sequence[str]:
    """What may be done with a batch as it is."""
    live = line.status in {"open", "paused"}
    fit = {
        "pause": line.status == "open",
        "resume": line.status == "paused",
        "retry": bool(line.items.get("failed") or line.tables.get("failed")),
        "cancel": live,
    }
    return [name for name in _ACTS if fit[name]]


class _Batch:
    """A batch in the list."""

    def __init__(self, words: Words, on_act: Callable[[str, BatchLine], Any] | None) -> None:
        self._words = words
        self._line: BatchLine | None = None
        self._on_act = on_act
        self._buttons: dict[str, html.button] = {}
        with html.tr() as self.root:
            with html.td():
                self._name = html.a().classes("rows-open")
                with html.span().classes("rows-under"):
                    self._state, self._reason = html.span(), html.span()
            with html.td():
                self._files, self._failed = (
                    html.span().classes("batch-files"),
                    html.span().classes("batch-failed"),
                )
                with html.div().classes("steps-bar").props('aria-hidden="true"') as self._bar:
                    self._done = html.i()
                self._pace = html.span().classes("rows-under")
            with html.td():
                with html.div().classes("batch-parts").props('aria-hidden="true"') as self._parts:
                    self._shares = {state: html.i().classes(f"is-{state}") for state in _PARTS}
                with html.span().classes("batch-legend"):
                    self._counts = {state: html.span().classes(f"is-{state}") for state in _PARTS}
            self._tokens = html.td().classes("is-figure")
            with html.td().classes("is-figure"):
                self._cost, self._budget = html.span(), html.span().classes("rows-under")
            with html.td().classes("is-figure"):
                for name in _ACTS if on_act else ():
                    self._buttons[name] = self._button(name)

    def _button(self, name: str) -> html.button:
        with html.button().classes("batch-act").props('type="button"') as made:
            ui.icon(_ICONS[name]).props('aria-hidden="true"')
        made.props["title"] = self._words(f"overview.act.{name}")
        made.on("click", partial(self._act, name))
        return made

    async def _act(self, name: str) -> None:
        if self._on_act and self._line and name in _acts(self._line):
            await self._on_act(name, self._line)

    def show(self, line: BatchLine) -> None:
        """Bring it to what is true now."""
        words, self._line = self._words, line
        done, total = ended(line), sum(line.items.values())
        say(self._name, line.name)
        self._name.props["href"] = f"/upload?batch={line.id}"
        say(self._state, words(f"batch.{line.status}"), classes=f"batch-state is-{line.status}")
        say(self._reason, f" · {phrased(words.language, line.reason)}" if line.reason else "")
        files = words("overview.files", ended=f"{done:,}", total=f"{total:,}")
        say(self._files, files if total else NONE)
        failed = line.items.get("failed", 0)
        say(self._failed, f" · {words('overview.files_failed', count=f'{failed:,}')}" if failed else "")
        self._bar.classes(replace=f"steps-bar is-{line.status}")
        self._done.style(replace=f"width: {100 * done / total if total else 0:.1f}%")
        say(self._pace, " · ".join(filter(None, pace(line, words))))
        self._parts.set_visibility(any(line.tables.values()))
        for state in _PARTS:
            count = line.tables.get(state, 0)
            self._shares[state].style(replace=f"flex-grow: {count}")
            self._shares[state].set_visibility(bool(count))
            say(self._counts[state], words(f"document.count.{state}", count=f"{count:,}"))
            self._counts[state].set_visibility(bool(count))
        say(self._tokens, compact(line.tokens) if line.tokens else NONE)
        over = line.budget_usd is not None and line.spent_usd >= line.budget_usd
        asked = bool(line.tokens or line.spent_usd)
        say(self._cost, dollars(line.spent_usd) if asked else NONE, classes="batch-over" if over else "")
        budget = None if line.budget_usd is None else dollars(line.budget_usd)
        say(self._budget, words("overview.of", amount=budget) if budget else "")
        acts = _acts(line)
        for name, made in self._buttons.items():
            made.props["aria-label"] = f"{words(f'overview.act.{name}')}: {line.name}"
            made.set_visibility(name in acts)
