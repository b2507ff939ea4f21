"""Level labels of merged cells that stand in the middle of the rows they belong to."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TypeVar

T = TypeVar("T")
HALF = Fraction(1, 2)


def spread(labels: Sequence[tuple[Sequence[Fraction], T]], rows: int) -> list[T] | None:
    """For each of `rows` rows its label, if every label can be the middle of a block of rows.

    `labels` are (possible places, label) in order; a place is a row number, or half-way between two rows. None
    where no choice of places lets the blocks cover the rows exactly.
    """
    return _spread(labels, 0, rows)


def _spread(labels: Sequence[tuple[Sequence[Fraction], T]], first: int, rows: int) -> list[T] | None:
    if not labels:
        return [] if first == rows else None
    places, label = labels[0]
    for place in places:
        last = 2 * place - first
        if last.denominator == 1 and place <= last < rows:
            rest = _spread(labels[1:], int(last) + 1, rows)
            if rest is not None:
                return [label] * (int(last) - first + 1) + rest
    return None
