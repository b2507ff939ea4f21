"""Signing in and out, the one-time link of a laptop, and the choice of a language: plain pages without a script."""

from __future__ import annotations

import hmac
import secrets
from datetime import UTC, datetime
from functools import cache
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

from anyio import to_thread
from fastapi import APIRouter, FastAPI, Form, Request
from jinja2 import Environment, FileSystemLoader
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from worker.desk.pages.assets import address
from worker.desk.pages.desk import COOKIE, Desk
from worker.desk.pages.frame import theme_of
from worker.desk.pages.guard import PLAIN_POLICY, SAFE_HEADERS, local, same_origin
from worker.desk.pages.text import COOKIE as LANGUAGE_COOKIE
from worker.desk.pages.text import LANGUAGES, TAGS, Words, language_of
from worker.users import SignedIn, SignInRefused, TooManyTries

_FORM = "gouji_form"
_YEAR_S = 365 * 24 * 3600
_LONGEST = 1000


def add(app: FastAPI, desk: Desk) -> None:
    """Register `/signin`, `/signin/once`, `/signout` and `/language/…`, which ask for no session."""
    app.state.provider = urlsplit(desk.settings.oidc_issuer or "").hostname or ""
    router = APIRouter(include_in_schema=False)

    @router.get("/signin")
    async def show(request: Request, next: str = "/") -> Response:
        if await desk.session(request):
            return RedirectResponse(local(next), HTTPStatus.SEE_OTHER)
        return sign_in_page(request, next)

    @router.post("/signin")
    async def sign_in(
        request: Request,
        name: str = Form("", max_length=_LONGEST),
        password: str = Form("", max_length=_LONGEST),
        form: str = Form("", max_length=_LONGEST),
        next: str = Form("/", max_length=4 * _LONGEST),
    ) -> Response:
        if not same_origin(request) or not _same(form, request.cookies.get(_FORM, "")):
            return sign_in_page(request, next, name, problem="signin.stale", status=HTTPStatus.FORBIDDEN)
        try:
            signed = await to_thread.run_sync(desk.users.sign_in, name, password, address_of(request))
        except SignInRefused:
            return sign_in_page(request, next, name, problem="signin.wrong", status=HTTPStatus.UNAUTHORIZED)
        except TooManyTries as error:
            wait = max(1, round(error.retry_after))
            status = HTTPStatus.TOO_MANY_REQUESTS
            answer = sign_in_page(request, next, name, problem="signin.wait", seconds=wait, status=status)
            answer.headers["Retry-After"] = str(wait)
            return answer
        return entered(request, signed, next)

    @router.get("/signin/once")
    async def once(request: Request, token: str = "", next: str = "/") -> Response:
        signed = await to_thread.run_sync(desk.users.redeem, token)
        if signed is None:
            return sign_in_page(request, next, problem="signin.used", status=HTTPStatus.UNAUTHORIZED)
        return entered(request, signed, next)

    @router.post("/signout")
    async def sign_out(request: Request, csrf: str = Form("", max_length=_LONGEST)) -> Response:
        session = await desk.session(request)
        if session and not (same_origin(request) and _same(csrf, session.csrf)):
            return PlainTextResponse("this form is not of this session", HTTPStatus.FORBIDDEN, SAFE_HEADERS)
        await to_thread.run_sync(desk.users.sign_out, request.cookies.get(COOKIE, ""))
        answer = RedirectResponse("/signin", HTTPStatus.SEE_OTHER, SAFE_HEADERS)
        answer.delete_cookie(COOKIE, path="/", httponly=True, samesite="lax")
        return answer

    @router.get("/language/{language}")
    async def choose(request: Request, language: str, next: str = "/") -> Response:
        answer = RedirectResponse(local(next), HTTPStatus.SEE_OTHER, SAFE_HEADERS)
        if language in LANGUAGES:
            secure = request.url.scheme == "https"
            answer.set_cookie(LANGUAGE_COOKIE, language, _YEAR_S, secure=secure, samesite="lax")
        return answer

    app.include_router(router)


def address_of(request: Request) -> str:
    """From where a request comes, as the server knows it: behind a proxy, as uvicorn is told to trust it."""
    return request.client.host if request.client else ""


def _same(one: str, other: str) -> bool:
    return bool(one) and hmac.compare_digest(one.encode(), other.encode())


def entered(request: Request, signed: SignedIn, target: str) -> Response:
    """On to where one wanted to go, with the cookie of the session."""
    answer = RedirectResponse(local(target), HTTPStatus.SEE_OTHER, SAFE_HEADERS)
    left = int((signed.expires_at - datetime.now(UTC)).total_seconds())
    secure = request.url.scheme == "https"
    # Lax: a link to a table in a message opens it. What changes anything is held to its origin besides.
    answer.set_cookie(COOKIE, signed.token, left, httponly=True, secure=secure, samesite="lax")
    answer.delete_cookie(_FORM, path="/signin", httponly=True, samesite="strict")
    return answer


@cache
def _pages() -> Environment:
    return Environment(loader=FileSystemLoader(Path(__file__).with_name("static")), autoescape=True)


def sign_in_page(
    request: Request,
    target: str,
    name: str = "",
    *,
    problem: str = "",
    seconds: int = 0,
    status: HTTPStatus = HTTPStatus.OK,
) -> HTMLResponse:
    """The sign-in page, with what went wrong before."""
    language = language_of(request)
    words = Words(language)
    token = secrets.token_urlsafe(24)
    page = _pages().get_template("signin.html.j2")
    content = page.render(
        words=words,
        tag=TAGS[language],
        others=[(other, TAGS[other]) for other in LANGUAGES if other != language],
        theme=theme_of(request),
        style=address("desk.css"),
        icon=address("icon.svg"),
        token=token,
        target=local(target),
        name=name,
        provider=request.app.state.provider,
        problem=words(problem, seconds=seconds) if problem else "",
    )
    headers = {**SAFE_HEADERS, "Content-Security-Policy": PLAIN_POLICY, "Cache-Control": "no-store"}
    answer = HTMLResponse(content, status, headers)
    secure = request.url.scheme == "https"
    answer.set_cookie(_FORM, token, path="/signin", httponly=True, secure=secure, samesite="strict")
    return answer
