"""The overview: how far the batches are, what the desk has decided, what does not add up, how long a review takes."""

from __future__ import annotations

from nicegui import ui

from worker.desk.pages.assets import linked
from worker.desk.pages.desk import Desk, Page
from worker.desk.pages.frame import frame
from worker.desk.pages.overview.board import Board


def add(desk: Desk) -> None:
    """Register the page."""

    @ui.page("/overview", response_timeout=30)
    async def show() -> None:
        with frame(desk, lambda words: words("overview.title"), here="/overview") as view:
            ui.add_head_html(linked("queue.css") + linked("overview.css"))
            await Board(view).begin()


PAGE = Page(add, "/overview", "overview.nav")
