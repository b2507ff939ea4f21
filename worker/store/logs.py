"""The logs of documents: what people did, entry by entry."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from worker.amend import Entry
from worker.store.models import EventRow


class Logged(NamedTuple):
    """An entry of a log with the reading that it was made on."""

    entry: Entry
    run: int
    user_id: int | None


def log(session: Session, document_id: int, after: int = 0, *, key: str | None = None) -> tuple[Logged, ...]:
    """The entries of a document, or of one table of it, after a number, in order."""
    query = select(EventRow).where(EventRow.document_id == document_id, EventRow.sequence > after)
    if key is not None:
        query = query.where(EventRow.key == key)
    rows = session.execute(query.order_by(EventRow.sequence)).scalars()
    return tuple(Logged(Entry.model_validate_json(row.payload), row.run, row.user_id) for row in rows)
