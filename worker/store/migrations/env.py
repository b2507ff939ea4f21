"""Runs migrations on the connection that `worker.store.database` hands over."""

from __future__ import annotations

from alembic import context

from worker.store.models import Base

context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata)
with context.begin_transaction():
    context.run_migrations()
