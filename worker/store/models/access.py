"""Who may ask over HTTP: tokens, the answers to requests that may be repeated, and indices that lists need."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from worker.store.models.base import Base
from worker.store.models.work import DocumentRow, FindingRow, ItemRow


class TokenRow(Base):
    """A token by its SHA-256. `scopes` are their names with blanks between; moments are None for never."""

    __tablename__ = "tokens"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    scopes: Mapped[str]
    added_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class ReplyRow(Base):
    """The answer to a request that may be repeated, by the SHA-256 of its key.

    `fingerprint` is the SHA-256 of the request; without a `status` it is still in progress.
    """

    __tablename__ = "replies"

    token_id: Mapped[int] = mapped_column(ForeignKey("tokens.id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    status: Mapped[int | None]
    location: Mapped[str] = mapped_column(default="")
    body: Mapped[str] = mapped_column(default="")
    at: Mapped[datetime] = mapped_column(index=True)


FAILED = text("status = 'failed'")

# Pages of lists begin after an id; each of these gives one without a sort.
Index("ix_documents_status_id", DocumentRow.status, DocumentRow.id)
Index("ix_items_batch_id_document_id", ItemRow.batch_id, ItemRow.document_id)
Index("ix_findings_failed", FindingRow.id, sqlite_where=FAILED, postgresql_where=FAILED)
Index("ix_findings_failed_rule", FindingRow.rule, FindingRow.id, sqlite_where=FAILED, postgresql_where=FAILED)
