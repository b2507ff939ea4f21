"""Whether work gets done, what it cost, what is measured, and the kinds of tables."""

from __future__ import annotations

from fastapi import APIRouter, Response

from schemas import kinds
from worker.desk.api.problems import responses
from worker.desk.api.service import Served
from worker.desk.api.shapes import Kind, PartShape, Readiness, Spent
from worker.queues import QUEUES
from worker.telemetry import health, metrics

router = APIRouter(tags=["service"])


@router.get("/ready", response_model=Readiness, responses={503: {"model": Readiness}})
def get_readiness(service: Served) -> Response:
    """Whether all that the service needs works: database, blobs, broker, and workers on every queue."""
    broker = service.app if service.settings.broker_url else None
    parts = health.readiness(service.store, broker, QUEUES, works_here=service.is_working())
    ready = all(part.ready for part in parts)
    body = Readiness(ready=ready, parts=[PartShape(**part._asdict()) for part in parts])
    return Response(body.model_dump_json(), 200 if ready else 503, media_type="application/json")


@router.get(
    "/metrics",
    response_class=Response,
    responses={**responses(503), 200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
def get_metrics(service: Served) -> Response:
    """All metrics, in the text format of Prometheus."""
    text, media_type = metrics.exposition(service.store)
    return Response(text, media_type=media_type)


@router.get("/usage")
def get_usage(service: Served) -> Spent:
    """What calls to a model came to, all documents together."""
    return Spent.of(service.store.usage())


@router.get("/kinds")
def list_kinds() -> list[Kind]:
    """The kinds of tables that are known, your own ones among them."""
    return [
        Kind(
            kind=name,
            description=model.description or (model.__doc__ or "").strip().split("\n")[0],
            sides=list(model.sides),
            columns=list(model.row_type().column_infos()),
            rules=[rule.id for rule in model.rules],
        )
        for name, model in kinds().items()
    ]
