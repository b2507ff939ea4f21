"""Rows of words → text, and where each word stands in it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence

from schemas.source import Box, Word
from worker.ingest.compose.lines import Line
from worker.ingest.page import Seen

Cell = Sequence[Line]
"""The printed lines of a cell."""
Row = Sequence[Cell]

# A word holds no character that would end a line or part cells.
_BREAKS = {ord(char): " " for char in "\t\n\r\f\v\x1c\x1d\x1e\x85\u2028\u2029"}
# Gaps as shares of the height of the text: of a blank where none, one or both of the characters beside it are
# wide, and of a column. Words are words: between letters there is a blank however small the gap.
_BLANK = (float("-inf"), 0.12, 0.6)
_COLUMN = 1.6
# A sign belongs to the digits that it all but touches; one further off is a dash in place of a figure.
_SIGNED = 0.3
_OPENS = re.compile(r"[(（+\-−－]")
_FIGURE = re.compile(r"[\d,.，．]+")
_GROUPED = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?")


class Writer:
    """Writes rows; `text` is what is written, `words` are its words in order, `at` is where the next row begins."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self.words: list[Word] = []
        self.at = 0

    @property
    def text(self) -> str:
        """All that was written."""
        return "".join(self._parts)

    def row(self, row: Row, shown: Callable[[Box], Box]) -> None:
        """One line of text: cells with a tab between them. `shown` says where a box of the sheet is on the page."""
        for number, cell in enumerate(row):
            if number:
                self._put("\t")
            self._cell(cell, shown, alone=len(row) == 1)
        self._put("\n")

    def blank(self, lines: int) -> None:
        """Blank lines."""
        self._put("\n" * lines)

    def _cell(self, cell: Cell, shown: Callable[[Box], Box], *, alone: bool) -> None:
        broken = is_broken_figure(cell)
        before: Seen | None = None
        for line in cell:
            for number, word in enumerate(line):
                if before and number:
                    self._put(_gap(before, word, alone=alone))
                elif before and not broken:
                    self._put(_joint(before, word))
                self._word(word, shown(word.box))
                before = word

    def _word(self, word: Seen, box: Box) -> None:
        start = self.at
        self._put(word.text.translate(_BREAKS))
        if self.at > start:
            self.words.append(Word(start, self.at, box, word.score))

    def _put(self, text: str) -> None:
        self._parts.append(text)
        self.at += len(text)


def _gap(left: Seen, right: Seen, *, alone: bool) -> str:
    """What stands between two words of a printed line; two blanks part columns where no tab does."""
    height = min(left.box[3] - left.box[1], right.box[3] - right.box[1])
    gap = (right.box[0] - left.box[2]) / max(height, 0.1)
    if gap >= _COLUMN and alone:
        return "  "
    if gap < _SIGNED and _OPENS.fullmatch(left.text) and _is_digit(right.text[:1]):
        return ""
    wide = _is_wide(left.text[-1:]) + _is_wide(right.text[:1])
    return " " if gap >= _BLANK[wide] else ""


def _joint(left: Seen, right: Seen) -> str:
    """What stands between two printed lines of a cell."""
    return "" if _is_wide(left.text[-1:]) or _is_wide(right.text[:1]) else " "


def _is_wide(char: str) -> bool:
    return bool(char) and unicodedata.east_asian_width(char) in "WF"


def _is_digit(char: str) -> bool:
    return char.isascii() and char.isdigit()


def is_broken_figure(cell: Cell) -> bool:
    """Whether the lines of a cell are one figure that was too long for it."""
    lines = ["".join(word.text for word in line) for line in cell]
    if len(lines) != 2 or not all(map(_FIGURE.fullmatch, lines)):
        return False
    whole = "".join(lines)
    return bool(_GROUPED.fullmatch(whole)) and ("." in lines[1] or lines[0][-1] in ",." or "," in whole)
