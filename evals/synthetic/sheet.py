"""Setting a table: rows with their identity, in panels side by side → the printed table and its gold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from evals.cases import CellKey, GoldRow, GoldTable
from evals.paper import PrintedTable, Spot
from evals.synthetic.figures import plain
from schemas import canonical_name
from schemas.source import Stage


class Column(NamedTuple):
    """A printed column: its header from the outermost down, one text a header row, "" below a spanning one.

    `key` is the column of the gold; "" stands before the figures (codes, names), "#" is a line number.
    """

    header: tuple[str, ...]
    key: str = ""


class Entry(NamedTuple):
    """A row: `leads` for the columns without key, `cells` for the others, by key, as printed."""

    leads: tuple[str, ...]
    cells: Mapping[str, str]
    name: str = ""
    code: str = ""
    side: str = ""


class Panel(NamedTuple):
    """Columns with their rows; `foot` rows stand on the last lines, level with those of the panels beside."""

    columns: tuple[Column, ...]
    entries: tuple[Entry | None, ...] = ()
    foot: tuple[Entry | None, ...] = ()


class Put(NamedTuple):
    """A printed text that is a gold cell: of the gold row and column."""

    text: str
    row: int
    column: str


class Form(NamedTuple):
    """What a table is called and what stands around it."""

    kind: str
    ordinal: int
    title: str
    unit: str | None = None
    stage: Stage | None = None
    above: tuple[str, ...] = ()
    below: tuple[str, ...] = ()


class Sheet(NamedTuple):
    """A table on paper and what it says."""

    printed: PrintedTable
    gold: GoldTable


def set_panels(form: Form, panels: Sequence[Panel], extra_header: Sequence[Sequence[str]] = ()) -> Sheet:
    """A table of panels side by side; `extra_header` are rows below the header (numbers of columns)."""
    columns = [column for panel in panels for column in panel.columns]
    height = max(len(panel.entries) for panel in panels)
    feet = max(len(panel.foot) for panel in panels)
    rows: list[GoldRow] = []
    body: list[list[str | Put]] = [[] for _ in range(height + feet)]
    lines = 0
    for panel in panels:
        entries = (*panel.entries, *[None] * (height - len(panel.entries)), *panel.foot)
        entries = (*entries, *[None] * (height + feet - len(entries)))
        for line, entry in enumerate(entries):
            body[line] += _row(panel.columns, entry, lines + line + 1, rows)
        if any(column.key == "#" for column in panel.columns):
            lines += height + feet
    depth = max(len(column.header) for column in columns)
    header = [[_word(column, level) for column in columns] for level in range(depth)]
    header += [list(row) for row in extra_header]
    keys = tuple(dict.fromkeys(c.key for c in columns if c.key not in {"", "#"}))
    heads = {c.key: " ".join(filter(None, c.header)) for c in columns if c.key in keys}
    return set_rows(form, header, body, rows, keys, heads)


def set_rows(
    form: Form,
    header: Sequence[Sequence[str]],
    body: Sequence[Sequence[str | Put]],
    rows: Sequence[GoldRow],
    columns: tuple[str, ...] = (),
    headers: Mapping[str, str] | None = None,
) -> Sheet:
    """A table of rows set one by one."""
    cells = {
        Spot(line, place): CellKey(form.kind, form.ordinal, bit.row, bit.column)
        for line, bits in enumerate(body)
        for place, bit in enumerate(bits)
        if isinstance(bit, Put)
    }
    texts = tuple(tuple(bit.text if isinstance(bit, Put) else bit for bit in bits) for bits in body)
    printed = PrintedTable(
        above=form.above, header=tuple(map(tuple, header)), body=texts, below=form.below, cells=cells
    )
    gold = GoldTable(
        kind=form.kind,
        ordinal=form.ordinal,
        title=form.title,
        unit=form.unit,
        stage=form.stage,
        columns=columns,
        headers=dict(headers or {}),
        rows=tuple(rows),
    )
    return Sheet(printed, gold)


def _row(columns: Sequence[Column], entry: Entry | None, line: int, rows: list[GoldRow]) -> list[str | Put]:
    """The texts of a line; its row is added to `rows` where it has figures."""
    leads = iter(entry.leads if entry else ())
    values = {key: value for key, text in (entry.cells if entry else {}).items() if (value := plain(text))}
    bits: list[str | Put] = []
    for column in columns:
        if column.key == "#":
            bits.append(str(line))
        elif not column.key:
            bits.append(next(leads, ""))
        else:
            text = entry.cells.get(column.key, "") if entry else ""
            bits.append(Put(text, len(rows), column.key) if column.key in values else text)
    if entry and values:
        rows.append(GoldRow(side=entry.side, code=entry.code, name=canonical_name(entry.name), cells=values))
    return bits


def _word(column: Column, level: int) -> str:
    return column.header[level] if level < len(column.header) else ""
