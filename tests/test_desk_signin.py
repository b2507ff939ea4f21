from __future__ import annotations

import re
from typing import TYPE_CHECKING

import httpx2
import pytest

from tests.desk_server import ANSWER_S, PASSWORD, DeskServer, open_table
from worker.desk.pages.desk import COOKIE
from worker.users import Users

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytest_plugins = ["tests.desk_fixtures"]
HTML = {"accept": "text/html"}
TABLE = "/documents/1/tables/t02"


def enter(server: DeskServer, name: str, password: str, form: str | None = None) -> httpx2.Response:
    with server.client() as client:
        page = client.get("/signin", params={"next": TABLE})
        token = re.search(r'name="form" value="([^"]+)"', page.text)
        assert token
        data = {"name": name, "password": password, "next": TABLE, "form": form or token[1]}
        return client.post("/signin", data=data)


def test_without_a_session_every_page_leads_to_the_sign_in(server: DeskServer) -> None:
    with server.client() as client:
        for path in ("/", TABLE, "/documents/1/pages/1.png", "/nowhere"):
            answer = client.get(path, headers=HTML)
            assert answer.status_code == 303
            assert answer.headers["location"].startswith("/signin?next=")
        assert client.get(TABLE).status_code == 401
        assert client.get("/_nicegui_ws/socket.io/?EIO=4&transport=polling").status_code == 401


def test_the_websocket_is_refused_without_a_session_and_from_another_origin(server: DeskServer) -> None:
    users = Users(server.store)
    users.add("socket", "reader", PASSWORD)
    cookie = f"{COOKIE}={users.sign_in('socket', PASSWORD, '10.0.0.2').token}"
    upgrade = {
        "connection": "Upgrade",
        "upgrade": "websocket",
        "sec-websocket-version": "13",
        "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    path = "/_nicegui_ws/socket.io/?EIO=4&transport=websocket"
    with server.client() as client:
        assert client.get(path, headers=upgrade).status_code == 403
        foreign = {**upgrade, "cookie": cookie, "origin": "http://evil.example"}
        assert client.get(path, headers=foreign).status_code == 403
        polling = "/_nicegui_ws/socket.io/?EIO=4&transport=polling"
        assert (
            client.post(polling, headers={"cookie": cookie, "origin": "http://evil.example"}).status_code
            == 401
        )


def test_right_name_and_password_lead_to_what_was_asked_for(server: DeskServer) -> None:
    Users(server.store).add("li.wei", "reviewer", PASSWORD)
    answer = enter(server, "li.wei", PASSWORD)
    assert (answer.status_code, answer.headers["location"]) == (303, TABLE)
    cookie = next(value for value in answer.headers.get_list("set-cookie") if value.startswith(COOKIE))
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Max-Age" in cookie


def test_a_wrong_password_is_not_told_from_a_wrong_name(server: DeskServer) -> None:
    Users(server.store).add("wang", "reviewer", PASSWORD)
    wrong, nobody = enter(server, "wang", "not the password"), enter(server, "nobody", "not the password")
    assert wrong.status_code == nobody.status_code == 401
    assert "Name or password is wrong." in wrong.text
    assert "Name or password is wrong." in nobody.text
    assert COOKIE not in wrong.cookies


def test_a_form_that_is_not_ours_is_refused(server: DeskServer) -> None:
    Users(server.store).add("zhao", "reviewer", PASSWORD)
    answer = enter(server, "zhao", PASSWORD, form="of another browser")
    assert answer.status_code == 403
    assert COOKIE not in answer.cookies


def test_too_many_tries_are_told_to_wait(server: DeskServer) -> None:
    for _ in range(12):
        answer = enter(server, "guessed", "not the password")
        if answer.status_code == 429:
            break
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0
    assert "Too many tries" in answer.text


@pytest.mark.parametrize(
    "target", ["//evil.example/", "https://evil.example/", "/\\evil.example", "javascript:1"]
)
def test_no_link_leads_away_from_here(server: DeskServer, target: str) -> None:
    token = Users(server.store).one_time_link()
    with server.client() as client:
        answer = client.get("/signin/once", params={"token": token, "next": target})
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        assert client.get("/language/zh", params={"next": target}).headers["location"] == "/"


def test_a_one_time_link_works_once(server: DeskServer) -> None:
    token = Users(server.store).one_time_link()
    with server.client() as client:
        first = client.get("/signin/once", params={"token": token, "next": TABLE})
        assert (first.status_code, first.headers["location"]) == (303, TABLE)
        assert client.get("/signin").status_code == 303
    with server.client() as client:
        again = client.get("/signin/once", params={"token": token})
        assert again.status_code == 401
        assert "used already" in again.text


def test_who_signs_out_is_out_and_only_by_a_form_of_the_session(server: DeskServer) -> None:
    token = Users(server.store).one_time_link()
    with server.client() as client:
        client.get("/signin/once", params={"token": token})
        assert client.post("/signout", data={"csrf": "guessed"}).status_code == 403
        session = Users(server.store).session(client.cookies[COOKIE])
        assert session
        kept = {"cookie": f"{COOKIE}={client.cookies[COOKIE]}"}
        assert client.post("/signout", data={"csrf": session.csrf}).headers["location"] == "/signin"
        assert client.get(TABLE, headers={**HTML, **kept}).status_code == 303


def test_pages_forbid_what_they_do_not_need(server: DeskServer) -> None:
    token = Users(server.store).one_time_link()
    with server.client() as client:
        plain = client.get("/signin").headers
        assert "script-src" not in plain["content-security-policy"]
        assert "default-src 'none'" in plain["content-security-policy"]
        client.get("/signin/once", params={"token": token})
        page = client.get(TABLE, headers=HTML)
        policy = page.headers["content-security-policy"]
        nonce = re.search(r"script-src 'self' 'nonce-([\w-]+)' 'unsafe-eval'$", policy)
        assert nonce
        for part in (
            "default-src 'none'",
            "object-src 'none'",
            "frame-ancestors 'none'",
            "form-action 'self'",
        ):
            assert part in policy
        assert "http" not in policy
        assert page.headers["x-content-type-options"] == "nosniff"
        assert page.headers["referrer-policy"] == "same-origin"
        scripts = re.findall(r"<script\b[^>]*>", page.text)
        assert scripts
        assert [tag for tag in scripts if "src=" not in tag and f'nonce="{nonce[1]}"' not in tag] == []


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("zh-CN,zh;q=0.9,en;q=0.8", "登录"),
        ("en-GB", "Sign in"),
        ("de;q=0.9,zh;q=0.1", "登录"),
        ("fr", "Sign in"),
    ],
)
def test_the_language_is_that_of_the_browser(server: DeskServer, header: str, said: str) -> None:
    page = httpx2.get(f"{server.url}/signin", headers={"accept-language": header}, timeout=ANSWER_S)
    assert f"<h1>{said}</h1>" in page.text


def test_in_a_browser_from_the_form_to_the_table_and_out(server: DeskServer, browser: Browser) -> None:
    Users(server.store).add("chen", "reviewer", PASSWORD)
    context = browser.new_context(locale="zh-CN")
    page = context.new_page()
    page.goto(f"{server.url}{TABLE}")
    page.get_by_label("用户名").fill("chen")
    page.get_by_label("密码").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.locator(".ag-cell").first.wait_for()
    assert page.locator("html").get_attribute("lang") == "zh-CN"
    page.get_by_role("link", name="English").click()
    page.get_by_role("button", name="Accept").wait_for()
    assert page.locator("html").get_attribute("lang") == "en-US"
    page.get_by_role("button", name="Signed in as chen").click()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("heading", name="Sign in").wait_for()
    page.goto(f"{server.url}{TABLE}")
    assert "/signin" in page.url
    context.close()


def test_a_session_that_has_ended_leads_back_to_the_sign_in(server: DeskServer, browser: Browser) -> None:
    context = server.context(browser)
    page = context.new_page()
    open_table(page, server, "archive-2024-final.txt", "t02")
    token = next(cookie["value"] for cookie in context.cookies() if cookie["name"] == COOKIE)
    Users(server.store).sign_out(token)
    page.keyboard.press("1")
    page.get_by_role("heading", name="Sign in").wait_for()
    context.close()
