"""The tables of the database. Payloads are JSON as pydantic writes it, as text: every figure stays exact."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy import (
    BigInteger,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    MetaData,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Exact(TypeDecorator[Decimal]):
    """A Decimal as text: no database rounds it, and 1.50 comes back as 1.50."""

    impl = String(40)
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, _dialect: Dialect) -> str | None:
        return None if value is None else str(value)

    def process_result_value(self, value: Any, _dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(value)


class Dollars(TypeDecorator[Decimal]):
    """US dollars as whole 10⁻¹², which a database can add up exactly: the price of a token is a multiple of it."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, _dialect: Dialect) -> int | None:
        return None if value is None else int(value.scaleb(12).to_integral_value())

    def process_result_value(self, value: Any, _dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(value).scaleb(-12)


class Moment(TypeDecorator[datetime]):
    """A moment in UTC; SQLite forgets the zone, so it is put back."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """Names of constraints follow one pattern, so that migrations can speak of them on every database."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar = {datetime: Moment(), Decimal: Exact(), str: Text()}


class BatchRow(Base):
    """Files that were given together. `status`: open, paused, cancelled, done; `reason` says why it is paused.

    `entered`: all its files are known. Of batches at work one of `priority` p gets twice the share of one of
    p - 1. `spent` is what calls to a model cost so far; at `budget` it is paused.
    """

    __tablename__ = "batches"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    status: Mapped[str] = mapped_column(String(16), index=True)
    reason: Mapped[str] = mapped_column(default="")
    priority: Mapped[int]
    budget: Mapped[Decimal | None] = mapped_column(Dollars())
    spent: Mapped[Decimal] = mapped_column(Dollars(), default=Decimal(0))
    entered: Mapped[bool] = mapped_column(default=False)
    added_at: Mapped[datetime]
    touched_at: Mapped[datetime]


class DocumentRow(Base):
    """A document by its SHA-256, or (without one) a file that could not be read.

    `status`: queued, reading, concluding, done, failed, cancelled; `worker` holds it while concluding. `run`
    counts how often it was read anew; `recipe` says under which settings the present run reads.
    """

    __tablename__ = "documents"

    id: Mapped[int] = mapped_column(primary_key=True)
    sha256: Mapped[str | None] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(index=True)
    status: Mapped[str] = mapped_column(String(16), index=True)
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


class ItemRow(Base):
    """A file of a batch. `status`: waiting, sent, ingesting, reading, done, failed, cancelled.

    Its bytes lie in the blobs by `sha256` until it is ingested; `worker` holds it meanwhile. `notes` is a JSON
    list of what of it could not be read, `facts` a JSON object of what a manifest says.
    """

    __tablename__ = "items"
    __table_args__ = (
        UniqueConstraint("batch_id", "place"),
        Index("ix_items_batch_id_status", "batch_id", "status", "id"),
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
    """One chunk of one run. `status`: queued, reading, done, poisoned; `worker` holds it while reading.

    `problems` is a JSON list of why readers brought nothing.
    """

    __tablename__ = "chunks"
    __table_args__ = (UniqueConstraint("document_id", "run", "key"),)

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
    """The verdict on one table and the reading that stands (None where no reader brought one)."""

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
    """One call to a model for a chunk, failed ones included."""

    __tablename__ = "calls"

    id: Mapped[int] = mapped_column(primary_key=True)
    chunk_id: Mapped[int] = mapped_column(ForeignKey("chunks.id", ondelete="CASCADE"), index=True)
    reader: Mapped[str]
    model: Mapped[str]
    prompt_version: Mapped[str]
    wire: Mapped[str]
    prompt_tokens: Mapped[int]
    cached_tokens: Mapped[int]
    completion_tokens: Mapped[int]
    cost_usd: Mapped[Decimal | None]
    seconds: Mapped[float]
    outcome: Mapped[str]
    cached: Mapped[bool]
    at: Mapped[datetime]


class PaceRow(Base):
    """How fast an endpoint may be asked, known to all workers. `payload` is a `worker.pace.Pace`."""

    __tablename__ = "paces"

    endpoint: Mapped[str] = mapped_column(primary_key=True)
    payload: Mapped[str]


class CanaryRow(Base):
    """When a worker last took the canary of a queue: proof that the queue is served."""

    __tablename__ = "canaries"

    queue: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]
