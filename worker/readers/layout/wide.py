"""Forms printed as one wide row: every figure is a row of the table, named by its header."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

from schemas import AnyTable, Chunk, Row, table_type
from schemas.heads import row_named
from schemas.kinds.three_public import ITEMS, ThreePublic
from worker.readers.layout import headers
from worker.readers.layout.build import Builder
from worker.readers.layout.columns import score
from worker.readers.layout.records import Body, Record, Value


def item_of(name: str) -> str | None:
    """The item key of a printed name; None if it names no item."""
    return row_named(name, ITEMS)


def is_wide(body: Body) -> bool:
    """Whether the figures stand in one row without names of items."""
    filled = [r for r in (*body.records, *body.loose) if r.values]
    named = [r for r in filled if r.label and item_of(r.label.text)]
    if not 1 <= len(filled) <= 2 or len(named) == len(filled) > 1:
        return False
    return _longest(filled) >= 3 or (body.separated and not named)


def _longest(records: Sequence[Record]) -> int:
    return max((len(r.values) for r in records), default=0)


def read_wide(chunk: Chunk, body: Body, builder: Builder) -> tuple[AnyTable, list[str]]:
    """(table, what stays doubtful) of a wide three-public form."""
    record = max((*body.records, *body.loose), key=lambda r: len(r.values))
    best: AnyTable | None = None
    doubts: list[str] = []
    for cells in _plans(chunk, body, record):
        table = _table(chunk, builder, cells)
        if best is None or score(table) > score(best):
            best, doubts = table, []
        elif score(table) == score(best) and table != best:
            doubts = ["more than one order of the items fits the figures"]
    if best is None:
        best = builder.table([], [], {})
        doubts.append("the figures of the form could not be given their items")
    return best, doubts


Placed = list[tuple[Value, str, str]]
"""(figure, item key, column key)"""


def _plans(chunk: Chunk, body: Body, record: Record) -> Iterator[Placed]:
    columns = ("budget", "final") if chunk.stage == "final" else ("amount", "amount")
    if body.separated:
        found = headers.paths(body.header, [v.column for v in record.values])
        placed: Placed = []
        for value in record.values:
            path = found[value.column].path if value.column in found else ()
            item = next((i for text in reversed(path) if (i := _item(text, path))), None)
            if item is None:
                break
            # The second time an item comes it is the second column: group headers may be out of place.
            cycle = sum(i == item for _, i, _ in placed)
            named = next((c for text in path for c in _stage(text)), None)
            if chunk.stage != "final":
                column = columns[1]
            else:
                column = columns[min(cycle, 1)] if _repeats(found) else named or columns[1]
            if item == "total" and len(path) == 1 and _split(found):
                item = "合计"
            placed.append((value, item, column))
        else:
            if len({(i, c) for _, i, c in placed}) == len(placed):
                yield placed
    count = len(record.values)
    for order in ThreePublic.orders:
        if count == 2 * len(order):
            keys = [(item, column) for column in columns for item in order]
        elif count == len(order):
            keys = [(item, columns[1]) for item in order]
        else:
            continue
        yield [(v, item, column) for v, (item, column) in zip(record.values, keys, strict=True)]
    for order in ThreePublic.orders:  # blanks are not to be seen: any items in this order
        for items in combinations(order, count):
            if items[0] == "total" and not any(v.column >= 0 for v in record.values):
                yield [(v, item, columns[1]) for v, item in zip(record.values, items, strict=True)]


def _split(found: Mapping[int, headers.Header]) -> bool:
    """Whether the three have a total of their own below a group of their name."""
    return any(len(h.path) > 1 and item_of(h.path[-2]) == "total" for h in found.values())


def _repeats(found: Mapping[int, headers.Header]) -> bool:
    leaves = [header.path[-1] for header in found.values()]
    return len(leaves) > len(set(leaves))


def _item(text: str, path: Sequence[str]) -> str | None:
    if text in ("小计", "合计") and len(path) > 1:
        above = next(
            (i for t in reversed(path[: path.index(text)]) if (i := item_of(t)) and i != "total"), None
        )
        return above or "total"
    return item_of(text)


def _stage(text: str) -> Iterator[str]:
    if re.search(r"预算数", text):
        yield "budget"
    elif re.search(r"决算数", text):
        yield "final"


def _table(chunk: Chunk, builder: Builder, cells: Placed) -> AnyTable:
    model = table_type(chunk.kind).row_type()
    rows: dict[str, Row] = {}
    for value, item, column in cells:
        row = rows.setdefault(item, model(name=item))
        row.put(column, builder.amount_cell(value.numeral))
    official = ThreePublic.orders[0]
    order = [k for k in official if k in rows] + [k for k in rows if k not in official]
    columns = list(dict.fromkeys(c for _, _, c in cells))
    return builder.table([rows[k] for k in order], columns, {})
