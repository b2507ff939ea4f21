"""The queue, the first page of the desk: tables that wait for a person, the worthiest first."""

from __future__ import annotations

from fastapi import Request
from nicegui import ui

from worker.desk.pages.assets import linked
from worker.desk.pages.desk import Desk, Page
from worker.desk.pages.filters import filters_of
from worker.desk.pages.frame import frame
from worker.desk.pages.queue.board import Queue


def add(desk: Desk) -> None:
    """Register the page."""

    @ui.page("/", response_timeout=30)
    async def show(request: Request) -> None:
        filters, settled = filters_of(request), request.query_params.get("settled", "")
        with frame(desk, lambda words: words("queue.title"), here="/", wide=True) as view:
            ui.add_head_html(linked("queue.css") + linked("queue.js"))
            await Queue(view, filters, settled).begin()


PAGE = Page(add, "/", "queue.nav")
