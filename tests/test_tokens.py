"""Tokens: made once and shown once, kept as a hash, allowed what their scopes say, ended in time."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest
import sqlalchemy as sa

from schemas import ConfigError
from tests.command import Gouji
from worker.access import SCOPES, allowed
from worker.settings import load_settings
from worker.store import Store
from worker.store.database import connect
from worker.store.models import TokenRow


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    with Store.open(load_settings(database_url=database_url)) as store:
        yield store


def changed(database_url: str, **values: object) -> None:
    engine = connect(database_url)
    with engine.begin() as connection:
        connection.execute(sa.update(TokenRow).values(**values))
    engine.dispose()


def test_a_token_is_recognised_and_its_use_is_noted(store: Store) -> None:
    token = store.access.create_token("ci", ["submit"])
    caller = store.access.caller(token)
    assert caller is not None
    assert (caller.name, sorted(caller.scopes)) == ("ci", ["read", "submit"])
    (record,) = store.access.list_tokens()
    assert record.used_at is not None
    store.access.caller(token)
    # Not again within the minute: reading must not become writing.
    assert store.access.list_tokens()[0].used_at == record.used_at


def test_use_is_noted_again_after_a_minute(store: Store, database_url: str) -> None:
    token = store.access.create_token("ci", ["read"])
    store.access.caller(token)
    long_ago = store.access.list_tokens()[0].added_at - timedelta(minutes=5)
    changed(database_url, used_at=long_ago)
    store.access.caller(token)
    used = store.access.list_tokens()[0].used_at
    assert used is not None
    assert used > long_ago + timedelta(minutes=4)


def test_what_is_no_token_or_has_ended_is_no_one(store: Store, database_url: str) -> None:
    token = store.access.create_token("a", ["read"], timedelta(days=1))
    for wrong in (
        "",
        "gouji_",
        token[:-1],
        token + "x",
        token.replace("gouji_", "other_"),
        "gouji_" + "a" * 43,
    ):
        assert store.access.caller(wrong) is None
    assert store.access.caller(token) is not None
    ends = store.access.list_tokens()[0].expires_at
    assert ends is not None
    changed(database_url, expires_at=ends - timedelta(days=2))
    assert store.access.caller(token) is None
    other = store.access.create_token("b", ["read"])
    store.access.revoke_token("b")
    store.access.revoke_token("b")
    assert store.access.caller(other) is None


def test_names_are_taken_once_and_fit_for_lists(store: Store) -> None:
    store.access.create_token("a", ["read"])
    store.access.revoke_token("a")
    with pytest.raises(ConfigError, match="there is a token a; name another"):
        store.access.create_token("a", ["read"])
    with pytest.raises(ConfigError, match="is no name of a token"):
        store.access.create_token("a\nb", ["read"])
    with pytest.raises(ConfigError, match="there is no token 'c'; gouji token list"):
        store.access.revoke_token("c")


def test_scopes_imply_others() -> None:
    assert allowed(["read"]) == {"read"}
    assert allowed(["submit"]) == {"read", "submit"}
    assert allowed(["review"]) == {"read", "review"}
    assert allowed(["admin"]) == set(SCOPES)
    assert allowed(["root"]) == frozenset()


def test_the_command_makes_lists_and_revokes(tmp_path: Path) -> None:
    gouji = Gouji(tmp_path)
    made = gouji("token", "create", "ci", "--scope", "read", "--scope", "submit", "--days", "30")
    assert made.returncode == 0, made.stderr
    token = made.stdout.strip()
    assert token.startswith("gouji_")
    assert token not in made.stderr
    listed = gouji("token", "list", "--json")
    (record,) = json.loads(listed.stdout)
    assert (record["name"], record["scopes"], record["revoked_at"]) == ("ci", ["read", "submit"], None)
    assert token not in listed.stdout
    # The database knows its hash and nothing else of it.
    database = gouji.home / "gouji.db"
    assert token.encode() not in b"".join(path.read_bytes() for path in gouji.home.glob("gouji.db*"))
    with sqlite3.connect(database) as connection:
        digests = connection.execute("SELECT digest FROM tokens").fetchall()
    connection.close()
    assert digests == [(sha256(token.encode()).hexdigest(),)]
    assert gouji("token", "revoke", "ci").stdout == "ci is revoked\n"
    assert "revoked" in gouji("token", "list").stdout
    again = gouji("token", "create", "ci", "--scope", "read")
    assert (again.returncode, again.stdout) == (2, "")
    assert gouji("token", "create", "x", "--scope", "root").returncode == 2
