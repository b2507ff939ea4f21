"""Users of the desk: sign-in, sessions, links that sign in once; nothing in the database opens anything."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner, Result

from schemas import InputError
from worker.cli.user import app
from worker.settings import load_settings
from worker.store import BlobStore, Store
from worker.store.database import connect
from worker.users import LONGEST, SignInRefused, TooManyTries, Users

RIGHT, WRONG = "correct horse battery", "staple staple"
HOME = "192.0.2.7"


@pytest.fixture
def store(database_url: str, tmp_path: Path) -> Iterator[Store]:
    with Store(database_url, BlobStore(tmp_path / "blobs")) as found:
        yield found


@pytest.fixture
def users(store: Store) -> Users:
    found = Users(store)
    found.add("wang", "reviewer", RIGHT)
    return found


def test_a_session_from_sign_in_to_sign_out(users: Users, database_url: str) -> None:
    signed = users.sign_in("wang", RIGHT, HOME)
    session = users.session(signed.token)
    assert session is not None
    assert (session.user.name, session.csrf, session.expires_at) == ("wang", signed.csrf, signed.expires_at)
    assert session.user.may("reader")
    assert session.user.may("reviewer")
    assert not session.user.may("admin")
    assert users.list()[0].seen_at is not None
    engine = connect(database_url)
    with engine.connect() as connection:
        rows = [
            str(row)
            for table in ("users", "sessions", "sign_in_tries")
            for row in connection.execute(sa.text(f"select * from {table}"))  # noqa: S608
        ]
    engine.dispose()
    assert not any(secret in row for row in rows for secret in (RIGHT, signed.token, signed.csrf, HOME))
    assert any("$argon2id$" in row for row in rows)
    users.sign_out(signed.token)
    users.sign_out(signed.token)
    assert users.session(signed.token) is None
    assert users.session("") is None


def test_what_ends_a_session(users: Users, store: Store, database_url: str) -> None:
    users.set_role("wang", "admin")
    tokens = [users.sign_in("wang", RIGHT, HOME).token for _ in range(3)]
    assert all(users.session(token) for token in tokens)
    engine = connect(database_url)
    for column, token in (("seen_at", tokens[0]), ("ends_at", tokens[1])):
        digests = {token: hashlib.sha256(token.encode()).hexdigest() for token in tokens}
        with engine.begin() as connection:
            connection.execute(
                sa.text(f"update sessions set {column} = :past where digest = :digest"),  # noqa: S608
                {"past": "2020-01-01 00:00:00+00:00", "digest": digests[token]},
            )
    engine.dispose()
    assert [users.session(token) is None for token in tokens] == [True, True, False]
    users.set_password("wang", RIGHT + "!")
    assert users.session(tokens[2]) is None
    again = users.sign_in("wang", RIGHT + "!", HOME)
    seen_at = store.users.list()[0].seen_at
    assert seen_at is not None
    assert again.expires_at - seen_at == pytest.approx(LONGEST, abs=timedelta(minutes=1))
    users.disable("wang")
    assert users.session(again.token) is None
    with pytest.raises(SignInRefused):
        users.sign_in("wang", RIGHT + "!", HOME)
    users.enable("wang")
    assert users.sign_in("wang", RIGHT + "!", HOME).user.name == "wang"


def test_tries_are_limited_by_name_and_by_address(users: Users) -> None:
    # Where a machine is slow the first waits are over before they are asked for; they double.
    assert waits(users, lambda number: ("wang", f"192.0.2.{number}")) > 0
    assert waits(users, lambda number: (f"nobody{number}", HOME)) > 0


def waits(users: Users, who: Callable[[int], tuple[str, str]]) -> float:
    """Seconds to wait after some wrong tries, five of which are free at least."""
    for number in range(30):
        name, address = who(number)
        try:
            with pytest.raises(SignInRefused, match="name or password is wrong"):
                users.sign_in(name, WRONG, address)
        except TooManyTries as refused:
            assert number >= 5
            return refused.retry_after
    return 0.0


def test_who_signs_in_rightly_locks_no_one_out(users: Users) -> None:
    for _ in range(7):
        with pytest.raises(SignInRefused):
            users.sign_in("wang", WRONG, HOME)
        users.sign_in("wang", RIGHT, HOME)
        users.sign_in("wang", RIGHT, HOME)


def test_a_link_signs_in_once(users: Users) -> None:
    token = users.one_time_link()
    outcomes = []
    threads = [threading.Thread(target=lambda: outcomes.append(users.redeem(token))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (signed,) = [outcome for outcome in outcomes if outcome]
    assert (signed.user.name, signed.user.role) == ("local", "admin")
    assert users.session(signed.token) is not None
    assert users.redeem(token) is None
    assert users.redeem("x") is None
    # There is no password that lets anyone in under that name.
    with pytest.raises(SignInRefused):
        users.sign_in("local", "", HOME)


@pytest.mark.parametrize(
    ("name", "password", "words"),
    [
        ("wang", RIGHT, "is a user already"),
        ("", RIGHT, "is no name"),
        ("a b", RIGHT, "is no name"),
        ("x" * 65, RIGHT, "is no name"),
        ("li", "short", "has 5 characters"),
        ("li", "x" * 1001, "has 1001 characters"),
    ],
)
def test_names_and_passwords_that_will_not_do(users: Users, name: str, password: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        users.add(name, "reader", password)
    with pytest.raises(InputError, match="is no user"):
        users.set_role("zhao", "admin")


def test_the_command(home: Path) -> None:
    runner = CliRunner()

    def run(*arguments: str, typed: str = "") -> Result:
        return runner.invoke(app, arguments, input=f"{typed}\n", env={"GOUJI_HOME": str(home)})

    assert run("add", "wang", "--role", "admin", typed=RIGHT).exit_code == 0
    refused = run("add", "li", typed="short")
    assert "the password has 5 characters; choose one of 10" in str(refused.exception)
    assert run("role", "wang", "--role", "reviewer").exit_code == 0
    assert run("disable", "wang").exit_code == 0
    (found,) = json.loads(run("list", "--json").stdout)
    assert (found["name"], found["role"], found["disabled"]) == ("wang", "reviewer", True)
    assert run("disable", "wang", "--undo").exit_code == 0
    assert "is no user" in str(run("password", "nobody", typed=RIGHT).exception)
    assert "wang" in run("list").stdout
    with Store.open(load_settings()) as store:
        assert Users(store).sign_in("wang", RIGHT, HOME).user.role == "reviewer"
