"""Prose as it is meant: lines joined to paragraphs, every character with its place.

White space goes where words are written without it; between words of other scripts one space stays.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from schemas import Chunk, Numeral, squeeze
from worker.readers.layout.places import Places

_PAGE = re.compile(r"[-—=]*(page|第)?\d{1,4}(页(共\d{1,4}页)?)?[-—=]*")
_GOES_ON = re.compile(r"^(年初|全年)?预算|^(支出)?决算|^完成|^[比较与占同,，]")
_ENDS = re.compile(r"[。!！?？:：]$")
_HEADING = re.compile(
    r"^(第[一二三四五六七八九十]+(部分|章|节)|[一二三四五六七八九十]{1,3}、|\([一二三四五六七八九十]{1,3}\))"
)
_ITEM = re.compile(r"^(\d{1,2}[.、](?!\d)|\(\d{1,2}\)|[①-⑳])")
_PUNCTUATION = re.compile(r"[,，。;；:：]")


@dataclass(frozen=True)
class Figure:
    """A numeral of a paragraph: its ledger entry and its offsets [start, end) in the paragraph's text."""

    numeral: Numeral
    start: int
    end: int


@dataclass(frozen=True)
class Paragraph:
    """Text as it is meant; `at[i]` is the document offset of its character i."""

    text: str
    at: tuple[int, ...]
    figures: tuple[Figure, ...]

    def document_range(self, start: int, end: int) -> tuple[int, int]:
        """Document offsets of a piece of the text."""
        return self.at[start], self.at[end - 1] + 1


def paragraphs(chunk: Chunk, places: Places) -> Iterator[Paragraph]:
    """The paragraphs of a chunk; a line break inside a sentence, even inside a word, does not count."""
    held: list[tuple[int, int]] = []
    before = ""
    for start, end in chunk.lines:
        text = squeeze(chunk.slice(start, end))
        if not text:
            continue
        if _PAGE.fullmatch(text):
            places.explain(start, end, "page")
            continue
        if held and _breaks(before, text):
            yield _paragraph(chunk, places, held)
            held = []
        held.append((start, end))
        before = text
    if held:
        yield _paragraph(chunk, places, held)


def has_han(text: str) -> bool:
    """Whether a text is written in Chinese for a good part."""
    letters = "".join(text.split())
    return sum("\u4e00" <= char <= "\u9fff" for char in letters) * 4 >= len(letters)


def _breaks(before: str, after: str) -> bool:
    if before.endswith(".") and not has_han(before):
        return True
    if (_ENDS.search(before) and not _GOES_ON.match(after)) or (
        _HEADING.match(before) and not _PUNCTUATION.search(before)
    ):
        return True
    starts = _HEADING.match(after) or _ITEM.match(after)
    return bool(starts) and not before.endswith((",", "、", "(", "和", "及", "的"))


def _paragraph(chunk: Chunk, places: Places, bounds: list[tuple[int, int]]) -> Paragraph:
    characters: list[str] = []
    at: list[int] = []
    index: dict[int, int] = {}
    spaced = not has_han("".join(chunk.slice(start, end) for start, end in bounds))
    for start, end in bounds:
        if spaced and characters and characters[-1] != " ":
            characters.append(" ")
            at.append(start)
        for offset, char in enumerate(chunk.slice(start, end), start):
            if spaced and char.isspace() and characters and characters[-1] != " ":
                characters.append(" ")
                at.append(offset)
            elif not char.isspace():
                index[offset] = len(characters)
                characters.append(char)
                at.append(offset)
    figures = []
    for numeral in places.numerals(bounds[0][0], bounds[-1][1]):
        first, last = index.get(numeral.span.start), index.get(numeral.span.end - 1)
        if first is not None and last is not None:
            figures.append(Figure(numeral, first, last + 1))
    return Paragraph("".join(characters), tuple(at), tuple(figures))
