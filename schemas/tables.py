"""What a table is: cells with a place, rows with an identity, tables with a kind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, ClassVar, Generic, NamedTuple, TypeVar

from pydantic import BaseModel, ConfigDict, Field, SerializeAsAny

from schemas.amounts import Amount
from schemas.rules import Rule
from schemas.source import Span, Stage


class Cell(BaseModel):
    """What stands in one cell: a figure (`amount`) or a text, as printed, with its place.

    `numeral` is the id of the ledger entry that the figure is; None for texts and codes.
    A blank cell is no Cell at all (None); a printed 0.00 is one.
    """

    model_config = ConfigDict(frozen=True)

    text: str
    amount: Amount | None = None
    span: Span
    numeral: str | None = None


Money = Cell | None


class ColumnInfo(NamedTuple):
    """How headers name a column: `aliases` of the column itself, `groups` of the spanning header above it.

    Both are regular expressions over squeezed header text; no `groups` means any or none.
    """

    aliases: tuple[str, ...]
    groups: tuple[str, ...] = ()
    text: bool = False


def column(*aliases: str, group: str | tuple[str, ...] = (), text: bool = False) -> Any:
    """Declare a column of a row model with the header words that name it."""
    groups = (group,) if isinstance(group, str) else group
    info = ColumnInfo(aliases, groups, text)
    return Field(default=None, json_schema_extra={"column": info._asdict()})


class Row(BaseModel):
    """One row: identity (`side`, `code`, `name`), its label as printed, and one field a column.

    A column that the kind does not name is kept as an extra field under its printed header.
    `name` is canonical (see `schemas.text.canonical_name`); `label` and `code_cell` carry text and place.
    """

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Cell | None]

    side: str | None = None
    code: str | None = None
    name: str = ""
    label: Cell | None = None
    code_cell: Cell | None = None

    @classmethod
    @cache
    def column_infos(cls) -> dict[str, ColumnInfo]:
        """The declared columns in canonical order."""
        found = {}
        for name, field in cls.model_fields.items():
            extra = field.json_schema_extra
            if isinstance(extra, dict) and isinstance(info := extra.get("column"), dict):
                found[name] = ColumnInfo(**info)  # type: ignore[arg-type]
        return found

    def cells(self) -> Iterator[tuple[str, Cell]]:
        """The filled cells with their column, declared ones first."""
        for name in type(self).column_infos():
            if (cell := getattr(self, name)) is not None:
                yield name, cell
        for name, cell in (self.__pydantic_extra__ or {}).items():
            if cell is not None:
                yield name, cell

    def get(self, column: str) -> Cell | None:
        """The cell of a declared or extra column, None if blank."""
        if column in type(self).model_fields:
            value = getattr(self, column)
            return value if isinstance(value, Cell) else None
        return (self.__pydantic_extra__ or {}).get(column)

    def put(self, column: str, cell: Cell | None) -> None:
        """Set a declared or extra column."""
        if column in type(self).column_infos():
            setattr(self, column, cell)
        elif self.__pydantic_extra__ is not None:
            self.__pydantic_extra__[column] = cell

    def figure(self, column: str) -> Amount | None:
        """The figure of a column, None if blank or text."""
        cell = self.get(column)
        return cell.amount if cell else None


RowT = TypeVar("RowT", bound=Row)


class Table(BaseModel, Generic[RowT]):
    """One typed table.

    `columns` are the keys of the columns that the document prints, in printed order; `headers` maps a
    key to its header as printed. `rows` empty means a form without figures.
    Class variables: `titles` are regular expressions over squeezed titles, the most specific first;
    `rules` are the identities that the table must satisfy (see `schemas.rules`). `keys` are the rows that are
    named by a key and not by what is printed: side ("" where there are no sides) → key → pattern of the printed
    label. `orders` are those in which the official forms of final accounts print such rows side by side, or, in other
    kinds, the columns of figures where they are not all that are declared.
    `named_by` are text columns that name a row without a name of its own, the most specific first.
    `classification` is that of the row codes in `schemas.lexicon`, empty for other codes or none.
    """

    titles: ClassVar[tuple[str, ...]] = ()
    rules: ClassVar[tuple[Rule, ...]] = ()
    classification: ClassVar[str] = ""
    sides: ClassVar[tuple[str, ...]] = ()
    description: ClassVar[str] = ""
    keys: ClassVar[Mapping[str, Mapping[str, str]]] = {}
    named_by: ClassVar[tuple[str, ...]] = ()
    orders: ClassVar[tuple[tuple[str, ...], ...]] = ()

    kind: str
    title: str = ""
    form: str | None = None
    unit: str | None = None
    stage: Stage | None = None
    year: int | None = None
    columns: list[str] = Field(default_factory=list)
    headers: dict[str, str] = Field(default_factory=dict)
    rows: list[SerializeAsAny[RowT]] = Field(default_factory=list)

    @classmethod
    def row_type(cls) -> type[Row]:
        """The row model of this kind."""
        for base in cls.__mro__:
            args = getattr(base, "__pydantic_generic_metadata__", {}).get("args")
            if args:
                row: type[Row] = args[0]
                return row
        return Row

    def starts(self, first: int = 0) -> Iterator[int]:
        """The offset at which each row begins: of its first figure, else of its label, its code or a text.

        A row of which nothing is printed begins where the one before it does, or at `first`.
        """
        for row in self.rows:
            cells = [cell for _, cell in row.cells() if cell.span.end]
            figures = [cell.span.start for cell in cells if cell.numeral]
            texts = [cell.span.start for cell in (row.label, row.code_cell, *cells) if cell]
            first = min(figures or texts, default=first)
            yield first


class CellRef(NamedTuple):
    """A cell of a document: table id, 0-based row, column key."""

    table: str
    row: int
    column: str

    def __str__(self) -> str:
        return f"{self.table}!{self.row}.{self.column}"
