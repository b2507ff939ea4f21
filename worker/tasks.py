"""The steps of a document as Celery tasks: each takes an id, does one step and sends on what follows."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVarTuple, Unpack, cast

from celery import Task, shared_task
from tenacity import Retrying, retry_if_exception_type, stop_before_delay, wait_exponential_jitter

from schemas import Away
from worker import deferred, exporting, hooks, steps, telemetry
from worker.app import App
from worker.holding import holder, is_gone
from worker.queues import (
    ADVANCE,
    CANARY,
    CONCLUDE,
    CUT,
    DELIVER,
    FIRST,
    INGEST_ITEM,
    READ,
    SWEEP,
    USUAL,
    WRITE_EXPORT,
)

_DAY_S = 86_400
_PATIENCE_S = 300.0

Ids = TypeVarTuple("Ids")


def _patient(
    body: Callable[[Task[Any, Any], Unpack[Ids]], None],
) -> Callable[[Task[Any, Any], Unpack[Ids]], None]:
    """Do a task again and again while the database or the broker is away: every task may be repeated."""

    @wraps(body)
    def again(task: Task[Any, Any], *ids: *Ids) -> None:
        Retrying(
            retry=retry_if_exception_type(Away),
            wait=wait_exponential_jitter(multiplier=0.5, max=5),
            stop=stop_before_delay(_PATIENCE_S),
            reraise=True,
        )(body, task, *ids)

    return again


@shared_task(bind=True, name=INGEST_ITEM)
@_patient
def ingest_item(self: Task[Any, Any], item_id: int) -> None:
    """Ingest a file of a batch and have its document cut; where it ends here, the next file is sent."""
    app = _app(self)
    with app.holding.piece(("item", item_id)) as free, telemetry.task("ingest", item=item_id):
        if not free:
            return
        document_id = steps.ingest(app.store, app.settings, item_id, holder(str(self.request.id)))
    if document_id is None:
        app.dispatch()
        app.deliver()
    else:
        app.send(CUT, document_id, urgency=_own(self))


@shared_task(bind=True, name=CUT)
@_patient
def cut_document(self: Task[Any, Any], document_id: int) -> None:
    """Cut a document into chunks and have each read."""
    app = _app(self)
    with telemetry.task("cut", document=document_id):
        chunks = steps.cut_document(app.store, document_id)
    urgency = max(_own(self), app.store.urgency.of_documents([document_id]).get(document_id, FIRST))
    for chunk_id in chunks:
        app.send(READ, chunk_id, urgency=urgency)
    if not chunks:
        app.store.conclude_items(document_id)
    _conclude_if_read(self, document_id)


@shared_task(bind=True, name=READ)
@_patient
def read_chunk(self: Task[Any, Any], chunk_id: int) -> None:
    """Read one chunk, again after a pause where the model could not answer yet."""
    app = _app(self)
    with app.holding.piece(("chunk", chunk_id)) as free, telemetry.task("read", chunk=chunk_id):
        if not free:
            return
        done = steps.read(app.store, app.readers, app.settings, chunk_id, holder(str(self.request.id)))
    if done.deferred:
        app.dispatch()
    elif done.again_in is not None:
        app.send(READ, chunk_id, urgency=_own(self), pause_s=done.again_in)
    else:
        _conclude_if_read(self, done.document_id)


@shared_task(bind=True, name=CONCLUDE)
@_patient
def conclude_document(self: Task[Any, Any], document_id: int) -> None:
    """Reconcile, route and keep a document all of whose chunks are read, if no one else does."""
    app = _app(self)
    with app.holding.piece(("document", document_id)) as free:
        if free and app.store.claim_finalisation(
            document_id, holder(str(self.request.id)), steps.LEASE, is_gone
        ):
            with telemetry.task("conclude", document=document_id):
                steps.conclude_document(app.store, app.settings, document_id)
            app.memory.after_document()
    # Asked for again, as a worker may have died after the conclusion.
    app.store.conclude_items(document_id)
    app.dispatch()
    app.deliver()


@shared_task(bind=True, name=SWEEP)
@_patient
def sweep(self: Task[Any, Any]) -> None:
    """Send again what lost its message or its worker."""
    app = _app(self)
    app.store.conclude_ended()
    found = app.store.stuck(steps.LEASE, app.unsent(), is_gone)
    urgency = app.store.urgency
    for task, ids, urgencies in (
        (INGEST_ITEM, found.items, urgency.of_items(found.items)),
        (CUT, found.documents, urgency.of_documents(found.documents)),
        (READ, found.chunks, urgency.of_chunks(found.chunks)),
        (CONCLUDE, found.unconcluded, urgency.of_documents(found.unconcluded)),
    ):
        for each in ids:
            app.send(task, each, urgency=urgencies.get(each, FIRST))
    for export_id in app.store.exports.stuck(is_gone):
        app.send(WRITE_EXPORT, export_id)
    app.dispatch()
    app.deliver()


# Longer than a broker waits for an answer, and than other tasks may take: a sweep finds one that was lost.
@shared_task(bind=True, name=WRITE_EXPORT, acks_late=False, time_limit=_DAY_S)
@_patient
def write_export(self: Task[Any, Any], export_id: int) -> None:
    """Write an export, if no one else does."""
    app = _app(self)
    with telemetry.task("export", export=export_id):
        exporting.write(app.store, app.settings, export_id, holder(str(self.request.id)))
    app.deliver()


@shared_task(bind=True, name=DELIVER)
@_patient
def deliver(self: Task[Any, Any]) -> None:
    """Tell webhooks what they are to be told by now; what is left goes on in another task."""
    app = _app(self)
    with telemetry.task("deliver"):
        hooks.deliver(app.store, app.settings, holder(str(self.request.id)))
    app.deliver()


@shared_task(bind=True, name=ADVANCE)
@_patient
def advance_jobs(self: Task[Any, Any]) -> None:
    """Send and collect requests to a model that can wait, and have read on what need not wait any more."""
    app = _app(self)
    with telemetry.task("jobs"):
        free = deferred.advance(app.store, app.settings, holder(str(self.request.id)), is_gone)
    urgency = app.store.urgency.of_chunks(free)
    for chunk_id in free:
        app.send(READ, chunk_id, urgency=urgency.get(chunk_id, USUAL))


@shared_task(bind=True, name=CANARY)
@_patient
def canary(self: Task[Any, Any], queue: str) -> None:
    """Prove that a queue is served."""
    _app(self).store.beat(queue)


def _conclude_if_read(task: Task[Any, Any], document_id: int) -> None:
    app = _app(task)
    if app.store.is_read(document_id):
        app.send(CONCLUDE, document_id, urgency=_own(task))


def _own(task: Task[Any, Any]) -> int:
    """How urgent the message is that brought a task; what comes of it is as urgent."""
    priority = (task.request.delivery_info or {}).get("priority")
    return USUAL if priority is None else _app(task).rank(priority)


def _app(task: Task[Any, Any]) -> App:
    return cast("App", task.app)
