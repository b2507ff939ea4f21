"""Totals after or before their parts: a list is read line by line, and a total takes the lines that it sums.

Several readings are followed side by side; the one for which the figures and labels speak most stands.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from math import log2
from typing import NamedTuple

from worker.reconcile.infer.axis import Axis
from worker.reconcile.infer.claims import MISS, Claim, Source
from worker.reconcile.infer.stack import MOSTLY, Entry, Heading, Node, Stack, Suffix, suffixes, walk

# How many readings are followed, and how far back a difference or an unnamed sum reaches.
_BEAM, _HOPELESS = 5, 40.0
_CHAIN = 12
_SIGNED = 5
_REACH = 200
_SCANS = 12
# What a label is worth in bits: a total of the section of its name, of a section, of anything; a result; a sign.
_NAMED, _SECTION, _LOOSE, _RESULT, _SIGN = 13.0, 10.0, 6.0, 5.0, 3.0
_GRAND, _UNCLEAR, _OPEN = 2.0, 4.0, 6.0
# Results stand after what they come from; totals may stand before.
_BACKWARDS = 10.0
_UNNAMED = -8.0


class Reduction(NamedTuple):
    """What a list comes to: the entries that are left, in printed order, the claims made, the bits for them.

    `rejected` are the likeliest claims for totals of which no claim is to be made.
    """

    entries: list[Entry]
    claims: list[Claim]
    score: float
    rejected: list[Claim]


class _State(NamedTuple):
    """One reading so far: bits, stack, the last claim and the state before it, whether totals were left open."""

    score: float
    stack: Stack
    claims: tuple[Claim, _State] | None = None
    opened: bool = False

    def all_claims(self) -> list[Claim]:
        found, state = [], self
        while state.claims:
            claim, state = state.claims
            found.append(claim)
        return found[::-1]


def reduced(
    axis: Axis,
    entries: Sequence[Entry],
    places: Sequence[int],
    *,
    backwards: bool = False,
    unnamed: bool = False,
    strict: bool = False,
) -> Reduction:
    """The best reading of a list, from its end if `backwards`.

    `unnamed`: lines whose label says nothing may be sums as well; `strict`: nothing that fails is claimed.
    """
    reducer = _Reducer(axis, places, backwards, unnamed, strict)
    states = [_State(0.0, None)]
    for entry in reversed(entries) if backwards else entries:
        states = reducer.step(states, entry)
    best = states[0]
    left = list(walk(best.stack))
    return Reduction(
        entries=left if backwards else left[::-1],
        claims=best.all_claims(),
        score=best.score,
        rejected=list(reducer.rejected.values()),
    )


class _Reducer:
    def __init__(
        self, axis: Axis, places: Sequence[int], backwards: bool, unnamed: bool, strict: bool
    ) -> None:
        self.axis = axis
        self.places = places
        self.backwards = backwards
        self.unnamed = unnamed
        self.strict = strict
        self.budget = _SCANS * len(axis.lines)
        self.rejected: dict[int, Claim] = {}
        self.size = log2(len(axis.lines) + 1)

    def step(self, states: list[_State], entry: Entry) -> list[_State]:
        if isinstance(entry, Heading) or entry.closed:
            return [state._replace(stack=(entry, state.stack)) for state in states]
        role = self.axis.marks[entry.line].role
        cost = 0.0 if role in {"item", "result"} else _OPEN
        node = entry._replace(open=role != "item")
        found = [
            state._replace(
                score=state.score - cost, stack=(node, state.stack), opened=state.opened or node.open
            )
            for state in states
        ]
        for state in states:
            options = self._unnamed(state, entry) if role == "item" else self._named(state, entry)
            found.extend(options)
        if len(found) == 1:
            return found
        found.sort(key=lambda state: -state.score)
        return [state for state in found[:_BEAM] if state.score > found[0].score - _HOPELESS]

    def _take(self, state: _State, claim: Claim, rest: Stack) -> _State:
        node = Node(claim.total, closed=True, sums=self._sums(claim) if claim.weight.fails else ())
        return _State(state.score + claim.score, (node, rest), (claim, state), state.opened)

    def _sums(self, claim: Claim) -> tuple[int, ...]:
        cells = [(self.axis.cells[line], sign) for line, sign in claim.parts]
        return tuple(
            sum(cell.value * sign for own, sign in cells if (cell := own[place]) is not None)
            for place in self.places
        )

    def _unnamed(self, state: _State, entry: Node) -> Iterator[_State]:
        """A line that is the sum of what is before it, though nothing says so."""
        if not self.unnamed or not state.stack:
            return
        for count, suffix in enumerate(suffixes(self.axis, self.places, entry.line, state.stack), start=1):
            if count > _REACH or suffix.beyond:
                return
            if suffix.count > 1 and suffix.fails == 0 and suffix.holds:
                weight = self.axis.weigh(entry.line, suffix.parts(), self.places)
                prior = _UNNAMED - self.size - log2(count)
                claim = Claim(entry.line, suffix.parts(), "sums", prior, weight)
                if claim.score > 0:
                    yield self._take(state, claim, suffix.rest)
                    return

    def _named(self, state: _State, entry: Node) -> Iterator[_State]:
        """A line whose label says that it is a total or a result."""
        taken: set[int] = set()
        closes = False
        for skip in (False, True) if state.opened else (False,):
            for claim, rest in self._totals(state.stack, entry, skip=skip):
                if len(claim.parts) not in taken:
                    taken.add(len(claim.parts))
                    closes = closes or not claim.weight.fails
                    yield self._take(state, claim, rest)
        if not closes:
            yield from (self._take(state, claim, rest) for claim, rest in self._signed(state.stack, entry))

    def _totals(self, stack: Stack, entry: Node, *, skip: bool) -> Iterator[tuple[Claim, Stack]]:
        """The runs of lines before a total that it may be the sum of, plain additions only."""
        role = self.axis.marks[entry.line].role
        sections, near, length = self._sections(stack, entry, skip=skip)
        options = {own.count: (own, prior) for own, prior in sections if not self._lone(own, role)}
        unclear = len(options) > 1 and all(prior < _NAMED for _, prior in options.values())
        for own in near:
            if own.count not in options and own.informative:
                options[own.count] = own, _LOOSE - log2(length)
        for own, prior in options.values():
            weight = self.axis.weigh(entry.line, own.parts(), self.places)
            if not (weight.holds + weight.fails):
                continue
            if role == "result":
                prior -= _SECTION - _RESULT + (_BACKWARDS if self.backwards else 0.0)
            if weight.fails and unclear:
                prior -= _UNCLEAR
            if weight.fails and own.mended == weight.fails:
                prior += (MISS - 1) * weight.fails + own.mended_bits
            source: Source = "result" if role == "result" else "label"
            claim = Claim(entry.line, own.parts(), source, prior, weight)
            if not weight.fails or (claim.score > -_OPEN and not self.strict):
                yield claim, own.rest
            elif source == "label":
                self.rejected.setdefault(claim.total, claim)

    def _sections(
        self, stack: Stack, entry: Node, *, skip: bool
    ) -> tuple[list[tuple[Suffix, float]], list[Suffix], int]:
        """The runs that order and headings set apart, with what that is worth; those that nearly meet the total;
        how many lines were looked at."""
        marks = self.axis.marks[entry.line]
        sections: dict[int, tuple[Suffix, float]] = {}
        near: list[Suffix] = []
        length = 0
        for suffix in suffixes(self.axis, self.places, entry.line, stack, skip=skip):
            length = suffix.count
            if suffix.likely:
                near.append(suffix.copy())
            named = isinstance(suffix.boundary, Heading) and _alike(suffix.boundary.stem, marks.stem)
            if suffix.boundary and (named or not sections):
                sections[length] = suffix.copy(), _NAMED if named else _SECTION
            if not suffix.stacked and length not in sections:
                sections[length] = suffix.copy(), _SECTION + (_GRAND if marks.role == "grand" else 0.0)
            self.budget -= 1
            far = suffix.beyond or length > _REACH
            if far and ((sections and length > min(sections)) or self.budget < 0):
                break
        return list(sections.values()), near, length

    def _lone(self, suffix: Suffix, role: str) -> bool:
        """Whether a single line makes no section: another total, or a line that only happens to stand there."""
        if suffix.count > 1:
            return False
        if role == "result":
            return bool(suffix.fails) or not suffix.apart
        other = self.axis.marks[suffix.lines[0]].role != "item"
        if suffix.closed_lines or (suffix.fails and (self.axis.turned or other)):
            return True
        return bool(suffix.fails) and suffix.stacked and role != "subtotal" and not suffix.headed

    def _signed(self, stack: Stack, entry: Node) -> Iterator[tuple[Claim, Stack]]:
        """A difference: the first of the lines before it plus or minus the others."""
        role = self.axis.marks[entry.line].role
        known = (_RESULT if role == "result" else _RESULT - _SIGN) - (_BACKWARDS if self.backwards else 0.0)
        tried = 0
        for suffix in suffixes(self.axis, self.places, entry.line, stack):
            count = suffix.count
            if count > _CHAIN:
                return
            if count < 2:
                continue
            lines = suffix.lines[::-1]
            best: Claim | None = None
            seen: set[tuple[int, ...]] = {(1,) * count}
            for told, signs in self._signs(lines, suffix.closed_lines):
                if signs in seen:
                    continue
                seen.add(signs)
                tried += 1
                parts = tuple(zip(lines, signs, strict=True))
                weight = self.axis.weigh(entry.line, parts, self.places)
                mostly = weight.holds >= MOSTLY * (weight.holds + weight.fails)
                if not (mostly or (weight.fails == 1 and (weight.holds or told))) or (
                    weight.fails and self.strict
                ):
                    continue
                prior = known + (_SIGN if told else 0.0) - (0.0 if told else log2(tried))
                claim = Claim(entry.line, parts, "result", prior, weight)
                if best is None or claim.score > best.score:
                    best = claim
            if best and (best.score > 0 if not best.weight.fails or self.strict else best.score > -_OPEN):
                yield best, suffix.rest

    def _signs(self, lines: Sequence[int], closed: frozenset[int]) -> Iterator[tuple[bool, tuple[int, ...]]]:
        """Signs to try, those that the labels tell first."""
        marks = [self.axis.marks[line] for line in lines]
        if any(mark.sign for mark in marks):
            carried, sign = [], 1
            for line, mark in zip(lines, marks, strict=True):
                sign = mark.sign or (1 if line in closed else sign)
                carried.append(sign)
            yield True, tuple(carried)
            yield True, tuple(mark.sign or 1 for mark in marks)
        told = tuple(mark.sign or (-1 if mark.cost else 1) for mark in marks)
        if -1 in told[1:]:
            yield True, (1, *told[1:])
        yield False, (1, *[-1] * (len(lines) - 1))
        if len(lines) <= _SIGNED:
            for signs in product((1, -1), repeat=len(lines)):
                if 1 in signs:
                    yield False, signs


def _alike(heading: str, total: str) -> bool:
    """Whether a total names the heading of its section."""
    return bool(heading) and heading in total
