"""Requests that can wait: sent in jobs of the batch API, collected, and what they do not bring asked live."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from evals.simulate import Batches, ScriptedServer
from evals.simulate.batches import Ending, Event
from tests.deferral import ONE, Counting, archive, await_that, book, one, verdicts, waiting_settings
from worker.batch import process, serve, submit
from worker.deferred import advance
from worker.readers.deferral import address_of
from worker.settings import Settings
from worker.store import Store
from worker.store.grouping import Limits, groups


@pytest.fixture
def batches() -> Batches:
    return Batches()


@pytest.fixture
def script(tmp_path: Path) -> Counting:
    return Counting(book(tmp_path / "book", offices=ONE))


@pytest.fixture
def server(script: Counting, batches: Batches) -> Iterator[ScriptedServer]:
    with ScriptedServer(script, batches=batches) as server:
        yield server


@pytest.fixture
def settings(database_url: str, server: ScriptedServer) -> Settings:
    return waiting_settings(database_url, server.url)


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    with Store.open(settings) as store:
        yield store


@pytest.fixture
def packed(tmp_path: Path) -> Path:
    return archive(tmp_path / "in", ONE)


def test_what_a_job_brings_is_what_is_read_live(
    packed: Path, store: Store, settings: Settings, server: ScriptedServer, batches: Batches, tmp_path: Path
) -> None:
    submit([packed], store, settings, "b", llm_batch=True)
    serve(store, settings, until_done=True)
    done = one(store)
    assert (done.status, done.items, done.tables) == ("done", {"done": 1}, {"accepted": 2})
    requests = [request for job in batches.jobs for request in job.requests]
    assert len(requests) == 2
    assert server.live == []
    other = settings.model_copy(update={"database_url": f"sqlite:///{tmp_path / 'live.db'}"})
    other = other.model_copy(update={"blobs_url": (tmp_path / "live").as_uri()})
    with Store.open(other) as live:
        submit([packed], live, other, "b")
        serve(live, other, until_done=True)
        assert verdicts(live) == verdicts(store)
        assert len(server.live) == 2
        # The same calls at half the price.
        assert (one(live).tokens, one(live).spent_usd) == (done.tokens, 2 * done.spent_usd)
        assert done.spent_usd > 0
        sent = sorted(json.dumps(request["body"], sort_keys=True) for request in requests)
        assert sent == sorted(json.dumps(asked.body, sort_keys=True) for asked in server.live)


def test_what_a_job_leaves_out_is_asked_live(
    packed: Path, store: Store, settings: Settings, server: ScriptedServer, script: Counting
) -> None:
    script.refuse = {"支出决算表"}
    submit([packed], store, settings, "b", llm_batch=True)
    serve(store, settings, until_done=True)
    assert (one(store).status, one(store).tables) == ("done", {"accepted": 2})
    (asked,) = server.live
    assert "支出决算表" in asked.prompt
    assert store.jobs.counts() == {"answered": 1, "failed": 1}


@pytest.mark.parametrize("ending", ["expired", "cancelled"])
def test_of_a_job_that_ends_early_what_there_is_is_taken(
    packed: Path, store: Store, settings: Settings, server: ScriptedServer, batches: Batches, ending: Ending
) -> None:
    batches.ending, batches.answered = ending, 1
    submit([packed], store, settings, "b", llm_batch=True)
    serve(store, settings, until_done=True)
    assert (one(store).status, one(store).tables) == ("done", {"accepted": 2})
    answered = store.jobs.counts().get("answered", 0)
    assert answered == len(batches.jobs)
    assert len(server.live) == 2 - answered


def test_a_job_that_fails_as_a_whole_is_named_and_read_live(
    packed: Path, store: Store, settings: Settings, server: ScriptedServer, batches: Batches
) -> None:
    batches.ending, batches.errors = "failed", [{"code": "invalid", "message": "the file is no good"}]
    submit([packed], store, settings, "b", llm_batch=True)
    serve(store, settings, until_done=True)
    assert (one(store).status, one(store).tables) == ("done", {"accepted": 2})
    assert one(store).reason == "the endpoint failed it: the file is no good; read live"
    assert len(server.live) == 2


def test_a_server_without_the_api_is_named_and_asked_live(
    packed: Path, store: Store, settings: Settings, server: ScriptedServer
) -> None:
    server.batches = None
    submit([packed], store, settings, "b", llm_batch=True)
    serve(store, settings, until_done=True)
    done = one(store)
    assert (done.status, done.tables, done.llm_batch) == ("done", {"accepted": 2}, False)
    assert done.reason.startswith("the endpoint has no batch API (HTTP 404: ")
    assert done.reason.endswith("; read live")
    assert len(server.live) == 2


def test_lines_that_are_none_are_named_and_ignored(
    packed: Path,
    store: Store,
    settings: Settings,
    server: ScriptedServer,
    batches: Batches,
    caplog: pytest.LogCaptureFixture,
) -> None:
    foreign = {"custom_id": "f" * 64, "response": {"status_code": 200, "body": {}}}
    batches.extra = [
        b"\xff\xfe not JSON",
        b"[" * 100_000,
        b'"text"',
        b'{"custom_id": "../../etc"}',
        b'{"custom_id": 7, "response": null}',
        json.dumps(foreign).encode(),
        b'{"custom_id": "' + b"x" * 17_000_000 + b'"}',
    ]
    submit([packed], store, settings, "b", llm_batch=True)
    serve(store, settings, until_done=True)
    assert (one(store).status, one(store).tables) == ("done", {"accepted": 2})
    assert server.live == []
    said = caplog.text
    for words in ("is not JSON", "is no object", "has an id that was not asked for", "is too long"):
        assert words in said


def test_what_another_wants_at_once_does_not_wait(
    packed: Path, store: Store, settings: Settings, server: ScriptedServer, batches: Batches
) -> None:
    batches.hold.set()
    stop = threading.Event()
    submit([packed], store, settings, "b", llm_batch=True)
    working = threading.Thread(
        target=serve, args=(store, settings), kwargs={"until_done": True, "stop": stop}
    )
    working.start()
    try:
        await_that(lambda: one(store).items == {"deferred": 1} and bool(batches.jobs))
        assert server.live == []
        submit([packed], store, settings, "urgent")
        await_that(lambda: one(store, "urgent").status == "done")
        # All that the job does not bring, as it is held even while it is being stopped.
        assert len(server.live) == 2
        await_that(lambda: [job.status for job in batches.jobs] == ["cancelling"] * len(batches.jobs))
    finally:
        stop.set()
        working.join()
    assert one(store).status == "done"


def test_what_is_slow_to_bring_jobs_on_does_not_hold_up_another(
    packed: Path,
    store: Store,
    settings: Settings,
    server: ScriptedServer,
    batches: Batches,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def slowly(*about: Any) -> list[int]:
        # Longer than between two looks.
        time.sleep(3 * settings.job_poll_s)
        return advance(*about)

    monkeypatch.setattr("worker.deferred.advance", slowly)
    batches.hold.set()
    stop = threading.Event()
    submit([packed], store, settings, "b", llm_batch=True)
    working = threading.Thread(
        target=serve, args=(store, settings), kwargs={"until_done": False, "stop": stop, "threads": 1}
    )
    working.start()
    try:
        await_that(lambda: one(store).items == {"deferred": 1} and bool(batches.jobs))
        submit([packed], store, settings, "urgent")
        await_that(lambda: one(store, "urgent").status == "done")
        assert len(server.live) == 2
    finally:
        stop.set()
        working.join()


def test_who_works_until_all_is_done_leaves_no_job_behind(
    packed: Path, store: Store, settings: Settings, batches: Batches
) -> None:
    batches.hold.set()
    stop = threading.Event()
    submit([packed], store, settings, "b", llm_batch=True)
    working = threading.Thread(
        target=serve, args=(store, settings), kwargs={"until_done": False, "stop": stop}
    )
    working.start()
    try:
        await_that(lambda: bool(store.jobs.listed()) and store.jobs.listed()[0].remote_id is not None)
    finally:
        stop.set()
        working.join()
    submit([packed], store, settings, "urgent")
    # The jobs are not looked at in between.
    serve(store, settings.model_copy(update={"job_poll_s": 3600.0}), until_done=True)
    assert {one(store).status, one(store, "urgent").status} == {"done"}
    assert {job.status for job in batches.jobs} == {"cancelling"}


def test_who_form_jobs_at_once_take_every_request_once(
    packed: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    seldom = settings.model_copy(update={"job_poll_s": 3600.0})
    stop = threading.Event()
    with Store.open(seldom) as store:
        submit([packed], store, seldom, "b", llm_batch=True)
        working = threading.Thread(
            target=serve, args=(store, seldom), kwargs={"until_done": False, "stop": stop}
        )
        working.start()
        try:
            await_that(lambda: one(store).items == {"deferred": 1})
        finally:
            stop.set()
            working.join()
        # SQLite lets only one in; of PostgreSQL both see the same before either takes it.
        both = threading.Barrier(1 if settings.database_url.startswith("sqlite") else 2)

        def seen(*about: Any) -> Iterator[list[int]]:
            found = list(groups(*about))
            both.wait(60)
            yield from found

        monkeypatch.setattr("worker.store.jobs.groups", seen)
        limits = Limits(10, 10**6, timedelta(0))
        with ThreadPoolExecutor(2) as pool:
            formed = list(pool.map(lambda _: store.jobs.form(address_of(settings), limits), range(2)))
        assert sorted(formed) == [0, 1]
        assert [job.requests for job in store.jobs.listed()] == [2]


def test_a_cancelled_batch_has_its_job_stopped(
    packed: Path, store: Store, settings: Settings, server: ScriptedServer, batches: Batches
) -> None:
    batches.hold.set()
    stop = threading.Event()
    submit([packed], store, settings, "b", llm_batch=True)
    working = threading.Thread(
        target=serve, args=(store, settings), kwargs={"until_done": False, "stop": stop}
    )
    working.start()
    try:
        await_that(lambda: bool(store.jobs.listed()) and store.jobs.listed()[0].remote_id is not None)
        assert store.cancel_batch("b") == 1
        await_that(lambda: all(job.status == "cancelling" for job in batches.jobs))
        batches.hold.clear()
        await_that(lambda: all(job.status == "cancelled" for job in batches.jobs))
        await_that(lambda: all(job.status == "cancelled" for job in store.jobs.listed()))
    finally:
        stop.set()
        working.join()
    assert one(store).items == {"cancelled": 1}
    # Read after all, it begins anew and waits for nothing.
    (outcome,) = process([packed], store, settings)
    assert outcome.record.counts == {"accepted": 2}


def test_a_batch_that_is_paused_goes_on_with_another_job(
    packed: Path, store: Store, settings: Settings, server: ScriptedServer, batches: Batches
) -> None:
    batches.answered = 1
    batches.ending = "expired"
    submit([packed], store, settings, "b", llm_batch=True, budget=Decimal("0.0000001"))
    serve(store, settings, until_done=True)
    paused = one(store)
    assert (paused.status, paused.reason) == ("paused", "its budget is spent")
    assert paused.spent_usd > 0
    before = len(server.asked)
    assert before <= 2
    store.resume_batch("b", Decimal(1))
    batches.answered = None
    serve(store, settings, until_done=True)
    assert (one(store).status, one(store).tables) == ("done", {"accepted": 2})
    assert len(server.asked) == 2


def test_a_job_that_there_is_no_room_for_is_sent_again_in_smaller_ones(
    packed: Path,
    store: Store,
    settings: Settings,
    server: ScriptedServer,
    batches: Batches,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("worker.deferred.REFUSED_PAUSE", timedelta(0))
    slower = settings.model_copy(update={"job_poll_s": 1.5})
    no_room = [{"code": "token_limit_exceeded", "message": "Enqueued token limit reached"}]
    batches.ending, batches.errors = "failed", no_room

    def grow(event: Event) -> None:
        if event == "upload" and batches.jobs:
            batches.ending = "completed"

    batches.hook = grow
    submit([packed], store, slower, "b", llm_batch=True)
    serve(store, slower, until_done=True)
    assert one(store).tables == {"accepted": 2}
    assert [len(job.requests) for job in batches.jobs] == [2, 1, 1]
    assert server.live == []
