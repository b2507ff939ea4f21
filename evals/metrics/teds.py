"""TEDS, the tree edit distance similarity of Zhong, ShafieiBavani and Jimeno Yepes (ECCV 2020), for comparison.

A table is a tree: rows under it, cells under rows. Deleting or inserting a node costs 1, and so does making a row of a
cell; a cell becomes another for their normalised Levenshtein distance. All trees have these three levels and no
spanning cells, which makes the distances of subtrees plain alignments and the whole quick to compute, exactly.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import cdist

from evals.metrics.compared import PlacedRow, ReadRow
from evals.metrics.grits import MOST_PAIRS, Grid, grids

Array = NDArray[np.float64]


def teds(gold: Sequence[PlacedRow], read: Sequence[ReadRow]) -> float | None:
    """The similarity in 0..1 of a gold table and the one read, code and name as columns; None for very long ones."""
    if len(gold) * len(read) > MOST_PAIRS:
        return None
    return similarity(*grids(gold, read))


def similarity(left: Grid, right: Grid) -> float:
    """TEDS of two grids of texts."""
    if left == right:
        return 1.0
    sizes = [1 + sum(1 + len(row) for row in grid) for grid in (left, right)]
    if not (left and right):
        return 1 - (max(sizes) - 1) / max(sizes)
    return 1 - _distance(left, right) / max(sizes)


class _Node(NamedTuple):
    """A row (`column` None) or a cell; `first` is the number of its first descendant in postorder."""

    row: int
    column: int | None
    first: int


def _nodes(grid: Grid) -> Iterator[_Node]:
    """Cells, then their row, row by row."""
    at = 0
    for row, texts in enumerate(grid):
        yield from (_Node(row, column, at + column) for column in range(len(texts)))
        yield _Node(row, None, at)
        at += len(texts) + 1


def _distance(left: Grid, right: Grid) -> float:
    """The edit distance of two tables; their roots become one another."""
    changes = _changes(left, right)
    rows = _aligned(changes)
    width, other = changes.shape[1], changes.shape[3]
    # A cell becomes one of the cells of a row, whose others are inserted with the row itself; and the other way round.
    to_row, from_row = changes.min(axis=3) + other, changes.min(axis=1) + width
    above, beside = list(_nodes(left)), list(_nodes(right))
    firsts = np.array([node.first for node in beside])
    steps = np.arange(len(beside) + 1, dtype=float)
    found = np.zeros((len(above) + 1, len(beside) + 1))
    found[0] = steps
    for number, node in enumerate(above):
        if node.column is None:
            trees = np.concatenate([from_row[node.row], rows[node.row][:, None]], axis=1).ravel()
        else:
            cells, whole = changes[node.row, node.column], to_row[node.row, node.column]
            trees = np.concatenate([cells, whole[:, None]], axis=1).ravel()
        best = found[number] + 1
        best[1:] = np.minimum(best[1:], found[node.first][firsts] + trees)
        # What is inserted goes on from the best place before.
        found[number + 1] = np.minimum.accumulate(best - steps) + steps
    return float(found[-1, -1])


def _changes(left: Grid, right: Grid) -> Array:
    """What it costs to make one cell of another, by left row, left column, right row, right column."""
    texts = list(dict.fromkeys(text for row in (*left, *right) for text in row))
    number = {text: place for place, text in enumerate(texts)}
    apart = cdist(texts, texts, scorer=Levenshtein.normalized_distance, dtype=np.float64)
    first, second = (np.array([[number[text] for text in row] for row in grid]) for grid in (left, right))
    return np.asarray(apart[first[:, :, None, None], second[None, None, :, :]])


def _aligned(changes: Array) -> Array:
    """The edit distance of every row with every other."""
    rows, width, others, height = changes.shape
    above = [np.full((rows, others), float(m)) for m in range(height + 1)]
    for j in range(width):
        line = [np.full((rows, others), float(j + 1))]
        for m in range(height):
            changed = above[m] + changes[:, j, :, m]
            line.append(np.minimum(np.minimum(above[m + 1], line[m]) + 1, changed))
        above = line
    return above[-1]
