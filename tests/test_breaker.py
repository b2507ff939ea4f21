"""An endpoint that is down for a while costs no chunk its tries; one that stays down ends the run."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from evals.simulate.server import Asked, Reply, ScriptedServer
from schemas import Chunk, ModelError, Paused, Reading, Transient, Unreachable
from tests.asked import CALL
from tests.asked import Asked as AskedReader
from tests.conftest import MakeReader
from tests.model_cases import book_of, functions
from worker.readers.breaker import Breaker

THREADS = 8


def chunks(chunk: Chunk) -> list[Chunk]:
    """As many chunks as threads: the same table in documents of their own."""
    return [chunk.model_copy(update={"document": f"d{number}"}) for number in range(THREADS)]


def ask_all(breaker: Breaker, asked: list[Chunk]) -> list[Reading | ModelError]:
    """What comes of all chunks, asked for at the same time."""

    def ask(chunk: Chunk) -> Reading | ModelError:
        try:
            return breaker.read(chunk)
        except ModelError as error:
            return error

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(ask, asked))


def down_for(times: int, book: Callable[[Asked], Reply]) -> Callable[[Asked], Reply]:
    """A script that fails so many times and then answers."""
    left, lock = [times], threading.Lock()

    def script(asked: Asked) -> Reply:
        with lock:
            left[0] -= 1
            return Reply(status=503) if left[0] >= 0 else book(asked)

    return script


def test_an_outage_costs_no_chunk_a_try_and_the_rest_go_on_by_themselves(make_reader: MakeReader) -> None:
    chunk, table = functions()
    with ScriptedServer(down_for(3, book_of("rows", (chunk, table)))) as server:
        breaker = Breaker(make_reader(server.url, patience_s=0), pause_s=0.2, wait_s=20)
        found = ask_all(breaker, chunks(chunk))
        failed = [each for each in found if not isinstance(each, Reading)]
        assert [type(each) for each in failed] == [Paused] * 3
        # One at a time was let through to see; who waited was answered in the same call.
        assert [each.table for each in found if isinstance(each, Reading)] == [table] * (THREADS - 3)


def test_who_waited_in_vain_was_not_asked_for(make_reader: MakeReader) -> None:
    chunk, _ = functions()
    with ScriptedServer(lambda _: Reply(status=503)) as server:
        breaker = Breaker(make_reader(server.url, patience_s=0), pause_s=20, wait_s=0.2)
        found = ask_all(breaker, chunks(chunk))
        assert len(server.asked) == 1
    assert [type(each) for each in found] == [Paused] * THREADS
    assert all(0 < (each.retry_after or 0) <= 20 for each in found if isinstance(each, Paused))


def test_an_outage_that_lasts_is_waited_for_no_longer(make_reader: MakeReader) -> None:
    chunk, _ = functions()
    with ScriptedServer(lambda _: Reply(status=503)) as server:
        breaker = Breaker(make_reader(server.url, patience_s=0), pause_s=20, wait_s=20, outage_s=0.2)
        found = ask_all(breaker, chunks(chunk))
    assert sorted(type(each).__name__ for each in found) == ["Paused"] + ["Throttled"] * (THREADS - 1)


def test_a_chunk_that_fails_while_others_are_answered_counts() -> None:
    chunk, _ = functions()
    bad = chunk.model_copy(update={"document": "bad"})
    reader = AskedReader(lambda chunk, _: Transient("HTTP 500") if chunk.document == "bad" else None)
    reader.calls = (CALL,)
    breaker = Breaker(reader, pause_s=0.1, wait_s=5)
    for _ in range(4):
        assert breaker.read(chunk).calls == (CALL,)
        with pytest.raises(Transient):
            breaker.read(bad)
    # Alone it is its own fault too: it must come to its last try.
    for _ in range(4):
        with pytest.raises(Transient):
            breaker.read(bad)


def test_chunks_that_always_fail_come_to_their_end_by_themselves() -> None:
    chunk, _ = functions()
    breaker = Breaker(AskedReader(lambda _chunk, _times: Transient("HTTP 500")), pause_s=0.01, wait_s=5)
    bad = chunks(chunk)
    told = [[type(error) for error in ask_all(breaker, [each])] for _ in range(5) for each in bad[:2]]
    assert told == [[Transient]] * 10
    # Of more than that one may think that it is the endpoint, but not for ever.
    told = [[type(error) for error in ask_all(breaker, [each])] for _ in range(8) for each in bad]
    assert [Paused] in told
    assert told[-THREADS:] == [[Transient]] * THREADS


def test_one_that_is_out_of_service_for_a_single_chunk_is_not_to_blame() -> None:
    chunk, _ = functions()
    bad = chunk.model_copy(update={"document": "bad"})
    reader = AskedReader(lambda chunk, _: Unreachable("HTTP 503") if chunk.document == "bad" else None)
    reader.calls = (CALL,)
    breaker = Breaker(reader, pause_s=0.01, wait_s=5)
    breaker.read(chunk)
    told = []
    for _ in range(3):
        told += [type(error) for error in ask_all(breaker, [bad])]
        breaker.read(chunk)
    assert told == [Paused, Unreachable, Paused]
