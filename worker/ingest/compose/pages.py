"""Tables that go on from one page to the next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from worker.ingest.compose.stream import Block
from worker.ingest.compose.writing import Cell, Row

# Columns of one table stand at the same places on its pages; shares of the width of the table.
_SAME = 0.01


def continued(block: Block, before: Block) -> Block | None:
    """`block`, that begins a page, as a part of the table `before` that ends the page before; None if it is another.

    Its columns are those of the table, or some of them: rows whose cells all span columns show fewer lines.
    """
    if not (block.xs and before.xs):
        return block if block.width == before.width else None
    places = _places(block.xs, before.xs)
    if places is None:
        return block if _places(before.xs, block.xs) else None
    rows = tuple(
        row if len(row) == 1 < block.width else _spread(row, places, before.width) for row in block.rows
    )
    return replace(block, rows=rows, width=before.width, xs=before.xs)


def _places(some: Sequence[float], all_: Sequence[float]) -> list[int] | None:
    """Which of `all_` each of `some` is, both measured from their first; None if one is none of them."""
    near = (all_[-1] - all_[0]) * _SAME
    found = []
    for x in some:
        at = min(range(len(all_)), key=lambda i: abs((all_[i] - all_[0]) - (x - some[0])))
        if abs((all_[at] - all_[0]) - (x - some[0])) > near:
            return None
        found.append(at)
    return found if found[-1] == len(all_) - 1 and len(set(found)) == len(found) else None


def _spread(row: Row, places: Sequence[int], width: int) -> Row:
    cells: list[Cell] = [()] * width
    for cell, place in zip(row, places, strict=False):
        cells[place] = cell
    return cells
