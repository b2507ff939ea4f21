"""Exports: asked for, waited for, fetched as one ZIP file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime
from typing import Annotated, BinaryIO, Literal

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from schemas import InputError
from worker import exporting
from worker.desk.api.once import OnceRoute
from worker.desk.api.paging import SHOWN, Cursor, Limit, Page, begins_after, page
from worker.desk.api.problems import missing, responses
from worker.desk.api.service import REPEATABLE, Id, Name, Served, Service
from worker.queues import FIRST, WRITE_EXPORT
from worker.store.exports import ExportRecord

router = APIRouter(tags=["exports"], route_class=OnceRoute)

Format = Literal["csv", "json", "xlsx", "parquet"]
_PIECE = 1 << 16


class Wish(BaseModel):
    """What is to be exported: the documents of a batch by its name, or all. CSV is always there."""

    model_config = ConfigDict(extra="forbid")

    batch: Name | None = None
    formats: Annotated[list[Format], Field(min_length=1, max_length=4)] = ["csv"]


class Export(BaseModel):
    """An export. `done` of `total` documents are written; `size` is that of its file in bytes, once it is done."""

    id: int
    batch: str | None
    formats: list[str]
    status: Literal["queued", "running", "done", "failed"]
    reason: str
    done: int
    total: int
    size: int | None
    added_at: datetime
    touched_at: datetime

    @classmethod
    def of(cls, record: ExportRecord) -> Export:
        """As the store tells it."""
        return cls.model_validate(record, from_attributes=True)


@router.post("/exports", status_code=202, dependencies=[REPEATABLE], responses=responses(400, 409, 413))
def ask_for_export(service: Served, response: Response, wish: Wish) -> Export:
    """Ask for an export. It is written by a worker; earlier ones are removed after their time."""
    exporting.expire(service.store, service.settings)
    record = service.store.exports.ask(tuple(dict.fromkeys(wish.formats)), wish.batch)
    if service.settings.broker_url:
        service.app.send(WRITE_EXPORT, record.id, urgency=FIRST)
    response.headers["location"] = f"/api/v1/exports/{record.id}"
    return Export.of(record)


@router.get("/exports")
def list_exports(
    request: Request, response: Response, service: Served, limit: Limit = SHOWN, cursor: Cursor = None
) -> Page[Export]:
    """All exports, the latest first."""
    found = service.store.exports.latest(begins_after(request, cursor), limit + 1)
    return page(request, response, limit, found, lambda record: record.id, Export.of)


@router.get("/exports/{export_id}", responses=responses(404))
def get_export(service: Served, export_id: Id) -> Export:
    """One export, and how far it is."""
    return Export.of(_record(service, export_id))


@router.get(
    "/exports/{export_id}/file",
    response_class=StreamingResponse,
    responses={
        **responses(404, 409),
        200: {"content": {exporting.MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}}},
    },
)
def get_export_file(service: Served, export_id: Id) -> StreamingResponse:
    """The file of an export that is done."""
    record = _record(service, export_id)
    opened = ExitStack()
    try:
        file = opened.enter_context(exporting.opened(service.settings, record))
    except FileNotFoundError:
        raise missing("file of export", export_id) from None
    headers = {
        "content-disposition": f'attachment; filename="gouji-export-{record.id}.zip"',
        "content-length": str(record.size),
    }
    return StreamingResponse(_pieces(file, opened), media_type=exporting.MEDIA_TYPE, headers=headers)


def _pieces(file: BinaryIO, opened: ExitStack) -> Iterator[bytes]:
    with opened:
        while piece := file.read(_PIECE):
            yield piece


def _record(service: Service, export_id: int) -> ExportRecord:
    try:
        return service.store.exports.get(export_id)
    except InputError:
        raise missing("export", export_id) from None
