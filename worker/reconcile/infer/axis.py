"""Rows and columns of a table as one and the same thing: lines of figures, each with what its label tells.

A sum over rows holds in every column, a sum over columns in every row: what is inferred along one axis is
inferred along the other by the same code.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from math import log2
from typing import NamedTuple

from worker.reconcile.grid import Key
from worker.reconcile.infer.labels import SUMS, Labels

# What one closing instance can bring at most, in bits.
MOST_BITS = 18.0


class Weight(NamedTuple):
    """How a candidate stands: instances that hold and fail, and the evidence of those that hold, in bits.

    An instance that holds by chance with probability p brings -log2 p; one with less than two parts that are
    not nothing brings none.
    """

    holds: int
    fails: int
    bits: float


class Axis:
    """Lines of figures: rows over columns or, `turned`, columns over rows.

    `names[i]` is the label of line i, `cells[i][j]` its figure at place j (None: blank), `additive` the lines
    that may be added up, `percent` those that are shares and rates. Places are only those whose figures add up
    (not `without`); `sums` are the places whose label says that they are totals.
    """

    def __init__(self, labels: Labels, *, turned: bool, without: Collection[str] = ()) -> None:
        self.labels = labels
        self.grid = labels.grid
        self.turned = turned
        figures = self.grid.figures
        odd = {*labels.percent_columns, *labels.averages, *labels.prices, *without}
        self.lines: Sequence[int | str]
        self.places: Sequence[int | str]
        if turned:
            columns = self.grid.columns
            rows = [row for row in range(len(labels.rows)) if row not in labels.percent_rows]
            self.lines, self.places = columns, rows
            self.names = [labels.columns[column] for column in columns]
            self.marks = [labels.column_marks[column] for column in columns]
            self.cells = [[figures.get((row, column)) for row in rows] for column in columns]
            self.percent = {i for i, column in enumerate(columns) if column in labels.percent_columns}
            self.additive = [i for i, column in enumerate(columns) if column not in odd]
            self.sums = {i for i, row in enumerate(rows) if labels.row_marks[row].role in SUMS}
        else:
            columns = [column for column in self.grid.columns if column not in odd]
            self.lines, self.places = range(len(labels.rows)), columns
            self.names = labels.rows
            self.marks = labels.row_marks
            self.cells = [[figures.get((row, column)) for column in columns] for row in self.lines]
            self.percent = labels.percent_rows
            self.additive = [row for row in self.lines if row not in labels.percent_rows]
            self.sums = {i for i, column in enumerate(columns) if labels.column_marks[column].role in SUMS}

    def key(self, line: int, place: int) -> Key:
        """The cell of a line at a place."""
        return cell_key(self.lines[line], self.places[place])

    def filled(self, line: int) -> bool:
        """Whether the line has any figure."""
        return any(cell is not None for cell in self.cells[line])

    def weigh(self, total: int, parts: Sequence[tuple[int, int]], places: Sequence[int]) -> Weight:
        """The weight of total = Σ sign · part, over the places where the total and any part are printed."""
        holds, fails, bits = 0, 0, 0.0
        own = self.cells[total]
        rows = [(self.cells[line], sign) for line, sign in parts]
        for place in places:
            goal = own[place]
            if goal is None:
                continue
            found = [(cell, sign) for cells, sign in rows if (cell := cells[place]) is not None]
            if not found:
                continue
            miss = goal.value - sum(cell.value * sign for cell, sign in found)
            slack = goal.half + sum(cell.half for cell, _ in found)
            if abs(miss) > slack:
                fails += 1
                continue
            holds += 1
            if sum(cell.value != 0 for cell, _ in found) > 1:
                most = max(abs(goal.value), *(abs(cell.value) for cell, _ in found))
                bits += self.bits(place, total, miss, slack, most)
        return Weight(holds, fails, bits)

    def bits(self, place: int, line: int, miss: int, slack: int, most: int) -> float:
        """The evidence of figures as large as `most` meeting within `slack`: exact meetings tell more."""
        grain = self.labels.grain[self.key(line, place)[1]]
        width = max(grain, 2 * slack) if miss else grain
        return min(MOST_BITS, max(0.0, log2(most / width))) if most else 0.0

    def sample(self, most: int) -> list[int]:
        """At most so many places, those with the most figures first, spread evenly."""
        count = Counter(
            place for line in self.additive for place, cell in enumerate(self.cells[line]) if cell is not None
        )
        places = sorted(count, key=lambda place: (-count[place], place))
        full = [p for p in places if count[p] == count[places[0]]] if places else []
        pool = sorted(full if len(full) >= most else places)
        if len(pool) <= most:
            return pool
        return [pool[i * len(pool) // most] for i in range(most)]


def cell_key(one: int | str, other: int | str) -> Key:
    """The cell at a row and a column, given in any order."""
    row, column = (one, other) if isinstance(one, int) else (other, one)
    if not isinstance(row, int) or not isinstance(column, str):
        raise TypeError(f"a row and a column are needed, not {one!r} and {other!r}")
    return row, column
