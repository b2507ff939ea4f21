"""Lone points in a row, a weight or a score: the sum of the scores decides."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from itertools import combinations

from schemas.kinds.performance import PerformanceRow

_MOST = 8


def settle_points(rows: Sequence[PerformanceRow]) -> bool:
    """Exchange weight and score in rows that print one of them, where only that makes the scores add up.

    The scores of the indicators and of the funds add up to the total. Returns whether anything was exchanged.
    """
    indicators = [row for row in rows if row.side == "indicator"]
    lone = [row for row in indicators if (row.weight is None) != (row.score is None)]
    total = next((row.figure("value") for row in rows if row.side == "total"), None)
    if total is None or not 0 < len(lone) <= _MOST:
        return False
    funds = next((row.figure("score") for row in rows if row.side == "fund" and row.name == "total"), None)
    missing = total.value - (funds.value if funds else Decimal(0))
    missing -= sum((figure.value for row in indicators if (figure := row.figure("score"))), Decimal(0))
    gains = [_points(row) * (1 if row.score is None else -1) for row in lone]
    for size in range(len(lone) + 1):
        found = [
            pick for pick in combinations(range(len(lone)), size) if sum(gains[i] for i in pick) == missing
        ]
        if len(found) > 1 or (found and not size):
            return False
        if found:
            for i in found[0]:
                lone[i].weight, lone[i].score = lone[i].score, lone[i].weight
            return True
    return False


def _points(row: PerformanceRow) -> Decimal:
    figure = row.figure("weight") or row.figure("score")
    return figure.value if figure else Decimal(0)
