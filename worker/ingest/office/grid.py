"""The cells of a spreadsheet or of a table → lines, one a row, with a tab between cells."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from schemas import TooLarge

MOST_CELLS = 2_000_000
"""The most cells of one file that are read."""
MOST_CHARACTERS = 30_000_000

# ASCII white space only: wide and fixed spaces are part of what is printed.
_SPACES = re.compile(r"[ \t\n\r\f\v]+")
_NAMED = 3


class Merged(NamedTuple):
    """A block of cells that is one; rows and columns from 0, the last ones included."""

    top: int
    left: int
    bottom: int
    right: int


def folded(text: str) -> str:
    """The text of a cell on one line."""
    text = _SPACES.sub(" ", text).strip(" ")
    return "" if text.isspace() else text


class Grid:
    """The cells of one sheet as far as they are filled and shown; `name` is that of the file, for errors.

    What is hidden is counted and left out. `put` may come in any order, `hide_…` before or after it.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.merged: list[Merged] = []
        self.problems: dict[str, list[str]] = {}
        self._rows: dict[int, dict[int, str]] = {}
        self._hidden_rows: set[int] = set()
        self._hidden_columns: set[int] = set()
        self._cells = 0
        self._characters = 0

    def put(self, row: int, column: int, text: str) -> None:
        """Fill a cell. Raises TooLarge."""
        text = folded(text)
        if not text:
            return
        self._cells += 1
        self._characters += len(text)
        if self._cells > MOST_CELLS or self._characters > MOST_CHARACTERS:
            raise TooLarge(
                self.name, f"has over {MOST_CELLS:,} cells or too much text", "split it into several files"
            )
        self._rows.setdefault(row, {})[column] = text

    def hide_row(self, row: int) -> None:
        """Leave out a row."""
        self._hidden_rows.add(row)

    def hide_columns(self, columns: range) -> None:
        """Leave out columns."""
        self._hidden_columns.update(columns)

    def blank(self, why: str, row: int, column: int) -> None:
        """Name a cell that shows something which is not known."""
        self.problems.setdefault(why, []).append(f"{letters(column)}{row + 1}")

    def lines(self) -> list[str]:
        """The rows that hold something. Empty rows between them are one blank line, empty columns are left out.

        A cell merged over all columns that are left stands alone on its line.
        """
        self._move_out_of_hiding()
        rows = {
            number: {column: text for column, text in cells.items() if not self._is_hidden(column)}
            for number, cells in sorted(self._rows.items())
            if number not in self._hidden_rows
        }
        rows = {number: cells for number, cells in rows.items() if cells}
        columns = sorted({column for cells in rows.values() for column in cells})
        if len(columns) * len(rows) > MOST_CELLS * 4:
            raise TooLarge(
                self.name, "has tables that are mostly empty and too wide", "split it into several files"
            )
        wide = {block.top for block in self.merged if columns and _covers(block, columns)}
        hidden = sorted(self._hidden_rows)
        lines: list[str] = []
        before = None
        for number, cells in rows.items():
            if before is not None:
                between = bisect_left(hidden, number) - bisect_left(hidden, before)
                lines += [""] if number - before - 1 > between else []
            alone = number in wide and len(cells) == 1
            lines.append("".join(cells.values()) if alone else "\t".join(cells.get(x, "") for x in columns))
            before = number
        return lines

    def notes(self) -> Iterator[str]:
        """What was left out, and which cells are not known."""
        rows = sum(number in self._rows for number in self._hidden_rows)
        filled = Counter(
            column for cells in self._rows.values() for column in cells if self._is_hidden(column)
        )
        if rows:
            yield f"{counted(rows, 'hidden row')} left out"
        if filled:
            yield f"{counted(len(filled), 'hidden column')} left out"
        for why, cells in self.problems.items():
            more = f" and {len(cells) - _NAMED} more" if len(cells) > _NAMED else ""
            yield f"{why}: {', '.join(cells[:_NAMED])}{more}"

    def _is_hidden(self, column: int) -> bool:
        return column in self._hidden_columns

    def _move_out_of_hiding(self) -> None:
        """A merged cell shows its text as long as any part of it is shown."""
        for block in self.merged:
            text = self._rows.get(block.top, {}).get(block.left)
            if text is None or (block.top not in self._hidden_rows and not self._is_hidden(block.left)):
                continue
            row = next((x for x in range(block.top, block.bottom + 1) if x not in self._hidden_rows), None)
            column = next((x for x in range(block.left, block.right + 1) if not self._is_hidden(x)), None)
            if row is not None and column is not None:
                del self._rows[block.top][block.left]
                self._rows.setdefault(row, {})[column] = text


def _covers(block: Merged, columns: list[int]) -> bool:
    return block.left <= columns[0] < columns[-1] <= block.right


def letters(column: int) -> str:
    """A for 0, AA for 26."""
    out = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        out = chr(65 + rest) + out
    return out


def counted(number: int, what: str) -> str:
    """`3 hidden rows`."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def page_of(title: str, lines: Iterable[str]) -> str:
    """A sheet as text: its name as a line above its table, a blank line after it."""
    return "\n".join([title, *lines, "", ""])
