"""A lattice and the words in it → the rows of a table; columns and rows that it does not rule are found first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from worker.ingest.compose.columns import columns_of, is_figure, pieces_of
from worker.ingest.compose.lattice import Lattice, Slot, lattice_of
from worker.ingest.compose.lines import Line, bottom_of, lines_of, top_of
from worker.ingest.compose.writing import Cell, Row, is_broken_figure
from worker.ingest.page import Rule, Seen

_FEWEST = 3
_SHARE = 0.6

Content = Mapping[Slot, Sequence[Seen]]
"""The words of each cell, by its first slot."""


def completed(lattice: Lattice, words: Sequence[Seen], height: float, near: float) -> Lattice:
    """A lattice with lines where its words stand in columns and rows that are not ruled."""
    for missing in (_columns, _rows):
        if added := list(missing(lattice, content_of(lattice, words), height)):
            lattice = lattice_of((*lattice.rules, *added), near)
    return lattice


def rows_of_lattice(lattice: Lattice, words: Sequence[Seen]) -> Iterator[Row]:
    """The rows of a table from top to bottom, blank ones left out; a cell alone in its row is a row of one cell."""
    content = content_of(lattice, words)
    for number, owners in enumerate(lattice.owner):
        row: list[Cell] = [
            lines_of(content[owner]) if owner == (number, column) and owner in content else ()
            for column, owner in enumerate(owners)
        ]
        if any(row):
            yield row[:1] if len(set(owners)) == 1 else row


def content_of(lattice: Lattice, words: Sequence[Seen]) -> Content:
    """The words of each cell."""
    content: dict[Slot, list[Seen]] = defaultdict(list)
    for word in words:
        slot = lattice.slot(*_anchor(lattice, word))
        if slot:
            content[lattice.owner[slot[0]][slot[1]]].append(word)
    return dict(content)


def _anchor(lattice: Lattice, word: Seen) -> tuple[float, float]:
    """The point of a word that tells its cell: its middle, but of a text that runs over the edge its beginning."""
    x0, top, x1, bottom = word.box
    y, height = (top + bottom) / 2, bottom - top
    beginning = lattice.slot(min(x0 + height / 2, (x0 + x1) / 2), y)
    if beginning and x1 - x0 > height and not is_figure([word]):
        edge = lattice.xs[beginning[1]]
        if x0 >= edge - height / 2 and x0 - edge < height * 2:
            return min(x0 + height / 2, (x0 + x1) / 2), y
    return (x0 + x1) / 2, y


def _columns(lattice: Lattice, content: Content, height: float) -> Iterator[Rule]:
    """Upright lines where figures stand in a column of their own inside a ruled one."""
    for column in range(len(lattice.xs) - 1):
        alone = [
            (row, lines_of(content[row, column]))
            for row in range(len(lattice.ys) - 1)
            if (row, column) in content and _across(lattice, (row, column)) == 1
        ]
        pieces = [pieces_of(line, height) for _, lines in alone for line in lines]
        apart = [line for line in pieces if len(line) > 1]
        if len(apart) < max(_FEWEST, _SHARE * len(pieces)):
            continue
        if sum(is_figure(piece) for line in apart for piece in line[1:]) < _SHARE * sum(
            len(x) - 1 for x in apart
        ):
            continue
        for left, right in pairwise(columns_of(pieces)):
            x = (left[1] + right[0]) / 2
            for row, lines in alone:
                if not any(word.box[0] < x < word.box[2] for line in lines for word in line):
                    yield Rule(x, lattice.ys[row], x, lattice.ys[row + 1])


def _rows(lattice: Lattice, content: Content, height: float) -> Iterator[Rule]:
    """Horizontal lines between records that share a ruled row: one of its cells holds a figure on each of them."""
    for row, owners in enumerate(lattice.owner):
        cells = {
            owner: lines_of(content[owner])
            for owner in owners
            if owner in content and owner[0] == row and _down(lattice, owner) == 1
        }
        if not any(map(_is_stacked, cells.values())):
            continue
        lines = lines_of(word for cell in cells.values() for line in cell for word in line)
        for above, below in pairwise(lines):
            y = (bottom_of(above) + top_of(below)) / 2
            for column, owner in enumerate(owners):
                crossed = (word for line in cells.get(owner, ()) for word in line)
                whole = owner[0] == row and _down(lattice, owner) == 1
                if whole and not any(
                    word.box[1] + height / 4 < y < word.box[3] - height / 4 for word in crossed
                ):
                    yield Rule(lattice.xs[column], y, lattice.xs[column + 1], y)


def _is_stacked(lines: Sequence[Line]) -> bool:
    return sum(map(is_figure, lines)) > 1 and not is_broken_figure(lines)


def _across(lattice: Lattice, owner: Slot) -> int:
    return sum(slot == owner for slot in lattice.owner[owner[0]])


def _down(lattice: Lattice, owner: Slot) -> int:
    return sum(row[owner[1]] == owner for row in lattice.owner)
