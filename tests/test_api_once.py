"""Requests that may be repeated: one key, one effect, one answer; over HTTP and by two servers at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta

import httpx2
import pytest
import sqlalchemy as sa

from tests.api_client import client, served
from tests.form import FORM
from worker.desk.server import make_backend
from worker.settings import Settings, load_settings
from worker.store import Store
from worker.store.access import Busy, Reply, Reused
from worker.store.database import connect
from worker.store.models import ReplyRow

FILE = {"file": ("a.txt", FORM.format(total="120.50").encode())}


@pytest.fixture
def settings(database_url: str) -> Settings:
    return load_settings(database_url=database_url)


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    with Store.open(settings) as store:
        yield store


@pytest.fixture
def url(settings: Settings, store: Store) -> Iterator[str]:
    with served(make_backend(settings, store)) as url:
        yield url


@pytest.fixture
def asked(url: str, store: Store) -> Iterator[httpx2.Client]:
    with client(url, store, "submit") as asked:
        yield asked


def aged(settings: Settings, by: timedelta) -> None:
    engine = connect(settings.database_url)
    with engine.begin() as connection:
        at = connection.execute(sa.select(ReplyRow.at)).scalar_one()
        connection.execute(sa.update(ReplyRow).values(at=at - by))
    engine.dispose()


def test_the_same_request_is_answered_alike_and_done_once(asked: httpx2.Client) -> None:
    key = {"idempotency-key": "first"}
    one = asked.post("/batches", files=FILE, data={"name": "b"}, headers=key)
    two = asked.post("/batches", files=FILE, data={"name": "b"}, headers=key)
    assert (one.status_code, one.content, one.headers["location"]) == (
        two.status_code,
        two.content,
        two.headers["location"],
    )
    assert ("idempotency-replayed" in one.headers, two.headers["idempotency-replayed"]) == (False, "true")
    other = asked.post("/batches", files=FILE, data={"name": "c"}, headers=key)
    assert (other.status_code, "given with another request" in other.json()["detail"]) == (422, True)
    assert [batch["name"] for batch in asked.get("/batches").json()["items"]] == ["b"]


def test_a_key_is_that_of_a_token(asked: httpx2.Client, url: str, store: Store) -> None:
    key = {"idempotency-key": "k"}
    store.enter_batch("b")
    cancelled = asked.post("/batches/1/cancel", headers=key)
    assert cancelled.status_code == 200
    with client(url, store, "submit") as other:
        answer = other.post("/batches/1/cancel", headers=key)
        assert "idempotency-replayed" not in answer.headers
    assert asked.post("/batches/1/retry", headers=key).status_code == 422
    assert asked.post("/batches/1/cancel", headers={"idempotency-key": "a b"}).status_code == 422
    assert asked.post("/batches/1/cancel", headers={"idempotency-key": "x" * 201}).status_code == 422


def test_what_was_refused_is_not_kept(asked: httpx2.Client, store: Store) -> None:
    key = {"idempotency-key": "k"}
    assert asked.post("/batches/1/cancel", headers=key).status_code == 404
    store.enter_batch("b")
    assert asked.post("/batches/1/cancel", headers=key).status_code == 200


def test_of_many_at_once_one_is_done(settings: Settings, store: Store, url: str) -> None:
    """Two servers on one database, each asked by three at the same time with one key."""
    answers: list[httpx2.Response] = []
    start = threading.Barrier(6)
    with (
        Store.open(settings) as second,
        served(make_backend(settings, second)) as other,
        client(url, store, "submit") as asked,
    ):

        def ask(address: str) -> None:
            start.wait()
            headers = {"idempotency-key": "k", "authorization": asked.headers["authorization"]}
            answers.append(
                httpx2.post(
                    f"{address}/api/v1/batches", files=FILE, data={"name": "b"}, headers=headers, timeout=20
                )
            )

        threads = [threading.Thread(target=ask, args=(address,)) for address in (url, other) * 3]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    fresh = [
        answer
        for answer in answers
        if answer.status_code == 202 and "idempotency-replayed" not in answer.headers
    ]
    assert len(fresh) == 1
    assert {answer.status_code for answer in answers} <= {202, 409}
    assert {answer.content for answer in answers if answer.status_code == 202} == {fresh[0].content}


def test_answers_are_kept_for_a_day(store: Store, settings: Settings) -> None:
    access = store.access
    access.create_token("a", ["submit"])
    assert access.begin(1, "k", "f") is None
    with pytest.raises(Busy):
        access.begin(1, "k", "f")
    with pytest.raises(Reused):
        access.begin(1, "k", "g")
    access.answer(1, "k", Reply(200, "", "{}"))
    assert access.begin(1, "k", "f") == Reply(200, "", "{}")
    aged(settings, timedelta(hours=23))
    assert access.begin(1, "k", "f") == Reply(200, "", "{}")
    aged(settings, timedelta(hours=2))
    assert access.begin(1, "k", "f") is None


def test_a_request_whose_server_was_lost_may_be_begun_again(store: Store, settings: Settings) -> None:
    access = store.access
    access.create_token("a", ["submit"])
    access.begin(1, "k", "f")
    aged(settings, timedelta(minutes=6))
    assert access.begin(1, "k", "f") is None
    with pytest.raises(Busy):
        access.begin(1, "k", "f")
