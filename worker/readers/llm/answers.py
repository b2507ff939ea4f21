"""Models of answers that hold each answer against its source, made once: to make one takes longer than to use it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from copy import deepcopy
from functools import lru_cache
from typing import Any, Protocol

import instructor
from pydantic import ValidationError, create_model, model_validator

from prompts import Answer
from worker.readers.llm.modes import problems_of


class Trial(Protocol):
    """Holds answers against a source. Raises ValueError for one that is to be mended."""

    def hold(self, raw: Any, handler: Callable[[Any], Answer]) -> Answer: ...


_trial: ContextVar[Trial] = ContextVar("trial")


@contextmanager
def held_against(trial: Trial) -> Iterator[None]:
    """Answers that are validated in here, in this thread, are answers to this trial."""
    token = _trial.set(trial)
    try:
        yield
    finally:
        _trial.reset(token)


class _Shown(instructor.OpenAISchema):
    """What `instructor` takes as it is, without making a class of its own of it; its schema is made once."""

    @classmethod
    def model_json_schema(cls, *given: Any, **named: Any) -> dict[str, Any]:
        """The schema, for the caller to change."""
        if given or named:
            return super().model_json_schema(*given, **named)
        return deepcopy(_schema_of(cls))


@lru_cache(maxsize=256)
def _schema_of(model: type[_Shown]) -> dict[str, Any]:
    return super(_Shown, model).model_json_schema()


@lru_cache(maxsize=256)
def grounded(base: type[Answer]) -> type[Answer]:
    """A model of answers that has each one held against the trial at hand."""

    def hold(cls: type[Answer], raw: Any, handler: Callable[[Any], Answer]) -> Answer:  # noqa: ARG001
        return _trial.get().hold(raw, handler)

    validators: dict[str, Any] = {"grounded": model_validator(mode="wrap")(hold)}
    make: Any = create_model
    model: type[Answer] = make(
        base.__name__, __base__=(base, _Shown), __doc__=base.__doc__, __validators__=validators
    )
    return model


def valid_rows(raw: Any, error: ValidationError) -> tuple[Any, tuple[str, ...]]:
    """An answer without the rows that break the schema, and what is wrong with them.

    One that is broken elsewhere stays as it is.
    """
    places = [item["loc"] for item in error.errors(include_url=False, include_input=False)]
    if not all(place[:1] == ("rows",) and any(isinstance(step, int) for step in place) for place in places):
        return raw, ()
    # Up to its first number a place names the row, on a side where there are sides.
    bad = {place[: next(i for i, step in enumerate(place) if isinstance(step, int)) + 1] for place in places}

    def kept(rows: Any, under: tuple[int | str, ...]) -> Any:
        if isinstance(rows, dict):
            return {side: kept(items, (*under, side)) for side, items in rows.items()}
        return [row for i, row in enumerate(rows) if (*under, i) not in bad]

    return {**raw, "rows": kept(raw["rows"], ("rows",))}, problems_of(error)
