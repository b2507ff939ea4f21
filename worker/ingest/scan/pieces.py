"""What is put to an engine to read: one line of one column each, cut out along rules and gaps of the ink."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from worker.ingest.scan.engine import Region
from worker.ingest.scan.rulings import Rulings
from worker.ingest.scan.upright import Grey

# In heights of characters: ink further apart is of two columns (a comma and its blank are not); a line is no higher
# than the second; crops reach beyond their ink by the third.
_APART = 0.85
_LINE = 1.9
# How much of a region, above and below, may belong to the lines beside it.
_EDGE = 0.35
_MARGIN = 0.25
# No stroke of a dash is higher.
_FLAT = 0.3
_FAR = 10**6
# A page with more marks that no engine finds is a picture.
_MOST_MARKS = 300


def height_of_text(ink: Grey, dpi: float) -> float:
    """The height of characters in pixels, by what most marks of their size measure."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    widths, heights = stats[1:, cv2.CC_STAT_WIDTH], stats[1:, cv2.CC_STAT_HEIGHT]
    point = dpi / 72
    like = (heights > 4 * point) & (heights < 30 * point) & (widths < 40 * point) & (widths > point / 2)
    return float(np.median(heights[like])) if like.sum() >= 5 else 9 * point


def pieces(ink: Grey, found: Iterable[Region], rules: Rulings, em: float) -> list[Region]:
    """Regions of one line in one column: `found` by an engine, divided, and made to end where the ink ends.

    `ink` is without rules.
    """
    cut = [_alone(ink, part) for region in found for part in _between(region, rules, em)]
    banded = [band for part in cut for band in _bands(ink, part, em)]
    return _united(piece for band in banded for piece in _columns(ink, band, rules, em))


def unread(ink: Grey, known: Sequence[Region], rules: Rulings, em: float) -> list[Region]:
    """Marks of the size of characters that lie in no known piece, but in a cell or in line with one."""
    left = ink.copy()
    for x0, top, x1, bottom in known:
        left[top:bottom, x0:x1] = 0
    near = max(1, round(_APART * em / 2))
    joined = cv2.dilate(left, np.ones((1, 2 * near + 1), np.uint8))
    _, _, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    middles = np.array([(top + bottom) / 2 for _, top, _, bottom in known])
    marks: list[Region] = []
    for x, y, width, height, _ in stats[1:]:
        x0, x1, middle = int(x + near), int(x + width - near), float(y + height / 2)
        sized = height <= 1.6 * em and (height >= 0.6 * em or 0.25 * em <= x1 - x0 <= 1.5 * em)
        inline = len(middles) and float(np.abs(middles - middle).min()) <= 0.4 * em
        if sized and (inline or _in_cell((x0 + x1) / 2, middle, rules)):
            half = max(height / 2, em / 2)
            marks.append(_within((x0, round(middle - half), x1, round(middle + half)), ink))
    return marks if len(marks) <= _MOST_MARKS else []


def is_dash(ink: Grey, piece: Region, em: float) -> bool:
    """Whether a piece is one level stroke: to an engine, which sees no line around it, it may be many things."""
    x0, top, x1, bottom = piece
    rows = np.flatnonzero(np.any(ink[top:bottom, x0:x1], axis=1))
    high = int(rows[-1] - rows[0]) + 1 if len(rows) else bottom - top
    return high <= _FLAT * em and 1.5 * high <= x1 - x0 <= em


def crop_of(piece: Region, em: float, shape: tuple[int, ...]) -> Region:
    """What is cut out to read a piece: with a margin around its ink, of a height that suits its characters."""
    x0, top, x1, bottom = piece
    margin = round(_MARGIN * max(em, bottom - top))
    x0, x1 = max(0, x0 - margin), min(shape[1], x1 + margin)
    return x0, max(0, top - margin), x1, min(shape[0], bottom + margin)


def room_of(piece: Region, rules: Rulings, em: float) -> Region:
    """How far the paper around a piece reaches: to the next rules, which are read as marks where they are in sight.

    Of a rule that the piece touches half is left to it: the last stroke of a figure may be in the rule.
    """
    x0, top, x1, bottom = piece
    across, down = (x0 + x1) / 2, (top + bottom) / 2
    near = em / 3
    beside = [(a, c) for a, b, c, d in rules.upright if b - near <= down <= d + near]
    above = [(b, d) for a, b, c, d in rules.level if a - near <= across <= c + near]
    left, right = _room(x0, x1, beside, near)
    upper, lower = _room(top, bottom, above, near)
    return left, upper, right, lower


def _room(start: int, end: int, rules: Iterable[tuple[int, int]], near: float) -> tuple[int, int]:
    """From where to where there is room around [start, end) between rules, in one direction."""
    first, last = 0, _FAR
    for side, other in rules:
        middle = (side + other) // 2
        if middle < start + near:
            first = max(first, middle if other + 2 >= start else other + 2)
        elif middle > end - near:
            last = min(last, middle if side - 1 <= end else side - 1)
    return first, last


def _between(region: Region, rules: Rulings, em: float) -> Iterator[Region]:
    """The parts of a region between rules that cross it."""
    x0, top, x1, bottom = region
    middle = (top + bottom) / 2
    for a, b, c, d in rules.level:
        if a < (x0 + x1) / 2 < c and top < (b + d) / 2 < bottom:
            if (b + d) / 2 < middle:
                top = max(top, d)
            else:
                bottom = min(bottom, b)
    cuts = sorted(
        (a, c) for a, b, c, d in rules.upright if b - em / 3 < middle < d + em / 3 and x0 < (a + c) / 2 < x1
    )
    ends = [(x0, x0), *cuts, (x1, x1)]
    for (_, left), (right, _) in pairwise(ends):
        if right - left > 0.2 * em and bottom > top:
            yield left, top, right, bottom


def _alone(ink: Grey, region: Region) -> Region:
    """A region without the lines above and below that reach into it: ink at its edge is theirs."""
    x0, top, x1, bottom = region
    rows = np.count_nonzero(ink[top:bottom, x0:x1], axis=1)
    reach = round(_EDGE * len(rows))
    above = int(np.argmin(rows[:reach])) if reach and rows[0] else 0
    below = int(np.argmin(rows[::-1][:reach])) if reach and rows[-1] else 0
    filled = np.flatnonzero(rows[above : len(rows) - below])
    if not len(filled):
        return region
    return x0, top + above + int(filled[0]), x1, top + above + int(filled[-1]) + 1


def _bands(ink: Grey, region: Region, em: float) -> Iterator[Region]:
    """The lines of a region that holds more than one."""
    x0, top, x1, bottom = region
    if bottom - top <= _LINE * em:
        yield region
        return
    bands: list[tuple[int, int]] = []
    for start, end in _runs(np.any(ink[top:bottom, x0:x1], axis=1), em / 5):
        low = min(end - start, bands[-1][1] - bands[-1][0]) if bands else em
        # Strokes of one character.
        if low < em / 2:
            bands[-1] = bands[-1][0], end
        else:
            bands.append((start, end))
    for start, end in bands:
        yield x0, top + start, x1, top + end


def _columns(ink: Grey, region: Region, rules: Rulings, em: float) -> Iterator[Region]:
    """The ink of a region, divided at wide gaps; ink just beside it belongs to it."""
    x0, top, x1, bottom = region
    left, right = _reach(region, rules, em, ink.shape[1])
    strip = np.any(ink[top:bottom, left:right], axis=0)
    size = max(em, bottom - top)
    for start, end in _runs(strip, _APART * size):
        if left + end <= x0 or left + start >= x1:
            continue
        yield from _tight(ink, (left + start, top, left + end, bottom), em)


def _united(parts: Iterable[Region]) -> list[Region]:
    """Pieces that overlap are one."""
    united: list[Region] = []
    for part in parts:
        for at, other in enumerate(united):
            across = min(part[2], other[2]) - max(part[0], other[0])
            down = min(part[3], other[3]) - max(part[1], other[1])
            if across > 0 and down > 0.5 * min(part[3] - part[1], other[3] - other[1]):
                x0, top = min(part[0], other[0]), min(part[1], other[1])
                part = x0, top, max(part[2], other[2]), max(part[3], other[3])
                del united[at]
                break
        united.append(part)
    return united


def _reach(region: Region, rules: Rulings, em: float, width: int) -> tuple[int, int]:
    """How far a region may grow: to the next rules, and not past a few characters."""
    x0, top, x1, bottom = region
    middle = (top + bottom) / 2
    beside = [(a, c) for a, b, c, d in rules.upright if b < middle < d]
    left = max((c for _, c in beside if c <= x0 + em / 3), default=0)
    right = min((a for a, _ in beside if a >= x1 - em / 3), default=width)
    return max(left, x0 - round(3 * em)), min(right, x1 + round(3 * em))


def _tight(ink: Grey, region: Region, em: float) -> Iterator[Region]:
    """A region around its ink; a dash keeps the height of a line."""
    x0, top, x1, bottom = region
    rows = np.flatnonzero(ink[top:bottom, x0:x1].any(axis=1))
    if not len(rows) or x1 - x0 < 2:
        return
    first, last = top + int(rows[0]), top + int(rows[-1]) + 1
    short = round(0.8 * em) - (last - first)
    if short > 0:
        first, last = first - short // 2, last + short // 2
    yield _within((x0, first, x1, last), ink)


def _within(region: Region, ink: Grey) -> Region:
    x0, top, x1, bottom = region
    return max(0, x0), max(0, top), min(ink.shape[1], x1), min(ink.shape[0], bottom)


def _runs(filled: NDArray[np.bool_], gap: float) -> list[tuple[int, int]]:
    """The runs of a profile, those no further than `gap` apart taken together."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], filled.astype(np.int8), [0]))))
    runs: list[tuple[int, int]] = []
    for start, end in edges.reshape(-1, 2).tolist():
        if runs and start - runs[-1][1] <= gap:
            runs[-1] = runs[-1][0], end
        else:
            runs.append((start, end))
    return runs


def _in_cell(x: float, y: float, rules: Rulings) -> bool:
    """Whether there are rules on all four sides."""
    beside = [(a + c) / 2 for a, b, c, d in rules.upright if b <= y <= d]
    across = [(b + d) / 2 for a, b, c, d in rules.level if a <= x <= c]
    return bool(beside and across) and min(beside) < x < max(beside) and min(across) < y < max(across)
