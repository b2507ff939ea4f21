"""Databases that the store is opened on: migrations, versions, settings that do not work."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from schemas import ConfigError
from worker.store import BlobStore, Store
from worker.store.database import HEAD, connect
from worker.store.models import Base


def test_the_migrations_make_what_the_models_say(database_url: str, tmp_path: Path) -> None:
    Store(database_url, BlobStore(tmp_path)).close()
    engine = connect(database_url)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
    engine.dispose()


def test_the_code_works_with_the_newest_revision() -> None:
    config = Config()
    config.set_main_option("script_location", "worker:store/migrations")
    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


def test_several_may_open_a_new_database_at_once(database_url: str, tmp_path: Path) -> None:
    faults: list[BaseException] = []
    start = threading.Barrier(4)

    def work() -> None:
        start.wait()
        try:
            Store(database_url, BlobStore(tmp_path)).close()
        except BaseException as error:
            faults.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []


def test_a_database_of_a_newer_version_is_left_alone(database_url: str, tmp_path: Path) -> None:
    Store(database_url, BlobStore(tmp_path)).close()
    engine = connect(database_url)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(ConfigError, match="made by a newer version of gouji"):
        Store(database_url, BlobStore(tmp_path))


def test_sqlite_lets_readers_read_while_one_writes(tmp_path: Path) -> None:
    Store(f"sqlite:///{tmp_path / 'x.db'}", BlobStore(tmp_path)).close()
    connection = sqlite3.connect(tmp_path / "x.db")
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("sqlite://", "SQLite needs a file"),
        ("mysql://host/name", "mysql is not supported; name sqlite:"),
        ("nonsense://x", "not supported"),
        ("postgresql+psycopg://me:secret@127.0.0.1:1/none", r"me:\*\*\*@127.0.0.1:1/none fails \("),
        ("sqlite:////proc/no/such/folder/x.db", "cannot be made"),
    ],
)
def test_a_database_that_does_not_work_is_a_setting_to_change(url: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=words) as caught:
        Store(url, BlobStore(tmp_path))
    assert "GOUJI_DATABASE_URL" in str(caught.value)
    assert "secret" not in str(caught.value)
