"""What the routes share: the store behind them, who asks, and what may be asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Header, HTTPException, Path, Request
from fastapi.security import HTTPBearer
from pydantic import StringConstraints

from worker.access import Caller, Scope
from worker.app import App
from worker.desk.api.entering import Entering
from worker.desk.api.gate import CALLER
from worker.review import Desk
from worker.settings import Settings
from worker.store import Store

Name = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f-\x9f]+$")]
"""A name as people give it: one line of text."""

Id = Annotated[int, Path(ge=1, le=2**31 - 1)]

_BEARER = HTTPBearer(auto_error=False, description="A token of `gouji token create`.")


@dataclass(frozen=True, slots=True)
class Service:
    """What is behind the routes; all of it is safe for threads. `is_working` says whether this process reads."""

    settings: Settings
    store: Store
    app: App
    entering: Entering
    is_working: Callable[[], bool]
    desk: Desk


def _service(request: Request) -> Service:
    found: Service = request.app.state.service
    return found


Served = Annotated[Service, Depends(_service)]


def caller_of(request: Request) -> Caller:
    """Whose token a request came with. Raises HTTPException 401."""
    caller: Caller | None = request.scope.get(CALLER)
    if caller is None:
        raise HTTPException(401, "give a token", {"WWW-Authenticate": "Bearer"})
    return caller


def needs(scope: Scope) -> Any:
    """A dependency that lets through tokens with this scope."""

    def check(request: Request, _bearer: Annotated[object, Depends(_BEARER)]) -> None:
        caller = caller_of(request)
        if scope not in caller.scopes:
            raise HTTPException(403, f"the token {caller.name} does not have the scope {scope}")

    return Depends(check)


def _key(
    _key: Annotated[
        str | None,
        Header(
            alias="Idempotency-Key",
            min_length=1,
            max_length=200,
            pattern="^[!-~]+$",
            description="The same request under the same key is done once, and answered alike for 24 hours.",
        ),
    ] = None,
) -> None:
    """Only told of in the schema; `worker.desk.api.once` acts on it."""


REPEATABLE = Depends(_key)
