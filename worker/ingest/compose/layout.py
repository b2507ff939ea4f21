"""A sheet → blocks of rows, in the order of reading."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import NamedTuple

from worker.ingest.compose.columns import pieces_of, span_of
from worker.ingest.compose.lattice import Lattice, joined, lattice_of, lattices_of
from worker.ingest.compose.lines import Line, lines_of, text_height, top_of
from worker.ingest.compose.ruled import completed, rows_of_lattice
from worker.ingest.compose.stream import Block, blocks_of
from worker.ingest.page import Rule, Seen, Sheet

_NEAR = 0.35
_BESIDE = 0.5
_SAME_ROWS = 0.8
_ABOVE = 6.0
_CENTRE = 0.15


class _Table(NamedTuple):
    lattice: Lattice
    words: list[Seen]


def blocks_of_sheet(sheet: Sheet) -> list[Block]:
    """The blocks of a page: tables by their ruling lines, the lines of all other text."""
    height = text_height(sheet.words)
    rules = joined(sheet.rules, height * _NEAR)
    lattices = [x for x in lattices_of(rules, height * _NEAR) if len(x.xs) > 2 and x.cells > 1]
    inside: dict[int, list[Seen]] = defaultdict(list)
    free: list[Seen] = []
    for word in sheet.words:
        at = _innermost(lattices, word)
        (free if at is None else inside[at]).append(word)
    tables = [_Table(lattice, inside[at]) for at, lattice in enumerate(lattices) if inside[at]]
    return list(_blocks(tables, free, rules, height))


def _innermost(lattices: Sequence[Lattice], word: Seen) -> int | None:
    x, y = _middle(word)
    around = [i for i, lattice in enumerate(lattices) if lattice.slot(x, y)]
    return min(around, key=lambda i: _area(lattices[i]), default=None)


def _area(lattice: Lattice) -> float:
    x0, top, x1, bottom = lattice.box
    return (x1 - x0) * (bottom - top)


def _middle(word: Seen) -> tuple[float, float]:
    return (word.box[0] + word.box[2]) / 2, (word.box[1] + word.box[3]) / 2


def _blocks(
    tables: Sequence[_Table], free: Sequence[Seen], rules: Sequence[Rule], height: float
) -> Iterator[Block]:
    """Blocks from top to bottom; of tables beside each other first the left with what stands over it."""
    beside = next(((a, b) for a, b in combinations(tables, 2) if _are_beside(a.lattice, b.lattice)), None)
    if beside is None:
        yield from _stacked(tables, free, rules, height)
        return
    left, right = sorted(beside, key=lambda table: table.lattice.xs[0])
    lines = lines_of(free)
    cut = (left.lattice.xs[-1] + right.lattice.xs[0]) / 2
    top, bottom = _top(left, right, lines, cut, height), max(x.lattice.ys[-1] for x in beside)
    if top is None:
        rest = [table for table in tables if table not in beside]
        both = lattice_of((*left.lattice.rules, *right.lattice.rules), height * _NEAR)
        yield from _blocks([*rest, _Table(both, [*left.words, *right.words])], free, rules, height)
        return

    def part(x: float, y: float) -> int:
        return 0 if y < top else 3 if y > bottom else 1 if x < cut else 2

    for number in range(4):
        own = [x for x in tables if part((x.lattice.xs[0] + x.lattice.xs[-1]) / 2, x.lattice.ys[0]) == number]
        yield from _blocks(own, [word for word in free if part(*_middle(word)) == number], rules, height)


def _are_beside(a: Lattice, b: Lattice) -> bool:
    shared = min(a.ys[-1], b.ys[-1]) - max(a.ys[0], b.ys[0])
    lower = min(a.ys[-1] - a.ys[0], b.ys[-1] - b.ys[0])
    return shared > lower * _BESIDE and (a.xs[-1] <= b.xs[0] or b.xs[-1] <= a.xs[0])


def _top(left: _Table, right: _Table, lines: Sequence[Line], cut: float, height: float) -> float | None:
    """Where two tables beside each other begin, with titles of their own; None if they are halves of one table.

    Halves have their rows at the same heights and one title over both.
    """
    top = first = min(left.lattice.ys[0], right.lattice.ys[0])
    titled = False
    for line in reversed([line for line in lines if first - height * _ABOVE < top_of(line) < first]):
        spans = [span_of(piece) for piece in pieces_of(line, height)]
        if any(a < cut < b for a, b in spans):
            break
        over = [any(_is_over(span, table.lattice) for span in spans) for table in (left, right)]
        titled = titled or all(over)
        top = top_of(line)
    ys = [[y for y in table.lattice.ys if y >= first - height] for table in (left, right)]
    same = sum(any(abs(y - other) < height * _NEAR for other in ys[1]) for y in ys[0])
    if not titled and same >= _SAME_ROWS * max(map(len, ys)):
        return None
    return (top if titled else first) - height / 4


def _is_over(span: tuple[float, float], lattice: Lattice) -> bool:
    """Whether a piece of a line is centred over a table."""
    x0, _, x1, _ = lattice.box
    return abs(sum(span) - x0 - x1) / 2 < (x1 - x0) * _CENTRE


def _stacked(
    tables: Sequence[_Table], free: Sequence[Seen], rules: Sequence[Rule], height: float
) -> Iterator[Block]:
    lines = lines_of(free)
    at = 0
    for table in sorted(tables, key=lambda table: table.lattice.ys[0]):
        top = table.lattice.ys[0]
        until = next(
            (i for i, line in enumerate(lines[at:], at) if top_of(line) >= top - height / 2), len(lines)
        )
        yield from blocks_of(lines[at:until], rules, height)
        at = until
        lattice = completed(table.lattice, table.words, height, height * _NEAR)
        rows = tuple(rows_of_lattice(lattice, table.words))
        whole = lattice.ys == table.lattice.ys
        yield Block(rows, width=len(lattice.xs) - 1, xs=lattice.xs, whole=whole)
    yield from blocks_of(lines[at:], rules, height)
