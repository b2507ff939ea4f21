"""A small form, and a reader for tests of the tasks that fails when it is told to."""

from __future__ import annotations

from collections.abc import Callable

from schemas import Chunk, Reading
from schemas.findings import Call
from worker.readers.layout import LayoutReader

CALL = Call(model="m", prompt_version="v", wire="refs", prompt_tokens=7)


class Asked:
    """A second reader: reads as the layout reader does, after `trouble` has had its say."""

    name = "asked"
    calls: tuple[Call, ...] = ()

    def __init__(
        self, trouble: Callable[[Chunk, int], Exception | None] = lambda _chunk, _times: None
    ) -> None:
        self.trouble = trouble
        self.times: dict[str, int] = {}

    def close(self) -> None:
        """Nothing is open."""

    def read(self, chunk: Chunk) -> Reading:
        self.times[chunk.id] = self.times.get(chunk.id, 0) + 1
        if error := self.trouble(chunk, self.times[chunk.id]):
            raise error
        return LayoutReader().read(chunk).model_copy(update={"reader": self.name, "calls": self.calls})
