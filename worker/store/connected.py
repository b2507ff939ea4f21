"""A database and a folder of texts, connected."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from sqlalchemy.orm import Session

from worker.store.blobs import BlobStore
from worker.store.database import away_named, connect


class Connected:
    """What the methods of the store work on: short transactions, and `blobs`."""

    def __init__(self, url: str, blobs: BlobStore) -> None:
        """Connect. Raises ConfigError."""
        self._engine = connect(url)
        self._reading = self._engine.execution_options(reading=True)
        self.blobs = blobs

    def close(self) -> None:
        """Give up all connections."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def _write(self) -> Iterator[Session]:
        with away_named(), Session(self._engine) as session, session.begin():
            yield session

    @contextmanager
    def _read(self) -> Iterator[Session]:
        with away_named(), Session(self._reading) as session:
            yield session
