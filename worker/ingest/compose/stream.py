"""Printed lines without a grid of ruling lines → rows: runs of lines in columns are tables, the rest stays as it is."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from worker.ingest.compose.columns import (
    Span,
    column_at,
    columns_of,
    heads_at,
    is_figure,
    overlap,
    pieces_of,
    span_of,
)
from worker.ingest.compose.lines import Line, bottom_of, top_of
from worker.ingest.compose.writing import Cell, Row
from worker.ingest.page import Rule

_FEWEST = 3
# Lines without columns that may stand between two lines of a table, and how far apart lines of a table are at most.
_MAY_PASS = 2
_APART = 3.0
_PROSE = 14
_CENTRED = 1.2
_LARGE = 1.15
_FULL = 0.7


@dataclass(frozen=True)
class Block:
    """Rows that belong together; `width` is how many columns they have, 0 where they are no table.

    `xs` are the places of the upright lines of a ruled table; `whole` where its rows are ruled too.
    """

    rows: tuple[Row, ...]
    width: int = 0
    xs: tuple[float, ...] = ()
    whole: bool = False


def blocks_of(lines: Sequence[Line], rules: Sequence[Rule], height: float) -> Iterator[Block]:
    """The blocks of printed lines from top to bottom; horizontal `rules` part the rows of tables."""
    pieces = [pieces_of(line, height) for line in lines]
    at = 0
    for first, last in _runs(lines, pieces, height):
        yield from _plain(lines[at:first], height)
        yield from _run(lines[first : last + 1], pieces[first : last + 1], rules, height)
        at = last + 1
    yield from _plain(lines[at:], height)


def _runs(
    lines: Sequence[Line], pieces: Sequence[Sequence[Line]], height: float
) -> Iterator[tuple[int, int]]:
    """First and last line of every run of lines in columns."""
    run: list[int] = []
    for i, line in enumerate(lines):
        if run and top_of(line) - bottom_of(lines[i - 1]) > height * _APART:
            yield from _kept(run, pieces)
            run = []
        if len(pieces[i]) > 1:
            if run and i - run[-1] > _MAY_PASS + 1:
                yield from _kept(run, pieces)
                run = []
            run.append(i)
    yield from _kept(run, pieces)


def _kept(run: list[int], pieces: Sequence[Sequence[Line]]) -> Iterator[tuple[int, int]]:
    with_figures = sum(any(map(is_figure, pieces[i])) for i in run)
    if len(run) >= _FEWEST or (len(run) > 1 and with_figures):
        yield run[0], run[-1]


def _run(
    lines: Sequence[Line], pieces: Sequence[Sequence[Line]], rules: Sequence[Rule], height: float
) -> Iterator[Block]:
    columns = columns_of([line for line in pieces if len(line) > 1])
    if len(columns) < 2 or _is_contents(pieces, columns):
        yield from _plain(lines, height)
    elif _is_prose(pieces, columns):
        for column in range(len(columns)):
            kept = [[p for p in line if column_at(span_of(p), columns) == column] for line in pieces]
            yield from _plain([piece for line in kept for piece in line], height)
    else:
        body = next((i for i, line in enumerate(pieces) if any(map(is_figure, line))), len(pieces))
        # A head over several columns stands in the middle of them and not in one.
        narrow = columns_of(
            [x for i, x in enumerate(pieces) if len(x) > 1 and (i >= body or len(x) >= len(columns) - 1)]
        )
        columns = narrow if len(narrow) == len(columns) else columns
        placed = [_placed(line, columns, height, head=i < body) for i, line in enumerate(pieces)]
        rows = _banded(placed, lines, pieces, rules)
        yield Block(tuple(rows), width=len(columns))


def _is_prose(pieces: Sequence[Sequence[Line]], columns: Sequence[Span]) -> bool:
    """Whether columns are columns of prose: two or three, filled by long lines."""
    if len(columns) > 3:
        return False
    texts = [("".join(word.text for word in piece), piece) for line in pieces for piece in line]
    long = sum(len(text) >= _PROSE and not is_figure(piece) for text, piece in texts)
    return long >= 0.7 * len(texts)


def _is_contents(pieces: Sequence[Sequence[Line]], columns: Sequence[Span]) -> bool:
    """Whether two columns are entries and their pages: small whole numbers that never fall."""
    numbers = ["".join(word.text for word in line[-1]) for line in pieces if len(line) > 1]
    pages = [int(text) for text in numbers if text.isdecimal() and len(text) <= 3]
    return len(columns) == 2 and _FEWEST < len(pages) == len(numbers) and pages == sorted(pages)


def _placed(line: Sequence[Line], columns: Sequence[Span], height: float, *, head: bool) -> list[Cell]:
    cells: list[list[Line]] = [[] for _ in columns]
    places = heads_at(line, columns, height) if head else [column_at(span_of(x), columns) for x in line]
    for piece, place in zip(line, places, strict=True):
        at = cells[place]
        at[:] = [[*at[0], *piece]] if at else [piece]
    return list(cells)


def _banded(
    rows: list[list[Cell]], lines: Sequence[Line], pieces: Sequence[Sequence[Line]], rules: Sequence[Rule]
) -> list[Row]:
    """Rows with those joined that one pair of ruling lines holds, if no pair holds the figures of two."""
    reach = span_of([word for line in lines for word in line])
    whole = [
        (rule.top + rule.bottom) / 2
        for rule in rules
        if rule.x1 - rule.x0 >= rule.bottom - rule.top
        and overlap((rule.x0, rule.x1), reach) >= (reach[1] - reach[0]) / 2
    ]
    bands = [bisect(sorted(whole), (top_of(line) + bottom_of(line)) / 2) for line in lines]
    figures = [bands[i] for i, line in enumerate(pieces) if any(map(is_figure, line))]
    if len(set(bands)) < _FEWEST or len(set(figures)) < len(figures) or not figures:
        return list(rows)
    joined: list[list[Cell]] = []
    for number, row in enumerate(rows):
        if number and bands[number] == bands[number - 1] and bands[number] in figures:
            joined[-1] = [[*above, *cell] for above, cell in zip(joined[-1], row, strict=True)]
        else:
            joined.append(row)
    return list(joined)


def _plain(lines: Sequence[Line], height: float) -> Iterator[Block]:
    """Lines as printed; a large title that was too long for its line is one line again."""
    reach = span_of([word for line in lines for word in line]) if lines else (0.0, 0.0)
    held: list[Line] = []
    for line in lines:
        if held and not _goes_on(held[-1], line, reach, height):
            yield Block(((held,),))
            held = []
        held.append(line)
    if held:
        yield Block(((held,),))


def _goes_on(above: Line, line: Line, reach: Span, height: float) -> bool:
    """Whether a line is the rest of a title: as large, centred under it, and the first line is full."""
    sizes = [median(word.box[3] - word.box[1] for word in words) for words in (above, line)]
    a, b = span_of(above), span_of(line)
    return (
        min(sizes) > height * _LARGE
        and max(sizes) < min(sizes) * _LARGE
        and abs(sum(a) - sum(b)) / 2 < sizes[0] * _CENTRED
        and top_of(line) - bottom_of(above) < sizes[0]
        and a[1] - a[0] >= (reach[1] - reach[0]) * _FULL
        and b[1] - b[0] < a[1] - a[0]
    )
