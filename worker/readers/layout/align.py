"""Places on a page of fixed pitch."""

from __future__ import annotations

from collections.abc import Collection

from schemas.text import display_width
from worker.segment.lines import Line


def page_columns(line: Line, wide: Collection[int]) -> list[int]:
    """The column of the page at which every character of a line begins, and that of its end.

    `wide` are document offsets of characters that are printed wide and read narrow.
    """
    places = [0]
    for offset, char in enumerate(line.text, line.start):
        places.append(places[-1] + (2 if offset in wide else display_width(char)))
    return places
