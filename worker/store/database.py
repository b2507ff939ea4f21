"""Connections and migrations: SQLite as a file, PostgreSQL by URL."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import ArgumentError, InterfaceError, NoSuchModuleError, OperationalError

from schemas import Away, ConfigError
from worker.settings import without_password

HEAD = "0008"
"""The revision that this code works with."""

_KNOWN = "name sqlite:////path/to/file or postgresql+psycopg://user@host/name"
_BUSY_MS = 30_000
_PAUSE_MS = 50
_MIGRATION_LOCK = 0x676F756A69


def connect(url: str) -> Engine:
    """An engine for a URL. Raises ConfigError if it names no database that can be worked with."""
    try:
        parsed = make_url(url)
        backend = parsed.get_backend_name()
        if backend not in {"sqlite", "postgresql"}:
            raise ConfigError(f"GOUJI_DATABASE_URL: {backend} is not supported; {_KNOWN}")
        return _sqlite(parsed) if backend == "sqlite" else create_engine(parsed, pool_pre_ping=True)
    except (ArgumentError, NoSuchModuleError):
        raise ConfigError(f"GOUJI_DATABASE_URL: not the URL of a database; {_KNOWN}") from None
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"GOUJI_DATABASE_URL: the driver {error.name} is not installed; pip install 'gouji[postgres]'"
        ) from None


def _sqlite(url: URL) -> Engine:
    path = url.database
    if not path or path == ":memory:":
        raise ConfigError(
            "GOUJI_DATABASE_URL: SQLite needs a file, such as sqlite:////var/lib/gouji/gouji.db"
        )
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"GOUJI_DATABASE_URL: the folder of {path} cannot be made ({error.strerror}); name another"
        ) from None
    engine = create_engine(url)

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: object) -> None:
        # Transactions are opened below; the driver must not open its own.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={_BUSY_MS}")
        _write_ahead(cursor)
        cursor.execute("PRAGMA synchronous=NORMAL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A transaction that reads first and writes later fails at once when another wrote in between; one
        # that says so at its start waits its turn.
        reading = connection.get_execution_options().get("reading", False)
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    return engine


def _write_ahead(cursor: sqlite3.Cursor) -> None:
    """Let readers read while one writes. The switch does not wait for its turn by itself, unlike all else."""
    for _ in range(_BUSY_MS // _PAUSE_MS):
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            time.sleep(_PAUSE_MS / 1000)
        else:
            return
    cursor.execute("PRAGMA journal_mode=WAL")


@contextmanager
def away_named() -> Iterator[None]:
    """Raises Away for what a database that does not answer, or is too busy to, makes of a transaction."""
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        reason = str(error.orig).strip().splitlines()[:1]
        raise Away(
            f"GOUJI_DATABASE_URL: the database fails ({' '.join(reason)}); start it, or change the variable"
        ) from error


def upgrade(engine: Engine) -> None:
    """Bring the database to `HEAD`; several processes may do so at once.

    Raises ConfigError if it does not answer or was made by a newer version.
    """
    try:
        if _revision(engine) != HEAD:
            _migrate(engine)
    except OperationalError as error:
        shown = without_password(engine.url.render_as_string(hide_password=True))
        reason = str(error.orig).strip().splitlines()[0]
        raise ConfigError(f"GOUJI_DATABASE_URL: {shown} fails ({reason}); start or change it") from None


def _revision(engine: Engine) -> str | None:
    with engine.execution_options(reading=True).connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        return found


def _migrate(engine: Engine) -> None:
    # Loading Alembic takes longer than most runs need to look at the version.
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    folder = Path(__file__).with_name("migrations")
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            problem = f"GOUJI_DATABASE_URL: made by a newer version of gouji ({error})"
            raise ConfigError(f"{problem}; upgrade gouji or use another database") from None
