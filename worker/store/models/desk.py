"""People: users and their sessions, what they claim, decide and change."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import BigInteger, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from worker.store.models.base import Base


class UserRow(Base):
    """Who may work at the desk. `password` is an argon2id hash, None for one who cannot sign in by password."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    role: Mapped[str] = mapped_column(String(16))
    password: Mapped[str | None]
    disabled: Mapped[bool] = mapped_column(default=False)
    added_at: Mapped[datetime]
    seen_at: Mapped[datetime | None]


class SessionRow(Base):
    """A session by the SHA-256 of its token; `seen_at` ends it when idle, `ends_at` in any case."""

    __tablename__ = "sessions"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    seen_at: Mapped[datetime]
    ends_at: Mapped[datetime] = mapped_column(index=True)


class IdentityRow(Base):
    """Who a user is to a provider of OpenID Connect: `subject` is unique among those of its `issuer`."""

    __tablename__ = "identities"

    issuer: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)


class LinkRow(Base):
    """A link that signs in once, by the SHA-256 of its token: a user, or without one the admin of a laptop."""

    __tablename__ = "sign_in_links"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    ends_at: Mapped[datetime]


class TryRow(Base):
    """Failed tries to sign in by the SHA-256 of a name or an address; none is heard before `free_at`."""

    __tablename__ = "sign_in_tries"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    failures: Mapped[int]
    free_at: Mapped[datetime]
    touched_at: Mapped[datetime] = mapped_column(index=True)


class ReviewRow(Base):
    """A table that waits, or waited, for a person: what the queue lists, filters and orders by.

    `waiting`: its status is review or failed. `words` is what a search looks in; `reasons` a JSON list. `money` in
    yuan; `doubt` and `ease` in ten-thousandths. `claimed_by` holds it until `claimed_until`.
    """

    __tablename__ = "reviews"
    __table_args__ = (
        UniqueConstraint("document_id", "key"),
        Index("ix_reviews_worth", "worth", "id"),
        Index("ix_reviews_waiting_worth", "waiting", "worth", "id"),
        Index("ix_reviews_waiting_kind_worth", "waiting", "kind", "worth", "id"),
        Index("ix_reviews_waiting_reason_worth", "waiting", "reason", "worth", "id"),
        Index("ix_reviews_waiting_unit_name_worth", "waiting", "unit_name", "worth", "id"),
        Index("ix_reviews_status_worth", "status", "worth", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    document_id: Mapped[int] = mapped_column(ForeignKey("documents.id", ondelete="CASCADE"))
    key: Mapped[str]
    kind: Mapped[str]
    title: Mapped[str]
    unit_name: Mapped[str]
    words: Mapped[str]
    status: Mapped[str] = mapped_column(String(16))
    waiting: Mapped[bool]
    reason: Mapped[str] = mapped_column(String(16))
    reasons: Mapped[str]
    money: Mapped[Decimal | None]
    doubt: Mapped[int]
    ease: Mapped[int]
    worth: Mapped[int] = mapped_column(BigInteger)
    claimed_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    claimed_at: Mapped[datetime | None]
    claimed_until: Mapped[datetime | None]


class EventRow(Base):
    """One entry of the log of a document, written once. `run` is the reading that it was made on.

    `by` keeps the name of who did it; `payload` is the JSON of a `worker.amend.Entry`; `seconds` is the time from claim
    to verdict.
    """

    __tablename__ = "review_events"
    __table_args__ = (
        UniqueConstraint("document_id", "sequence"),
        Index("ix_review_events_action", "action", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    document_id: Mapped[int] = mapped_column(ForeignKey("documents.id", ondelete="CASCADE"))
    sequence: Mapped[int]
    run: Mapped[int]
    key: Mapped[str]
    action: Mapped[str] = mapped_column(String(24))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    by: Mapped[str]
    at: Mapped[datetime]
    payload: Mapped[str]
    seconds: Mapped[int | None]
