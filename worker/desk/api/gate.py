"""The gate before the API: a token first, then the request; headers, an id and one line of log for every answer."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Collection
from uuid import uuid4

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from worker import telemetry
from worker.access import Caller
from worker.desk.api.problems import problem
from worker.store import Store

LARGEST_BODY = 1_000_000
"""The most bytes of a request that is no upload."""

CALLER = "gouji.caller"
"""Where the scope of a request keeps whose token it came with."""

_BEARER = re.compile(r"bearer +(\S+)", re.ASCII | re.IGNORECASE)
_HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}

_log = logging.getLogger(__name__)


class Gate:
    """Lets through to `app` who has a token in force. Nothing of the request is read before that.

    `unbounded` are the paths whose POST bounds its body itself; all others raise an HTTPException 413 for a large
    one. An error that no one has caught ends here: it is logged, and the answer says nothing of it.
    """

    def __init__(self, app: ASGIApp, store: Store, unbounded: Collection[str]) -> None:
        self._app = app
        self._store = store
        self._unbounded = unbounded

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 4401})
            return
        request_id = uuid4().hex
        answer = _Answer(send, request_id)
        begin = time.perf_counter()
        with telemetry.bound(request=request_id):
            try:
                caller = await self._caller(scope)
                scope[CALLER] = caller
                if caller is None:
                    unknown = problem(
                        401,
                        "give a token in force: Authorization: Bearer gouji_…",
                        headers={"www-authenticate": 'Bearer realm="gouji"'},
                    )
                    await unknown(scope, receive, answer)
                else:
                    free = scope["method"] == "POST" and scope["path"] in self._unbounded
                    await self._app(scope, receive if free else _bounded(receive), answer)
            except Exception:
                _log.exception("%s failed", _shown(scope))
                if answer.status:
                    raise
                await problem(500, f"the server failed; its log tells more of request {request_id}")(
                    scope, receive, answer
                )
            took = (time.perf_counter() - begin) * 1000
            who = caller.name if (caller := scope.get(CALLER)) else "-"
            _log.info("%s %s by %s in %.0f ms", _shown(scope), answer.status, who, took)

    async def _caller(self, scope: Scope) -> Caller | None:
        given = _BEARER.fullmatch(Headers(scope=scope).get("authorization", "").strip())
        return await run_in_threadpool(self._store.access.caller, given[1]) if given else None


def _bounded(receive: Receive) -> Receive:
    left = LARGEST_BODY

    async def receive_some() -> Message:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        if left < 0:
            raise HTTPException(413, f"more than {LARGEST_BODY:,} bytes; only files may be larger")
        return message

    return receive_some


class _Answer:
    """Sends an answer with the headers that all have; `status` is 0 until it has begun."""

    def __init__(self, send: Send, request_id: str) -> None:
        self._send = send
        self._id = request_id
        self.status = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            headers.update(_HEADERS)
            headers["x-request-id"] = self._id
        await self._send(message)


def _shown(scope: Scope) -> str:
    """The route, not the path: that may hold anything."""
    route = getattr(scope.get("route"), "path", "(no route)")
    return f"{scope['method'] if scope['method'].isalpha() else '?'} {route}"
