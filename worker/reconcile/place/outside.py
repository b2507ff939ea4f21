"""Figures out of place that only the other tables of a document reveal."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby, pairwise
from typing import NamedTuple

from schemas import AnyTable, CellRef
from schemas.findings import Identity, Move, Rearrangement
from worker.reconcile.cross import cross_checked
from worker.reconcile.engine import check
from worker.reconcile.expand import equations
from worker.reconcile.grid import Grid
from worker.reconcile.memo import Memo, grid_of
from worker.reconcile.picking import Book
from worker.reconcile.place.balance import Balance
from worker.reconcile.place.words import spanned
from worker.reconcile.wording import row_name, table_name

# Figures slip by a few rows, and one that agrees with another row may do so by chance.
_FARTHEST = 5
_FEWEST = 3
# The words name this many of the tables and of the figures.
_MOST = 3


class _Anchor(NamedTuple):
    """A row of which another table says what it is: the figure that is printed in the row `source`."""

    row: int
    source: int
    witness: str


def slipped(tables: Mapping[str, AnyTable], memo: Memo) -> dict[str, Rearrangement]:
    """By table id: figures that stand some rows away from where other tables print them, with the rows between.

    At least three rows must be known to be off, and no fewer than are known to be right.
    """
    book = Book({key: grid_of(key, table, memo) for key, table in tables.items()})
    checked = cross_checked(book, memo)
    known = [(i, pair, finding.status) for i, finding in checked for pair in _pairs(i)]
    wrong = Counter((own.table, own.column) for _, (own, _), status in known if status == "failed")
    clues: dict[tuple[str, str], dict[int, list[_Anchor]]] = defaultdict(dict)
    for identity, (own, other), _ in known:
        if wrong[own.table, own.column] >= _FEWEST:
            clues[own.table, own.column][own.row] = list(_sources(book, identity, own, other))
    found = {}
    for (key, column), options in clues.items():
        anchors = _rising([options[row] for row in sorted(options) if options[row]])
        off = [anchor for anchor in anchors if anchor.source != anchor.row]
        if len(off) >= _FEWEST and 2 * len(off) >= len(anchors):
            rows = _filled_in(book.grids[key], column, anchors)
            if not _tied(book.grids[key], rows):
                found[key] = _rearrangement(book, book.grids[key], column, rows, off)
    return found


def _tied(grid: Grid, rows: Iterable[int]) -> bool:
    """Whether a table closes by the codes of the rows: it is the others then that are off."""
    coded = any(grid.rows[row].code for row in rows)
    return coded and not Balance(grid, equations(grid)).failing


def _pairs(identity: Identity) -> Iterator[tuple[CellRef, CellRef]]:
    """The cells of an identity of two, each with the other."""
    if len(identity.terms) == 2 and identity.form == "sum":
        left, right = (term.ref for term in identity.terms)
        yield left, right
        yield right, left


def _sources(book: Book, identity: Identity, own: CellRef, other: CellRef) -> Iterator[_Anchor]:
    """The rows near a cell whose figure in its column would satisfy the identity, the nearest first."""
    grid = book.grids[own.table]
    rows = grid.sides[grid.rows[own.row].side]
    at = rows.index(own.row)
    near = rows[max(0, at - _FARTHEST) : at + _FARTHEST + 1]
    for row in sorted(near, key=lambda row: abs(row - own.row)):
        if (row, own.column) in grid.figures:
            terms = tuple(
                term._replace(ref=own._replace(row=row)) if term.ref == own else term
                for term in identity.terms
            )
            if check(identity._replace(terms=terms), book.tables).status == "passed":
                yield _Anchor(own.row, row, other.table)


def _rising(options: Sequence[Sequence[_Anchor]]) -> list[_Anchor]:
    """One anchor a row, as many as can be, so that no two cross; of equals those that change their distance least."""
    best: dict[int, tuple[tuple[int, int], list[_Anchor]]] = {-1: ((0, 0), [])}
    for anchors in options:
        reached = dict(best)
        for anchor in anchors:
            for last, ((count, turns), path) in best.items():
                if last >= anchor.source:
                    continue
                offset = path[-1].source - path[-1].row if path else 0
                score = count + 1, turns - (anchor.source - anchor.row != offset)
                if anchor.source not in reached or score > reached[anchor.source][0]:
                    reached[anchor.source] = score, [*path, anchor]
        best = reached
    return max(best.values(), key=lambda item: item[0])[1]


def _filled_in(grid: Grid, column: str, anchors: Sequence[_Anchor]) -> dict[int, int]:
    """Row → row where its figure is printed, for rows that are off; those between two anchors go with them.

    Figures without a name after the last anchor say that its rows are off as far as these.
    """
    found = {anchor.row: anchor.source for anchor in anchors}
    for left, right in pairwise(anchors):
        offset = left.source - left.row
        if right.source - right.row == offset:
            found |= {row: row + offset for row in range(left.row, right.row)}
    last = anchors[-1]
    nameless = (
        row for row, c in grid.figures if c == column and row > last.source and not grid.rows[row].name
    )
    end = min(nameless, default=last.source)
    found |= {source - last.source + last.row: source for source in range(last.source, end + 1)}
    off = {row: source for row, source in sorted(found.items()) if row != source}
    return {row: source for row, source in off.items() if (source, column) in grid.figures}


def _rearrangement(
    book: Book, grid: Grid, column: str, rows: Mapping[int, int], off: Sequence[_Anchor]
) -> Rearrangement:
    columns = [c for c in grid.columns if any((source, c) in grid.figures for source in rows.values())]
    moves = tuple(
        Move(CellRef(grid.id, source, c), CellRef(grid.id, row, c))
        for row, source in rows.items()
        for c in columns
        if (source, c) in grid.figures
    )
    stretches = "; ".join(_told(grid, rows, stretch) for stretch in _stretches(rows))
    witnesses = list(dict.fromkeys(anchor.witness for anchor in off))
    titles = list(dict.fromkeys(table_name(book.tables[key]) for key in witnesses))
    shown = [f"{row_name(grid.rows[a.row], a.row)} {_figure(grid, a.source, column)}" for a in off]
    words = (
        f"figures stand in other rows than their names: {stretches}. "
        f"{_listed(titles)} ({_listed(witnesses)}) print them so: {_listed(shown)}"
    )
    lost = [
        _figure(grid, row, column)
        for row in rows
        if row not in rows.values() and (row, column) in grid.figures
    ]
    if lost:
        words += f". No row is known for {_listed(lost)}"
    return Rearrangement(moves=moves, words=words)


def _stretches(rows: Mapping[int, int]) -> Iterator[list[int]]:
    """Rows next to one another that are off by the same distance."""
    for _, run in groupby(enumerate(rows), key=lambda item: (item[1] - item[0], rows[item[1]] - item[1])):
        yield [row for _, row in run]


def _told(grid: Grid, rows: Mapping[int, int], stretch: Sequence[int]) -> str:
    offset = rows[stretch[0]] - stretch[0]
    count = f"{abs(offset)} rows" if abs(offset) > 1 else "one row"
    sources = spanned(grid.table, [rows[row] for row in stretch])
    return f"those of {sources} belong {count} further {'up' if offset > 0 else 'down'}"


def _figure(grid: Grid, row: int, column: str) -> str:
    return f"{grid.amounts[row, column].value:f}"


def _listed(items: Sequence[str]) -> str:
    return ", ".join(items[:_MOST]) + (" …" if len(items) > _MOST else "")
