"""Lines and their fields: the smallest pieces that layout is read from."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from schemas import squeeze
from schemas.numerals import Printed, find_numerals
from worker.ingest.separated import fields as separated_fields


@dataclass(frozen=True, slots=True)
class Field:
    """A piece of a line between separators: reading text, document offsets, 0-based position in the line.

    `column` is the position among separated fields (blank ones counted); -1 where a line has no separators.
    """

    text: str
    start: int
    end: int
    column: int


@dataclass(frozen=True)
class Line:
    """One line: 0-based index in its document or chunk, document offsets, reading text.

    `cells` are its fields where something else than separators tells them. `furniture` stands at the edge of a page
    and was made blank.
    """

    index: int
    start: int
    end: int
    text: str
    delimiter: str | None = None
    cells: tuple[Field, ...] | None = None
    furniture: bool = False

    @cached_property
    def squeezed(self) -> str:
        """The line without white space."""
        return squeeze(self.text)

    @property
    def blank(self) -> bool:
        """No visible character."""
        return not self.squeezed

    @cached_property
    def separated(self) -> bool:
        """Whether fields are told apart by tabs, pipes or the delimiter of the file."""
        return (
            self.cells is not None or bool(self.delimiter) or "\t" in self.text or self.text.count("|") >= 2
        )

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        """The non-blank fields; runs of two or more spaces separate where nothing else does."""
        return tuple(_split(self)) if self.cells is None else self.cells

    @cached_property
    def numerals(self) -> tuple[Printed, ...]:
        """The numerals of the line with document offsets; none reaches over a separator."""
        if not self.separated:
            return tuple(find_numerals(self.text, base=self.start))
        return tuple(p for f in self.fields for p in find_numerals(f.text, base=f.start))

    @property
    def has_amount(self) -> bool:
        """Whether a numeral with decimals or thousands separators stands in the line."""
        return any(p.decimals or p.end - p.start > 9 or self._grouped(p) for p in self.numerals)

    def _grouped(self, printed: Printed) -> bool:
        return "," in self.text[printed.start - self.start : printed.end - self.start]


_GAP = re.compile(r" {2,}")
# 类 and 款 stand alone, over the columns of a code.
_IDEOGRAPH = re.compile(r"(?![类款])[\u3400-\u9fff]")
_MANY, _PAIR = 4, 2
_WIDEST = 4
"""Blanks between the ideographs of a word that is set wide, at most."""
_RULE = re.compile(r"^[\s|:+=\-]+$")


def _split(line: Line) -> list[Field]:
    text, start = line.text, line.start
    if line.delimiter:
        ranges = separated_fields(text, line.delimiter)
    elif "\t" in text:
        ranges = _ranges(text, re.compile(r"\t"))
    elif line.separated:
        if _RULE.match(text):  # the rule under a Markdown header
            return []
        ranges = _ranges(text, re.compile(r"\|"))
        if text.lstrip().startswith("|"):
            ranges = ranges[1:]
    else:
        ranges = list(_spaced_out(text, _ranges(text, _GAP)))
    found = []
    for column, (a, b) in enumerate(ranges):
        piece = text[a:b]
        a += len(piece) - len(piece.lstrip())
        b -= len(piece) - len(piece.rstrip())
        if a < b:
            found.append(Field(text[a:b], start + a, start + b, column if line.separated else -1))
    return found


def _spaced_out(text: str, ranges: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The ranges with those of a word set wide in one: "合    计" is no two columns."""
    run: list[tuple[int, int]] = []
    before = ""
    for a, b in ranges:
        word = text[a:b].strip()
        single = bool(_IDEOGRAPH.fullmatch(word)) and not (word == "项" and before == "款")
        if run and not (single and a - run[-1][1] <= _WIDEST):
            yield from _words(run)
            run = []
        if single:
            run.append((a, b))
        else:
            yield a, b
        before = word
    yield from _words(run)


def _words(run: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Ideographs that stand alone, as words of those that stand equally far apart; four and more in pairs."""
    gaps = [right[0] - left[1] for left, right in pairwise(run)]
    paired = len(run) >= _MANY and len(set(gaps)) == 1
    start = 0
    for i in range(1, len(run) + 1):
        if i == len(run) or gaps[i - 1] != gaps[start] or (paired and i - start == _PAIR):
            yield run[start][0], run[i - 1][1]
            start = i


def _ranges(text: str, separator: re.Pattern[str]) -> list[tuple[int, int]]:
    ranges, at = [], 0
    for match in separator.finditer(text):
        ranges.append((at, match.start()))
        at = match.end()
    ranges.append((at, len(text)))
    return ranges


def lines_of(
    reading: str, bounds: Sequence[tuple[int, int]], base: int = 0, delimiter: str | None = None
) -> list[Line]:
    """The lines at document offsets `bounds` of a reading text that begins at offset `base`."""
    return [Line(i, a, b, reading[a - base : b - base], delimiter) for i, (a, b) in enumerate(bounds)]
