"""Spans by OpenTelemetry, sent where OTEL_EXPORTER_OTLP_ENDPOINT says; nothing at all where they are off."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from schemas.errors import ConfigError

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer

_tracer: Tracer | None = None


class TraceSettings(Protocol):
    """The setting that tracing reads: whether spans are made."""

    @property
    def traces(self) -> bool: ...


def configure(settings: TraceSettings) -> None:
    """Begin to send spans if the settings say so. Raises ConfigError where the extra is missing."""
    global _tracer  # noqa: PLW0603 - one tracer a process, as OpenTelemetry has it
    if not settings.traces or _tracer is not None:
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"GOUJI_TRACES: {error.name} is not installed; pip install 'gouji[telemetry]', or unset it"
        ) from None
    provider = TracerProvider(resource=Resource.create({"service.name": "gouji"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    _tracer = provider.get_tracer("gouji")


@contextmanager
def span(name: str, **attributes: int | str) -> Iterator[None]:
    """A span over what is done within. Attributes are identifiers and names, never text of a document."""
    if _tracer is None:
        yield
        return
    from opentelemetry.trace import StatusCode

    named = {f"gouji.{key}": value for key, value in attributes.items()}
    # The message and traceback of an error may quote a document: its class is all that is told.
    with _tracer.start_as_current_span(
        name, attributes=named, record_exception=False, set_status_on_exception=False
    ) as current:
        try:
            yield
        except BaseException as error:
            current.set_status(StatusCode.ERROR, type(error).__name__)
            raise
