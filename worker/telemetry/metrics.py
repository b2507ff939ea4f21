"""Metrics for Prometheus: what the store holds, asked at each scrape, and what this process has timed.

Without the package prometheus_client nothing is counted. A prefork pool counts in its children, which the
port of their parent does not show: serve times from a pool of threads.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, NamedTuple, Protocol

from schemas.errors import ConfigError

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry, Gauge, Histogram
    from prometheus_client.metrics_core import Metric

_SECONDS = (0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600)


class StoreTotals(Protocol):
    """What the store holds in all, each mapping from a state or outcome to a number."""

    @property
    def items(self) -> Mapping[str, int]: ...
    @property
    def documents(self) -> Mapping[str, int]: ...
    @property
    def chunks(self) -> Mapping[str, int]: ...
    @property
    def tables(self) -> Mapping[str, int]: ...
    @property
    def calls(self) -> Mapping[str, int]: ...
    @property
    def batches(self) -> Mapping[str, int]: ...
    @property
    def prompt_tokens(self) -> int: ...
    @property
    def completion_tokens(self) -> int: ...
    @property
    def cost_usd(self) -> Decimal: ...
    @property
    def oldest_waiting_s(self) -> float | None: ...


class Counted(Protocol):
    """A store that can be asked for its totals."""

    def totals(self) -> StoreTotals: ...


def exposition(store: Counted) -> tuple[bytes, str]:
    """All metrics in the text format of Prometheus, and its content type. Raises ConfigError without the extra."""
    _need()
    from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

    return generate_latest(_registry(store)), CONTENT_TYPE_LATEST


def serve(store: Counted, port: int, host: str = "127.0.0.1") -> int:
    """Answer scrapes at a port, in a thread of its own; 0 takes a free one. Returns the port.

    Raises ConfigError without the extra, or where the port is taken.
    """
    _need()
    from prometheus_client import start_http_server

    try:
        server, _thread = start_http_server(port, host, _registry(store))
    except OSError as error:
        raise ConfigError(
            f"GOUJI_METRICS_PORT: {host}:{port} cannot be used ({error.strerror}); name another port"
        ) from None
    return int(server.server_port)


@contextmanager
def timed_task(name: str) -> Iterator[None]:
    """Time a task by name and outcome: ok, or the class of the error that ends it."""
    kept = _kept()
    if kept is None:
        yield
        return
    begin, outcome = time.perf_counter(), "ok"
    kept.in_flight.labels(name).inc()
    try:
        yield
    except BaseException as error:
        outcome = type(error).__name__
        raise
    finally:
        kept.in_flight.labels(name).dec()
        kept.tasks.labels(name, outcome).observe(time.perf_counter() - begin)


def model_call(outcome: str, seconds: float) -> None:
    """Count a call to a model by its outcome and how long it took."""
    if (kept := _kept()) is not None:
        kept.calls.labels(outcome).observe(seconds)


def _need() -> None:
    if _kept() is None:
        raise ConfigError("metrics: prometheus_client is not installed; pip install 'gouji[telemetry]'")


class _Kept(NamedTuple):
    """What this process has timed."""

    registry: CollectorRegistry
    tasks: Histogram
    calls: Histogram
    in_flight: Gauge


@cache
def _kept() -> _Kept | None:
    try:
        from prometheus_client import CollectorRegistry, Gauge, Histogram
    except ModuleNotFoundError:
        return None
    registry = CollectorRegistry()
    return _Kept(
        registry,
        Histogram(
            "gouji_task_seconds",
            "Seconds of each task.",
            ("task", "outcome"),
            buckets=_SECONDS,
            registry=registry,
        ),
        Histogram(
            "gouji_model_call_seconds",
            "Seconds of each call to a model.",
            ("outcome",),
            buckets=_SECONDS,
            registry=registry,
        ),
        Gauge("gouji_tasks_in_flight", "Tasks at work in this process.", ("task",), registry=registry),
    )


def _registry(store: Counted) -> CollectorRegistry:
    """The store's totals and this process's own metrics as one."""
    from prometheus_client import CollectorRegistry

    kept = _kept()
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_OfStore(store))
    if kept is not None:
        registry.register(kept.registry)
    return registry


class _OfStore:
    """Asks the store at each scrape, so that every process tells the same."""

    def __init__(self, store: Counted) -> None:
        self._store = store

    def describe(self) -> list[Metric]:
        """Nothing: the store is not asked before the first scrape."""
        return []

    def collect(self) -> Iterator[Metric]:
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        totals = self._store.totals()
        for name, what, numbers in (
            ("gouji_items", "Files of batches", totals.items),
            ("gouji_documents", "Documents", totals.documents),
            ("gouji_open_chunks", "Chunks not yet read", totals.chunks),
            ("gouji_tables", "Tables", totals.tables),
            ("gouji_batches", "Batches", totals.batches),
        ):
            gauge = GaugeMetricFamily(name, f"{what} by state.", labels=("state",))
            for state, number in sorted(numbers.items()):
                gauge.add_metric((state,), number)
            yield gauge
        calls = CounterMetricFamily("gouji_model_calls", "Calls to models by outcome.", labels=("outcome",))
        for outcome, number in sorted(totals.calls.items()):
            calls.add_metric((outcome,), number)
        yield calls
        tokens = CounterMetricFamily("gouji_tokens", "Tokens of calls to models.", labels=("kind",))
        tokens.add_metric(("prompt",), totals.prompt_tokens)
        tokens.add_metric(("completion",), totals.completion_tokens)
        yield tokens
        yield CounterMetricFamily(
            "gouji_cost_usd", "Cost of calls to models, in US dollars.", value=float(totals.cost_usd)
        )
        if (share := _accepted(totals.tables)) is not None:
            yield GaugeMetricFamily(
                "gouji_accepted_ratio",
                "Share of tables accepted, of those accepted or in review.",
                value=share,
            )
        yield GaugeMetricFamily(
            "gouji_oldest_waiting_seconds",
            "Age of the item that waits longest.",
            value=totals.oldest_waiting_s or 0,
        )


def _accepted(tables: Mapping[str, int]) -> float | None:
    accepted, review = tables.get("accepted", 0), tables.get("review", 0)
    return accepted / (accepted + review) if accepted + review else None
