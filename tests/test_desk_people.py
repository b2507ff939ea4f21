from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import httpx2
import pytest

from tests.desk_axe import serious
from tests.desk_server import ANSWER_S, PASSWORD, DeskServer
from worker.desk.pages.desk import COOKIE
from worker.users import SignInRefused, Users

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

pytest_plugins = ["tests.desk_fixtures"]
NEW = "another long password"


@pytest.fixture(scope="module")
def samples() -> list[Path]:
    """People need no documents."""
    return []


def opened(context: BrowserContext, server: DeskServer, path: str) -> Page:
    page = context.new_page()
    page.goto(f"{server.url}{path}")
    page.wait_for_function("window.did_handshake === true")
    return page


def shown_once(page: Page) -> str:
    """The secret of the dialog, which is gone once it is closed."""
    secret = page.locator(".secret input").input_value()
    page.get_by_role("dialog").get_by_role("button", name="Close").click()
    page.locator(".secret").wait_for(state="detached")
    assert secret not in page.content()
    return secret


def test_a_user_is_added_comes_by_the_link_and_chooses_a_password(
    server: DeskServer, browser: Browser
) -> None:
    admin, guest = server.context(browser, "admin"), browser.new_context(locale="en-US")
    page = opened(admin, server, "/people")
    page.get_by_label("Name", exact=True).fill("sun.li")
    page.get_by_role("button", name="Add user").click()
    page.get_by_text("It signs in once").wait_for()
    link = shown_once(page)
    page.get_by_text("sun.li was added.").wait_for()
    assert serious(page) == []
    theirs = opened(guest, server, link.removeprefix(server.url))
    theirs.get_by_label("New password", exact=True).fill(NEW)
    theirs.get_by_label("New password once more").fill("not the same at all")
    theirs.get_by_role("button", name="Change password").click()
    theirs.get_by_text("The two new passwords differ.").wait_for()
    theirs.get_by_label("New password once more").fill(NEW)
    theirs.get_by_role("button", name="Change password").click()
    theirs.get_by_text("The password was changed.").wait_for()
    assert serious(theirs) == []
    assert Users(server.store).sign_in("sun.li", NEW, "10.0.0.4").user.role == "reviewer"
    again = guest.request.get(link)
    assert again.status == 401
    # Put out by the admin, the session that is open ends at once.
    page.reload()
    page.wait_for_function("window.did_handshake === true")
    page.get_by_role("button", name="Disable: sun.li").click()
    page.get_by_role("button", name="Enable: sun.li").wait_for()
    theirs.goto(f"{server.url}/account")
    theirs.get_by_role("heading", name="Sign in").wait_for()
    admin.close()
    guest.close()


def test_roles_sessions_and_tokens(server: DeskServer, browser: Browser) -> None:
    users = Users(server.store)
    users.add("wu.gang", "reader", PASSWORD)
    token = users.sign_in("wu.gang", PASSWORD, "10.0.0.5").token
    context = server.context(browser, "admin")
    page = opened(context, server, "/people")
    page.get_by_role("combobox", name="Role of wu.gang").click()
    page.get_by_role("option", name="Reviewer").click()
    page.get_by_text("wu.gang: Reviewer.").wait_for()
    assert next(user.role for user in users.list() if user.name == "wu.gang") == "reviewer"
    page.get_by_role("button", name="Sign out: wu.gang").click()
    page.get_by_text("A session of wu.gang was ended.").wait_for()
    assert users.session(token) is None
    page.get_by_label("Name of the token").fill("importer")
    page.get_by_role("button", name="Create token").click()
    page.get_by_text("Copy it now").wait_for()
    bearer = {"authorization": f"Bearer {shown_once(page)}"}
    usage = f"{server.url}/api/v1/usage"
    assert httpx2.get(usage, headers=bearer, timeout=ANSWER_S).status_code == 200
    page.get_by_role("button", name="Revoke: importer").click()
    page.get_by_text("Token importer was revoked.").wait_for()
    assert httpx2.get(usage, headers=bearer, timeout=ANSWER_S).status_code == 401
    context.close()


def test_only_an_admin_sees_people(server: DeskServer) -> None:
    users = Users(server.store)
    users.add("not.admin", "reviewer", PASSWORD)
    users.add("someone.else", "reviewer", PASSWORD)
    cookie = {"cookie": f"{COOKIE}={users.sign_in('not.admin', PASSWORD, '10.0.0.6').token}"}
    headers = {**cookie, "accept": "text/html"}
    answer = httpx2.get(f"{server.url}/people", headers=headers, timeout=ANSWER_S)
    assert answer.status_code == 403
    assert "someone.else" not in answer.text


def test_another_password_ends_the_other_sessions_and_asks_for_the_old_one(
    server: DeskServer, browser: Browser
) -> None:
    name, users = "feng.lan", Users(server.store)
    users.add(name, "reader", PASSWORD)
    own, other = (users.sign_in(name, PASSWORD, f"10.0.0.{number}").token for number in (7, 8))
    context = server.context(browser, token=own)
    page = opened(context, server, "/account")
    for old, said in (("not the password", "The present password is wrong."), (PASSWORD, "was changed.")):
        page.get_by_label("Present password").fill(old)
        page.get_by_label("New password", exact=True).fill(NEW)
        page.get_by_label("New password once more").fill(NEW)
        page.get_by_role("button", name="Change password").click()
        page.get_by_text(said).wait_for()
    assert users.session(other) is None
    with pytest.raises(SignInRefused):
        users.sign_in(name, PASSWORD, "10.0.0.7")
    page.get_by_role("button", name="Sign out everywhere").click()
    page.get_by_role("dialog").get_by_role("button", name="Sign out everywhere").click()
    page.get_by_role("heading", name="Sign in").wait_for()
    mine = next(cookie["value"] for cookie in context.cookies() if cookie["name"] == COOKIE)
    assert users.session(mine) is None
    context.close()
