"""The way of a document: batches and files, documents, chunks, readings, tables, findings, calls."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import BigInteger, ForeignKey, Index, String, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from worker.store.models.base import Base, Dollars


class TableCounts:
    """Columns that say how many tables a document has in its present run, by the status of each.

    `worker.store.counts.recount` sets them anew from the rows, in the transaction that changed those. A file of a
    batch repeats those of its document, so that a batch is summed up without a join.
    """

    tables_accepted: Mapped[int] = mapped_column(default=0, server_default="0", sort_order=100)
    tables_review: Mapped[int] = mapped_column(default=0, server_default="0", sort_order=101)
    tables_corrected: Mapped[int] = mapped_column(default=0, server_default="0", sort_order=102)
    tables_rejected: Mapped[int] = mapped_column(default=0, server_default="0", sort_order=103)
    tables_empty: Mapped[int] = mapped_column(default=0, server_default="0", sort_order=104)
    tables_failed: Mapped[int] = mapped_column(default=0, server_default="0", sort_order=105)


TABLE_COUNTS = (
    "tables_accepted",
    "tables_review",
    "tables_corrected",
    "tables_rejected",
    "tables_empty",
    "tables_failed",
)
"""The names of these columns."""


class BatchRow(Base):
    """Files that were given together. `status`: open, paused, cancelled, done; `reason` says why it is paused.

    `entered`: all its files are known. Of batches at work one of `priority` p gets twice the share of one of
    p - 1. At its `budget` it is paused. `spent` and `tokens` (read and written) are what those calls to a model
    came to for it that are `counted`; what it has cost so far is this and the calls that are not. `llm_batch`: what it
    asks of a model can wait.
    """

    __tablename__ = "batches"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    status: Mapped[str] = mapped_column(String(16), index=True)
    reason: Mapped[str] = mapped_column(default="")
    priority: Mapped[int]
    budget: Mapped[Decimal | None] = mapped_column(Dollars())
    spent: Mapped[Decimal] = mapped_column(Dollars(), default=Decimal(0))
    tokens: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    entered: Mapped[bool] = mapped_column(default=False)
    llm_batch: Mapped[bool] = mapped_column(default=False, server_default=false())
    added_at: Mapped[datetime]
    touched_at: Mapped[datetime]


class DocumentRow(TableCounts, Base):
    """A document by its SHA-256, or (without one) a file that could not be read.

    `status`: queued, reading, concluding, done, failed, cancelled; `worker` holds it while concluding. `run`
    counts how often it was read anew; `recipe` says under which settings the present run reads. `checks_failed`
    is the number of findings of the present run that failed. Over all runs, of those that are `counted`: `calls` to a
    model, `tokens` read and written, `cost` in USD as far as prices are known.
    """

    __tablename__ = "documents"
    __table_args__ = (Index("ix_documents_counts", "status", *TABLE_COUNTS),)

    id: Mapped[int] = mapped_column(primary_key=True)
    sha256: Mapped[str | None] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(index=True)
    status: Mapped[str] = mapped_column(String(16))
    error: Mapped[str | None]
    worker: Mapped[str | None]
    recipe: Mapped[str] = mapped_column(default="")
    run: Mapped[int] = mapped_column(default=1)
    title: Mapped[str] = mapped_column(default="")
    unit_name: Mapped[str] = mapped_column(default="")
    year: Mapped[int | None]
    stage: Mapped[str | None] = mapped_column(String(16))
    pages: Mapped[int] = mapped_column(default=1)
    added_at: Mapped[datetime]
    touched_at: Mapped[datetime]
    checks_failed: Mapped[int] = mapped_column(default=0, server_default="0")
    calls: Mapped[int] = mapped_column(default=0, server_default="0")
    tokens: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    cost: Mapped[Decimal] = mapped_column(Dollars(), default=Decimal(0), server_default="0")


class ItemRow(TableCounts, Base):
    """A file of a batch. `status`: waiting, sent, ingesting, reading, deferred, done, failed, cancelled.

    Its bytes lie in the blobs by `sha256` until it is ingested; `worker` holds it meanwhile. `notes` is a JSON
    list of what of it could not be read, `facts` a JSON object of what a manifest says. The tables are those of its
    document; of one that was removed, those that it had. `deferred`: nothing but answers of a job is waited for.
    """

    __tablename__ = "items"
    __table_args__ = (
        UniqueConstraint("batch_id", "place"),
        Index("ix_items_batch_id_status", "batch_id", "status", "id"),
        Index("ix_items_batch_id_id", "batch_id", "id"),
        Index("ix_items_status_touched_at", "status", "touched_at"),
        Index("ix_items_counts", "batch_id", "status", *TABLE_COUNTS),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey("batches.id", ondelete="CASCADE"))
    document_id: Mapped[int | None] = mapped_column(
        ForeignKey("documents.id", ondelete="SET NULL"), index=True
    )
    place: Mapped[str]
    name: Mapped[str]
    sha256: Mapped[str | None] = mapped_column(String(64), index=True)
    size: Mapped[int] = mapped_column(BigInteger)
    status: Mapped[str] = mapped_column(String(16))
    error: Mapped[str | None]
    notes: Mapped[str] = mapped_column(default="[]")
    facts: Mapped[str] = mapped_column(default="{}")
    attempts: Mapped[int] = mapped_column(default=0)
    worker: Mapped[str | None]
    touched_at: Mapped[datetime]


class NameRow(Base):
    """Every name under which a document was given."""

    __tablename__ = "names"

    document_id: Mapped[int] = mapped_column(ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True, index=True)


class ChunkRow(Base):
    """One chunk of one run. `status`: queued, reading, deferred, done, poisoned; `worker` holds it while reading.

    `problems` is a JSON list of why readers brought nothing.
    """

    __tablename__ = "chunks"
    __table_args__ = (
        UniqueConstraint("document_id", "run", "key"),
        Index(
            "ix_chunks_poisoned",
            "document_id",
            "run",
            postgresql_where=text("status = 'poisoned'"),
            sqlite_where=text("status = 'poisoned'"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    document_id: Mapped[int] = mapped_column(ForeignKey("documents.id", ondelete="CASCADE"))
    run: Mapped[int]
    key: Mapped[str]
    ordinal: Mapped[int]
    status: Mapped[str] = mapped_column(String(16), index=True)
    attempts: Mapped[int] = mapped_column(default=0)
    worker: Mapped[str | None]
    touched_at: Mapped[datetime]
    problems: Mapped[str] = mapped_column(default="[]")
    payload: Mapped[str]


class ReadingRow(Base):
    """What one reader made of one chunk; written once, never changed."""

    __tablename__ = "readings"
    __table_args__ = (UniqueConstraint("chunk_id", "reader"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    chunk_id: Mapped[int] = mapped_column(ForeignKey("chunks.id", ondelete="CASCADE"))
    reader: Mapped[str]
    payload: Mapped[str]


class TableRow(Base):
    """The verdict on one table and the reading that stands (None where no reader brought one).

    Who changes `status` has the document recounted (`worker.store.counts`).
    """

    __tablename__ = "tables"
    __table_args__ = (UniqueConstraint("document_id", "run", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    document_id: Mapped[int] = mapped_column(ForeignKey("documents.id", ondelete="CASCADE"))
    run: Mapped[int]
    key: Mapped[str]
    kind: Mapped[str] = mapped_column(index=True)
    title: Mapped[str]
    unit: Mapped[str | None]
    stage: Mapped[str | None] = mapped_column(String(16))
    position: Mapped[int]
    ordinal: Mapped[int]
    status: Mapped[str] = mapped_column(String(16), index=True)
    confidence: Mapped[float]
    reader: Mapped[str]
    passed: Mapped[int]
    failed: Mapped[int]
    skipped: Mapped[int]
    first_line: Mapped[int]
    last_line: Mapped[int]
    verdict: Mapped[str]
    reading: Mapped[str | None]


class FindingRow(Base):
    """The outcome of one identity in one run."""

    __tablename__ = "findings"
    __table_args__ = (UniqueConstraint("document_id", "run", "position"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    document_id: Mapped[int] = mapped_column(ForeignKey("documents.id", ondelete="CASCADE"))
    run: Mapped[int]
    position: Mapped[int]
    rule: Mapped[str] = mapped_column(index=True)
    scope: Mapped[str] = mapped_column(String(16))
    status: Mapped[str] = mapped_column(String(16))
    payload: Mapped[str]


class CallRow(Base):
    """One call to a model for a chunk, failed ones included.

    `batch_id` is the batch that it was made for, which may be gone. `counted`: it is part of the sums of its
    document, its batch and its outcome (`TallyRow`). That happens when the document ends, so that calls do not queue
    for one row.
    """

    __tablename__ = "calls"
    __table_args__ = (
        Index(
            "ix_calls_uncounted",
            "batch_id",
            postgresql_where=text("NOT counted"),
            sqlite_where=text("counted = 0"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    chunk_id: Mapped[int] = mapped_column(ForeignKey("chunks.id", ondelete="CASCADE"), index=True)
    reader: Mapped[str]
    model: Mapped[str]
    prompt_version: Mapped[str]
    wire: Mapped[str]
    prompt_tokens: Mapped[int]
    cached_tokens: Mapped[int]
    completion_tokens: Mapped[int]
    cost_usd: Mapped[Decimal | None] = mapped_column("cost", Dollars())
    seconds: Mapped[float]
    outcome: Mapped[str]
    cached: Mapped[bool]
    at: Mapped[datetime]
    batch_id: Mapped[int | None]
    counted: Mapped[bool] = mapped_column(default=False, server_default=false())


class TallyRow(Base):
    """What the calls of one outcome that are `counted` came to, in all."""

    __tablename__ = "tallies"

    outcome: Mapped[str] = mapped_column(primary_key=True)
    calls: Mapped[int] = mapped_column(BigInteger)
    prompt_tokens: Mapped[int] = mapped_column(BigInteger)
    completion_tokens: Mapped[int] = mapped_column(BigInteger)
