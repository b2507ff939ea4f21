"""A draft: a synthetic document before it is printed, with its gold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from evals.cases import GoldTable, Planted
from evals.paper import Paper
from evals.synthetic import department, general, style
from evals.synthetic.dice import Dice
from evals.synthetic.large import long_table

FAMILIES = (*style.FAMILIES, *general.FAMILIES)
"""The families of documents, as `draft` takes them in turn."""


class Draft(NamedTuple):
    """A document to be printed: its id, file name, issuing body, family, paper and gold, and what was planted."""

    id: str
    name: str
    body: str
    family: str
    paper: Paper
    gold: tuple[GoldTable, ...]
    planted: tuple[Planted, ...] = ()


def draft(seed: int, index: int, family: str | None = None) -> Draft:
    """The document `index` of a seed, of the family that is its turn if none is given."""
    family = family or FAMILIES[index % len(FAMILIES)]
    dice = Dice("draft", seed, index, family)
    name = f"{family}-{seed}-{index:05d}"
    if family in style.FAMILIES:
        book = department.compile_book(family, dice)
        paper, gold = book.finish()
        return Draft(name, f"{name}.txt", book.books.body.name, family, paper, gold)
    body, paper, gold = general.compose(family, dice)
    return Draft(name, f"{name}.txt", body, family, paper, gold)


def drafts(seed: int, count: int) -> Iterator[Draft]:
    """`count` documents of all families in turn."""
    return (draft(seed, index) for index in range(count))


def large_draft(seed: int, rows: int) -> Draft:
    """One table of expenditure by function with so many rows (4 to 20,000) and eight columns.

    Raises ValueError for more or fewer rows.
    """
    body, paper, gold = long_table(Dice("large", seed, rows), rows)
    name = f"large-{seed}-{rows}"
    return Draft(name, f"{name}.txt", body, "large", paper, gold)
