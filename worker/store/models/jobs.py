"""Requests to a model that can wait, and the jobs they were sent in."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from worker.store.models.base import Base


class JobRow(Base):
    """A file of requests at the batch API of an endpoint.

    `status`: new, uploading, creating, sent, done, failed, cancelled; `too large` for the room that the endpoint has.
    `token` is its name there, `address` a digest of that of the endpoint; `file_id` and `remote_id` are what the
    endpoint calls its file and the batch. `uploading` and `creating` say that it was begun, and may have been done.
    `worker` holds it while it is attended to, next at `due_at`. `cancelling`: the endpoint was told to stop.
    `problem` says why it brought less than was asked.
    """

    __tablename__ = "llm_jobs"
    __table_args__ = (Index("ix_llm_jobs_address_status", "address", "status", "due_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    token: Mapped[str] = mapped_column(String(64), unique=True)
    address: Mapped[str] = mapped_column(String(64))
    status: Mapped[str] = mapped_column(String(16))
    requests: Mapped[int]
    file_id: Mapped[str | None]
    remote_id: Mapped[str | None]
    cancelling: Mapped[bool] = mapped_column(default=False)
    problem: Mapped[str] = mapped_column(default="")
    worker: Mapped[str | None]
    due_at: Mapped[datetime]
    added_at: Mapped[datetime]
    touched_at: Mapped[datetime]


class RequestRow(Base):
    """A request by the key of its answer. `status`: pending, sent (with a job), answered, failed.

    Its calls are entered for `chunk_id`, the first chunk that asked for it. `body` is JSON, empty when it has ended;
    `size` are its bytes in a file of requests, about.
    """

    __tablename__ = "llm_requests"
    __table_args__ = (Index("ix_llm_requests_status_address", "status", "address", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(64), unique=True)
    chunk_id: Mapped[int] = mapped_column(ForeignKey("chunks.id", ondelete="CASCADE"), index=True)
    job_id: Mapped[int | None] = mapped_column(ForeignKey("llm_jobs.id", ondelete="SET NULL"), index=True)
    address: Mapped[str] = mapped_column(String(64))
    status: Mapped[str] = mapped_column(String(16))
    model: Mapped[str]
    wire: Mapped[str]
    prompt_version: Mapped[str]
    body: Mapped[str]
    size: Mapped[int] = mapped_column(BigInteger)
    touched_at: Mapped[datetime]


class WaitRow(Base):
    """A chunk that asked for a request. It does so once: what is not answered is then asked live."""

    __tablename__ = "llm_waits"

    request_id: Mapped[int] = mapped_column(
        ForeignKey("llm_requests.id", ondelete="CASCADE"), primary_key=True
    )
    chunk_id: Mapped[int] = mapped_column(
        ForeignKey("chunks.id", ondelete="CASCADE"), primary_key=True, index=True
    )
