"""The review desk over HTTP: the queue, who holds which table, an opened table, changes, their history."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Annotated, Literal, cast

from fastapi import APIRouter, Depends, FastAPI, Query, Request, Response

from worker import review
from worker.desk.api.documents import Key, Word
from worker.desk.api.once import OnceRoute
from worker.desk.api.paging import SHOWN, Cursor, Limit, Page, begins_after, following, page, place_after
from worker.desk.api.problems import MEDIA_TYPE, missing, problem, responses
from worker.desk.api.review_changes import ChangeRequest
from worker.desk.api.review_shapes import (
    AppliedChange,
    EventShape,
    NextTable,
    OpenTable,
    QueueCounts,
    QueuedTable,
    ReviewProblem,
)
from worker.desk.api.service import REPEATABLE, Id, Served, Service, caller_of, needs
from worker.users import User

router = APIRouter(prefix="/review", tags=["review"], route_class=OnceRoute)

Status = Literal["open", "review", "failed", "accepted", "corrected", "rejected", "all"]

_REFUSED = {**responses(404), 409: {"model": ReviewProblem, "description": HTTPStatus.CONFLICT.phrase}}
_TABLE = "/documents/{document_id}/tables/{table}"
_ISSUER = "gouji:token"


def speak_of_refusals(api: FastAPI) -> None:
    """Have what the desk refuses told as problems: what others did meanwhile, who holds the table."""
    api.add_exception_handler(review.Conflict, _of_conflict)
    api.add_exception_handler(review.Held, _of_held)
    api.add_exception_handler(review.BadChange, _of_bad_change)
    api.add_exception_handler(review.Forbidden, _of_forbidden)


def _filters(
    service: Served,
    batch: Annotated[Word, Query(description="Name of a batch.")] = None,
    document: Annotated[int | None, Query(ge=1, le=2**31 - 1, description="Id of a document.")] = None,
    kind: Word = None,
    unit_name: Word = None,
    reason: review.Reason | None = None,
    status: Annotated[Status, Query(description="`open` is review or failed.")] = "open",
    held_by: Annotated[Word, Query(description="Only what this person or token holds.")] = None,
    free: Annotated[bool, Query(description="Only what no one holds.")] = False,
    text: Annotated[Word, Query(description="Words of names of files and units, and of titles.")] = None,
) -> review.Filters:
    holder = service.store.users.find(held_by) if held_by is not None else None
    return review.Filters(
        batch=batch,
        document=document,
        kind=kind,
        unit_name=unit_name,
        reason=reason,
        status=status,
        # No one has this id.
        mine=None if held_by is None else holder.id if holder else 0,
        text=text or "",
        free=free,
    )


Filtered = Annotated[review.Filters, Depends(_filters)]


@router.get("/queue")
def list_queue(
    request: Request,
    response: Response,
    service: Served,
    filters: Filtered,
    order: review.Order = "worth",
    limit: Limit = SHOWN,
    cursor: Cursor = None,
) -> Page[QueuedTable]:
    """Tables that wait for a person, by default the worthiest first."""
    place = place_after(request, cursor, 2)
    after = ".".join(map(str, place)) if place else None
    found = service.desk.queue(filters, order, after, limit)
    rest = [int(part) for part in found.cursor.split(".")] if found.cursor else None
    return Page(
        items=[QueuedTable.of(entry) for entry in found.entries],
        next=following(request, response, rest) if rest else None,
    )


@router.get("/counts")
def count_queue(service: Served, filters: Filtered) -> QueueCounts:
    """How many tables wait, by value of each filter; a few seconds old at most."""
    return QueueCounts.of(service.desk.counts(filters))


@router.post("/next", dependencies=[needs("review"), REPEATABLE], responses=responses(400, 409, 413))
def claim_next(request: Request, service: Served, filters: Filtered) -> NextTable:
    """Claim the worthiest table that no one holds; one that the token holds already comes first."""
    found = service.desk.next_table(_actor(request, service), filters)
    return NextTable(table=QueuedTable.of(found) if found else None)


@router.get(_TABLE, response_model=OpenTable, responses=responses(404, 409))
def open_table(service: Served, document_id: Id, table: Key) -> Response:
    """A table as it stands, with its cells, identities, suspects, proposals and the source around it."""
    with _there(document_id, table):
        found = service.desk.open(document_id, table)
    return Response(OpenTable.of(found).model_dump_json(), media_type="application/json")


@router.put(f"{_TABLE}/claim", status_code=204, dependencies=[needs("review")], responses=_REFUSED)
def claim_table(request: Request, service: Served, document_id: Id, table: Key) -> None:
    """Hold a table for 15 minutes; every change renews it."""
    with _there(document_id, table):
        service.desk.claim(_actor(request, service), document_id, table)


@router.delete(f"{_TABLE}/claim", status_code=204, dependencies=[needs("review")])
def release_table(request: Request, service: Served, document_id: Id, table: Key) -> None:
    """Let go of a table; one that is not held is no error."""
    service.desk.release(_actor(request, service), document_id, table)


@router.post(
    f"{_TABLE}/changes",
    response_model=AppliedChange,
    dependencies=[needs("review"), REPEATABLE],
    responses={**responses(400, 413), **_REFUSED},
)
def change_table(
    request: Request, service: Served, document_id: Id, table: Key, wanted: ChangeRequest
) -> Response:
    """Enter a change or a verdict in the log; the whole document is held against its identities again.

    Nothing is written where others changed the document since `version`: the problem says what they did.
    """
    actor = _actor(request, service)
    with _there(document_id, table):
        found = service.desk.apply(actor, document_id, table, wanted.change.change(), wanted.version)
    return Response(AppliedChange.of(found).model_dump_json(), media_type="application/json")


@router.get("/documents/{document_id}/history", responses=responses(404, 409))
def list_history(
    request: Request,
    response: Response,
    service: Served,
    document_id: Id,
    table: Annotated[Word, Query(description="Only what was done to this table.")] = None,
    limit: Limit = SHOWN,
    cursor: Cursor = None,
) -> Page[EventShape]:
    """All that people did to a document, the latest first."""
    before = begins_after(request, cursor)
    try:
        events = service.desk.history(document_id, table)
    except KeyError:
        raise missing("document", document_id) from None
    found = [event for event in events if before is None or event.sequence < before][: limit + 1]
    return page(request, response, limit, found, lambda event: event.sequence, EventShape.of)


@contextmanager
def _there(document_id: int, table: str) -> Iterator[None]:
    try:
        yield
    except KeyError:
        raise missing(f"table in document {document_id} called", table) from None


def _actor(request: Request, service: Service) -> User:
    """The token as one who reviews: entered among the users at its first change, under its name if that is free."""
    caller = caller_of(request)
    found = service.store.users.identified(_ISSUER, str(caller.id), caller.name, "reviewer")
    return User(found.id, found.name, "reviewer", found.disabled)


async def _of_conflict(_request: Request, error: Exception) -> Response:
    refused = cast("review.Conflict", error)
    events = [EventShape.of(event) for event in refused.events]
    return _conflict(str(refused), version=refused.version, same_table=refused.same_table, events=events)


async def _of_held(_request: Request, error: Exception) -> Response:
    refused = cast("review.Held", error)
    return _conflict(str(refused), held_by=refused.by, held_until=refused.until)


async def _of_bad_change(_request: Request, error: Exception) -> Response:
    return problem(422, str(error))


async def _of_forbidden(_request: Request, error: Exception) -> Response:
    return problem(403, str(error))


def _conflict(detail: str, **facts: object) -> Response:
    told = {"title": HTTPStatus.CONFLICT.phrase, "status": 409, "detail": detail, **facts}
    return Response(ReviewProblem.model_validate(told).model_dump_json(), 409, media_type=MEDIA_TYPE)
