"""What an endpoint wrote into the output of a job: lines that are believed as little as any other answer."""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

from openai.types.chat import ChatCompletion
from pydantic import ValidationError

from schemas.errors import Refused, Transient, Truncated
from schemas.findings import Call
from worker.readers.llm.failures import check
from worker.readers.llm.prices import BATCH_SHARE, cost_of

_KEY = re.compile(r"[0-9a-f]{64}")
_MOST_TOKENS = 100_000_000


class Result(NamedTuple):
    """What came of the request `key`: how it ended, and what the cache of answers keeps of it (None: nothing).

    `usage` is (prompt, cached, completion) tokens.
    """

    key: str
    outcome: str
    entry: dict[str, Any] | None
    usage: tuple[int, int, int] = (0, 0, 0)


def result_of(line: bytes) -> Result:
    """The result in a line of an output. Raises ValueError for a line that is none, in words without its text."""
    try:
        data = json.loads(line)
    except (ValueError, RecursionError):
        raise ValueError("is not JSON") from None
    if not isinstance(data, dict):
        raise ValueError("is no object")
    key = data.get("custom_id")
    if not (isinstance(key, str) and _KEY.fullmatch(key)):
        raise ValueError("has an id that was not asked for")
    response = data.get("response")
    if data.get("error") or not isinstance(response, dict) or response.get("status_code") != 200:
        return Result(key, "refused", None)
    try:
        completion = ChatCompletion.model_validate(response.get("body"))
    except (ValidationError, RecursionError):
        return Result(key, "transient", None)
    usage = _usage(completion)
    try:
        check(completion)
    except Truncated as error:
        return Result(key, "truncated", {"truncated": str(error)}, usage)
    except Refused:
        return Result(key, "refused", None, usage)
    except Transient:
        return Result(key, "transient", None, usage)
    kept = completion.model_dump(mode="json", exclude_unset=True)
    return Result(key, "ok", {"completion": kept}, usage)


def call_of(result: Result, model: str, wire: str, version: str) -> Call:
    """The call that a result is accounted for as."""
    cost = cost_of(model, *result.usage)
    prompt, cached, completion = result.usage
    return Call(
        model=model,
        prompt_version=version,
        wire=wire,
        prompt_tokens=prompt,
        cached_tokens=cached,
        completion_tokens=completion,
        cost_usd=None if cost is None else cost * BATCH_SHARE,
        outcome=result.outcome,
    )


def _usage(completion: ChatCompletion) -> tuple[int, int, int]:
    usage = completion.usage
    details = usage.prompt_tokens_details if usage else None
    prompt = _believed(usage.prompt_tokens if usage else 0)
    cached = min(_believed(details.cached_tokens if details else 0), prompt)
    return prompt, cached, _believed(usage.completion_tokens if usage else 0)


def _believed(tokens: int | None) -> int:
    return tokens if tokens and 0 < tokens < _MOST_TOKENS else 0
