"""Typed tables written as literals: one line a row, cells between bars, figures as printed."""

from __future__ import annotations

from decimal import Decimal
from itertools import count

from schemas import Amount, AnyTable, Cell, Span, canonical_name, table_type
from schemas.source import Stage
from worker.reconcile import reconcile

_SPAN = Span(start=0, end=0, line=1)
_NUMERALS = count(1)


def amount(text: str) -> Amount | None:
    """The figure that a text is, None for words."""
    digits = text.replace(",", "").removesuffix("%")
    try:
        return Amount(value=Decimal(digits), decimals=len(digits.partition(".")[2]))
    except ArithmeticError:
        return None


def cell(text: str) -> Cell:
    """A cell as printed; every figure is a numeral of its own."""
    figure = amount(text)
    return Cell(text=text, amount=figure, span=_SPAN, numeral=f"c{next(_NUMERALS)}" if figure else None)


def table(
    kind: str,
    columns: str,
    rows: str,
    *,
    side: str | None = None,
    title: str = "",
    unit: str | None = "万元",
    stage: Stage | None = None,
) -> AnyTable:
    """A table of a kind. A row reads 'code | label | figure | …'; '[income]' on a line of its own opens a side.

    Columns that the kind does not name become further columns under their name.
    """
    model = table_type(kind)
    keys = columns.split()
    result = model(kind=kind, columns=keys, title=title, unit=unit, stage=stage)
    for line in rows.strip().splitlines():
        if line.strip().startswith("["):
            side = line.strip().strip("[]")
            continue
        code, label, *figures = (part.strip() for part in line.split("|"))
        row = model.row_type()(
            side=side, code=code or None, name=canonical_name(label), label=Cell(text=label, span=_SPAN)
        )
        for key, figure in zip(keys, figures, strict=False):
            if figure:
                row.put(key, cell(figure))
        result.rows.append(row)
    return result


def failed(*tables: AnyTable) -> list[str]:
    """The failed findings on tables t1, t2, …: check and statement."""
    named = {f"t{i}": found for i, found in enumerate(tables, start=1)}
    return [f"{f.check}: {f.statement}" for f in reconcile(named) if f.status == "failed"]


def statuses(*tables: AnyTable, check: str) -> list[str]:
    named = {f"t{i}": found for i, found in enumerate(tables, start=1)}
    return [f.status for f in reconcile(named) if f.check == check]


EXPENDITURE = """
        | 合计             | 7841.66 | 6209.10 | 1632.56
201     | 一般公共服务支出 | 5987.96 | 4355.40 | 1632.56
2010301 | 行政运行         | 4355.40 | 4355.40 |
2010302 | 一般行政管理事务 | 1632.56 |         | 1632.56
208     | 社会保障和就业   | 1853.70 | 1853.70 |
20808   | 抚恤             | 1853.70 | 1853.70 |
2080801 | 死亡抚恤         | 1853.70 | 1853.70 |
"""


def expenditure(rows: str = EXPENDITURE) -> AnyTable:
    return table("expenditure_by_function", "total basic project", rows, title="支出决算表", stage="final")
