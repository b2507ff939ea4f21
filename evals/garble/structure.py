"""Garblers of a table's structure: cells and rows are moved, every figure stays as it is.

Each takes a table, a source of chance and a severity in 0..1, and gives a table; severity 0 changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil
from random import Random

from evals.garble.cells import (
    BLANK,
    Printed,
    Row,
    body_rows,
    columns,
    header_rows,
    is_label,
    only,
    replaced,
    with_body,
)
from evals.garble.widths import wrapped
from evals.paper import PrintedTable
from schemas.text import display_width

TableGarbler = Callable[[PrintedTable, Random, float], PrintedTable]

_NARROWEST = 10
_PAGE_ROWS = 36


def page_breaks(table: PrintedTable, rng: Random, severity: float) -> PrintedTable:
    """Pages of fewer rows the more severe, the header repeated at the head of each; a table may begin a page."""
    if not severity:
        return table
    per_page = max(4, round(_PAGE_ROWS * (1 - 0.8 * severity)))
    first = rng.randint(2, per_page)
    header = header_rows(table)
    rows: list[Row] = []
    for i, row in enumerate(body_rows(table)):
        if i >= first and (i - first) % per_page == 0:
            rows += _on_new_page([*header, row])
        else:
            rows.append(row)
    paged = with_body(table, rows)
    if table.above and rng.random() < severity:
        paged = paged.model_copy(update={"above": ("\f" + table.above[0], *table.above[1:])})
    return paged


def _on_new_page(rows: list[Row]) -> list[Row]:
    first, *rest = rows
    return [replaced(first, 0, first[0]._replace(text="\f" + first[0].text)) if first else first, *rest]


def labels_spaced(table: PrintedTable, rng: Random, severity: float) -> PrintedTable:
    """Labels of two or three ideographs set wide ("项    目"), a share `severity` of them, by one width a table."""
    gap = " " * rng.choice((1, 2, 4))

    def spaced(text: str) -> str:
        ideographs = all("\u4e00" <= char <= "\u9fff" for char in text)
        if not ideographs or len(text) not in {2, 3} or rng.random() >= severity:
            return text
        return (gap if len(text) == 2 else " ").join(text)

    rows = [
        tuple(cell._replace(text=spaced(cell.text)) if cell.key is None else cell for cell in row)
        for row in body_rows(table)
    ]
    header = tuple(tuple(map(spaced, row)) for row in table.header)
    return with_body(table.model_copy(update={"header": header}), rows)


def names_wrapped(table: PrintedTable, rng: Random, severity: float) -> PrintedTable:
    """Columns of labels too narrow for their longest, the narrower the more severe, and so broken into lines.

    In one way a table: the figures stand in the first line, in the last, or in one of their own in the middle; or
    there is but a blank in the cell where the line broke.
    """
    way = rng.choice(("first", "last", "middle", "inside"))
    rows = body_rows(table)
    widths = [_narrowed(column, severity) for column in columns(rows)]
    if not any(widths):
        return table
    wrapped_rows: list[Row] = []
    for row in rows:
        parts = [
            list(wrapped(cell.text, width)) if width and is_label(cell) else [cell.text]
            for cell, width in zip(row, widths, strict=True)
        ]
        wrapped_rows += _spread(row, parts, way)
    return with_body(table, wrapped_rows)


def _narrowed(column: Row, severity: float) -> int:
    """The width of a column of labels, 0 where all of them fit."""
    longest = max((display_width(cell.text) for cell in column if is_label(cell)), default=0)
    width = max(_NARROWEST, round(longest * (1 - 0.7 * severity)))
    return width if width < longest else 0


def _spread(row: Row, parts: list[list[str]], way: str) -> list[Row]:
    """The lines of one row whose cells are broken into `parts`."""
    if way == "inside":
        return [tuple(cell._replace(text=" ".join(part)) for cell, part in zip(row, parts, strict=True))]
    count = max(map(len, parts))
    count += way == "middle" and count % 2 == 0
    lines = [[BLANK] * len(row) for _ in range(count)]
    for column, (cell, part) in enumerate(zip(row, parts, strict=True)):
        for at, text in zip(_places(len(part), count, way), part, strict=True):
            lines[at][column] = cell._replace(text=text)
    return list(map(tuple, lines))


def _places(parts: int, lines: int, way: str) -> Sequence[int]:
    """Which of `lines` the parts of a cell take; in the middle, an even number of parts leaves a line free."""
    if way == "first":
        return range(parts)
    if way == "last":
        return range(lines - parts, lines)
    middle, half = lines // 2, parts // 2
    return [at for at in range(middle - half, middle + half + 1) if parts % 2 or at != middle]


def names_shifted(table: PrintedTable, rng: Random, severity: float) -> PrintedTable:
    """A run of labels of one column stands a row too low; the longer the run the more severe."""
    rows = body_rows(table)
    named = [at for at, column in enumerate(columns(rows)) if sum(map(is_label, column)) > len(rows) // 2]
    length = round(severity * len(rows))
    if not named or length < 2:
        return table
    at = rng.choice(named)
    start = rng.randint(0, len(rows) - length)
    labels = [BLANK, *(row[at] for row in rows[start : start + length])]
    run = [*rows[start : start + length], only(rows[start], at, BLANK)]
    shifted = [replaced(row, at, label) for row, label in zip(run, labels, strict=True)]
    return with_body(table, [*rows[:start], *shifted, *rows[start + length :]])


def columns_detached(table: PrintedTable, rng: Random, severity: float) -> PrintedTable:
    """One to three columns leave their places and stand under the table, a line a cell, one column after the other.

    Only columns that can be put back: those without a blank cell, by counting, and those of codes, which come in
    pieces out of order the more severe. Beside each a column without a blank stays, so that no row is lost.
    """
    rows = body_rows(table)
    grid = columns(rows)
    full = {at for at, column in enumerate(grid) if all(map(_filled, column))}
    coded = {at for at, column in enumerate(grid) if _is_coded(column)}
    free = [at for at in sorted(full | coded) if full & {at - 1, at + 1}]
    rng.shuffle(free)
    taken: list[int] = []
    for at in free:
        if len(taken) < ceil(3 * severity) and not {at - 1, at + 1} & set(taken):
            taken.append(at)
    lone: list[Row] = []
    for at in sorted(taken):
        cells: list[Row] = [(cell,) for cell in grid[at] if _filled(cell)]
        lone += _in_pieces(cells, rng, severity) if at in coded else cells
    kept = [tuple(BLANK if at in taken else cell for at, cell in enumerate(row)) for row in rows]
    return with_body(table, [*kept, *lone])


def _filled(cell: Printed) -> bool:
    return bool(cell.text.strip())


def _is_coded(column: Row) -> bool:
    """Whether a column holds codes, no two alike, and no gold cell."""
    codes = [cell.text.strip() for cell in column if _filled(cell)]
    plain = all(cell.key is None for cell in column) and all(map(str.isdigit, codes))
    return plain and len(set(codes)) == len(codes) > 0


def _in_pieces(rows: list[Row], rng: Random, severity: float) -> list[Row]:
    cuts = sorted(rng.randint(0, len(rows)) for _ in range(round(3 * severity)))
    pieces = [rows[a:b] for a, b in zip([0, *cuts], [*cuts, len(rows)], strict=True)]
    rng.shuffle(pieces)
    return [row for piece in pieces for row in piece]


def columns_interleaved(table: PrintedTable, rng: Random, severity: float) -> PrintedTable:
    """A share `severity` of the rows is set in two lines: the left columns, and below them the right ones."""
    width = max((len(row) for row in table.body), default=0)
    if width < 2:
        return table
    cut = rng.choice((1, width // 2))
    rows: list[Row] = []
    for row in body_rows(table):
        if len(row) == width and rng.random() < severity:
            rows += [row[:cut] + (BLANK,) * (width - cut), (BLANK,) * cut + row[cut:]]
        else:
            rows.append(row)
    return with_body(table, rows)


def rows_merged(table: PrintedTable, rng: Random, severity: float) -> PrintedTable:
    """A share `severity` of the rows goes on in the line of the row before; never more than two rows a line."""
    rows: list[Row] = []
    single = False
    for row in body_rows(table):
        if single and rng.random() < severity:
            rows[-1] += row
            single = False
        else:
            rows.append(row)
            single = True
    return with_body(table, rows)


def one_cell_a_line(table: PrintedTable, rng: Random, severity: float) -> PrintedTable:
    """A share `severity` of the rows, of the header too, is set with a line a cell; a blank cell is a blank line."""

    def broken(rows: list[Row]) -> list[Row]:
        return [part for row in rows for part in ([(c,) for c in row] if rng.random() < severity else [row])]

    header = tuple(tuple(cell.text for cell in row) for row in broken(header_rows(table)))
    return with_body(table.model_copy(update={"header": header}), broken(body_rows(table)))


def header_after_body(table: PrintedTable, rng: Random, severity: float) -> PrintedTable:
    """A share `severity` of the header rows stands under the body."""
    moved = [rng.random() < severity for _ in table.header]
    header = tuple(row for row, gone in zip(table.header, moved, strict=True) if not gone)
    after = [row for row, gone in zip(header_rows(table), moved, strict=True) if gone]
    return with_body(table.model_copy(update={"header": header}), [*body_rows(table), *after])


STRUCTURE: dict[str, TableGarbler] = {
    "page_breaks": page_breaks,
    "labels_spaced": labels_spaced,
    "names_wrapped": names_wrapped,
    "names_shifted": names_shifted,
    "columns_detached": columns_detached,
    "columns_interleaved": columns_interleaved,
    "rows_merged": rows_merged,
    "one_cell_a_line": one_cell_a_line,
    "header_after_body": header_after_body,
}
"""By name: they rearrange, and no figure changes."""
