"""Equations in words: readable statements with names and figures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from schemas import AnyTable
from schemas.tables import Row
from schemas.text import fold, squeeze
from worker.reconcile.equation import Equation
from worker.reconcile.grid import Grid, Key

# A statement names this many terms at most; the rest is counted.
_MOST_TERMS = 8


def table_name(table: AnyTable) -> str:
    """The title of a table, or its kind where no title is printed."""
    return fold(table.title) or table.kind


def row_name(row: Row, index: int) -> str:
    """Code and name of a row, or its number where it has neither."""
    if row.code:
        return f"{row.code} {row.name}".rstrip()
    return row.name or f"row {index + 1}"


def column_name(table: AnyTable, column: str) -> str:
    """The header of a column as printed, else its key."""
    return squeeze(table.headers.get(column, "")) or column


def statement(grid: Grid, equation: Equation) -> str:
    """The equation with its names and figures, parts first: 'a 1.00 + b 2.00 = total 3.00'."""
    table = grid.table
    row, column = equation.left[0]
    if equation.scope in {"row", "ratio"} and equation.form != "same":
        head = f"{table_name(table)} {row_name(grid.rows[row], row)}"
        left, right = (join_terms(_columns(grid), keys) for keys in (equation.left, equation.right))
    else:
        head = f"{table_name(table)} {column_name(table, column)}"
        printed = [key for key in equation.right if key in grid.figures]
        left, right = (join_terms(_rows(grid), keys) for keys in (equation.left, printed))
    match equation.form:
        case "ratio" | "product":
            first, second = (join_terms(_columns(grid), [key]) for key in equation.right)
            body = f"{first} × {second} = {left}"
            if equation.form == "ratio":
                times = f"{equation.scale} × " if equation.scale != 1 else ""
                less = f" - {-equation.constant}" if equation.constant else ""
                body = f"{times}{first} / {second}{less} = {left}"
        case "points" if equation.constant:
            body = f"{left} = {equation.constant}"
        case _:
            body = f"{right} = {left}"
    return f"{head}: {body}" + (f" ({equation.note})" if equation.note else "")


def _columns(grid: Grid) -> Callable[[Key], str]:
    headers = grid.headers
    return lambda key: f"{headers.get(key[1], key[1])} {_figure(grid, key)}"


def _rows(grid: Grid) -> Callable[[Key], str]:
    return lambda key: f"{row_name(grid.rows[key[0]], key[0])} {_figure(grid, key)}"


def _figure(grid: Grid, key: Key) -> str:
    """A figure as it counts: digits as printed, 0 for a blank cell."""
    amount = grid.amounts.get(key)
    return f"{amount.value:f}" if amount else "0"


def join_terms(words: Callable[[Key], str], keys: Sequence[Key]) -> str:
    """Terms of a sum in words; a long sum is cut and the rest counted."""
    shown = keys if len(keys) <= _MOST_TERMS else keys[: _MOST_TERMS - 1]
    terms = [words(key) for key in shown]
    if len(shown) < len(keys):
        terms.append(f"… ({len(keys) - len(shown)} more)")
    return " + ".join(terms) or "0"


def outcome_words(
    words: str, holds: bool | None, difference: Decimal | None, tolerance: Decimal | None, reason: str
) -> str:
    """A statement with what became of it: by how much it fails, or why it could not be checked."""
    if holds is None:
        return f"{words} (skipped: {reason or 'the whole may be zero'})"
    if holds or difference is None or tolerance is None:
        return words
    return f"{words}; differs by {plain(difference)}, rounding allows {plain(tolerance)}"


def plain(number: Decimal) -> str:
    """A number without exponent and without zeros at its end."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
