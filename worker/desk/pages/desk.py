"""What the pages share: settings, store, users and the services of the review; who asks for a page."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from anyio import to_thread
from starlette.requests import HTTPConnection

from schemas import GoujiError
from worker import review
from worker.desk.api import Service
from worker.settings import Settings
from worker.store import Store
from worker.users import Role, Session, User, Users

COOKIE = "gouji_session"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Desk:
    """The services behind the pages; all are safe for threads."""

    settings: Settings
    store: Store
    users: Users
    review: review.Desk
    service: Service

    async def known(self, connection: HTTPConnection) -> bool:
        """Whether the connection carries a session in force, which is then its `state.session`."""
        session = await self.session(connection)
        connection.state.session = session
        return session is not None

    async def session(self, connection: HTTPConnection) -> Session | None:
        """The session that a connection carries, if it is in force."""
        token = connection.cookies.get(COOKIE)
        return await to_thread.run_sync(self.users.session, token) if token else None


class Page(NamedTuple):
    """A page, or several that belong together: `add` registers them with NiceGUI.

    One with a `path` stands in the navigation under the string `name`, for users who may do what `role` may.
    """

    add: Callable[[Desk], None]
    path: str = ""
    name: str = ""
    role: Role = "reader"


def in_words(error: Exception) -> str:
    """What to tell a person: errors of ours say it themselves, others are logged."""
    if isinstance(error, GoujiError | KeyError):
        return str(error.args[0] if error.args else error)
    _log.error("a page failed", exc_info=error)
    return f"{type(error).__name__}"


def initials(user: User) -> str:
    """One or two letters for a user."""
    parts = user.name.replace(".", " ").replace("_", " ").split()
    return "".join(part[0] for part in parts[:2]).upper() or "?"
