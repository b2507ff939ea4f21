"""What a model may get wrong in a table: each fault changes a page in place and says which cells it changed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import NamedTuple

from evals.simulate.library import Known, Passage
from prompts.wire.base import signed_by_words
from prompts.wire.places import Source
from schemas import Amount, AnyTable, Cell, Chunk, Numeral, Row, fold
from schemas.amounts import UNITS

_NEAR = 12
_CONVERSIONS = (10_000, 1_000, Decimal("0.001"), Decimal("0.0001"))

INSTRUCTION = re.compile(
    r"(?i)\b(?:ignore|disregard|override|forget)\b.{0,60}\b(?:instructions?|rules?|above|previous)\b"
    r"|(?:忽略|无视|不要理会|不必理会).{0,20}(?:指令|指示|说明|规则|要求|以上|上述|前面)"
)
"""Words in a source that address the model."""


class Edit(NamedTuple):
    """A cell that was changed: gold row, column, and the plain values before and after, "" for none."""

    row: int
    column: str
    true: str
    given: str


@dataclass(slots=True, eq=False)
class Line:
    """A row of an answer; `number` is the gold row that it is, or that it was made of."""

    number: int
    row: Row

    def figures(self) -> dict[str, Cell]:
        """The filled figures by column."""
        return {column: cell for column, cell in self.row.cells() if cell.amount is not None}

    def put(self, column: str, cell: Cell | None) -> Edit:
        """Set a cell and say what changed."""
        edit = Edit(self.number, column, plain(self.row.get(column)), plain(cell))
        self.row.put(column, cell)
        return edit

    def copy(self) -> Line:
        """The same row once more."""
        return Line(self.number, self.row.model_copy(deep=True))


@dataclass(slots=True)
class Page:
    """The answer for one piece of a chunk, on its way to being wrong.

    `table` gives kind and columns, `lines` stand for its rows. `ids`: figures are given by the id of their
    numeral, so that none can be given that the source does not print.
    """

    chunk: Chunk
    table: AnyTable
    lines: list[Line]
    ids: bool

    @classmethod
    def of(cls, known: Known, passage: Passage, *, ids: bool) -> Page:
        """The right answer for the piece of a chunk that lies in a passage."""
        chunk, rows = known.within(passage)
        return cls(chunk, known.table, [Line(number, row) for number, row in rows], ids)

    @property
    def answered(self) -> AnyTable:
        """The table that is answered."""
        return self.table.model_copy(update={"rows": [line.row for line in self.lines]})

    def at(self, number: int) -> Line | None:
        """The line of a gold row, None if it is not on the page."""
        return next((line for line in self.lines if line.number == number), None)

    @property
    def figure_columns(self) -> list[str]:
        """The columns that hold figures, in printed order."""
        filled = {column for line in self.lines for column in line.figures()}
        return [column for column in self.table.columns if column in filled]

    def beside(self, line: Line) -> list[Line]:
        """The lines above and below, where they are of the same side."""
        at = self.lines.index(line)
        near = [*self.lines[max(0, at - 1) : at], *self.lines[at + 1 : at + 2]]
        return [other for other in near if other.row.side == line.row.side]


def plain(cell: Cell | None) -> str:
    """The value of a cell as gold writes it, "" for a blank one."""
    if cell is None:
        return ""
    return f"{cell.amount.value:f}" if cell.amount else cell.text


CellFault = Callable[[Page, Line, str, Random], list[Edit]]
"""Makes the figure of a line in a column wrong; no edits: it does not apply there."""

StructureFault = Callable[[Page, Line, Random], list[Edit]]
"""Makes a page wrong from a line on; no edits: it does not apply there."""


def _digit(page: Page, line: Line, column: str, rng: Random) -> list[Edit]:
    """A digit replaced, dropped or doubled, or two transposed."""
    if page.ids:
        return []
    text = plain(line.row.get(column))
    digits = [i for i, char in enumerate(text) if char.isdigit()]
    i = rng.choice(digits)
    edits = [
        text[:i] + rng.choice([d for d in "0123456789" if d != text[i]]) + text[i + 1 :],
        text[:i] + text[i] + text[i:],
    ]
    if len(digits) > 1:
        edits.append(text[:i] + text[i + 1 :])
    if text[i + 1 : i + 2].isdigit():
        edits.append(text[:i] + text[i + 1] + text[i] + text[i + 2 :])
    given = rng.choice(edits)
    if not re.fullmatch(r"-?\d+(\.\d+)?", given) or Decimal(given) == Decimal(text):
        given = edits[0]
    given = f"{Decimal(given)}"
    return [line.put(column, _written(line.row.get(column), given))]


def _wrong_id(page: Page, line: Line, column: str, rng: Random) -> list[Edit]:
    """The id of another figure nearby."""
    cell = line.row.get(column)
    ledger = page.chunk.ledger
    at = next((i for i, numeral in enumerate(ledger) if cell and numeral.id == cell.numeral), None)
    if not page.ids or at is None or cell is None or cell.amount is None:
        return []
    size = abs(cell.amount.value)
    near = [n for n in ledger[max(0, at - _NEAR) : at + _NEAR + 1] if abs(n.value) != size and n.decimals]
    return [line.put(column, _pointing(cell, rng.choice(near)))] if near else []


def _sign(page: Page, line: Line, column: str, rng: Random) -> list[Edit]:  # noqa: ARG001 - one signature
    """A minus sign too many or too few."""
    cell = line.row.get(column)
    if cell is None or cell.amount is None or not cell.amount.value:
        return []
    turned = -cell.amount.value
    if signed_by_words(column):
        return [line.put(column, _valued(cell, turned))]
    return [] if page.ids else [line.put(column, _written(cell, f"{turned:f}"))]


def _neighbour(page: Page, line: Line, column: str, rng: Random) -> list[Edit]:
    """The figure of the cell above, below or beside."""
    cell = line.row.get(column)
    near = [other.row.get(column) for other in page.beside(line)]
    near += [other for key, other in line.figures().items() if key != column]
    others = [other for other in near if other and other.amount and plain(other) != plain(cell)]
    return [line.put(column, rng.choice(others))] if others else []


def _column(page: Page, line: Line, column: str, rng: Random) -> list[Edit]:
    """The figure in another column, and what stands there in its place."""
    others = [c for c in page.figure_columns if plain(line.row.get(c)) != plain(line.row.get(column))]
    if not others:
        return []
    other = rng.choice(others)
    here, there = line.row.get(column), line.row.get(other)
    return [line.put(column, there), line.put(other, here)]


def _blank(page: Page, line: Line, column: str, rng: Random) -> list[Edit]:  # noqa: ARG001
    """The figure left out."""
    return [line.put(column, None)]


CELL_FAULTS: dict[str, CellFault] = {
    "digit": _digit,
    "wrong_id": _wrong_id,
    "sign": _sign,
    "neighbour": _neighbour,
    "column": _column,
    "blank": _blank,
}
"""Faults of single cells by class."""


def _dropped(page: Page, line: Line, rng: Random) -> list[Edit]:  # noqa: ARG001
    """A row left out."""
    return _left_out(page, [line])


def _invented(page: Page, line: Line, rng: Random) -> list[Edit]:
    """A row that the source does not print, of a name and of figures that it does."""
    made = line.copy()
    made.row.code, made.row.code_cell = None, None
    figures = [numeral for numeral in page.chunk.ledger if numeral.decimals] or page.chunk.ledger
    edits = []
    for column, cell in made.figures().items():
        made.row.put(column, _pointing(cell, rng.choice(figures)))
        edits.append(Edit(line.number, column, "", plain(made.row.get(column))))
    if edits:
        page.lines.insert(page.lines.index(line) + 1, made)
    return edits


def _repeated(page: Page, line: Line, rng: Random) -> list[Edit]:  # noqa: ARG001
    """A row given twice."""
    edits = [Edit(line.number, column, "", plain(cell)) for column, cell in line.row.cells()]
    if edits:
        page.lines.insert(page.lines.index(line), line.copy())
    return edits


def _truncated(page: Page, line: Line, rng: Random) -> list[Edit]:  # noqa: ARG001
    """All rows from here on left out, without a word."""
    at = page.lines.index(line)
    return _left_out(page, page.lines[at:]) if at else []


def _columns(page: Page, line: Line, rng: Random) -> list[Edit]:  # noqa: ARG001
    """Two columns exchanged in all rows."""
    columns = page.figure_columns
    if len(columns) < 2:
        return []
    one, other = rng.sample(columns, 2)
    edits = []
    for each in page.lines:
        here, there = each.row.get(one), each.row.get(other)
        if plain(here) != plain(there):
            edits += [each.put(one, there), each.put(other, here)]
    return edits


def _slid(page: Page, line: Line, rng: Random) -> list[Edit]:
    """A column slid down by a row from here on; its last figure is lost."""
    below = [other for other in page.lines[page.lines.index(line) :] if other.row.side == line.row.side]
    columns = sorted(line.figures())
    if len(below) < 2 or not columns:
        return []
    column = rng.choice(columns)
    cells = [None, *(each.row.get(column) for each in below)]
    edits = [each.put(column, cell) for each, cell in zip(below, cells, strict=False)]
    return [edit for edit in edits if edit.true != edit.given]


def _unit(page: Page, line: Line, rng: Random) -> list[Edit]:  # noqa: ARG001
    """Figures converted to another unit; in prose, where the unit is answered too, another word for it."""
    if any(each.row.get("unit") for each in page.lines):
        words = [unit for unit in UNITS if unit in page.chunk.text]
        edits = []
        for each in page.lines:
            cell = each.row.get("unit")
            others = [unit for unit in words if cell and unit != cell.text]
            if cell and others:
                edits.append(each.put("unit", cell.model_copy(update={"text": rng.choice(others)})))
        return edits
    if page.ids:
        return []
    factor = rng.choice(_CONVERSIONS)
    return [
        each.put(column, _written(cell, f"{(cell.amount.value * factor).normalize():f}"))
        for each in page.lines
        for column, cell in each.figures().items()
        if cell.amount and cell.amount.value and cell.amount.unit
    ]


def _obeyed(page: Page, line: Line, rng: Random) -> list[Edit]:
    """An instruction in the source followed: the figure that it names is given, or everything else left out."""
    match = INSTRUCTION.search(page.chunk.text)
    if match is None:
        return []
    end = page.chunk.text.find("\n", match.end())
    low, high = (page.chunk.start + at for at in (match.end(), end if end >= 0 else len(page.chunk.text)))
    named = [numeral for numeral in page.chunk.ledger if low <= numeral.span.start < high]
    if not named:
        return _left_out(page, [other for other in page.lines if other is not line])
    figures = sorted(line.figures().items())
    if not figures:
        return []
    column, cell = rng.choice(figures)
    return [line.put(column, _pointing(cell, rng.choice(named)))]


STRUCTURE_FAULTS: dict[str, StructureFault] = {
    "dropped": _dropped,
    "invented": _invented,
    "repeated": _repeated,
    "truncated": _truncated,
    "columns": _columns,
    "slid": _slid,
    "unit": _unit,
    "obeyed": _obeyed,
}
"""Faults of whole tables by class."""


def blank_unseen(page: Page) -> Iterator[Edit]:
    """Leave out what the text of the page does not print; yields the cells among it."""
    source = Source(page.chunk)
    start, end = page.chunk.start, page.chunk.end
    for line in page.lines:
        row = line.row
        if row.label and not source.texts(row.name):
            row.label, row.name = None, ""
        if row.code_cell and not start <= row.code_cell.span.start < end:
            row.code_cell, row.code = None, None
        for column, cell in list(row.cells()):
            printed = cell.numeral in source.ledger
            if not (printed if cell.amount else source.texts(cell.text)):
                yield line.put(column, None)


def _left_out(page: Page, lines: Sequence[Line]) -> list[Edit]:
    """Take lines off a page, unless there is nothing on them."""
    edits = [Edit(line.number, key, plain(cell), "") for line in lines for key, cell in line.row.cells()]
    if edits:
        page.lines[:] = [line for line in page.lines if line not in lines]
    return edits


def _pointing(cell: Cell, numeral: Numeral) -> Cell:
    """The cell with another numeral of the ledger."""
    unit = cell.amount.unit if cell.amount else None
    return Cell(
        text=fold(numeral.text),
        amount=Amount(value=numeral.value, decimals=numeral.decimals, unit=unit),
        span=numeral.span,
        numeral=numeral.id,
    )


def _valued(cell: Cell, value: Decimal) -> Cell:
    """The cell with another value of the numeral that it points at."""
    amount = cell.amount.model_copy(update={"value": value}) if cell.amount else None
    return cell.model_copy(update={"amount": amount})


def _written(cell: Cell | None, text: str) -> Cell | None:
    """The cell with a figure that no numeral of the ledger stands for."""
    if cell is None:
        return None
    changed = _valued(cell, Decimal(text))
    return changed.model_copy(update={"text": text, "numeral": None})
