"""Lines between the rows of a table that are none: its header on a later page, the number of a page."""

from __future__ import annotations

import re
from collections.abc import Sequence

from schemas.text import squeeze
from worker.segment.lines import Line

NAME_END = re.compile(r"^(?:收入|支出|[收支入出目类款项])$")
"""Words of headers in which the name of a row may as well end."""


def header_again(lines: Sequence[Line], first: int) -> set[int]:
    """The indices of the lines from the `first` of the body on that repeat the header.

    One line of several is not the header again: 收入 and 支出 may as well be the ends of names.
    """
    texts = [x.squeezed for x in lines[:first]]
    found = set()
    for i, line in enumerate(lines[first:], first):
        beside = {x.squeezed for x in (lines[i - 1], *lines[i + 1 : i + 2])} if i else set()
        ends = all(NAME_END.match(squeeze(f.text)) for f in line.fields)
        if line.squeezed in texts and not (ends and beside.isdisjoint(texts)):
            found.add(line.index)
    return found


def is_page_number(line: Line, coded: bool) -> bool:
    """A small whole number alone on a line without separators, among lines that have them; no code."""
    return not line.separated and line.squeezed.isdigit() and len(line.squeezed) <= (2 if coded else 3)
