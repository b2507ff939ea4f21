"""Separated values: which character separates, and where the contents of the fields of a line stand."""

from __future__ import annotations

import re
from collections import Counter

# Ties go to the one that is least likely to stand inside a field: a comma may group or part a number.
_CANDIDATES = ("\t", ";", ",")
_LINES = 200
_LONGEST_CELL = 10_000


def fields(line: str, delimiter: str) -> list[tuple[int, int]]:
    """Offsets [start, end) of the contents of each field of one line; enclosing quotes are left out.

    A doubled quote inside a quoted field stays doubled, so that offsets remain true.
    """
    found: list[tuple[int, int]] = []
    at = 0
    while True:
        start = at
        while start < len(line) and line[start] == " ":
            start += 1
        close = _closing_quote(line, start, delimiter) if line.startswith('"', start) else -1
        if close >= 0:
            found.append((start + 1, close))
            at = line.find(delimiter, close)
        else:
            stop = line.find(delimiter, at)
            found.append((at, stop if stop >= 0 else len(line)))
            at = stop
        if at < 0:
            return found
        at += len(delimiter)


def _closing_quote(line: str, start: int, delimiter: str) -> int:
    """The place of the quote that closes the one at `start`, -1 if that one does not enclose a field."""
    at = start + 1
    while (at := line.find('"', at)) >= 0:
        if line.startswith('""', at):
            at += 2
            continue
        rest = at + 1
        while rest < len(line) and line[rest] == " ":
            rest += 1
        return at if rest == len(line) or line.startswith(delimiter, rest) else -1
    return -1


def delimiter_of(text: str, *, preferred: str) -> str:
    """The delimiter of a file: the one that parts most lines into the same number of fields.

    A first line `sep=;` names it. `preferred` is taken where nothing separates anything.
    """
    if named := re.match(r"sep=([,;\t])(?:\n|$)", text):
        return named[1]
    lines = [line for line in text[: _LINES * 2000].split("\n") if line.strip()][:_LINES]
    best, score = preferred, (0, 0)
    for delimiter in _CANDIDATES:
        counts = Counter(len(fields(line, delimiter)) for line in lines)
        width, agreeing = max(
            ((width, times) for width, times in counts.items() if width > 1),
            key=lambda x: (x[1], x[0]),
            default=(0, 0),
        )
        if (agreeing, width) > score:
            best, score = delimiter, (agreeing, width)
    return best


def one_record_a_line(text: str, delimiter: str) -> str:
    """`text` with every line break inside a quoted field replaced by a space; no offset moves."""
    if '"' not in text:
        return text
    edge = f"[{re.escape(delimiter)}\n]"
    quoted = re.compile(
        rf'(?:(?<={edge})|\A)"(?:[^"]{{1,{_LONGEST_CELL}}}+|""){{0,{_LONGEST_CELL}}}+"(?=[ ]*+(?:{edge}|\Z))'
    )
    return quoted.sub(lambda match: match[0].replace("\n", " "), text)
