"""What is wrong with a request, in one shape: RFC 9457, `application/problem+json`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import Response

from schemas import ConfigError, InputError

MEDIA_TYPE = "application/problem+json"


class Fault(BaseModel):
    """One part of a request that is not as it must be, and where it is."""

    place: str
    problem: str


class Problem(BaseModel):
    """Why a request was not answered. `detail` says what to do; `errors` name the parts at fault."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    errors: list[Fault] = []


def problem(
    status: int, detail: str, errors: Sequence[Fault] = (), headers: Mapping[str, str] | None = None
) -> Response:
    """The answer that says it."""
    body = Problem(title=HTTPStatus(status).phrase, status=status, detail=detail, errors=list(errors))
    return Response(body.model_dump_json(), status, headers, MEDIA_TYPE)


def missing(what: str, key: object) -> HTTPException:
    """The error about something that is not there."""
    return HTTPException(404, f"there is no {what} {key}")


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What a schema says of these answers."""
    return {status: {"model": Problem, "description": HTTPStatus(status).phrase} for status in statuses}


def speak_of_problems(api: FastAPI) -> None:
    """Have everything that goes wrong in an application told in this shape."""
    api.add_exception_handler(HTTPException, _of_http)
    api.add_exception_handler(RequestValidationError, _of_validation)
    api.add_exception_handler(InputError, _of_input)
    api.add_exception_handler(ConfigError, _of_config)


async def _of_http(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for it
    return problem(error.status_code, error.detail, headers=error.headers)


async def _of_validation(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for it
    # What was given is not repeated: it may be a secret in the wrong place.
    faults = [
        Fault(place=".".join(str(part) for part in item["loc"]), problem=item["msg"])
        for item in error.errors()
    ]
    said = "; ".join(f"{fault.place}: {fault.problem}" for fault in faults[:3])
    return problem(422, said or "the request is not as it must be", faults)


async def _of_input(_request: Request, error: Exception) -> Response:
    return problem(409, str(error))


async def _of_config(_request: Request, error: Exception) -> Response:
    return problem(503, str(error))
