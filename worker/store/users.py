"""Users, their sessions, links that sign in once, and failed tries to sign in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from worker.store.models import IdentityRow, LinkRow, SessionRow, TryRow, UserRow
from worker.store.statements import changed, insert_new, now

Transaction = Callable[[], AbstractContextManager[Session]]

_LONGEST_WAIT = timedelta(hours=1)
_FORGOTTEN = timedelta(days=1)


class UserRecord(NamedTuple):
    """A user as kept. `password` is a hash, None where there is no signing in by password."""

    id: int
    name: str
    role: str
    password: str | None
    disabled: bool
    seen_at: datetime | None


class SessionRecord(NamedTuple):
    """A session in force."""

    user: UserRecord
    ends_at: datetime


class UsedLink(NamedTuple):
    """A link that was used just now: whose, None for the admin of a laptop."""

    user: UserRecord | None


class OpenSession(NamedTuple):
    """A session as listed: by its digest, whose, last used, ending at the latest."""

    digest: str
    name: str
    seen_at: datetime
    ends_at: datetime


class UserStore:
    """Users and sessions. Tokens come as digests: what is in the database opens nothing."""

    def __init__(self, write: Transaction, read: Transaction) -> None:
        self._write = write
        self._read = read

    def add(self, name: str, role: str, password: str | None) -> UserRecord | None:
        """Enter a user; None if the name is taken."""
        values = {"name": name, "role": role, "password": password, "disabled": False, "added_at": now()}
        with self._write() as session:
            if not insert_new(session, UserRow, values):
                return None
            return _record(session.execute(select(UserRow).where(UserRow.name == name)).scalar_one())

    def find(self, name: str) -> UserRecord | None:
        """The user of a name."""
        with self._read() as session:
            row = session.execute(select(UserRow).where(UserRow.name == name)).scalar_one_or_none()
            return _record(row) if row else None

    def named(self, user_id: int) -> str:
        """The name of a user; empty if there is none."""
        with self._read() as session:
            return session.execute(select(UserRow.name).where(UserRow.id == user_id)).scalar() or ""

    def list(self) -> list[UserRecord]:
        """All users by name."""
        with self._read() as session:
            return [_record(row) for row in session.execute(select(UserRow).order_by(UserRow.name)).scalars()]

    def identified(self, issuer: str, subject: str, name: str, role: str) -> UserRecord:
        """The user whom a provider knows by this subject; entered if there is none, under a name that is not taken."""
        mine = IdentityRow.issuer == issuer, IdentityRow.subject == subject
        query = select(UserRow).join(IdentityRow, IdentityRow.user_id == UserRow.id).where(*mine)
        with self._write() as session:
            if (row := session.execute(query).scalar_one_or_none()) is not None:
                return _record(row)
            # Never joined to a user of the same name: who may choose a name there must not become another here.
            given = {"role": role, "password": None, "disabled": False, "added_at": now()}
            number, free = 1, name
            while not insert_new(session, UserRow, {"name": free, **given}):
                number += 1
                free = f"{name}-{number}"
            user_id = select(UserRow.id).where(UserRow.name == free).scalar_subquery()
            values = {"issuer": issuer, "subject": subject, "user_id": user_id}
            if not insert_new(session, IdentityRow, values):
                # Two first sign-ins of the same person at once.
                session.execute(delete(UserRow).where(UserRow.name == free))
            return _record(session.execute(query).scalar_one())

    def is_identified(self, user_id: int) -> bool:
        """Whether a user came by a provider."""
        query = select(IdentityRow.subject).where(IdentityRow.user_id == user_id).limit(1)
        with self._read() as session:
            return session.execute(query).first() is not None

    def change(
        self,
        name: str,
        *,
        role: str | None = None,
        password: str | None = None,
        disabled: bool | None = None,
        keeps: str = "",
    ) -> bool:
        """Change a user; another password or being disabled ends all sessions and links, but for the session `keeps`.

        Whether there is such a user.
        """
        given = {"role": role, "password": password, "disabled": disabled}
        values = {key: value for key, value in given.items() if value is not None}
        with self._write() as session:
            if not changed(session, update(UserRow).where(UserRow.name == name).values(**values)):
                return False
            if password is not None or disabled:
                of = select(UserRow.id).where(UserRow.name == name).scalar_subquery()
                others = SessionRow.user_id == of, SessionRow.digest != keeps
                session.execute(delete(SessionRow).where(*others))
                session.execute(delete(LinkRow).where(LinkRow.user_id == of))
            return True

    def rehash(self, user_id: int, password: str) -> None:
        """Keep the same password under another hash; sessions go on."""
        with self._write() as session:
            session.execute(update(UserRow).where(UserRow.id == user_id).values(password=password))

    # Sessions

    def begin(self, digest: str, user_id: int, ends_at: datetime) -> None:
        """Enter a session; those that have ended are removed."""
        with self._write() as session:
            session.execute(delete(SessionRow).where(SessionRow.ends_at < now()))
            session.add(SessionRow(digest=digest, user_id=user_id, seen_at=now(), ends_at=ends_at))
            session.execute(update(UserRow).where(UserRow.id == user_id).values(seen_at=now()))

    def session(self, digest: str, idle: timedelta, renew: timedelta) -> SessionRecord | None:
        """A session that has not ended and was used within `idle`; noted as used at most once in `renew`."""
        with self._read() as session:
            query = select(SessionRow, UserRow).join(UserRow, UserRow.id == SessionRow.user_id)
            found = session.execute(query.where(SessionRow.digest == digest)).first()
            if found is None:
                return None
            row, user = found
            at = now()
            if row.ends_at <= at or row.seen_at + idle <= at or user.disabled:
                return None
            record, stale = SessionRecord(_record(user), row.ends_at), row.seen_at + renew <= at
        if stale:
            with self._write() as session:
                session.execute(update(SessionRow).where(SessionRow.digest == digest).values(seen_at=now()))
        return record

    def sessions(self, idle: timedelta) -> Sequence[OpenSession]:
        """The sessions in force, the one last used first."""
        query = select(SessionRow, UserRow.name).join(UserRow, UserRow.id == SessionRow.user_id)
        alive = SessionRow.ends_at > now(), SessionRow.seen_at > now() - idle, ~UserRow.disabled
        with self._read() as session:
            found = session.execute(query.where(*alive).order_by(SessionRow.seen_at.desc())).all()
            return [OpenSession(row.digest, name, row.seen_at, row.ends_at) for row, name in found]

    def end(self, digest: str) -> None:
        """End a session."""
        with self._write() as session:
            session.execute(delete(SessionRow).where(SessionRow.digest == digest))

    def end_all(self, user_id: int) -> None:
        """End all sessions of a user."""
        with self._write() as session:
            session.execute(delete(SessionRow).where(SessionRow.user_id == user_id))

    def add_link(self, digest: str, ends_at: datetime, user_id: int | None = None) -> None:
        """Enter a link that signs a user in once, by default the admin of a laptop; it takes the place of others."""
        with self._write() as session:
            session.execute(delete(LinkRow).where(LinkRow.ends_at < now()))
            if user_id is not None:
                session.execute(delete(LinkRow).where(LinkRow.user_id == user_id))
            session.add(LinkRow(digest=digest, ends_at=ends_at, user_id=user_id))

    def use_link(self, digest: str) -> UsedLink | None:
        """Use a link up: told to exactly one caller, while it lasts."""
        mine = LinkRow.digest == digest, LinkRow.ends_at > now()
        with self._write() as session:
            used = session.execute(delete(LinkRow).where(*mine).returning(LinkRow.user_id)).first()
            if used is None:
                return None
            row = None if used[0] is None else session.get(UserRow, used[0])
            return UsedLink(_record(row) if row else None)

    # Tries

    def begin_try(self, keys: Mapping[str, int]) -> float:
        """Count a try to sign in as failed for now, under each key; seconds to wait instead where there were too many.

        By key, so many are free; then each doubles the wait from one second to an hour.
        """
        with self._write() as session:
            session.execute(delete(TryRow).where(TryRow.touched_at < now() - _FORGOTTEN))
            rows = []
            for key in sorted(keys):
                insert_new(
                    session, TryRow, {"key": key, "failures": 0, "free_at": now(), "touched_at": now()}
                )
                rows.append(
                    session.execute(select(TryRow).where(TryRow.key == key).with_for_update()).scalar_one()
                )
            wait = max((row.free_at - now()).total_seconds() for row in rows)
            if wait > 0:
                return wait
            for row in rows:
                row.failures += 1
                row.touched_at = now()
                over = row.failures - keys[row.key]
                row.free_at = now() + min(timedelta(seconds=2 ** min(over, 12)), _LONGEST_WAIT) * (over >= 0)
            return 0.0

    def forgive(self, name: str, address: str) -> None:
        """A try was right: forget those under the name, and this one from the address."""
        with self._write() as session:
            session.execute(delete(TryRow).where(TryRow.key == name))
            mine = TryRow.key == address, TryRow.failures > 0
            session.execute(update(TryRow).where(*mine).values(failures=TryRow.failures - 1, free_at=now()))


def _record(row: UserRow) -> UserRecord:
    return UserRecord(row.id, row.name, row.role, row.password, row.disabled, row.seen_at)
