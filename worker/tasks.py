"""The steps of a document as Celery tasks: each takes an id, does one step and sends on what follows."""

from __future__ import annotations

from typing import Any, cast

from celery import Task, shared_task

from worker import steps
from worker.app import CONCLUDE, CUT, READ, SWEEP, App


@shared_task(bind=True, name=CUT)
def cut_document(self: Task[Any, Any], document_id: int) -> None:
    """Cut a document into chunks and have each read."""
    app = _app(self)
    for chunk_id in steps.cut_document(app.store, document_id):
        app.send(READ, chunk_id)
    _conclude_if_read(self, document_id)


@shared_task(bind=True, name=READ, max_retries=None)
def read_chunk(self: Task[Any, Any], chunk_id: int) -> None:
    """Read one chunk, again after a pause where the model could not answer yet."""
    app = _app(self)
    done = steps.read(app.store, app.readers, app.settings, chunk_id, str(self.request.id))
    if done.again_in is not None:
        raise self.retry(countdown=done.again_in)
    _conclude_if_read(self, done.document_id)


@shared_task(bind=True, name=CONCLUDE)
def conclude_document(self: Task[Any, Any], document_id: int) -> None:
    """Reconcile, route and keep a document all of whose chunks are read, if no one else does."""
    app = _app(self)
    if app.store.claim_finalisation(document_id, str(self.request.id), steps.lease(app.settings)):
        steps.conclude_document(app.store, app.settings, document_id)


@shared_task(bind=True, name=SWEEP)
def sweep(self: Task[Any, Any]) -> None:
    """Send again what lost its message or its worker."""
    app = _app(self)
    found = app.store.stuck(steps.lease(app.settings))
    for task, ids in ((CUT, found.documents), (READ, found.chunks), (CONCLUDE, found.unconcluded)):
        for each in ids:
            app.send(task, each)


def _conclude_if_read(task: Task[Any, Any], document_id: int) -> None:
    app = _app(task)
    if app.store.is_read(document_id):
        app.send(CONCLUDE, document_id)


def _app(task: Task[Any, Any]) -> App:
    return cast("App", task.app)
