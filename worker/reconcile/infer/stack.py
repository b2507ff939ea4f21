"""What a total may be the sum of: the runs of lines on top of a stack, ever longer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from worker.reconcile.infer.axis import Axis

# A run is likely the right one where it meets its total at this share of the places.
MOSTLY = 0.66


class Heading(NamedTuple):
    """A label without figures, by its words."""

    stem: str


class Node(NamedTuple):
    """A line on the stack. `closed`: it sums others; `open`: its label says that it does, but none were found.

    `sums` are what its parts come to, where it fails.
    """

    line: int
    closed: bool = False
    open: bool = False
    sums: tuple[int, ...] = ()


Entry = Heading | Node
Stack = tuple[Entry, "Stack"] | None


def walk(stack: Stack) -> Iterator[Entry]:
    """The entries of a stack, the last first."""
    while stack:
        yield stack[0]
        stack = stack[1]


class Suffix:
    """The lines on top of a stack that a total may sum, growing by one line at a time."""

    def __init__(self, line: int, axis: Axis, places: Sequence[int]) -> None:
        own = axis.cells[line]
        self.line = line
        self.goals = [(i, place, goal) for i, place in enumerate(places) if (goal := own[place]) is not None]
        self.sums = [0] * len(places)
        self.halves = [0] * len(places)
        self.mends = [0] * len(places)
        self.printed = [False] * len(places)
        self.telling = [0] * len(places)
        self.lines: list[int] = []
        self.closed_lines: frozenset[int] = frozenset()
        self.rest: Stack = None
        self.boundary: Entry | None = None
        self.holds = self.fails = self.mended = 0
        self.mended_bits = 0.0
        self.informative = False
        self.positive = all(goal.value >= 0 for _, _, goal in self.goals)
        self.beyond = False
        self.apart = False

    @property
    def count(self) -> int:
        return len(self.lines)

    @property
    def stacked(self) -> bool:
        """Whether more lines stand below."""
        return self.rest is not None

    @property
    def headed(self) -> bool:
        """Whether a heading stands right before."""
        return isinstance(self.boundary, Heading)

    @property
    def likely(self) -> bool:
        """Whether it meets its total at nearly all places, or would but for a figure known to be wrong."""
        met = self.holds + self.mended
        return met >= MOSTLY * (self.holds + self.fails) or (self.holds > 0 and self.fails == 1)

    def parts(self) -> tuple[tuple[int, int], ...]:
        """In reading order."""
        return tuple((line, 1) for line in self.lines[::-1])

    def copy(self) -> Suffix:
        found: Suffix = object.__new__(Suffix)
        found.__dict__.update(self.__dict__)
        found.lines = list(self.lines)
        return found

    def add(self, node: Node, axis: Axis) -> None:
        cells = axis.cells[node.line]
        self.lines.append(node.line)
        if node.closed:
            self.closed_lines |= {node.line}
        self.holds = self.fails = self.mended = 0
        self.mended_bits = 0.0
        self.informative = False
        exceeds = False
        for i, place, goal in self.goals:
            cell = cells[place]
            if cell is not None:
                self.sums[i] += cell.value
                self.halves[i] += cell.half
                self.printed[i] = True
                self.telling[i] += cell.value != 0
                if node.sums:
                    self.mends[i] += node.sums[i] - cell.value
                if cell.value < 0:
                    self.positive = False
            if not self.printed[i]:
                continue
            miss = abs(goal.value - self.sums[i])
            slack = goal.half + self.halves[i]
            if miss <= slack:
                self.holds += 1
                self.informative = self.informative or (bool(goal.value) and self.telling[i] > 1)
            else:
                self.fails += 1
                exceeds = exceeds or self.sums[i] - self.halves[i] > goal.value + goal.half
                miss = goal.value - self.sums[i] - self.mends[i]
                if self.mends[i] and abs(miss) <= slack:
                    self.mended += 1
                    self.mended_bits += axis.bits(place, self.line, miss, slack, abs(goal.value))
        self.beyond = self.positive and exceeds


def suffixes(
    axis: Axis, places: Sequence[int], line: int, stack: Stack, *, skip: bool = False
) -> Iterator[Suffix]:
    """Ever longer runs of lines on top of the stack; one object that grows. `skip`: open totals are passed over."""
    suffix = Suffix(line, axis, places)
    while stack:
        entry, stack = stack
        if isinstance(entry, Heading) or (skip and entry.open):
            suffix.apart = suffix.apart or (isinstance(entry, Heading) and not suffix.lines)
            continue
        suffix.add(entry, axis)
        suffix.rest, suffix.boundary = stack, None
        if stack and (isinstance(stack[0], Heading) or (stack[0].closed and not entry.closed)):
            suffix.boundary = stack[0]
            if isinstance(stack[0], Heading):
                suffix.rest = stack[1]
        yield suffix
