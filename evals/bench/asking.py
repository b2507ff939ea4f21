"""The lists of the HTTP API, asked over one connection to an application that is served in a thread."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx2
import uvicorn

from worker.desk.server import make_backend
from worker.settings import Settings
from worker.store import Store

_LIMIT = 100
_READY_S = 60.0


@contextmanager
def lists(store: Store, url: str, documents: int, batches: int) -> Iterator[dict[str, Callable[[], object]]]:
    """Every list of the API by its path, and what comes after its first page. Raises httpx2.HTTPStatusError."""
    busy, middle = batches, documents // 2
    paths = (
        "/batches",
        f"/batches/{busy}",
        f"/batches/{busy}/items",
        f"/batches/{busy}/items?status=failed",
        "/documents",
        "/documents?status=failed",
        f"/documents?batch={busy}",
        f"/documents/{middle}/tables",
        f"/documents/{middle}/findings",
        f"/documents/{middle}/usage",
        "/findings",
        "/findings?rule=rule.0",
        "/review/queue",
        "/review/queue?kind=kind_1",
        "/review/queue?reason=contradiction",
        f"/review/queue?batch=batch+{busy}",
        "/review/queue?batch=none",
        f"/review/queue?document={middle}",
        "/review/counts",
        "/usage",
        "/exports",
        "/webhooks",
    )
    # A broker that is named and never asked: without one the service would read what waits.
    settings = Settings(database_url=url, broker_url="memory://")
    token = store.access.create_token("bench", ("read", "admin"))
    with (
        _served(settings, store) as address,
        httpx2.Client(
            base_url=f"{address}/api/v1", headers={"authorization": f"Bearer {token}"}, timeout=_READY_S
        ) as client,
    ):

        def asks(path: str) -> Callable[[], object]:
            return lambda: client.get(path).raise_for_status()

        yield {
            f"GET {name}": asks(path)
            for each in paths
            for name, path in _pages(client, each, busy, middle).items()
        }


def _pages(client: httpx2.Client, path: str, busy: int, middle: int) -> dict[str, str]:
    """A list's first page and its second, by names without numbers."""
    name = path.replace(f"/{middle}", "/{id}").replace(f"/batches/{busy}", "/batches/{id}")
    first = str(httpx2.URL(path).copy_merge_params({"limit": _LIMIT})) if "usage" not in path else path
    found = {name: first}
    answer = client.get(first).raise_for_status()
    if cursor := answer.json().get("next"):
        found[f"{name}, page 2"] = str(httpx2.URL(first).copy_merge_params({"cursor": cursor}))
    return found


@contextmanager
def _served(settings: Settings, store: Store) -> Iterator[str]:
    server = uvicorn.Server(
        uvicorn.Config(
            make_backend(settings, store),
            host="127.0.0.1",
            port=0,
            log_config=None,
            access_log=False,
            http="h11",
            ws="none",
        )
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        until = time.monotonic() + _READY_S
        while not server.started:
            if time.monotonic() > until or not thread.is_alive():
                raise TimeoutError("the service did not begin to answer")
            time.sleep(0.05)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
