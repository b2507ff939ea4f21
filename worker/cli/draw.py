"""Tables and findings as a terminal shows them; wide characters count as two."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, groupby
from typing import NamedTuple

from rich.cells import cell_len
from rich.console import JustifyMethod, RenderableType
from rich.table import Table as Grid
from rich.text import Text

from schemas import AnyTable, Cell, CellRef
from schemas.tables import Row
from worker.cli.lists import GAP, draw_finding, hanging, simple_grid, status
from worker.export.flatten import BLIND, FAILED, SUSPECT, Listed, columns_of, label_of, marks, title_of
from worker.export.plain import as_printed, plain
from worker.pipeline import Extraction

MARK_STYLE = {SUSPECT: "bold white on red", FAILED: "yellow", BLIND: "dim"}
MARK_SIGN = {SUSPECT: "?", FAILED: "*", BLIND: ""}
_MEANING = {
    SUSPECT: ("most suspicious cell", "most suspicious cells"),
    FAILED: ("cell in a check that fails", "cells in checks that fail"),
    BLIND: ("cell that no check touches, dimmed", "cells that no check touches, dimmed"),
}
_READERS = {"llm": "the model", "layout": "layout"}
_SIDES = {
    "income": "income 收入",
    "expenditure": "expenditure 支出",
    "expenditure_by_use": "expenditure by use 支出（按用途）",
    "header": "facts",
    "fund": "funds",
    "indicator": "indicators",
    "total": "total",
}
_WIDEST_TEXT = 36
_NARROWEST_TEXT = 12
_WIDEST_HEADER = 14
_BETWEEN_WIDE = re.compile(r"(?<=[\u2e80-\u9fff\uff00-\uffef]) (?=[\u2e80-\u9fff\uff00-\uffef])")


class _Column(NamedTuple):
    key: str
    header: str
    width: int
    figures: bool


class _Block(NamedTuple):
    """Rows of one side, with their numbers in the table."""

    side: str
    rows: list[tuple[int, Row]]


def draw_table(item: Listed, extraction: Extraction, width: int) -> Iterator[RenderableType]:
    """A table with its doubtful cells marked, then why it stands where it stands. `width` is in columns."""
    yield from _heading(item, extraction)
    found = marks(extraction.findings, item.chunk.id, item.verdict)
    if item.table is None:
        yield Text("No reader brought this table.", style="red")
    elif not item.table.rows:
        yield Text(item.chunk.blank or "A form without figures.", style="dim")
    else:
        grids = (_grids(item.table, block, item.chunk.id, found, width) for block in _blocks(item.table.rows))
        yield from _packed(list(chain.from_iterable(grids)), width)
    yield from _legend(found.values())
    yield from _verdict(item, extraction)


def _heading(item: Listed, extraction: Extraction) -> Iterator[RenderableType]:
    table, chunk = item.table, item.chunk
    standing = extraction.standing.get(chunk.id)
    yield Text.assemble(
        (chunk.id, "bold cyan"), "  ", (title_of(item), "bold"), "  ", status(item.verdict.status)
    )
    unit = (table and table.unit) or chunk.unit
    facts = [
        f"{item.kind} {item.ordinal}",
        *([f"unit {as_printed(unit)}"] if unit else []),
        f"lines {chunk.first_line}–{chunk.last_line}",
        f"page {chunk.page}",
        *([f"read by {_READERS.get(standing.reader, standing.reader)}"] if standing else []),
        as_printed(extraction.document.name),
    ]
    yield Text(" · ".join(facts), style="dim")


def _blocks(rows: Sequence[Row]) -> Iterator[_Block]:
    for side, members in groupby(enumerate(rows), key=lambda entry: entry[1].side or ""):
        yield _Block(side, list(members))


def _grids(
    table: AnyTable, block: _Block, table_id: str, found: dict[CellRef, str], width: int
) -> Iterator[Grid]:
    """The rows of a block, its columns spread over as many grids as the width asks for."""
    filled = {column for _, row in block.rows for column, _ in row.cells()}
    columns = [_measured(block, key, header) for key, header in columns_of(table) if key in filled]
    names = [_label(row) for _, row in block.rows]
    # An indicator's name is its third level, which stands among the columns.
    lead = _leading(block, [] if block.side == "indicator" else names)
    groups = list(_fitting(columns, width - sum(column.width + GAP for column in lead)))
    if len(groups) > 1:
        lead = _leading(block, names)
        groups = list(_fitting(columns, width - sum(column.width + GAP for column in lead)))
    for part, chosen in enumerate(groups):
        title = " ".join(filter(None, [_SIDES.get(block.side, block.side), "(continued)" if part else ""]))
        grid = simple_grid()
        grid.title = title or None
        grid.title_justify, grid.title_style = "left", "italic"
        for column in (*lead, *chosen):
            justify: JustifyMethod = "right" if column.figures else "left"
            grid.add_column(
                column.header, width=column.width, justify=justify, overflow="fold", vertical="top"
            )
        for (number, row), name in zip(block.rows, names, strict=True):
            texts = {"code": Text(row.code or ""), "name": Text(name, _name_style(row, block))}
            cells = [
                _drawn(row.get(column.key), found.get(CellRef(table_id, number, column.key)))
                for column in chosen
            ]
            grid.add_row(*(texts[column.key] for column in lead), *cells)
        yield grid


def _leading(block: _Block, names: Sequence[str]) -> list[_Column]:
    """Code and name of the rows, where they have any."""
    codes = max((cell_len(row.code or "") for _, row in block.rows), default=0)
    longest = min(_WIDEST_TEXT, max(map(cell_len, names), default=0))
    found = [_Column("code", "code", max(4, codes), False)] if codes else []
    return [*found, _Column("name", "name", max(4, longest), False)] if longest else found


def _name_style(row: Row, block: _Block) -> str:
    """Rows without a code among rows with one are totals."""
    return "bold" if not row.code and any(other.code for _, other in block.rows) else ""


def _measured(block: _Block, key: str, header: str) -> _Column:
    cells = [cell for _, row in block.rows if (cell := row.get(key))]
    figures = all(cell.amount for cell in cells)
    widest = max((cell_len(_text(cell)) for cell in cells), default=1) + figures
    if not figures:
        widest = min(widest, _WIDEST_TEXT)
    # Keys break between their words.
    shown = _tight(header.replace("_", " "))
    longest_word = max(map(cell_len, shown.split()), default=1)
    return _Column(key, shown, max(widest, min(longest_word, _WIDEST_HEADER)), figures)


def _fitting(columns: Sequence[_Column], width: int) -> Iterator[list[_Column]]:
    """The columns in groups that fit into `width`, columns of text made narrower first.

    At least one group, at least one column in each.
    """
    columns = list(columns)
    while sum(column.width + GAP for column in columns) > width:
        texts = [number for number, column in enumerate(columns) if not column.figures]
        widest = max(texts, key=lambda number: columns[number].width, default=None)
        if widest is None or columns[widest].width <= _NARROWEST_TEXT:
            break
        columns[widest] = columns[widest]._replace(width=columns[widest].width - 1)
    group: list[_Column] = []
    used = 0
    for column in columns:
        if group and used + column.width + GAP > width:
            yield group
            group, used = [], 0
        group.append(column)
        used += column.width + GAP
    yield group


def _packed(grids: Sequence[Grid], width: int) -> Iterator[RenderableType]:
    """Grids beside one another where they fit, as official forms print two sides."""
    line: list[Grid] = []
    used = 0
    for grid in grids:
        needed = _grid_width(grid) + 2 * GAP
        if line and used + needed > width:
            yield _beside(line)
            yield Text()
            line, used = [], 0
        line.append(grid)
        used += needed
    if line:
        yield _beside(line)
    yield Text()


def _grid_width(grid: Grid) -> int:
    own = sum((column.width or 0) + GAP for column in grid.columns)
    return max(own, cell_len(str(grid.title or "")))


def _beside(grids: Sequence[Grid]) -> RenderableType:
    if len(grids) == 1:
        return grids[0]
    frame = Grid.grid(padding=(0, 2 * GAP, 0, 0))
    for _ in grids:
        frame.add_column(vertical="top")
    frame.add_row(*grids)
    return frame


def _tight(text: str) -> str:
    """Without the spaces that justified or broken print leaves between wide characters."""
    return _BETWEEN_WIDE.sub("", text)


def _label(row: Row) -> str:
    """The label, indented by the level of a code of 3, 5 or 7 digits."""
    code = row.code or ""
    level = (len(code) - 3) // 2 if code.isdigit() and len(code) in (5, 7) else 0
    return "  " * level + _tight(label_of(row))


def _text(cell: Cell) -> str:
    return f"{cell.amount.value:,f}" if cell.amount else _tight(as_printed(cell.text))


def _drawn(cell: Cell | None, mark: str | None) -> Text:
    if cell is None:
        return Text("", style=MARK_STYLE.get(mark or "", ""))
    sign = MARK_SIGN[mark] if mark else ""
    # A place for the sign is kept in every cell, so that decimal points stay in line.
    return Text(_text(cell) + (sign or (" " if cell.amount else "")), style=MARK_STYLE[mark] if mark else "")


def _legend(found: Iterable[str]) -> Iterator[RenderableType]:
    count = Counter(found)
    parts = [
        Text(
            f"{MARK_SIGN[mark]} {count[mark]} {_MEANING[mark][count[mark] != 1]}".strip(),
            style=MARK_STYLE[mark],
        )
        for mark in MARK_STYLE
        if count[mark]
    ]
    if parts:
        yield Text("   ").join(parts)


def _verdict(item: Listed, extraction: Extraction) -> Iterator[RenderableType]:
    verdict = item.verdict
    yield Text(
        f"Checks: {verdict.passed} passed, {verdict.failed} failed, {verdict.skipped} skipped"
        f" · figures covered: {verdict.coverage:.0%} · confidence: {verdict.confidence:.2f}"
    )
    if verdict.blind_spot is not None:
        unit = (item.table and item.table.unit) or ""
        yield Text(
            f"Any error above {plain(verdict.blind_spot)} {unit}".rstrip() + " in a figure added up is seen."
        )
    failed = [x for x in extraction.findings if x.status == "failed" and item.chunk.id in x.tables]
    # A check that fails is drawn below; its statement need not be read twice.
    statements = {finding.statement for finding in failed}
    if reasons := [reason for reason in verdict.reasons if reason not in statements]:
        yield Text(f"Why {verdict.status}:", style="bold")
        yield from (hanging(Text("-"), Text(as_printed(reason))) for reason in reasons)
    if failed:
        yield Text("Checks that fail:", style="bold")
        yield from (draw_finding(finding, extraction) for finding in failed)
