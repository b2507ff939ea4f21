"""What the LangExtract baseline asks and is answered: a row of a table is an extraction, its cells are attributes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from schemas import AnyTable, Row

NAME = "langextract"
DESCRIPTION = """\
Extract every row of every table of the text, in the order in which they are printed. Quote the label of the row
exactly. Give its code, the kind of its table, and its filled cells by column as attributes, figures as printed."""
EXAMPLE = "201 一般公共服务支出 1,204.50 1,000.00 204.50"
EXAMPLE_QUOTE = "一般公共服务支出"
EXAMPLE_CELLS = {
    "kind": "expenditure_by_function",
    "code": "201",
    "total": "1,204.50",
    "basic": "1,000.00",
    "project": "204.50",
}
_CLASS = "row"
_QUESTION, _ANSWER = "\nQ: ", "\nA: "

Json = dict[str, Any]


def question(prompt: str) -> str:
    """The piece of a document in a prompt that LangExtract wrote, which is the last of its questions."""
    return prompt.rpartition(_QUESTION)[2].removesuffix(_ANSWER)


def written(tables: Sequence[AnyTable]) -> Json:
    """The answer that means `tables`, as LangExtract parses it."""
    return {"extractions": [_extraction(table.kind, row) for table in tables for row in table.rows]}


def _extraction(kind: str, row: Row) -> Json:
    cells = {column: cell.text for column, cell in row.cells()}
    quote = row.label.text if row.label else next(iter(cells.values()), "")
    code = {"code": row.code} if row.code else {}
    return {_CLASS: quote, f"{_CLASS}_attributes": {"kind": kind, **code, **cells}}
