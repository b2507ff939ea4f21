"""How an endpoint is made to answer in a schema: found out once for each model."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import Annotated, Any, TypeVar

import instructor
from instructor.core import InstructorRetryException, ResponseParsingError
from openai.types.chat import ChatCompletion
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from schemas.errors import GoujiError, Invalid, Refused, Truncated
from worker.readers.llm.endpoint import CallLog, Endpoint

MODES: dict[str, instructor.Mode] = {
    "json_schema": instructor.Mode.JSON_SCHEMA,
    "tools": instructor.Mode.TOOLS,
    "md_json": instructor.Mode.MD_JSON,
}
"""Modes by their names in the settings, in the order in which they are tried."""

M = TypeVar("M", bound=BaseModel)

_found: dict[tuple[str, str], instructor.Mode] = {}
_lock = threading.Lock()


class Probe(BaseModel):
    """An answer whose form cannot be guessed from the question. Schemas of answers have patterns too."""

    model_config = ConfigDict(extra="forbid")

    colour_of_snow: Annotated[str, Field(json_schema_extra={"pattern": "^[A-Za-z]+$"})]


def ask(
    endpoint: Endpoint,
    log: CallLog,
    version: str,
    mode: instructor.Mode,
    model: type[M],
    request: dict[str, Any],
    *,
    reasks: int,
    given: ChatCompletion | None = None,
) -> M:
    """An answer that satisfies `model`; the model is asked to mend invalid ones up to `reasks` times.

    What is `given` is the first answer. Raises Invalid with the problems that are left, and what
    `Endpoint.completer` raises.
    """
    create: Any = instructor.patch(create=endpoint.completer(log, version, given), mode=mode)
    try:
        # No `context`: it would make instructor run the document through Jinja.
        answer: M = create(response_model=model, max_retries=reasks, model=endpoint.model, **request)
    except InstructorRetryException as error:
        cause = error.__cause__
        if not isinstance(cause, ValueError | ResponseParsingError):
            raise (cause or error) from None
        log.spoil()
        raise Invalid(problems_of(cause)) from None
    return answer


class _Told(GoujiError):
    """A request was told and not sent."""


def request_of(
    endpoint: Endpoint, mode: instructor.Mode, model: type[BaseModel], request: dict[str, Any]
) -> dict[str, Any]:
    """What `ask` would send first."""
    told: dict[str, Any] = {}

    def tell(**prepared: Any) -> ChatCompletion:
        told.update(endpoint.prepared(prepared))
        raise _Told

    create: Any = instructor.patch(create=tell, mode=mode)
    with suppress(InstructorRetryException, _Told):
        create(response_model=model, max_retries=0, model=endpoint.model, **request)
    return told


def mode_for(endpoint: Endpoint, log: CallLog, wanted: str) -> instructor.Mode:
    """The mode that the settings name, or with "auto" the first one in which this model keeps to a schema."""
    if wanted != "auto":
        return MODES[wanted]
    key = (endpoint.address, endpoint.model)
    with _lock:
        if key not in _found:
            _found[key] = _probe(endpoint, log)
        return _found[key]


def forget_modes() -> None:
    """Forget what was found out, as after a change of the endpoint."""
    with _lock:
        _found.clear()


def _probe(endpoint: Endpoint, log: CallLog) -> instructor.Mode:
    question = {
        "messages": [{"role": "user", "content": "What colour is snow? One word."}],
        # A job cannot find out that the model takes none.
        "temperature": endpoint.temperature,
    }
    for name in ("json_schema", "tools"):
        try:
            ask(endpoint, log, "probe", MODES[name], Probe, question, reasks=0)
        except (Invalid, Refused, Truncated):
            continue
        return MODES[name]
    return MODES["md_json"]


def problems_of(error: BaseException) -> tuple[str, ...]:
    """What is wrong with an answer, as the model is told."""
    if not isinstance(error, ValidationError):
        return (str(error) or type(error).__name__,)
    found: list[str] = []
    for item in error.errors(include_url=False, include_input=False, include_context=False):
        message = item["msg"].removeprefix("Value error, ")
        place = ".".join(map(str, item["loc"]))
        found.extend(f"{place}: {line}" if place else line for line in message.split("\n"))
    return tuple(found)
