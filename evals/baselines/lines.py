"""Tables as a text extractor gives them: runs of lines that separators split, the first line their header.

What pdfplumber does with the lines and gaps of a page, done with the tabs and gaps of a text. Kind and columns
are then told by the title above and by the header, word by word.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from evals.baselines import BaselineReading
from evals.baselines.naive_form import plain
from evals.cases import Case, GoldRow, GoldTable
from schemas import canonical_name, kind_of_title, squeeze, table_type
from schemas.numerals import parse_numeral

_FIELDS = re.compile(r"\t|[ \u3000]{2,}|\s*\|\s*")
_FEWEST_FIELDS = 3
_FEWEST_LINES = 2

Grid = list[list[str]]


class Lines:
    """Reads a case without a model."""

    name = "lines"

    def read(self, case: Case) -> BaselineReading:
        """The tables of a case."""
        ordinals: Counter[str] = Counter()
        tables = []
        for title, grid in grids(case.text):
            kind = kind_of_title(title) or "generic"
            ordinals[kind] += 1
            tables.append(_table(kind, ordinals[kind], title, grid))
        return BaselineReading(tuple(tables))


def grids(text: str) -> Iterator[tuple[str, Grid]]:
    """(the last title above, rows of fields) of every run of lines with three fields or more."""
    title, grid = "", Grid()
    for line in [*text.replace("\f", "\n").split("\n"), "."]:
        fields = [field.strip() for field in _FIELDS.split(line.strip(" "))]
        if len(fields) >= _FEWEST_FIELDS:
            grid.append(fields)
        elif line.strip():
            if len(grid) >= _FEWEST_LINES:
                yield title, grid
                title = ""
            grid = Grid()
            title = line.strip() if kind_of_title(line) or not title else title


def _table(kind: str, ordinal: int, title: str, grid: Grid) -> GoldTable:
    header, *body = grid
    coded = bool(table_type(kind).classification)
    keys = _keys(kind, header)
    rows = []
    for fields in body:
        code = next((f for f in fields[:2] if coded and re.fullmatch(r"\d{3,9}", f)), "")
        name = next((f for f in fields if f and f != code and not parse_numeral(f)), "")
        cells = {
            key: plain(field)
            for key, field in zip(keys, fields, strict=False)
            if field and field not in (code, name)
        }
        rows.append(GoldRow(code=code, name=canonical_name(name), cells=cells))
    return GoldTable(kind=kind, ordinal=ordinal, title=title, columns=tuple(keys), rows=tuple(rows))


def _keys(kind: str, header: Sequence[str]) -> list[str]:
    """A key for each printed column: that of the kind whose alias the header is, else the header."""
    infos = table_type(kind).row_type().column_infos()
    keys: list[str] = []
    for number, text in enumerate(map(squeeze, header)):
        named = (
            key
            for key, info in infos.items()
            if key not in keys and any(re.fullmatch(alias, text) for alias in info.aliases if alias)
        )
        keys.append(next(named, text if text and text not in keys else f"column {number + 1}"))
    return keys
