"""Printed width, and breaking text at it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

# What stays together: a word, a numeral (its separators may be full-width or have a blank behind), and closing
# punctuation with what stands before it.
_TOKEN = re.compile(
    r"(?:(?:[!-~\d]|(?<=\d)[，．](?=\d)|(?<=\d[.,．，])\ (?=\d))+|.)[，。；：、）”％]*",
    re.VERBOSE,
)


def printed_width(text: str) -> int:
    """Columns that a text takes: an ideograph takes two."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def wrapped(line: str, width: int) -> Iterator[str]:
    """The parts of a line, none wider than `width` if its words allow; blanks at a break go."""
    start, used = 0, 0
    for token in _TOKEN.finditer(line):
        size = printed_width(token.group())
        if used + size > width and line[start : token.start()].strip():
            yield line[start : token.start()].rstrip()
            start, used = token.start(), 0
        if token.group() == " " and start == token.start() > 0:
            start = token.end()
        else:
            used += size
    yield line[start:]
