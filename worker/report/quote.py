"""Lines of the source with the figures in question marked."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from typing import Literal, NamedTuple

from schemas import Document, Span
from worker.export.plain import as_printed

Mark = Literal["", "figure", "suspect"]

# Further from any figure in question than this, a line is cut.
_AROUND = 60
_GAP = re.compile(r"\s{2,}|[\t\r\n\f\v]")


class Segment(NamedTuple):
    """A piece of a line, and what it is."""

    text: str
    mark: Mark = ""


class Line(NamedTuple):
    """A line of the source; `number` and `page` count from 1, a source of one page has none."""

    number: int
    page: int | None
    segments: tuple[Segment, ...]

    @property
    def place(self) -> str:
        """Where it stands: line 23, p. 4."""
        return f"line {self.number}" + (f", p. {self.page}" if self.page else "")

    @property
    def text(self) -> str:
        """The line without marks."""
        return "".join(segment.text for segment in self.segments).strip()


def quote(document: Document, figures: Mapping[Span, Mark]) -> list[Line]:
    """The lines in which figures stand, in the order of the source. Places outside the text are left out."""
    by_line: dict[int, list[tuple[Span, Mark]]] = defaultdict(list)
    for span, mark in figures.items():
        if 0 <= span.start < span.end <= len(document.text):
            by_line[document.line_of(span.start)].append((span, mark))
    return [
        Line(
            number,
            document.page_of(marked[0][0].start) if len(document.page_starts) > 1 else None,
            _segments(document, number, sorted(marked, key=lambda x: x[0].start)),
        )
        for number, marked in sorted(by_line.items())
    ]


def _segments(document: Document, number: int, marked: list[tuple[Span, Mark]]) -> tuple[Segment, ...]:
    starts = document.line_starts
    at, end = starts[number - 1], starts[number] if number < len(starts) else len(document.text)
    found: list[Segment] = []
    for span, mark in marked:
        # A figure may reach into the next line, and two may be said to stand at one place.
        start, stop = max(at, span.start), min(end, span.end)
        if start < stop:
            found.append(Segment(_cut(document.text[at:start], head=bool(found))))
            found.append(Segment(as_printed(document.text[start:stop]), mark))
            at = stop
    found.append(Segment(_cut(document.text[at:end], head=True, tail=False)))
    return tuple(segment for segment in found if segment.text)


def _cut(text: str, *, head: bool, tail: bool = True) -> str:
    """What stands between two figures: `head` keeps its beginning, `tail` its end, the middle may go."""
    text = _GAP.sub("  ", text)
    if len(text) > _AROUND * (head + tail):
        text = f"{text[:_AROUND] if head else ''} … {text[-_AROUND:] if tail else ''}"
    # White space next to a figure keeps columns apart.
    lead, trail = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
    return f"{lead}{as_printed(text)}{trail}" if text.strip() else text
