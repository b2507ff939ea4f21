"""The table page, where a table that did not close is settled: source and grid side by side, suspects below."""

from __future__ import annotations

from http import HTTPStatus

from anyio import to_thread
from fastapi import Request
from fastapi.responses import Response
from nicegui import app, html, ui

from schemas import InputError
from worker.desk.pages.desk import Desk, Page, in_words
from worker.desk.pages.filters import filters_of
from worker.desk.pages.frame import frame
from worker.desk.pages.table.board import Board
from worker.desk.pages.text import Words, language_of

_KEPT = {"Cache-Control": "private, max-age=3600"}


def add(desk: Desk) -> None:
    """Register the page of a table and the images of the pages it stands on."""

    @ui.page("/documents/{document}/tables/{key}", response_timeout=30)
    async def show(request: Request, document: int, key: str) -> None:
        words = Words(language_of(request))
        try:
            table = await to_thread.run_sync(desk.review.open, document, key)
        except (KeyError, InputError) as error:
            ui.context.client.status_code = HTTPStatus.NOT_FOUND
            with frame(desk, words("missing.title")):
                html.h1(words("missing.title"))
                html.p(words("missing.table", why=in_words(error))).classes("desk-quiet")
            return
        with frame(desk, words.or_else(f"kind.{table.title}", table.title), wide=True) as view:
            Board(view, table, filters_of(request))

    @app.get("/documents/{document}/pages/{number}.png", include_in_schema=False)
    async def image(document: int, number: int) -> Response:
        try:
            data = await to_thread.run_sync(desk.review.page_image, document, number)
        except (KeyError, InputError) as error:
            return Response(in_words(error), HTTPStatus.NOT_FOUND, media_type="text/plain")
        return Response(data, media_type="image/png", headers=_KEPT)


PAGE = Page(add)
