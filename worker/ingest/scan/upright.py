"""A page made level and clean before anything is read of it."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from worker.ingest.scan.engine import Pixels

Grey = NDArray[np.uint8]
"""An image, height × width, dark ink on light paper; a mask where it is 0 or 255."""

# Skew up to this many degrees is put right; what lies more askew was not meant to be level.
_MOST_DEGREES = 6.0
# Less than this moves nothing into another row.
_LEVEL = 0.1
# Points of ink that tell the skew: more tell the same.
_POINTS = 60_000
# How far the paper may vary in brightness before it is evened out.
_UNEVEN = 40
_PAPER = 255
# A page of which most is darker is a negative.
_DARK = 80
# Red over blue and green, where ink is a stamp's.
_RED = 50
# Seals are an inch or more across; letters are not.
_SEAL_INCHES = 0.9


class Level(NamedTuple):
    """A page turned level by `skew` degrees: it lay so far clockwise. The canvas has grown around the page."""

    pixels: Pixels
    skew: float


def cleaned(pixels: Pixels, dpi: float) -> Pixels:
    """The page as dark ink on light paper, without the red of seals and without shadows."""
    if float(np.median(grey_of(pixels))) < _DARK:
        pixels = np.asarray(cv2.bitwise_not(pixels), np.uint8)
    return _evened(_unsealed(pixels, dpi))


def grey_of(pixels: Pixels) -> Grey:
    """Brightness."""
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY), np.uint8)


def ink_of(pixels: Pixels, dpi: float) -> Grey:
    """A mask of ink: what is darker than the paper around it, specks left out."""
    grey = cv2.GaussianBlur(grey_of(pixels), (3, 3), 0)
    around = int(dpi / 6) | 1
    ink = cv2.adaptiveThreshold(grey, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, around, 18)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    least = max(2.0, (dpi / 72) ** 2 * 0.6)
    kept = np.zeros(count, np.uint8)
    kept[1:][stats[1:, cv2.CC_STAT_AREA] >= least] = 255
    return np.asarray(kept[labels], np.uint8)


def levelled(pixels: Pixels, dpi: float) -> Level:
    """The page with its lines level, or as it is where that cannot be told."""
    angle = _skew(ink_of(pixels, dpi))
    if abs(angle) < _LEVEL:
        return Level(pixels, 0.0)
    height, width = pixels.shape[:2]
    turn = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), angle, 1.0)
    cos, sin = abs(turn[0, 0]), abs(turn[0, 1])
    wide, high = round(width * cos + height * sin), round(height * cos + width * sin)
    turn[:, 2] += (wide - width) / 2, (high - height) / 2
    paper = tuple(float(np.median(pixels[:, :, channel])) for channel in range(3))
    turned = cv2.warpAffine(
        pixels, turn, (wide, high), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_CONSTANT, borderValue=paper
    )
    return Level(np.asarray(turned, np.uint8), angle)


def _skew(ink: Grey) -> float:
    """Degrees clockwise by which lines, upright or lying, are askew: where the profiles of the ink are sharpest.

    W. Postl, Detection of linear oblique structures and skew scan in digitized documents (ICPR 1986).
    """
    shrink = max(1.0, max(ink.shape) / 1500)
    small = cv2.resize(ink, None, fx=1 / shrink, fy=1 / shrink, interpolation=cv2.INTER_AREA)
    ys, xs = np.nonzero(small > 96)
    if len(xs) < 100:
        return 0.0
    step = max(1, len(xs) // _POINTS)
    places = xs[::step].astype(np.float64), ys[::step].astype(np.float64)
    best, span, fine = 0.0, _MOST_DEGREES, 0.5
    level = _sharpness(*places, 0.0)
    while fine > 0.02:
        angles = np.arange(best - span, best + span + fine / 2, fine)
        best = float(max(angles, key=lambda angle: (_sharpness(*places, angle), -abs(angle))))
        span, fine = fine, fine / 5
    if abs(best) > _MOST_DEGREES or _sharpness(*places, best) < 1.02 * level:
        return 0.0
    return best


def _sharpness(xs: NDArray[np.float64], ys: NDArray[np.float64], angle: float) -> float:
    slope = np.tan(np.radians(angle))
    total = 0.0
    for along in (ys - xs * slope, xs + ys * slope):
        counts = np.bincount((along - along.min()).astype(np.int64)).astype(np.float64)
        total += float(np.square(np.diff(counts)).sum())
    return total


def _unsealed(pixels: Pixels, dpi: float) -> Pixels:
    """Large red marks, the seals of offices, fade; what is dark under them stays. Red text is left as it is."""
    blue, green, red = (pixels[:, :, channel].astype(np.int16) for channel in range(3))
    mask = (red - np.maximum(blue, green) > _RED).astype(np.uint8)
    if not mask.any():
        return pixels
    reach = int(dpi / 12) | 1
    joined = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((reach, reach), np.uint8))
    _, _, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    out = pixels
    for x, y, width, height, _ in stats[1:]:
        if min(width, height) < _SEAL_INCHES * dpi:
            continue
        out = pixels.copy() if out is pixels else out
        part = out[y : y + height, x : x + width]
        # In the red channel red is paper, and ink is dark.
        part[:] = part[:, :, 2:3]
    return out


def _evened(pixels: Pixels) -> Pixels:
    """Paper of one brightness: what varies slowly is shadow."""
    grey = grey_of(pixels)
    height, width = grey.shape
    small = cv2.resize(grey, (max(1, width // 8), max(1, height // 8)), interpolation=cv2.INTER_AREA)
    side = max(3, min(small.shape) // 12) | 1
    paper = cv2.GaussianBlur(cv2.dilate(small, np.ones((side, side), np.uint8)), (0, 0), side)
    low, high = np.percentile(paper, (2, 98))
    if high - low < _UNEVEN and high > _PAPER - 2 * _UNEVEN:
        return pixels
    wide = cv2.resize(paper, (width, height), interpolation=cv2.INTER_LINEAR)
    even = cv2.divide(pixels, cv2.merge([wide] * 3), scale=_PAPER)
    return np.asarray(even, np.uint8)
