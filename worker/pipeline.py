"""The way of one document, in plain functions: read this page first.

    bytes ── ingest ──▶ Document ── segment ──▶ Chunks ── read ──▶ Readings ── conclude ──▶ Extraction

`worker.tasks` runs the same functions as Celery tasks; `worker.store` keeps what they return.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Literal, NamedTuple, Protocol

from pydantic import BaseModel, ConfigDict

from schemas import AnyTable, Chunk, ConfigError, Document, Finding, ModelError, Reading
from schemas.findings import Verdict
from worker.calibration import Policy
from worker.reconcile import (
    closure,
    explained,
    judged,
    proposals,
    reconcile,
    repaired,
    sources_of,
)
from worker.reconcile.blind import blind_spots
from worker.route import choose, route
from worker.segment import DocumentFacts, describe, segment

When = Literal["always", "unclosed"]

_log = logging.getLogger(__name__)


class Reader(Protocol):
    """Chunk → Reading. Raises `schemas.errors.ModelError` where a model gave no usable answer."""

    name: str

    def read(self, chunk: Chunk) -> Reading: ...


class Failure(NamedTuple):
    """Why a reader has no reading of a chunk."""

    reader: str
    error: Exception

    def __str__(self) -> str:
        return f"{self.reader}: {self.error or type(self.error).__name__}"


class Extraction(BaseModel):
    """What is known of a document in the end.

    `readings` holds every reading by chunk id, `tables` the one that stands; table ids are chunk ids.
    """

    model_config = ConfigDict(frozen=True)

    document: Document
    facts: DocumentFacts
    chunks: tuple[Chunk, ...]
    readings: dict[str, tuple[Reading, ...]]
    standing: dict[str, Reading]
    findings: tuple[Finding, ...]
    verdicts: dict[str, Verdict]

    @property
    def tables(self) -> dict[str, AnyTable]:
        """The tables that stand, by table id, in document order."""
        return {key: reading.table for key, reading in self.standing.items()}


def extract(
    document: Document,
    readers: Sequence[Reader],
    progress: Callable[[int, int], None] | None = None,
    when: When = "always",
    policy: Policy | None = None,
) -> Extraction:
    """The whole way for one document. `progress(done, total)` is called after every chunk."""
    chunks = segment(document)
    readings: dict[str, tuple[Reading, ...]] = {}
    problems: dict[str, tuple[str, ...]] = {}
    for done, chunk in enumerate(chunks, start=1):
        readings[chunk.id], failures = read_chunk(chunk, readers, when)
        problems[chunk.id] = tuple(map(str, failures))
        if progress:
            progress(done, len(chunks))
    return conclude(document, chunks, readings, problems, policy)


def read_chunk(
    chunk: Chunk, readers: Sequence[Reader], when: When = "always", known: Sequence[Reading] = ()
) -> tuple[tuple[Reading, ...], tuple[Failure, ...]]:
    """One chunk by every reader, and why any of them brought nothing: one that fails does not stop the next.

    `when` is "unclosed": readers after the first are asked only where its table does not close by itself.
    `known` are readings of an earlier try; who made them is not asked again.
    """
    found = {reading.reader: reading for reading in known}
    failures = []
    for reader in readers:
        if reader.name in found:
            continue
        if when == "unclosed" and any(_closes(chunk, reading) for reading in found.values()):
            break
        try:
            found[reader.name] = reader.read(chunk)
        except (ModelError, ConfigError) as error:
            failures.append(Failure(reader.name, error))
        # A fault of our own on one table must not cost the user the others.
        except Exception as error:
            _log.exception("%s, %s: the reader %s failed", chunk.document, chunk.id, reader.name)
            failures.append(Failure(reader.name, error))
    return tuple(found.values()), tuple(failures)


def _closes(chunk: Chunk, reading: Reading) -> bool:
    """Whether there is nothing left to ask: the table adds up, or the form is blank."""
    count = closure(reading.table)
    return chunk.blank is not None or (count.passed > 0 == count.failed and not reading.incomplete)


def conclude(
    document: Document,
    chunks: Sequence[Chunk],
    readings: Mapping[str, tuple[Reading, ...]],
    problems: Mapping[str, tuple[str, ...]] | None = None,
    policy: Policy | None = None,
) -> Extraction:
    """Choose the reading that stands for each chunk, put figures back into their columns where only one way
    closes the table, hold all tables against all identities, route them.

    A pure function: the same readings give the same extraction. A chunk without any reading is routed as failed.
    `problems` by chunk id say why readers brought nothing; they are told where a table is not accepted. `policy`
    is that of `worker.route`, by default the shipped one.
    """
    standing = repaired(
        {chunk.id: choose(chunk, readings[chunk.id]) for chunk in chunks if readings.get(chunk.id)}
    )
    tables = {key: reading.table for key, reading in standing.items()}
    sources = sources_of(chunks, standing, readings)
    proposed = proposals(standing)
    findings = tuple(judged(explained(reconcile(tables, sources), proposed, tables), sources))
    spots = blind_spots(tables, findings)
    verdicts = {
        chunk.id: route(
            chunk, standing.get(chunk.id), readings.get(chunk.id, ()), findings, spots.get(chunk.id), policy
        )
        for chunk in chunks
    }
    for key, verdict in verdicts.items():
        if verdict.status in {"review", "failed"}:
            ways = proposed.get(key, ())
            told = (*(f"proposed: {way.words}" for way in ways), *(problems or {}).get(key, ()))
            verdicts[key] = verdict.model_copy(
                update={"reasons": (*verdict.reasons, *told), "proposals": ways}
            )
    return Extraction(
        document=document,
        facts=describe(document),
        chunks=tuple(chunks),
        readings=dict(readings),
        standing=standing,
        findings=findings,
        verdicts=verdicts,
    )
