"""Figures as people type them."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from schemas import Amount, AnyTable, Cell, Span, fold, normalise
from schemas.numerals import Printed, parse_numeral

_LONGEST_FIGURE = 24
_LONGEST_TEXT = 2_000
_TRIANGLES = str.maketrans(dict.fromkeys("△▲", "-"))
_CURRENCY = "¥￥$€£"


def typed_figure(typed: str) -> Printed | None:
    """The figure that was typed: separators, full-width digits, brackets or △ for negatives; None if it is none."""
    text = normalise(typed.translate(_TRIANGLES)).strip().lstrip(_CURRENCY).replace(" ", "")
    if len(text) > _LONGEST_FIGURE:
        return None
    return parse_numeral(text)


def typed_cell(table: AnyTable, row: int, column: str, typed: str) -> Cell:
    """The cell with what was typed in it, the text as printed and its place kept. Raises ValueError with words.

    A figure keeps at least the decimals of its column: 12 among figures of two decimals is 12.00.
    """
    old = table.rows[row].get(column)
    found = typed_figure(typed)
    text = fold(typed)
    if not text:
        raise ValueError("nothing was typed; clear the cell to say that it is blank")
    if _is_text(table, row, column, old):
        if len(text) > _LONGEST_TEXT:
            raise ValueError(f"a text has at most {_LONGEST_TEXT} characters")
        return Cell(text=text, span=old.span if old else _place(table, row))
    if found is None:
        if old is None and table.kind == "generic":
            return Cell(text=text, span=_place(table, row))
        raise ValueError(f"{text[:40]!r} is no figure; type one such as 1,234.50, (12.3) or -5")
    near = old.amount if old else _near(table, row, column)
    decimals = max(found.decimals, near.decimals if near else 0)
    try:
        value = found.value.quantize(Decimal(1).scaleb(-decimals))
    except InvalidOperation:
        raise ValueError(f"{text} has too many digits for a column with {decimals} decimals") from None
    amount = Amount(
        value=value,
        decimals=decimals,
        unit=near.unit if near else table.unit,
    )
    if old is None:
        return Cell(text="", amount=amount, span=_place(table, row))
    changed: Cell = old.model_copy(update={"amount": amount})
    return changed


def _is_text(table: AnyTable, row: int, column: str, old: Cell | None) -> bool:
    if old is not None:
        return old.amount is None
    info = type(table).row_type().column_infos().get(column)
    return info is not None and info.text and table.rows[row].side != "total"


def _near(table: AnyTable, row: int, column: str) -> Amount | None:
    """A figure of the same column, the one with most decimals; else one of the row."""
    beside = [each for other in table.rows if (each := other.figure(column))]
    beside = beside or [cell.amount for _, cell in table.rows[row].cells() if cell.amount]
    return max(beside, key=lambda amount: amount.decimals, default=None)


def _place(table: AnyTable, row: int) -> Span:
    """Where a blank cell stands: right behind what is printed in its row, or in the row that is nearest."""
    for near in sorted(range(len(table.rows)), key=lambda other: (abs(other - row), other)):
        here = table.rows[near]
        cells = [cell for _, cell in here.cells()]
        cells += [cell for cell in (here.label, here.code_cell) if cell]
        if cells:
            last = max(cells, key=lambda cell: cell.span.end).span
            return Span(start=last.end, end=last.end, line=last.line, page=last.page)
    raise ValueError("nothing of this table is printed")
