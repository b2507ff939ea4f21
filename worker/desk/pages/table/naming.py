"""How rows and columns of a table are called: as they are printed, else by words for their keys.

Some rows and columns have keys (`fiscal`, `total_score`) by which checks and exports know them; people never see one.
"""

from __future__ import annotations

import re

from schemas.text import squeeze
from worker.desk.pages.table.figures import Spot
from worker.desk.pages.text import Words
from worker.desk.pages.text.phrases import FACTS, KEY, name_of, translated
from worker.review import GridColumn, GridRow, TableView

_OPEN = "generic"


class Naming:
    """The names of one table in one language. A table of no known kind has no keys, only what it prints."""

    def __init__(self, table: TableView, words: Words) -> None:
        self._words = words
        self._keyed = table.kind != _OPEN
        headers = {each.key: each.header for each in table.columns if each.header not in {"", each.key}}
        labels = {
            row.name: squeeze(row.label)
            for row in table.rows
            if self._is_key(row) and row.name not in FACTS and _is_other(row)
        }
        self._printed = {**headers, **labels} if self._keyed else {}

    def row(self, row: GridRow) -> str:
        """The name of a row, without its code."""
        if self._is_key(row):
            return row.label if _is_other(row) else self._words(f"row.{row.name}")
        return row.name or row.label

    def column(self, column: GridColumn) -> str:
        """The header of a column as printed, else a word for its key."""
        if column.header not in {"", column.key}:
            return column.header
        return self._words.or_else(f"column.{column.key}", column.key)

    def where(self, table: TableView, spot: Spot) -> str:
        """What a cell is called: its row and its column."""
        row = table.rows[spot.row]
        label = f"{row.code} {self.row(row)}".strip() or f"#{row.index + 1}"
        return label if spot.column < 0 else f"{label} · {self.column(table.columns[spot.column])}"

    def said(self, words: str) -> str:
        """What a check says, in the language of the reader and with names for keys."""
        said = translated(self._words.language, words)
        return KEY.sub(self._named, said) if self._keyed else said

    def _named(self, found: re.Match[str]) -> str:
        return self._printed.get(found[0]) or name_of(self._words.language, found[0])

    def _is_key(self, row: GridRow) -> bool:
        return self._keyed and self._words.or_else(f"row.{row.name}", "") != ""


def _is_other(row: GridRow) -> bool:
    return bool(row.label) and squeeze(row.label) != row.name
