"""A model without fault, for tests: it knows the table of each chunk that it is told."""

from __future__ import annotations

import json

from evals.simulate.server import Asked, Json, Reply
from prompts import Wire, build
from schemas import AnyTable, Chunk


class Book:
    """What a perfect model answers: for each chunk the table that stands in it, in one wire format."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._answers: dict[str, Json] = {}

    def add(self, chunk: Chunk, table: AnyTable) -> None:
        """Learn the table of a chunk."""
        answer = self._wire.encode(table, chunk)
        self._answers[build(chunk, self._wire).user] = answer.model_dump(mode="json")

    def answer(self, asked: Asked) -> Json:
        """The answer to a prompt, a copy that may be spoilt."""
        known = next((key for key in self._answers if asked.prompt.startswith(key)), None)
        if known is None:
            raise KeyError(f"no answer for: {asked.prompt[:400]}")
        copy: Json = json.loads(json.dumps(self._answers[known]))
        return copy

    def __call__(self, asked: Asked) -> Reply:
        return Reply(self.answer(asked))
