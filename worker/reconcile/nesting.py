"""Which row contains which: by code where codes are printed, by arithmetic and order where they are not."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice

Vector = tuple[tuple[int, int], ...]
"""(value, half-width) of a row in each additive column."""

# A row that sums more rows than this is taken for a mistake of the search; a search longer than this is cut.
_MOST_PARTS = 600
_MOST_STEPS = 300
_DEEPEST = 150
# A sum that misses in one column counts as a sum where this many others agree.
_ENOUGH = 2


@dataclass(slots=True)
class Node:
    """A row with the rows that it contains."""

    row: int
    code: str
    vector: Vector
    children: tuple[Node, ...] = ()


@dataclass(slots=True)
class Forest:
    """`children` by row (only rows that contain others), and the rows that no other row contains."""

    children: dict[int, list[int]] = field(default_factory=dict)
    top: list[int] = field(default_factory=list)
    inferred: set[int] = field(default_factory=set)


Chain = tuple[Node, "Chain"] | None
"""Nodes to the right of a row, in printed order; shared between branches of a search."""
Goal = Callable[[Chain, int, bool], bool]
"""Whether a nesting is right: with so many columns amiss at most, all rows or only some having found a place."""


def is_below(code: str, parent: str) -> bool:
    """Whether `code` stands below `parent`: 2010301 below 201 and 20103, 1.2 below 1."""
    if not parent or code == parent or not code.startswith(parent):
        return False
    if code.isdigit() and parent.isdigit():
        return len(parent) >= 3
    return not code[len(parent)].isalnum()


def clean_code(code: str | None) -> str:
    """A code as it is compared: without white space."""
    return re.sub(r"\s", "", code or "")


def by_code(rows: Sequence[int], codes: Sequence[str]) -> Forest:
    """The forest of rows that all have a code, in any order; a repeated code belongs to the nearest row above."""
    forest = Forest()
    seen: dict[str, list[int]] = {}
    for row, code in zip(rows, codes, strict=True):
        seen.setdefault(code, []).append(row)
    for row, code in zip(rows, codes, strict=True):
        parents = _prefix_rows(code, seen)
        if not parents:
            forest.top.append(row)
            continue
        before = [parent for parent in parents if parent < row]
        forest.children.setdefault(before[-1] if before else parents[0], []).append(row)
    return forest


def _prefix_rows(code: str, seen: dict[str, list[int]]) -> list[int]:
    for end in range(len(code) - 1, 0, -1):
        rows = seen.get(code[:end])
        if rows and is_below(code, code[:end]):
            return rows
    return []


def by_order(
    rows: Sequence[int], codes: Sequence[str], vectors: Sequence[Vector], goals: Sequence[Vector]
) -> Forest:
    """The forest of rows of which some have no code.

    A row without a code contains the rows after it that sum to it in every column; what is ambiguous is
    settled by the coded row above or by the total (`goals`). Where that fails, sums that miss in one column
    only are taken as well, so that the miss is reported. Rows that fit nowhere stay outside.
    """
    return _Search(goals, single=bool(goals) or any(codes)).run(rows, codes, vectors)


class _Search:
    """The search for a nesting, from the last row to the first."""

    def __init__(self, goals: Sequence[Vector], *, single: bool) -> None:
        self.goals = goals
        self.single = single
        self.forest = Forest()

    def run(self, rows: Sequence[int], codes: Sequence[str], vectors: Sequence[Vector]) -> Forest:
        chain: Chain = None
        end = len(rows)
        while end:
            start = end - 1
            while start and not codes[start]:
                start -= 1
            first = start + 1 if codes[start] else start
            gap = [Node(rows[i], "", vectors[i]) for i in range(first, end)]
            if codes[start]:
                node = Node(rows[start], codes[start], vectors[start])
                chain = self._settle(gap, chain, partial(_fits, node))
                chain = self._own(node, chain)
            else:
                chain = self._settle(gap, chain, partial(_adds_up, self.goals))
            end = start
        self.forest.top.extend(node.row for node in _walk(chain))
        return self.forest

    def _settle(self, gap: list[Node], chain: Chain, goal: Goal) -> Chain:
        """The first way of nesting the gap's rows that reaches the goal, else the first way of all."""
        if not gap:
            return chain
        # First all rows without a miss, then all with one miss, then as many as fit.
        tries = (
            [(0, True), (1, True), (0, False)] if len(gap[0].vector) > _ENOUGH else [(0, True), (0, False)]
        )
        found = (way for slack, whole in tries for way in self._reaching(gap, chain, goal, slack, whole))
        result = next(found, None)
        if result is None:
            result = self._first_way(gap, chain)
        fresh = {node.row for node in gap}
        stack = []
        for node in _walk(result):
            if node.row not in fresh:
                break
            stack.append(node)
        while stack:
            node = stack.pop()
            if node.children:
                self.forest.children[node.row] = [child.row for child in node.children]
                self.forest.inferred.add(node.row)
                stack.extend(child for child in node.children if child.row in fresh)
        return result

    def _reaching(
        self, gap: list[Node], chain: Chain, goal: Goal, slack: int, whole: bool
    ) -> Iterator[Chain]:
        if len(gap) > _DEEPEST:
            return
        for way in islice(self._ways(gap, len(gap), chain, slack), _MOST_STEPS):
            if goal(way, slack, whole):
                yield way

    def _ways(self, gap: list[Node], end: int, chain: Chain, slack: int) -> Iterator[Chain]:
        """All ways to nest gap[:end] on top of a chain, the likeliest first."""
        if end == 0:
            yield chain
            return
        for option in self._options(gap[end - 1], chain, slack):
            yield from self._ways(gap, end - 1, option, slack)

    def _first_way(self, gap: list[Node], chain: Chain) -> Chain:
        for node in reversed(gap):
            chain = next(self._options(node, chain, 0))
        return chain

    def _options(self, node: Node, chain: Chain, slack: int) -> Iterator[Chain]:
        """The node taking a run of the chain that sums to it, or standing alone."""
        if any(value for value, _ in node.vector):
            for count, rest in _runs(node.vector, chain, slack):
                taken = tuple(islice(_walk(chain), count))
                if count > 1 or self.single or taken[0].children:
                    yield Node(node.row, "", node.vector, taken), rest
        yield node, chain

    def _own(self, node: Node, chain: Chain) -> Chain:
        """Put a coded row on the chain with the rows that it contains.

        Where no nesting fits, it contains the coded rows below it, and rows without a code between them
        belong to nothing.
        """
        block, rest = _block(node, chain)
        count = _take(node, chain, 0) or _take(node, chain, 1)
        if count:
            children, after = block[:count], block[count:]
        else:
            last = max((i for i, child in enumerate(block) if _coded(child)), default=-1)
            children, after = [child for child in block[: last + 1] if _coded(child)], block[last + 1 :]
        for left in reversed(after):
            rest = left, rest
        if children:
            self.forest.children[node.row] = [child.row for child in children]
        return Node(node.row, node.code, node.vector, tuple(children)), rest


def _walk(chain: Chain) -> Iterator[Node]:
    while chain:
        yield chain[0]
        chain = chain[1]


def _runs(target: Vector, chain: Chain, slack: int) -> Iterator[tuple[int, Chain]]:
    """Lengths of leading runs whose sum equals the target in every column, with what is left of the chain.

    With `slack`, runs that miss in that many columns.
    """
    sums = [(0, 0)] * len(target)
    positive = all(value >= 0 for value, _ in target)
    for count in range(1, _MOST_PARTS):
        if chain is None:
            return
        node, chain = chain
        sums = [(s + v, e + h) for (s, e), (v, h) in zip(sums, node.vector, strict=True)]
        if same(sums, target, slack):
            if any(value for value, _ in node.vector):
                yield count, chain
        elif positive and sum(s - e > t + h for (s, e), (t, h) in zip(sums, target, strict=True)) > slack:
            return


def same(left: Sequence[tuple[int, int]], right: Sequence[tuple[int, int]], slack: int = 0) -> bool:
    """Whether two rows can be equal in all columns, or in all but `slack` while two with figures agree."""
    misses = agree = 0
    for (a, e), (b, h) in zip(left, right, strict=True):
        if abs(a - b) > e + h:
            misses += 1
            if misses > slack:
                return False
        elif a:
            agree += 1
    return not misses or agree >= _ENOUGH


def add_up(vectors: Sequence[Vector], width: int) -> Vector:
    """The sum of rows, column by column."""
    sums = [(0, 0)] * width
    for vector in vectors:
        sums = [(s + v, e + h) for (s, e), (v, h) in zip(sums, vector, strict=True)]
    return tuple(sums)


def _adds_up(goals: Sequence[Vector], chain: Chain, slack: int, whole: bool) -> bool:
    if not whole:
        return False
    nodes = [node.vector for node in _walk(chain)]
    return not goals or any(same(add_up(nodes, len(goal)), goal, slack) for goal in goals)


def _block(node: Node, chain: Chain) -> tuple[list[Node], Chain]:
    """The nodes after a coded row that may belong to it: up to the next coded row that is not below it."""
    block: list[Node] = []
    while chain and (not (code := _coded(chain[0])) or is_below(code, node.code)):
        block.append(chain[0])
        chain = chain[1]
    return block, chain


def _coded(node: Node) -> str:
    """The code of a node, or of the first coded row in it."""
    while not node.code and node.children:
        node = node.children[0]
    return node.code


def _take(node: Node, chain: Chain, slack: int) -> int | None:
    """How many nodes after a coded row sum to it: 0 if it has none below it, None if none fit."""
    block, _ = _block(node, chain)
    if not block or not any(value for value, _ in node.vector):
        return 0
    if same(add_up([child.vector for child in block], len(node.vector)), node.vector, slack):
        return len(block)
    if any(_coded(child) for child in block):
        return None
    return next((count for count, _ in _runs(node.vector, chain, slack) if count <= len(block)), None)


def _fits(node: Node, chain: Chain, slack: int, whole: bool) -> bool:
    count = _take(node, chain, slack)
    return count is not None and (not whole or count == len(_block(node, chain)[0]))
