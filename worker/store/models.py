"""The tables of the database. Payloads are JSON as pydantic writes it, as text: every figure stays exact."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy import DateTime, Dialect, ForeignKey, MetaData, String, Text, TypeDecorator, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Exact(TypeDecorator[Decimal]):
    """A Decimal as text: no database rounds it, and 1.50 comes back as 1.50."""

    impl = String(40)
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, _dialect: Dialect) -> str | None:
        return None if value is None else str(value)

    def process_result_value(self, value: Any, _dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(value)


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


class DocumentRow(Base):
    """A document by its SHA-256, or (without one) a file that could not be read.

    `status`: queued, reading, concluding, done, failed; `worker` holds it while concluding. `run` counts how
    often it was read anew; `recipe` says under which settings the present run reads.
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
