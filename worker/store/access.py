"""Who may ask over HTTP: tokens, and the answers to requests that may be repeated."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import timedelta
from hashlib import sha256
from typing import NamedTuple

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from schemas import ConfigError
from worker.access import SCOPES, Caller, Scope, TokenRecord, allowed, checked_name, digest_of, new_token
from worker.store.models.access import ReplyRow, TokenRow
from worker.store.statements import changed, insert_new, now

Transaction = Callable[[], AbstractContextManager[Session]]

KEPT = timedelta(hours=24)
"""How long an answer is kept for a request that is repeated."""

_GIVEN_UP = timedelta(minutes=5)
"""After what time a request in progress is taken for one whose server was lost."""

_SEEN_EVERY = timedelta(minutes=1)


class Reply(NamedTuple):
    """A kept answer: HTTP status, Location header ("" for none) and body."""

    status: int
    location: str
    body: str


class Busy(Exception):
    """The same request is being answered at this moment."""


class Reused(Exception):
    """The key was given with another request."""


class AccessStore:
    """Who may ask over HTTP: tokens, and the answers to requests that may be repeated."""

    def __init__(self, write: Transaction, read: Transaction) -> None:
        self._write = write
        self._read = read

    # Tokens

    def create_token(self, name: str, scopes: Sequence[Scope], lifetime: timedelta | None = None) -> str:
        """Make a token; it is given once, here, and kept as its SHA-256. Raises ConfigError for a name in use."""
        token = new_token()
        values = {
            "name": checked_name(name),
            "digest": digest_of(token),
            "scopes": " ".join(scope for scope in SCOPES if scope in scopes),
            "added_at": now(),
            "expires_at": now() + lifetime if lifetime else None,
        }
        with self._write() as session:
            if not insert_new(session, TokenRow, values):
                raise ConfigError(f"there is a token {name}; name another, names of revoked ones stay taken")
        return token

    def revoke_token(self, name: str) -> None:
        """Let a token be good for nothing from now on. Raises ConfigError if there is none of this name."""
        with self._write() as session:
            row = session.execute(select(TokenRow).where(TokenRow.name == name)).scalar_one_or_none()
            if row is None:
                raise ConfigError(f"there is no token {name!r}; gouji token list shows them")
            row.revoked_at = row.revoked_at or now()

    def list_tokens(self) -> list[TokenRecord]:
        """All tokens, revoked ones among them, in the order of their making."""
        with self._read() as session:
            rows = session.execute(select(TokenRow).order_by(TokenRow.id)).scalars()
            return [
                TokenRecord(
                    name=row.name,
                    scopes=tuple(scope for scope in SCOPES if scope in row.scopes.split()),
                    added_at=row.added_at,
                    expires_at=row.expires_at,
                    used_at=row.used_at,
                    revoked_at=row.revoked_at,
                )
                for row in rows
            ]

    def caller(self, token: str) -> Caller | None:
        """Whose token this is; None if it is no token, has expired or was revoked. Notes when it was used."""
        if (digest := digest_of(token)) is None:
            return None
        moment = now()
        with self._read() as session:
            row = session.execute(select(TokenRow).where(TokenRow.digest == digest)).scalar_one_or_none()
        if row is None or not hmac.compare_digest(row.digest, digest):
            return None
        if row.revoked_at or (row.expires_at and row.expires_at <= moment):
            return None
        if row.used_at is None or row.used_at <= moment - _SEEN_EVERY:
            with self._write() as session:
                session.execute(update(TokenRow).where(TokenRow.id == row.id).values(used_at=moment))
        return Caller(row.id, row.name, allowed(row.scopes.split()))

    # Requests that may be repeated

    def begin(self, token_id: int, key: str, fingerprint: str) -> Reply | None:
        """Begin to answer a request under a key, or the answer that it got before. Raises Busy, Reused."""
        moment = now()
        mine = {"token_id": token_id, "key": _digest(key)}
        fresh = {"fingerprint": fingerprint, "location": "", "body": "", "at": moment}
        with self._write() as session:
            session.execute(delete(ReplyRow).where(ReplyRow.at < moment - KEPT))
            if insert_new(session, ReplyRow, {**mine, **fresh}):
                return None
            row = session.execute(select(ReplyRow).filter_by(**mine).with_for_update()).scalar_one_or_none()
            # Whoever had it gave it back just now.
            if row is None:
                raise Busy
            if row.fingerprint != fingerprint:
                raise Reused
            if row.status is not None:
                return Reply(row.status, row.location, row.body)
            if row.at > moment - _GIVEN_UP:
                raise Busy
            row.at = moment
            return None

    def answer(self, token_id: int, key: str, reply: Reply) -> None:
        """Keep the answer to a request that was begun."""
        with self._write() as session:
            changed(
                session,
                update(ReplyRow).filter_by(token_id=token_id, key=_digest(key)).values(**reply._asdict()),
            )

    def forget(self, token_id: int, key: str) -> None:
        """Let a request that was begun and came to nothing be begun anew."""
        with self._write() as session:
            open_one = {"token_id": token_id, "key": _digest(key), "status": None}
            session.execute(delete(ReplyRow).filter_by(**open_one))


def _digest(key: str) -> str:
    return sha256(key.encode()).hexdigest()
