"""The layout reader: deterministic, from header words, places, codes and the identities themselves."""

from __future__ import annotations

from schemas import Chunk, Reading
from worker.readers.layout.money import read_money
from worker.readers.layout.narrative import read_narrative
from worker.readers.layout.performance import read_performance
from worker.segment.regions import PERFORMANCE


class LayoutReader:
    """Reads any chunk without a model."""

    name = "layout"

    def read(self, chunk: Chunk) -> Reading:
        """The reading of a chunk; what could not be read is named in `incomplete`."""
        if chunk.role == "narrative":
            return read_narrative(chunk)
        if chunk.kind in PERFORMANCE:
            return read_performance(chunk)
        return read_money(chunk)
