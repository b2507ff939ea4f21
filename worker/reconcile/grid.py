"""One table as integers: every figure and its rounding on one common scale, so that sums are exact and fast."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from functools import cached_property
from typing import NamedTuple

from schemas import AnyTable, unit_factor
from schemas.amounts import UNITS, Amount
from schemas.rules import RowRatio
from schemas.text import squeeze

Key = tuple[int, str]
"""0-based row and column key of a cell."""

# Headers of columns whose figures are shares or prices: they never add up over rows.
_NOT_ADDITIVE = re.compile(r"%|率|占比|比重|比例|单价|(?i:percent|rate\b|ratio|share|price)")


class Figure(NamedTuple):
    """A figure as value ± half, both integers in units of 10^-scale of the table's unit."""

    value: int
    half: int


NOTHING = Figure(0, 0)
"""What a blank cell adds to a sum."""


class _Exact(NamedTuple):
    """A printed figure with its value and half its rounding in the table's unit, and the decimals of both."""

    key: Key
    amount: Amount
    value: Decimal
    half: Decimal
    places: int


class Grid:
    """A table prepared for arithmetic.

    `amounts` holds the printed figures by row and column, `figures` the same as integers; `scale` is the
    power of ten that makes them integers; `columns` are the keys of the columns with figures, declared ones first.
    `before` is the table before some of its rows were put in the place of others, from which the rest is taken.
    """

    def __init__(self, table_id: str, table: AnyTable, before: Grid | None = None) -> None:
        self.id = table_id
        self.table = table
        self.rows = table.rows
        known = self.same_rows(before) if before else set()
        self._lines: list[list[_Exact]] = [
            before._lines[index] if before and index in known else self._line(index)
            for index in range(len(self.rows))
        ]
        self.amounts: dict[Key, Amount] = {each.key: each.amount for line in self._lines for each in line}
        self.scale = max((each.places for line in self._lines for each in line), default=0)
        self.figures = {
            each.key: Figure(int(each.value.scaleb(self.scale)), int(each.half.scaleb(self.scale)))
            for line in self._lines
            for each in line
        }
        filled = {column for _, column in self.amounts}
        declared = [name for name in type(table).row_type().column_infos() if name in filled]
        self.columns = declared + sorted(filled.difference(declared), key=self._position)

    def same_rows(self, other: Grid) -> set[int]:
        """The rows that are the very same in a table with the same head, by number; none where the head differs."""
        mine, theirs = self.table, other.table
        same = type(mine) is type(theirs) and all(
            getattr(mine, name) is getattr(theirs, name) for name in type(mine).model_fields if name != "rows"
        )
        rows = zip(self.rows, other.rows, strict=False)
        return {index for index, (one, two) in enumerate(rows) if one is two} if same else set()

    def _line(self, index: int) -> list[_Exact]:
        found = []
        for column, cell in self.rows[index].cells():
            if cell.amount is not None:
                value, half = self._exact(cell.amount)
                places = max(_places(value), _places(half))
                found.append(_Exact((index, column), cell.amount, value, half, places))
        return found

    def _exact(self, amount: Amount) -> tuple[Decimal, Decimal]:
        value, half = amount.value, Decimal(5).scaleb(-amount.decimals - 1)
        if amount.unit != self.table.unit and amount.unit in UNITS and self.table.unit in UNITS:
            ratio = Decimal(unit_factor(amount.unit)) / unit_factor(self.table.unit)
            return value * ratio, half * ratio
        return value, half

    def _position(self, column: str) -> int:
        columns = self.table.columns
        return columns.index(column) if column in columns else len(columns)

    def get(self, key: Key) -> Figure:
        """The figure of a cell; a blank cell counts as nothing."""
        return self.figures.get(key, NOTHING)

    def value(self, number: int) -> Decimal:
        """An integer of this grid back in the table's unit, without zeros at its end."""
        places = self.scale
        while places and number % 10 == 0:
            number, places = number // 10, places - 1
        return Decimal(number).scaleb(-places)

    def total(self, keys: Iterable[Key], *, exact: bool = False) -> Figure:
        """The sum of cells with its rounding; `exact` takes figures without decimals as not rounded."""
        value = half = 0
        whole = 5 * 10**self.scale if exact else -1
        for key in keys:
            figure = self.figures.get(key)
            if figure:
                value += figure.value
                half += 0 if figure.half * 10 == whole else figure.half
        return Figure(value, half)

    def filled(self, keys: Iterable[Key]) -> bool:
        """Whether any of the cells is printed."""
        return any(key in self.figures for key in keys)

    @cached_property
    def headers(self) -> dict[str, str]:
        """Column key → header as printed, squeezed; the key itself where none is printed."""
        known = {*self.table.columns, *self.columns}
        return {column: squeeze(self.table.headers.get(column, "")) or column for column in known}

    @cached_property
    def sides(self) -> dict[str | None, list[int]]:
        """Row numbers by side, in printed order."""
        found: dict[str | None, list[int]] = {}
        for index, row in enumerate(self.rows):
            found.setdefault(row.side, []).append(index)
        return found

    @cached_property
    def _printed(self) -> dict[str | None, set[str]]:
        found: dict[str | None, set[str]] = {side: set() for side in self.sides}
        for row, column in self.figures:
            found[self.rows[row].side].add(column)
        if len(found) == 1:
            side = next(iter(found))
            found[side] |= set(self.table.columns)
        return found

    def prints(self, column: str, side: str | None) -> bool:
        """Whether a side of the table has the column: with figures, or, where there is but one side, by its header."""
        return column in self._printed.get(side, ())

    @cached_property
    def additive(self) -> tuple[str, ...]:
        """The columns that may be added up over rows: not rates, shares or prices."""
        ratios = {rule.ratio for rule in type(self.table).rules if isinstance(rule, RowRatio)}
        declared = type(self.table).row_type().column_infos()
        return tuple(
            column
            for column in self.columns
            if column not in ratios
            and (
                column in declared
                or not _NOT_ADDITIVE.search(squeeze(self.table.headers.get(column, column)))
            )
        )

    @cached_property
    def extras(self) -> tuple[str, ...]:
        """Additive columns that the kind does not name."""
        declared = type(self.table).row_type().column_infos()
        return tuple(column for column in self.additive if column not in declared)


def _places(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0
