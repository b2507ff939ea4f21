"""`gouji worker`: take what is queued on the broker."""

from __future__ import annotations

import os
import tempfile
from enum import StrEnum
from typing import Annotated, Literal

import typer

from worker.cli.console import stop


class Served(StrEnum):
    """The queues; Typer takes a list of choices only as an enumeration."""

    INGEST = "ingest"
    LLM = "llm"
    RECONCILE = "reconcile"


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
) -> None:
    """Work on what is queued on the broker that GOUJI_BROKER_URL names, until stopped."""
    from worker.settings import load_settings

    settings = load_settings()
    if not settings.broker_url:
        stop("GOUJI_BROKER_URL is not set; without a broker gouji extract reads in its own process")
    from worker.app import QUEUES, make_app

    queues = ",".join(settings.queue_prefix + name for name in queue or QUEUES)
    with tempfile.TemporaryDirectory(prefix="gouji-worker-") as folder:
        make_app(settings).worker_main(
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
