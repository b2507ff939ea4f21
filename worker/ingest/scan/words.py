"""What an engine read → words with places and scores."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from worker.ingest.scan.engine import Line, Region

# Blanks that recognition sees behind the separators of one figure.
_INSIDE = re.compile(r"(?<=\d)\s*([,.，．])\s+(?=\d)|(?<=\d)\s+([,.，．])\s*(?=\d)")
# Ideographs and what stands between them are words apart: what is doubtful of a sentence is not so of its figures.
_WORD = re.compile(r"[\x21-\x7e]+|[^\s\x21-\x7e]+")
# Figures in groups of three, with or without decimals: whatever their marks are taken for, the groups tell which are
# points. Two digits after a comma are decimals where the figure ends the word, or an amount.
_GROUPED = re.compile(
    r"""
    (?<![\d,.])(?:
        (?:\d{1,3}(?:[,.]\d{3})*|\d+)(?P<point>[,.])\d{2}(?=[)%]*(?:\s|$)|[万亿]?元|%)
        | \d{1,3}(?:[,.]\d{3})+(?P<decimal>\.)\d{1,2}(?![\d,.])
        | \d{1,3}(?:\.\d{3}){2,}(?![\d,.])
    )
    """,
    re.VERBOSE,
)


def words_of(piece: Region, crop: Region, line: Line) -> Iterator[tuple[str, Region, float]]:
    """The words of a piece: text, region, and the score of the least sure character."""
    line = _joined(line)
    text = _GROUPED.sub(_marked, line.text)
    found = list(_WORD.finditer(text))
    x0, top, x1, bottom = piece
    places = [crop[0] + place * (crop[2] - crop[0]) for place in line.places]
    cuts = [(places[one.end() - 1] + places[other.start()]) / 2 for one, other in pairwise(found)]
    ends = [x0, *(round(min(max(x0, cut), x1)) for cut in cuts), x1]
    for match, (left, right) in zip(found, pairwise(ends), strict=False):
        yield match.group(), (left, top, right, bottom), min(line.scores[match.start() : match.end()])


def _marked(figure: re.Match[str]) -> str:
    """A figure with commas between its groups and a point before its decimals."""
    point = max(figure.start("point"), figure.start("decimal"))
    whole, rest = figure.group(), ""
    if point >= 0:
        whole, rest = whole[: point - figure.start()], "." + whole[point + 1 - figure.start() :]
    return whole.replace(".", ",") + rest


def _joined(line: Line) -> Line:
    """The line without blanks inside figures."""
    kept = [True] * len(line.text)
    for match in _INSIDE.finditer(line.text):
        for at in range(*match.span()):
            kept[at] = not line.text[at].isspace()
    if all(kept):
        return line
    keep = [at for at, there in enumerate(kept) if there]
    return Line(
        "".join(line.text[at] for at in keep),
        tuple(line.places[at] for at in keep),
        tuple(line.scores[at] for at in keep),
    )
