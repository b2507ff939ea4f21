"""Which table read is which of the gold, and which row is which.

Tables are paired within their kind by the cells that they share, in printed order where they share none; a table
left over that lies mostly in one of the gold is a piece of it. Prose is cut by the reader as it likes: the gold
claims go to the piece in which they were found. Rows are the same by side and code, by side and name where there
is no code; equal ones in their order.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from difflib import SequenceMatcher
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from evals.cases import GoldRow, GoldTable
from evals.metrics.compared import (
    PROSE,
    CellT,
    Compared,
    Identity,
    PlacedRow,
    PlaceT,
    ReadRow,
    gold_rows,
    joined,
    read_rows,
)
from schemas import Cell, squeeze, table_type
from worker.export.flatten import Listed

Content = tuple[Identity, str, str]

# Weighs less than one shared cell: order only decides where content does not.
_ORDER = 0.4
# A piece lies in a gold table if more than this share of its cells does.
_PIECE = 0.5


class Pair(NamedTuple):
    """A gold table and what was read of it. Without gold the table read is none of the document's; without
    anything read it is missing."""

    kind: str
    gold: GoldTable | None
    read: tuple[Listed, ...]
    gold_rows: tuple[PlacedRow, ...]
    read_rows: tuple[ReadRow, ...]


def is_text(kind: str, side: str, column: str) -> bool:
    """Whether a column holds texts by its kind. The total of a performance table is a figure among facts."""
    return column in _text_columns(kind) and side != "total"


@cache
def _text_columns(kind: str) -> frozenset[str]:
    infos = table_type(kind).row_type().column_infos()
    return frozenset(key for key, info in infos.items() if info.text)


def number(text: str) -> Decimal | None:
    """The figure that a gold value is, None for a text."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    return value if value.is_finite() else None


def gold_figures(kind: str, row: GoldRow) -> int:
    """How many figures a gold row holds."""
    return sum(
        not is_text(kind, row.side, column) and number(value) is not None
        for column, value in row.cells.items()
    )


def pairs(gold: Sequence[GoldTable], read: Sequence[Listed]) -> Iterator[Pair]:
    """Every table of the gold with what was read of it, then the tables read that are in no gold."""
    golds: dict[str, list[GoldTable]] = defaultdict(list)
    reads: dict[str, list[Listed]] = defaultdict(list)
    for table in gold:
        golds[table.kind].append(table)
    for item in read:
        reads[item.kind].append(item)
    for kind in dict.fromkeys([*golds, *reads]):
        if kind == PROSE and golds[kind]:
            yield from _prose(golds[kind], reads[kind])
        else:
            yield from _tables(kind, golds[kind], reads[kind])


def _tables(kind: str, golds: Sequence[GoldTable], reads: Sequence[Listed]) -> Iterator[Pair]:
    found: dict[int, list[int]] = {place: [] for place in range(len(golds))}
    left = set(range(len(reads)))
    if golds and reads:
        rows = [read_rows(item) for item in reads]
        shared = _shared([gold_rows([table]) for table in golds], rows)
        fits = [
            [(1 / (1 + abs(i - j)) + ((not table.rows) == (not held))) / 2 for j, held in enumerate(rows)]
            for i, table in enumerate(golds)
        ]
        for i, j in np.transpose(linear_sum_assignment(-(shared + _ORDER * np.array(fits)))).tolist():
            found[i].append(j)
            left.discard(j)
        for j in sorted(left):
            best = int(shared[:, j].argmax())
            if shared[best, j] > _PIECE * max(1, sum(len(row.cells) for row in rows[j])):
                found[best].append(j)
                left.discard(j)
    for i, table in enumerate(golds):
        yield _pair(kind, table, [reads[j] for j in sorted(found[i])])
    for j in sorted(left):
        yield _pair(kind, None, [reads[j]])


def _pair(kind: str, gold: GoldTable | None, read: Sequence[Listed]) -> Pair:
    rows = tuple(row for item in read for row in read_rows(item))
    return Pair(kind, gold, tuple(read), tuple(gold_rows([gold] if gold else [])), rows)


def _prose(golds: Sequence[GoldTable], reads: Sequence[Listed]) -> Iterator[Pair]:
    claims = gold_rows(golds)
    if not reads:
        yield Pair(PROSE, golds[0], (), joined(claims), ())
        return
    rows = [row for item in reads for row in read_rows(item)]
    owner = [place for place, item in enumerate(reads) for _ in read_rows(item)]
    pieces: list[list[PlacedRow]] = [[] for _ in reads]
    # Cell by cell, since what one row says of a subject others may say in two.
    stated, found = _stated(claims), _stated(rows)
    partners = match_rows([cell for _, cell in stated], [cell for _, cell in found])
    sure = {stated[i][0]: owner[found[j][0]] for i, j in partners}
    printed = [
        (squeeze(item.chunk.text), {abs(numeral.value) for numeral in item.chunk.ledger}) for item in reads
    ]
    current = 0
    for i, claim in enumerate(claims):
        current = sure[i] if i in sure else _piece_of(claim, current, printed)
        pieces[current].append(claim)
    for item, own in zip(reads, pieces, strict=True):
        gold = GoldTable(kind=PROSE, ordinal=item.ordinal, title=item.chunk.title) if own else None
        yield Pair(PROSE, gold, (item,), joined(own), joined(read_rows(item)))


def _stated(rows: Sequence[Compared[CellT, PlaceT]]) -> list[tuple[int, Compared[CellT, PlaceT]]]:
    """The cells of claims as rows of their own, with the number of the claim."""
    return [
        (number, replace(row, identity=(row.identity[1], column), cells={column: cell}))
        for number, row in enumerate(rows)
        for column, cell in row.cells.items()
        if column != "unit"
    ]


def _piece_of(claim: PlacedRow, current: int, printed: Sequence[tuple[str, set[Decimal]]]) -> int:
    """Where a claim belongs that was not found as such: the first piece from the one at hand on that prints its figures
    under its name, or prints them at all; else the piece at hand."""
    own = {abs(figure) for value in claim.cells.values() if (figure := number(value)) is not None}
    name = squeeze(claim.name)
    where = [place for place in range(current, len(printed)) if own <= printed[place][1]]
    return next((place for place in where if name in printed[place][0]), min(where, default=current))


def _shared(golds: Sequence[Sequence[PlacedRow]], reads: Sequence[Sequence[ReadRow]]) -> NDArray[np.float64]:
    left = [Counter(content for row in rows for content in _content(row)) for rows in golds]
    right = [Counter(content for row in rows for content in _content(row)) for rows in reads]
    return np.array([[(a & b).total() for b in right] for a in left], dtype=float)


def _content(row: PlacedRow | ReadRow) -> list[Content]:
    # Whether the unit of a claim is told beside it is no question of which claim it is.
    return [(row.identity, column, _plain(cell)) for column, cell in row.cells.items() if column != "unit"]


def _plain(cell: str | Cell) -> str:
    if isinstance(cell, str):
        text, value = cell, number(cell)
    else:
        text, value = cell.text, cell.amount.value if cell.amount else None
    return squeeze(text) if value is None else f"{value.normalize():f}"


def match_rows(gold: Sequence[PlacedRow], read: Sequence[ReadRow]) -> Iterator[tuple[int, int]]:
    """(gold, read) numbers of rows that are the same."""
    groups: dict[Identity, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
    for i, row in enumerate(gold):
        groups[row.identity][0].append(i)
    for j, found in enumerate(read):
        groups[found.identity][1].append(j)
    for left, right in groups.values():
        if len(left) == len(right) or min(len(left), len(right)) == 0:
            yield from zip(left, right, strict=False)
            continue
        yield from _aligned(
            left,
            right,
            [tuple(sorted(_content(gold[i]))) for i in left],
            [tuple(sorted(_content(read[j]))) for j in right],
        )


def _aligned(
    left: Sequence[int],
    right: Sequence[int],
    gold: Sequence[tuple[Content, ...]],
    read: Sequence[tuple[Content, ...]],
) -> Iterator[tuple[int, int]]:
    """Rows of one identity of which some were lost or doubled: equal ones first, the others in order between them."""
    for tag, i, i_end, j, j_end in SequenceMatcher(None, gold, read, autojunk=False).get_opcodes():
        if tag in {"equal", "replace"}:
            yield from zip(left[i:i_end], right[j:j_end], strict=False)
