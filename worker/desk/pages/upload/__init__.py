"""Handing files in by drag and drop, and watching them go through their steps."""

from __future__ import annotations

from fastapi import Request
from nicegui import html, ui

from worker.desk.pages.assets import linked
from worker.desk.pages.desk import Desk, Page
from worker.desk.pages.frame import frame
from worker.desk.pages.upload import receiving
from worker.desk.pages.upload.form import Form
from worker.desk.pages.upload.steps import Steps

_LARGEST_ID = 2**31 - 1


def add(desk: Desk) -> None:
    """Register the page, and the route that takes the bytes."""
    receiving.add(desk)

    @ui.page("/upload", response_timeout=30)
    async def show(request: Request) -> None:
        batch = _id(request.query_params.get("batch", ""))
        with frame(desk, lambda words: words("upload.title"), here="/upload") as view:
            ui.add_head_html(linked("queue.css") + linked("overview.css") + linked("overview.js"))
            with html.div().classes("pages-head"):
                html.h1(view.words("upload.title"))
            if view.user.may("reviewer"):
                form = Form(view)
                steps = Steps(view, batch)
                form.on_batch(steps.follow)
            else:
                html.p(view.words("upload.reader")).classes("desk-quiet")
                steps = Steps(view, batch)
            await steps.begin()


def _id(given: str) -> int | None:
    number = int(given) if given.isascii() and given.isdigit() else 0
    return number if 0 < number <= _LARGEST_ID else None


PAGE = Page(add, "/upload", "upload.nav", "reviewer")
