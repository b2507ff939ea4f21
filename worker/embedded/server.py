"""Where the embedded model is asked: the one server of this machine, started by whoever first needs it."""

from __future__ import annotations

import fcntl
import json
import os
import platform
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from schemas.errors import ConfigError, Unreachable
from worker.embedded.card import card

_PATIENCE_S = 120.0
_LOOK_S = 0.05
_uses: dict[tuple[int, Path], int] = {}
_lock = threading.Lock()


class Place(NamedTuple):
    """Where a server answers: the base URL for an OpenAI-compatible client, and its key."""

    url: str
    key: str


def place(home: Path) -> Place:
    """The server of this machine for a home; it is started if there is none, and stays while this process lives.

    Raises ConfigError where it cannot be started, Unreachable where it does not come up in two minutes.
    """
    folder = folder_of(home)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    _use(folder)
    with _locked(folder / "turn"):
        if not is_alive(folder):
            _start(folder, home / "models")
        found = json.loads((folder / "place.json").read_text(encoding="utf-8"))
        os.utime(folder / "place.json")
    return Place(found["url"], found["key"])


def leave(home: Path) -> None:
    """Be no user of the server any more; without users it ends. `place` makes this process one again."""
    with _lock:
        if (handle := _uses.pop((os.getpid(), folder_of(home)), None)) is not None:
            os.close(handle)


def folder_of(home: Path) -> Path:
    """The folder of the server: one for each machine that shares the home, and for each version of the model."""
    host = re.sub(r"[^\w.-]", "_", platform.node()) or "host"
    return home / "embedded" / f"{host}-{card().version}"


def is_alive(folder: Path) -> bool:
    """Whether a server of this folder runs: it holds a lock as long as it does, however it ends."""
    if not (folder / "place.json").exists():
        return False
    with (folder / "alive").open("a") as alive:
        try:
            fcntl.flock(alive, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


def _use(folder: Path) -> None:
    """Be a user of the server until this process ends."""
    with _lock:
        key = os.getpid(), folder
        if key not in _uses:
            handle = os.open(folder / "users", os.O_RDWR | os.O_CREAT, 0o600)
            fcntl.flock(handle, fcntl.LOCK_SH)
            _uses[key] = handle


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _start(folder: Path, models: Path) -> None:
    """Start a server in a process of its own and wait until it can be asked."""
    (folder / "place.json").unlink(missing_ok=True)
    log = folder / "log.txt"
    with log.open("wb") as out:
        process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", "worker.embedded.serve", str(folder), str(models)],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
            env={name: value for name, value in os.environ.items() if not _is_secret(name)},
        )
    until = time.monotonic() + _PATIENCE_S
    while not (folder / "place.json").exists():
        if process.poll() is not None:
            lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines() or [
                "no reason given"
            ]
            raise ConfigError(f"the embedded model does not start: {lines[-1]} (see {log})")
        if time.monotonic() > until:
            process.kill()
            process.wait()
            raise Unreachable(f"the embedded model did not start in {_PATIENCE_S:g} s (see {log})")
        time.sleep(_LOOK_S)
    # Its end is not waited for: whoever lives longer reaps it.
    threading.Thread(target=process.wait, daemon=True).start()


def _is_secret(name: str) -> bool:
    return name.startswith(("GOUJI_", "OPENAI_", "AWS_")) or "TOKEN" in name or "PASSWORD" in name
