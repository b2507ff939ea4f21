"""What the store hands out, and how a typed reading goes to JSON and back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from schemas import Chunk, ConfigError, Reading, kinds, table_type


@dataclass(frozen=True, slots=True)
class DocumentRecord:
    """A document as listed. `counts` is tables by status; `failed` the number of failed checks; `poisoned`
    the number of chunks given up.

    `status` is queued, reading, concluding, done or failed; `error` says why it failed. `sha256` is None for
    a file that could not be read.
    """

    id: int
    name: str
    sha256: str | None
    status: str
    error: str | None
    recipe: str
    run: int
    title: str
    unit_name: str
    year: int | None
    stage: str | None
    pages: int
    counts: Mapping[str, int] = field(default_factory=dict)
    failed: int = 0
    poisoned: int = 0

    @property
    def tables(self) -> int:
        """The number of tables of the present run."""
        return sum(self.counts.values())


class Added(NamedTuple):
    """A document in the store: its id, whether it is new, and the record as it stood before."""

    id: int
    created: bool
    record: DocumentRecord


class Claim(NamedTuple):
    """A chunk to be read by the one who holds it: `attempt` counts from 1; `known` was read before."""

    chunk_id: int
    document_id: int
    attempt: int
    chunk: Chunk
    known: tuple[Reading, ...]


class ReadChunks(NamedTuple):
    """The chunks of a document in order; by chunk id their readings, and why readers brought none."""

    chunks: tuple[Chunk, ...]
    readings: dict[str, tuple[Reading, ...]]
    problems: dict[str, tuple[str, ...]]


class Entry(NamedTuple):
    """A file to be entered in a batch; with an `error` it could not be had. `size` in bytes."""

    place: str
    name: str
    sha256: str | None
    size: int
    facts: Mapping[str, str]
    error: str | None = None


class ItemClaim(NamedTuple):
    """A file of a batch to be ingested by the one who holds it."""

    item_id: int
    name: str
    place: str
    sha256: str


class ItemRecord(NamedTuple):
    """A file of a batch as listed. `notes` say what of it could not be read, `facts` what a manifest says."""

    id: int
    place: str
    name: str
    sha256: str | None
    status: str
    error: str | None
    document_id: int | None
    notes: tuple[str, ...]
    facts: Mapping[str, str]


class BatchRecord(NamedTuple):
    """A batch as listed: files and tables by status, what it cost in USD, tokens read and written.

    `llm_batch`: what it asks of a model can wait.
    """

    name: str
    status: str
    reason: str
    priority: int
    budget_usd: Decimal | None
    spent_usd: Decimal
    items: Mapping[str, int]
    tables: Mapping[str, int]
    tokens: int
    added_at: datetime
    touched_at: datetime
    llm_batch: bool = False

    @property
    def total(self) -> int:
        """The number of its files."""
        return sum(self.items.values())

    @property
    def ended(self) -> int:
        """The files of which nothing more will come."""
        return sum(self.items.get(status, 0) for status in ("done", "failed", "cancelled"))


class Stuck(NamedTuple):
    """Ids of what no one touched for too long: files to ingest, documents to cut, chunks to read, documents
    to conclude.
    """

    items: tuple[int, ...]
    documents: tuple[int, ...]
    chunks: tuple[int, ...]
    unconcluded: tuple[int, ...]


class Unsent(NamedTuple):
    """How long what is to be taken by a worker may wait before its message is held to be lost, by queue."""

    ingest: timedelta
    llm: timedelta
    reconcile: timedelta


class Progress(NamedTuple):
    """Over some documents: chunks finished and known, documents open and closed (done or failed).

    `held` counts what some worker holds at this moment.
    """

    done: int
    total: int
    open: int
    closed: int
    held: int


class Totals(NamedTuple):
    """How much there is, by state or outcome. `chunks` are those still to be read; `cost_usd` is that of batches.

    `oldest_waiting_s` is the age, in seconds, of the file of a batch that waits longest.
    """

    items: Mapping[str, int]
    documents: Mapping[str, int]
    chunks: Mapping[str, int]
    tables: Mapping[str, int]
    batches: Mapping[str, int]
    calls: Mapping[str, int]
    prompt_tokens: int
    completion_tokens: int
    cost_usd: Decimal
    oldest_waiting_s: float | None


class Usage(NamedTuple):
    """What calls to a model came to. `cost_usd` is None where a price was not known; `seconds` are summed."""

    calls: int
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    cost_usd: Decimal | None
    seconds: float


def reading_from(payload: str) -> Reading:
    """The reading in a payload, its table typed by its kind. Raises ConfigError for an unknown kind."""
    data = json.loads(payload)
    kind = data["table"]["kind"]
    if kind not in kinds():
        raise ConfigError(
            f"a stored table is of the kind {kind!r}, which is not known; "
            "set GOUJI_KINDS_FOLDER to the folder with its module"
        )
    data["table"] = table_type(kind).model_validate(data["table"])
    return Reading.model_validate(data)
