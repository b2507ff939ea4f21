"""The API of a service in this process, asked over real HTTP on a loopback port."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx2
import uvicorn
from fastapi import FastAPI

from worker.access import Scope
from worker.store import Store

DEADLINE_S = 60.0


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    """The address of an application while it is served."""
    server = uvicorn.Server(
        uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, http="h11", ws="none")
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        until(lambda: server.started)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


def until(condition: Callable[[], Any]) -> Any:
    """What a condition gives once it holds."""
    end = time.monotonic() + DEADLINE_S
    while not (found := condition()):
        assert time.monotonic() < end, "it never came to pass"
        time.sleep(0.02)
    return found


def client(url: str, store: Store, *scopes: Scope) -> httpx2.Client:
    """A client with a token of its own."""
    name = f"{'-'.join(scopes)}-{len(store.access.list_tokens())}"
    token = store.access.create_token(name, scopes)
    return httpx2.Client(
        base_url=f"{url}/api/v1", headers={"authorization": f"Bearer {token}"}, timeout=DEADLINE_S
    )


def walked(asked: httpx2.Client, path: str, **params: Any) -> list[dict[str, Any]]:
    """Every entry of a list, page by page."""
    found: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = asked.get(path, params={**params, **({"cursor": cursor} if cursor else {})})
        assert answer.status_code == 200, answer.text
        found += answer.json()["items"]
        cursor = answer.json()["next"]
    return found
