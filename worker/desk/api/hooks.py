"""Webhooks: who is told of what, and what became of the messages."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, HTTPException, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from schemas import InputError
from worker import hooks
from worker.desk.api.once import OnceRoute
from worker.desk.api.paging import SHOWN, Cursor, Limit, Page, begins_after, page
from worker.desk.api.problems import missing, responses
from worker.desk.api.service import Id, Served, needs
from worker.store.hooks import DeliveryRecord, HookRecord

router = APIRouter(tags=["webhooks"], route_class=OnceRoute, dependencies=[needs("admin")])

Event = Literal[
    "batch.done", "batch.paused", "document.done", "document.failed", "export.done", "export.failed"
]


class Registration(BaseModel):
    """Where a webhook is, and what it is told of."""

    model_config = ConfigDict(extra="forbid")

    url: Annotated[str, Field(min_length=1, max_length=2000)]
    events: Annotated[list[Event], Field(min_length=1, max_length=6)]


class Webhook(BaseModel):
    """A webhook. A disabled one is told nothing; `reason` says why."""

    id: int
    url: str
    events: list[str]
    status: Literal["active", "disabled"]
    reason: str
    failing_since: datetime | None
    added_at: datetime

    @classmethod
    def of(cls, record: HookRecord) -> Webhook:
        """As the store tells it."""
        return cls.model_validate(record, from_attributes=True)


class NewWebhook(Webhook):
    """A webhook with the secret that signs what it is told: shown this once."""

    secret: str


class Delivery(BaseModel):
    """A message. `message` is its `webhook-id`; `code` the status of the last answer."""

    id: int
    message: str
    event: str
    status: Literal["waiting", "sending", "delivered", "given_up"]
    attempts: int
    code: int | None
    error: str
    next_at: datetime
    added_at: datetime

    @classmethod
    def of(cls, record: DeliveryRecord) -> Delivery:
        """As the store tells it."""
        return cls.model_validate(record, from_attributes=True)


# Not repeatable: the answer under a key is kept, and this one holds a secret.
@router.post("/webhooks", status_code=201, responses=responses(400, 413))
def register_webhook(service: Served, response: Response, wanted: Registration) -> NewWebhook:
    """Register a webhook; the answer holds its secret."""
    try:
        record, secret = hooks.register(
            service.store, service.settings, wanted.url, tuple(dict.fromkeys(wanted.events))
        )
    except InputError as error:
        raise HTTPException(422, str(error)) from None
    response.headers["location"] = f"/api/v1/webhooks/{record.id}"
    return NewWebhook(**Webhook.of(record).model_dump(), secret=secret)


@router.get("/webhooks")
def list_webhooks(
    request: Request, response: Response, service: Served, limit: Limit = SHOWN, cursor: Cursor = None
) -> Page[Webhook]:
    """All webhooks."""
    found = service.store.hooks.all(begins_after(request, cursor), limit + 1)
    return page(request, response, limit, found, lambda record: record.id, Webhook.of)


@router.get("/webhooks/{webhook_id}", responses=responses(404))
def get_webhook(service: Served, webhook_id: Id) -> Webhook:
    """One webhook."""
    try:
        return Webhook.of(service.store.hooks.get(webhook_id))
    except InputError:
        raise missing("webhook", webhook_id) from None


@router.delete("/webhooks/{webhook_id}", status_code=204, responses=responses(404))
def remove_webhook(service: Served, webhook_id: Id) -> None:
    """Tell a webhook nothing more."""
    try:
        service.store.hooks.remove(webhook_id)
    except InputError:
        raise missing("webhook", webhook_id) from None


@router.post("/webhooks/{webhook_id}/enable", responses=responses(404))
def enable_webhook(service: Served, webhook_id: Id) -> Webhook:
    """Let a disabled webhook be told again."""
    try:
        return Webhook.of(service.store.hooks.enable(webhook_id))
    except InputError:
        raise missing("webhook", webhook_id) from None


@router.post("/webhooks/{webhook_id}/test", status_code=202, responses=responses(404))
def test_webhook(service: Served, webhook_id: Id) -> Delivery:
    """Have a message sent to a webhook, to see whether it arrives."""
    try:
        record = service.store.hooks.test(webhook_id)
    except InputError:
        raise missing("webhook", webhook_id) from None
    if service.settings.broker_url:
        service.app.deliver()
    return Delivery.of(record)


@router.get("/webhooks/{webhook_id}/deliveries", responses=responses(404))
def list_deliveries(
    request: Request,
    response: Response,
    service: Served,
    webhook_id: Id,
    limit: Limit = SHOWN,
    cursor: Cursor = None,
) -> Page[Delivery]:
    """The messages to a webhook, the latest first."""
    try:
        found = service.store.hooks.deliveries(webhook_id, begins_after(request, cursor), limit + 1)
    except InputError:
        raise missing("webhook", webhook_id) from None
    return page(request, response, limit, found, lambda record: record.id, Delivery.of)
