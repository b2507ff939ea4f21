"""Where pages begin: at form feeds, or at lines that count the pages through the whole text."""

from __future__ import annotations

import re
from collections.abc import Iterator

from schemas import normalise

_NUMBER = r"(?P<number>\d{1,4})"
_OF = r"(?:\s*(?:of|/)\s*\d{1,4})?"
_HEAD = re.compile(rf"(?i)(?:[-=_*#]{{2,20}}|<!--|\[)\s*page\s+{_NUMBER}{_OF}\s*(?:[-=_*#]{{0,20}}|-->|\])")
_FEET = (
    re.compile(rf"第\s*{_NUMBER}\s*页[,，、/\s]*(?:共\s*\d{{1,4}}\s*页)?"),
    re.compile(rf"(?i)page\s+{_NUMBER}{_OF}"),
    re.compile(rf"[-—–]+\s*{_NUMBER}\s*[-—–]+"),
)
_FEWEST = 2
_LONGEST = 80


def page_starts(text: str) -> tuple[int, ...]:
    """Offsets at which pages begin, the first 0.

    Form feeds win. Without any, lines that are page marks count, if their numbers rise by one from the first
    of them to the last: `--- page 3 ---` heads its page; `第 3 页 共 20 页`, `Page 3 of 20` and `- 3 -` head
    their pages if nothing but the first stands before all other text, else they are feet.
    """
    if "\f" in text:
        return (0, *(at for at, char in enumerate(text[:-1], start=1) if char == "\f" and text[at:].strip()))
    lines = list(_lines(text))
    for pattern in (_HEAD, *_FEET):
        marks = [
            (start, end, int(match["number"]))
            for start, end, line in lines
            if (match := pattern.fullmatch(line.strip()))
        ]
        numbers = [number for _, _, number in marks]
        if len(marks) >= _FEWEST and numbers == list(range(numbers[0], numbers[0] + len(numbers))):
            before = text[: marks[0][0]].strip()
            starts = [start if pattern is _HEAD or not before else end for start, end, _ in marks]
            return (0, *(at for at in starts if text[:at].strip() and text[at:].strip()))
    return (0,)


def _lines(text: str) -> Iterator[tuple[int, int, str]]:
    """Start, start of the next line, and reading text of every line short enough to be a mark."""
    at = 0
    for line in text.split("\n"):
        end = min(at + len(line) + 1, len(text))
        if len(line) <= _LONGEST:
            yield at, end, normalise(line)
        at = end
