"""Requests to a model that can wait: what a reader would ask, told instead of asked."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import NamedTuple, Protocol, runtime_checkable

from schemas import Chunk, ModelError, Reading
from worker.pipeline import Reader
from worker.settings import Settings


class Wanted(NamedTuple):
    """A request: `key` is that of its answer in the cache, `body` what would be sent to chat completions, as JSON."""

    key: str
    body: str
    model: str
    wire: str
    prompt_version: str


class Deferred(ModelError):
    """A chunk cannot be read before `requests` are answered, and these can wait."""

    def __init__(self, requests: Sequence[Wanted]) -> None:
        super().__init__(f"{len(requests)} requests wait for a job")
        self.requests = tuple(requests)


@runtime_checkable
class Deferrable(Protocol):
    """A reader that can tell what it would ask."""

    name: str

    def wanted(self, chunk: Chunk) -> tuple[Wanted, ...]: ...

    def read(self, chunk: Chunk) -> Reading: ...


class Waiting:
    """A reader that reads a chunk when all that it asks is answered, and before that raises Deferred."""

    def __init__(self, reader: Deferrable) -> None:
        self.name = reader.name
        self._reader = reader

    def read(self, chunk: Chunk) -> Reading:
        """See `worker.pipeline.Reader`."""
        if wanted := self._reader.wanted(chunk):
            raise Deferred(wanted)
        return self._reader.read(chunk)


def waiting(readers: Sequence[Reader]) -> list[Reader]:
    """The readers, of which those that can wait do."""
    return [Waiting(reader) if isinstance(reader, Deferrable) else reader for reader in readers]


def address_of(settings: Settings) -> str:
    """Whose requests they are: a digest of the address of the endpoint, which may hold a secret, and of the key."""
    key = settings.openai_api_key.get_secret_value() if settings.openai_api_key else ""
    return sha256(f"{settings.openai_base_url or ''}\n{key}".encode()).hexdigest()
