"""What every test gets: a home of its own, a clean environment and, where they answer, real servers."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest
import sqlalchemy as sa
from kombu import Connection
from redis import Redis

from tests.form import FORM

if TYPE_CHECKING:
    from worker.readers.llm import LlmReader

# Two loaded cores make a slow example look like a slow program.
hypothesis.settings.register_profile("gouji", deadline=None)
hypothesis.settings.load_profile("gouji")

REQUIRED = os.environ.get("GOUJI_TEST_SERVICES") == "required"
POSTGRES = os.environ.get("GOUJI_TEST_POSTGRES", "postgresql+psycopg://postgres@127.0.0.1:5432/postgres")
# Tests clean up what they added to a database of Redis: each process of a parallel run has one of its own.
REDIS = os.environ.get(
    "GOUJI_TEST_REDIS",
    f"redis://127.0.0.1:6379/{15 - int(os.environ.get('PYTEST_XDIST_WORKER', 'gw0')[2:]) % 15}",
)
RABBITMQ = os.environ.get("GOUJI_TEST_RABBITMQ", "amqp://guest:guest@127.0.0.1:5672//")
TIMEOUT = 3

# What is tested does not hang on whether the extra `embedded` is installed. Fixtures of a module come before `home`.
os.environ["GOUJI_MODEL"] = "none"

FOREIGN_PREFIXES = ("GOUJI_", "OPENAI_", "CELERY_")
FOREIGN_SUFFIXES = ("_PROXY", "_proxy")
FOREIGN_NAMES = ("FORCE_COLOR", "PY_COLORS", "CLICOLOR_FORCE", "GITHUB_ACTIONS")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh GOUJI_HOME, and nothing of the caller's settings, keys, proxies or colours."""
    for name in list(os.environ):
        foreign = name.startswith(FOREIGN_PREFIXES) or name.endswith(FOREIGN_SUFFIXES)
        if foreign or name in FOREIGN_NAMES:
            monkeypatch.delenv(name)
    path = tmp_path / "gouji-home"
    monkeypatch.setenv("GOUJI_HOME", str(path))
    monkeypatch.setenv("GOUJI_MODEL", "none")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "160")
    return path


def _reach_postgres() -> None:
    engine = sa.create_engine(POSTGRES, connect_args={"connect_timeout": TIMEOUT}, poolclass=sa.NullPool)
    with engine.connect() as connection:
        connection.execute(sa.text("select 1"))


def _reach_redis() -> None:
    with Redis.from_url(REDIS, socket_connect_timeout=TIMEOUT, socket_timeout=TIMEOUT) as client:
        client.ping()


def _reach_rabbitmq() -> None:
    with Connection(RABBITMQ, connect_timeout=TIMEOUT) as connection:
        connection.connect()


REACH: dict[str, tuple[str, Callable[[], None]]] = {
    "PostgreSQL": ("GOUJI_TEST_POSTGRES", _reach_postgres),
    "Redis": ("GOUJI_TEST_REDIS", _reach_redis),
    "RabbitMQ": ("GOUJI_TEST_RABBITMQ", _reach_rabbitmq),
}
MISSING: dict[str, str] = {}


@cache
def _why_missing(service: str) -> str | None:
    variable, reach = REACH[service]
    try:
        reach()
    # Whatever the driver raises, an ImportError included, means one thing here: no such server.
    except Exception as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        MISSING[service] = f"{service} does not answer (set {variable}): {reason}"
        return MISSING[service]
    return None


def need(service: str) -> None:
    """Skip the test when the service is not there; fail it when GOUJI_TEST_SERVICES=required."""
    if (reason := _why_missing(service)) is None:
        return
    if REQUIRED:
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say which servers were not found, so that a green run without them is not read as a full one."""
    for reason in MISSING.values():
        terminalreporter.write_line(f"Not tested against a server: {reason}", yellow=True)


@pytest.fixture(scope="session")
def _postgres_session() -> Iterator[str]:
    need("PostgreSQL")
    name = f"gouji_test_{uuid.uuid4().hex[:12]}"
    admin = sa.create_engine(POSTGRES, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with admin.connect() as connection:
        connection.execute(sa.text(f"create database {name} encoding 'UTF8' template template0"))
    try:
        yield sa.make_url(POSTGRES).set(database=name).render_as_string(hide_password=False)
    finally:
        with admin.connect() as connection:
            connection.execute(sa.text(f"drop database {name} with (force)"))


@pytest.fixture
def postgres_url(_postgres_session: str) -> str:
    """The URL of an empty PostgreSQL database that is thrown away with the test session."""
    engine = sa.create_engine(_postgres_session, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        # An earlier test's forgotten connection would hold its locks and hang this one.
        connection.execute(
            sa.text(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where datname = current_database() and pid <> pg_backend_pid()"
            )
        )
        connection.execute(sa.text("drop schema public cascade"))
        connection.execute(sa.text("create schema public"))
    return _postgres_session


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database: the test runs once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'test.db'}"
    url: str = request.getfixturevalue("postgres_url")
    return url


@dataclass
class Broker:
    """A message broker and names on it that no one else uses; what was named is deleted afterwards."""

    url: str
    transport_options: dict[str, Any] = field(default_factory=dict)
    prefix: str = field(default_factory=lambda: f"gouji-test-{uuid.uuid4().hex[:12]}.")
    queues: list[str] = field(default_factory=list)

    def queue(self, name: str) -> str:
        """The full name of a queue for this test alone."""
        full = self.prefix + name
        if full not in self.queues:
            self.queues.append(full)
        return full


@pytest.fixture
def redis_url() -> Iterator[str]:
    """A Redis database; keys that the test adds are removed afterwards."""
    need("Redis")
    with Redis.from_url(REDIS, socket_timeout=TIMEOUT) as client:
        before = set(client.scan_iter(count=1000))
        yield REDIS
        if added := set(client.scan_iter(count=1000)) - before:
            client.delete(*added)


@pytest.fixture
def redis_broker(redis_url: str) -> Broker:
    """Redis as a broker, every key of which lies under a prefix of this test."""
    broker = Broker(redis_url)
    broker.transport_options["global_keyprefix"] = broker.prefix
    return broker


@pytest.fixture
def rabbitmq_broker() -> Iterator[Broker]:
    """RabbitMQ as a broker; queues named through it, and the exchanges of their names, are deleted."""
    need("RabbitMQ")
    broker = Broker(RABBITMQ)
    yield broker
    with Connection(broker.url, connect_timeout=TIMEOUT) as connection:
        channel: Any = connection.channel()
        for queue in broker.queues:
            channel.queue_delete(queue)
            channel.exchange_delete(queue)


@pytest.fixture(params=["redis", "rabbitmq"])
def broker(request: pytest.FixtureRequest) -> Broker:
    """A real broker: the test runs once on Redis and once on RabbitMQ."""
    found: Broker = request.getfixturevalue(f"{request.param}_broker")
    return found


MakeReader = Callable[..., "LlmReader"]


@pytest.fixture
def make_reader(home: Path) -> Iterator[MakeReader]:
    """Makes readers that ask a model at an address; they are closed after the test."""
    from worker.pace import Keeper
    from worker.readers.llm import LlmReader
    from worker.readers.llm.modes import forget_modes
    from worker.settings import Settings

    made: list[LlmReader] = []

    def make(url: str, *, patience_s: float = 0.4, pace: Keeper | None = None, **settings: Any) -> LlmReader:
        known = {
            "model": "scripted",
            "openai_base_url": url,
            "home": home,
            "mode": "json_schema",
            "wire": "rows",
        }
        made.append(LlmReader(Settings(**{**known, **settings}), patience_s=patience_s, pace=pace))
        return made[-1]

    forget_modes()
    yield make
    forget_modes()
    for reader in made:
        reader.close()


@pytest.fixture
def form(tmp_path: Path) -> Path:
    path = tmp_path / "in" / "form.txt"
    path.parent.mkdir()
    path.write_text(FORM.format(total="120.50"), encoding="utf-8")
    return path
