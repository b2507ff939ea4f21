"""Readers: Chunk → Reading, by layout or by a model. `build_readers` makes those that the settings ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.settings import Settings

if TYPE_CHECKING:
    from worker.pipeline import Reader

__all__ = ["build_readers"]


def build_readers(settings: Settings) -> list[Reader]:
    """The readers in the order in which a chunk meets them. Raises ConfigError for what keeps one from work."""
    readers: list[Reader] = []
    if settings.readers != "llm":
        from worker.readers.layout import LayoutReader

        readers.append(LayoutReader())
    if settings.readers != "layout":
        # Takes a second to load; most runs need none of it.
        from worker.readers.breaker import Breaker
        from worker.readers.llm import LlmReader

        readers.append(Breaker(LlmReader(settings)))
    return readers
