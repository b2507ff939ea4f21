"""Who may work at the desk: users with roles, sign-in, sessions. Passwords by argon2id; tokens are kept as hashes."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Literal, cast

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from schemas import GoujiError, InputError
from worker.store import Store
from worker.store.users import OpenSession, UserRecord

Role = Literal["reader", "reviewer", "admin"]
ROLES: tuple[Role, ...] = ("reader", "reviewer", "admin")
"""What a user may do, each all that the ones before may: look, review, manage users."""

IDLE = timedelta(hours=8)
LONGEST = timedelta(days=7)
LINK = timedelta(minutes=10)
INVITATION = timedelta(days=3)
LOCAL = "local"
"""The admin that a link on a laptop signs in."""

_FREE_TRIES = 5
_RENEW = timedelta(minutes=1)
_SHORTEST, _LONGEST_PASSWORD = 10, 1_000
_NAME = re.compile(r"[\w.@+-]{1,64}")
_NO_NAME, _A_NAME = "is no name of a user", "give 1 to 64 letters, digits, . @ + - or _"
_TAKEN = "is a user already"


class SignInRefused(GoujiError):
    """Name or password is wrong, or the user is disabled: which of it is not told."""


class TooManyTries(GoujiError):
    """Sign-in was tried too often under this name or from this address. `retry_after` is in seconds."""

    def __init__(self, retry_after: float) -> None:
        super().__init__(f"too many tries to sign in; wait {retry_after:.0f} s")
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class User:
    """A user as others see it."""

    id: int
    name: str
    role: Role
    disabled: bool = False
    seen_at: datetime | None = None
    has_password: bool = False

    def may(self, role: Role) -> bool:
        """Whether the user may do what this role may."""
        return not self.disabled and ROLES.index(self.role) >= ROLES.index(role)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session that was just made: `token` goes into the cookie and is kept nowhere else, `csrf` into forms."""

    user: User
    token: str
    csrf: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Session:
    """A session in force: who, the token that its forms must carry, and when it ends at the latest."""

    user: User
    csrf: str
    expires_at: datetime


class Users:
    """Users, sign-in and sessions over a store. Safe for threads and several processes."""

    def __init__(self, store: Store) -> None:
        self._users = store.users

    def add(self, name: str, role: Role, password: str) -> User:
        """Enter a user. Raises InputError for a name that is taken or none, or a password that is too short."""
        if not _NAME.fullmatch(name):
            raise InputError(name[:64], _NO_NAME, _A_NAME)
        found = self._users.add(name, role, _hashed(name, password))
        if found is None:
            raise InputError(name, _TAKEN, "give another name, or change the password")
        return _user(found)

    def invite(self, name: str, role: Role) -> str:
        """Enter a user without a password; a token for `/signin/once`, as of `link`. Raises InputError."""
        if not _NAME.fullmatch(name):
            raise InputError(name[:64], _NO_NAME, _A_NAME)
        if self._users.add(name, role, None) is None:
            raise InputError(name, _TAKEN, "give another name")
        return self.link(name)

    def link(self, name: str) -> str:
        """A token that signs a user in once, within three days, to choose a password; others end. Raises InputError."""
        found = self._users.find(name)
        _found(name, done=found is not None and not found.disabled)
        token = secrets.token_urlsafe(32)
        self._users.add_link(_digest(token), datetime.now(UTC) + INVITATION, found.id if found else None)
        return token

    def identified(self, issuer: str, subject: str, name: str, role: Role | None) -> SignedIn:
        """Make a session for who a provider says it is; entered at first sight, as a reader where it names no `role`.

        A role that it names is in force from now on. Raises SignInRefused for a disabled user.
        """
        fitting = re.sub(r"[^\w.@+-]+", ".", name).strip(".")[:48] or "user"
        found = self._users.identified(issuer, subject, fitting, role or "reader")
        if found.disabled:
            raise SignInRefused(f"{found.name} is disabled")
        if role is not None and role != found.role:
            self._users.change(found.name, role=role)
            found = found._replace(role=role)
        return self._begin(_user(found))

    def list(self) -> tuple[User, ...]:
        """All users by name, disabled ones included."""
        return tuple(map(_user, self._users.list()))

    def set_password(self, name: str, password: str) -> None:
        """Give a user another password; their sessions end. Raises InputError."""
        _found(name, done=self._users.change(name, password=_hashed(name, password)))

    def may_choose_password(self, user: User) -> bool:
        """Whether a user signs in by name: not who comes by a provider, who could come round it that way."""
        return user.has_password or not self._users.is_identified(user.id)

    def choose_password(self, token: str, old: str, new: str, address: str) -> None:
        """Give the user of a session another password; their other sessions end.

        The `old` one must be right where there is one. Raises SignInRefused, TooManyTries, InputError.
        """
        session = self.session(token)
        known = self._users.find(session.user.name) if session else None
        if known is None or not self.may_choose_password(_user(known)):
            raise SignInRefused("there is no session, or it is that of a user who comes by a provider")
        if known.password is not None:
            # Counted as a sign-in: who finds a browser open may not try passwords at leisure.
            self._users.end(_digest(self.sign_in(known.name, old, address).token))
        self._users.change(known.name, password=_hashed(known.name, new), keeps=_digest(token))

    def set_role(self, name: str, role: Role) -> None:
        """Give a user another role, in force at once. Raises InputError."""
        _found(name, done=self._users.change(name, role=role))

    def disable(self, name: str) -> None:
        """Let a user in no more; their sessions end. Raises InputError."""
        _found(name, done=self._users.change(name, disabled=True))

    def enable(self, name: str) -> None:
        """Let a disabled user in again. Raises InputError."""
        _found(name, done=self._users.change(name, disabled=False))

    def sign_in(self, name: str, password: str, address: str) -> SignedIn:
        """Make a session. `address` is that of the client. Raises SignInRefused, TooManyTries.

        Five wrong tries under a name are free, and ten from an address; each further one doubles the wait, up to an
        hour. It takes as long for a name that there is not as for a wrong password.
        """
        keys = _digest(f"name:{name}"), _digest(f"address:{address}")
        free = dict(zip(keys, (_FREE_TRIES, 2 * _FREE_TRIES), strict=True))
        if (wait := self._users.begin_try(free)) > 0:
            raise TooManyTries(wait)
        nobody = _nobody()
        found = self._users.find(name)
        right = _matches(found.password if found else None, nobody, password)
        if found is None or not right or found.disabled:
            raise SignInRefused("name or password is wrong")
        self._users.forgive(*keys)
        if found.password and _hasher().check_needs_rehash(found.password):
            self._users.rehash(found.id, _hasher().hash(password))
        return self._begin(_user(found))

    def session(self, token: str, *, renews: bool = True) -> Session | None:
        """The session of a cookie; None if it is unknown, expired, revoked or disabled. Kept alive by this, unless it
        is only looked at."""
        found = self._users.session(_digest(token), IDLE, _RENEW if renews else LONGEST)
        return Session(_user(found.user), _csrf(token), found.ends_at) if found else None

    def sign_out(self, token: str) -> None:
        """End a session; an unknown one is no error."""
        self._users.end(_digest(token))

    def sign_out_everywhere(self, user: User) -> None:
        """End all sessions of a user."""
        self._users.end_all(user.id)

    def sessions(self) -> tuple[OpenSession, ...]:
        """The sessions in force, the one last used first; `end_session` takes their digest."""
        return tuple(self._users.sessions(IDLE))

    def end_session(self, digest: str) -> None:
        """End a session of anyone; one that there is not is no error."""
        self._users.end(digest)

    def one_time_link(self) -> str:
        """A token for `gouji desk` on a laptop: valid for 10 minutes, once; `redeem` makes a session of it."""
        token = secrets.token_urlsafe(32)
        self._users.add_link(_digest(token), datetime.now(UTC) + LINK)
        return token

    def redeem(self, token: str) -> SignedIn | None:
        """The session that a one-time token stands for, of a user or of the local admin; None if it is unknown, used
        or expired, or the user disabled."""
        used = self._users.use_link(_digest(token))
        if used is None:
            return None
        if used.user is not None:
            return None if used.user.disabled else self._begin(_user(used.user))
        # Without a password no one signs in under this name but by a link.
        self._users.add(LOCAL, "admin", None)
        found = self._users.find(LOCAL)
        return self._begin(_user(found)) if found and not found.disabled else None

    def _begin(self, user: User) -> SignedIn:
        token, ends_at = secrets.token_urlsafe(32), datetime.now(UTC) + LONGEST
        self._users.begin(_digest(token), user.id, ends_at)
        return SignedIn(user, token, _csrf(token), ends_at)


@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher()


@cache
def _nobody() -> str:
    """A hash that no password matches, checked in place of that of a name which there is not."""
    return _hasher().hash(secrets.token_urlsafe(32))


def _hashed(name: str, password: str) -> str:
    if not _SHORTEST <= len(password) <= _LONGEST_PASSWORD:
        problem = f"the password has {len(password)} characters"
        raise InputError(name, problem, f"choose one of {_SHORTEST} to {_LONGEST_PASSWORD}")
    return _hasher().hash(password)


def _matches(known: str | None, nobody: str, password: str) -> bool:
    try:
        _hasher().verify(known or nobody, password if len(password) <= _LONGEST_PASSWORD else "")
    except (VerificationError, InvalidHashError):
        return False
    return known is not None


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _csrf(token: str) -> str:
    """The token of forms follows from that of the session, so that nothing of it has to be kept."""
    return _digest(f"csrf:{token}")


def _user(found: UserRecord) -> User:
    role = cast("Role", found.role)
    return User(found.id, found.name, role, found.disabled, found.seen_at, found.password is not None)


def _found(name: str, *, done: bool) -> None:
    if not done:
        raise InputError(name, "is no user", "see `gouji user list`, or add one")
