"""Tasks and queues: what is sent by which name, where it waits, how urgent it is, and Celery's configuration for it.

The broker carries ids and nothing else; what is true stands in the store.
"""

from __future__ import annotations

import ssl
from typing import Any
from urllib.parse import urlsplit

from kombu import Exchange, Queue

from worker.settings import Settings
from worker.steps import LONGEST_PAUSE_S, hard_limit

INGEST, LLM, RECONCILE, EXPORT = "ingest", "llm", "reconcile", "export"
QUEUES = (INGEST, LLM, RECONCILE, EXPORT)
"""The queues, each for its kind of work: parsing, waiting for a model, solving, and what leaves the house."""

USUAL, FIRST = 5, 10
"""How urgent a message is, from 1: those of a batch as its priority says, what a person waits for goes first."""

INGEST_ITEM, CUT, READ, CONCLUDE, SWEEP, CANARY, WRITE_EXPORT, DELIVER = (
    "gouji.ingest_item",
    "gouji.cut_document",
    "gouji.read_chunk",
    "gouji.conclude_document",
    "gouji.sweep",
    "gouji.canary",
    "gouji.write_export",
    "gouji.deliver",
)
ADVANCE = "gouji.advance_jobs"
_ROUTES = {INGEST_ITEM: INGEST, CUT: INGEST, READ: LLM, CONCLUDE: RECONCILE, SWEEP: INGEST}
_ROUTES |= {WRITE_EXPORT: EXPORT, DELIVER: EXPORT, ADVANCE: LLM}
RANK = {CUT: 0, CONCLUDE: 1, READ: 2, INGEST_ITEM: 3, SWEEP: 4, DELIVER: 5, WRITE_EXPORT: 6, ADVANCE: 7}
"""Which goes first of those in line that are as urgent: it is to be known early how much there is to read."""

_SWEEP_S = 60.0
_CANARY_S = 60.0


def is_redis(url: str | None) -> bool:
    """Whether a broker is Redis, which gives out the lowest priority first; RabbitMQ gives out the highest."""
    return (url or "").startswith(("redis", "sentinel"))


def configuration(settings: Settings) -> dict[str, Any]:
    """How Celery is to work for these settings."""
    limit = hard_limit(settings).total_seconds()
    names = {queue: settings.queue_prefix + queue for queue in QUEUES}
    first = 0 if is_redis(settings.broker_url) else FIRST
    return {
        "broker_url": settings.broker_url,
        "broker_use_ssl": _checked(settings.broker_url),
        "broker_connection_retry_on_startup": True,
        "broker_transport_options": {
            # Redis delivers again what is not acknowledged in this time; a running or waiting task must not be.
            "visibility_timeout": int(limit + LONGEST_PAUSE_S + 60),
            "priority_steps": list(range(FIRST)),
            # What RabbitMQ has not said it has may be lost with it.
            **({} if is_redis(settings.broker_url) else {"confirm_publish": True}),
        },
        "accept_content": ["json"],
        "task_serializer": "json",
        "task_ignore_result": True,
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        "task_time_limit": int(limit),
        "worker_prefetch_multiplier": 1,
        "worker_cancel_long_running_tasks_on_connection_loss": True,
        "worker_hijack_root_logger": False,
        "task_queues": [
            Queue(name, Exchange(name), routing_key=name, max_priority=FIRST) for name in names.values()
        ],
        "task_default_queue": names[INGEST],
        "task_default_exchange": names[INGEST],
        "task_default_routing_key": names[INGEST],
        "task_routes": {task: {"queue": names[queue]} for task, queue in _ROUTES.items()},
        "beat_schedule": {
            "sweep": {"task": SWEEP, "schedule": _SWEEP_S, "options": {"priority": first}},
            "jobs": {
                "task": ADVANCE,
                "schedule": settings.job_poll_s,
                "options": {"priority": first, "expires": max(1.0, settings.job_poll_s)},
            },
            **{
                f"canary of {queue}": {
                    "task": CANARY,
                    "schedule": _CANARY_S,
                    "args": (queue,),
                    "options": {"queue": name, "expires": _CANARY_S, "priority": first},
                }
                for queue, name in names.items()
            },
        },
    }


def _checked(url: str | None) -> dict[str, Any] | None:
    """By what the certificate of RabbitMQ is checked, whose URL cannot say so: the authorities of the system, or
    those of SSL_CERT_FILE. Redis is told by its URL.
    """
    parts = urlsplit(url or "")
    if parts.scheme != "amqps":
        return None
    authorities = ssl.get_default_verify_paths().cafile
    return {"cert_reqs": ssl.CERT_REQUIRED, "ca_certs": authorities, "server_hostname": parts.hostname}
