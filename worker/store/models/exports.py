"""Exports that were asked for, and who is told of what happens."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from worker.store.models.base import Base


class ExportRow(Base):
    """An export to one file. `status`: queued, running, done, failed; `reason` says why it failed.

    Without a batch it holds all documents. `formats` are names with commas; `done` of `total` documents are
    written; `file` is the name of the file among the exports, `size` its bytes. `worker` holds it while running.
    """

    __tablename__ = "exports"
    __table_args__ = (Index("ix_exports_status_touched_at", "status", "touched_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("batches.id", ondelete="CASCADE"), index=True)
    formats: Mapped[str]
    status: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(default="")
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    file: Mapped[str | None]
    size: Mapped[int | None] = mapped_column(BigInteger)
    attempts: Mapped[int] = mapped_column(default=0)
    worker: Mapped[str | None]
    added_at: Mapped[datetime] = mapped_column(index=True)
    touched_at: Mapped[datetime]


class HookRow(Base):
    """Who is told of what: a URL and the names of events with commas. `status`: active, disabled (`reason` why).

    `secret` signs what is sent and must be had in the clear for that; it is never shown again or logged.
    Nothing is sent before `rests_until`; `failing_since` is when the last failures in a row began.
    """

    __tablename__ = "hooks"

    id: Mapped[int] = mapped_column(primary_key=True)
    url: Mapped[str]
    events: Mapped[str]
    secret: Mapped[str]
    status: Mapped[str] = mapped_column(String(16), index=True)
    reason: Mapped[str] = mapped_column(default="")
    failing_since: Mapped[datetime | None]
    rests_until: Mapped[datetime]
    added_at: Mapped[datetime]


class DeliveryRow(Base):
    """One message to one webhook, written with the change it tells of. `status`: waiting, sending, delivered, given_up.

    `message` is the id that the receiver sees, the same with each attempt; `code` is the status of the last
    answer, `error` why it did not count. It is sent from `next_at` on; `worker` holds it while sending.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        Index("ix_deliveries_status_next_at", "status", "next_at"),
        Index("ix_deliveries_hook_id_id", "hook_id", "id"),
        Index("ix_deliveries_status_touched_at", "status", "touched_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    hook_id: Mapped[int] = mapped_column(ForeignKey("hooks.id", ondelete="CASCADE"))
    message: Mapped[str] = mapped_column(unique=True)
    event: Mapped[str] = mapped_column(String(32))
    payload: Mapped[str]
    status: Mapped[str] = mapped_column(String(16))
    attempts: Mapped[int] = mapped_column(default=0)
    code: Mapped[int | None]
    error: Mapped[str] = mapped_column(default="")
    worker: Mapped[str | None]
    next_at: Mapped[datetime]
    added_at: Mapped[datetime]
    touched_at: Mapped[datetime]
