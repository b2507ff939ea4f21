"""Identities within each row: sums over columns, products, ratios."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from schemas.rules import RowBalance, RowProduct, RowRatio, RowSum
from schemas.text import fold
from worker.reconcile.equation import Equation, closes
from worker.reconcile.grid import Grid


def row_sums(grid: Grid, rule: RowSum) -> Iterator[Equation]:
    """Total = Σ parts in every row; columns that the kind does not name join in where that closes more rows."""
    extras, note = _addends(grid, rule), ""
    if extras:
        names = "、".join(fold(grid.table.headers.get(column, column)) for column in extras)
        note = f"with {names}"
    for index, row in enumerate(grid.rows):
        parts = [part for part in rule.parts if grid.prints(part, row.side)]
        if not parts or not grid.prints(rule.total, row.side):
            continue
        left = ((index, rule.total),)
        right = tuple((index, part) for part in (*parts, *extras))
        if grid.filled(left) or grid.filled(right):
            yield Equation(rule.id, "row", left, right, note=note)


def _addends(grid: Grid, rule: RowSum) -> tuple[str, ...]:
    """The unnamed columns that take part in the sum, decided once for the whole table."""
    if not grid.extras:
        return ()
    options: list[tuple[str, ...]] = [(), grid.extras, *((extra,) for extra in grid.extras)]
    return max(options, key=lambda extras: _closing_rows(grid, rule, extras))


def _closing_rows(grid: Grid, rule: RowSum, extras: Sequence[str]) -> int:
    count = 0
    for index, row in enumerate(grid.rows):
        if (index, rule.total) in grid.figures and any(grid.prints(part, row.side) for part in rule.parts):
            right = grid.total((index, column) for column in (*rule.parts, *extras))
            count += closes(grid.get((index, rule.total)), right)
    return count


def row_balances(grid: Grid, rule: RowBalance) -> Iterator[Equation]:
    """Σ left = Σ right in every row, where the table prints all of the columns."""
    for index, row in enumerate(grid.rows):
        if all(grid.prints(column, row.side) for column in (*rule.left, *rule.right)):
            left = tuple((index, column) for column in rule.left)
            right = tuple((index, column) for column in rule.right)
            if grid.filled(left) or grid.filled(right):
                yield Equation(rule.id, "row", left, right)


def row_products(grid: Grid, rule: RowProduct) -> Iterator[Equation]:
    """Product = left · right in every row that prints all three."""
    for index in range(len(grid.rows)):
        keys = [(index, column) for column in (rule.product, rule.left, rule.right)]
        if all(key in grid.figures for key in keys):
            yield Equation(rule.id, "row", (keys[0],), tuple(keys[1:]), "product")


def row_ratios(grid: Grid, rule: RowRatio) -> Iterator[Equation]:
    """Ratio = scale · part / whole in every row that prints all three.

    Two rows with the very same part and whole must print the very same ratio.
    """
    seen: dict[tuple[object, object], int] = {}
    for index, row in enumerate(grid.rows):
        keys = [(index, column) for column in (rule.ratio, rule.part, rule.whole)]
        if not all(key in grid.figures for key in keys):
            continue
        rate, part, whole = (grid.get(key).value for key in keys)
        skipped = "the whole is printed as zero" if not whole and (rate or part) else ""
        yield Equation(rule.id, "ratio", (keys[0],), tuple(keys[1:]), "ratio", rule.scale, skipped=skipped)
        if not whole:
            continue
        twin = seen.setdefault((row.figure(rule.part), row.figure(rule.whole)), index)
        if twin != index and row.figure(rule.ratio) is not None:
            yield Equation(rule.id, "ratio", ((twin, rule.ratio),), (keys[0],), "same")
