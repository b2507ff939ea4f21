"""Ruling lines of tables: long thin runs of ink, level or upright."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import cv2
import numpy as np

from worker.ingest.scan.engine import Region
from worker.ingest.scan.upright import Grey

# In heights of characters: a run is longer than strokes of common characters; a rule is as long as the second,
# longer than those of titles, or ends at rules on both sides. No rule is thicker than the third, no gap in one
# longer than the fourth, none ends farther from another than the fifth. So much of a rule is ink, and so
# much at most is ink along one of its sides.
_RUN = 1.4
_RULE = 10.0
_THICK = 0.4
_GAP = 1.0
_END = 0.5
_INKED = 0.93
_CLEAR = 0.2
# Rules that end at rules that end at rules: cells in cells.
_ROUNDS = 3


class Rulings(NamedTuple):
    """Rules by direction, in pixels."""

    level: tuple[Region, ...]
    upright: tuple[Region, ...]

    def without(self, ink: Grey) -> Grey:
        """The ink that is not of rules."""
        bare = ink.copy()
        for x0, top, x1, bottom in (*self.level, *self.upright):
            bare[max(0, top - 1) : bottom + 1, max(0, x0 - 1) : x1 + 1] = 0
        return bare


def rulings(ink: Grey, em: float) -> Rulings:
    """The ruling lines in a mask of ink; `em` is the height of characters."""
    level = _runs(ink, em)
    upright = [(top, x0, bottom, x1) for x0, top, x1, bottom in _runs(np.ascontiguousarray(ink.T), em)]
    lying = {run for run in level if run[2] - run[0] >= _RULE * em}
    standing = {run for run in upright if run[3] - run[1] >= _RULE * em}
    for _ in range(_ROUNDS):
        lying |= {run for run in level if _ends_at(run, standing, _END * em)}
        standing |= {run for run in upright if _ends_at(run, lying, _END * em)}
    return Rulings(tuple(sorted(lying)), tuple(sorted(standing)))


def _runs(ink: Grey, em: float) -> list[Region]:
    """Level runs of ink. Strokes of characters in line leave more out than a broken rule."""
    length = max(8, round(_RUN * em))
    # A line that is not quite level steps from row to row.
    thick = cv2.dilate(ink, np.ones((3, 1), np.uint8))
    runs = cv2.morphologyEx(thick, cv2.MORPH_OPEN, np.ones((1, length), np.uint8))
    joined = cv2.morphologyEx(runs, cv2.MORPH_CLOSE, np.ones((1, max(3, round(em / 2))), np.uint8))
    _, _, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    found = [
        (int(x), int(y) + 1, int(x + width), int(y + height) - 1)
        for x, y, width, height, area in stats[1:]
        if area / width <= _THICK * em + 2 and height <= area / width + 0.02 * width + 1 and height > 2
    ]
    return [
        (x0, top, x1, bottom)
        for x0, top, x1, bottom in _merged(found, em)
        if np.count_nonzero(np.any(runs[top:bottom, x0:x1], axis=0)) >= _INKED * (x1 - x0)
        and _clear(ink, (x0, top, x1, bottom), em)
    ]


def _clear(ink: Grey, run: Region, em: float) -> bool:
    """Whether there is little ink along one side of a run: strokes of characters have it on both."""
    x0, top, x1, bottom = run
    near, far = round(0.15 * em), round(0.35 * em) + 1
    above = ink[max(0, top - far) : max(0, top - near), x0:x1]
    below = ink[bottom + near : bottom + far, x0:x1]
    return any(np.count_nonzero(side) <= _CLEAR * side.size for side in (above, below))


def _merged(runs: Iterable[Region], em: float) -> list[Region]:
    """Runs that go on from one another as one."""
    merged: list[Region] = []
    for run in sorted(runs):
        for at, (x0, top, x1, bottom) in enumerate(merged):
            apart = abs((top + bottom) - (run[1] + run[3])) / 2
            if apart <= 0.2 * em and run[0] - x1 <= _GAP * em:
                merged[at] = x0, min(top, run[1]), max(x1, run[2]), max(bottom, run[3])
                break
        else:
            merged.append(run)
    return merged


def _ends_at(run: Region, others: Iterable[Region], reach: float) -> bool:
    """Whether others pass both ends of a run."""
    x0, top, x1, bottom = run
    across, down = (x0 + x1) / 2, (top + bottom) / 2
    ends: Sequence[tuple[float, float]] = ((x0, down), (x1, down))
    if bottom - top > x1 - x0:
        ends = ((across, top), (across, bottom))
    return all(
        any(a - reach <= x <= c + reach and b - reach <= y <= d + reach for a, b, c, d in others)
        for x, y in ends
    )
