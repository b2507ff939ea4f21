"""`gouji worker`: take what is queued on the broker."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from worker.cli.console import stop

if TYPE_CHECKING:
    from worker.settings import Settings


class Served(StrEnum):
    """The queues; Typer takes a list of choices only as an enumeration."""

    INGEST = "ingest"
    LLM = "llm"
    RECONCILE = "reconcile"
    EXPORT = "export"


def _work_here(settings: Settings, until_done: bool, threads: int | None) -> None:
    from worker.batch import serve
    from worker.store import Store

    with Store.open(settings) as store, suppress(KeyboardInterrupt):
        serve(store, settings, until_done=until_done, threads=threads)


def work(
    queue: Annotated[
        list[Served] | None,
        typer.Option("--queue", "-q", help="Serve only this queue; may be given again.", show_default=False),
    ] = None,
    concurrency: Annotated[
        int | None,
        typer.Option("--concurrency", "-c", min=1, help="Tasks at a time; by default GOUJI_CONCURRENCY."),
    ] = None,
    pool: Annotated[
        Literal["threads", "prefork"],
        typer.Option("--pool", help="threads for waiting for a model, prefork for parsing and solving."),
    ] = "threads",
    metrics_port: Annotated[
        int | None,
        typer.Option(
            "--metrics-port", min=1, max=65535, help="Answer Prometheus at this port.", show_default=False
        ),
    ] = None,
    until_done: Annotated[
        bool, typer.Option("--until-done", help="Without a broker: end when no batch is left.")
    ] = False,
) -> None:
    """Work on what is queued, until stopped: on the broker that GOUJI_BROKER_URL names, or without one by itself."""
    from worker.settings import load_settings
    from worker.telemetry import configure, metrics, traces

    settings = load_settings(metrics_port=metrics_port)
    configure(settings)
    traces.configure(settings)
    if not settings.broker_url:
        if queue:
            stop("--queue: there are no queues without a broker; set GOUJI_BROKER_URL")
        _work_here(settings, until_done, concurrency)
        return
    if until_done:
        stop("--until-done: workers over a broker work until they are stopped")
    from worker.app import make_app
    from worker.queues import QUEUES

    queues = ",".join(settings.queue_prefix + name for name in queue or QUEUES)
    if settings.metrics_port:
        from worker.store import Store

        metrics.serve(Store.open(settings), settings.metrics_port)
    # The scheduler may still write there when the worker has ended; that is no failure of the worker.
    with tempfile.TemporaryDirectory(prefix="gouji-worker-", ignore_cleanup_errors=True) as folder:
        app = make_app(settings)
        app.declare()
        app.worker_main(
            [
                "worker",
                f"--pool={pool}",
                f"--concurrency={concurrency or settings.concurrency}",
                f"--queues={queues}",
                f"--hostname=gouji-{os.getpid()}@%h",
                "--loglevel=warning",
                "--without-mingle",
                "--without-gossip",
                # Lost messages are found by a task that someone has to send now and then.
                "--beat",
                f"--schedule={folder}/beat",
            ]
        )
