"""What a running service tells of itself: logs, metrics, traces and health.

Identifiers, durations and outcomes go out; the text of documents, keys and answers of models never do.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from worker.telemetry import metrics, traces
from worker.telemetry.logs import bound, configure

__all__ = ["bound", "configure", "task"]


@contextmanager
def task(name: str, **ids: int | str) -> Iterator[None]:
    """Time a task by name and outcome; records and spans made within carry `ids` (document, chunk, id, …)."""
    with bound(task=name, **ids), traces.span(f"task {name}", **ids), metrics.timed_task(name):
        yield
