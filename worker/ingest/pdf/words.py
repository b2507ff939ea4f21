"""Characters → words: what was drawn without a gap belongs together, however the file orders it."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from schemas.source import Box
from worker.ingest.page import Rule, Seen
from worker.ingest.pdf.glyphs import Glyph

# All as shares of the font size.
_GAP = 0.25
_OVERLAP = 0.5
_SAME_LINE = 0.3
_TWICE = 0.1
_BESIDE_RULE = 0.08
_BLANK = 0.1
_DESCENT = 0.15


@dataclass
class _Word:
    """Glyphs in a row. `start`, `end` and `line` are along and across the direction of reading."""

    glyphs: list[Glyph]
    turn: int
    start: float
    end: float
    line: float
    size: float
    blank_after: bool = False

    def add(self, glyph: Glyph) -> None:
        self.glyphs.append(glyph)
        start, _ = _reading(glyph.x, glyph.y, self.turn)
        self.start = min(self.start, start)
        self.end = max(self.end, start + glyph.advance)
        self.size = max(self.size, glyph.size)

    def join(self, other: _Word) -> None:
        self.glyphs.extend(other.glyphs)
        self.end = max(self.end, other.end)
        self.size = max(self.size, other.size)
        self.blank_after = other.blank_after

    def seen(self) -> Seen:
        top, bottom = self.line - self.size * (1 - _DESCENT), self.line + self.size * _DESCENT
        return Seen("".join(glyph.char for glyph in self.glyphs), _box(self, top, bottom))


def words_of(glyphs: Iterable[Glyph], rules: Sequence[Rule]) -> list[Seen]:
    """The words of glyphs that stand upright or are turned by right angles; a ruling line between two parts them.

    What is drawn twice to look bold is one word.
    """
    upright = sorted(
        (rule.x0, rule.top, rule.bottom) for rule in rules if rule.bottom - rule.top > rule.x1 - rule.x0
    )
    words = list(_runs(_once(glyphs), upright))
    return [word.seen() for word in _merged(words, upright)]


def _once(glyphs: Iterable[Glyph]) -> Iterator[Glyph]:
    kept: set[tuple[str, int, int, int]] = set()
    for glyph in glyphs:
        if glyph.char.isspace():
            yield glyph
            continue
        step = glyph.size * _TWICE
        size, x, y = round(glyph.size), int(glyph.x / step), int(glyph.y / step)
        near = ((glyph.char, size, x + i, y + j) for i in (-1, 0, 1) for j in (-1, 0, 1))
        if kept.isdisjoint(near):
            kept.add((glyph.char, size, x, y))
            yield glyph


def _runs(glyphs: Iterable[Glyph], upright: list[tuple[float, float, float]]) -> Iterator[_Word]:
    word: _Word | None = None
    for glyph in glyphs:
        turn = glyph.turn
        if glyph.char.isspace() or turn is None:
            if word and glyph.char.isspace():
                word.blank_after = glyph.advance > glyph.size * _BLANK
            continue
        start, line = _reading(glyph.x, glyph.y, turn)
        if word and word.turn == turn and _continues(word, start, line, glyph.size, upright):
            word.add(glyph)
            continue
        if word:
            yield word
        word = _Word([glyph], turn, start, start + glyph.advance, line, glyph.size)
    if word:
        yield word


def _continues(
    word: _Word, start: float, line: float, size: float, upright: list[tuple[float, float, float]]
) -> bool:
    low = min(word.size, size)
    gap = start - word.end
    if abs(line - word.line) > low * _SAME_LINE or not -low * _OVERLAP < gap < low * _GAP:
        return False
    if word.blank_after and gap >= -low * _TWICE:
        return False
    if gap >= low * _BESIDE_RULE and _parted(word, start, upright):
        return False
    word.blank_after = False
    return True


def _parted(word: _Word, start: float, upright: list[tuple[float, float, float]]) -> bool:
    """Whether an upright ruling line stands in the gap before `start`."""
    if word.turn:
        return False
    middle = word.line - word.size / 2
    for x, top, bottom in upright[bisect_left(upright, (word.end - 1,)) :]:
        if x > start + 1:
            return False
        if top <= middle <= bottom:
            return True
    return False


def _merged(words: list[_Word], upright: list[tuple[float, float, float]]) -> list[_Word]:
    """Words with those joined that touch on a line though the file draws them apart."""
    by_line: dict[int, list[_Word]] = defaultdict(list)
    for word in words:
        by_line[word.turn].append(word)
    kept = []
    for group in by_line.values():
        group.sort(key=lambda word: (word.line, word.start))
        for line in _lines(group):
            line.sort(key=lambda word: word.start)
            last: _Word | None = None
            for word in line:
                if (
                    last
                    and word.start >= last.end - last.size * _TWICE
                    and _continues(last, word.start, word.line, word.size, upright)
                ):
                    last.join(word)
                else:
                    kept.append(word)
                    last = word
    return kept


def _lines(words: list[_Word]) -> Iterator[list[_Word]]:
    line: list[_Word] = []
    for word in words:
        if line and word.line - line[0].line > min(word.size, line[0].size) * _SAME_LINE:
            yield line
            line = []
        line.append(word)
    if line:
        yield line


def _reading(x: float, y: float, turn: int) -> tuple[float, float]:
    """(along, across): how far along the direction of reading a point is, and how far down its lines."""
    if turn == 90:
        return y, -x
    if turn == 180:
        return -x, -y
    if turn == 270:
        return -y, x
    return x, y


def _box(word: _Word, top: float, bottom: float) -> Box:
    if word.turn == 90:
        return -bottom, word.start, -top, word.end
    if word.turn == 180:
        return -word.end, -bottom, -word.start, -top
    if word.turn == 270:
        return top, -word.end, bottom, -word.start
    return word.start, top, word.end, bottom
