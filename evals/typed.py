"""Gold as typed tables: by itself, and tied to the chunks of a document as a faithful reader would read it."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import accumulate
from typing import NamedTuple

from evals.cases import Case, CellKey, GoldRow, GoldTable
from prompts.wire.assign import Assignment, Item, Want
from prompts.wire.base import Draft, Shape, shape_of, signed_by_words
from prompts.wire.codes import CodeFinder
from prompts.wire.places import Place, Source, alike
from schemas import Amount, AnyTable, Cell, Chunk, Document, Row, Span
from schemas.numerals import parse_numeral
from worker.ingest.pages import page_starts
from worker.segment import cut

_FIGURE = re.compile(r"-?\d+(\.\d+)?")
_NO_UNIT = re.compile(r".*_percent|score|weight|value")
_NOWHERE = Span(start=0, end=0, line=1)
_SHORTEST_NAME = 2
# Finding the places of a table takes time by the square of its rows; longer ones are taken part by part.
_LONG = 120

Figures = Counter[tuple[Decimal, int]]
"""How often each figure occurs, by size without sign and decimals printed."""


def document_of(case: Case) -> Document:
    """The document of a case, as ingest makes it of a text file."""
    digest = hashlib.sha256(case.text.encode()).hexdigest()
    return Document(name=case.name, sha256=digest, text=case.text, page_starts=page_starts(case.text))


def gold_tables(case: Case) -> dict[str, AnyTable]:
    """The gold of a case by table id, which is kind and ordinal: "three_public-1"."""
    return {f"{table.kind}-{table.ordinal}": typed(table) for table in case.gold}


def typed(table: GoldTable) -> AnyTable:
    """Gold as a table of its kind: amounts with decimals as printed and the unit, places unknown (0, 0)."""
    shape = shape_of(table.kind)
    return shape.table(
        kind=shape.kind,
        title=table.title,
        unit=table.unit,
        stage=table.stage,
        columns=list(_columns(table)),
        headers=dict(table.headers),
        rows=[_row(row, table, shape) for row in table.rows],
    )


def _columns(table: GoldTable) -> dict[str, None]:
    """The columns of a table in printed order; those that only cells name come last."""
    return dict.fromkeys([*table.columns, *(column for row in table.rows for column in row.cells)])


def _row(gold: GoldRow, table: GoldTable, shape: Shape) -> Row:
    row = shape.row(side=gold.side or None, code=gold.code or None, name=gold.name)
    for column, value in gold.cells.items():
        amount = None
        if not shape.is_text(column, gold.side) and _FIGURE.fullmatch(value):
            unit = gold.cells.get("unit") if "unit" in shape.columns else table.unit
            amount = Amount(
                value=Decimal(value),
                decimals=len(value.partition(".")[2]),
                unit=None if _NO_UNIT.fullmatch(column) else unit,
            )
        row.put(column, Cell(text=value, amount=amount, span=_NOWHERE))
    return row


class Held(NamedTuple):
    """What a chunk holds of the gold: a table, and which of its rows (0-based), in their order."""

    table: GoldTable
    rows: tuple[int, ...]

    @property
    def part(self) -> GoldTable:
        """The table with these rows alone."""
        return self.table.model_copy(update={"rows": tuple(self.table.rows[i] for i in self.rows)})


def as_printed(case: Case) -> tuple[GoldTable, ...]:
    """The gold with the figures that the text prints where a fault was planted: what a faithful reader copies."""
    printed = {
        cell: f"{found.value}"
        for planted in case.planted
        if planted.nature == "fault"
        for cell, text in zip(planted.cells, planted.printed, strict=True)
        if (found := parse_numeral(text))
    }
    return tuple(_printed_table(table, printed) for table in case.gold)


def _printed_table(table: GoldTable, printed: Mapping[CellKey, str]) -> GoldTable:
    rows = []
    for number, row in enumerate(table.rows):
        keys = {column: CellKey(table.kind, table.ordinal, number, column) for column in row.cells}
        cells = {column: printed.get(keys[column], value) for column, value in row.cells.items()}
        rows.append(row.model_copy(update={"cells": cells}))
    return table.model_copy(update={"rows": tuple(rows)})


def held_by(chunks: Sequence[Chunk], gold: Sequence[GoldTable]) -> dict[str, Held]:
    """Which gold each chunk of a document holds, by chunk id; a chunk without an entry holds none.

    Tables of a kind come in order. Where their number differs, because a table was cut, joined, missed or taken
    for another kind, the figures tell, and chunks that share a table share its rows.
    """
    chosen: dict[str, GoldTable] = {}
    for kind in dict.fromkeys(map(kind_of, chunks)):
        own = [chunk for chunk in chunks if kind_of(chunk) == kind]
        tables = sorted((t for t in gold if t.kind == kind), key=lambda table: table.ordinal)
        if len(own) == len(tables):
            chosen.update(zip((chunk.id for chunk in own), tables, strict=True))
        else:
            chosen.update(_likeliest(own, tables))
    strangers = [chunk for chunk in chunks if chunk.id not in chosen and not chunk.blank]
    taken = {(table.kind, table.ordinal) for table in chosen.values()}
    chosen.update(_likeliest(strangers, [t for t in gold if (t.kind, t.ordinal) not in taken]))
    held = {}
    for table in gold:
        sharing = [chunk for chunk in chunks if chosen.get(chunk.id) is table]
        for chunk, rows in zip(sharing, _shares(table, sharing), strict=True):
            held[chunk.id] = Held(table, rows)
    return held


def kind_of(chunk: Chunk) -> str:
    """The kind as which a chunk is read."""
    return shape_of(chunk.kind).kind


def _likeliest(chunks: Sequence[Chunk], tables: Sequence[GoldTable]) -> Iterator[tuple[str, GoldTable]]:
    """For each chunk the table with which it has most figures in common, if any."""
    figures = [(table, _figures(table.rows)) for table in tables]
    for chunk in chunks:
        printed = _printed(chunk)
        common = [((printed & wanted).total(), -i) for i, (_, wanted) in enumerate(figures)]
        if common and max(common)[0]:
            yield chunk.id, tables[-max(common)[1]]


def _figures(rows: Iterable[GoldRow]) -> Figures:
    """The figures of gold rows."""
    values = (value for row in rows for value in row.cells.values() if _FIGURE.fullmatch(value))
    return Counter((abs(Decimal(value)), len(value.partition(".")[2])) for value in values)


def _printed(chunk: Chunk) -> Figures:
    """The figures that a chunk prints."""
    return Counter((abs(numeral.value), numeral.decimals) for numeral in chunk.ledger)


def _shares(table: GoldTable, chunks: Sequence[Chunk]) -> list[tuple[int, ...]]:
    """The rows of a table that each of its chunks holds; within a side rows keep the order of the print."""
    if len(chunks) <= 1:
        return [tuple(range(len(table.rows)))] * len(chunks)
    printed = [(_printed(chunk), alike(chunk.text)) for chunk in chunks]
    at: dict[int, int] = {}
    for side in dict.fromkeys(row.side for row in table.rows):
        rows = [i for i, row in enumerate(table.rows) if row.side == side]
        scores = [[_fit(table.rows[i], *chunk) for chunk in printed] for i in rows]
        at.update(zip(rows, _in_order(scores), strict=True))
    shares = [[i for i in sorted(at) if at[i] == number] for number in range(len(chunks))]
    # A figure that several sections print is told by how often they print it.
    for share, following, (left, _) in zip(shares, shares[1:], printed, strict=False):
        spare = left - _figures(table.rows[i] for i in share[:-1])
        while share and _figures([table.rows[share[-1]]]) - spare:
            following.insert(0, share.pop())
            spare = left - _figures(table.rows[i] for i in share[:-1])
    return [tuple(share) for share in shares]


def _fit(row: GoldRow, printed: Figures, text: str) -> int:
    """How much speaks for a row in a chunk: its figures, then its name."""
    return 2 * (_figures([row]) & printed).total() + (alike(row.name) in text)


_Link = tuple[int, "_Link | None"]
_Choice = tuple[int, _Link | None]


def _in_order(scores: list[list[int]]) -> list[int]:
    """The choice of one entry a line, never going back, with the greatest sum; the earliest of equals."""
    # The best choice that ends with each entry: its sum, and its entries as a linked list.
    best: list[_Choice] = [(0, None)] * len(scores[0])
    for line in scores:
        found = accumulate(best, _better)
        best = [
            (sum_ + score, (at, before))
            for at, ((sum_, before), score) in enumerate(zip(found, line, strict=True))
        ]
    link = max(best, key=lambda choice: choice[0])[1]
    path = []
    while link:
        path.append(link[0])
        link = link[1]
    return path[::-1]


def _better(one: _Choice, other: _Choice) -> _Choice:
    return other if other[0] > one[0] else one


def grounded(chunk: Chunk, table: GoldTable) -> AnyTable:
    """Gold with its cells tied to the ledger of the chunk that holds it, as far as they are printed there.

    The rows are those of the gold in their order. Columns are those of the kind as which the chunk is read. A
    name that is not printed is cut to its beginning that is, or left out.
    """
    shape = shape_of(chunk.kind)
    found = typed(_recast(table, shape).model_copy(update={"unit": chunk.unit}))
    parts = cut(chunk, _LONG) if len(table.rows) > _LONG else [chunk]
    for part, rows in zip(parts, _shares(table, parts), strict=True):
        _ground(part, [found.rows[i] for i in rows], found.columns, shape)
    return found.model_copy(update={"title": chunk.title, "stage": chunk.stage})


def _ground(chunk: Chunk, rows: Sequence[Row], columns: Sequence[str], shape: Shape) -> None:
    """Tie the cells of rows, with their names and codes, to the places where a chunk prints them."""
    order = {column: i for i, column in enumerate(columns)}
    source = Source(chunk)
    codes = CodeFinder(source)
    wants = []
    for number, row in enumerate(rows, start=1):
        cells = sorted(row.cells(), key=lambda item: order[item[0]])
        draft = Draft(row.side, row.code, row.name, {column: cell.text for column, cell in cells})
        items = [_item(source, column, cell) for column, cell in cells]
        if not shape.keys(row.side):
            row.name = _printed_name(source, row.name)
        labels = [] if shape.keys(row.side) else source.texts(row.name)
        wants.append(Want(number, draft, row.name, items, codes.find(row.code) if row.code else [], labels))
    Assignment(source).run(wants, wide=bool(shape.keys(None)))
    for row, want in zip(rows, wants, strict=True):
        _tie(row, want, chunk)


def _recast(table: GoldTable, shape: Shape) -> GoldTable:
    """The table in the columns of another kind: what has no key there goes by its header."""
    if table.kind == shape.kind:
        return table
    name = {column: column for column in _columns(table)}
    name |= {column: table.headers.get(column, column) for column in name if column not in shape.columns}
    rows = [
        row.model_copy(update={"cells": {name[c]: v for c, v in row.cells.items()}}) for row in table.rows
    ]
    if shape.sides:
        rows = [row.model_copy(update={"side": row.side or shape.sides[0]}) for row in rows]
    columns = tuple(dict.fromkeys(name.values()))
    headers = {name[column]: header for column, header in table.headers.items() if column in name}
    return table.model_copy(
        update={"kind": shape.kind, "columns": columns, "headers": headers, "rows": tuple(rows)}
    )


def _item(source: Source, column: str, cell: Cell) -> Item:
    if cell.amount is None:
        return Item(column, cell.text, None, source.texts(cell.text))
    return Item(column, cell.text, source.figures(cell.text, signed_by_words=signed_by_words(column)) or [])


def _printed_name(source: Source, name: str) -> str:
    """A name as far as it is printed: its longest beginning, empty for less than two characters."""
    lengths = range(len(name), _SHORTEST_NAME - 1, -1)
    return next((name[:length] for length in lengths if source.texts(name[:length])), "")


def _tie(row: Row, want: Want, chunk: Chunk) -> None:
    """Give the cells of a row the places that were found for them."""
    for item in want.items:
        cell = row.get(item.column)
        place = item.place or min(
            item.texts, key=lambda place: abs(place.line - (want.lines or (0, 0))[0]), default=None
        )
        if cell is None or place is None:
            continue
        numeral = item.place.numeral if item.place else None
        row.put(
            item.column,
            cell.model_copy(
                update={
                    "span": numeral.span if numeral else chunk.span(place.start, place.end),
                    "numeral": numeral.id if numeral else None,
                }
            ),
        )
    if want.code:
        row.code_cell = _text(chunk, want.code.place, row.code or "")
    if want.label:
        row.label = _text(chunk, want.label, row.name)


def _text(chunk: Chunk, place: Place, text: str) -> Cell:
    """A text at its place; of one that is printed in pieces that is the first or the last of them."""
    return Cell(text=text, span=chunk.span(place.start, place.end))
