"""What an endpoint says when it fails, as errors of the project."""

from __future__ import annotations

import math
from email.utils import parsedate_to_datetime

import httpx2
import openai
from openai.types.chat import ChatCompletion

from schemas.errors import ConfigError, GoujiError, Refused, Throttled, Transient, Truncated, Unreachable

_SHOWN = 300
_TOO_LONG = ("context_length", "maximum context", "context size", "too long")


def error_of(error: Exception) -> GoujiError:
    """The error of the project that a failed request amounts to."""
    if isinstance(error, GoujiError):
        return error
    if isinstance(error, openai.APITimeoutError):
        return Transient("the endpoint did not answer in time")
    if isinstance(error, openai.APIConnectionError):
        # One that was cut off may have been so by what was asked.
        kind = Unreachable if isinstance(error.__cause__, httpx2.ConnectError) else Transient
        return kind(f"no connection to the endpoint: {error.__cause__ or error.message}")
    if isinstance(error, openai.APIStatusError):
        return _by_status(error)
    return Transient(f"the endpoint answers something that is not a chat completion ({type(error).__name__})")


def _by_status(error: openai.APIStatusError) -> GoujiError:
    status, said = error.status_code, str(error.message)[:_SHOWN]
    words = f"{error.code or ''} {error.message}".lower()
    if status in (401, 403):
        # What the endpoint says may repeat the key.
        return ConfigError(
            f"the endpoint refuses the key (HTTP {status}); check OPENAI_API_KEY and OPENAI_BASE_URL"
        )
    if status == 404:
        return ConfigError(f"the endpoint does not know this model or address: {said}; check GOUJI_MODEL")
    if status == 429 and "insufficient_quota" in words:
        return ConfigError(f"the account is exhausted: {said}; check the plan behind OPENAI_API_KEY")
    if status == 429:
        return Throttled(f"the endpoint asks to slow down: {said}", retry_after(error))
    if status in (502, 503):
        return Unreachable(f"the endpoint failed (HTTP {status}): {said}")
    if status in (408, 409) or status >= 500:
        return Transient(f"the endpoint failed (HTTP {status}): {said}")
    if status == 413 or any(said in words for said in _TOO_LONG):
        return Truncated(f"the chunk is too long for the model: {said}")
    return Refused(f"the endpoint rejects the request (HTTP {status}): {said}")


def retry_after(error: openai.APIStatusError) -> float | None:
    """Seconds that an answer asks to wait, None if it does not say or says nothing sensible."""
    headers = error.response.headers
    if milliseconds := _number(headers.get("retry-after-ms")):
        return milliseconds / 1000
    value = headers.get("retry-after")
    seconds = _number(value)
    if seconds is None and value:
        try:
            now = parsedate_to_datetime(headers["date"])
            seconds = max(0.0, (parsedate_to_datetime(value) - now).total_seconds())
        except (KeyError, TypeError, ValueError):
            return None
    return seconds


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if math.isfinite(value) and value >= 0 else None


def check(completion: object) -> ChatCompletion:
    """A completion that holds an answer. Raises Truncated, Refused or Transient for one that does not."""
    if not isinstance(completion, ChatCompletion):
        raise Transient("the endpoint answers something that is not a chat completion")
    if not completion.choices:
        raise Refused("the model answered nothing: no choices")
    choice = completion.choices[0]
    message = choice.message
    if choice.finish_reason == "length":
        raise Truncated("the answer was cut at the length limit")
    if choice.finish_reason == "content_filter":
        raise Refused("the endpoint's content filter withheld the answer")
    if message.refusal:
        raise Refused(f"the model declined: {message.refusal[:_SHOWN]}")
    if not (message.content or "").strip() and not message.tool_calls:
        raise Refused("the model answered nothing: empty content")
    return completion
