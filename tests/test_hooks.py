"""Webhooks told over real HTTP: what, when, signed by whom, and where they may be."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from schemas import InputError
from tests.api_client import client, served, until, walked
from tests.extractions import extraction
from tests.form import FORM
from worker import hooks
from worker.batch import serve, submit
from worker.desk.server import make_backend
from worker.settings import Settings, load_settings
from worker.store import Store
from worker.store.database import connect
from worker.store.hooks import EVENTS, DeliveryRecord
from worker.store.models import DeliveryRow, HookRow

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


class Receiver:
    """A server that keeps what it is sent and answers in turn as `answers` says, then 204."""

    def __init__(self) -> None:
        self.requests: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[tuple[int, dict[str, str]]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.requests.append(({k.lower(): v for k, v in self.headers.items()}, body))
                status, headers = receiver.answers.pop(0) if receiver.answers else (204, {})
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Keep quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/told?by=gouji"

    @property
    def told(self) -> list[str]:
        """The events, in the order of their coming."""
        return [json.loads(body)["type"] for _, body in self.requests]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    thread = threading.Thread(target=made.server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


@pytest.fixture
def settings(database_url: str) -> Settings:
    return load_settings(database_url=database_url, webhook_private=True)


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    with Store.open(settings) as store:
        yield store


def last(store: Store, hook_id: int) -> DeliveryRecord:
    return store.hooks.deliveries(hook_id, most=1)[0]


def change(database_url: str, row: type[DeliveryRow | HookRow], **values: object) -> None:
    engine = connect(database_url)
    with engine.begin() as connection:
        connection.execute(sa.update(row).values(**values))
    engine.dispose()


def again_now(database_url: str) -> None:
    """Let the time of the next try have come."""
    change(database_url, DeliveryRow, next_at=LONG_AGO)
    change(database_url, HookRow, rests_until=LONG_AGO)


def signature(secret: str, headers: dict[str, str], body: bytes) -> str:
    """As the specification has a receiver compute it."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def test_exactly_what_was_asked_for_is_told_and_signed(
    store: Store, settings: Settings, receiver: Receiver, tmp_path: Path
) -> None:
    _, secret = hooks.register(store, settings, receiver.url, ("batch.done", "document.failed"))
    hooks.register(store, settings, receiver.url + "&second=1", ("export.done",))
    (tmp_path / "a.txt").write_text(FORM.format(total="120.50"), encoding="utf-8")
    (tmp_path / "bad.txt").write_bytes(b"\x00\x01\x02")
    submit([tmp_path / "a.txt", tmp_path / "bad.txt"], store, settings, "b")
    store.exports.ask(("csv",), "b")
    serve(store, settings, until_done=True)
    hooks.deliver(store, settings, "w")
    assert sorted(receiver.told) == ["batch.done", "document.failed", "export.done"]
    by_event = {json.loads(body)["type"]: (headers, json.loads(body)) for headers, body in receiver.requests}
    assert by_event["batch.done"][1]["data"] == {"batch": "b"}
    failed = by_event["document.failed"][1]["data"]
    assert (failed["name"], failed["sha256"]) == ("bad.txt", None)
    signed_by_first = [
        headers["webhook-signature"] == signature(secret, headers, body)
        for headers, body in receiver.requests
    ]
    assert sorted(signed_by_first) == [False, True, True]
    headers, _ = by_event["batch.done"]
    assert abs(int(headers["webhook-timestamp"]) - datetime.now(UTC).timestamp()) < 600
    assert headers["content-type"] == "application/json"
    assert secret not in str(receiver.requests)


def test_a_document_is_told_of_once_with_its_tables(
    store: Store, settings: Settings, receiver: Receiver
) -> None:
    hooks.register(store, settings, receiver.url, ("document.done",))
    store.save_extraction(extraction())
    store.save_extraction(extraction())
    hooks.deliver(store, settings, "w")
    assert receiver.told == ["document.done"]
    data = json.loads(receiver.requests[0][1])["data"]
    assert data["tables"] == {"accepted": 2, "empty": 1, "failed": 1, "review": 1}


def test_what_fails_is_sent_again_under_the_same_id(
    store: Store, settings: Settings, receiver: Receiver, database_url: str
) -> None:
    hook, _ = hooks.register(store, settings, receiver.url, EVENTS)
    receiver.answers = [(500, {}), (503, {})]
    store.hooks.test(hook.id)
    hooks.deliver(store, settings, "w")
    hooks.deliver(store, settings, "w")  # not before its time
    waits = last(store, hook.id)
    assert (waits.status, waits.attempts, waits.code, waits.error) == ("waiting", 1, 500, "HTTP 500")
    assert timedelta(0) < waits.next_at - datetime.now(UTC) <= timedelta(seconds=30)
    assert store.hooks.get(hook.id).failing_since
    for _ in range(2):
        again_now(database_url)
        hooks.deliver(store, settings, "w")
    done = last(store, hook.id)
    assert (done.status, done.attempts, done.code) == ("delivered", 3, 204)
    assert store.hooks.get(hook.id).failing_since is None
    assert {headers["webhook-id"] for headers, _ in receiver.requests} == {done.message}
    assert len(receiver.requests) == 3


def test_a_message_is_given_up_and_a_webhook_that_never_answers_is_disabled(
    store: Store, settings: Settings, receiver: Receiver, database_url: str
) -> None:
    hook, _ = hooks.register(store, settings, receiver.url, EVENTS)
    receiver.answers = [(500, {}), (500, {})]
    store.hooks.test(hook.id)
    change(database_url, DeliveryRow, added_at=LONG_AGO)
    hooks.deliver(store, settings, "w")
    assert last(store, hook.id).status == "given_up"
    assert store.hooks.get(hook.id).status == "active"
    change(database_url, HookRow, failing_since=LONG_AGO)
    store.hooks.test(hook.id)
    hooks.deliver(store, settings, "w")
    disabled = store.hooks.get(hook.id)
    assert (disabled.status, last(store, hook.id).status) == ("disabled", "given_up")
    assert disabled.reason == "every message failed for 3 days, the last with HTTP 500"
    store.save_extraction(extraction())
    hooks.deliver(store, settings, "w")
    assert receiver.told == ["webhook.test"] * 2
    assert store.hooks.enable(hook.id).status == "active"
    store.hooks.test(hook.id)
    hooks.deliver(store, settings, "w")
    assert last(store, hook.id).status == "delivered"


def test_redirects_are_not_followed(store: Store, settings: Settings, receiver: Receiver) -> None:
    hook, _ = hooks.register(store, settings, receiver.url, EVENTS)
    receiver.answers = [(302, {"Location": receiver.url + "&redirected=1"})]
    store.hooks.test(hook.id)
    hooks.deliver(store, settings, "w")
    assert len(receiver.requests) == 1
    assert last(store, hook.id).error.startswith("HTTP 302: redirects are not followed")


def test_one_that_says_it_is_gone_is_told_nothing_more(
    store: Store, settings: Settings, receiver: Receiver
) -> None:
    hook, _ = hooks.register(store, settings, receiver.url, EVENTS)
    receiver.answers = [(410, {})]
    store.hooks.test(hook.id)
    hooks.deliver(store, settings, "w")
    assert store.hooks.get(hook.id).reason == "it answered that it is gone (HTTP 410)"


def test_who_does_not_answer_holds_up_no_one_else(
    store: Store, settings: Settings, receiver: Receiver
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        dead, _ = hooks.register(store, settings, f"http://127.0.0.1:{taken.getsockname()[1]}/", EVENTS)
        alive, _ = hooks.register(store, settings, receiver.url, EVENTS)
        for _ in range(3):
            store.hooks.test(dead.id)
        store.hooks.test(alive.id)
        hooks.deliver(store, settings, "w")
    # One attempt; the others wait with it.
    assert [each.attempts for each in store.hooks.deliveries(dead.id)] == [0, 0, 1]
    assert store.hooks.deliveries(dead.id)[-1].error == "no connection (ConnectError)"
    assert last(store, alive.id).status == "delivered"
    assert not store.hooks.is_due()


def test_several_workers_send_each_message_once(store: Store, settings: Settings, receiver: Receiver) -> None:
    hook, _ = hooks.register(store, settings, receiver.url, EVENTS)
    sent = {store.hooks.test(hook.id).message for _ in range(12)}
    threads = [
        threading.Thread(target=hooks.deliver, args=(store, settings, f"w{number}")) for number in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(headers["webhook-id"] for headers, _ in receiver.requests) == sorted(sent)


KILLED = """
import os, signal
from worker import hooks
from worker.settings import load_settings
from worker.store import Store
from worker.store.hooks import HookStore

HookStore.settle = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
settings = load_settings()
with Store.open(settings) as store:
    hooks.deliver(store, settings, "killed")
"""


def test_what_was_sent_by_one_that_died_is_sent_again_under_the_same_id(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOUJI_WEBHOOK_PRIVATE", "1")
    settings = load_settings()
    with Store.open(settings) as store:
        hook, _ = hooks.register(store, settings, receiver.url, EVENTS)
        store.hooks.test(hook.id)
        killed = subprocess.run([sys.executable, "-c", KILLED], env=dict(os.environ), check=False)
        assert killed.returncode == -signal.SIGKILL
        assert last(store, hook.id).status == "sending"
        hooks.deliver(store, settings, "w")
        assert len(receiver.requests) == 1
        change(settings.database_url, DeliveryRow, touched_at=LONG_AGO)
        hooks.deliver(store, settings, "w")
        assert last(store, hook.id).status == "delivered"
    first, second = (headers["webhook-id"] for headers, _ in receiver.requests)
    assert first == second


def test_nothing_is_sent_to_this_machine_by_default(
    store: Store, settings: Settings, receiver: Receiver
) -> None:
    hook = store.hooks.add(receiver.url.replace("http", "https"), EVENTS, hooks.new_secret())
    store.hooks.test(hook.id)
    hooks.deliver(store, settings.model_copy(update={"webhook_private": False}), "w")
    assert receiver.requests == []
    assert "is on a private network (127.0.0.1)" in last(store, hook.id).error


def test_the_address_that_was_judged_is_the_one_connected_to(
    store: Store, settings: Settings, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = receiver.server.server_port
    real, asked = socket.getaddrinfo, []

    def changing(host: Any, *rest: Any, **more: Any) -> Any:
        """A name that leads elsewhere each time."""
        if host != "hook.example":
            return real(host, *rest, **more)
        asked.append(host)
        return real("127.0.0.1" if len(asked) == 1 else "127.0.0.99", *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", changing)
    hook, _ = hooks.register(store, settings, f"http://hook.example:{port}/x?y=1", EVENTS)
    store.hooks.test(hook.id)
    hooks.deliver(store, settings, "w")
    assert last(store, hook.id).status == "delivered"
    assert [headers["host"] for headers, _ in receiver.requests] == [f"hook.example:{port}"]
    assert len(asked) == 1


def test_secrets_are_not_told(store: Store, settings: Settings) -> None:
    record, secret = hooks.register(store, settings, "https://example.com/", ("export.done",))
    store.exports.ask(("csv",))
    store.hooks.test(record.id)
    sending = store.hooks.claim("w")
    assert sending is not None
    assert sending.secret == secret
    assert secret not in f"{record} {store.hooks.all()} {store.hooks.get(record.id)} {sending!r} {[sending]}"
    store.hooks.remove(record.id)
    assert store.hooks.all() == []
    with pytest.raises(InputError, match="there is no such webhook"):
        store.hooks.test(record.id)


def test_webhooks_are_registered_and_tried_over_http(
    receiver: Receiver,
) -> None:
    settings = load_settings(webhook_private=True)
    with Store.open(settings) as store, served(make_backend(settings, store)) as url:
        with client(url, store, "read") as reader:
            assert reader.get("/webhooks").status_code == 403
        with client(url, store, "read", "admin") as asked:
            refused = asked.post("/webhooks", json={"url": "ftp://x/", "events": ["batch.done"]})
            assert (refused.status_code, "is not https://" in refused.json()["detail"]) == (422, True)
            assert asked.post("/webhooks", json={"url": receiver.url, "events": ["x"]}).status_code == 422
            made = asked.post("/webhooks", json={"url": receiver.url, "events": ["batch.done"]}).json()
            (listed,) = walked(asked, "/webhooks")
            assert {**listed, "secret": made["secret"]} == made
            assert made["secret"] not in asked.get(f"/webhooks/{made['id']}").text
            assert asked.post(f"/webhooks/{made['id']}/test").status_code == 202
            until(lambda: walked(asked, f"/webhooks/{made['id']}/deliveries")[0]["status"] == "delivered")
            headers, body = receiver.requests[0]
            assert headers["webhook-signature"] == signature(made["secret"], headers, body)
            assert asked.post(f"/webhooks/{made['id']}/enable").json()["status"] == "active"
            assert asked.delete(f"/webhooks/{made['id']}").status_code == 204
            assert asked.delete(f"/webhooks/{made['id']}").status_code == 404
            assert asked.post("/webhooks/9/test").status_code == 404
