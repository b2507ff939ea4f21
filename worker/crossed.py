"""Whether figures stand in the order of their headers: what no sum sees where columns are built alike."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise, takewhile
from typing import NamedTuple

from schemas import AnyTable, Chunk, squeeze
from worker.memory import remembered


class Crossing(NamedTuple):
    """Two columns whose headers stand on one line in this order, and the rows (0-based) whose figures do not."""

    left: str
    right: str
    rows: tuple[int, ...]


def crossings(chunk: Chunk, table: AnyTable) -> Iterator[Crossing]:
    """The columns of a table whose figures are the other way round than their headers.

    Compared are headers on one line above the figures, once or panel by panel, and figures of a row on one line: what
    is printed otherwise says nothing.
    """
    spans = [
        {column: cell.span for column, cell in row.cells() if cell.amount is not None and cell.span.end}
        for row in table.rows
    ]
    end = min((span.start for row in spans for span in row.values()), default=0)
    lines = chunk.slice(chunk.start, max(chunk.start, end)).split("\n")
    keys = type(table).row_type().column_infos()
    headers = {key: table.headers.get(key) or ("" if key in keys else key) for key in table.columns}
    for one, other in combinations(filter(headers.get, headers), 2):
        in_order = _in_order(lines, headers[one], headers[other])
        if in_order is None:
            continue
        left, right = (one, other) if in_order else (other, one)
        rows = tuple(
            index
            for index, row in enumerate(spans)
            if left in row
            and right in row
            and row[left].line == row[right].line
            and row[left].start > row[right].start
        )
        if rows:
            yield Crossing(left, right, rows)


def _in_order(lines: Sequence[str], one: str, other: str) -> bool | None:
    """Whether one header stands before another; None where print does not tell.

    Of headers of several levels the part counts in which they differ; of equal ones, printed so often, the one listed
    first stands first.
    """
    first, second = squeeze(one), squeeze(other)
    if first == second:
        return True if any(len(_places(line, first)) > 1 for line in lines) else None
    above = _alike(first, second)
    below = _alike(first[above:][::-1], second[above:][::-1])
    parts = (first[: len(first) - below], second[: len(second) - below]), (first[above:], second[above:])
    for left, right in ((first, second), *parts):
        found = {order for line in lines for order in _orders(_places(line, left), _places(line, right))}
        if len(found) == 1:
            return found.pop()
    return None


def _alike(one: str, other: str) -> int:
    """How many characters two texts begin with alike."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _places(line: str, header: str) -> list[int]:
    return [match.start() for match in _printed(header).finditer(line)] if header else []


@remembered(256)
def _printed(header: str) -> re.Pattern[str]:
    """A header as it stands between blanks or rules, blanks between its own characters allowed."""
    return re.compile(rf"(?<![^\s|]){' ?'.join(map(re.escape, header))}(?![^\s|])")


def _orders(one: Sequence[int], other: Sequence[int]) -> Iterator[bool]:
    """In each panel of a line whether the first stands before the second, if every panel has both."""
    panels = list(zip(one, other, strict=False))
    apart = all(max(here) < min(there) for here, there in pairwise(panels))
    if len(one) == len(other) and apart:
        yield from (first < second for first, second in panels if first != second)
