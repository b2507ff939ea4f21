"""Page furniture: lines at the head and foot of pages that are no part of what the pages say."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise

from schemas import Document
from worker.segment.anchors import anchor_of, unit_of
from worker.segment.lines import Line

_EDGE = 2
_LONGEST = 60
_FEWEST = 3
_NUMBER = re.compile(r"\d{1,4}")


def furniture(document: Document, lines: Sequence[Line]) -> set[int]:
    """Indices of page numbers, and of lines that pages repeat at their edge, but for their first time.

    Numbers in them may change from page to page. Titles and units of tables are none. Only of documents whose pages
    were seen.
    """
    if len(document.pages) < 2:
        return set()
    places: dict[tuple[bool, str], list[tuple[int, int]]] = defaultdict(list)
    for page, top, line in _edges(document, lines):
        places[top, _NUMBER.sub("#", line.squeezed)].append((page, line.index))
    fewest = min(_FEWEST, len(document.pages))
    found: set[int] = set()
    for (_, text), at in places.items():
        if text == "#":
            values = [(page, int(lines[i].squeezed), i) for page, i in at]
            counts = {i for a, b in pairwise(values) if b[0] - a[0] == b[1] - a[1] for i in (a[2], b[2])}
            found |= counts
        elif len({page for page, _ in at}) >= fewest:
            found.update(i for _, i in at[1:])
    return found


def _edges(document: Document, lines: Sequence[Line]) -> Iterator[tuple[int, bool, Line]]:
    """(page, whether at its head, line) of the outermost lines of every page that may be furniture."""
    printed = (line for line in lines if not line.blank)
    for page, group in groupby(printed, key=lambda line: document.page_of(line.start)):
        own = list(group)
        for top, edge in ((True, own[:_EDGE]), (False, own[_EDGE:][-_EDGE:])):
            for line in edge:
                text = line.squeezed
                if not line.separated and len(text) <= _LONGEST and not anchor_of(line) and not unit_of(text):
                    yield page, top, line
