"""What text layers lose of a table beside its figures: heads, codes, the name of the total. Seen in real documents; the
tiers of the evals keep them, as without them a table is often one for a person."""

from __future__ import annotations

from random import Random

from evals.garble.cells import BLANK, Row, body_rows, columns, is_label, replaced, with_body
from evals.paper import PrintedTable
from evals.synthetic import Draft

_OFTEN = 0.4
_NUMBERED = ("", "栏次", "栏    次")
_CODE_DIGITS = 3


def lossy(draft: Draft, rng: Random) -> Draft:
    """`draft` with tables that have lost some of it, each by itself."""
    blocks = [
        _lossy(block, rng) if isinstance(block, PrintedTable) else block for block in draft.paper.blocks
    ]
    return draft._replace(paper=draft.paper.model_copy(update={"blocks": tuple(blocks)}))


def _lossy(table: PrintedTable, rng: Random) -> PrintedTable:
    for lose in (_heads, _codes, _name_of_total):
        if rng.random() < _OFTEN:
            table = lose(table, rng)
    return table


def _heads(table: PrintedTable, rng: Random) -> PrintedTable:
    """Rows of the head are gone; where all are, numbers of columns stand in their place more often than not."""
    kept = tuple(row for row in table.header if rng.random() < _OFTEN)
    if not kept and rng.random() > _OFTEN:
        figured = _figured(table)
        first = [rng.choice(_NUMBERED), *[""] * (min(figured, default=1) - 1)]
        kept = ((*first, *(str(number) for number in range(1, len(figured) + 1))),)
    return table.model_copy(update={"header": kept})


def _figured(table: PrintedTable) -> list[int]:
    """The columns that print figures of the gold."""
    return sorted({spot.column for spot in table.cells})


def _codes(table: PrintedTable, rng: Random) -> PrintedTable:
    """Columns of codes are gone, wholly or here and there; now and then some of them stand under the table."""
    rows = body_rows(table)
    share = rng.choice((1.0, rng.random()))
    lost: list[Row] = []
    for at, column in enumerate(columns(rows)):
        codes = tuple(cell for cell in column if cell.key is None and cell.text.strip())
        if codes and all(cell.text.strip().isdigit() for cell in codes) and _is_long(codes):
            rows = [replaced(row, at, BLANK) if rng.random() < share else row for row in rows]
            lost += [(cell,) for cell in codes if share == 1.0 and rng.random() < _OFTEN]
    return with_body(table, [*rows, *(lost if rng.random() < _OFTEN else [])])


def _is_long(codes: Row) -> bool:
    """Whether codes of classes of expenditure are among them: numbers of rows are no codes."""
    return any(len(cell.text.strip()) >= _CODE_DIGITS for cell in codes)


def _name_of_total(table: PrintedTable, rng: Random) -> PrintedTable:
    """The first or the last row of figures has no words any more."""
    rows = body_rows(table)
    at = rng.choice((0, -1))
    if rows:
        rows[at] = tuple(BLANK if is_label(cell) else cell for cell in rows[at])
    return with_body(table, rows)
