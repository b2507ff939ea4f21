"""Which occurrence is meant: figures that stand more than once are told apart by the row they belong to."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from prompts.wire.base import Draft
from prompts.wire.codes import Code
from prompts.wire.places import Place, Source
from prompts.wire.windows import Window, around, is_joined, near, runs

# Tables of equal figures and equal labels have more combinations than can be weighed.
_ANCHORS = 40
_RUN_ANCHORS = 10
_FAR = 2
_LINE = 10_000


@dataclass(slots=True)
class Item:
    """One value of a row. `figures`: where its figure stands; None for a text, which stands at `texts`.

    `negative`: it was answered with a minus sign.
    """

    column: str
    value: str
    figures: list[Place] | None
    texts: list[Place] = field(default_factory=list)
    place: Place | None = None
    negative: bool = False


@dataclass(slots=True)
class Want:
    """A row on its way into the table; `number` counts from 1, `lines` are its first and last.

    `said` is what messages call it.
    """

    number: int
    draft: Draft
    name: str
    items: list[Item]
    codes: list[Code]
    labels: list[Place]
    said: str = ""
    code: Code | None = None
    label: Place | None = None
    lines: tuple[int, int] | None = None

    @property
    def say(self) -> str:
        """What messages call it."""
        return self.said or f"row {self.number}"

    @property
    def settled(self) -> bool:
        """Whether there is nothing to choose: everything stands in one place at most."""
        single = all(len(item.figures or ()) <= 1 for item in self.items)
        return single and len(self.codes) <= 1 and len(self.labels) <= 1

    @property
    def figures(self) -> list[Item]:
        return [item for item in self.items if item.figures is not None]


Anchor = tuple[Code | None, Place | None]
_Scored = tuple[tuple[int, ...], Anchor, Window]


def _ends(anchor: Anchor) -> list[Place]:
    code, label = anchor
    return [place for place in (code.place if code else None, label) if place]


def _apart(anchor: Anchor) -> int:
    """How far the label of an anchor is from its code: lines first, then characters."""
    code, label = anchor
    if not (code and label):
        return 0
    return abs(code.place.line - label.line) * _LINE + min(abs(label.start - code.place.end), _LINE - 1)


class Assignment:
    """Gives every figure of every row a place of its own, as far as there are enough.

    Rows whose figures follow their own code or label come first: they leave fewer places to the others.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._used: set[str] = set()
        self._labels: set[int] = set()
        self._bounds: dict[str | None, dict[int, tuple[int, int]]] = {}
        self._numbers: dict[str | None, list[int]] = {}
        self.problems: list[str] = []

    def run(self, wants: Sequence[Want], *, wide: bool) -> None:
        """Fill in places, codes, labels and lines of `wants`. `wide`: rows may be printed side by side."""
        for want in wants:
            if len(want.codes) == 1:
                self._take_code(want, want.codes[0])
        if wide and self._across(wants):
            return
        for want in wants:
            if want.settled:
                self._take_only(want)
        later = [want for want in wants if not (want.settled or self._settle(want, sure=True))]
        for want in later:
            self._settle(want, sure=False)
        for want in wants:
            if want.codes and not want.code:
                self.problems.append(f"{want.say}: the code {want.draft.code} is used twice")

    def _across(self, wants: Sequence[Want]) -> bool:
        """Rows printed as one wide row: all figures, column by column, are one run of the ledger."""
        columns = dict.fromkeys(item.column for want in wants for item in want.figures)
        items = [i for column in columns for want in wants for i in want.figures if i.column == column]
        if len(columns) < 2 or len(items) < 3:
            return False
        ledger = self._source.chunk.ledger
        place = {numeral.id: i for i, numeral in enumerate(ledger)}
        for first in items[0].figures or ():
            start = place[first.numeral.id] if first.numeral else 0
            run = ledger[start : start + len(items)]
            fits = len(run) == len(items) and all(
                any(p.numeral is numeral for p in item.figures or ())
                for item, numeral in zip(items, run, strict=True)
            )
            if fits:
                for item, numeral in zip(items, run, strict=True):
                    self._take(item, self._source.place(numeral))
                for want in wants:
                    self._mark(want)
                return True
        return False

    def _take_only(self, want: Want) -> None:
        """Take the places of a row that has no choice."""
        self._take_anchor(want, (want.code, want.labels[0] if want.labels else None))
        for item in want.figures:
            place = item.figures[0] if item.figures else None
            if place and place.numeral and place.numeral.id not in self._used:
                self._take(item, place)
        self._mark(want)
        self._fill(want)

    def _settle(self, want: Want, *, sure: bool) -> bool:
        """Find the places of a row. `sure`: only if all its figures follow its code or label on one line."""
        anchors = self._anchors(want)
        figures = want.figures
        if sure and not (figures and anchors):
            return False
        at = {self._neighbours(want)[0], *(end.start for anchor in anchors for end in _ends(anchor))}
        free = [self._free(item.figures or [], at) for item in figures]
        best = self._best(
            want, [(anchor, around(free, _ends(anchor))) for anchor in anchors] if any(free) else []
        )
        if best is None or not _is_sure(best[0]):
            if sure:
                return False
            best = self._best(want, self._candidates(want, free, anchors))
        if best is None:
            self._settle_without(want, anchors)
            return True
        self._take_anchor(want, best[1])
        for item, place in zip(figures, best[2], strict=True):
            if place:
                self._take(item, place)
        self._mark(want)
        self._fill(want)
        return True

    def _free(self, places: list[Place], at: Iterable[int]) -> list[Place]:
        """The places of a figure that are left; of very many those near some offsets, if there are any."""
        for some in (near(places, at), places):
            found = [place for place in some if place.numeral and place.numeral.id not in self._used]
            if found:
                return found
        return []

    def _anchors(self, want: Want) -> list[Anchor]:
        codes: list[Code | None] = [want.code]
        if not want.code:
            codes = [code for code in want.codes if not (code.own and code.own in self._used)] or [None]
        at = {self._neighbours(want)[0], *(code.place.start for code in codes if code)}
        joined = bisect_left(want.labels, True, key=is_joined)
        labelled = [*near(want.labels, at, high=joined), *near(want.labels, at, low=joined)]
        labels: list[Place | None] = (
            [p for p in labelled if p.start not in self._labels] or [*labelled] or [None]
        )
        pairs: list[Anchor] = [(code, label) for code in codes for label in labels if code or label]
        return sorted(pairs, key=_apart)[: _ANCHORS if len(codes) > 1 or not codes[0] else _RUN_ANCHORS]

    def _best(self, want: Want, candidates: Iterable[tuple[Anchor, Window]]) -> _Scored | None:
        bounds = self._neighbours(want)
        scored = (
            (self._score(want, anchor, window, bounds), anchor, window) for anchor, window in candidates
        )
        return min(scored, key=lambda item: item[0], default=None)

    def _candidates(
        self, want: Want, free: list[list[Place]], anchors: list[Anchor]
    ) -> Iterator[tuple[Anchor, Window]]:
        """Where a row may stand that cannot be told by its label alone; most likely where its neighbours are."""
        if not any(free):
            return
        low, _ = self._neighbours(want)
        for window in runs(free, low):
            for anchor in anchors[:_RUN_ANCHORS] or [(None, None)]:
                yield anchor, window
        for anchor in anchors:
            yield anchor, around(free, _ends(anchor))

    def _score(self, want: Want, anchor: Anchor, window: Window, bounds: tuple[int, int]) -> tuple[int, ...]:
        """Least is best: figures missing; how scattered and far from the anchor; what lies between; the rest.

        Where an anchor is more than two lines off, its distance tells nothing: the print is garbled.
        """
        placed = [place for place in window if place]
        lines = [place.line for place in placed]
        first = min(placed, key=lambda place: place.start)
        distance, between, gap = 0, 0, 0
        if ends := _ends(anchor):
            near = min(ends, key=lambda end: (min(abs(end.line - line) for line in lines), -end.start))
            distance = min(abs(near.line - line) for line in lines)
            if near.line == first.line:
                distance += first.start < near.start
                gap = abs(first.start - near.end)
                free = [n for n in self._source.within(near.end, first.start) if n.id not in self._used]
                between = sum(self._is_like(first, self._source.place(numeral)) for numeral in free)
                between += self._has_words(want, near.end, first.start)
        disorder = sum(b.start < a.start for a, b in pairwise(placed))
        scatter = 3 * min(distance, _FAR) + 2 * (max(lines) - min(lines)) + disorder
        low, high = bounds
        return (
            len(window) - len(placed),
            scatter + min(_apart(anchor) // _LINE, _FAR),
            sum(not place.bounded for place in placed),
            between,
            int(any(not end.bounded for end in ends)),
            int(not low <= first.start <= high),
            _apart(anchor),
            first.line,
            gap,
            first.start,
            scatter,
        )

    def _has_words(self, want: Want, start: int, end: int) -> bool:
        """Whether words that are no text of this row stand between two offsets."""
        own = [place for item in want.items for place in item.texts]
        inside = {offset for place in own for offset in range(max(place.start, start), min(place.end, end))}
        text = self._source.chunk.slice(start, max(start, end))
        return any(char.isalpha() and start + i not in inside for i, char in enumerate(text))

    @staticmethod
    def _is_like(first: Place, other: Place) -> bool:
        """Whether `other` might as well be the first figure of a row: line numbers and parts of words are not."""
        decimals = [place.numeral.decimals if place.numeral else 0 for place in (first, other)]
        return bool(decimals[1]) >= bool(decimals[0]) and other.bounded >= first.bounded

    def _neighbours(self, want: Want) -> tuple[int, int]:
        """Where the nearest rows of this side that have a place end and begin."""
        bounds = self._bounds.get(want.draft.side, {})
        numbers = self._numbers.get(want.draft.side, [])
        at = bisect_left(numbers, want.number)
        after = at + (at < len(numbers) and numbers[at] == want.number)
        chunk = self._source.chunk
        return (
            bounds[numbers[at - 1]][1] if at else chunk.start,
            bounds[numbers[after]][0] if after < len(numbers) else chunk.end,
        )

    def _settle_without(self, want: Want, anchors: list[Anchor]) -> None:
        """A row without figures that are left: it stands where its label stands, between its neighbours."""
        low, high = self._neighbours(want)

        def order(anchor: Anchor) -> tuple[int, ...]:
            place = _ends(anchor)[-1]
            return (_apart(anchor), int(not place.bounded), int(not low <= place.start <= high), place.start)

        if anchors:
            self._take_anchor(want, min(anchors, key=order))
        self._mark(want)
        self._fill(want)

    def _mark(self, want: Want) -> None:
        places = [item.place for item in want.figures if item.place] or _ends((want.code, want.label))
        if places:
            want.lines = (min(p.line for p in places), max(p.line for p in places))
            bounds = (min(p.start for p in places), max(p.end for p in places))
            side = self._bounds.setdefault(want.draft.side, {})
            if want.number not in side:
                insort(self._numbers.setdefault(want.draft.side, []), want.number)
            side[want.number] = bounds

    def _take_anchor(self, want: Want, anchor: Anchor) -> None:
        code, label = anchor
        if code and not want.code:
            self._take_code(want, code)
        if label:
            want.label = label
            self._labels.add(label.start)

    def _take_code(self, want: Want, code: Code) -> None:
        if not (code.own and code.own in self._used):
            want.code = code
            self._used.update(numeral.id for numeral in code.numerals)

    def _take(self, item: Item, place: Place) -> None:
        item.place = place
        if place.numeral:
            self._used.add(place.numeral.id)

    def _fill(self, want: Want) -> None:
        """Figures without a place: the nearest one that is left."""
        at = want.lines[0] if want.lines else 0
        for item in want.figures:
            if item.place or not item.figures:
                continue
            free = [p for p in item.figures if p.numeral and p.numeral.id not in self._used]
            if free:
                self._take(item, min(free, key=lambda p: (abs(p.line - at), p.start)))
            elif len(item.figures) == 1:
                self.problems.append(
                    f"{want.say}, {item.column}: {item.value} is used twice, but stands in the source once"
                )
            else:
                self.problems.append(
                    f"{want.say}, {item.column}: {item.value} stands in the source"
                    f" {len(item.figures)} times and is used more often"
                )


def _is_sure(score: tuple[int, ...]) -> bool:
    """Whether nothing is missing, scattered or between; a code far off tells nothing, one nearby has to fit."""
    missing, cost, _, between, *_, scatter = score
    return not (missing or between or scatter) and cost in (0, _FAR)
