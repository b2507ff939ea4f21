"""The pace of an endpoint, kept for all workers of one database."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from pydantic import TypeAdapter
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from worker.pace import Held, Pace
from worker.store.models import PaceRow
from worker.store.statements import insert_new

_PACE = TypeAdapter(Pace)


class StoredPace:
    """A `worker.pace.Keeper`: the row of an endpoint, locked while it is held."""

    def __init__(self, write: Callable[[], AbstractContextManager[Session]], endpoint: str) -> None:
        self._write = write
        self._endpoint = endpoint

    @contextmanager
    def hold(self) -> Iterator[Held]:
        """See `worker.pace.Keeper`."""
        with self._write() as session:
            row = self._row(session)
            held = Held(_PACE.validate_json(row.payload), _now(session))
            yield held
            row.payload = _PACE.dump_json(held.pace).decode()

    def _row(self, session: Session) -> PaceRow:
        query = select(PaceRow).where(PaceRow.endpoint == self._endpoint).with_for_update()
        if found := session.execute(query).scalar_one_or_none():
            return found
        insert_new(
            session, PaceRow, {"endpoint": self._endpoint, "payload": _PACE.dump_json(Pace()).decode()}
        )
        return session.execute(query).scalar_one()


def _now(session: Session) -> float:
    """Seconds since the epoch by the clock that all workers share."""
    if session.get_bind().dialect.name == "postgresql":
        return float(session.execute(select(func.extract("epoch", func.clock_timestamp()))).scalar_one())
    return time.time()
