"""Readers: Chunk → Reading, by layout or by a model. `build_readers` makes those that the settings ask for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from worker.pace import InMemory, Keeper
from worker.settings import Settings

if TYPE_CHECKING:
    from worker.pipeline import Reader

__all__ = ["build_readers"]

OUTAGE_S = 60.0
OUTAGE_OVER_BROKER_S = 3_600.0
"""How long, in seconds, an endpoint that does not answer is waited for: by a person, by workers."""


def build_readers(settings: Settings, keeper: Callable[[str], Keeper] | None = None) -> list[Reader]:
    """The readers in the order in which a chunk meets them. Raises ConfigError for what keeps one from work.

    `keeper` gives what keeps the pace of an endpoint where several processes ask it.
    """
    readers: list[Reader] = []
    if settings.readers != "llm":
        from worker.readers.layout import LayoutReader

        readers.append(LayoutReader())
    if settings.readers != "layout":
        # Takes a second to load; most runs need none of it.
        from worker.readers.breaker import Breaker
        from worker.readers.llm import LlmReader

        pace = keeper(f"{settings.openai_base_url or ''} {settings.model}") if keeper else InMemory()
        outage_s = OUTAGE_OVER_BROKER_S if settings.broker_url else OUTAGE_S
        readers.append(Breaker(LlmReader(settings, pace=pace), outage_s=outage_s))
    return readers
