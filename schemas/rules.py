"""Identities as data. A kind lists its rules beside its fields; one engine expands and checks them.

A rule names columns, names and codes; the engine (`worker.reconcile`) turns it into signed sums over the
cells of a table. Blank cells count as nothing in a sum. All names are regular expressions that must match
the whole canonical name of a row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Scope = Literal["row", "column", "hierarchy", "cross_table", "narrative", "ratio"]


@dataclass(frozen=True, slots=True)
class RowSum:
    """In every row: `total` = Σ `parts`, over the parts that the table prints (scope row)."""

    id: str
    total: str
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RowBalance:
    """In every row: Σ `left` = Σ `right` (scope row), such as opening + income = spent + closing.

    Holds only for tables that print all of the columns.
    """

    id: str
    left: tuple[str, ...]
    right: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RowProduct:
    """In every row: `product` = `left` × `right` (scope row), such as amount = quantity × price.

    A factor printed without decimals is a count and exact.
    """

    id: str
    product: str
    left: str
    right: str


@dataclass(frozen=True, slots=True)
class RowRatio:
    """In every row: `ratio` = `scale` × `part` / `whole` (scope ratio): an execution rate in percent."""

    id: str
    ratio: str
    part: str
    whole: str
    scale: int = 100


@dataclass(frozen=True, slots=True)
class CodeHierarchy:
    """For every code with longer codes below it: its amount = Σ of its nearest descendants (scope hierarchy).

    Rows without a code take part by their order: a block of rows that follows a row and sums to it.
    """

    id: str


@dataclass(frozen=True, slots=True)
class GrandTotal:
    """The row named `name` = Σ of the rows that no other row contains (scope column).

    `every_column`: a total left blank is one of nothing. Without it the row sums only the columns that it fills,
    as an invoice sums amounts and no quantities.
    """

    id: str
    name: str
    every_column: bool = True


@dataclass(frozen=True, slots=True)
class NamedSum:
    """A row = Σ of other rows of the same side (scope column).

    `target` and `parts` are patterns of names, or of codes where they begin with "code:". `optional` parts
    may be missing; a missing required part skips the identity. `columns` are those that add up, empty for
    all columns with figures.
    """

    id: str
    target: str
    parts: tuple[str, ...]
    side: str | None = None
    optional: bool = True
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SideTotals:
    """Each side of a summary adds up to its sub-total and its total by its outline (scope column).

    `subtotal` rows end the items of the year; `carry` rows stand between sub-total and total; `heading`
    rows open a block that sums to them ("一、本年收入"); `total` rows close the side. Of `twins`, two sides that
    divide the same money, the one that prints no sub-total or total adds up to those of the other.
    """

    id: str
    total: str
    subtotal: str
    heading: str
    carry: str
    twins: tuple[str, str] = ("expenditure", "expenditure_by_use")


@dataclass(frozen=True, slots=True)
class SidesBalance:
    """The total of one side = the total of another (scope column): `columns` are (left, right) pairs."""

    id: str
    left: str
    right: str
    total: str
    columns: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Spot:
    """Cells of one table: rows by `side` and pattern of `name`, and their `column`."""

    side: str
    name: str
    column: str


@dataclass(frozen=True, slots=True)
class PointSum:
    """Points add up (scope column): Σ `parts` = `total`, or = `constant` where no total is declared.

    The sum may also be `rest`, the other points being given elsewhere: in `besides`, where it must be printed
    then, or in another form. Points without decimals are exact, not rounded. Where no part is printed there is
    nothing to check.
    """

    id: str
    parts: tuple[Spot, ...]
    total: Spot | None = None
    constant: int = 0
    rest: int = 0
    besides: Spot | None = None


@dataclass(frozen=True, slots=True)
class Inferred:
    """Identities of a table of no known kind, found in its own labels, order, indentation, codes and figures.

    `pattern` says which: sums and differences over `rows` or over `columns`, printed `formulas`, the `balance` of
    two sides, `running` balances from row to row, `products`, `shares` of a total, `ratios` and `growth` in percent.
    """

    id: str
    pattern: Literal[
        "rows", "columns", "formulas", "balance", "running", "products", "shares", "ratios", "growth"
    ]


Rule = (
    RowSum
    | RowBalance
    | RowProduct
    | RowRatio
    | CodeHierarchy
    | GrandTotal
    | NamedSum
    | SideTotals
    | SidesBalance
    | PointSum
    | Inferred
)


@dataclass(frozen=True, slots=True)
class Pick:
    """Picks one cell of a document: of the first table of `kind` (and `stage`), row by side and name or code.

    `row` is a pattern over the name, or "code:…" over the code. `columns` are tried in order.
    """

    kind: str
    row: str
    columns: tuple[str, ...]
    side: str | None = None
    stage: str | None = None


@dataclass(frozen=True, slots=True)
class CrossEqual:
    """Across tables: Σ `left` = Σ `right`, tuples of picks (scope cross_table). A missing pick skips it."""

    id: str
    left: tuple[Pick, ...]
    right: tuple[Pick, ...]


@dataclass(frozen=True, slots=True)
class CrossItems:
    """Across tables, row by row: the summary item with the name of a row of another table equals it.

    `left` names the summary (kind, side, columns), `right` the table whose rows of code length `digits`
    have the same names (one may be cut short in print). With `totals`, only where the rows of these names
    agree: the two tables then hold the same money.
    """

    id: str
    left: Pick
    right: Pick
    digits: int = 3
    totals: str = ""


@dataclass(frozen=True, slots=True)
class CrossRows:
    """Across tables, row by row: where the totals of two tables agree in a column, so do their rows of one code.

    For tables of which the one (`right`) holds a part of what the other (`left`) holds, such as what general
    budgets pay of all expenditure: no part can be less in one row and more in another. `row` matches the totals.
    """

    id: str
    left: str
    right: str
    row: str
    columns: tuple[str, ...]


CrossRule = CrossEqual | CrossItems | CrossRows
