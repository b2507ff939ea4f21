"""TEDS against the definition of the tree edit distance, node by node."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import Levenshtein

from evals.metrics.grits import Grid
from evals.metrics.teds import similarity

# A tree is its label and its children; a forest is trees.
Tree = tuple[str, tuple["Tree", ...]]
Forest = tuple[Tree, ...]


def tree(grid: Grid) -> Tree:
    return "table", tuple(("row", tuple((f"cell {text}", ()) for text in row)) for row in grid)


def size(forest: Forest) -> int:
    return sum(1 + size(children) for _, children in forest)


def change(one: str, other: str) -> float:
    if one.startswith("cell ") and other.startswith("cell "):
        return Levenshtein.normalized_distance(one[5:], other[5:])
    return float(one != other)


@cache
def distance(one: Forest, other: Forest) -> float:
    """The recursion of Zhang and Shasha (1989) on the last tree of each forest, in no haste."""
    if not (one and other):
        return float(size(one) + size(other))
    (label, children), (name, others) = one[-1], other[-1]
    return min(
        distance(one[:-1] + children, other) + 1,
        distance(one, other[:-1] + others) + 1,
        distance(one[:-1], other[:-1]) + distance(children, others) + change(label, name),
    )


def defined(left: Grid, right: Grid) -> float:
    one, other = (tree(left),), (tree(right),)
    return 1 - distance(one, other) / max(size(one), size(other))


def grids(width: int) -> st.SearchStrategy[Grid]:
    row = st.lists(st.sampled_from(["", "1", "12", "12.50", "合计"]), min_size=width, max_size=width)
    return st.lists(row, max_size=3)


@given(st.integers(1, 3).flatmap(grids), st.integers(1, 3).flatmap(grids))
def test_it_is_the_tree_edit_distance(left: Grid, right: Grid) -> None:
    assert similarity(left, right) == pytest.approx(defined(left, right))
    assert similarity(left, right) == pytest.approx(similarity(right, left))


def test_a_lost_row_and_a_changed_digit() -> None:
    rows = [["合计", "12.50"], ["甲", "10.00"], ["乙", "2.50"]]
    assert similarity(rows, rows) == 1.0
    assert similarity(rows, rows[:2]) == pytest.approx(1 - 3 / 10)
    assert similarity(rows, [["合计", "12.50"], ["甲", "10.01"], ["乙", "2.50"]]) == pytest.approx(
        1 - 0.2 / 10
    )
    assert similarity(rows, []) == pytest.approx(1 - 9 / 10)
