"""The steps of a document as Celery tasks: each takes an id, does one step and sends on what follows."""

from __future__ import annotations

from typing import Any, cast

from celery import Task, shared_task

from worker import steps, telemetry
from worker.app import CANARY, CONCLUDE, CUT, INGEST_ITEM, READ, SWEEP, App


@shared_task(bind=True, name=INGEST_ITEM)
def ingest_item(self: Task[Any, Any], item_id: int) -> None:
    """Ingest a file of a batch and have its document cut; where it ends here, the next file is sent."""
    app = _app(self)
    with telemetry.task("ingest", item=item_id):
        document_id = steps.ingest(app.store, app.settings, item_id, str(self.request.id))
    if document_id is None:
        app.dispatch()
    else:
        app.send(CUT, document_id)


@shared_task(bind=True, name=CUT)
def cut_document(self: Task[Any, Any], document_id: int) -> None:
    """Cut a document into chunks and have each read."""
    app = _app(self)
    with telemetry.task("cut", document=document_id):
        chunks = steps.cut_document(app.store, document_id)
    for chunk_id in chunks:
        app.send(READ, chunk_id)
    if not chunks:
        app.store.conclude_items(document_id)
    _conclude_if_read(self, document_id)


@shared_task(bind=True, name=READ, max_retries=None)
def read_chunk(self: Task[Any, Any], chunk_id: int) -> None:
    """Read one chunk, again after a pause where the model could not answer yet."""
    app = _app(self)
    with telemetry.task("read", chunk=chunk_id):
        done = steps.read(app.store, app.readers, app.settings, chunk_id, str(self.request.id))
    if done.again_in is not None:
        raise self.retry(countdown=done.again_in)
    _conclude_if_read(self, done.document_id)


@shared_task(bind=True, name=CONCLUDE)
def conclude_document(self: Task[Any, Any], document_id: int) -> None:
    """Reconcile, route and keep a document all of whose chunks are read, if no one else does."""
    app = _app(self)
    if app.store.claim_finalisation(document_id, str(self.request.id), steps.lease(app.settings)):
        with telemetry.task("conclude", document=document_id):
            steps.conclude_document(app.store, app.settings, document_id)
        app.store.conclude_items(document_id)
        app.dispatch()


@shared_task(bind=True, name=SWEEP)
def sweep(self: Task[Any, Any]) -> None:
    """Send again what lost its message or its worker."""
    app = _app(self)
    app.store.conclude_ended()
    found = app.store.stuck(steps.lease(app.settings))
    for task, ids in (
        (INGEST_ITEM, found.items),
        (CUT, found.documents),
        (READ, found.chunks),
        (CONCLUDE, found.unconcluded),
    ):
        for each in ids:
            app.send(task, each)
    app.dispatch()


@shared_task(bind=True, name=CANARY)
def canary(self: Task[Any, Any], queue: str) -> None:
    """Prove that a queue is served."""
    _app(self).store.beat(queue)


def _conclude_if_read(task: Task[Any, Any], document_id: int) -> None:
    app = _app(task)
    if app.store.is_read(document_id):
        app.send(CONCLUDE, document_id)


def _app(task: Task[Any, Any]) -> App:
    return cast("App", task.app)
