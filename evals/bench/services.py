"""Servers of one's own, in a folder of their own, that may be killed: PostgreSQL, RabbitMQ, Redis."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Literal

Broker = Literal["rabbitmq", "redis"]

_STARTING_S = 120.0
_POLL_S = 0.1


def free_port() -> int:
    """A port of this machine that no one listens at."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


class Process:
    """A program with all that it starts. Runs while entered; what it says is appended to `log`.

    Raises FileNotFoundError where there is no such program.
    """

    def __init__(
        self,
        command: Sequence[str | Path],
        log: Path,
        environment: Mapping[str, str] | None = None,
        user: str | None = None,
    ) -> None:
        self._command = [str(part) for part in command]
        self._log = log
        self._environment = dict(environment) if environment is not None else None
        self._user = user
        self._running: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Begin; it need not answer yet."""
        with self._log.open("ab") as log:
            self._running = subprocess.Popen(  # noqa: S603 - programs that we name
                self._command,
                env=self._environment,
                user=self._user,
                cwd=Path(__file__).parents[2] if self._user is None else "/",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def kill(self, how: signal.Signals = signal.SIGKILL) -> None:
        """End it with all its processes, and wait until it has ended."""
        if self._running is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._running.pid, how)
        try:
            self._running.wait(30)
        except subprocess.TimeoutExpired:
            how = signal.SIGKILL
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._running.pid, signal.SIGKILL)
        self._running.wait()
        self._running = None

    def has_ended(self) -> bool:
        """Whether it is no more, though it was not killed here."""
        return self._running is not None and self._running.poll() is not None

    def __enter__(self) -> Process:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()


class Server(ABC):
    """A server behind `url` that runs while entered. It is killed and started again with what it has on disk."""

    url: str
    _process: Process

    def restart(self) -> None:
        """Kill it, start it again; it answers when this returns."""
        self._process.kill()
        self.start()

    def start(self) -> None:
        """Start it and wait until it answers. Raises TimeoutError."""
        self._process.start()
        until = time.monotonic() + _STARTING_S
        while not self._answers():
            if time.monotonic() > until or self._process.has_ended():
                raise TimeoutError(f"{type(self).__name__} does not start; see its log")
            time.sleep(_POLL_S)

    @abstractmethod
    def _answers(self) -> bool:
        """Whether it does by now."""

    def __enter__(self) -> Server:
        try:
            self.start()
        except BaseException:
            self._process.kill()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()


class Postgres(Server):
    """PostgreSQL. Killed, its processes end at once, and the next start recovers from its log."""

    def __init__(self, folder: Path) -> None:
        self._folder = _made(folder)
        self._port = free_port()
        # It refuses to run as root.
        self._user = _other("postgres", "nobody") if os.getuid() == 0 else None
        if self._user:
            shutil.chown(self._folder, self._user)
        data = self._folder / "data"
        self._run("initdb", "--auth=trust", "--username=bench", "--encoding=UTF8", "--no-sync", "-D", data)
        options = ("-h", "127.0.0.1", "-p", str(self._port), "-k", str(self._folder), "-c", "fsync=off")
        self._process = Process([_program("postgres"), "-D", data, *options], folder / "log", user=self._user)
        self.url = self.named("postgres")

    def named(self, database: str) -> str:
        """The URL of one of its databases."""
        return f"postgresql+psycopg://bench@127.0.0.1:{self._port}/{database}"

    def ask(self, database: str, statement: str) -> list[str] | None:
        """The lines that a statement gives, columns parted by |; None where it could not be put."""
        place = ("-h", "127.0.0.1", "-p", str(self._port), "-U", "bench", "-d", database)
        done = subprocess.run(  # noqa: S603 - a program that we name
            [_program("psql"), *place, "-AtqX", "-v", "ON_ERROR_STOP=1", "-c", statement],
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        return done.stdout.splitlines() if done.returncode == 0 else None

    def _answers(self) -> bool:
        return self.ask("postgres", "select 1") == ["1"]

    def _run(self, program: str, *arguments: str | Path) -> None:
        command = [_program(program), *map(str, arguments)]
        subprocess.run(  # noqa: S603 - a program that we name
            command, user=self._user, cwd="/", check=True, capture_output=True
        )


class RabbitMQ(Server):
    """RabbitMQ, a node of its own with its own cookie."""

    def __init__(self, folder: Path) -> None:
        port, between = free_port(), free_port()
        (_made(folder) / "rabbitmq.conf").write_text(f"listeners.tcp.default = 127.0.0.1:{port}\n")
        for name in ("env", "plugins"):
            (folder / name).write_text("[].\n" if name == "plugins" else "")
        environment = {
            **os.environ,
            "HOME": str(folder),
            "RABBITMQ_CONF_ENV_FILE": str(folder / "env"),
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
            "RABBITMQ_NODENAME": f"bench{port}@localhost",
            "RABBITMQ_NODE_PORT": str(port),
            "RABBITMQ_DIST_PORT": str(between),
            "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(folder),
            "RABBITMQ_PID_FILE": str(folder / "pid"),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
        }
        # The one on the path may insist on a user and a folder of the system.
        program = _program("rabbitmq-server", "/usr/lib/rabbitmq/bin")
        self._port = port
        self._process = Process([program], folder / "log", environment)
        self.url = f"amqp://guest:guest@127.0.0.1:{port}//"

    def _answers(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self._port), 1) as it:
            it.settimeout(2)
            it.sendall(b"AMQP\x00\x00\x09\x01")
            return it.recv(1) == b"\x01"
        return False


class Redis(Server):
    """Redis, which writes down every change before it answers."""

    def __init__(self, folder: Path) -> None:
        self._port = free_port()
        options = ("--bind", "127.0.0.1", "--port", str(self._port), "--dir", str(_made(folder)))
        lasting = ("--save", "", "--appendonly", "yes", "--appendfsync", "always")
        self._process = Process([_program("redis-server"), *options, *lasting], folder / "log")
        self.url = f"redis://127.0.0.1:{self._port}/0"

    def _answers(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self._port), 1) as it:
            it.settimeout(2)
            it.sendall(b"PING\r\n")
            return it.recv(5) == b"+PONG"
        return False


BROKERS: Mapping[Broker, Callable[[Path], Server]] = {"rabbitmq": RabbitMQ, "redis": Redis}


def missing(broker: Broker) -> str:
    """What of the programs is not installed; empty where all are."""
    wanted = {"rabbitmq": "rabbitmq-server", "redis": "redis-server"}[broker]
    try:
        for name in ("initdb", "postgres", "psql"):
            _program(name)
        _program(wanted, "/usr/lib/rabbitmq/bin")
    except FileNotFoundError as error:
        return str(error)
    return ""


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    # Those who run a server are not always those who made the folder.
    for each in (folder, *folder.parents[:1]):
        each.chmod(0o755)
    return folder


def _program(name: str, *first: str) -> str:
    folders = [*first, *os.environ.get("PATH", "").split(os.pathsep)]
    folders += sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin")), reverse=True)
    if found := shutil.which(name, path=os.pathsep.join(folders)):
        return found
    raise FileNotFoundError(f"{name} is not installed")


def _other(*users: str) -> str:
    for user in users:
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(user).pw_name
    raise FileNotFoundError(f"no user {' or '.join(users)} to run a database as")
