"""What labels tell, and what rows and columns are by their labels and by how they are printed."""

from __future__ import annotations

import re
from collections import Counter
from typing import Literal, NamedTuple

from schemas import vocabulary
from schemas.text import canonical_name, fold, normalise, squeeze
from worker.memory import remembered
from worker.reconcile.grid import Grid

Role = Literal["item", "subtotal", "total", "grand", "result"]
SUMS: frozenset[Role] = frozenset({"subtotal", "total", "grand"})
"""The roles of lines whose label says that they add up others."""

_IDEOGRAPH = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
# Ordinals before alphabetic labels: a) I. 2. 1.2
_ORDINAL = re.compile(r"^\(?(?:[a-z]|[ivx]{1,5}|\d{1,2}(?:\.\d{1,2})*)[.)]\s+|^\d+(?:\.\d+)+\s+")
_ASIDE = re.compile(r"\s*[(（][^()（）]{0,12}[)）]\s*$|\s*[:：]\s*$")
_ROLES: tuple[tuple[Role, re.Pattern[str]], ...] = (
    ("subtotal", vocabulary.SUBTOTAL.pattern),
    ("grand", vocabulary.GRAND.pattern),
    ("total", vocabulary.TOTAL.pattern),
    ("result", vocabulary.RESULT.pattern),
)
_LESS, _PLUS, _COST = (w.pattern for w in (vocabulary.LESS, vocabulary.PLUS, vocabulary.COST))
_OF_WHICH, _PERCENT, _RATE, _PRICE, _AVERAGE = (
    w.pattern
    for w in (
        vocabulary.OF_WHICH,
        vocabulary.PERCENT,
        vocabulary.RATE,
        vocabulary.PRICE,
        vocabulary.AVERAGE,
    )
)
_BRACKETS = str.maketrans("()", "  ")
_PERCENT_SIGNS = ("%", "\uff05")


class Marks(NamedTuple):
    """What a label tells: its words, what the line is, the sign that it takes (0: none told), 'of which'.

    `cost` tells that what it names is usually taken away, `stem` are the words without those that mark a total.
    """

    words: str
    role: Role
    sign: int
    of_which: bool
    cost: bool
    stem: str


@remembered(1024)
def marks(label: str) -> Marks:
    """What a label as printed tells."""
    text = _reading(label)
    words = _without_ordinal(text)
    bare = _ASIDE.sub("", words)
    role: Role = next((role for role, pattern in _ROLES if pattern.search(bare)), "item")
    stem = bare
    for _, pattern in _ROLES[:3]:
        stem = pattern.sub(" ", stem)
    return Marks(
        words=words,
        role=role,
        sign=-1 if _LESS.search(words) else 1 if _PLUS.search(words) else 0,
        of_which=bool(_OF_WHICH.search(_ORDINAL.sub("", text))),
        cost=bool(_COST.search(bare)),
        stem=fold(stem.strip(" ,:-")),
    )


def _reading(label: str) -> str:
    """A label as it is compared: reading form, case-folded; ideographs without white space."""
    text = normalise(label).casefold()
    return squeeze(text) if _IDEOGRAPH.search(text) else fold(text)


def _without_ordinal(text: str) -> str:
    if not _IDEOGRAPH.search(text):
        return _ORDINAL.sub("", text)
    # The words for plus and minus count as ordinals of a name, and are wanted here.
    sign = _LESS.search(text) or _PLUS.search(text)
    return text if sign else canonical_name(text)


class Labels:
    """The labels of a table and what they make of its rows and columns; every mapping by row or column key.

    `percent_columns` and `percent_rows` hold shares and rates, `averages` and `prices` are columns that add up
    to nothing, `grain` is the step in which nearly all figures of a column are printed.
    """

    def __init__(self, grid: Grid) -> None:
        self.grid = grid
        self.columns = {c: grid.table.headers.get(c, "") or c for c in grid.columns}
        self.rows = [row.label.text if row.label else row.name for row in grid.rows]
        self.row_marks = [marks(label) for label in self.rows]
        self.column_marks = {column: marks(label) for column, label in self.columns.items()}
        read = {column: _reading(label) for column, label in self.columns.items()}
        self.averages = {column for column, text in read.items() if _AVERAGE.search(text)}
        self.prices = {column for column, text in read.items() if _PRICE.search(text)}
        figures, signs = Counter[str](), Counter[str]()
        self.percent_rows = {i for i, label in enumerate(self.rows) if is_percent(label)}
        for index, row in enumerate(grid.rows):
            own = [(c, cell.text.rstrip()) for c, cell in row.cells() if cell.amount is not None]
            shares = [column for column, text in own if text.endswith(_PERCENT_SIGNS)]
            figures.update(column for column, _ in own)
            signs.update(shares)
            if shares and len(shares) == len(own):
                self.percent_rows.add(index)
        self.percent_columns = {
            column
            for column, text in read.items()
            if is_percent(text) or _RATE.search(text) or signs[column] * 2 > figures[column]
        }
        if len(self.percent_columns) == len(self.columns):
            self.percent_rows.clear()
        self.grain = _grain(grid)


def is_percent(label: str) -> bool:
    """Whether a label names percentages; a rate in it ("VAT 20%") makes it none."""
    return bool(_PERCENT.search(_reading(label).translate(_BRACKETS)))


def _grain(grid: Grid) -> dict[str, int]:
    """Column → the step in which nearly all its figures are printed: thousands, or one of the last digit."""
    found = {}
    values: dict[str, list[int]] = {}
    for (_, column), figure in grid.figures.items():
        if figure.value:
            values.setdefault(column, []).append(figure.value)
    for column in grid.columns:
        own, step = values.get(column, []), 1
        while own and sum(value % (step * 10) == 0 for value in own) >= 0.9 * len(own):
            step *= 10
        found[column] = step
    return found
