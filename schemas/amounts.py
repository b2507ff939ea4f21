"""Amounts are intervals: a figure printed with d decimals stands for value ± 0.5·10^-d of its unit."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

from schemas.text import squeeze

UNITS: dict[str, int] = {
    "元": 1,
    "千元": 1_000,
    "万元": 10_000,
    "百万元": 1_000_000,
    "亿元": 100_000_000,
}
"""Currency units that documents print, in yuan."""


def unit_factor(unit: str | None) -> int:
    """Yuan (or base units) per unit; an unknown or missing unit counts as 1, so that equal units cancel."""
    return UNITS.get(squeeze(unit), 1) if unit else 1


class Interval(NamedTuple):
    """A closed interval of exact rationals."""

    low: Fraction
    high: Fraction

    def __add__(self, other: Interval) -> Interval:  # type: ignore[override]
        return Interval(self.low + other.low, self.high + other.high)

    def scale(self, factor: Fraction | int) -> Interval:
        """The interval times `factor`; a negative factor swaps the ends."""
        a, b = self.low * factor, self.high * factor
        return Interval(min(a, b), max(a, b))

    def intersects(self, other: Interval) -> bool:
        """Whether the two have a point in common (ends included)."""
        return self.low <= other.high and other.low <= self.high


class Amount(BaseModel):
    """A figure as printed: exact value, decimals printed, unit (None: that of nothing in particular)."""

    model_config = ConfigDict(frozen=True)

    value: Decimal
    decimals: int = 0
    unit: str | None = None

    @property
    def half_width(self) -> Fraction:
        """Half a unit of the last place printed: 0.5·10^-decimals."""
        return Fraction(1, 2 * 10**self.decimals)

    @property
    def interval(self) -> Interval:
        """All values that would have been printed so, in the printed unit."""
        value = Fraction(self.value)
        return Interval(value - self.half_width, value + self.half_width)
