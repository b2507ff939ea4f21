"""Who looks whether requests are free makes no one else wait."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from worker import pace
from worker.pace import Held, InMemory, Limits, Line


class Slow(InMemory):
    """A pace that is looked at only when it may be; `looks` counts those who wait for it."""

    def __init__(self) -> None:
        super().__init__()
        self.may = threading.Event()
        self.looks = threading.Semaphore(0)

    @contextmanager
    def hold(self) -> Iterator[Held]:
        self.looks.release()
        assert self.may.wait(30)
        with super().hold() as held:
            yield held


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Line, Slow, threading.Thread]]:
    """A line whose requests were free a moment ago, and a thread of it that looks whether they are still."""
    monkeypatch.setattr(pace, "AHEAD_S", 0.0)
    keeper = Slow()
    line = Line(keeper, Limits())
    keeper.may.set()
    line.turn(0, 30)
    keeper.looks.acquire()
    keeper.may.clear()
    looking = threading.Thread(target=line.turn, args=(0, 30))
    looking.start()
    keeper.looks.acquire()
    yield line, keeper, looking
    keeper.may.set()
    looking.join()


def test_others_do_not_wait_for_the_one_who_looks(
    line: tuple[Line, Slow, threading.Thread], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "TRUSTED_S", 3600.0)
    turns, keeper, looking = line
    for _ in range(5):
        turns.turn(0, 0)
    assert looking.is_alive()
    assert not keeper.looks.acquire(blocking=False)
    keeper.may.set()
    looking.join()
    with keeper.hold() as held:
        assert held.pace.started == 7  # those who did not look are told all the same


def test_what_was_seen_long_ago_is_not_trusted(
    line: tuple[Line, Slow, threading.Thread], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "TRUSTED_S", 0.0)
    turns, keeper, _ = line
    other = threading.Thread(target=turns.turn, args=(0, 30))
    other.start()
    other.join(0.2)
    assert other.is_alive()
    keeper.may.set()
    other.join()
