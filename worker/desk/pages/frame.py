"""The frame of every page: header, navigation, language, theme, and who is signed in."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote

from nicegui import html, ui
from starlette.requests import HTTPConnection, Request

from worker.desk.pages.assets import linked
from worker.desk.pages.desk import Desk, Page, initials
from worker.desk.pages.text import LANGUAGES, TAGS, Words, language_of
from worker.users import Session, User

Theme = Literal["auto", "light", "dark"]
THEMES: dict[Theme, bool | None] = {"auto": None, "light": False, "dark": True}
"""Themes, and whether they are dark; None: as the system of the user is."""
THEME_COOKIE = "gouji_theme"
_ICONS = {"auto": "brightness_auto", "light": "light_mode", "dark": "dark_mode"}

navigation: list[Page] = []
"""The pages that stand in the navigation, in order; filled by `worker.desk.pages.mount`."""


@dataclass(frozen=True, slots=True)
class View:
    """What a page is made with: its request, the strings of its language, the session behind it."""

    desk: Desk
    request: Request
    words: Words
    session: Session

    @property
    def user(self) -> User:
        """Who looks at the page."""
        return self.session.user

    async def still(self) -> User | None:
        """The user as of now, for what is done long after the page was made; None sends them to sign in again."""
        session = await self.desk.session(self.request)
        if session is None:
            ui.navigate.to("/signin")
            return None
        return session.user


def theme_of(connection: HTTPConnection) -> Theme:
    """The theme that was chosen."""
    chosen = connection.cookies.get(THEME_COOKIE, "auto")
    return chosen if chosen in THEMES else "auto"


@contextmanager
def frame(
    desk: Desk, title: str | Callable[[Words], str], *, here: str = "", wide: bool = False
) -> Iterator[View]:
    """A page with everything around it; what is made inside becomes its main part.

    `title` is that of the window; `here` the path that the navigation marks; `wide` pages use the whole window.
    """
    client = ui.context.client
    request = client.request
    words = Words(language_of(request))
    view = View(desk, request, words, request.state.session)
    theme = theme_of(request)
    # A page object serves every user; what is told of language and theme is this one's alone.
    client.page = copy.copy(client.page)
    client.page.language = TAGS[words.language]
    client.page.dark = THEMES[theme]
    said = title(words) if callable(title) else title
    ui.page_title(f"{said} · gouji")
    ui.add_head_html(linked("desk.css") + linked("desk.js"))
    main = client.content.classes(replace="desk-main desk-wide" if wide else "desk-main")
    main.props('id="main" tabindex="-1"')
    _header(view, here, theme)
    ui.skip_link(words("skip"), target=main).props('href="#main"')
    with main:
        yield view


def _header(view: View, here: str, theme: Theme) -> None:
    words = view.words
    with ui.header(wrap=False).classes("desk-header"):
        with html.a().classes("desk-brand").props('href="/"') as brand:
            brand.props["aria-label"] = words("home")
            html.span("勾").classes("desk-seal").props('aria-hidden="true"')
            html.span("gouji")
        with html.nav().classes("desk-nav") as nav:
            nav.props["aria-label"] = words("navigation")
            for page in _shown(view.user):
                link = html.a(words(page.name))
                link.props["href"] = page.path
                if page.path == here:
                    link.props["aria-current"] = "page"
        html.div().classes("desk-space")
        _languages(view)
        _themes(view, theme)
        _person(view)


def _shown(user: User) -> Sequence[Page]:
    return [page for page in navigation if page.path and user.may(page.role)]


def _languages(view: View) -> None:
    path = view.request.url.path + (f"?{view.request.url.query}" if view.request.url.query else "")
    for language in LANGUAGES:
        if language != view.words.language:
            link = html.a(view.words(f"language.{language}")).classes("desk-language")
            link.props["href"] = f"/language/{language}?next={quote(path, safe='')}"
            link.props["lang"] = link.props["hreflang"] = TAGS[language]


def _themes(view: View, theme: Theme) -> None:
    words = view.words
    dark = ui.dark_mode(THEMES[theme])
    button = ui.button(icon=_ICONS[theme], color=None).props("flat round dense").classes("desk-icon")
    button.props["aria-label"] = words("theme")

    def choose(name: Theme) -> None:
        dark.value = THEMES[name]
        button.props["icon"] = _ICONS[name]
        ui.run_javascript(f"desk.remember({THEME_COOKIE!r}, {name!r})")

    with button, ui.menu():
        for name in THEMES:
            with ui.menu_item(on_click=lambda name=name: choose(name)).classes("desk-choice"):
                ui.icon(_ICONS[name]).props('aria-hidden="true"')
                ui.label(words(f"theme.{name}"))


def _person(view: View) -> None:
    words = view.words
    with (
        ui.button(initials(view.user), color=None)
        .props("flat round dense no-caps")
        .classes("desk-person") as button
    ):
        button.props["aria-label"] = words("account", name=view.user.name)
        with ui.menu(), html.div().classes("desk-account"):
            html.div(view.user.name).classes("desk-account-name")
            html.div(words(f"role.{view.user.role}")).classes("desk-quiet")
            html.a(words("account.title")).classes("desk-language").props('href="/account"')
            with html.form().props('method="post" action="/signout"'):
                ui.element("input").props('type="hidden" name="csrf"').props["value"] = view.session.csrf
                html.button(words("signout")).props('type="submit"').classes("desk-button")
