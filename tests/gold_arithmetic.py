"""What the gold tests share: reading gold, and the arithmetic of printed amounts, free of the project's code.

An amount printed with d decimals stands for itself ± half a unit of its last place; a sum holds when the
interval of the sum and the interval of the total meet.
"""

import csv
from collections.abc import Iterable, Iterator
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import NamedTuple

EVALS = Path(__file__).parent.parent / "evals"
OFFICE, CHANGCHUN = "jilin-office-2024-final", "changchun-office-2023-final"
CITY, YANBIAN = "jilin-city-committee-2022-budget", "yanbian-office-2023-budget"
FINAL, BUDGET = (OFFICE, CHANGCHUN), (CITY, YANBIAN)
DOCUMENTS = FINAL + BUDGET

HEADER = ["kind", "ordinal", "side", "code", "name", "column", "value"]
SUMMARY, INCOME, EXPENDITURE = "income_expenditure_summary", "income_by_function", "expenditure_by_function"
UNITS, FISCAL, GENERAL = "income_by_unit", "fiscal_appropriation_summary", "general_budget_expenditure"
ECONOMIC, THREE, PROJECTS = "basic_expenditure_by_economic", "three_public", "project_expenditure"
EVALUATION, TARGET, PROSE = "performance_self_evaluation", "performance_target", "narrative_facts"
TEXT_COLUMNS = {"level1", "level2", "level3", "target", "阶段性指标值", "actual", "reason"}


class Cell(NamedTuple):
    kind: str
    ordinal: int
    side: str
    code: str
    name: str
    column: str
    value: str


class Row(NamedTuple):
    code: str
    name: str
    cells: dict[str, str]


class Failure(NamedTuple):
    """Two figures that should agree, as printed or as summed."""

    identity: str
    left: str
    right: str


@cache
def read(document: str) -> tuple[Cell, ...]:
    with (EVALS / "gold" / f"{document}.csv").open(encoding="utf-8", newline="") as file:
        lines = list(csv.reader(file))
    assert lines[0] == HEADER
    cells = (Cell(kind, int(ordinal), *rest) for kind, ordinal, *rest in lines[1:])
    return tuple(cell for cell in cells if cell.column)


def corpus(document: str) -> str:
    return (EVALS / "corpus" / f"{document}.txt").read_text(encoding="utf-8")


def rows(document: str, kind: str, side: str = "", ordinal: int = 1) -> list[Row]:
    """The rows of a table. A new row begins with a new label or a column already seen."""
    found: list[Row] = []
    for cell in read(document):
        if (cell.kind, cell.ordinal, cell.side) != (kind, ordinal, side):
            continue
        last = found[-1] if found else None
        if last is None or (last.code, last.name) != (cell.code, cell.name) or cell.column in last.cells:
            found.append(Row(cell.code, cell.name, {}))
        found[-1].cells[cell.column] = cell.value
    return found


def ordinals(document: str, kind: str) -> list[int]:
    return sorted({cell.ordinal for cell in read(document) if cell.kind == kind})


def value(document: str, path: str) -> str | None:
    """The first cell at kind/side/code or name/column."""
    kind, side, key, column = path.split("/")
    for row in rows(document, kind, side):
        if key in (row.code, row.name) and column in row.cells:
            return row.cells[column]
    return None


# --- intervals ----------------------------------------------------------------------------------------------


def half(printed: str) -> Fraction:
    return Fraction(1, 2 * 10 ** len(printed.partition(".")[2]))


def decimal(number: Fraction) -> str:
    return str(float(round(number, 2)))


def sums(identity: str, total: str | None, parts: Iterable[str | None]) -> Iterator[Failure]:
    """Total = sum of parts. A blank part adds nothing; a blank total over printed parts is a failure."""
    printed = [part for part in parts if part is not None]
    if total is None:
        if printed:
            yield Failure(identity, "", "+".join(printed))
        return
    result = sum((Fraction(part) for part in printed), Fraction(0))
    room = half(total) + sum((half(part) for part in printed), Fraction(0))
    if abs(Fraction(total) - result) > room:
        yield Failure(identity, total, decimal(result) if len(printed) != 1 else printed[0])


def quotient(
    identity: str, percent: str, part: tuple[Fraction, Fraction], whole: tuple[Fraction, Fraction]
) -> Iterator[Failure]:
    """Percent = part / whole, each of them an interval (middle, half width); nothing to say about x / 0."""
    middle, width = whole
    if middle - width <= 0:
        return
    low = min((part[0] - part[1]) / (middle - width), (part[0] - part[1]) / (middle + width)) * 100
    high = max((part[0] + part[1]) / (middle - width), (part[0] + part[1]) / (middle + width)) * 100
    if Fraction(percent) + half(percent) < low or Fraction(percent) - half(percent) > high:
        yield Failure(identity, percent, decimal(part[0] / middle * 100))


def interval(printed: str) -> tuple[Fraction, Fraction]:
    return Fraction(printed), half(printed)


def matches(known: dict[str, list[Failure]], document: str, found: Iterable[Failure]) -> None:
    assert list(found) == known.get(document, [])
