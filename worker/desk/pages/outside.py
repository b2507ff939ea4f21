"""Signing in at a provider of OpenID Connect, where the settings name one: there and back again."""

from __future__ import annotations

import hmac
import logging
from http import HTTPStatus
from urllib.parse import quote, unquote

from anyio import to_thread
from fastapi import APIRouter, FastAPI, Request
from starlette.responses import RedirectResponse, Response

from schemas import GoujiError
from worker.desk.oidc import Begun, Oidc
from worker.desk.pages.desk import Desk
from worker.desk.pages.guard import SAFE_HEADERS, local
from worker.desk.pages.signin import entered, sign_in_page
from worker.users import SignedIn, SignInRefused

_COOKIE = "gouji_oidc"
_PATH = "/signin/oidc"
_BACK = f"{_PATH}/back"
_MINUTES_10_S = 600
_LONGEST = 4000

_log = logging.getLogger(__name__)


def add(app: FastAPI, desk: Desk) -> None:
    """Register the way there and the way back. Raises ConfigError where the settings are not complete."""
    if not desk.settings.oidc_issuer:
        return
    oidc = Oidc(desk.settings)
    router = APIRouter(include_in_schema=False)

    @router.get(_PATH)
    async def begin(request: Request, next: str = "/") -> Response:
        begun = Begun.new()
        try:
            address = await to_thread.run_sync(oidc.address, begun, _back(request))
        except GoujiError as error:
            _log.warning("no sign-in by the provider: %s", error)
            return sign_in_page(request, next, problem="signin.provider", status=HTTPStatus.BAD_GATEWAY)
        answer = RedirectResponse(address, HTTPStatus.SEE_OTHER, SAFE_HEADERS)
        secure = request.url.scheme == "https"
        # Lax: coming back from the provider is a link from elsewhere.
        answer.set_cookie(
            _COOKIE,
            ".".join((*begun, quote(local(next), safe=""))),
            _MINUTES_10_S,
            path=_PATH,
            httponly=True,
            secure=secure,
            samesite="lax",
        )
        return answer

    @router.get(_BACK)
    async def come_back(request: Request, code: str = "", state: str = "") -> Response:
        begun, target = _kept(request.cookies.get(_COOKIE, ""))
        answer = await _finished(request, begun, target, code, state)
        answer.delete_cookie(_COOKIE, path=_PATH, httponly=True, samesite="lax")
        return answer

    async def _finished(
        request: Request, begun: Begun | None, target: str, code: str, state: str
    ) -> Response:
        if begun is None or not hmac.compare_digest(state.encode(), begun.state.encode()):
            return sign_in_page(request, target, problem="signin.stale", status=HTTPStatus.FORBIDDEN)
        if not 0 < len(code) <= _LONGEST:
            return sign_in_page(request, target, problem="signin.refused", status=HTTPStatus.UNAUTHORIZED)

        def sign_in() -> SignedIn:
            person = oidc.person(code, begun, _back(request))
            return desk.users.identified(*person)

        try:
            signed = await to_thread.run_sync(sign_in)
        except SignInRefused:
            return sign_in_page(request, target, problem="signin.refused", status=HTTPStatus.UNAUTHORIZED)
        except GoujiError as error:
            _log.warning("a sign-in by the provider was refused: %s", error)
            return sign_in_page(request, target, problem="signin.refused", status=HTTPStatus.UNAUTHORIZED)
        return entered(request, signed, target)

    app.include_router(router)


def _back(request: Request) -> str:
    return f"{request.url.scheme}://{request.url.netloc}{_BACK}"


def _kept(cookie: str) -> tuple[Begun | None, str]:
    parts = cookie[:_LONGEST].split(".", 3)
    if len(parts) != 4 or not all(parts):
        return None, "/"
    return Begun(*parts[:3]), local(unquote(parts[3]))
