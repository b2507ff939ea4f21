"""The documents of the desk: a list of them, and a page for each with its tables and all that was done to it."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from anyio import to_thread
from fastapi import Path, Request
from nicegui import html, ui

from worker.desk.pages.assets import linked
from worker.desk.pages.desk import Desk, Page
from worker.desk.pages.document.facts import load
from worker.desk.pages.document.listing import Listing
from worker.desk.pages.document.page import DocumentPage
from worker.desk.pages.frame import frame
from worker.desk.pages.text import Words, language_of


def add(desk: Desk) -> None:
    """Register the pages."""

    @ui.page("/documents", response_timeout=30)
    async def documents(request: Request) -> None:
        with frame(desk, lambda words: words("documents.title"), here="/documents") as view:
            _link()
            await Listing(view, request.query_params).begin()

    @ui.page("/documents/{document}", response_timeout=30)
    async def document(request: Request, document: Annotated[int, Path(ge=1, le=2**31 - 1)]) -> None:
        found = await to_thread.run_sync(load, desk, document)
        if found is None:
            words = Words(language_of(request))
            ui.context.client.status_code = HTTPStatus.NOT_FOUND
            with frame(desk, words("missing.title"), here="/documents"):
                html.h1(words("missing.title"))
                html.p(words("document.missing", number=document)).classes("desk-quiet")
            return
        with frame(desk, found.title, here="/documents") as view:
            _link()
            DocumentPage(view, found, request.query_params)


def _link() -> None:
    ui.add_head_html(linked("queue.css") + linked("queue.js"))


PAGE = Page(add, "/documents", "documents.nav")
