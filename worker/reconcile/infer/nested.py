"""Which lines of an axis sum which: by codes, ordinals, indentation, labels, order, as the figures bear out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product, zip_longest
from math import log2
from typing import NamedTuple

from schemas.text import normalise
from worker.reconcile.infer.axis import Axis
from worker.reconcile.infer.claims import MISS, Claim, Settled, Source, settle
from worker.reconcile.infer.labels import SUMS
from worker.reconcile.infer.reduce import Reduction, reduced
from worker.reconcile.infer.stack import Entry, Heading, Node
from worker.reconcile.nesting import by_code, clean_code

# What the printed structure is worth in bits: a row with rows below it, an 'of which' that is complete.
_BELOW, _OF_WHICH = 6.0, 5.0
# Figures of so many places decide which nesting is right; all of them decide whether it holds.
_SAMPLE = 24
# 'Of which' rows may have either sign where they are so few; a further breakdown needs evidence of its own.
_SIGNED = 4
_FURTHER = 2.0
_STYLES = (
    re.compile(r"^[一二三四五六七八九十百]{1,4}[、.．]"),
    re.compile(r"^[(（][一二三四五六七八九十百]{1,4}[)）]"),
    re.compile(r"^[IVX]{1,6}[.)]\s"),
    re.compile(r"^[A-Z][.)]\s"),
    re.compile(r"^\d{1,2}[、.．)](?!\d)"),
    re.compile(r"^[(（]\d{1,2}[)）]"),
    re.compile(r"^[a-z][.)]\s"),
    re.compile(r"^[①-⑩]"),
)
_DOTTED = re.compile(r"^([A-Z]?\d{1,3}(?:\.\d{1,3})*|[A-Z](?:\.\d{1,3})+)\.?(?=\s|[^\d.\s])")


class Reading(NamedTuple):
    """One way to see the axis."""

    settled: Settled
    lines: int  # how many lines take part in what holds

    @property
    def score(self) -> float:
        return sum(claim.score for claim in self.settled.standing)

    @property
    def clean(self) -> bool:
        return not self.settled.dropped and all(claim.sound for claim in self.settled.standing)


def sums_of(axis: Axis) -> Settled:
    """The sums along an axis: of several readings, the one that labels and figures speak for most."""
    places = axis.sample(_SAMPLE)
    wanted = sum(axis.filled(line) for line in axis.additive)
    best: Reading | None = None
    for claims in _readings(axis, places):
        settled = settle(axis, claims)
        touched = {line for c in settled.standing for line in (c.total, *(part for part, _ in c.parts))}
        reading = Reading(settled, len(touched))
        if best is None or reading.score > best.score:
            best = reading
        if reading.clean and reading.lines == wanted:
            break
    return _with_further(axis, best.settled) if best else Settled((), ())


def _with_further(axis: Axis, settled: Settled) -> Settled:
    """Totals that are broken down once more: further runs of lines that nothing else explains and that come to them."""
    touched = {line for c in settled.standing for line in (c.total, *(part for part, _ in c.parts))}
    found: list[Claim] = []
    for claim in settled.standing:
        if claim.source != "label" or claim.weight.fails:
            continue
        run: list[tuple[int, int]] = []
        for line in (
            axis.additive[axis.additive.index(claim.total) + 1 :] if claim.parts[0][0] > claim.total else ()
        ):
            if line in touched or not axis.filled(line):
                run = []
                continue
            run.append((line, 1))
            weight = axis.weigh(claim.total, run, range(len(axis.places)))
            if len(run) > 1 and weight.holds and not weight.fails:
                again = Claim(claim.total, tuple(run), "sums", -_FURTHER - log2(len(axis.lines)), weight)
                if again.score > 0:
                    found.append(again)
                    touched.update(part for part, _ in run)
                    run = []
    return Settled((*settled.standing, *found), settled.dropped)


def _readings(axis: Axis, places: Sequence[int]) -> Iterator[list[Claim]]:
    if not axis.turned:
        for source, depths in _depths(axis):
            yield _Tree(axis, places, source, depths).claims()
        if any(row.code for row in axis.grid.rows):
            yield _coded(axis, places)
    for whole in (False, True) if any(mark.of_which for mark in axis.marks) else (False,):
        entries, claims = _flat(axis, places, whole=whole)
        _, found = _both(axis, entries, places, unnamed=True)
        yield claims + found


def _both(
    axis: Axis, entries: Sequence[Entry], places: Sequence[int], *, unnamed: bool
) -> tuple[list[Entry], list[Claim]]:
    """A list read forwards and backwards; what the better way leaves open is tried the other way."""
    if len(entries) < 2:
        return list(entries), []
    head = next((entry.line for entry in entries if isinstance(entry, Node)), 0)
    backwards = axis.marks[head].role in SUMS
    tries = [(not backwards, False)]
    if unnamed:
        tries += [(backwards, True), (not backwards, True)]
    first = reduced(axis, entries, places, backwards=backwards)
    for turned, free in tries:
        if _explained(first):
            break
        found = reduced(axis, entries, places, backwards=turned, unnamed=free)
        if found.score > first.score:
            first, backwards = found, turned
    left, claims = first.entries, first.claims
    if claims and _left_open(left):
        again = reduced(axis, left, places, backwards=not backwards, strict=True)
        left, claims = again.entries, claims + again.claims
    still = {entry.line for entry in left if isinstance(entry, Node) and entry.open}
    return left, claims + [claim for claim in first.rejected if claim.total in still]


def _explained(found: Reduction) -> bool:
    """Whether every line is a total or part of one, and nothing fails but for an exception."""
    return (
        bool(found.claims)
        and all(claim.sound for claim in found.claims)
        and all(isinstance(entry, Heading) or entry.closed for entry in found.entries)
    )


def _left_open(entries: Sequence[Entry]) -> bool:
    return any(isinstance(entry, Node) and entry.open for entry in entries)


def _entry(axis: Axis, line: int) -> Entry:
    return Node(line) if axis.filled(line) else Heading(axis.marks[line].stem)


def _flat(axis: Axis, places: Sequence[int], *, whole: bool) -> tuple[list[Entry], list[Claim]]:
    """All lines in order, without those that are 'of which' of the line above.

    `whole`: lines after 'of which' belong to it up to the next sign, ordinal or total; else only those so marked.
    """
    entries: list[Entry] = []
    claims: list[Claim] = []
    owner: int | None = None
    inside: list[int] = []
    running = False

    def close() -> None:
        if owner is not None and inside:
            claims.extend(_complete(axis, owner, inside, places))
        inside.clear()

    for line in axis.additive if axis.turned else range(len(axis.lines)):
        if line in axis.percent:
            continue
        mark = axis.marks[line]
        if mark.of_which and owner is not None:
            running = whole or not axis.filled(line)
            if axis.filled(line):
                inside.append(line)
            continue
        plain = mark.role == "item" and not mark.sign and axis.filled(line) and not _style(axis.names[line])
        if running and plain:
            inside.append(line)
            running = whole
            continue
        close()
        running = False
        entry = _entry(axis, line)
        owner = line if isinstance(entry, Node) else None
        entries.append(entry)
    close()
    return entries, claims


def _complete(axis: Axis, owner: int, inside: Sequence[int], places: Sequence[int]) -> Iterator[Claim]:
    """What is 'of which' sums to the line above where it is complete; where it is not, nothing is claimed."""
    for signs in product((1, -1), repeat=len(inside) if len(inside) <= _SIGNED else 1):
        parts = tuple(zip_longest(inside, signs, fillvalue=1))
        weight = axis.weigh(owner, parts, places)
        prior = _OF_WHICH if -1 not in signs else _OF_WHICH - MISS - len(inside)
        if weight.holds and not weight.fails and prior + weight.bits > 0:
            yield Claim(owner, parts, "label", prior, weight)
            return


def _coded(axis: Axis, places: Sequence[int]) -> list[Claim]:
    """Rows below others by their codes, in any order; rows without a code stand between those at the top."""
    codes = {row: code for row in axis.additive if (code := clean_code(axis.grid.rows[row].code))}
    forest = by_code(list(codes), list(codes.values()))
    claims = [
        _below(axis, parent, tuple(children), "codes", places)
        for parent, children in sorted(forest.children.items())
    ]
    top = {*forest.top, *(row for row in axis.additive if row not in codes)}
    _, found = _both(axis, [_entry(axis, row) for row in sorted(top)], places, unnamed=False)
    return claims + found


def _below(axis: Axis, parent: int, children: Sequence[int], source: Source, places: Sequence[int]) -> Claim:
    parts = tuple((line, 1) for line in children)
    return Claim(parent, parts, source, _BELOW, axis.weigh(parent, parts, places))


def _depths(axis: Axis) -> Iterator[tuple[Source, list[int]]]:
    """Depth of every row, by each kind of evidence that the table prints."""
    labels = [normalise(name) for name in axis.names]
    dotted = [match[1] if (match := _DOTTED.match(label.strip())) else "" for label in labels]
    if sum("." in code or code[:1].isalpha() for code in dotted) >= 2:
        yield "codes", _by_keys(axis, dotted, _prefix)
    styles = [_style(label) for label in labels]
    if len({style for style in styles if style}) >= 2:
        order = list(dict.fromkeys(style for style in styles if style))
        yield "ordinals", _by_keys(axis, styles, lambda own, above: order.index(own) > order.index(above))
    indents = [len(label) - len(label.lstrip()) for label in labels]
    if len(set(indents)) >= 2:
        depths: list[int] = []
        for line, indent in enumerate(indents):
            late = axis.marks[line].role != "item" and depths and not axis.marks[line].of_which
            depths.append(min(indent, depths[-1]) if late else indent)
        yield "indent", depths


def _style(label: str) -> str:
    text = normalise(label).strip()
    return next((str(i) for i, pattern in enumerate(_STYLES, start=1) if pattern.match(text)), "")


def _prefix(own: str, above: str) -> bool:
    return own.startswith(above) and own != above and (own[len(above)] == "." or above.isalpha())


def _by_keys(axis: Axis, keys: Sequence[str], below: Callable[[str, str], bool]) -> list[int]:
    """Depths by keys of which one can be below another; rows without a key follow the row before, totals the top."""
    depths: list[int] = []
    open_: list[str] = []
    for line, key in enumerate(keys):
        mark = axis.marks[line]
        if key:
            while open_ and not below(key, open_[-1]):
                open_.pop()
            depths.append(2 * len(open_))
            open_.append(key)
        elif mark.role in {"total", "grand", "result"} or not depths:
            depths.append(0)
        else:
            depths.append(depths[-1] + (1 if mark.of_which and depths[-1] % 2 == 0 else 0))
    return depths


@dataclass(slots=True)
class _Frame:
    line: int
    depth: int
    entries: list[Entry] = field(default_factory=list)


class _Tree:
    """Rows that stand below others, from the deepest up."""

    def __init__(self, axis: Axis, places: Sequence[int], source: Source, depths: Sequence[int]) -> None:
        self.axis = axis
        self.places = places
        self.source = source
        self.depths = depths
        self.found: list[Claim] = []

    def claims(self) -> list[Claim]:
        top = _Frame(-1, -1)
        frames = [top]
        for line, depth in enumerate(self.depths):
            if line in self.axis.percent:
                continue
            while frames[-1].depth >= depth:
                self._close(frames)
            frames.append(_Frame(line, depth))
        while len(frames) > 1:
            self._close(frames)
        _, found = _both(self.axis, top.entries, self.places, unnamed=False)
        return self.found + found

    def _close(self, frames: list[_Frame]) -> None:
        frame = frames.pop()
        own = _entry(self.axis, frame.line)
        below = frame.entries
        if isinstance(own, Heading):
            frames[-1].entries += [own, *below]
            return
        nodes: list[Entry] = []
        if below:
            nodes, found = _both(self.axis, below, self.places, unnamed=False)
            self.found += found
        children = [entry.line for entry in nodes if isinstance(entry, Node) and not entry.open]
        if not children:
            frames[-1].entries += [own, *below]
            return
        claim = _below(self.axis, frame.line, children, self.source, self.places)
        partial = self.axis.marks[children[0]].of_which
        if not (partial and claim.weight.fails):
            self.found.append(claim)
        role = self.axis.marks[frame.line].role
        frames[-1].entries.append(Node(frame.line, closed=role not in {"item", "result"}))
