"""Breaking text at a printed width."""

from __future__ import annotations

import re
from collections.abc import Iterator

from schemas.text import display_width

# What stays together: a word, a numeral (its separators may be full-width or have a blank behind), and closing
# punctuation with what stands before it.
_TOKEN = re.compile(
    r"(?:(?:[!-~\d]|(?<=\d)[，．](?=\d)|(?<=\d[.,．，])\ (?=\d))+|.)[，。；：、）”％]*",
    re.VERBOSE,
)


def wrapped(line: str, width: int) -> Iterator[str]:
    """The parts of a line, none wider than `width` if its words allow; blanks at a break go."""
    start, used = 0, 0
    for token in _TOKEN.finditer(line):
        size = display_width(token.group())
        if used + size > width and line[start : token.start()].strip():
            yield line[start : token.start()].rstrip()
            start, used = token.start(), 0
        if token.group() == " " and start == token.start() > 0:
            start = token.end()
        else:
            used += size
    yield line[start:]
