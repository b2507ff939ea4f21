"""One process for people and programs: the HTTP API, the pages of the review, and on a laptop the work as well."""

from __future__ import annotations

import logging
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse

from worker.app import make_app
from worker.batch import serve
from worker.calibration import policy_of
from worker.desk.api import Service, make_api
from worker.desk.api.entering import Entering
from worker.desk.api.problems import speak_of_problems
from worker.review import Desk
from worker.settings import Settings
from worker.store import Store

_PAUSE_S = 5.0
_STOP_S = 15.0

_log = logging.getLogger(__name__)


def make_server(settings: Settings, store: Store | None = None) -> FastAPI:
    """The application of `gouji desk`: `/health`, the API at `/api`, the pages everywhere else; once in a process.

    Without a `store` it opens one of its own and closes it at its end. Without a broker it works through batches
    too, in a thread, while it is served. Raises ConfigError.
    """
    # NiceGUI takes longer to load than all else.
    from worker.desk.pages import mount

    held = store or Store.open(settings)
    server = make_backend(settings, held, closes=store is None)
    mount(server, settings, held)
    return server


def make_backend(settings: Settings, store: Store, *, closes: bool = False) -> FastAPI:
    """The same without the pages, as often in a process as one likes. It `closes` the store at its end if told to."""
    work = _Work(store, settings)
    app = make_app(settings, store)
    entering = Entering(store, settings, app)

    @asynccontextmanager
    async def lifespan(_server: FastAPI) -> AsyncIterator[None]:
        if not settings.broker_url:
            work.start()
        try:
            yield
        finally:
            await run_in_threadpool(entering.stop)
            await run_in_threadpool(work.stop)
            app.give_up()
            if closes:
                store.close()

    server = FastAPI(
        openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False, lifespan=lifespan
    )

    # A path with a line break in it comes to no mount.
    speak_of_problems(server)

    @server.get("/health")
    async def health() -> JSONResponse:
        """Whether this process answers; nothing else is told to who has no token."""
        return JSONResponse({"status": "ok"}, headers={"cache-control": "no-store"})

    desk = Desk(store, policy_of(settings), settings.limits)
    service = server.state.service = Service(settings, store, app, entering, work.goes_on, desk)
    server.mount("/api", make_api(service))
    return server


class _Work:
    """Works through batches in a thread of this process, until `stop`."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._settings = settings
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="work", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Begin nothing more; what is at work then is taken up by the next process."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(_STOP_S)

    def goes_on(self) -> bool:
        """Whether files are read in this process."""
        return self._thread.is_alive()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                serve(self._store, self._settings, until_done=False, stop=self._stop)
            # A database that is away for a minute must not end the work for good.
            except Exception:
                _log.exception("the work of this process was interrupted")
                self._stop.wait(_PAUSE_S)
