"""Finding cells across the tables of a document."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from typing import NamedTuple

from schemas import AnyTable
from schemas.amounts import UNITS
from schemas.findings import Term
from schemas.rules import GrandTotal, Pick
from schemas.tables import CellRef
from schemas.text import squeeze
from worker.memory import remembered
from worker.reconcile.grid import Grid
from worker.reconcile.hierarchy import Nesting
from worker.reconcile.wording import column_name, row_name, table_name

_SCALES = (
    (r"trillion", 10**12),
    (r"billion|^bn$", 10**9),
    (r"million|^mn?$", 10**6),
    (r"thousand|000|^k$", 1000),
)
_CURRENCY = r"[$€£¥]|usd|eur|gbp|rmb|cny|jpy|dollar|euro|pound|yuan|yen"
# Words in the name of a project that say nothing of which one it is.
_COMMON = re.compile(r"项目|经费|资金|专项|费用|费$|支出")


class Picked(NamedTuple):
    """Cells that a pick found, to be added up, and how a statement names them."""

    refs: tuple[CellRef, ...]
    words: str


class Book:
    """The tables of one document, to pick cells from. `asked` are the kinds of table that were asked for."""

    def __init__(self, grids: Mapping[str, Grid]) -> None:
        self.grids = grids
        self.asked: set[str] = set()
        self.tables: dict[str, AnyTable] = {key: grid.table for key, grid in grids.items()}
        stages = Counter(table.stage for table in self.tables.values() if table.stage)
        self.stage = stages.most_common(1)[0][0] if stages else None
        years = Counter(table.year for table in self.tables.values() if table.year)
        self.year = years.most_common(1)[0][0] if years else None

    def of_kind(self, kind: str, stage: str | None = None) -> Iterator[Grid]:
        """The tables of a kind (and stage) that hold figures, in document order."""
        self.asked.add(kind)
        for grid in self.grids.values():
            table = grid.table
            if table.kind == kind and grid.figures and stage in {None, table.stage or self.stage}:
                yield grid

    def first(self, kind: str, stage: str | None = None) -> Grid | None:
        """The first of them, None if there is none."""
        return next(self.of_kind(kind, stage), None)

    def pick(self, pick: Pick) -> Picked | None:
        """The cell that a pick means; a blank cell of a column with figures counts as nothing.

        Of several names that match, the last is meant, as of a sub-total and a total; of several rows of one
        name the first, as of an item and what is carried over of it. A total that the table does not print is
        the sum of the rows that it would add up.
        """
        grid = self.first(pick.kind, pick.stage)
        if grid is None:
            return None
        rows = [
            index
            for index, row in enumerate(grid.rows)
            if pick.side in {None, row.side} and self.matches(pick.row, row.name, row.code)
        ]
        for column in pick.columns:
            filled = [row for row in rows if (row, column) in grid.figures]
            if filled:
                name = grid.rows[filled[-1]].name
                return self.picked(grid, [next(r for r in filled if grid.rows[r].name == name)], column)
        printed = next((column for column in pick.columns if grid.prints(column, pick.side)), None)
        if printed is None:
            return None
        if rows:
            return self.picked(grid, rows[-1:], printed)
        return self._top_rows(grid, pick, printed)

    def _top_rows(self, grid: Grid, pick: Pick, column: str) -> Picked | None:
        names = [rule.name for rule in type(grid.table).rules if isinstance(rule, GrandTotal)]
        if not names or not re.fullmatch(pick.row, "合计"):
            return None
        nesting = Nesting(grid)
        if nesting.totals:
            return None
        rows = [row for row in sorted(nesting.forest.top) if (row, column) in grid.figures]
        return self.picked(grid, rows, column) if rows else None

    @staticmethod
    def matches(pattern: str, name: str, code: str | None) -> bool:
        """Whether a row is meant: by its name, or by its code where the pattern begins with "code:"."""
        if pattern.startswith("code:"):
            return re.fullmatch(pattern[5:], code or "") is not None
        return re.fullmatch(pattern, squeezed(name)) is not None

    def picked(self, grid: Grid, rows: Iterable[int], column: str) -> Picked:
        """The cells of some rows in one column."""
        refs = tuple(CellRef(grid.id, row, column) for row in rows)
        return Picked(refs, self.words(refs))

    def words(self, refs: tuple[CellRef, ...]) -> str:
        """Cells in words: table, row, column and figure."""
        grid = self.grids[refs[0].table]
        head = table_name(grid.table)
        where = column_name(grid.table, refs[0].column)
        unit = f" {grid.table.unit}" if grid.table.unit else ""
        if len(refs) > 1:
            total = grid.total((ref.row, ref.column) for ref in refs)
            return f"{head} Σ {len(refs)} rows {where} {grid.value(total.value):f}{unit}"
        amount = grid.rows[refs[0].row].figure(refs[0].column)
        figure = f"{amount.value:f}" if amount else "0"
        return f"{head} {row_name(grid.rows[refs[0].row], refs[0].row)} {where} {figure}{unit}"

    def filled(self, refs: Iterable[CellRef]) -> bool:
        """Whether any of the cells is printed."""
        return any((ref.row, ref.column) in self.grids[ref.table].figures for ref in refs)

    def unit(self, ref: CellRef) -> str | None:
        """The unit of a cell: its own, that stated in its row, else its table's."""
        table = self.tables[ref.table]
        row = table.rows[ref.row]
        amount, stated = row.figure(ref.column), row.get("unit")
        return (amount.unit if amount else None) or (stated.text if stated else None) or table.unit

    def terms(self, refs: Iterable[CellRef], sign: int, unit: str | None) -> Iterator[Term]:
        """Terms over cells, converted to `unit` where both are units of money of known size."""
        goal = squeeze(unit or "")
        for ref in refs:
            own = squeeze(self.unit(ref) or "")
            sizes = money_size(own), money_size(goal)
            same = own == goal or None in sizes
            yield Term(ref, Fraction(sign) if same else sign * Fraction(sizes[0] or 1, sizes[1] or 1))


def money_size(unit: str) -> int | None:
    """How many of the smallest whole unit of money a squeezed unit is, 1 for a bare currency; None if it is none."""
    if unit in UNITS:
        return UNITS[unit]
    words = re.sub(r"^(in|of)|[^a-z$€£¥0-9]", "", unit.lower())
    scale = next((size for word, size in _SCALES if re.search(word, words)), None)
    return scale or (1 if re.search(_CURRENCY, words) else None)


@remembered(1024)
def same_name(left: str, right: str) -> bool:
    """Whether two printed names can be one: equal, or one cut short after at least four characters."""
    a, b = stem(left), stem(right)
    if a == b:
        return bool(a)
    short, long = sorted((a, b), key=len)
    return len(short) >= 4 and long.startswith(short)


squeezed = remembered(1024)(squeeze)
"""`squeeze` of names, which are asked for again and again."""


@remembered(1024)
def stem(name: str) -> str:
    """A name as it is compared across tables: squeezed, without 支出 at its end."""
    return squeeze(name).removesuffix("支出")


@remembered(1024)
def same_project(one: str, two: str) -> bool:
    """Whether two names can be of one project: without the words that most have, the one contains the other."""
    a, b = (_COMMON.sub("", squeeze(name)) for name in (one, two))
    return bool(a and b) and (a in b or b in a)
