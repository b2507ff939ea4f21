"""Which piece of a row stands in which column, where tabs are lost, merged or shifted.

A row's pieces keep the order of the columns but not their places. The alignment with the best fit is found by
dynamic programming: what a piece looks like counts most, its place next, a column left blank costs what a
blank there is unusual.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from worker.readers.layout.performance_words import Token


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a header: its role, printed header, position among the fields (-1: unknown), side-by-side block."""

    role: str
    header: str
    place: int
    block: int = 0


_NEVER = -9.0
# Column role → how well a piece of each shape fits; "" is any other shape.
_FIT: dict[str, dict[str, float]] = {
    "side": {"level2": -1, "text": -2, "": _NEVER},
    "level1": {
        "level1": 4,
        "bare1": 1.5,
        "bare2": -1,
        "level2": -0.5,
        "text": -2,
        "sentence": -5,
        "": _NEVER,
    },
    "level2": {"level2": 4, "level1": 3.5, "bare2": 2, "bare1": 1, "text": -1.5, "sentence": -3, "": _NEVER},
    "level3": {
        "text": 2,
        "sentence": 1.5,
        "bare2": 1,
        "bare1": 0.5,
        "level2": -0.5,
        "level1": -2,
        "quantity": -2.5,
        "number": -5,
        "": -6,
    },
    "target": {
        "compared": 4,
        "quantity": 2.5,
        "number": 0.5,
        "text": 0.5,
        "sentence": 0,
        "sign": -1,
        "dash": -1,
        "": -5,
    },
    "actual": {
        "quantity": 2.5,
        "compared": 1.5,
        "number": 0.5,
        "text": 0.5,
        "sentence": 0,
        "dash": 0,
        "": -5,
    },
    "weight": {"number": 3, "dash": -0.5, "": _NEVER},
    "score": {"number": 3, "dash": 0.5, "": _NEVER},
    "check": {"number": 0.5, "dash": 0, "": _NEVER},
    "reason": {
        "text": 0.5,
        "sentence": 2,
        "dash": 0.5,
        "level1": -4,
        "level2": -4,
        "quantity": -1,
        "compared": -2,
        "": -5,
    },
    "stage": {"compared": 3, "quantity": 2, "number": 0, "text": 0, "dash": 0, "sentence": 0, "": -5},
    "sign": {"sign": 4, "text": -2, "": -6},
    "measure": {"text": 1, "": -4, "dash": 0},
    "text": {"text": 0.5, "sentence": 1, "": -1},
    # fund columns
    "budget_initial": {"number": 2, "dash": 0, "": _NEVER},
    "budget_adjusted": {"number": 2, "dash": 0, "": _NEVER},
    "executed": {"number": 2, "dash": 0, "": _NEVER},
    "rate_percent": {"number": 2, "dash": 0.5, "": _NEVER},
    "amount": {"number": 2, "dash": 0, "": _NEVER},
}
_BLANK = {"level2": 0.3, "level3": 3.0, "target": 2.0, "actual": 1.5, "weight": 2.0, "score": 1.0}
_LEFT_OVER = 7.0


def fit(column: Column, token: Token) -> float:
    """How well a piece fits a column by its looks; 3 or more is evidence, below -5 is all but impossible."""
    table = _FIT[column.role]
    value = table.get(token.shape, table[""])
    percent = token.word.endswith("%")
    if token.shape == "number" and percent:
        if column.role in ("weight", "score"):
            return -2.5
        if column.role in ("target", "actual", "stage"):
            return 2.5
        if column.role == "rate_percent":
            return 4.0
        if column.role in ("budget_initial", "budget_adjusted", "executed", "amount"):
            return _NEVER
    return value


def align(tokens: Sequence[Token], columns: Sequence[Column]) -> tuple[dict[int, int], float]:
    """The best alignment: piece index → column index for those that found one, and its score.

    Gaps between places count, not places: a row that lost its first cells is shifted as a whole.
    """
    n, m = len(tokens), len(columns)
    if not n or not m:
        return {}, 0.0
    skip = [0.0]
    for column in columns:
        skip.append(skip[-1] + _BLANK.get(column.role, 0.0))
    best: list[list[tuple[float, int, int]]] = [[(float("-inf"), -1, -1)] * m for _ in range(n)]
    for i in range(n):
        for j in range(m):
            here = fit(columns[j], tokens[i])
            if here <= _NEVER:
                continue
            if _placed(tokens[i], columns[j]):
                shift = abs(tokens[i].column - columns[j].place)
                here += 0.0 if shift else 0.5
            else:
                shift = 0
            found = (here - skip[j] - _LEFT_OVER * i - 0.2 * min(shift, 4), -1, -1)
            for back in range(max(0, i - 2), i):
                for k in range(j):
                    before = best[back][k][0]
                    if before == float("-inf"):
                        continue
                    score = before + here - (skip[j] - skip[k + 1]) - _LEFT_OVER * (i - back - 1)
                    score -= 0.35 * _gap(tokens[back], tokens[i], columns[k], columns[j])
                    if score > found[0]:
                        found = (score, back, k)
            best[i][j] = found
    top, where = float("-inf"), (-1, -1)
    for i in range(n):
        for j in range(m):
            score = best[i][j][0] - (skip[m] - skip[j + 1]) - _LEFT_OVER * (n - 1 - i)
            if score > top:
                top, where = score, (i, j)
    found_map: dict[int, int] = {}
    while where[0] >= 0:
        found_map[where[0]] = where[1]
        where = best[where[0]][where[1]][1:]
    return found_map, top


def _placed(token: Token, column: Column) -> bool:
    return token.column >= 0 and column.place >= 0


def _gap(left: Token, right: Token, first: Column, second: Column) -> int:
    if not (_placed(left, first) and _placed(right, second)):
        return 0
    return min(4, abs((right.column - left.column) - (second.place - first.place)))
