"""How fast an endpoint is asked: what is set is kept, what is not set is learned, and all who ask share it."""

from __future__ import annotations

import heapq
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from evals.simulate.server import Asked, Reply, ScriptedServer
from schemas.errors import Throttled
from tests.conftest import MakeReader
from tests.model_cases import book_of, functions
from worker.pace import AHEAD_S, Held, InMemory, Keeper, Limits, Line, Pace
from worker.store import BlobStore, Store

THREADS = 64
LATENCY_S = 1.0


def bucket(limit: float) -> Callable[[float], bool]:
    """An endpoint that lets through `limit` requests a second, saved up for one second at most."""
    saved, last = limit, 0.0

    def admits(now: float) -> bool:
        nonlocal saved, last
        saved, last = min(limit, saved + (now - last) * limit), now
        saved -= (good := saved >= 1)
        return good

    return admits


def window(limit: float) -> Callable[[float], bool]:
    """An endpoint that counts anew each second."""
    second, count = 0, 0

    def admits(now: float) -> bool:
        nonlocal second, count
        second, count = int(now), (count if int(now) == second else 0) + 1
        return count <= limit

    return admits


def ask(admits: Callable[[float], bool], seconds: float, limits: Limits) -> list[tuple[float, bool]]:
    """When requests began and whether they were let through, from threads that ask as fast as they may."""
    pace = Pace()
    found: list[tuple[float, bool]] = []
    ready = [(i / 1000, i) for i in range(THREADS)]
    while ready[0][0] < seconds:
        now, thread = heapq.heappop(ready)
        at = pace.due(now)
        if at - now > AHEAD_S:
            heapq.heappush(ready, (at - AHEAD_S / 2, thread))
            continue
        pace = pace.reserved(now, 0, limits)
        good = admits(at)
        found.append((at, good))
        if not good:
            pace = pace.refused(now, at, None)
        heapq.heappush(ready, (at + (LATENCY_S if good else 0.5), thread))
    return found


@pytest.mark.parametrize("limit", [2, 5, 20, 50])
@pytest.mark.parametrize("endpoint", [bucket, window])
def test_it_settles_at_a_limit_that_nobody_told(
    endpoint: Callable[[float], Callable[[float], bool]], limit: float
) -> None:
    settled = [good for at, good in ask(endpoint(limit), 140, Limits()) if 20 <= at < 140]
    assert 0.9 * limit <= sum(settled) / 120 <= 1.02 * limit
    assert settled.count(False) < 0.05 * len(settled)


def test_an_endpoint_without_limit_is_not_slowed() -> None:
    assert len(ask(lambda _: True, 20, Limits())) == pytest.approx(20 * THREADS / LATENCY_S, abs=THREADS)


@given(st.integers(1, 6000), st.lists(st.tuples(st.floats(0, 5), st.integers(0, 9000)), min_size=2))
def test_limits_that_are_set_are_never_passed(a_minute: int, asked: list[tuple[float, int]]) -> None:
    limits = Limits(requests=a_minute, tokens=60_000)
    pace, now, began = Pace(), 1000.0, []
    for later, tokens in asked:
        now += later
        began.append((pace.due(now), tokens))
        pace = pace.reserved(now, tokens, limits)
    first, last = began[0][0], began[-1][0]
    assert len(began) - 1 <= (last - first) * a_minute / 60 + 1e-6
    assert sum(tokens for _, tokens in began[:-1]) <= (last - first) * 1000 + 1e-6


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def keepers(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[list[Keeper]]:
    """Two who share the pace of one endpoint: two threads, or two that opened the same database."""
    if request.param == "memory":
        yield [InMemory()] * 2
        return
    sqlite = f"sqlite:///{tmp_path / 'paces.db'}"
    url = sqlite if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    with Store(url, BlobStore(tmp_path)) as one, Store(url, BlobStore(tmp_path)) as other:
        yield [store.pace("http://127.0.0.1/v1 m") for store in (one, other)]


def test_all_who_ask_an_endpoint_share_its_limit(keepers: list[Keeper]) -> None:
    began: list[float] = []
    went: list[float] = []

    def work(keeper: Keeper) -> None:
        line = Line(keeper, Limits(requests=1200))
        for _ in range(8):
            began.append(line.turn(0, 30))
            went.append(time.time())

    threads = [threading.Thread(target=work, args=(keeper,)) for keeper in keepers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(went) == 16
    # From when the first got its place, as the keeper says: a thread may be held up before it tells that it went.
    assert max(went) - min(began) >= 15 * 0.05 - 0.02


def test_what_one_learns_slows_the_other(keepers: list[Keeper]) -> None:
    one, other = (Line(keeper, Limits()) for keeper in keepers)
    for _ in range(2):
        one.refuse(one.turn(0, 1), 60)
    with pytest.raises(Throttled, match="as often as it allows") as caught:
        other.turn(0, 5)
    assert caught.value.retry_after == pytest.approx(60, abs=5)


class Watched(InMemory):
    """A pace that counts how often it is looked at."""

    def __init__(self) -> None:
        super().__init__()
        self.looked = 0

    @contextmanager
    def hold(self) -> Iterator[Held]:
        self.looked += 1
        with super().hold() as held:
            yield held


def test_where_nothing_holds_requests_back_it_is_seldom_looked_at() -> None:
    watched = Watched()
    line = Line(watched, Limits())
    for _ in range(200):
        last = line.turn(0, 1)
    assert watched.looked < 100
    line.refuse(last, None)
    with watched.hold() as held:
        # What began without a look is known all the same, or the rate would begin too low.
        assert held.pace.ceiling is not None
        assert held.pace.ceiling > 100
    looked = watched.looked
    for _ in range(3):
        line.turn(0, 1)
    assert watched.looked >= looked + 3


def test_tokens_are_counted_as_the_endpoint_counts_them() -> None:
    line = Line(InMemory(), Limits(tokens=6000))
    line.turn(10, 1)
    line.charge(5990)
    with pytest.raises(Throttled):
        line.turn(10, 5)
    line.charge(-5990)
    line.turn(10, 5)


def test_a_refusal_of_the_endpoint_is_learned_from(make_reader: MakeReader) -> None:
    keeper = InMemory()
    chunk, table = functions()
    answers = book_of("rows", (chunk, table))

    def busy_at_first(asked: Asked) -> Reply:
        return answers(asked) if len(server.asked) > 1 else Reply(status=429)

    with ScriptedServer(busy_at_first) as server:
        assert make_reader(server.url, patience_s=4, pace=keeper).read(chunk).table == table
    with keeper.hold() as held:
        assert held.pace.rate(held.now) is not None


def test_the_pace_outlives_its_worker(database_url: str, tmp_path: Path) -> None:
    with Store(database_url, BlobStore(tmp_path)) as store, store.pace("a").hold() as held:
        held.pace = held.pace.refused(held.now, held.now, None)
        kept = held.pace
    with Store(database_url, BlobStore(tmp_path)) as store:
        with store.pace("a").hold() as held:
            assert held.pace == kept
        with store.pace("b").hold() as held:
            assert held.pace == Pace()
    engine = sa.create_engine(database_url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        assert connection.execute(sa.text("select count(*) from paces")).scalar() == 2
    engine.dispose()
