"""What a worker remembers of the documents that it has read."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from worker.memory import Steady, remembered

MANY = 32


@pytest.fixture(autouse=True)
def _thawed() -> Iterator[None]:
    yield
    gc.unfreeze()


class Linked:
    """A thing that refers to itself, as remains of documents do."""

    alive = 0

    def __init__(self) -> None:
        self.itself = self
        Linked.alive += 1

    def __del__(self) -> None:
        Linked.alive -= 1


def test_what_documents_leave_behind_is_forgotten_and_collected() -> None:
    asked: list[str] = []

    @remembered(8)
    def answer(text: str) -> int:
        asked.append(text)
        return len(text)

    gc.disable()
    try:
        steady, most = Steady(), 0
        for _ in range(4 * MANY):
            answer("one")
            Linked()
            most = max(most, Linked.alive)
            steady.after_document()
            assert answer("one") == 3
    finally:
        gc.enable()
    assert 1 < len(asked) < MANY
    assert most < MANY
    assert gc.get_freeze_count() > 0
