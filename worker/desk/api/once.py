"""Requests that may be repeated: under one `Idempotency-Key` a POST is done once, and answered alike for a day."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Coroutine
from hashlib import sha256
from typing import Any

from fastapi import HTTPException, Request
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from worker.desk.api.service import REPEATABLE, Service, caller_of
from worker.store.access import Busy, Reply, Reused

_KEY = re.compile("[!-~]{1,200}", re.ASCII)


class OnceRoute(APIRoute):
    """A route that is done once under a key where it is declared `REPEATABLE`. Its answers are JSON."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, with the key looked at before it."""
        handler = super().get_route_handler()
        # One that is not declared so may answer with a secret, which is not to be kept.
        if REPEATABLE not in self.dependencies:
            return handler

        async def handle(request: Request) -> Response:
            return await once(request, await request.body(), lambda: handler(request))

        return handle


async def once(request: Request, content: bytes, act: Callable[[], Awaitable[Response]]) -> Response:
    """What `act` answers, or has answered before to the same request with this `content` under its key.

    Only what was done is kept: an error lets the key go. Raises HTTPException 409 while the same request is being
    answered, and 422 where the key was given with another one.
    """
    key = request.headers.get("idempotency-key")
    if key is None or not _KEY.fullmatch(key):
        return await act()
    service: Service = request.app.state.service
    access, token_id = service.store.access, caller_of(request).id
    asked = "\0".join((request.method, request.url.path, request.url.query))
    fingerprint = sha256(asked.encode() + b"\0" + content).hexdigest()
    try:
        reply = await run_in_threadpool(access.begin, token_id, key, fingerprint)
    except Busy:
        raise HTTPException(409, "this request is being answered; ask again", {"Retry-After": "1"}) from None
    except Reused:
        raise HTTPException(
            422, "this Idempotency-Key was given with another request; take a new one"
        ) from None
    if reply:
        return _response(reply)
    try:
        response = await act()
    except BaseException:
        await run_in_threadpool(access.forget, token_id, key)
        raise
    if response.status_code >= 300:
        await run_in_threadpool(access.forget, token_id, key)
        return response
    kept = Reply(response.status_code, response.headers.get("location", ""), bytes(response.body).decode())
    await run_in_threadpool(access.answer, token_id, key, kept)
    return response


def _response(reply: Reply) -> Response:
    headers = {"idempotency-replayed": "true"}
    if reply.location:
        headers["location"] = reply.location
    return Response(reply.body, reply.status, headers, "application/json")
