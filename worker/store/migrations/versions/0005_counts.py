"""Sums that status and lists read, kept as the work goes on; their indices."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_STATUSES = ("accepted", "review", "corrected", "rejected", "empty", "failed")
_BY_STATUS = tuple(f"tables_{status}" for status in _STATUSES)
_SUMS = (*_BY_STATUS, "checks_failed", "calls", "tokens", "cost")

_INDICES: dict[str, tuple[str, ...]] = {
    "ix_documents_counts": ("documents", "status", *_BY_STATUS),
    "ix_items_batch_id_id": ("items", "batch_id", "id"),
    "ix_items_status_touched_at": ("items", "status", "touched_at"),
    "ix_items_counts": ("items", "batch_id", "status", *_BY_STATUS),
}
_REPLACED: dict[str, tuple[str, str]] = {
    "ix_documents_status": ("documents", "status"),
}


def upgrade() -> None:
    """Add the columns, fill them from what is there, make the indices."""
    for column in _SUMS:
        kind = sa.BigInteger() if column in {"tokens", "cost"} else sa.Integer()
        op.add_column("documents", sa.Column(column, kind, nullable=False, server_default="0"))
    for column in _BY_STATUS:
        op.add_column("items", sa.Column(column, sa.Integer(), nullable=False, server_default="0"))
    op.add_column("batches", sa.Column("tokens", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("calls", sa.Column("batch_id", sa.Integer(), nullable=True))
    op.add_column("calls", sa.Column("counted", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("calls", sa.Column("cost", sa.BigInteger(), nullable=True))
    op.create_table(
        "tallies",
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("calls", sa.BigInteger(), nullable=False),
        sa.Column("prompt_tokens", sa.BigInteger(), nullable=False),
        sa.Column("completion_tokens", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("outcome", name=op.f("pk_tallies")),
    )
    _fill()
    for name in _REPLACED:
        op.drop_index(op.f(name))
    for name, (table, *columns) in _INDICES.items():
        op.create_index(name, table, columns)
    for name, table, indexed, where in (
        ("ix_calls_uncounted", "calls", ["batch_id"], ("NOT counted", "counted = 0")),
        ("ix_chunks_poisoned", "chunks", ["document_id", "run"], ("status = 'poisoned'",) * 2),
    ):
        some: Any = dict(zip(("postgresql_where", "sqlite_where"), map(sa.text, where), strict=True))
        op.create_index(name, table, indexed, **some)


def _fill() -> None:
    # A number of doubles is exact here: fifteen digits, and no call costs a thousand dollars.
    exact = "NUMERIC" if op.get_bind().dialect.name == "postgresql" else "REAL"
    cost = f"CAST(round(CAST(cost_usd AS {exact}) * 1000000000000) AS BIGINT)"
    op.execute(f"UPDATE calls SET counted = true, cost = {cost}")  # noqa: S608 - no input in it
    op.drop_column("calls", "cost_usd")
    present = "x.document_id = documents.id AND x.run = documents.run"
    counted = {
        **{f"tables_{status}": f"tables x WHERE {present} AND x.status = '{status}'" for status in _STATUSES},
        "checks_failed": f"findings x WHERE {present} AND x.status = 'failed'",
        "calls": "calls JOIN chunks x ON x.id = calls.chunk_id WHERE x.document_id = documents.id",
    }
    values = [f"{column} = (SELECT count(*) FROM {of})" for column, of in counted.items()]  # noqa: S608
    summed = {"tokens": "calls.prompt_tokens + calls.completion_tokens", "cost": "calls.cost"}
    values += [
        f"{column} = (SELECT coalesce(sum({what}), 0) FROM {counted['calls']})"  # noqa: S608
        for column, what in summed.items()
    ]
    op.execute(f"UPDATE documents SET {', '.join(values)}")  # noqa: S608
    copied = [f"{column} = documents.{column}" for column in _BY_STATUS]
    op.execute(f"UPDATE items SET {', '.join(copied)} FROM documents WHERE documents.id = items.document_id")  # noqa: S608
    of_batch = "items JOIN documents ON documents.id = items.document_id WHERE items.batch_id = batches.id"
    op.execute(f"UPDATE batches SET tokens = (SELECT coalesce(sum(documents.tokens), 0) FROM {of_batch})")  # noqa: S608
    op.execute(
        "INSERT INTO tallies (outcome, calls, prompt_tokens, completion_tokens) "
        "SELECT outcome, count(*), sum(prompt_tokens), sum(completion_tokens) FROM calls GROUP BY outcome"
    )


def downgrade() -> None:
    """Take them away. What calls that are not counted came to goes to their batches first."""
    uncounted = "FROM calls WHERE NOT counted AND batch_id = batches.id"
    op.execute(f"UPDATE batches SET spent = spent + (SELECT coalesce(sum(cost), 0) {uncounted})")  # noqa: S608
    op.add_column("calls", sa.Column("cost_usd", sa.String(40), nullable=True))
    whole, rest = "cost / 1000000000000", "cost % 1000000000000"
    postgres = op.get_bind().dialect.name == "postgresql"
    written = (
        f"{whole} || '.' || lpad(({rest})::text, 12, '0')"
        if postgres
        else f"printf('%d.%012d', {whole}, {rest})"
    )
    op.execute(f"UPDATE calls SET cost_usd = {written} WHERE cost IS NOT NULL")  # noqa: S608
    op.drop_index("ix_calls_uncounted")
    op.drop_index("ix_chunks_poisoned")
    for name in _INDICES:
        op.drop_index(name)
    for name, (table, column) in _REPLACED.items():
        op.create_index(op.f(name), table, [column])
    op.drop_table("tallies")
    for table, columns in (
        ("calls", ("counted", "batch_id", "cost")),
        ("batches", ("tokens",)),
        ("items", _BY_STATUS),
        ("documents", _SUMS),
    ):
        for column in columns:
            op.drop_column(table, column)
