"""Tokens of the HTTP API: what they allow, how they are made and recognised."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256
from typing import Literal, NamedTuple, get_args

from schemas import ConfigError

Scope = Literal["read", "submit", "review", "admin"]
"""What a token allows: to look; to hand in files and steer batches; to decide on tables; all of it."""

SCOPES: tuple[Scope, ...] = get_args(Scope)

_IMPLIED: dict[Scope, frozenset[Scope]] = {
    "read": frozenset({"read"}),
    "submit": frozenset({"submit", "read"}),
    "review": frozenset({"review", "read"}),
    "admin": frozenset(SCOPES),
}
_PREFIX = "gouji_"
_TOKEN = re.compile(r"gouji_[A-Za-z0-9_-]{43}", re.ASCII)
_NAME = re.compile(r"[\w.@-]{1,64}")


class Caller(NamedTuple):
    """Who asks: the id and name of the token, and all that it allows."""

    id: int
    name: str
    scopes: frozenset[Scope]


class TokenRecord(NamedTuple):
    """A token as listed; the token itself is known to its owner alone. Moments in UTC, None: not, or never."""

    name: str
    scopes: tuple[Scope, ...]
    added_at: datetime
    expires_at: datetime | None
    used_at: datetime | None
    revoked_at: datetime | None


def new_token() -> str:
    """A token of 256 random bits."""
    return _PREFIX + secrets.token_urlsafe(32)


def digest_of(token: str) -> str | None:
    """What is kept of a token: its SHA-256; None for what cannot be one."""
    return sha256(token.encode()).hexdigest() if _TOKEN.fullmatch(token) else None


def allowed(scopes: Iterable[str]) -> frozenset[Scope]:
    """All that these scopes allow, what they imply included; names that are none allow nothing."""
    found: frozenset[Scope] = frozenset()
    for scope in SCOPES:
        if scope in scopes:
            found |= _IMPLIED[scope]
    return found


def checked_name(name: str) -> str:
    """The name of a token as given. Raises ConfigError for one that is not fit for lists and logs."""
    if not _NAME.fullmatch(name):
        raise ConfigError(f"{name[:64]!r} is no name of a token; use up to 64 letters, digits and . _ @ -")
    return name
