"""What is seen on a page before it is text: words with boxes, and ruling lines."""

from __future__ import annotations

import math
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

from schemas.source import Box, Page


class Seen(NamedTuple):
    """A word as seen: its characters in reading order, its box, and how sure its recognition was (None: decoded)."""

    text: str
    box: Box
    score: float | None = None


class Rule(NamedTuple):
    """A ruling line, from (x0, top) to (x1, bottom): horizontal where it is wider than high."""

    x0: float
    top: float
    x1: float
    bottom: float


class Sheet(BaseModel):
    """One page as a reader of PDFs or images sees it, all places in points on the upright page.

    A scan that lies askew, by `skew` degrees clockwise, is seen with its lines level, turned about its centre:
    `shown` says where a place on the sheet is on the page as it is shown. It goes between processes and into
    caches as JSON.
    """

    model_config = ConfigDict(frozen=True)

    page: Page
    words: tuple[Seen, ...] = ()
    rules: tuple[Rule, ...] = ()
    skew: float = 0.0

    def shown(self, box: Box) -> Box:
        """The box on the page as shown, with its skew, that encloses a box of the sheet."""
        if not self.skew:
            return box
        x0, top, x1, bottom = box
        across, down = self.page.width / 2, self.page.height / 2
        cos, sin = math.cos(math.radians(self.skew)), math.sin(math.radians(self.skew))
        corners = [(x - across, y - down) for x in (x0, x1) for y in (top, bottom)]
        xs = [across + x * cos - y * sin for x, y in corners]
        ys = [down + x * sin + y * cos for x, y in corners]
        return min(xs), min(ys), max(xs), max(ys)
