"""What the columns of figures are from left to right, as far as the words of a head tell that stands in no columns."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import takewhile

from prompts.fields import APART, figures_of, lines_of
from prompts.wire.base import Shape
from prompts.wire.notation import letter_of
from schemas.heads import TOTAL_WORD, printed_columns, row_named
from schemas.rules import NamedSum, Rule
from schemas.text import squeeze

MOST_HEADS = 12
"""So many lines over the figures may be heads; hostile input may have any number."""
STAGES = ("budget", "final")
"""Columns of a final account alone: what was planned, and what came of it."""
_FIGURE = re.compile(r"-?\d[\d,.]*")
_SEPARATORS = re.compile("[, ]")
_NO_HEAD = re.compile(r".*[:表]|.*\d.*")
"""A title, a unit, the number of a form."""


def orders_of(texts: Sequence[str], shape: Shape, *, final: bool) -> list[list[str]]:
    """What an answer calls the columns of figures, from left to right, if they are as many: those that heads name, all
    that the form may have, and without heads those of an official form of final accounts. None of a form with sides,
    whose lines hold cells of both."""
    letters = {key: letter_of(at) for at, key in enumerate(shape.columns)}
    if shape.sides:
        return []
    if keys := shape.keys(None):
        return list(_of_rows(texts, shape, keys, letters, final=final))
    infos = shape.row.column_infos()
    money = [key for key, info in infos.items() if not info.text]
    named = printed_columns([word for words in _heads(texts) for word in words], infos)
    official = shape.table.orders if final and not named else ()
    return [[letters[key] for key in keys] for keys in (named, money, *official) if len(keys) > 1]


def _heads(texts: Sequence[str]) -> list[list[str]]:
    """The words of the last lines before the first that prints a figure of its own."""
    lines = [APART.sub(r"\1", line).split() for text in texts for line in lines_of(text)]
    heads = list(takewhile(lambda words: not any(map(_FIGURE.fullmatch, words)), lines))[-MOST_HEADS:]
    return [[text for word in words if not _NO_HEAD.fullmatch(text := squeeze(word))] for words in heads]


def _of_rows(
    texts: Sequence[str], shape: Shape, keys: Mapping[str, str], letters: Mapping[str, str], *, final: bool
) -> Iterator[list[str]]:
    """Columns that are rows of the table, in the one order of official forms that no line of heads contradicts, or of
    several of a length in the one whose sums hold; in a final account also twice, first as they were planned."""
    named = [
        [row_named(word, keys) for word in words if not TOTAL_WORD.match(word)] for words in _heads(texts)
    ]
    lines = [list(dict.fromkeys(filter(None, line))) for line in named]
    fit = [
        order
        for order in shape.table.orders
        if all([key for key in order if key in line] == line for line in lines)
    ]
    rows = [figures_of(line) for text in texts for line in lines_of(text)]
    for size in sorted(set(map(len, fit))):
        alike = [order for order in fit if len(order) == size]
        if len(alike) > 1:
            alike = [order for order in alike if all(_adds_up(row, order, shape.table.rules) for row in rows)]
        if len(alike) == 1:
            for stages in (STAGES[1:], STAGES) if final else (("amount",),):
                yield [f"{key}.{letters[stage]}" for stage in stages for key in alike[0]]


def _adds_up(figures: Sequence[str], order: Sequence[str], rules: Iterable[Rule]) -> bool:
    """Whether the sums of named rows hold between the figures of a line, if it prints them once or several times."""
    if len(figures) % len(order):
        return True
    amounts = [Decimal(_SEPARATORS.sub("", text) if text.strip("-—") else 0) for text in figures]
    for at in range(0, len(amounts), len(order)):
        rows = dict(zip(order, amounts[at:], strict=False))
        for rule in rules:
            if not isinstance(rule, NamedSum) or not (target := _matching((rule.target,), rows)):
                continue
            if sum(target) != sum(_matching(rule.parts, rows)):
                return False
    return True


def _matching(patterns: Iterable[str], rows: Mapping[str, Decimal]) -> list[Decimal]:
    return [rows[key] for pattern in patterns for key in rows if re.fullmatch(pattern, key)]
