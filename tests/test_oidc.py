from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response
from joserfc.jwk import RSAKey

from schemas import ConfigError
from tests.oidc_provider import CLIENT, SECRET, Provider, providing
from worker.desk.oidc import Oidc
from worker.desk.pages import outside, signin
from worker.desk.pages.desk import COOKIE, Desk
from worker.settings import Settings, load_settings
from worker.store import Store
from worker.users import SignInRefused, Users


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with providing() as provider:
        yield provider


@pytest.fixture(autouse=True)
def honest(provider: Provider) -> None:
    provider.claims, provider.unsigned, provider.forged = {}, False, False


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(load_settings(home=tmp_path / "home")) as store:
        yield store


def settings_of(provider: Provider, **more: Any) -> Settings:
    given = {"oidc_issuer": provider.issuer, "oidc_client_id": CLIENT, "oidc_client_secret": SECRET}
    return load_settings(**{**given, **more})


def browser(provider: Provider, store: Store, **more: Any) -> TestClient:
    """A browser in front of a desk that has nothing but its sign-in."""
    app = FastAPI()
    users = Users(store)
    desk = cast(
        Desk, SimpleNamespace(settings=settings_of(provider, **more), users=users, session=_no_session)
    )
    signin.add(app, desk)
    outside.add(app, desk)
    return TestClient(app, base_url="http://desk.test", follow_redirects=False)


async def _no_session(_request: object) -> None:
    return None


def come_back(client: TestClient, target: str = "/overview") -> str:
    """Go to the provider; the address by which it sends the browser back."""
    import httpx2

    there = client.get("/signin/oidc", params={"next": target})
    assert there.status_code == 303
    return httpx2.get(there.headers["location"]).headers["location"]


def sign_in(client: TestClient, target: str = "/overview") -> Response:
    return client.get(come_back(client, target))


def test_who_the_provider_knows_comes_in_as_a_reader_and_is_the_same_user_again(
    provider: Provider, store: Store
) -> None:
    client = browser(provider, store)
    answer = sign_in(client, "/documents?text=预算")
    assert (answer.status_code, answer.headers["location"]) == (303, "/documents?text=%E9%A2%84%E7%AE%97")
    session = Users(store).session(client.cookies[COOKIE])
    assert session
    assert (session.user.name, session.user.role) == ("zhang.min", "reader")
    provider.claims = {"preferred_username": "another name"}
    sign_in(client)
    assert [user.name for user in Users(store).list()] == ["zhang.min"]


def test_a_name_that_is_taken_opens_nothing_of_its_owner(provider: Provider, store: Store) -> None:
    Users(store).add("zhang.min", "admin", "a long enough password")
    client = browser(provider, store)
    sign_in(client)
    session = Users(store).session(client.cookies[COOKIE])
    assert session
    assert (session.user.name, session.user.role) == ("zhang.min-2", "reader")


@pytest.mark.parametrize(
    ("claim", "role"),
    [(["staff", "reviewer"], "reviewer"), ("admin", "admin"), (["staff"], "reader"), (None, "reader")],
)
def test_the_role_is_that_of_the_claim_at_every_sign_in(
    provider: Provider, store: Store, claim: object, role: str
) -> None:
    client = browser(provider, store, oidc_role_claim="roles")
    provider.claims = {"roles": "admin"}
    sign_in(client)
    provider.claims = {"roles": claim}
    sign_in(client)
    session = Users(store).session(client.cookies[COOKIE])
    assert session
    assert session.user.role == role


def test_a_role_that_was_given_here_stays_where_no_claim_speaks_of_one(
    provider: Provider, store: Store
) -> None:
    client = browser(provider, store)
    sign_in(client)
    Users(store).set_role("zhang.min", "reviewer")
    sign_in(client)
    assert Users(store).list()[0].role == "reviewer"


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "of another sign-in"},
        {"nonce": None},
        {"aud": "another-client"},
        {"aud": [CLIENT, "another-client"]},
        {"azp": "another-client"},
        {"iss": "https://another.example"},
        {"exp": 1},
        {"exp": None},
        {"iat": 4_000_000_000},
        {"nbf": 4_000_000_000},
        {"sub": ""},
        {"sub": 7},
    ],
    ids=str,
)
def test_a_token_that_is_not_for_this_sign_in_is_refused(
    provider: Provider, store: Store, claims: dict[str, object]
) -> None:
    provider.claims = claims
    client = browser(provider, store)
    answer = sign_in(client)
    assert answer.status_code == 401
    assert "did not let you in" in answer.text
    assert COOKIE not in client.cookies
    assert Users(store).list() == ()


@pytest.mark.parametrize("how", ["unsigned", "forged"])
def test_a_token_that_the_provider_did_not_sign_is_refused(
    provider: Provider, store: Store, how: str
) -> None:
    setattr(provider, how, True)
    client = browser(provider, store)
    assert sign_in(client).status_code == 401
    assert COOKIE not in client.cookies


def test_who_did_not_begin_cannot_come_back(provider: Provider, store: Store) -> None:
    client = browser(provider, store)
    back = come_back(client)
    other = browser(provider, store)
    assert other.get(back).status_code == 403
    without = client.get(re.sub(r"&state=[^&]+", "", back))
    assert without.status_code == 403
    # The cookie of this sign-in is used up by now.
    assert client.get(back).status_code == 403
    assert COOKIE not in client.cookies


def test_a_code_is_worth_nothing_to_who_did_not_begin(provider: Provider, store: Store) -> None:
    mine, theirs = browser(provider, store), browser(provider, store)
    stolen = re.sub(r"state=[^&]+", "", come_back(theirs)).partition("code=")[2].rstrip("&")
    own = come_back(mine)
    answer = mine.get(re.sub(r"code=[^&]+", f"code={stolen}", own))
    assert answer.status_code == 401


def test_the_provider_may_say_no_or_not_answer(provider: Provider, store: Store) -> None:
    client = browser(provider, store)
    state = come_back(client).partition("state=")[2]
    refused = client.get("/signin/oidc/back", params={"error": "access_denied", "state": state})
    assert refused.status_code == 401
    away = browser(provider, store, oidc_issuer="http://127.0.0.1:9")
    assert away.get("/signin/oidc").status_code == 502


def test_a_disabled_user_stays_out(provider: Provider, store: Store) -> None:
    client = browser(provider, store)
    sign_in(client)
    Users(store).disable("zhang.min")
    client.cookies.clear()
    assert sign_in(client).status_code == 401
    assert COOKIE not in client.cookies


def test_who_comes_by_the_provider_chooses_no_password(provider: Provider, store: Store) -> None:
    client, users = browser(provider, store), Users(store)
    sign_in(client)
    with pytest.raises(SignInRefused):
        users.choose_password(client.cookies[COOKIE], "", "a long enough password", "10.0.0.1")
    assert not users.may_choose_password(users.list()[0])


def test_keys_that_were_changed_are_fetched_again(
    provider: Provider, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = browser(provider, store)
    sign_in(client)
    before, provider.key = provider.key, RSAKey.generate_key(2048, {"kid": "two"})
    try:
        assert sign_in(client).status_code == 401
        clock = time.monotonic
        monkeypatch.setattr(time, "monotonic", lambda: clock() + 120)
        assert sign_in(client).status_code == 303
    finally:
        provider.key = before


def test_no_link_leads_away_from_here(provider: Provider, store: Store) -> None:
    assert sign_in(browser(provider, store), "https://evil.example").headers["location"] == "/"


def test_the_sign_in_page_offers_the_provider_only_where_there_is_one(
    provider: Provider, store: Store
) -> None:
    assert "Sign in with 127.0.0.1" in browser(provider, store).get("/signin").text
    without = browser(provider, store, oidc_issuer="")
    assert "/signin/oidc" not in without.get("/signin").text


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"oidc_issuer": "http://idp.example"}, "GOUJI_OIDC_ISSUER: an https:// address"),
        ({"oidc_client_id": ""}, "GOUJI_OIDC_CLIENT_ID"),
    ],
)
def test_settings_that_are_not_complete_are_named(
    provider: Provider, given: dict[str, str], said: str
) -> None:
    with pytest.raises(ConfigError, match=said):
        Oidc(settings_of(provider, **given))
    assert SECRET not in repr(settings_of(provider))
