"""Places on a page of fixed pitch."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection

from worker.segment.lines import Line


def display_width(text: str) -> int:
    """Columns that a text takes on a page of fixed pitch: two for a wide character."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def page_columns(line: Line, wide: Collection[int]) -> list[int]:
    """The column of the page at which every character of a line begins, and that of its end.

    `wide` are document offsets of characters that are printed wide and read narrow.
    """
    places = [0]
    for offset, char in enumerate(line.text, line.start):
        places.append(places[-1] + (2 if offset in wide else display_width(char)))
    return places
