"""What stands before every page: a session, the same origin, and headers that keep a browser in bounds."""

from __future__ import annotations

import re
import secrets
from collections.abc import Awaitable, Callable
from urllib.parse import quote, urlsplit

from jinja2 import BaseLoader, Environment
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

Known = Callable[[HTTPConnection], Awaitable[bool]]
"""Whether a connection carries a session that is valid; who it is, is left in its `state`."""

_SCRIPT = re.compile(r"<script(?![^>]*nonce)")
_FIXED = (
    "default-src 'none'",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self'",
    "connect-src 'self'",
    "worker-src 'self' blob:",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
)
PLAIN_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
"""The policy of pages without any script."""
SAFE_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
"""Headers of every answer."""


class Guard:
    """Lets through to `app` who has a session and comes from the same origin; others are sent to the sign-in page.

    A websocket without a session is refused. Every answer gets the headers that say what a page may load.
    """

    def __init__(self, app: ASGIApp, known: Known) -> None:
        self._app = app
        self._known = known

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        connection = HTTPConnection(scope)
        if not same_origin(connection) or not await self._known(connection):
            await self._refuse(connection, receive, send)
            return
        if scope["type"] == "websocket":
            await self._app(scope, receive, send)
            return
        nonce = connection.state.nonce = secrets.token_urlsafe(16)

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Content-Security-Policy"] = _policy(nonce)
                headers.update(SAFE_HEADERS)
            await send(message)

        await self._app(scope, receive, with_headers)

    async def _refuse(self, connection: HTTPConnection, receive: Receive, send: Send) -> None:
        if connection.scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 4401, "reason": "sign in first"})
            return
        wants_page = connection.scope["method"] == "GET" and "text/html" in connection.headers.get(
            "accept", ""
        )
        if wants_page:
            answer = RedirectResponse(f"/signin?next={quote(_path(connection), safe='')}", 303, SAFE_HEADERS)
        else:
            answer = PlainTextResponse("sign in first", 401, SAFE_HEADERS)  # type: ignore[assignment]
        await answer(connection.scope, receive, send)


def same_origin(connection: HTTPConnection) -> bool:
    """Whether what asks is a page of our own, or no page at all: told by the headers that browsers set themselves."""
    headers: Headers = connection.headers
    site = headers.get("sec-fetch-site", "none")
    changes = connection.scope["type"] == "websocket" or connection.scope["method"] not in {"GET", "HEAD"}
    if changes and site not in {"same-origin", "none"}:
        return False
    origin = headers.get("origin")
    return origin is None or not changes or urlsplit(origin).netloc == headers.get("host")


def local(path: str) -> str:
    """A path of ours as it was asked for, "/" for anything that leads elsewhere."""
    parts = urlsplit(path)
    fine = (
        path.startswith("/") and not path.startswith(("//", "/\\")) and not parts.netloc and not parts.scheme
    )
    return path if fine and path.isprintable() and "\\" not in path else "/"


def _path(connection: HTTPConnection) -> str:
    query = connection.scope.get("query_string", b"").decode("latin-1")
    return connection.url.path + (f"?{query}" if query else "")


def _policy(nonce: str) -> str:
    # NiceGUI compiles handlers in the browser: 'unsafe-eval' cannot go. A script that got into a page by way of
    # its text still finds no nonce and is not run.
    return "; ".join((*_FIXED, f"script-src 'self' 'nonce-{nonce}' 'unsafe-eval'"))


class NonceLoader(BaseLoader):
    """Templates of another loader, every script in them marked with the nonce of the request.

    What is put into a template later is not marked, whatever it holds.
    """

    def __init__(self, inner: BaseLoader) -> None:
        self._inner = inner

    def get_source(
        self, environment: Environment, template: str
    ) -> tuple[str, str | None, Callable[[], bool] | None]:
        """The source of a template."""
        source, path, fresh = self._inner.get_source(environment, template)
        return _SCRIPT.sub('<script nonce="{{ request.state.nonce }}"', source), path, fresh
