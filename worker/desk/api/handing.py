"""Handing files in: one file or archive as a form, or, for who may, what lies behind an s3:// address."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from starlette.concurrency import run_in_threadpool

from worker.archive import ENDINGS
from worker.archive.names import shown
from worker.batch import HIGHEST, LOWEST
from worker.desk.api.entering import Addresses, Files, Upload
from worker.desk.api.multipart import Form, receive
from worker.desk.api.once import OnceRoute, once
from worker.desk.api.problems import missing, responses
from worker.desk.api.service import REPEATABLE, Name, Served, Service, needs
from worker.desk.api.shapes import Batch

Dollars = Annotated[
    str,
    StringConstraints(pattern=r"^([1-9][0-9]{0,5}(\.[0-9]{1,6})?|0\.[0-9]{0,5}[1-9])$"),
    Field(description="US dollars, such as 12.50", examples=["12.50"]),
]
Priority = Annotated[
    int, Field(ge=LOWEST, le=HIGHEST, description="Each step doubles the share of the workers.")
]
_S3 = Annotated[str, StringConstraints(pattern=r"^s3://[^\x00-\x20\x7f-\x9f]{1,1000}$")]


class Order(BaseModel):
    """How a batch is to be done; by default named after the file, with priority 5, without a bound."""

    model_config = ConfigDict(extra="forbid")

    name: Name | None = None
    priority: Priority | None = None
    budget_usd: Dollars | None = None


class Fetch(Order):
    """The same, and where its files lie: objects, folders or patterns on S3."""

    urls: list[_S3] = Field(min_length=1, max_length=100)


async def begin(service: Service, order: Order, name: str, files: Files) -> Response:
    """Open the batch and have its files entered; answered as soon as the batch is there."""

    def enter() -> Batch:
        budget = Decimal(order.budget_usd) if order.budget_usd else None
        batch_id = service.store.enter_batch(order.name or name, order.priority, budget)
        service.entering.begin(batch_id, files)
        if (line := service.store.listing.batch(batch_id)) is None:
            raise missing("batch", batch_id)
        return Batch.of(line)

    batch = await run_in_threadpool(enter)
    headers = {"location": f"/api/v1/batches/{batch.id}"}
    return Response(batch.model_dump_json(), 202, headers, "application/json")


uploads = APIRouter(tags=["batches"])
"""Its bodies are larger than all others, and are bounded where they are received."""

_FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "string", "format": "binary"},
                        "name": {"type": "string", "minLength": 1, "maxLength": 200},
                        "priority": {"type": "integer", "minimum": LOWEST, "maximum": HIGHEST},
                        "budget_usd": {"type": "string"},
                    },
                    "additionalProperties": False,
                }
            }
        },
    }
}


@uploads.post(
    "/batches",
    status_code=202,
    response_model=Batch,
    dependencies=[needs("submit"), REPEATABLE],
    responses=responses(400, 409, 413, 415),
    openapi_extra=_FORM,
)
async def hand_in(request: Request, service: Served) -> Response:
    """Hand in a file, or an archive of any number of files, as a batch.

    The answer comes when the bytes are here; its files are entered after it, until `entered` is true. The same
    file given again is not entered twice: what was interrupted is simply sent again.
    """
    settings = service.settings
    form = await receive(
        request.stream(),
        request.headers.get("content-type", ""),
        settings.home / "uploads",
        settings.max_unpacked,
    )
    name = shown(form.name.replace("\\", "/").rpartition("/")[2])
    handed = False

    async def act() -> Response:
        nonlocal handed
        answer = await begin(service, order, _stem(name), Upload(form.file, name, form.size))
        handed = True
        return answer

    try:
        order = _order(form)
        return await once(request, form.digest, act)
    finally:
        if not handed:
            form.file.close()


def _order(form: Form) -> Order:
    try:
        return Order.model_validate_strings(form.fields)
    except ValidationError as error:
        faults = [{**item, "loc": ("body", *item["loc"])} for item in error.errors()]
        raise RequestValidationError(faults) from None


def _stem(name: str) -> str:
    ending = next(
        (each for each in sorted(ENDINGS, key=len, reverse=True) if name.lower().endswith(each)), ""
    )
    return (name.removesuffix(name[len(name) - len(ending) :]) if ending else name)[:200] or "files"


router = APIRouter(tags=["batches"], route_class=OnceRoute)


@router.post(
    "/batches/fetch",
    status_code=202,
    response_model=Batch,
    dependencies=[needs("admin"), REPEATABLE],
    responses=responses(400, 409, 413),
)
async def fetch(service: Served, order: Fetch) -> Response:
    """Have files on S3 read as a batch, with the keys of the server. Paths of the server are never followed."""
    name = order.urls[0].rstrip("/").rpartition("/")[2]
    return await begin(service, order, _stem(shown(name)), Addresses(order.urls, "s3"))
