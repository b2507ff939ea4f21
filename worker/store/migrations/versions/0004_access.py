"""Tokens of the HTTP API, and requests that may be repeated; indices for pages of lists."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_FAILED = sa.text("status = 'failed'")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "tokens",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tokens")),
        sa.UniqueConstraint("name", name=op.f("uq_tokens_name")),
        sa.UniqueConstraint("digest", name=op.f("uq_tokens_digest")),
    )
    op.create_table(
        "replies",
        sa.Column("token_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["token_id"], ["tokens.id"], name=op.f("fk_replies_token_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("token_id", "key", name=op.f("pk_replies")),
    )
    op.create_index(op.f("ix_replies_at"), "replies", ["at"])
    op.create_index("ix_documents_status_id", "documents", ["status", "id"])
    op.create_index("ix_items_batch_id_document_id", "items", ["batch_id", "document_id"])
    for name, columns in (("ix_findings_failed", ["id"]), ("ix_findings_failed_rule", ["rule", "id"])):
        op.create_index(name, "findings", columns, sqlite_where=_FAILED, postgresql_where=_FAILED)


def downgrade() -> None:
    """Take them away."""
    op.drop_index("ix_findings_failed_rule", "findings")
    op.drop_index("ix_findings_failed", "findings")
    op.drop_index("ix_items_batch_id_document_id", "items")
    op.drop_index("ix_documents_status_id", "documents")
    op.drop_table("replies")
    op.drop_table("tokens")
