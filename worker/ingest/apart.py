"""The other side of `worker.ingest.child`: files are parsed in a process of their own, watched from here.

Whatever a hostile file does to its parser, this process goes on: the child has no secrets, bounded memory and time,
and is killed with all its own children when it takes too long, says too much, or is no longer needed.
"""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import IO

from pydantic import ValidationError

from schemas import GoujiError
from worker.ingest.messages import REPLY, Done, Reply, Request

_KEPT = (
    "PATH",
    "LANG",
    "LC_ALL",
    "HOME",
    "TMPDIR",
    "TEMP",
    "TMP",
    "SYSTEMROOT",
    "LD_LIBRARY_PATH",
    "TESSDATA_PREFIX",
)
_LONGEST_LINE = 100_000_000
_LONGEST_ANSWER = 1_000_000_000
_START_S = 30.0
_GONE_S = 5.0


class Lost(GoujiError):
    """The child ended, fell silent, or said what it may not, before it was done."""


def ask(request: Request, data: bytes) -> Iterator[Reply]:
    """The answers of a child to a request, up to Done. Raises Lost; the child is gone when this ends."""
    command = [sys.executable, "-P", "-m", "worker.ingest.child"]
    environment = {key: value for key, value in os.environ.items() if key in _KEPT}
    child = subprocess.Popen(  # noqa: S603 - our own interpreter and module
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
        cwd=os.path.abspath(os.sep),  # noqa: PTH100 - a string for a string
        start_new_session=True,
    )
    assert child.stdin  # noqa: S101 - a pipe, as asked for
    assert child.stdout  # noqa: S101
    lines: queue.Queue[bytes] = queue.Queue(maxsize=1)
    ended = threading.Event()
    threads = (
        threading.Thread(target=_tell, args=(child.stdin, request, data), daemon=True),
        threading.Thread(target=_listen, args=(child.stdout, lines, ended), daemon=True),
    )
    for thread in threads:
        thread.start()
    try:
        yield from _answers(child, lines, request)
    finally:
        ended.set()
        _kill(child)
        child.wait()
        for thread in threads:
            thread.join(_GONE_S)
        for stream in (child.stdin, child.stdout):
            with contextlib.suppress(OSError):
                stream.close()


def _tell(stream: IO[bytes], request: Request, data: bytes) -> None:
    # A child that dies early is seen on its other side.
    with contextlib.suppress(OSError, ValueError):
        stream.write(request.model_dump_json().encode() + b"\n")
        stream.write(data)
        stream.flush()


def _listen(stream: IO[bytes], lines: queue.Queue[bytes], ended: threading.Event) -> None:
    line = b"?"
    while line and not ended.is_set():
        try:
            line = stream.readline(_LONGEST_LINE + 1)
        except (OSError, ValueError):
            line = b""
        while not ended.is_set():
            with contextlib.suppress(queue.Full):
                lines.put(line, timeout=1)
                break


def _answers(child: subprocess.Popen[bytes], lines: queue.Queue[bytes], request: Request) -> Iterator[Reply]:
    patience = request.limits.page_timeout_s
    said = 0
    wait = patience + _START_S
    while True:
        try:
            line = lines.get(timeout=wait)
        except queue.Empty:
            raise Lost(f"takes longer than {patience:g} s (GOUJI_PAGE_TIMEOUT_S)") from None
        wait = patience
        said += len(line)
        if not line:
            raise Lost(_end_of(child))
        if len(line) > _LONGEST_LINE or said > _LONGEST_ANSWER:
            raise Lost(f"gives more than {min(said, _LONGEST_ANSWER):,} bytes of text")
        try:
            reply = REPLY.validate_json(line)
        except ValidationError:
            raise Lost("makes its reader answer nonsense") from None
        if isinstance(reply, Done):
            return
        yield reply


def _end_of(child: subprocess.Popen[bytes]) -> str:
    try:
        code = child.wait(_GONE_S)
    except subprocess.TimeoutExpired:
        return "makes its reader fall silent"
    if code == -getattr(signal, "SIGXCPU", 0):
        return "takes too much processor time (GOUJI_PAGE_TIMEOUT_S)"
    if code < 0:
        name = signal.Signals(-code).name
        want = ", perhaps for want of memory (GOUJI_INGEST_MEMORY)" if name in {"SIGABRT", "SIGKILL"} else ""
        return f"makes its reader crash ({name}){want}"
    return f"makes its reader end early (exit code {code})"


def _kill(child: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if os.name == "posix":
            os.killpg(child.pid, signal.SIGKILL)
        else:
            child.kill()
