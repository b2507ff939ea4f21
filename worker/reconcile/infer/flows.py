"""Balances: from row to row, between debit and credit, between assets and what is owed for them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise, permutations
from math import log2
from typing import NamedTuple

from schemas import vocabulary
from worker.reconcile.equation import Equation
from worker.reconcile.grid import Key
from worker.reconcile.infer.axis import Axis, Weight
from worker.reconcile.infer.claims import MISS, Claim

_NAMED, _UNNAMED = 6.0, -8.0
_EQUAL, _SIDES = 12.0, 5.0
_SAMPLE = 16
_MOST_LINES = 12
_BALANCE = re.compile(r"balance|saldo|solde|остаток|余额|結存|结存|残高|结余|잔액|stand$")
_ASSETS, _CLAIMS = vocabulary.ASSETS.pattern, vocabulary.CLAIMS.pattern
_DEBIT, _CREDIT = vocabulary.DEBIT.pattern, vocabulary.CREDIT.pattern


class Running(NamedTuple):
    """A column whose figure is that of the row before, plus what comes in, less what goes out.

    `step` is -1 where the earlier row stands below the later one.
    """

    balance: int
    flows: tuple[tuple[int, int], ...]
    step: int
    weight: Weight = Weight(0, 0, 0.0)


def running(axis: Axis) -> Running | None:
    """The running balance of a table, if it has one. `axis` is that of the columns."""
    lines = axis.additive
    if not 2 <= len(lines) <= _MOST_LINES:
        return None
    best, most = None, 0.0
    tried = 2 * len(lines) * (len(lines) - 1) ** 2
    for balance in lines:
        steps = {step: _steps(axis, balance, step) for step in (1, -1)}
        others = [line for line in lines if line != balance]
        flows = [((a, 1),) for a in others] + [((a, 1), (b, -1)) for a, b in permutations(others, 2)]
        named = _BALANCE.search(axis.marks[balance].words)
        for option in (Running(balance, flow, step) for flow in flows for step in steps):
            first = _weigh(axis, option, steps[option.step][:_SAMPLE])
            if first.holds < 2 or first.fails > 0.34 * (first.holds + first.fails):
                continue
            weight = _weigh(axis, option, steps[option.step])
            score = (_NAMED if named else _UNNAMED) - log2(tried) + weight.bits - MISS * weight.fails
            if score > most:
                best, most = option._replace(weight=weight), score
    return best


def _steps(axis: Axis, balance: int, step: int) -> list[tuple[int, int]]:
    """(row before, row) as places, over the rows with a balance."""
    cells = axis.cells[balance]
    rows = [place for place, cell in enumerate(cells) if cell is not None and place not in axis.sums]
    return list(pairwise(rows[::step]))


def _weigh(axis: Axis, option: Running, instances: Sequence[tuple[int, int]]) -> Weight:
    holds, fails, bits = 0, 0, 0.0
    for before, place in instances:
        if all(axis.cells[line][place] is None for line, _ in option.flows):
            continue
        start, end = axis.cells[option.balance][before], axis.cells[option.balance][place]
        if start is None or end is None:
            continue
        moved = [(cell, sign) for line, sign in option.flows if (cell := axis.cells[line][place]) is not None]
        change = sum(cell.value * sign for cell, sign in moved)
        miss = end.value - start.value - change
        slack = start.half + end.half + sum(cell.half for cell, _ in moved)
        if abs(miss) > slack:
            fails += 1
            continue
        holds += 1
        if change:
            bits += axis.bits(place, option.balance, miss, slack, max(abs(end.value), abs(start.value)))
    return Weight(holds, fails, bits)


def running_equations(axis: Axis, option: Running, rule: str) -> Iterator[Equation]:
    """In every row: balance before + in = balance + out."""
    weight = option.weight
    note = f"inferred: holds in {weight.holds} of {weight.holds + weight.fails} rows"
    for before, place in _steps(axis, option.balance, option.step):
        if all(axis.cells[line][place] is None for line, _ in option.flows):
            continue
        left: list[Key] = [axis.key(option.balance, place)]
        right: list[Key] = [axis.key(option.balance, before)]
        for line, sign in option.flows:
            (right if sign > 0 else left).append(axis.key(line, place))
        yield Equation(rule, "row", tuple(left), tuple(right), note=note)


def sides(axis: Axis) -> Iterator[Claim]:
    """Total assets = total liabilities and equity. `axis` is that of the rows."""
    assets = [line for line in axis.additive if _ASSETS.search(axis.marks[line].words) and axis.filled(line)]
    claims = [line for line in axis.additive if _CLAIMS.search(axis.marks[line].words) and axis.filled(line)]
    assets = [line for line in assets if line not in claims]
    places = range(len(axis.places))
    for claim in claims:
        before = [line for line in assets if line < claim] or assets
        if before:
            parts = ((before[-1], 1),)
            yield Claim(claim, parts, "balance", _EQUAL, axis.weigh(claim, parts, places))


def accounts(axis: Axis) -> Iterator[Claim]:
    """Opening + movement = closing over three pairs of debit and credit. `axis` is that of the columns."""
    pairs = _pairs(axis)
    if len(pairs) != 3:
        return
    (a, b), (c, d), (e, f) = pairs
    for total, other, signs in ((e, f, (1, -1, 1, -1)), (f, e, (-1, 1, -1, 1))):
        parts = ((other, 1), *zip((a, b, c, d), signs, strict=True))
        yield Claim(total, parts, "balance", _SIDES, axis.weigh(total, parts, range(len(axis.places))))


def equal_sides(axis: Axis) -> Iterator[tuple[Key, Key]]:
    """(debit, credit) cells of total rows, which are equal in a trial balance."""
    for debit, credit in _pairs(axis):
        for place in sorted(axis.sums):
            keys = axis.key(debit, place), axis.key(credit, place)
            if all(key in axis.grid.figures for key in keys):
                yield keys


def _pairs(axis: Axis) -> list[tuple[int, int]]:
    lines = axis.additive
    return [
        (a, b)
        for a, b in pairwise(lines)
        if _DEBIT.search(axis.marks[a].words) and _CREDIT.search(axis.marks[b].words)
    ]
