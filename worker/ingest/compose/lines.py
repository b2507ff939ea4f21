"""Words → printed lines, for boxes that are uneven and pages that are a little askew."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from statistics import median

from worker.ingest.page import Seen

Line = Sequence[Seen]
"""The words of a printed line from left to right."""

_OVERLAP = 0.5
# Lines that a word on its side reaches over at most.
_TALLEST = 100
# Points: of text that is read at all, and where a page has none.
_LOWEST = 1.0
_USUAL = 10.0


def lines_of(words: Iterable[Seen]) -> list[Line]:
    """The printed lines of words, from top to bottom.

    A word goes on in the line whose last word is beside it: each is compared with its neighbour alone.
    """
    words = list(words)
    step = text_height(words)
    lines: list[list[Seen]] = []
    at_height: dict[int, set[int]] = defaultdict(set)
    for word in sorted(words, key=lambda word: word.box[0]):
        heights = range(
            int(word.box[1] // step), min(int(word.box[3] // step), int(word.box[1] // step) + _TALLEST) + 1
        )
        near = set().union(*(at_height[height] for height in heights))
        share, at = max(((_beside(lines[i][-1], word), -i) for i in near), default=(0.0, 0))
        if share >= _OVERLAP:
            lines[-at].append(word)
        else:
            at = -len(lines)
            lines.append([word])
        for height in heights:
            at_height[height].add(-at)
    return sorted(lines, key=lambda line: (_middle(line), line[0].box[0]))


def text_height(words: Iterable[Seen]) -> float:
    """The usual height of a line of words; the measure of everything else on the page."""
    heights = [
        min(word.box[3] - word.box[1], word.box[2] - word.box[0])
        if len(word.text) > 1
        else word.box[3] - word.box[1]
        for word in words
    ]
    return max(median(heights), _LOWEST) if heights else _USUAL


def _beside(left: Seen, right: Seen) -> float:
    """How much of the lower of two words is beside the other, 0..1."""
    overlap = min(left.box[3], right.box[3]) - max(left.box[1], right.box[1])
    return overlap / max(min(left.box[3] - left.box[1], right.box[3] - right.box[1]), 0.1)


def _middle(line: Line) -> float:
    return sum(word.box[1] + word.box[3] for word in line) / (2 * len(line))


def top_of(line: Line) -> float:
    """Where a line begins, from above."""
    return min(word.box[1] for word in line)


def bottom_of(line: Line) -> float:
    """Where a line ends, from above."""
    return max(word.box[3] for word in line)
