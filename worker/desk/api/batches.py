"""Batches: how far they are, their files, and what is told of them."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict

from worker.desk.api.entering import tell_workers
from worker.desk.api.handing import Dollars, Priority
from worker.desk.api.once import OnceRoute
from worker.desk.api.paging import SHOWN, Cursor, Limit, Page, begins_after, page
from worker.desk.api.problems import missing, responses
from worker.desk.api.service import REPEATABLE, Id, Name, Served, Service, needs
from worker.desk.api.shapes import Batch, Changed, Item
from worker.store.lines import BatchLine

router = APIRouter(tags=["batches"], route_class=OnceRoute)

BatchStatus = Literal["open", "paused", "cancelled", "done"]
ItemStatus = Literal["waiting", "sent", "ingesting", "reading", "deferred", "done", "failed", "cancelled"]

_STEERED = responses(400, 404, 409, 413)
_STEER = [needs("submit"), REPEATABLE]


class Change(BaseModel):
    """What is to be changed of a batch; `budget_usd` null takes its bound away."""

    model_config = ConfigDict(extra="forbid")

    priority: Priority = 5
    budget_usd: Dollars | None = None


class Resume(BaseModel):
    """Another budget, where that of the batch is spent."""

    model_config = ConfigDict(extra="forbid")

    budget_usd: Dollars | None = None


@router.get("/batches")
def list_batches(
    request: Request,
    response: Response,
    service: Served,
    name: Annotated[Name | None, Query()] = None,
    status: BatchStatus | None = None,
    limit: Limit = SHOWN,
    cursor: Cursor = None,
) -> Page[Batch]:
    """All batches, the latest first."""
    before = begins_after(request, cursor)
    found = service.store.listing.batches(limit + 1, before, name=name, status=status)
    return page(request, response, limit, found, lambda line: line.id, Batch.of)


@router.get("/batches/{batch_id}", responses=responses(404))
def get_batch(service: Served, batch_id: Id) -> Batch:
    """One batch, with its files and tables by state."""
    return Batch.of(_line(service, batch_id))


@router.patch("/batches/{batch_id}", dependencies=[needs("submit")], responses=_STEERED)
def change_batch(service: Served, batch_id: Id, change: Change) -> Batch:
    """Change the priority of a batch, or its budget; what is not given stays."""
    line = _line(service, batch_id)
    changes: dict[str, object] = {}
    if "priority" in change.model_fields_set:
        changes["priority"] = change.priority
    if "budget_usd" in change.model_fields_set:
        changes["budget"] = None if change.budget_usd is None else Decimal(change.budget_usd)
    service.store.listing.change_batch(line.id, changes)
    return Batch.of(_line(service, batch_id))


@router.get("/batches/{batch_id}/items", responses=responses(404))
def list_items(
    request: Request,
    response: Response,
    service: Served,
    batch_id: Id,
    status: ItemStatus | None = None,
    limit: Limit = SHOWN,
    cursor: Cursor = None,
) -> Page[Item]:
    """The files of a batch, in the order of their entry."""
    after = begins_after(request, cursor)
    _line(service, batch_id)
    found = service.store.listing.items(batch_id, limit + 1, after, status=status)
    return page(request, response, limit, found, lambda record: record.id, Item.of)


@router.post("/batches/{batch_id}/cancel", dependencies=_STEER, responses=_STEERED)
def cancel_batch(service: Served, batch_id: Id) -> Changed:
    """Do nothing more for a batch. What is done stays; what another batch waits for goes on."""
    return _changed(service, batch_id, service.store.cancel_batch)


@router.post("/batches/{batch_id}/resume", dependencies=_STEER, responses=_STEERED)
def resume_batch(service: Served, batch_id: Id, resume: Resume | None = None) -> Changed:
    """Let a paused batch go on, with another budget if one is given; the number of files it was at."""
    given = resume.budget_usd if resume else None

    def go_on(name: str) -> int:
        documents = service.store.resume_batch(name, Decimal(given) if given else None)
        tell_workers(service.app, documents)
        return len(documents)

    return _changed(service, batch_id, go_on)


@router.post("/batches/{batch_id}/retry", dependencies=_STEER, responses=_STEERED)
def retry_batch(service: Served, batch_id: Id) -> Changed:
    """Try again what failed in a batch, and the documents whose tables were given up."""
    return _changed(service, batch_id, service.store.retry_batch)


def _line(service: Service, batch_id: int) -> BatchLine:
    if (line := service.store.listing.batch(batch_id)) is None:
        raise missing("batch", batch_id)
    return line


def _changed(service: Service, batch_id: int, act: Callable[[str], int]) -> Changed:
    files = act(_line(service, batch_id).name)
    tell_workers(service.app)
    return Changed(files=files, batch=Batch.of(_line(service, batch_id)))
