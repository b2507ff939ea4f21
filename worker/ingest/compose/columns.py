"""Columns that no ruling lines tell: places where the pieces of many lines stand above one another."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from schemas.numerals import parse_numeral
from worker.ingest.compose.lines import Line
from worker.ingest.page import Seen
from worker.memory import remembered

Span = tuple[float, float]
"""From where to where a piece or a column reaches, from left to right."""

# Gaps that part the pieces of a line, as shares of the height of its text.
_BETWEEN_FIGURES = 0.45
_BETWEEN_WORDS = 0.9
# How near two edges or middles are that are meant to be one, and how many columns a head stands over at most.
_ALIGNED = 0.5
_GROUP = 4
_SIGN = re.compile(r"(?:[$€£¥(]|US\$|USD|EUR|GBP|RMB|CNY)")
_CURRENCY = re.compile(r"^(?:[$€£¥]|US\$|USD|EUR|GBP|RMB|CNY)|(?:[$€£¥元]|USD|EUR|GBP|RMB|CNY)$")
_NIL = frozenset({"-", "–", "—", "－"})
# What numbers the entries of a list; it belongs to the entry.
_ORDINAL = re.compile(
    r"[一二三四五六七八九十]{1,4}[、.．]|\d{1,2}[、.．)）]|[(（][一二三四五六七八九十\d]{1,3}[)）][、.]?|[•·▪●○■□◆*–-]"
)
_AFTER = re.compile(r"[)%）％元]+")


def is_figure(words: Sequence[Seen]) -> bool:
    """Whether words are one amount or number, a sign of its currency left out, or a dash in place of one."""
    return _is_figure("".join(word.text for word in words))


@remembered(1024)
def _is_figure(text: str) -> bool:
    if not any(map(str.isdigit, text)):
        return text in _NIL
    return parse_numeral(_CURRENCY.sub("", text)) is not None


def pieces_of(line: Line, height: float) -> list[Line]:
    """A line in pieces that stand apart; the sign of a currency stays with what it is the sign of."""
    pieces: list[list[Seen]] = [[line[0]]]
    for left, right in pairwise(line):
        gap = (right.box[0] - left.box[2]) / height
        figure = is_figure([right])
        listed = _ORDINAL.fullmatch(left.text) and not figure
        glued = _SIGN.fullmatch(left.text) or _AFTER.fullmatch(right.text) or listed
        both = figure and is_figure(pieces[-1])
        if gap >= (_BETWEEN_FIGURES if both else _BETWEEN_WORDS) and not glued:
            pieces.append([])
        pieces[-1].append(right)
    return list(pieces)


def columns_of(lines: Sequence[Sequence[Line]]) -> list[Span]:
    """The columns of lines in pieces, from left to right.

    Narrow pieces make columns first. Neighbours are one column where no line has pieces in both: the head of a
    column stands to the left and its figures to the right. A piece over several makes them one, unless more lines
    have pieces in each of them: then it is the head of a group.
    """
    spans = sorted(
        ((span_of(piece), number) for number, line in enumerate(lines) for piece in line),
        key=lambda entry: entry[0][1] - entry[0][0],
    )
    columns: list[Span] = []
    members: list[set[int]] = []
    over: list[Span] = []
    for span, number in spans:
        found = [i for i, column in enumerate(columns) if overlap(span, column) > 0]
        if not found:
            columns.append(span)
            members.append({number})
        elif len(found) == 1:
            i = found[0]
            columns[i] = min(columns[i][0], span[0]), max(columns[i][1], span[1])
            members[i].add(number)
            _unite(columns, members, i)
        else:
            over.append(span)
    return _joined(columns, members, over)


def _unite(columns: list[Span], members: list[set[int]], grown: int) -> None:
    """Keep columns apart: one that has grown into another without sharing a line with it takes it in."""
    for other in range(len(columns) - 1, -1, -1):
        if (
            other != grown
            and overlap(columns[other], columns[grown]) > 0
            and not members[other] & members[grown]
        ):
            low, high = sorted((other, grown))
            columns[low] = min(columns[low][0], columns[high][0]), max(columns[low][1], columns[high][1])
            members[low] |= members[high]
            del columns[high], members[high]
            grown = low


def _joined(columns: list[Span], members: list[set[int]], over: Sequence[Span]) -> list[Span]:
    """The fewest columns such that no line has pieces in two of those that were joined, from left to right."""
    if not columns:
        return []
    order = sorted(range(len(columns)), key=lambda i: columns[i])
    found, lines = [columns[order[0]]], [members[order[0]]]
    for left, right in pairwise(order):
        together = len(lines[-1] & members[right])
        wide = sum(min(overlap(span, columns[left]), overlap(span, columns[right])) > 0 for span in over)
        if not together or wide >= 2 * together:
            found[-1] = found[-1][0], max(found[-1][1], columns[right][1])
            lines[-1] = lines[-1] | members[right]
        else:
            found.append(columns[right])
            lines.append(members[right])
    return found


def span_of(piece: Line) -> Span:
    """From where to where a piece reaches."""
    return min(word.box[0] for word in piece), max(word.box[2] for word in piece)


def overlap(a: Span, b: Span) -> float:
    """How much of their length two spans share."""
    return min(a[1], b[1]) - max(a[0], b[0])


def column_at(span: Span, columns: Sequence[Span]) -> int:
    """The column in which a piece stands; of several that it covers the first, its middle in it or not."""
    covered = [i for i, column in enumerate(columns) if overlap(span, column) > 0]
    full = [i for i in covered if overlap(span, columns[i]) >= (columns[i][1] - columns[i][0]) / 2]
    if len(full) > 1:
        return full[0]
    if covered:
        return max(covered, key=lambda i: overlap(span, columns[i]))
    middle = (span[0] + span[1]) / 2
    return min(range(len(columns)), key=lambda i: abs((columns[i][0] + columns[i][1]) / 2 - middle))


def heads_at(line: Sequence[Line], columns: Sequence[Span], height: float) -> list[int]:
    """The column of each piece of a line of heads: one in the middle over neighbours stands in the first of them."""
    found: list[int] = []
    for piece in line:
        span = span_of(piece)
        single = column_at(span, columns)
        aligned = min(abs(a - b) for a, b in zip(span, columns[single], strict=True)) < height * _ALIGNED
        groups = [
            (abs(sum(span) - columns[i][0] - columns[j][1]) / 2, j - i, i)
            for i in range(single + 1)
            for j in range(max(i + 1, single), min(i + _GROUP, len(columns)))
        ]
        off, _, first = min(groups, default=(height, 0, single))
        middle = abs(sum(span) - sum(columns[single])) / 2
        found.append(first if not aligned and off < height * _ALIGNED < middle / 2 else single)
    return found if len(set(found)) == len(found) else [column_at(span_of(piece), columns) for piece in line]
