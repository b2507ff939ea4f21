"""The search for repairs: from what fails, the cheapest first."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from heapq import heapify, heappop, heappush
from itertools import combinations, count
from typing import NamedTuple

from worker.reconcile.equation import closes
from worker.reconcile.grid import Figure, Grid, Key
from worker.reconcile.place.balance import Balance
from worker.reconcile.place.lines import Line, lines, placements, used_columns
from worker.reconcile.place.runs import runs
from worker.reconcile.place.steps import Changes, Repair, Shift, Step, changes_of

# A search that would be longer is not made: what it finds could not be called the only way.
_MOST_STATES = 3_000
_MOST_SUBSETS = 20_000
# In a longer sum two figures that close it together are found by chance.
_MOST_PAIRED = 64


class TooManyError(Exception):
    """There are too many possibilities to say that one is the only one."""


class _State(NamedTuple):
    """Steps so far, what they change, the lines that they have settled, and what fails then."""

    steps: Repair
    changes: Changes
    settled: frozenset[int]
    failing: frozenset[int]


_ROOT = _State((), {}, frozenset(), frozenset())


class Search:
    """The repairs of one table that leave no equation failing."""

    def __init__(self, grid: Grid, balance: Balance) -> None:
        self.grid = grid
        self.balance = balance
        self.lines: list[Line] = lines(grid)
        self.used = used_columns(grid)
        self.line_of: dict[Key, int] = {key: number for number, line in enumerate(self.lines) for key in line}
        self.lines_of = cache(self._lines_of)
        self.ways = cache(self._ways)
        self.own = cache(self._own)
        # Repairs that cost more are not looked for.
        self.most: int | None = None
        self.inferred = sum(1 for row in grid.rows if not row.code) > len(grid.sides)
        # Lines that do not close by themselves.
        self.broken = {line for n in balance.failing if balance.inner(n) for line in self.lines_of(n)}

    def repairs(self) -> Iterator[tuple[int, Repair]]:
        """Cost and repair, the cheapest first, of equals those that move least.

        Raises TooManyError where there would be no end.
        """
        serial = count()
        root = _ROOT._replace(failing=self.balance.failing)
        queue = [(self._least(root), 0, next(serial), root)]
        for step in self._single():
            changes = changes_of(step.shifts, self.grid.figures)
            state = _State((step,), changes, frozenset(), frozenset())
            queue.append((step.cost, len(step.shifts), next(serial), state))
        heapify(queue)
        seen: set[frozenset[Shift]] = set()
        while queue:
            cost, _, _, state = heappop(queue)
            if not state.failing:
                yield cost, tuple(sorted(state.steps, key=lambda step: step.shifts))
                continue
            if self.most is not None and cost > self.most:
                return
            for steps in self._options(state):
                shifts = frozenset(shift for step in (*state.steps, *steps) for shift in step.shifts)
                if shifts in seen:
                    continue
                seen.add(shifts)
                if len(seen) > _MOST_STATES:
                    raise TooManyError
                following = self._after(state, steps)
                heappush(queue, (self._least(following), len(shifts), next(serial), following))

    def _least(self, state: _State) -> int:
        """What a state costs at least in the end: broken lines and whatever else fails cost a step each."""
        ahead = len(self.broken - state.settled)
        return sum(step.cost for step in state.steps) + max(ahead, bool(state.failing))

    def _single(self) -> Iterator[Step]:
        """Steps that may close the table by themselves: over many rows, and, where the figures say which row
        contains which and say it anew when one moves, placements of lines after which less fails."""
        yield from runs(self.grid, self.balance, self.lines)
        if not self.inferred:
            return
        for line in sorted({line for number in self.balance.failing for line in self.lines_of(number)}):
            for step in self.ways(line):
                after = self.balance.failing_after(changes_of(step.shifts, self.grid.figures))
                if len(after) < len(self.balance.failing):
                    yield step

    def _after(self, state: _State, steps: Repair) -> _State:
        changes = dict(state.changes)
        settled = set(state.settled)
        for step in steps:
            changes |= changes_of(step.shifts, self.grid.figures)
            settled.update(self.line_of[shift.source] for shift in step.shifts)
        failing = self.balance.failing_after(changes)
        return _State((*state.steps, *steps), changes, frozenset(settled), failing)

    def _lines_of(self, number: int) -> frozenset[int]:
        """The lines of an equation."""
        equation = self.balance.equations[number]
        keys = (*equation.left, *equation.right)
        return frozenset(self.line_of[key] for key in keys if key in self.line_of)

    def _ways(self, line: int) -> tuple[Step, ...]:
        """The placements with which a line closes by itself."""
        found = placements(self.grid, self.lines[line], self.used)
        return tuple(step for step in found if self._closes_itself(line, step))

    def _closes_itself(self, line: int, step: Step) -> bool:
        changes = changes_of(step.shifts, self.grid.figures)
        return not any(self.balance.fails(number, changes) for number in self.own(line))

    def _own(self, line: int) -> frozenset[int]:
        """The equations of the rows of a line by themselves."""
        numbers = {n for key in self.lines[line] for n, _ in self.balance.at.get(key, ())}
        return frozenset(filter(self.balance.inner, numbers))

    def _options(self, state: _State) -> Iterator[Repair]:
        """What could close one of the failing equations: sums whose lines are settled as far as they were broken
        come first, then a broken line next to those that are settled."""
        open_lines = self.broken - state.settled
        ripe = [number for number in state.failing if not self.lines_of(number) & open_lines]
        if ripe:
            number = min(ripe, key=lambda n: (len(self.lines_of(n)), n))
            yield from self._closing(state, number)
        elif open_lines:
            line = min(open_lines, key=lambda at: (self._loose(at, state.failing, open_lines), at))
            for step in self.ways(line):
                yield (step,)

    def _loose(self, line: int, failing: frozenset[int], open_lines: set[int]) -> int:
        """How many broken lines stand between this one and a sum that tells whether it is right."""
        numbers = {n for key in self.lines[line] for n, _ in self.balance.at.get(key, ()) if n in failing}
        return min(
            (len(self.lines_of(n) & open_lines) for n in numbers if not self.balance.inner(n)),
            default=len(self.lines),
        )

    def _closing(self, state: _State, number: int) -> Iterator[Repair]:
        """The steps that close a sum: of one line, of two, or of any number between the same two sums."""
        if self.balance.equations[number].form != "sum" or self.balance.inner(number):
            return
        gap = self.balance.gap(number, state.changes)
        equation = self.balance.equations[number]
        terms = [(1, key) for key in equation.left] + [(-1, key) for key in equation.right]
        terms = [
            (sign, key)
            for sign, key in terms
            if key in self.line_of and self.line_of[key] not in state.settled | self.broken
        ]
        for sign, key in terms:
            wanted = self.grid.get(key).value - sign * gap.value
            if not self._holds_figure(key, wanted, gap.half):
                continue
            for step in self.ways(self.line_of[key]):
                changes = {**state.changes, **changes_of(step.shifts, self.grid.figures)}
                if key in changes and not self.balance.fails(number, changes):
                    yield (step,)
        if len(terms) <= _MOST_PAIRED:
            yield from self._pairs(state, number, [key for _, key in terms])
        for other in sorted(state.failing - {number}):
            yield from self._between(state, number, other)

    def _holds_figure(self, key: Key, wanted: int, half: int) -> bool:
        """Whether a line has a figure, or a blank, that would do in a cell."""
        line = self.lines[self.line_of[key]]
        # The rounding of the figure that comes and of the one that goes may widen it.
        slack = half + max((self.grid.get(other).half for other in line), default=0)
        return any(abs(self.grid.get(other).value - wanted) <= slack for other in line)

    def _pairs(self, state: _State, number: int, keys: list[Key]) -> Iterator[Repair]:
        """Two lines that close a sum together."""
        ways = []
        for key in keys:
            for step in self.ways(self.line_of[key]):
                changes = changes_of(step.shifts, self.grid.figures)
                if key in changes and changes[key] != self.grid.figures.get(key):
                    ways.append((self.line_of[key], step, changes))
        if len(ways) > _MOST_PAIRED:
            return
        for (line, first, ours), (other, second, theirs) in combinations(ways, 2):
            changes = {**state.changes, **ours, **theirs}
            if line != other and not self.balance.fails(number, changes):
                yield first, second

    def _between(self, state: _State, number: int, other: int) -> Iterator[Repair]:
        """Figures that stand in the sum whose parts exceed it and belong in the one that they fall short of."""
        ours, theirs = self.balance.equations[number], self.balance.equations[other]
        if theirs.form != "sum" or self.balance.inner(other):
            return
        gap, back = (self.balance.gap(n, state.changes) for n in (number, other))
        if gap.value * back.value >= 0 or not closes(gap, Figure(-back.value, back.half)):
            return
        if gap.value > 0:
            ours, theirs = theirs, ours
        goal = Figure(abs(gap.value), max(gap.half, back.half))
        free: dict[int, Key] = {
            self.line_of[key]: key
            for key in theirs.right
            if key in self.line_of and key not in self.grid.figures
        }
        found = []
        for key in ours.right:
            line = self.line_of.get(key, -1)
            taken = line in state.settled or line in self.broken
            if key in self.grid.figures and line in free and not taken:
                step = Step("line", (Shift(key, free[line]),))
                if self.grid.get(key).value > 0 and self._closes_itself(line, step):
                    found.append(step)
        for steps in self._subsets(found, goal):
            if len(steps) > 1:
                yield steps

    def _subsets(self, steps: list[Step], goal: Figure) -> Iterator[Repair]:
        """Sets of single figures, all positive, that add up to the goal."""
        values = [self.grid.get(step.shifts[0].source).value for step in steps]
        # (steps after this one, sum so far, steps taken): each entry is looked at as it is and with every later one.
        stack: list[tuple[int, int, Repair]] = [(0, 0, ())]
        for turn in count():
            if not stack:
                return
            if turn > _MOST_SUBSETS:
                raise TooManyError
            after, value, taken = stack.pop()
            if taken and abs(value - goal.value) <= goal.half:
                yield taken
            stack.extend(
                (at + 1, value + values[at], (*taken, steps[at]))
                for at in range(after, len(steps))
                if value + values[at] <= goal.value + goal.half
            )
