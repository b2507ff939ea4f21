"""Equations over one table before they are put in words: what the rules expand to."""

from __future__ import annotations

from typing import Literal, NamedTuple

from schemas.rules import Scope
from worker.reconcile.grid import Figure, Grid, Key

Form = Literal["sum", "ratio", "product", "same", "points"]


class Equation(NamedTuple):
    """Σ `left` = Σ `right` + `constant` over cells of one table, or left = scale · right[0] / right[1] + constant.

    `rule` is the id of the rule; `note` says what was decided about the table to get here. `same` compares
    two roundings of one number, `points` sums figures of which those without decimals are exact.
    """

    rule: str
    scope: Scope
    left: tuple[Key, ...]
    right: tuple[Key, ...]
    form: Form = "sum"
    scale: int = 100
    constant: int = 0
    note: str = ""
    skipped: str = ""


def closes(left: Figure, right: Figure) -> bool:
    """Whether two rounded figures can be the same."""
    return abs(left.value - right.value) <= left.half + right.half


def sums(grid: Grid, equation: Equation) -> tuple[Figure, Figure]:
    """The two sides of a sum. Their halves are the rounding that the form allows."""
    if equation.form == "points":
        left, right = (grid.total(keys, exact=True) for keys in (equation.left, equation.right))
    else:
        left, right = grid.total(equation.left), grid.total(equation.right)
    if equation.form == "same" and left.half == right.half:
        left, right = left._replace(half=0), right._replace(half=0)
    if equation.constant:
        right = right._replace(value=right.value + equation.constant * 10**grid.scale)
    return left, right


def holds(grid: Grid, equation: Equation) -> bool | None:
    """Whether the equation can be true for the figures as printed; None where it cannot be decided."""
    if equation.skipped:
        return None
    if equation.form not in {"ratio", "product"}:
        return closes(*sums(grid, equation))
    first = grid.get(equation.left[0])
    second, third = (grid.get(key) for key in equation.right)
    one: int = 10**grid.scale
    if equation.form == "product":
        # A whole number is a count: 3 pieces are not 2.5 to 3.5.
        halves = [0 if 2 * factor.half == one else factor.half for factor in (second, third)]
        corners = [
            (second.value + s * halves[0]) * (third.value + t * halves[1]) for s in (-1, 1) for t in (-1, 1)
        ]
        low, high = min(corners), max(corners)
        return low <= (first.value + first.half) * one and (first.value - first.half) * one <= high
    first = first._replace(value=first.value - equation.constant * one)
    if first.value == second.value == third.value == 0:
        return True  # nothing of nothing, printed as nothing
    bottom, top = third.value - third.half, third.value + third.half
    if bottom <= 0 <= top:
        return None
    # first · third = scale · second, over the corners of third: exact without a division.
    ends = (
        (second.value - second.half) * equation.scale * one,
        (second.value + second.half) * equation.scale * one,
    )
    products = [(first.value + s * first.half) * whole for s in (-1, 1) for whole in (bottom, top)]
    return min(products) <= ends[1] and ends[0] <= max(products)
