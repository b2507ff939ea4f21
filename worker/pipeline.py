"""The way of one document, in plain functions: read this page first.

    bytes ── ingest ──▶ Document ── segment ──▶ Chunks ── read ──▶ Readings ── conclude ──▶ Extraction

`worker.tasks` runs the same functions as Celery tasks; `worker.store` keeps what they return.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from pydantic import BaseModel, ConfigDict

from schemas import AnyTable, Chunk, Document, Finding, Reading
from schemas.findings import Verdict
from worker.reconcile import reconcile
from worker.route import choose, route
from worker.segment import DocumentFacts, describe, segment


class Reader(Protocol):
    """Chunk → Reading. Raises `schemas.errors.ModelError` where a model gave no usable answer."""

    name: str

    def read(self, chunk: Chunk) -> Reading: ...


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
    document: Document, readers: Sequence[Reader], progress: Callable[[int, int], None] | None = None
) -> Extraction:
    """The whole way for one document. `progress(done, total)` is called after every chunk."""
    chunks = segment(document)
    readings: dict[str, tuple[Reading, ...]] = {}
    for done, chunk in enumerate(chunks, start=1):
        readings[chunk.id] = tuple(reader.read(chunk) for reader in readers)
        if progress:
            progress(done, len(chunks))
    return conclude(document, chunks, readings)


def conclude(
    document: Document, chunks: Sequence[Chunk], readings: Mapping[str, tuple[Reading, ...]]
) -> Extraction:
    """Choose the reading that stands for each chunk, hold all tables against all identities, route them.

    A pure function: the same readings give the same extraction. A chunk without any reading is routed as failed.
    """
    standing = {chunk.id: choose(chunk, readings[chunk.id]) for chunk in chunks if readings.get(chunk.id)}
    findings = reconcile({key: reading.table for key, reading in standing.items()})
    verdicts = {
        chunk.id: route(chunk, standing.get(chunk.id), readings.get(chunk.id, ()), findings) for chunk in chunks
    }
    return Extraction(
        document=document,
        facts=describe(document),
        chunks=tuple(chunks),
        readings=dict(readings),
        standing=standing,
        findings=findings,
        verdicts=verdicts,
    )
