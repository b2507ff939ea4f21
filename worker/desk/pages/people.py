"""People: users with their roles, who is signed in, tokens of programs; and the page of one's own account."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from http import HTTPStatus
from typing import Any, get_args

from anyio import to_thread
from fastapi import Request
from nicegui import html, ui

from schemas import GoujiError
from worker.access import SCOPES
from worker.desk.pages.assets import linked
from worker.desk.pages.desk import COOKIE, Desk, Page, in_words
from worker.desk.pages.dialogs import asking, button, buttons
from worker.desk.pages.frame import View, frame
from worker.desk.pages.saying import say, tell
from worker.desk.pages.signin import address_of
from worker.users import ROLES, Role, SignInRefused, TooManyTries, User

_DAYS = (30, 90, 365, 0)


def add(desk: Desk) -> None:
    """Register both pages."""

    @ui.page("/people", response_timeout=30)
    async def people(request: Request) -> None:
        allowed = request.state.session.user.may("admin")
        with frame(desk, lambda words: words("people.title"), here="/people") as view:
            _link()
            _head(view.words("people.title"))
            if not allowed:
                ui.context.client.status_code = HTTPStatus.FORBIDDEN
                html.p(view.words("people.forbidden")).classes("desk-quiet")
                return
            await _People(view).refresh()

    @ui.page("/account", response_timeout=30)
    async def account() -> None:
        with frame(desk, lambda words: words("account.title"), here="/account") as view:
            _link()
            _head(view.words("account.title"))
            _Account(view, may_choose=await to_thread.run_sync(desk.users.may_choose_password, view.user))


def _link() -> None:
    ui.add_head_html(
        linked("queue.css") + linked("queue.js") + linked("overview.css") + linked("overview.js")
    )


class _People:
    """Users, sessions and tokens as an admin sees them."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._words = view.words
        self._root = html.div()
        with self._root:
            self._told = html.p().classes("upload-told").props('role="status"')
            with _section(self._words("people.users")):
                self._users = html.div()
                self._user_form()
            with _section(self._words("people.sessions")):
                self._sessions = html.div()
            with _section(self._words("people.tokens")):
                html.p(self._words("people.tokens.about")).classes("desk-quiet")
                self._tokens = html.div()
                self._token_form()

    async def refresh(self) -> None:
        """Show what is true now."""
        desk = self._view.desk

        def look() -> tuple[Any, ...]:
            return desk.users.list(), desk.users.sessions(), desk.store.access.list_tokens()

        users, sessions, tokens = await to_thread.run_sync(look)
        if self._root.is_deleted:
            return
        for element, found, show in (
            (self._users, users, self._show_users),
            (self._sessions, sessions, self._show_sessions),
            (self._tokens, tokens, self._show_tokens),
        ):
            element.clear()
            with element:
                show(found)
        self._root.client.run_javascript("queue.times()")

    async def _do(self, act: Callable[[], Any], said: str) -> Any:
        """Do what only an admin may, and show what came of it; None if it was refused."""
        user = await self._view.still()
        if user is None or not user.may("admin"):
            return None
        found, bad = None, False
        try:
            found = await to_thread.run_sync(act)
        except (GoujiError, KeyError) as error:
            said, bad = in_words(error), True
        # First what is shown: who acts on what is told acts on that.
        await self.refresh()
        tell(self._told, said, bad=bad)
        return found

    def _show_users(self, users: tuple[User, ...]) -> None:
        words, desk = self._words, self._view.desk
        with _list(words, "name", "role", "seen", ""):
            for user in users:
                own = user.id == self._view.user.id
                with html.tr():
                    with html.td():
                        html.span(user.name).classes("people-off" if user.disabled else "people-name")
                    with html.td():
                        self._role(user, fixed=own or user.disabled)
                    with html.td():
                        _time(user.seen_at, words("people.never"))
                    with html.td():
                        if own:
                            html.span(words("people.you")).classes("desk-quiet")
                            continue
                        if user.disabled:
                            self._act("enable", user.name, partial(desk.users.enable, user.name))
                            continue
                        self._button("link", user.name, partial(self._give_link, user.name))
                        self._act("disable", user.name, partial(desk.users.disable, user.name))

    def _role(self, user: User, *, fixed: bool) -> None:
        words, desk = self._words, self._view.desk
        said = {role: words(f"role.{role}") for role in ROLES}
        if fixed:
            html.span(said[user.role])
            return

        async def choose(event: Any) -> None:
            role = event.value
            done = words("people.done.role", name=user.name, role=said[role])
            await self._do(lambda: desk.users.set_role(user.name, role), done)

        chosen = ui.select(said, value=user.role, on_change=choose).props("outlined dense options-dense")
        chosen.props["aria-label"] = words("people.role_of", name=user.name)

    def _act(self, name: str, of: str, act: Callable[[], Any]) -> None:
        async def do() -> None:
            await self._do(act, self._words(f"people.done.{name}", name=of))

        self._button(name, of, do)

    def _button(self, name: str, of: str, act: Callable[[], Any]) -> None:
        made = button(self._words(f"people.{name}"), act).classes("people-act")
        made.props["aria-label"] = f"{self._words(f'people.{name}')}: {of}"

    def _user_form(self) -> None:
        words, desk = self._words, self._view.desk
        with html.div().classes("people-form"):
            name = ui.input(words("people.name")).props("outlined dense maxlength=64 autocomplete=off")
            role = ui.select({each: words(f"role.{each}") for each in ROLES}, value="reviewer")
            role.props("outlined dense options-dense").props["aria-label"] = words("people.role")

            async def invite() -> None:
                given, chosen = name.value.strip(), role.value
                token = await self._do(
                    lambda: desk.users.invite(given, _role(chosen)), words("people.done.invite", name=given)
                )
                if token:
                    name.value = ""
                    self._show_link(given, token)

            name.on("keydown.enter", invite)
            button(words("people.invite"), invite).classes("desk-main-button")

    async def _give_link(self, name: str) -> None:
        users = self._view.desk.users
        token = await self._do(lambda: users.link(name), self._words("people.done.link", name=name))
        if token:
            self._show_link(name, token)

    def _show_link(self, name: str, token: str) -> None:
        request = self._view.request
        address = f"{request.url.scheme}://{request.url.netloc}/signin/once?token={token}&next=/account"
        self._show_secret(
            self._words("people.link.title", name=name), self._words("people.link.about"), address
        )

    def _show_secret(self, title: str, about: str, secret: str) -> None:
        words = self._words
        with asking(self._root, title, about) as dialog:
            dialog.props("persistent")
            with html.div().classes("secret"):
                field = ui.input(value=secret).props("outlined dense readonly")
                field.props["aria-label"] = title

                async def copy() -> None:
                    done = await ui.run_javascript(f"overview.copy({secret!r})")
                    say(copied, words("people.copied" if done else "people.selected"))

                button(words("people.copy"), copy)
            copied = html.p().classes("desk-quiet").props('role="status"')
            with html.div().classes("desk-row-end"):
                button(words("close"), dialog.close).classes("desk-main-button")

    def _show_sessions(self, sessions: Any) -> None:
        words, users = self._words, self._view.desk.users
        with _list(words, "name", "used", "ends", ""):
            for session in sessions:
                with html.tr():
                    html.td(session.name).classes("people-name")
                    with html.td():
                        _time(session.seen_at)
                    with html.td():
                        _time(session.ends_at)
                    with html.td():
                        self._act("end", session.name, partial(users.end_session, session.digest))

    def _show_tokens(self, tokens: Any) -> None:
        words, access = self._words, self._view.desk.store.access
        if not tokens:
            return
        with _list(words, "token", "scopes", "used", "expires", ""):
            for token in tokens:
                with html.tr():
                    html.td(token.name).classes("people-off" if token.revoked_at else "people-name")
                    html.td(", ".join(words(f"scope.{scope}") for scope in token.scopes))
                    with html.td():
                        _time(token.used_at, words("people.never"))
                    with html.td():
                        _time(token.expires_at, words("people.no_end"))
                    with html.td():
                        if token.revoked_at:
                            html.span(words("people.revoked")).classes("desk-quiet")
                        else:
                            self._act("revoke", token.name, partial(access.revoke_token, token.name))

    def _token_form(self) -> None:
        words, access = self._words, self._view.desk.store.access
        with html.div().classes("people-form"):
            name = ui.input(words("people.token")).props("outlined dense maxlength=64 autocomplete=off")
            scopes = ui.select(
                {each: words(f"scope.{each}") for each in SCOPES}, value=["read"], multiple=True
            )
            scopes.props("outlined dense options-dense").props["aria-label"] = words("people.scopes")
            said = {
                days: words("people.days", days=days) if days else words("people.no_end") for days in _DAYS
            }
            days = ui.select(said, value=90).props("outlined dense options-dense")
            days.props["aria-label"] = words("people.expires")

            async def create() -> None:
                given, lasts = name.value.strip(), timedelta(days=days.value) if days.value else None
                chosen = list(scopes.value)
                if not chosen:
                    tell(self._told, words("people.no_scope"), bad=True)
                    return
                token = await self._do(
                    lambda: access.create_token(given, chosen, lasts), words("people.done.token", name=given)
                )
                if token:
                    name.value = ""
                    title, about = words("people.token.title", name=given), words("people.token.about")
                    self._show_secret(title, about, token)

            button(words("people.token.create"), create).classes("desk-main-button")


class _Account:
    """One's own account: another password, and out everywhere."""

    def __init__(self, view: View, *, may_choose: bool) -> None:
        self._view = view
        self._words = words = view.words
        user = view.user
        html.p(f"{user.name} · {words(f'role.{user.role}')}").classes("desk-quiet")
        self._told = html.p().classes("upload-told").props('role="status"')
        with _section(words("account.password")):
            if may_choose:
                self._password_form(user)
            else:
                html.p(words("account.password.outside")).classes("desk-quiet")
        with _section(words("account.sessions")) as self._root:
            html.p(words("account.sessions.about")).classes("desk-quiet")
            with html.div().classes("people-form"):
                button(words("account.out"), self._ask_out)

    def _password_form(self, user: User) -> None:
        words = self._words
        if not user.has_password:
            html.p(words("account.password.none")).classes("desk-quiet")
        with html.div().classes("people-form"):
            self._old = self._field("account.old", "current-password") if user.has_password else None
            self._new = self._field("account.new", "new-password")
            self._again = self._field("account.again", "new-password")
            self._again.on("keydown.enter", self._change)
            button(words("account.change"), self._change).classes("desk-main-button")

    def _field(self, key: str, autocomplete: str) -> ui.input:
        field = ui.input(self._words(key), password=True).props("outlined dense maxlength=1000")
        return field.props(f"autocomplete={autocomplete}")

    async def _change(self) -> None:
        words, view = self._words, self._view
        if self._new.value != self._again.value:
            tell(self._told, words("account.differ"), bad=True)
            return
        token, address = view.request.cookies.get(COOKIE, ""), address_of(view.request)
        old, new = self._old.value if self._old else "", self._new.value
        try:
            await to_thread.run_sync(view.desk.users.choose_password, token, old, new, address)
        except SignInRefused:
            tell(self._told, words("account.wrong"), bad=True)
        except TooManyTries as error:
            tell(self._told, words("signin.wait", seconds=max(1, round(error.retry_after))), bad=True)
        except GoujiError as error:
            tell(self._told, in_words(error), bad=True)
        else:
            tell(self._told, words("account.changed"))
            for field in filter(None, (self._old, self._new, self._again)):
                field.value = ""

    def _ask_out(self) -> None:
        words = self._words
        with asking(self._root, words("account.out"), words("account.sessions.about")) as dialog:
            buttons(words, dialog, words("account.out"), self._out)

    async def _out(self) -> None:
        user = await self._view.still()
        if user is not None:
            await to_thread.run_sync(self._view.desk.users.sign_out_everywhere, user)
        ui.navigate.to("/signin")


def _head(title: str) -> None:
    with html.div().classes("pages-head"):
        html.h1(title)


def _section(title: str) -> html.section:
    section = html.section().classes("pages-section")
    section.props["aria-label"] = title
    with section:
        html.h2(title)
    return section


def _list(words: Any, *columns: str) -> html.tbody:
    with html.table().classes("people-list"):
        with html.thead(), html.tr():
            for name in columns:
                head = html.th().props('scope="col"')
                with head:
                    html.span(words(f"people.{name}") if name else words("people.acts")).classes(
                        "" if name else "desk-unseen"
                    )
        return html.tbody()


def _time(at: datetime | None, otherwise: str = "") -> None:
    if at is None:
        html.span(otherwise).classes("desk-quiet")
        return
    html.time(f"{at:%Y-%m-%d %H:%M} UTC").props["datetime"] = at.isoformat()


def _role(given: str) -> Role:
    return next(role for role in get_args(Role) if role == given)


PAGE = Page(add, "/people", "people.nav", "admin")
