"""Taking the bytes of an upload: to the disk as they come, then into a batch as the HTTP API does it."""

from __future__ import annotations

import hmac
from http import HTTPStatus

from fastapi import HTTPException, Request
from fastapi.responses import PlainTextResponse, Response
from nicegui import app
from pydantic import ValidationError

from schemas import GoujiError
from worker.archive.names import shown
from worker.desk.api.entering import Upload
from worker.desk.api.handing import Order, begin
from worker.desk.api.multipart import receive
from worker.desk.pages.desk import Desk
from worker.users import Session

PATH = "/upload/files"
CSRF = "x-csrf"
"""The header with the token of the session's forms."""


def add(desk: Desk) -> None:
    """Register the route. Without a session nothing comes so far."""

    @app.post(PATH, include_in_schema=False)
    async def take(request: Request) -> Response:
        session: Session = request.state.session
        if not hmac.compare_digest(request.headers.get(CSRF, "").encode(), session.csrf.encode()):
            return _told("this form is not of this session; load the page again", HTTPStatus.FORBIDDEN)
        if not session.user.may("reviewer"):
            return _told("your role allows looking only", HTTPStatus.FORBIDDEN)
        try:
            form = await receive(
                request.stream(),
                request.headers.get("content-type", ""),
                desk.settings.home / "uploads",
                desk.settings.max_unpacked,
            )
        except HTTPException as error:
            return _told(str(error.detail), HTTPStatus(error.status_code))
        handed = False
        try:
            order = Order.model_validate_strings({key: value for key, value in form.fields.items() if value})
            name = shown(form.name.replace("\\", "/").rpartition("/")[2])
            answer = await begin(desk.service, order, name, Upload(form.file, name, form.size))
            handed = True
        except ValidationError as error:
            wrong = ", ".join(sorted({str(item["loc"][0]) for item in error.errors()}))
            return _told(f"{wrong}: cannot be used as it was given", HTTPStatus.UNPROCESSABLE_ENTITY)
        except GoujiError as error:
            return _told(str(error), HTTPStatus.SERVICE_UNAVAILABLE)
        finally:
            if not handed:
                form.file.close()
        return answer


def _told(said: str, status: HTTPStatus) -> Response:
    return PlainTextResponse(said, status)
