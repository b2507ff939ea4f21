"""Shares, rates, growth and products: one line of figures as a quotient or product of others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations, permutations
from math import log2
from typing import Literal, NamedTuple

from worker.reconcile.equation import Equation, holds
from worker.reconcile.grid import Grid, Key
from worker.reconcile.infer.axis import MOST_BITS, Axis, Weight
from worker.reconcile.infer.claims import MISS

Kind = Literal["share", "ratio", "growth", "product", "average"]

_NAMED = 4.0
_UNNAMED = -8.0
# Growth is read from the change where that is printed too.
_CHANGE = 5.0
# Lines among which quotients are sought, and places at which they are tried first.
_MOST_LINES = 60
_SAMPLE = 12
_SELDOM = 0.4


class Quotient(NamedTuple):
    """Line `first` of line `second` and line `third`; a share is of `second` at the place `whole`."""

    kind: Kind
    first: int
    second: int
    third: int
    whole: int = -1
    weight: Weight = Weight(0, 0, 0.0)
    score: float = 0.0


def quotients(axis: Axis) -> Iterator[Quotient]:
    """For every line of percentages or averages the quotient that it is, if the figures bear one out."""
    lines = [line for line in axis.additive if axis.filled(line)]
    averages = [line for line in range(len(axis.lines)) if axis.lines[line] in axis.labels.averages]
    if len(lines) > _MOST_LINES:
        return
    for line in (*sorted(axis.percent), *averages):
        places = [p for p, cell in enumerate(axis.cells[line]) if cell is not None and cell.value]
        options: Iterable[Quotient] = (Quotient("average", line, a, b) for a, b in permutations(lines, 2))
        if line in axis.percent:
            options = _options(axis, line, lines, places)
        best = _best(axis, options, places, _NAMED)
        if best:
            yield best


def products(axis: Axis) -> Iterator[Quotient]:
    """Columns that are the product of two others, such as quantity × price."""
    lines = [line for line in range(len(axis.lines)) if axis.filled(line) and line not in axis.percent]
    if len(lines) > _MOST_LINES // 3:
        return
    priced = any(line not in axis.additive for line in lines)
    for line in lines:
        if line not in axis.additive:
            continue
        places = [p for p, cell in enumerate(axis.cells[line]) if cell is not None and cell.value]
        others = [other for other in lines if other != line]
        options = [Quotient("product", line, a, b) for a, b in combinations(others, 2)]
        best = _best(axis, options, places, _NAMED if priced else _UNNAMED)
        if best:
            yield best


def _options(axis: Axis, line: int, lines: Sequence[int], places: Sequence[int]) -> Iterator[Quotient]:
    hundred = [p for p in places if (cell := axis.cells[line][p]) and cell.value == 100 * 10**axis.grid.scale]
    totals = sorted(axis.sums)
    wholes = dict.fromkeys([*hundred[:4], *totals[:4]] if len(hundred) < len(places) else totals[:4])
    for whole in wholes:
        yield from (Quotient("share", line, a, a, whole) for a in lines)
    for a, b in permutations(lines, 2):
        yield Quotient("ratio", line, a, b)
        yield Quotient("growth", line, a, b)


def _best(axis: Axis, options: Iterable[Quotient], places: Sequence[int], prior: float) -> Quotient | None:
    found: list[Quotient] = []
    tried = list(options)
    cost = log2(len(tried)) if tried else 0.0
    sample = places[:: max(1, len(places) // _SAMPLE)]
    for option in tried:
        weight = weigh(axis, option, sample)
        if weight.holds and (weight.fails == 1 or weight.fails <= _SELDOM * weight.holds):
            full = weigh(axis, option, range(len(axis.places)))
            told = prior - cost - (_CHANGE if option.kind == "growth" else 0.0)
            score = told + full.bits - MISS * full.fails
            if score > 0 and (full.fails <= 1 or full.fails <= 0.34 * (full.holds + full.fails)):
                found.append(option._replace(weight=full, score=score))
    return max(found, key=lambda option: option.score, default=None)


def keys_of(axis: Axis, option: Quotient, place: int) -> tuple[Key, Key, Key]:
    """The three cells of a quotient at a place."""
    third = place if option.whole < 0 else option.whole
    return axis.key(option.first, place), axis.key(option.second, place), axis.key(option.third, third)


def equation_of(axis: Axis, option: Quotient, place: int, rule: str, note: str = "") -> Equation | None:
    """The equation of a quotient at a place; None where a figure is blank or a share is that of the whole itself."""
    first, second, third = keys_of(axis, option, place)
    figures = axis.grid.figures
    if second == third or not all(key in figures for key in (first, second, third)):
        return None
    if option.kind == "product":
        return Equation(rule, "row", (first,), (second, third), "product", note=note)
    if not figures[third].value and (figures[first].value or figures[second].value):
        return None
    constant = -100 if option.kind == "growth" else 0
    scale = 1 if option.kind == "average" else 100
    return Equation(rule, "ratio", (first,), (second, third), "ratio", scale, constant, note)


def weigh(axis: Axis, option: Quotient, places: Iterable[int]) -> Weight:
    """How often a quotient holds, and what that tells."""
    held, fails, bits = 0, 0, 0.0
    for place in places:
        equation = equation_of(axis, option, place, "")
        if equation is None:
            continue
        outcome = holds(axis.grid, equation)
        if outcome:
            held += 1
            bits += _bits(axis.grid, equation)
        elif outcome is False:
            fails += 1
    return Weight(held, fails, bits)


def _bits(grid: Grid, equation: Equation) -> float:
    """What it tells that a quotient is met: how much narrower its rounding is than the figure is large."""
    first, second, third = (grid.get(key) for key in (*equation.left, *equation.right))
    if not first.value or not second.value or not third.value:
        return 0.0
    relative = second.half / abs(second.value) + third.half / abs(third.value)
    if equation.form == "product":
        one = 10**grid.scale
        if one in (abs(second.value), abs(third.value)):
            return 0.0
        relative = sum(0 if 2 * f.half == one else f.half / abs(f.value) for f in (second, third))
    shift = abs(equation.constant) * 10**grid.scale
    slack = first.half + relative * (abs(first.value) + shift)
    return min(MOST_BITS, max(0.0, log2(abs(first.value) / (2 * slack)))) if slack else MOST_BITS
