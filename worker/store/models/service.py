"""What workers tell one another: the pace of endpoints, signs of life."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from worker.store.models.base import Base


class PaceRow(Base):
    """How fast an endpoint may be asked, known to all workers. `payload` is a `worker.pace.Pace`."""

    __tablename__ = "paces"

    endpoint: Mapped[str] = mapped_column(primary_key=True)
    payload: Mapped[str]


class CanaryRow(Base):
    """When a worker last took the canary of a queue: proof that the queue is served."""

    __tablename__ = "canaries"

    queue: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]
