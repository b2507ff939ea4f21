"""Pages of lists: a cursor says after which row the next one begins, and of which list it is."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Annotated, Generic, TypeVar

from fastapi import Query, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel

T = TypeVar("T")
Row = TypeVar("Row")

Limit = Annotated[int, Query(ge=1, le=200, description="The most entries of a page.")]
Cursor = Annotated[str | None, Query(max_length=200, description="`next` of the page before.")]
SHOWN = 50

_LARGEST = 2**63 - 1


class Page(BaseModel, Generic[T]):
    """Some entries of a list. `next` is the cursor of the page after this one, None on the last."""

    items: list[T]
    next: str | None


def begins_after(request: Request, cursor: str | None) -> int | None:
    """The row that a page begins after; None for the first page. Raises a validation error for a broken cursor."""
    found = place_after(request, cursor, 1)
    return found[0] if found else None


def place_after(request: Request, cursor: str | None, width: int) -> tuple[int, ...] | None:
    """The same for lists whose order takes `width` numbers to tell a place."""
    if cursor is None:
        return None
    try:
        version, of, *place = json.loads(base64.b64decode(cursor.encode(), altchars=b"-_", validate=True))
    except (ValueError, TypeError, binascii.Error, RecursionError):
        version, of, place = None, None, []
    numbers = tuple(each for each in place if type(each) is int and 0 <= each <= _LARGEST)
    if version != 1 or of != _list_of(request) or not len(numbers) == len(place) == width:
        problem = "is no cursor of this list; take `next` as it was given, with the same filters"
        raise RequestValidationError([{"loc": ("query", "cursor"), "msg": problem, "type": "cursor"}])
    return numbers


def page(
    request: Request,
    response: Response,
    limit: int,
    found: Sequence[Row],
    number: Callable[[Row], int],
    shown: Callable[[Row], T],
) -> Page[T]:
    """A page of `limit` of the rows that were found, of which there is one more where there is a next page.

    `number` gives what a row is found again by. The Link header leads to the next page.
    """
    if len(found) <= limit:
        return Page(items=[shown(row) for row in found], next=None)
    rows = found[:limit]
    return Page(items=[shown(row) for row in rows], next=following(request, response, [number(rows[-1])]))


def following(request: Request, response: Response, place: Sequence[int]) -> str:
    """The cursor of the page after a place; the Link header leads there."""
    whole = json.dumps([1, _list_of(request), *place]).encode()
    cursor = base64.urlsafe_b64encode(whole).decode()
    address = request.url.include_query_params(cursor=cursor)
    response.headers["link"] = f'<{address.path}?{address.query}>; rel="next"'
    return cursor


def _list_of(request: Request) -> str:
    """A list is its address and its filters."""
    given = sorted(item for item in request.query_params.multi_items() if item[0] not in {"cursor", "limit"})
    return sha256(json.dumps([request.url.path, given]).encode()).hexdigest()[:16]
