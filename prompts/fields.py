"""The cells of a line and the columns that they stand in: by tabs or strokes, or by blanks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from itertools import takewhile
from typing import NamedTuple

from prompts.wire.notation import CODE, NAME
from schemas.source import Chunk
from schemas.text import display_width

_RANGES = ((1, 20, "①"), (21, 35, "㉑"), (36, 50, "㊱"))
MARKS = "".join(chr(ord(first) + at) for low, high, first in _RANGES for at in range(high - low + 1))
_USED = frozenset(MARKS)
_IDEOGRAPH = "[\u3400-\u9fff]"
APART = re.compile(rf"(?<!\S)({_IDEOGRAPH}) +(?={_IDEOGRAPH}(?!\S))")
"""Behind an ideograph of a word that is set wide, as `合    计`."""
_CELL = re.compile(r"\S+(?: \S+)*")
_NARROWED = re.compile(rf"(?<={_IDEOGRAPH})[!-/:;?]|[!-/:;?](?={_IDEOGRAPH})")
"""Punctuation beside ideographs is printed as wide as they are, and narrow in reading form."""
_RUN_ON = re.compile(r"\. ?\d+ +\S|\S +[-—]+$")
"""A figure, and more behind one blank, or a blank cell's mark behind one: there, two blanks do not tell columns."""
_IN_ORDER = re.compile(
    r"(?<!\S)(?P<cell>-?\d{1,3}(?:, ?\d{3})+(?:\. ?\d+)?|-?\d+(?:\. ?\d+)?"
    r"|[-—]{1,2}|\d{1,2}=[\d+-]+)(?!\S)|\S+"
)
"""A figure, with blanks behind its separators or without, a blank cell's mark, or the number of a column, as 3=1+2; and
any other word."""
_NUMBER = re.compile(r"\d{1,2}|[-—]+")
_BLANK = re.compile("[-—]{1,2}")
_WORDED = re.compile(r"[^\W\d_]")
_CODE_AND_NAME = re.compile(r"(?P<code>\d{6}|\d{3}(?:\d\d){0,2}(?: +\d\d){0,2}) +(?P<name>[^\W\d_].*)")
"""A code, in one piece or level by level, and a name in one cell."""
_TO_WIDE = ord("！") - ord("!")


class Field(NamedTuple):
    """A filled cell of a line: the number of its column, from 0, what it prints, and what it takes of the page.

    It takes it from `low` to before `high`, in columns of a fixed pitch or, where something separates cells, in cells.
    """

    column: int
    text: str
    low: int
    high: int

    @property
    def worded(self) -> bool:
        """Whether a letter or an ideograph is in it."""
        return bool(_WORDED.search(self.text))


Lines = list[list[Field]]
"""The fields of each line; none of a line that is not set in columns."""


def fields_of(*texts: str, printed: Sequence[str] = (), figures: Set[int] = frozenset()) -> list[Lines]:
    """The fields of each line of texts whose columns are those of one table.

    None where a text uses marks of its own; none of a line either that has more cells than there are marks.
    `printed`: the texts, each character as wide as it is printed, where some are narrower. `figures`: how many columns
    of figures the table may have, where nothing but single blanks stands between them.
    """
    lines = [lines_of(text) for text in texts]
    wide = [lines_of(text) for text in printed or texts]
    if any(_USED & set(text) for text in texts):
        return [[[] for _ in text] for text in lines]
    cells = [
        [[] if _is_separated(line) else _cells(line, wider) for line, wider in zip(*each, strict=True)]
        for each in zip(lines, wide, strict=True)
    ]
    # A line over a table may be written with tabs, and the table with blanks.
    separated = [_is_separated(line) for text in lines for line in text]
    apart = [len(fields) > 1 for text in cells for fields in text]
    if sum(separated) > sum(apart):
        return [[_counted(line) for line in text] for text in lines]
    grid = _grid([line for text in cells for line in text])
    placed = [[_placed(line, grid) for line in text] for text in cells]
    ordered = _ordered(lines, figures)
    # Blanks may tell a column or two even there: the reading that parts more cells holds.
    fewer = any(
        len(each) < len(other)
        for text in zip(placed, ordered, strict=False)
        for each, other in zip(*text, strict=True)
    )
    return ordered if fewer else placed


def shown(
    texts: Sequence[str], found: Sequence[Lines], names: Mapping[int, str], naming: Sequence[str] = ()
) -> list[str]:
    """Texts without empty lines, and before each filled cell the name of its column or, where it has none, its mark:
    `c201 n国防支出 A18.00`. A line without fields is left as it is.

    Not shown are heads that are printed again, the mark of a cell that would be a blank row, and texts of a row but its
    name where `naming` has names of columns of texts: the first of them that a line fills is the name of its row.
    """
    seen: set[tuple[str, ...]] = set()
    parts = []
    for text, lines in zip(texts, found, strict=True):
        told = []
        for line, fields in zip(lines_of(text), lines, strict=True):
            cells = tuple(field.text for field in fields)
            again = cells in seen and _is_head(fields)
            seen.add(cells)
            if line.strip() and not again:
                told.append(" ".join(_called(fields, names, naming)) or line)
        parts.append("\n".join(told))
    return parts


def _is_head(fields: Sequence[Field]) -> bool:
    """Whether several cells are words, or numbers of columns: so is no row that prints a figure or a blank."""
    others = [field.text for field in fields if not field.worded]
    return len(fields) > 1 and (not others or _is_numbered(others))


def _called(fields: Sequence[Field], names: Mapping[int, str], naming: Sequence[str]) -> Iterator[str]:
    called = [names.get(field.column, MARKS[field.column]) for field in fields]
    own = next((name for name in naming if name in called), NAME)
    # Where a row has no code, its name may stand in the column of codes: 合计.
    coded = NAME in called or own in called
    for name, field in zip(called, fields, strict=True):
        if ("." in name and _BLANK.fullmatch(field.text)) or (name in naming and name != own):
            continue
        said = NAME if name == own or (name == CODE and field.worded and not coded) else name
        if said == NAME and (both := _CODE_AND_NAME.fullmatch(field.text)):
            yield from (CODE + level for level in both["code"].split())
            yield NAME + both["name"]
        else:
            yield said + field.text


def lines_of(text: str) -> list[str]:
    """The lines of a text, without white space at their ends; a page ends one too."""
    return [line.rstrip() for line in re.split("[\n\f]", text)]


def printed(chunk: Chunk) -> str:
    """The text of a chunk, each character as wide as it is printed: in reading form some are narrower."""
    return "".join(
        chr(ord(char) + _TO_WIDE) if "!" <= char <= "~" and at in chunk.wide else char
        for at, char in enumerate(chunk.text, chunk.start)
    )


def _counted(line: str) -> list[Field]:
    cells = _separated(line)
    if not 1 < len(cells) <= len(MARKS):
        return []
    return [Field(at, cell.strip(), at, at + 1) for at, cell in enumerate(cells) if cell.strip()]


def _is_separated(line: str) -> bool:
    return len(_separated(line)) > 1


def _separated(line: str) -> list[str]:
    """The cells of a line; the line alone if nothing stands between them but blanks."""
    if "\t" in line:
        return line.split("\t")
    if re.match(r"\s*\|.*\|\s*$", line):
        return line.strip()[1:-1].split("|")
    return [line]


def _cells(line: str, printed: str) -> list[Field]:
    """What stands between two blanks or more, in no column yet."""
    found: list[Field] = []
    end = high = 0
    for match in _CELL.finditer(APART.sub(lambda apart: apart[1] + "\0" * (len(apart[0]) - 1), line)):
        low = high + _width(printed[end : match.start()])
        end = match.end()
        high = low + _width(printed[match.start() : end])
        found.append(Field(-1, match[0].replace("\0", ""), low, high))
    return found


def _width(text: str) -> int:
    return display_width(text) + len(_NARROWED.findall(text))


def _ordered(texts: Sequence[Sequence[str]], figures: Set[int]) -> list[Lines]:
    """The fields of lines in which each cell is printed, blank ones by a mark, so that single blanks part them well
    enough: all that have figures at their end have as many, which the head numbers or `figures` admit. Else none."""
    ordered = [[_ended(line) for line in text] for text in texts]
    rows = [[field.text for field in fields if field.column] for text in ordered for fields in text if fields]
    numbered = {len(row) for row in rows if _is_numbered(row)}
    lengths = {len(row) for row in rows}
    return ordered if len(lengths) == 1 and lengths & (numbered or figures) else []


def _is_numbered(cells: Sequence[str]) -> bool:
    """Whether cells are the numbers of columns: 1 2 3."""
    numbers = [cell.partition("=")[0] for cell in cells]
    return len(cells) > 1 and numbers == [str(at) for at in range(1, len(cells) + 1)]


def figures_of(line: str) -> list[str]:
    """The figures and marks of blank cells at the end of a line; none if they are numbers of columns."""
    figures = [field.text for field in _ended(" ".join(map(str.strip, _separated(line)))) if field.column]
    return [] if _is_numbered(figures) or any("=" in text for text in figures) else figures


def _ended(line: str) -> list[Field]:
    """The figures and marks of blank cells at the end of a line, behind what stands before them in the first column;
    none if there are none, or too many."""
    cells = list(takewhile(lambda word: word["cell"], reversed(list(_IN_ORDER.finditer(line)))))[::-1]
    if not 0 < len(cells) < len(MARKS):
        return []
    words, *figures = [line[: cells[0].start()].strip(), *(cell["cell"] for cell in cells)]
    if not words and all(map(_NUMBER.fullmatch, figures)) and not _is_numbered(figures):
        return []  # the number of a page, or some of the columns
    return [Field(column, text, column, column + 1) for column, text in enumerate([words, *figures]) if text]


def _grid(lines: Iterable[list[Field]]) -> list[Field]:
    """The columns of a page that cells take, from left to right, none if they are too many to be marked; the lines with
    most cells tell them first.
    """
    grid: list[Field] = []
    rows = [cells for cells in lines if 1 < len(cells) <= len(MARKS)]
    run_on = sum(any(_RUN_ON.search(cell.text) for cell in cells) for cells in rows)
    if 3 * run_on > len(rows):
        return []
    for cells in sorted(rows, key=len, reverse=True):
        if len(grid) > len(MARKS):
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
                grid[at] = cell._replace(low=max(left, low), high=max(grid[at].high, min(right, high)))
    return _joined(grid, rows) if len(grid) <= len(MARKS) else []


def _joined(grid: Sequence[Field], rows: Sequence[Sequence[Field]]) -> list[Field]:
    """The columns, those with no words joined to the one beside them that has some, unless a line fills both.

    Figures set to the right stand beside a short head that is set to the left.
    """
    filled: list[set[int]] = [set() for _ in grid]
    worded = [False] * len(grid)
    for number, cells in enumerate(rows):
        for cell in cells:
            if len(under := _under(cell, grid)) == 1:
                filled[under[0]].add(number)
                worded[under[0]] |= cell.worded
    joined: list[tuple[Field, set[int], bool]] = []
    for column, lines, words in zip(grid, filled, worded, strict=True):
        if joined:
            left, above, headed = joined[-1]
            if words != headed and above.isdisjoint(lines):
                joined[-1] = left._replace(high=column.high), above | lines, True
                continue
        joined.append((column, lines, words))
    return [column for column, _, _ in joined]


def _under(cell: Field, grid: Sequence[Field]) -> list[int]:
    """The columns that a cell takes some of."""
    return [at for at, column in enumerate(grid) if column.low < cell.high and cell.low < column.high]


def _placed(cells: Sequence[Field], grid: Sequence[Field]) -> list[Field]:
    """The cells of a line in the columns that they take most of; none if two would have the same.

    So has a line of one cell that begins at the left or spans columns: it is a title, or words.
    """
    under = [_under(cell, grid) for cell in cells]
    if not all(under) or (len(cells) == 1 and (under[0] == [0] or len(under[0]) > 1)):
        return []
    places = [
        max(columns, key=lambda at: min(cell.high, grid[at].high) - max(cell.low, grid[at].low))
        for cell, columns in zip(cells, under, strict=True)
    ]
    if len(set(places)) < len(places):
        return []
    return [cell._replace(column=at) for at, cell in zip(places, cells, strict=True)]
