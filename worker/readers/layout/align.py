"""Text that keeps its layout by spaces: figures belong to the header that they stand under."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from itertools import pairwise

from schemas import ColumnInfo, squeeze
from worker.readers.layout import headers
from worker.readers.layout.place import Placement
from worker.readers.layout.records import Record
from worker.segment.lines import Line

_WORDS = re.compile(r"\S+(?: \S+)*")  # words a single space apart belong together
_MARGIN = 4.0
"""Columns of the page by which the best placement must beat the next one."""
_JITTER = 2
"""Columns of the page by which right edges of one column may differ."""


def display_width(text: str) -> int:
    """Columns that a text takes on a page of fixed pitch: two for a wide character."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def header_centres(header: Sequence[Line], infos: Mapping[str, ColumnInfo]) -> dict[str, float]:
    """Column key → display column of the middle of its header word, where exactly one header word names it."""
    found: dict[str, list[float]] = {}
    for line in header:
        if not re.search(r" {2,}", line.text.strip()):
            continue
        for match in _WORDS.finditer(line.text):
            word = squeeze(match.group())
            key = next(iter(headers.match_path((word,), infos)), word)
            left = display_width(line.text[: match.start()])
            found.setdefault(key, []).append(left + display_width(match.group()) / 2)
    return {key: places[0] for key, places in found.items() if len(set(places)) == 1}


def is_positional(records: Sequence[Record], columns: int) -> bool:
    """Whether figures stand at the same few places of the page in all rows, so that their place means something."""
    places = sorted(value.right for record in records for value in record.values)
    rows = sum(bool(record.values) for record in records)
    clusters = 1 + sum(b - a > _JITTER for a, b in pairwise(places))
    return rows >= 3 and clusters <= columns + 1


def aligned(record: Record, options: Sequence[Placement], centres: Mapping[str, float]) -> list[Placement]:
    """The placement under whose headers the figures stand, alone if it clearly beats the others; else all."""
    if len(options) < 2 or any(key not in centres for option in options for key in option if key):
        return list(options)

    def distance(option: Placement) -> float:
        return sum(
            abs(value.right - len(value.numeral.text) / 2 - centres[key])
            for value, key in zip(record.values, option, strict=True)
            if key
        )

    ranked = sorted(options, key=distance)
    if distance(ranked[1]) - distance(ranked[0]) >= _MARGIN:
        return [ranked[0]]
    return list(options)
