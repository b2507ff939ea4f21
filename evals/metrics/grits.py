"""GriTS-Con, the grid table similarity of Smock, Pesala and Abraham (ICDAR 2023), for comparison with others.

The factored form: rows are aligned by what their best aligned columns share, columns likewise, and what the
aligned cells share is counted. Cells share their longest common subsequence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Indel
from rapidfuzz.process import cdist

from evals.metrics.compared import PlacedRow, ReadRow
from schemas import Cell, squeeze

Array = NDArray[np.float64]
Grid = list[list[str]]

# Beyond it the alignment of every row with every row takes longer than the figure is worth.
MOST_PAIRS = 10_000


def grits_con(gold: Sequence[PlacedRow], read: Sequence[ReadRow]) -> float | None:
    """The similarity in 0..1 of a gold table and the one read, code and name as columns; None for very long ones."""
    if len(gold) * len(read) > MOST_PAIRS:
        return None
    return similarity(*grids(gold, read))


def grids(gold: Sequence[PlacedRow], read: Sequence[ReadRow]) -> tuple[Grid, Grid]:
    """A gold table and the one read as texts, white space squeezed: code, name, then the columns by their keys."""
    left = _grid([(row.code, row.name, row.cells) for row in gold])
    right = _grid(
        [(row.code, row.name, {column: _text(cell) for column, cell in row.cells.items()}) for row in read]
    )
    return left, right


def _text(cell: Cell) -> str:
    return f"{cell.amount.value:f}" if cell.amount else cell.text


def _grid(rows: Sequence[tuple[str, str, Mapping[str, str]]]) -> Grid:
    columns = sorted({column for _, _, cells in rows for column in cells})
    return [
        [code, squeeze(name), *(squeeze(cells.get(column, "")) for column in columns)]
        for code, name, cells in rows
    ]


def similarity(left: Grid, right: Grid) -> float:
    """GriTS-Con of two grids of texts."""
    if left == right:
        return 1.0
    if not left or not right:
        return 0.0
    shared = _cells(left, right)
    rows = _path(_table_of_best(shared))
    columns = _path(_table_of_best(shared.transpose(2, 3, 0, 1)))
    total = sum(float(shared[i, k, j, m]) for i, k in rows for j, m in columns)
    return 2 * total / (len(left) * len(left[0]) + len(right) * len(right[0]))


def _cells(left: Grid, right: Grid) -> Array:
    """What cells share, by left row, right row, left column, right column."""
    texts = list(dict.fromkeys(text for row in (*left, *right) for text in row))
    number = {text: place for place, text in enumerate(texts)}
    likeness = cdist(texts, texts, scorer=Indel.normalized_similarity, dtype=np.float64)
    first = np.array([[number[text] for text in row] for row in left])
    second = np.array([[number[text] for text in row] for row in right])
    return np.asarray(likeness[first[:, None, :, None], second[None, :, None, :]])


def _table_of_best(shared: Array) -> Array:
    """For every pair of the first two axes what the best alignment of the last two shares."""
    *pairs, inner, other = shared.shape
    above = [np.zeros(pairs)] * (other + 1)
    for j in range(inner):
        line = [np.zeros(pairs)]
        for m in range(other):
            line.append(np.maximum(np.maximum(line[m], above[m + 1]), above[m] + shared[:, :, j, m]))
        above = line
    return above[-1]


def _path(gains: Array) -> list[tuple[int, int]]:
    """The pairs of the alignment that gains most, without crossings."""
    rows, columns = gains.shape
    gain = gains.tolist()
    best = [[0.0] * (columns + 1) for _ in range(rows + 1)]
    for i in range(rows):
        for k in range(columns):
            best[i + 1][k + 1] = max(best[i][k + 1], best[i + 1][k], best[i][k] + gain[i][k])
    i, k, found = rows, columns, []
    while i and k:
        if best[i][k] == best[i - 1][k - 1] + gain[i - 1][k - 1]:
            i, k = i - 1, k - 1
            found.append((i, k))
        elif best[i][k] == best[i - 1][k]:
            i -= 1
        else:
            k -= 1
    return found
