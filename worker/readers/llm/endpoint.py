"""The one seam to a model: requests to an OpenAI-compatible endpoint, retried, accounted for, errors mapped."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import openai
from openai.types.chat import ChatCompletion
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    stop_before_delay,
    wait_exponential_jitter,
)

from schemas.errors import ConfigError, GoujiError, Refused, Throttled, Transient, Truncated
from schemas.findings import Call
from worker.embedded import EMBEDDED, card
from worker.pace import Keeper, Limits, Line
from worker.readers.llm.failures import check, error_of
from worker.readers.llm.prices import cost_of
from worker.settings import Settings
from worker.telemetry import metrics

# It logs failed requests and answers in full: documents, and what an endpoint says about a key.
logging.getLogger("instructor").setLevel(logging.CRITICAL)

_OUTCOMES: tuple[tuple[type[GoujiError], str], ...] = (
    (Throttled, "throttled"),
    (Transient, "transient"),
    (Truncated, "truncated"),
    (Refused, "refused"),
    (ConfigError, "config"),
)


class CallLog:
    """The calls made for one reading, failed ones included."""

    def __init__(self, model: str, wire: str) -> None:
        self._model, self._wire = model, wire
        self.calls: list[Call] = []

    def add(self, version: str, seconds: float, completion: ChatCompletion | None, outcome: str) -> None:
        """Enter a request: its tokens and cost as far as the endpoint tells them."""
        usage = completion.usage if completion else None
        details = usage.prompt_tokens_details if usage else None
        prompt = (usage.prompt_tokens if usage else 0) or 0
        cached = (details.cached_tokens if details else 0) or 0
        written = (usage.completion_tokens if usage else 0) or 0
        metrics.model_call(outcome, seconds)
        self.calls.append(
            Call(
                model=self._model,
                prompt_version=version,
                wire=self._wire,
                prompt_tokens=prompt,
                cached_tokens=cached,
                completion_tokens=written,
                cost_usd=cost_of(self._model, prompt, cached, written),
                seconds=round(seconds, 3),
                outcome=outcome,
            )
        )

    def add_cached(self, version: str) -> None:
        """Enter an answer that was at hand and cost nothing."""
        cost = Decimal(0)
        call = Call(model=self._model, prompt_version=version, wire=self._wire, cost_usd=cost, cached=True)
        self.calls.append(call)

    def spoil(self) -> None:
        """The answer last entered turned out to be invalid."""
        if self.calls and self.calls[-1].outcome == "ok":
            self.calls[-1] = self.calls[-1].model_copy(update={"outcome": "invalid"})


class Endpoint:
    """A model behind an address. The client is made in each process when it is first needed.

    `patience_s`: how long, in seconds, connection errors, 429 and 5xx are retried before they are raised. `pace`
    keeps how fast the endpoint may be asked. The embedded model is found, or started, at each request.
    """

    def __init__(self, settings: Settings, patience_s: float, pace: Keeper) -> None:
        if not settings.model:
            raise ConfigError("no model is configured; set GOUJI_MODEL")
        self._embedded = settings.model == EMBEDDED
        if self._embedded:
            from worker.embedded.installed import require

            require()
        elif not (settings.openai_api_key or settings.openai_base_url):
            raise ConfigError(
                "no endpoint is configured; set OPENAI_API_KEY, or OPENAI_BASE_URL for one without keys"
            )
        self.model = settings.model
        self.address = f"{EMBEDDED} {card().version}" if self._embedded else settings.openai_base_url or ""
        self.temperature = settings.temperature
        self._settings = settings
        self._patience = patience_s
        self._line = Line(pace, Limits(settings.requests_per_minute, settings.tokens_per_minute))
        self._lock = threading.Lock()
        self._client: openai.OpenAI | None = None
        self._owner = 0
        self._at: tuple[str | None, str] = None, ""
        self._fixed_temperature = False

    def close(self) -> None:
        """Close the connections of this process."""
        with self._lock:
            if self._client and self._owner == os.getpid():
                self._client.close()
            self._client = None
            if self._embedded:
                from worker.embedded.server import leave

                leave(self._settings.home)

    def completer(
        self, log: CallLog, version: str, given: ChatCompletion | None = None
    ) -> Callable[..., ChatCompletion]:
        """A function like the SDK's `create` whose answers hold content, with every request entered in `log`.

        What is `given` is the first answer. It raises Transient and Throttled when patience ends, Truncated, Refused
        and ConfigError at once.
        """

        answered = False

        def create(**request: Any) -> ChatCompletion:
            nonlocal answered
            if answered:
                log.spoil()  # whoever asks again did not like the last answer
            elif given:
                answered = True
                log.add_cached(version)
                return given
            answered = True
            return Retrying(
                retry=retry_if_exception_type((Transient, Throttled)),
                wait=self._wait,
                stop=stop_before_delay(self._patience),
                reraise=True,
            )(self._send, log, version, self.prepared(request))

        return create

    def _wait(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, Throttled) and error.retry_after is not None:
            return error.retry_after
        step = self._patience / 60
        return wait_exponential_jitter(multiplier=step, max=self._patience / 4, jitter=step)(state)

    def prepared(self, request: dict[str, Any]) -> dict[str, Any]:
        """The request with schemas that the endpoint is to enforce, and without what it is known to reject."""
        if self._fixed_temperature:
            request.pop("temperature", None)
        schema = request.get("response_format", {}).get("json_schema")
        for target in [schema, *(tool["function"] for tool in request.get("tools", ()))]:
            if target:
                target["strict"] = True
        return request

    def _send(self, log: CallLog, version: str, request: dict[str, Any]) -> ChatCompletion:
        expected = _tokens_of(request)
        place = self._line.turn(expected, self._patience)
        started = time.monotonic()
        completion: ChatCompletion | None = None
        try:
            # What `chat.completions.create` does, without its walk through all of a schema that is JSON already.
            completion = self._sdk().post("/chat/completions", cast_to=ChatCompletion, body=request)
            checked = check(completion)
        except Exception as error:
            if "temperature" in request and _rejects_temperature(error):
                self._fixed_temperature = True
                log.add(version, time.monotonic() - started, None, "refused")
                return self._send(log, version, self.prepared(request))
            mapped = error_of(error)
            if isinstance(mapped, Throttled):
                self._line.refuse(place, mapped.retry_after)
            outcome = next(name for kind, name in _OUTCOMES if isinstance(mapped, kind))
            answer = completion if isinstance(completion, ChatCompletion) else None
            log.add(version, time.monotonic() - started, answer, outcome)
            raise mapped from None
        log.add(version, time.monotonic() - started, checked, "ok")
        if checked.usage:
            self._line.charge(checked.usage.total_tokens - expected)
        return checked

    def _sdk(self) -> openai.OpenAI:
        with self._lock:
            at = self._place()
            if self._client is None or (self._owner, self._at) != (os.getpid(), at):
                if self._client and self._owner == os.getpid():
                    self._client.close()  # what it asked is gone with the server that moved
                self._client = openai.OpenAI(
                    api_key=at[1],
                    base_url=at[0],
                    timeout=self._settings.timeout_s,
                    max_retries=0,
                    # No proxy must stand before a server of our own.
                    http_client=openai.DefaultHttpxClient(trust_env=False) if self._embedded else None,
                )
                self._owner, self._at = os.getpid(), at
            return self._client

    def _place(self) -> tuple[str | None, str]:
        """The base URL and the key."""
        if self._embedded:
            from worker.embedded.server import place

            return place(self._settings.home)
        key = self._settings.openai_api_key
        return self._settings.openai_base_url, key.get_secret_value() if key else "none"


def _tokens_of(request: dict[str, Any]) -> int:
    """About how many tokens a request takes, before the endpoint says so: one for two characters."""
    return sum(len(str(message.get("content") or "")) for message in request["messages"]) // 2


def _rejects_temperature(error: Exception) -> bool:
    """Whether the endpoint takes no temperature for this model, as some reasoning models do."""
    if not isinstance(error, openai.BadRequestError):
        return False
    return error.param == "temperature" or "temperature" in str(error.message).lower()
