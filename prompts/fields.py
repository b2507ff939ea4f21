"""The cells of a line by the number of their column: blank ones need not be counted by who reads it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from schemas.text import display_width

_RANGES = ((1, 20, "①"), (21, 35, "㉑"), (36, 50, "㊱"))
_MARKS = {
    number: chr(ord(first) + number - low) for low, high, first in _RANGES for number in range(low, high + 1)
}
_USED = frozenset(_MARKS.values())
_IDEOGRAPH = "[\u3400-\u9fff]"
_APART = re.compile(rf"(?<![^ ])({_IDEOGRAPH}) +(?={_IDEOGRAPH}(?: |$))")
"""Behind an ideograph of a word that is set wide, as `合    计`."""
_CELL = re.compile(r"\S+(?: \S+)*")
_NARROWED = re.compile(rf"(?<={_IDEOGRAPH})[!-/:;?]|[!-/:;?](?={_IDEOGRAPH})")
"""Punctuation beside ideographs is printed as wide as they are, and narrow in reading form."""


def numbered(*texts: str) -> list[str]:
    """Texts with a mark before each filled cell of lines that are set in columns, `①201 ②国防支出 ④18.00`: by tabs or
    strokes, or by blanks in the columns that all texts have together.

    All is left as it is where a text uses such marks itself; a line also where it has more cells than there are.
    """
    if any(_USED & set(text) for text in texts):
        return list(texts)
    lines = [text.split("\n") for text in texts]
    if any(len(_separated(line)) > 1 for text in lines for line in text):
        return ["\n".join(map(_numbered, text)) for text in lines]
    grid = _grid(line for text in lines for line in text)
    return ["\n".join(_placed(line, grid) for line in text) for text in lines]


def _numbered(line: str) -> str:
    cells = _separated(line)
    if not 1 < len(cells) <= len(_MARKS):
        return line
    filled = [(number, cell.strip()) for number, cell in enumerate(cells, start=1)]
    return _marked((number, cell) for number, cell in filled if cell)


def _marked(cells: Iterable[tuple[int, str]]) -> str:
    return " ".join(_MARKS[number] + cell for number, cell in cells)


def _separated(line: str) -> list[str]:
    """The cells of a line; the line alone if nothing stands between them but blanks."""
    if "\t" in line:
        return line.split("\t")
    if re.match(r"\s*\|.*\|\s*$", line):
        return line.strip()[1:-1].split("|")
    return [line]


class _Set(NamedTuple):
    """A cell and the columns of a page of fixed pitch that it takes, from `low` to before `high`."""

    text: str
    low: int
    high: int


def _cells(line: str) -> list[_Set]:
    """What stands between two blanks or more."""
    found: list[_Set] = []
    end = high = 0
    for match in _CELL.finditer(_APART.sub(lambda apart: apart[1] + "\0" * (len(apart[0]) - 1), line)):
        low = high + _width(line[end : match.start()])
        end = match.end()
        high = low + _width(line[match.start() : end])
        found.append(_Set(match[0].replace("\0", ""), low, high))
    return found


def _width(text: str) -> int:
    return display_width(text) + len(_NARROWED.findall(text))


def _grid(lines: Iterable[str]) -> list[_Set]:
    """The columns of a page that cells take, from left to right, none if they are too many to be marked; the lines with
    most cells tell them first.
    """
    grid: list[_Set] = []
    rows = [cells for line in lines if 1 < len(cells := _cells(line)) <= len(_MARKS)]
    for cells in sorted(rows, key=len, reverse=True):
        if len(grid) > len(_MARKS):
            return []
        for cell in cells:
            under = _under(cell, grid)
            if not under:
                grid = sorted([*grid, cell], key=lambda column: column.low)
            elif len(under) == 1:
                (at,) = under
                left = grid[at - 1].high if at else 0
                right = grid[at + 1].low if at + 1 < len(grid) else cell.high
                low, high = min(grid[at].low, cell.low), max(grid[at].high, cell.high)
                grid[at] = _Set("", max(left, low), max(grid[at].high, min(right, high)))
    return grid if len(grid) <= len(_MARKS) else []


def _under(cell: _Set, grid: Sequence[_Set]) -> list[int]:
    """The columns that a cell takes some of."""
    return [at for at, column in enumerate(grid) if column.low < cell.high and cell.low < column.high]


def _placed(line: str, grid: Sequence[_Set]) -> str:
    """A line with the mark of the column that each cell takes most of; as it is if two would have the same.

    So is a cell alone that begins at the left or spans columns: it is a title, or words.
    """
    cells = _cells(line)
    under = [_under(cell, grid) for cell in cells]
    if not all(under) or (len(cells) == 1 and (under[0] == [0] or len(under[0]) > 1)):
        return line
    places = [
        max(columns, key=lambda at: min(cell.high, grid[at].high) - max(cell.low, grid[at].low))
        for cell, columns in zip(cells, under, strict=True)
    ]
    if len(set(places)) < len(places):
        return line
    return _marked((at + 1, cell.text) for at, cell in zip(places, cells, strict=True))
