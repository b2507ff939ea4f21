"""Who holds a piece of work, whether that process is still there, and how it says so.

A piece is held under the name of a process and of the message that brought it. Who holds it says so anew every
RENEW_S seconds; one that is silent for `worker.steps.LEASE` has lost it. That a process of this machine is no more
is seen at once.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

RENEW_S = 15.0

Piece = tuple[Literal["item", "document", "chunk"], int]
"""A kind of row and its id."""

_log = logging.getLogger(__name__)


def holder(message: str) -> str:
    """The name under which this process holds what a message brought."""
    pid = os.getpid()
    return f"{socket.gethostname()}/{pid}/{_birth(pid) or ''}/{message}"


def is_gone(worker: str) -> bool:
    """Whether a holder is known to be gone: one in a process of this machine that is no more."""
    host, pid, birth, *_ = (*worker.split("/"), "", "")
    # Elsewhere signal 0 is no question but an order.
    if host != socket.gethostname() or not pid.isdigit() or os.name != "posix":
        return False
    space = birth.partition(":")[0]
    if ":" in birth and space != _space():
        return False  # a container that shares the name of its host counts processes by itself
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    present = _birth(int(pid))
    # Its number may have gone to another: in a container started anew it is the same each time.
    return present == "" or (":" in birth and present is not None and present != birth)


def _space() -> str:
    """The space in which process ids of this process count."""
    try:
        return str(Path("/proc/self/ns/pid").readlink()).removeprefix("pid:").strip("[]")
    except OSError:
        return ""


def _birth(pid: int) -> str | None:
    """When a process began, in its space; empty for one that has ended, None where it cannot be told."""
    try:
        facts = Path(f"/proc/{pid}/stat").read_text("ascii", "replace").rpartition(")")[2].split()
    except OSError:
        return None
    return "" if facts[0] in "ZX" else f"{_space()}:{facts[19]}"


class Holding:
    """What this process holds. Safe for threads.

    `renew` is called every RENEW_S seconds with all pieces that are held no longer than `longest_s` seconds: one
    that takes longer hangs, and may be taken over.
    """

    def __init__(self, renew: Callable[[Sequence[Piece]], None], longest_s: float) -> None:
        self._renew = renew
        self._longest = longest_s
        self._since: dict[Piece, float] = {}
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    @contextmanager
    def piece(self, piece: Piece) -> Iterator[bool]:
        """Hold a piece while it is worked on; false where another thread of this process has it."""
        with self._lock:
            free = piece not in self._since
            if free:
                self._since[piece] = time.monotonic()
                if self._thread is None or not self._thread.is_alive():
                    self._thread = threading.Thread(target=self._go_on, daemon=True)
                    self._thread.start()
        try:
            yield free
        finally:
            if free:
                with self._lock:
                    del self._since[piece]

    def _go_on(self) -> None:
        while True:
            time.sleep(RENEW_S)
            with self._lock:
                if not self._since:
                    self._thread = None
                    return
                late = time.monotonic() - self._longest
                pieces = [piece for piece, since in self._since.items() if since > late]
            try:
                self._renew(pieces)
            # Whatever it is, it may be over the next time.
            except Exception as error:
                _log.warning("what is held cannot be said anew (%s)", type(error).__name__)
