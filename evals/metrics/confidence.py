"""How well confidence tells right tables from wrong ones.

Judged are the tables that came out, by level of confidence: a missing one has no confidence and would only make
the figures better. Everything is a function of how many right and wrong tables stand at each level, so that one
matrix of resampled weights gives all bootstrap values at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from evals.metrics.scores import CaseScore, TableScore

Array = NDArray[np.float64]

_BINS = 10


class Point(BaseModel):
    """What one gets by accepting all tables of at least this confidence: their share, and how many are wrong."""

    model_config = ConfigDict(frozen=True)

    threshold: float
    tables: int
    coverage: float
    wrong_tables: int
    risk: float
    wrong_cells: int
    cells: int


class Bin(BaseModel):
    """Tables of similar confidence: its mean, and the share of them that is right."""

    model_config = ConfigDict(frozen=True)

    low: float
    high: float
    tables: int
    confidence: float
    right: float


class Levels(NamedTuple):
    """Right and wrong tables by cluster and level of confidence, the highest level first."""

    confidence: Array
    right: Array
    wrong: Array


def ranked(table: TableScore) -> bool:
    """Whether a table came out and has figures, in gold or in reading."""
    return bool(table.tables) and table.status != "failed" and table.gold_cells + table.got_cells > 0


def levels(cases: Sequence[CaseScore], clusters: Sequence[int]) -> Levels:
    """The tables of cases; `clusters` are numbers from 0, one a case."""
    tables = [
        (cluster, table)
        for cluster, case in zip(clusters, cases, strict=True)
        for table in case.tables
        if ranked(table)
    ]
    values = np.array([table.confidence for _, table in tables], dtype=float)
    known, place = np.unique(-values, return_inverse=True)
    counts = np.zeros((2, max(clusters, default=-1) + 1, len(known)))
    for (cluster, table), level in zip(tables, place, strict=True):
        counts[int(table.exact), cluster, level] += 1
    return Levels(-known, counts[1], counts[0])


def auroc(right: Array, wrong: Array) -> Array:
    """The chance that a right table has more confidence than a wrong one, ties half; by draw (first axis), NaN
    where a draw holds no right or no wrong table."""
    above = np.cumsum(right, axis=1) - right / 2
    pairs = right.sum(axis=1) * wrong.sum(axis=1)
    return _ratio((above * wrong).sum(axis=1), pairs)


def aurc(right: Array, wrong: Array) -> Array:
    """Area under the risk–coverage curve: the mean risk over all numbers of accepted tables; by draw.

    Tables of one level come in no order: each brings its share of the wrong ones.
    """
    size = right + wrong
    before, wrong_before = np.cumsum(size, axis=1) - size, np.cumsum(wrong, axis=1) - wrong
    # Within a level of n tables after m: Σ (w + e·i/n) / (m + i) over i = 1…n, by the integral of the sum.
    share = np.divide(wrong, size, out=np.zeros_like(wrong), where=size > 0)
    harmonic = _harmonic(before + size) - _harmonic(before)
    area = share * size + (wrong_before - share * before) * harmonic
    return _ratio(area.sum(axis=1), size.sum(axis=1))


def _harmonic(n: Array) -> Array:
    """Σ 1/i over i = 1…n, for whole n."""
    sums = np.concatenate([[0.0], np.cumsum(1 / np.arange(1, int(n.max(initial=0)) + 1))])
    return np.asarray(sums[n.astype(int)])


def brier(confidence: Array, right: Array, wrong: Array) -> Array:
    """The mean squared distance of confidence from what came true; by draw."""
    squares = right @ (1 - confidence) ** 2 + wrong @ confidence**2
    return _ratio(np.asarray(squares), (right + wrong).sum(axis=1))


def _ratio(part: Array, whole: Array) -> Array:
    return np.asarray(np.divide(part, whole, out=np.full(whole.shape, np.nan), where=whole > 0))


def curve(cases: Sequence[CaseScore]) -> tuple[Point, ...]:
    """The risk–coverage curve, from the highest confidence down."""
    tables = sorted(
        (table for case in cases for table in case.tables if ranked(table)), key=lambda t: -t.confidence
    )
    points: list[Point] = []
    wrong = wrong_cells = cells = 0
    for number, table in enumerate(tables, start=1):
        wrong += not table.exact
        wrong_cells += table.errors
        cells += table.gold_cells + table.extra
        if number == len(tables) or tables[number].confidence != table.confidence:
            points.append(
                Point(
                    threshold=table.confidence,
                    tables=number,
                    coverage=number / len(tables),
                    wrong_tables=wrong,
                    risk=wrong / number,
                    wrong_cells=wrong_cells,
                    cells=cells,
                )
            )
    return tuple(points)


def reliability(cases: Sequence[CaseScore]) -> tuple[Bin, ...]:
    """Tables in ten bins of equal width; empty bins are left out."""
    tables = [table for case in cases for table in case.tables if ranked(table)]
    found = []
    for number in range(_BINS):
        members = [t for t in tables if min(_BINS - 1, int(t.confidence * _BINS)) == number]
        if members:
            found.append(
                Bin(
                    low=number / _BINS,
                    high=(number + 1) / _BINS,
                    tables=len(members),
                    confidence=sum(t.confidence for t in members) / len(members),
                    right=sum(t.exact for t in members) / len(members),
                )
            )
    return tuple(found)


def ece(bins: Sequence[Bin]) -> float | None:
    """Expected calibration error over the bins."""
    total = sum(each.tables for each in bins)
    if not total:
        return None
    return sum(each.tables * abs(each.confidence - each.right) for each in bins) / total
