"""Structured records through the standard library's logging: JSON lines, or readable on a terminal."""

from __future__ import annotations

import logging
import re
import sys
import traceback
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from typing import Any, Protocol

import structlog

from schemas.errors import ConfigError, InputError

_LONGEST = 500
_QUIET = ("openai", "httpx", "httpx2", "httpcore", "httpcore2", "instructor", "botocore", "urllib3", "amqp")
_SECRETS = (
    (re.compile(r"(://[^/@:\s]*):[^/@\s]*@"), r"\1:***@"),
    (re.compile(r"(?i)\b(bearer\s+)\S+"), r"\1***"),
    (re.compile(r"\bsk-[\w-]+"), "***"),
)
_SPOKEN = (ConfigError, InputError, OSError)
"""Errors whose messages name files and settings; those of others may quote a document."""


class LogSettings(Protocol):
    """The settings that logging reads: `log` is auto, text or json, `log_level` a name of the standard levels."""

    @property
    def log(self) -> str: ...
    @property
    def log_level(self) -> str: ...


def configure(settings: LogSettings) -> None:
    """Send all records of this process to standard error, as the settings say. May be called again.

    `auto` is text on a terminal and JSON lines elsewhere. Raises ConfigError for an unknown level.
    """
    level = logging.getLevelNamesMapping().get(settings.log_level.upper())
    if level is None:
        raise ConfigError(
            f"GOUJI_LOG_LEVEL: {settings.log_level} is no level; name debug, info, warning or error"
        )
    as_json = settings.log == "json" or (settings.log == "auto" and not sys.stderr.isatty())
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _one_field_of_exception,
        _without_secrets,
    ]
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False, default=str)
        if as_json
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[_of_celery, *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
            # The processor above has made one field of it; the traceback itself may quote a document.
            keep_exc_info=False,
            pass_foreign_args=True,
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


@contextmanager
def bound(**ids: int | str) -> Iterator[None]:
    """Every record made within carries these identifiers, such as `document` and `chunk`."""
    with structlog.contextvars.bound_contextvars(**ids):
        yield


def _of_celery(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Celery writes error and traceback of a task into its message; both may quote a document."""
    said = event.pop("positional_args", None)
    if isinstance(said, Mapping) and "exc" in said:
        event["event"] = f"task {said.get('name')} {said.get('description', 'failed')}"
        event["id"] = str(said.get("id"))
    return event


def _one_field_of_exception(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    found = event.pop("exc_info", None)
    if found is True:
        found = sys.exc_info()
    error = found[1] if isinstance(found, tuple) else found
    if isinstance(error, BaseException):
        frames = traceback.extract_tb(error.__traceback__)
        said = str(error) if isinstance(error, _SPOKEN) else None
        event["exception"] = {
            "type": f"{type(error).__module__}.{type(error).__qualname__}",
            "message": _fit(said) if said else None,
            "frames": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
        }
    return event


def _without_secrets(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key, value in event.items():
        if isinstance(value, str):
            event[key] = _fit(value)
    return event


def _fit(text: str) -> str:
    for pattern, shown in _SECRETS:
        text = pattern.sub(shown, text)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
