"""The way of one document, in plain functions: read this page first.

    bytes ── ingest ──▶ Document ── segment ──▶ Chunks ── read ──▶ Readings ── conclude ──▶ Extraction

`worker.tasks` runs the same functions as Celery tasks; `worker.store` keeps what they return.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Literal, NamedTuple, Protocol

from pydantic import BaseModel, ConfigDict

from schemas import AnyTable, Chunk, ConfigError, Document, Finding, ModelError, NotAsked, Reading
from schemas.findings import Changed, Verdict
from worker.calibration import Policy
from worker.evidence import weigh
from worker.reconcile import (
    Blame,
    closure,
    explained,
    judged,
    proposals,
    reconcile,
    repaired,
    sources_of,
)
from worker.reconcile.blind import blind_spots
from worker.reconcile.memo import Memo
from worker.route import choose, decided, route
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

    `readings` holds every reading by chunk id, `tables` the one that stands; table ids are chunk ids. `changes` are
    the cells of standing tables that a person changed.
    """

    model_config = ConfigDict(frozen=True)

    document: Document
    facts: DocumentFacts
    chunks: tuple[Chunk, ...]
    readings: dict[str, tuple[Reading, ...]]
    standing: dict[str, Reading]
    findings: tuple[Finding, ...]
    verdicts: dict[str, Verdict]
    changes: tuple[Changed, ...] = ()

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
        except NotAsked as error:
            if not found:
                failures.append(Failure(reader.name, error))
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
    return settle(document, chunks, readings, standing, problems, policy)


def _routed(
    chunks: Sequence[Chunk],
    readings: Mapping[str, tuple[Reading, ...]],
    standing: Mapping[str, Reading],
    findings: Sequence[Finding],
    spots: Mapping[str, Decimal],
    policy: Policy | None,
    memo: Memo,
) -> dict[str, Verdict]:
    """Where each table goes; not asked anew where all that is known of a table is as it was."""
    named: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        for key in finding.tables:
            named[key].append(finding)
    failed = sum(finding.status == "failed" for finding in findings)
    blame = Blame(findings)
    verdicts = {}
    for chunk in chunks:
        own, reading, spot = named[chunk.id], standing.get(chunk.id), spots.get(chunk.id)
        given = readings.get(chunk.id, ())
        if reading is None:
            verdicts[chunk.id] = route(chunk, None, given, own)
            continue
        wrong = [finding for finding in own if finding.status == "failed"]
        # Which table a contradiction between two is held against depends on all others.
        against = [chunk.id in blame.of(each) for each in wrong if each.scope == "cross_table"]
        state = own, against, spot
        parts = chunk, reading, given
        own_evidence = memo.if_same("weighed", parts, state, partial(weigh, *parts, own, spot, blame))
        evidence = replace(own_evidence, elsewhere=failed - len(wrong), others=len(findings) - len(own))
        verdicts[chunk.id] = memo.if_same(
            "routed",
            (chunk, reading, own_evidence, policy),
            (evidence.elsewhere, evidence.others),
            partial(decided, chunk, reading, evidence, spot, policy),
        )
    return verdicts


def settle(
    document: Document,
    chunks: Sequence[Chunk],
    readings: Mapping[str, tuple[Reading, ...]],
    standing: dict[str, Reading],
    problems: Mapping[str, tuple[str, ...]] | None = None,
    policy: Policy | None = None,
    memo: Memo | None = None,
) -> Extraction:
    """The same for readings that stand already: those of `conclude`, or with tables that a person corrected.

    `memo` is kept by who does so again and again, and turned before: nothing is worked out twice of tables that are
    the same objects.
    """
    memo = memo or Memo()
    tables = {key: reading.table for key, reading in standing.items()}
    sources = sources_of(chunks, standing, readings)
    proposed = proposals(standing, memo)
    found = reconcile(tables, sources, memo)
    findings = tuple(judged(explained(found, proposed, tables), sources))
    spots = blind_spots(tables, findings, memo)
    verdicts = _routed(chunks, readings, standing, findings, spots, policy, memo)
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
