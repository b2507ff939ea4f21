"""What several kinds of writing need: the time, rows that changed, rows that are new."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, cast

from sqlalchemy import CursorResult, Executable, literal
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from worker.store.models import Base


def now() -> datetime:
    """The present moment in UTC."""
    return datetime.now(UTC)


def changed(session: Session, statement: Executable) -> int:
    """Execute an UPDATE; the number of rows that it changed."""
    return cast("CursorResult[Any]", session.execute(statement)).rowcount


def insert_new(session: Session, row: type[Base], values: Mapping[str, Any]) -> bool:
    """Insert a row unless a unique constraint says that it is there; whether it was new."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    # Asked for a row and not for a count: that of an INSERT is not kept on PostgreSQL.
    statement = insert(row).values(values).on_conflict_do_nothing().returning(literal(1))
    return session.execute(statement).first() is not None
