"""The one tree of errors. The class of an error says what may be done about it.

GoujiError
├── InputError            the file is at fault: report it, go on with the next
│   ├── Unreadable        not text, wrong encoding, damaged
│   ├── EmptyInput        nothing in it
│   ├── TooLarge          over a limit of the settings
│   └── Unsupported       no reader for this kind of file
├── ConfigError           settings or installation are at fault: stop and say what to change
│   └── Away              database or broker do not answer: workers wait for them
└── ModelError            the answer of a model is at fault
    ├── Transient         connection, time-out, 5xx: try again
    │   └── Unreachable   it did not come to an answer, whatever was asked
    ├── Throttled         429: try again after `retry_after` seconds
    │   └── Paused        the endpoint as a whole does not answer: this does not count as a try of the chunk
    ├── Refused           the model declined or answered nothing: do not ask again, go to review
    ├── Truncated         the answer was cut at the length limit: split the chunk, go on
    └── Invalid           the answer breaks the schema or leaves the source: re-ask, then review

Every message names the file or chunk, the place in it and the remedy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from schemas.findings import Call


class GoujiError(Exception):
    """Base of all errors that the project raises on purpose."""


class InputError(GoujiError):
    """A file cannot be used. `file` is its name as given; `remedy` says what would help."""

    def __init__(self, file: str, problem: str, remedy: str) -> None:
        super().__init__(f"{file}: {problem}; {remedy}")
        self.file = file
        self.problem = problem
        self.remedy = remedy


class Unreadable(InputError):
    """The bytes are not readable text, or are damaged."""


class EmptyInput(InputError):
    """The file holds nothing to read."""


class TooLarge(InputError):
    """The file exceeds a limit of the settings."""


class Unsupported(InputError):
    """No ingest for this kind of file."""


class ConfigError(GoujiError):
    """Settings or installation are at fault; the message says what to change."""


class Away(ConfigError):
    """The database or the broker does not answer. What was being done may be done again when it does."""


class ModelError(GoujiError):
    """A call to a model did not bring a usable answer. `calls` are the calls that were made all the same."""

    calls: tuple[Call, ...] = ()


class Transient(ModelError):
    """Connection, time-out or server error: worth another try."""


class Unreachable(Transient):
    """The endpoint cannot be reached, or says that it is out of service: that says nothing about the request."""


class Throttled(ModelError):
    """The endpoint asks to slow down. `retry_after` is in seconds, None if it did not say."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Paused(Throttled):
    """The endpoint as a whole does not answer, whatever it is asked: not the chunk's fault, and no try of it."""


class Refused(ModelError):
    """The model declined, or answered nothing."""


class NotAsked(Refused):
    """The model is known not to read what this is, and was not asked: no failure where another reader reads it."""


class Truncated(ModelError):
    """The answer was cut at the length limit; a smaller chunk may pass."""


class Invalid(ModelError):
    """The answer breaks the schema or leaves the source. `problems` is what the model is asked to mend."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems
