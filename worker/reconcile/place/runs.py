"""Hypotheses over many rows: a run of rows a row off, two columns swapped, labels a row off."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from itertools import combinations, pairwise, product, takewhile

from worker.reconcile.grid import Grid
from worker.reconcile.nesting import clean_code
from worker.reconcile.place.balance import Balance
from worker.reconcile.place.lines import Line
from worker.reconcile.place.steps import Shift, Step, changes_of

# A longer run is looked at where it ends in a row without a label.
_LONGEST_RUN = 60


def runs(grid: Grid, balance: Balance, lines: Sequence[Line]) -> Iterator[Step]:
    """The runs of figures and the swaps of columns that leave no equation failing.

    A run that ends in a row without a label is tried in any case: such a row changes the equations themselves.
    """
    for step in (*_column_runs(grid, balance), *_row_runs(grid), *_swaps(grid, balance, lines)):
        strange = any(_nameless(grid, shift.source[0]) for shift in step.shifts) and step.kind == "run"
        if strange or not balance.failing_after(changes_of(step.shifts, grid.figures)):
            yield step


def _nameless(grid: Grid, row: int) -> bool:
    return not grid.rows[row].name and not grid.rows[row].code


def _column_runs(grid: Grid, balance: Balance) -> Iterator[Step]:
    """One column a row off: the sums of the rows fail from its first row to its last."""
    failed = {row for n in balance.failing if balance.inner(n) for row, _ in balance.equations[n].left}
    for rows in grid.sides.values():
        places = [place for place, row in enumerate(rows) if row in failed]
        if len(places) < 2 or len(places) < len(failed):
            continue
        run = rows[places[0] : places[-1] + 1]
        for column in grid.columns:
            yield from _one_row_off(grid, run, [column])
            if len(run) == 2 and all((row, column) in grid.figures for row in run):
                cells = [(row, column) for row in run]
                yield Step("run", (Shift(cells[0], cells[1]), Shift(cells[1], cells[0])))


def _row_runs(grid: Grid) -> Iterator[Step]:
    """All figures of a run of rows against their labels: between a row without figures and any other row, over
    further rows without figures only where the run ends in a row without a label."""
    filled = {row for row, _ in grid.figures}
    strange = {row for row in filled if _nameless(grid, row)}
    for rows in grid.sides.values():
        for place, hole in enumerate(rows):
            for direction in (1, -1) if hole not in filled else ():
                beyond = rows[place + 1 :] if direction > 0 else rows[:place][::-1]
                near = [hole, *takewhile(filled.__contains__, beyond)]
                far = [hole, *_until(beyond, strange)]
                for run in (*(near[:end] for end in range(2, min(len(near), _LONGEST_RUN) + 1)), far):
                    yield from _one_row_off(grid, run[::direction], grid.columns)


def _until(rows: Sequence[int], ends: Container[int]) -> Sequence[int]:
    """The rows up to the first end, none if there is none."""
    return next((rows[: place + 1] for place, row in enumerate(rows) if row in ends), ())


def _one_row_off(grid: Grid, run: Sequence[int], columns: Sequence[str]) -> Iterator[Step]:
    """The figures of a run moved by one row towards the end of it that is blank."""
    for ordered in (run, run[::-1]):
        if grid.filled((ordered[0], column) for column in columns):
            continue
        shifts = [
            Shift((source, column), (target, column))
            for target, source in pairwise(ordered)
            for column in columns
            if (source, column) in grid.figures
        ]
        if shifts:
            yield Step("run", tuple(shifts))


def _swaps(grid: Grid, balance: Balance, lines: Sequence[Line]) -> Iterator[Step]:
    """Two columns that change places from the first row to the last; amounts do not change places with rates."""
    widest = max(lines, key=len, default=())
    pairs = {
        (left[1], right[1])
        for left, right in combinations(widest, 2)
        if left[0] == right[0]
        and {left[1], right[1]} & set(grid.columns)
        and (left[1] in grid.additive) == (right[1] in grid.additive)
    }
    # One equation that stays wrong is enough to tell; the shortest is the quickest.
    first = min(balance.failing, key=lambda number: len(balance.equations[number].right))
    equation = balance.equations[first]
    near = {row for row, _ in (*equation.left, *equation.right)}
    for pair in sorted(pairs):
        shifts = _swap(grid, pair, near)
        if not balance.fails(first, changes_of(shifts, grid.figures)):
            yield Step("columns", _swap(grid, pair, range(len(grid.rows))))


def _swap(grid: Grid, pair: tuple[str, str], rows: Iterable[int]) -> tuple[Shift, ...]:
    left, right = pair
    return tuple(
        Shift((row, old), (row, new))
        for row in rows
        for old, new in ((left, right), (right, left))
        if (row, old) in grid.figures
    )


def label_runs(grid: Grid, balance: Balance) -> Iterator[Step]:
    """Codes, or names, of a run of rows moved by one row towards a row that has none; over further such rows only
    where the run ends in a row that has nothing else.

    Such a run breaks most of the sums that it takes part in; others are not looked at.
    """
    broken = {row for number in balance.failing for row, _ in balance.equations[number].left}
    sums = {
        e.left[0][0] for e in balance.equations if e.scope == "hierarchy" and e.left and grid.filled(e.left)
    }
    filled = {row for row, _ in grid.figures}
    # Without codes, names that move say no more than figures that do.
    columns = ("code", "name") if any(row.code for row in grid.rows) else ()
    for column, rows in product(columns, grid.sides.values()):
        have = [bool(clean_code(row.code) if column == "code" else row.name) for row in grid.rows]
        alone = {row for row in rows if row not in filled and _says_only(grid, row, column)}
        for place, hole in enumerate(rows):
            for beyond in (rows[place + 1 :], rows[:place][::-1]) if not have[hole] else ():
                near = [hole, *takewhile(have.__getitem__, beyond)]
                far = [hole, *_until(beyond, alone)]
                for run in {tuple(near), tuple(far)}:
                    parents = sums.intersection(run)
                    if len(run) > 2 and 2 * len(parents & broken) >= len(parents):
                        pairs = ((old, new) for new, old in pairwise(run) if have[old])
                        yield Step("labels", tuple(Shift((old, column), (new, column)) for old, new in pairs))


def _says_only(grid: Grid, row: int, column: str) -> bool:
    """Whether a row has a code and no name, or a name and no code."""
    code, name = bool(grid.rows[row].code), bool(grid.rows[row].name)
    return code != name and code == (column == "code")
