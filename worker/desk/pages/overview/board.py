"""The overview at work: figures at the top, batches, charts, reviewers; all of it keeps itself up to date."""

from __future__ import annotations

from collections.abc import Sequence

from anyio import to_thread
from nicegui import html, ui

from worker.desk.pages.frame import View
from worker.desk.pages.overview.batches import Batches
from worker.desk.pages.overview.charts import Chart, Data, Series, by_two
from worker.desk.pages.overview.figures import NONE, compact, dollars, lasting, percent
from worker.desk.pages.saying import say
from worker.desk.pages.text import Words
from worker.review import Overview, ReviewerFigures
from worker.store.lines import BatchLine

_EVERY_S = 2.0
_BATCHES = 50
_VERDICTS = {
    "source": "--chart-1",
    "misread": "--chart-2",
    "misplaced": "--chart-3",
    "undetermined": "--chart-other",
}
_DECISIONS = {
    "corrected": "--chart-1",
    "right_as_printed": "--chart-3",
    "rejected": "--chart-2",
    "unreadable": "--chart-other",
}
_BOUNDS_S = (15, 30, 60, 120, 300)
_TILES = ("accepted", "waiting", "median", "agreement", "tokens")


class Board:
    """The overview of one person."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._words = words = view.words
        self._tiles: dict[str, tuple[html.dd, html.dd]] = {}
        with html.div().classes("overview") as self._root:
            with html.div().classes("pages-head"):
                html.h1(words("overview.title"))
                html.div().classes("desk-space")
                if view.user.may("reviewer"):
                    html.a(words("upload.title")).classes(
                        "desk-button desk-main-button overview-upload"
                    ).props('href="/upload"')
            with html.dl().classes("tiles"):
                for name in _TILES:
                    with html.div().classes("tile"):
                        html.dt(words(f"overview.{name}"))
                        self._tiles[name] = html.dd().classes("tile-figure"), html.dd().classes("tile-under")
            self._batches = Batches(view, self.refresh)
            with html.div().classes("charts"):
                self._identities = self._chart("identities")
                self._kinds = self._chart("kinds")
                self._times = self._chart("times", upright=True)
                self._decisions = self._chart("decisions")
            self._people = _People(words)

    def _chart(self, name: str, *, upright: bool = False) -> Chart:
        words = self._words
        title, about = words(f"overview.{name}"), words(f"overview.{name}.about")
        return Chart(title, about, words(f"overview.{name}.first"), words, upright=upright)

    async def begin(self) -> None:
        """Show all of it for the first time; from then on it keeps itself up to date."""
        await self.refresh()
        ui.timer(_EVERY_S, self.refresh, immediate=False)

    async def refresh(self) -> None:
        """Bring the page to what is true now."""
        desk = self._view.desk

        def look() -> tuple[Sequence[BatchLine], Overview]:
            return desk.store.listing.batches(_BATCHES), desk.review.overview()

        lines, overview = await to_thread.run_sync(look)
        if self._root.is_deleted:
            return
        self._batches.show(lines)
        self._show_tiles(lines, overview)
        self._show_charts(overview)
        self._people.show(overview.reviewers)

    def _show_tiles(self, lines: Sequence[BatchLine], overview: Overview) -> None:
        words = self._words
        tables = sum(count for status, count in overview.tables.items() if status != "empty")
        accepted = overview.tables.get("accepted", 0)
        spent = sum(line.spent_usd for line in lines)
        figures = {
            "accepted": (
                percent(overview.accept_rate),
                words("overview.accepted.under", accepted=f"{accepted:,}", tables=f"{tables:,}"),
            ),
            "waiting": (
                f"{overview.waiting:,}",
                words("overview.waiting.under", count=f"{overview.claimed:,}"),
            ),
            "median": (
                lasting(overview.median_s, words),
                words("overview.median.under", count=f"{len(overview.seconds):,}"),
            ),
            "agreement": (percent(overview.agreement), words("overview.agreement.under")),
            "tokens": (
                compact(total) if (total := sum(line.tokens for line in lines)) else NONE,
                words("overview.tokens.under", amount=dollars(spent))
                if spent
                else words("overview.tokens.none"),
            ),
        }
        for name, (figure, under) in figures.items():
            for element, said in zip(self._tiles[name], (figure, under), strict=True):
                say(element, said)

    def _show_charts(self, overview: Overview) -> None:
        words = self._words

        def verdict(name: str) -> str:
            return words.or_else(f"overview.verdict.{name}", name)

        self._identities.show(
            by_two(overview.identities, _VERDICTS, lambda s: words.or_else(f"overview.scope.{s}", s), verdict)
        )
        self._kinds.show(
            by_two(overview.contradictions, _VERDICTS, lambda k: words.or_else(f"kind.{k}", k), verdict)
        )
        decided = {each.name: each.verdicts for each in overview.reviewers if each.verdicts}
        self._decisions.show(
            by_two(decided, _DECISIONS, str, lambda d: words.or_else(f"overview.decision.{d}", d))
        )
        self._times.show(_histogram(overview.seconds, words))


def _histogram(seconds: Sequence[int], words: Words) -> Data:
    """How many reviews took so long, by steps of time."""
    counts = [0] * (len(_BOUNDS_S) + 1)
    for each in seconds:
        counts[sum(each >= bound for bound in _BOUNDS_S)] += 1
    said = [f"< {lasting(bound, words)}" for bound in _BOUNDS_S]
    said.append(f"≥ {lasting(_BOUNDS_S[-1], words)}")
    return Data(said, [Series(words("overview.times.count"), "--chart-1", counts)])


class _People:
    """What each reviewer did, as a table."""

    def __init__(self, words: Words) -> None:
        self._words = words
        self._shown: tuple[ReviewerFigures, ...] | None = None
        with html.section().classes("pages-section") as self._root:
            self._root.props["aria-label"] = words("overview.reviewers")
            html.h2(words("overview.reviewers"))
            self._body = html.div()

    def show(self, reviewers: tuple[ReviewerFigures, ...]) -> None:
        """Show these people."""
        if reviewers == self._shown:
            return
        self._shown = reviewers
        self._root.set_visibility(bool(reviewers))
        words = self._words
        self._body.clear()
        with self._body, html.table().classes("chart-table is-wide"):
            with html.thead(), html.tr():
                for name in ("name", *_DECISIONS, "cells", "median"):
                    html.th(words(f"overview.reviewer.{name}")).props('scope="col"')
            with html.tbody():
                for each in reviewers:
                    with html.tr():
                        html.th(each.name).props('scope="row"')
                        for decision in _DECISIONS:
                            html.td(f"{each.verdicts.get(decision, 0):,}")
                        html.td(f"{each.cells:,}")
                        html.td(lasting(each.median_s, words))
