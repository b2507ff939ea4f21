"""Text whose columns stand under one another by blanks → lines with fields, as if separators were printed.

Places are columns of the page: a wide character takes two, also where the reading form made a narrow one of it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from schemas import Chunk
from schemas.numerals import find_numerals, parse_numeral
from worker.readers.layout.align import page_columns
from worker.readers.layout.grid import is_body
from worker.readers.layout.records import is_column_numbers, is_head, note_lines
from worker.segment.heads import header_again, is_page_number
from worker.segment.lines import Field, Line

_JITTER = 1
"""Columns of the page by which edges that are flush may differ."""

Stretch = tuple[int, int]
"""Columns [left, right) of the page."""

Piece = tuple[Field, Stretch]


def in_columns(chunk: Chunk, lines: Sequence[Line], *, coded: bool) -> list[Line] | None:
    """The lines with their fields in columns; None where the text does not keep its columns.

    It keeps them where every figure has a column of its own, flush with the others of that column, and every
    header cell begins where the column does that it stands over.
    """
    notes = note_lines(list(lines))
    inside = [x for x in lines if x.index not in notes and not is_head(x) and not is_page_number(x, coded)]
    first = next((i for i, x in enumerate(inside) if is_body(x, coded)), len(inside))
    repeated = header_again(inside, first)
    rows = [x for x in inside[first:] if x.index not in repeated and not is_column_numbers(x)]
    fewest = 1 if chunk.kind == "three_public" else 3  # that form may be one wide row
    if any(x.separated for x in rows) or sum(len(x.fields) > 1 for x in rows) < fewest:
        return None
    pieces = {x.index: _pieces(x, chunk.wide) for x in inside if not x.separated}
    columns = _merged(at for x in rows if len(x.fields) > 1 for _, at in pieces[x.index])
    heads = [
        pieces[x.index]
        for x in inside
        if x not in rows and x.index in pieces and len(x.fields) > 1 and not is_column_numbers(x)
    ]
    columns = _with_heads(columns, heads)
    cells = {index: _placed(found, columns) for index, found in pieces.items()}
    if not all(cells[x.index] is not None for x in rows) or not _flush(rows, pieces, columns):
        return None
    names = {f.column for x in rows for f in cells[x.index] or () if not parse_numeral(f.text)}
    if not _heads_flush(heads, columns, names):
        return None
    return [replace(x, cells=cells.get(x.index)) for x in lines]


def _pieces(line: Line, wide: frozenset[int]) -> list[Piece]:
    places = page_columns(line, wide)
    return [(f, (places[f.start - line.start], places[f.end - line.start])) for f in line.fields]


def _merged(stretches: Iterable[Stretch]) -> list[Stretch]:
    """What the stretches cover, in order."""
    found: list[Stretch] = []
    for left, right in sorted(stretches):
        if found and left < found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], right))
        else:
            found.append((left, right))
    return found


def _over(at: Stretch, columns: Sequence[Stretch]) -> list[int]:
    """The columns that a stretch overlaps."""
    return [i for i, (left, right) in enumerate(columns) if at[0] < right and left < at[1]]


def _with_heads(columns: list[Stretch], heads: Sequence[Sequence[Piece]]) -> list[Stretch]:
    """The columns with those that are blank in every row; a header cell just before figures belongs to them."""
    for found in reversed(heads):  # the innermost cells first: those above them span columns
        stretches = [at for _, at in found if len(_over(at, columns)) <= 1]
        named = {i for at in stretches for i in _over(at, columns)}
        alone = [at for at in stretches if not _over(at, columns)]
        extended = list(columns)
        for left, right in alone:
            after = next((i for i, column in enumerate(columns) if column[0] >= right), None)
            between = [at for at in alone if after is not None and left < at[0] < columns[after][0]]
            if after is not None and after not in named and not between:
                extended[after] = (left, columns[after][1])
                named.add(after)
            else:
                extended.append((left, right))
        columns = _merged([*extended, *stretches])
    return columns


def _placed(pieces: Sequence[Piece], columns: Sequence[Stretch]) -> tuple[Field, ...] | None:
    """The fields in their columns; words that share a column are one field, figures must not share one."""
    found: dict[int, Field] = {}
    for field, at in pieces:
        over = _over(at, columns)
        if not over:
            return None
        before = found.get(over[0])
        if before is None:
            found[over[0]] = replace(field, column=over[0])
        elif parse_numeral(field.text) or parse_numeral(before.text):
            return None
        else:
            found[over[0]] = replace(before, text=f"{before.text} {field.text}", end=field.end)
    return tuple(found.values())


def _flush(rows: Sequence[Line], pieces: Mapping[int, Sequence[Piece]], columns: Sequence[Stretch]) -> bool:
    """Whether the figures of every column end, or begin, at one place, and none shares its field."""
    figures: dict[int, list[Stretch]] = {}
    mixed: set[int] = set()
    for line in rows:
        for field, at in pieces[line.index]:
            column = _over(at, columns)[0]
            if parse_numeral(field.text):
                figures.setdefault(column, []).append(at)
            elif sum(1 for _ in find_numerals(field.text)) > 1:
                mixed.add(column)
    return not mixed & figures.keys() and all(
        min(max(edges) - min(edges) for edges in zip(*found, strict=True)) <= _JITTER
        for found in figures.values()
    )


def _heads_flush(
    heads: Sequence[Sequence[Piece]], columns: Sequence[Stretch], names: Collection[int]
) -> bool:
    """Whether every header cell above others begins where the first of them does: centred ones tell no columns.

    What stands over columns of names says nothing of figures.
    """
    below: dict[int, int] = {}
    for found in reversed(heads):
        for _, (left, right) in found:
            column = _over((left, right), columns)[0]
            if column in below and column not in names and abs(below[column] - left) > _JITTER:
                return False
        below |= {_over(at, columns)[0]: at[0] for _, at in found}
    return True
