"""Requests to a model that can wait, and their jobs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables; batches say whether they can wait."""
    op.add_column("batches", sa.Column("llm_batch", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "llm_jobs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("requests", sa.Integer(), nullable=False),
        sa.Column("file_id", sa.Text(), nullable=True),
        sa.Column("remote_id", sa.Text(), nullable=True),
        sa.Column("cancelling", sa.Boolean(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("worker", sa.Text(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("touched_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_llm_jobs")),
        sa.UniqueConstraint("token", name=op.f("uq_llm_jobs_token")),
    )
    op.create_index("ix_llm_jobs_address_status", "llm_jobs", ["address", "status", "due_at"])
    op.create_table(
        "llm_requests",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("chunk_id", sa.Integer(), nullable=False),
        sa.Column("job_id", sa.Integer(), nullable=True),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("wire", sa.Text(), nullable=False),
        sa.Column("prompt_version", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("touched_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["chunk_id"], ["chunks.id"], name=op.f("fk_llm_requests_chunk_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["job_id"], ["llm_jobs.id"], name=op.f("fk_llm_requests_job_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_llm_requests")),
        sa.UniqueConstraint("key", name=op.f("uq_llm_requests_key")),
    )
    op.create_index(op.f("ix_llm_requests_chunk_id"), "llm_requests", ["chunk_id"])
    op.create_index(op.f("ix_llm_requests_job_id"), "llm_requests", ["job_id"])
    op.create_index("ix_llm_requests_status_address", "llm_requests", ["status", "address", "id"])
    op.create_table(
        "llm_waits",
        sa.Column("request_id", sa.Integer(), nullable=False),
        sa.Column("chunk_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["request_id"], ["llm_requests.id"], name=op.f("fk_llm_waits_request_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["chunk_id"], ["chunks.id"], name=op.f("fk_llm_waits_chunk_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("request_id", "chunk_id", name=op.f("pk_llm_waits")),
    )
    op.create_index(op.f("ix_llm_waits_chunk_id"), "llm_waits", ["chunk_id"])


def downgrade() -> None:
    """Take them away."""
    for table in ("llm_waits", "llm_requests", "llm_jobs"):
        op.drop_table(table)
    op.drop_column("batches", "llm_batch")
