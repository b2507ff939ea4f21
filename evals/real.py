"""The bundled documents as cases: `corpus/` with the gold that was read by hand."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

from evals.cases import Case, GoldRow, GoldTable
from schemas.registry import table_type
from schemas.source import Stage

_HERE = Path(__file__).parent
_STAGES: dict[str, Stage] = {"budget": "budget", "final": "final"}

# A form without figures has no line in a file of cells, but counts among the tables.
_EMPTY: dict[str, tuple[tuple[str, int], ...]] = {
    "changchun-office-2023-final": (("government_fund", 1), ("state_capital", 1)),
    "jilin-city-committee-2022-budget": (("performance_target", 2),),
    "jilin-office-2024-final": (("government_fund", 1), ("state_capital", 1)),
    "yanbian-office-2023-budget": (("government_fund", 1), ("state_capital", 1)),
}

Fact = dict[str, str]


def real_cases() -> tuple[Case, ...]:
    """Every bundled document. `body` is the issuing body, `family` and `tier` are "real"."""
    return tuple(_case(path) for path in sorted((_HERE / "corpus").glob("*.txt")))


def _case(path: Path) -> Case:
    body, _, stage = path.stem.rsplit("-", 2)
    with (_HERE / "gold" / f"{path.stem}.csv").open(encoding="utf-8", newline="") as file:
        facts = sorted(csv.DictReader(file), key=_table_of)
    tables = {key: _table(key, lines, _STAGES[stage]) for key, lines in groupby(facts, key=_table_of)}
    tables.update({key: _table(key, (), _STAGES[stage]) for key in _EMPTY[path.stem]})
    return Case(
        id=path.stem,
        name=path.name,
        body=body,
        family="real",
        tier="real",
        text=path.read_text(encoding="utf-8"),
        gold=tuple(tables[key] for key in sorted(tables)),
    )


def _table_of(fact: Fact) -> tuple[str, int]:
    return fact["kind"], int(fact["ordinal"])


def _table(key: tuple[str, int], facts: Iterable[Fact], stage: Stage) -> GoldTable:
    kind, ordinal = key
    rows = tuple(_rows(facts))
    declared = table_type(kind).row_type().column_infos()
    used = dict.fromkeys(column for row in rows for column in row.cells)
    columns = tuple(dict.fromkeys([*(column for column in declared if column in used), *used]))
    return GoldTable(kind=kind, ordinal=ordinal, stage=stage, columns=columns, rows=rows)


def _rows(facts: Iterable[Fact]) -> Iterator[GoldRow]:
    """A row begins where its identity changes or a column comes again."""
    row: GoldRow | None = None
    for fact in facts:
        identity = (fact["side"], fact["code"], fact["name"])
        if row and (identity != (row.side, row.code, row.name) or fact["column"] in row.cells):
            yield row
            row = None
        row = row or GoldRow(side=fact["side"], code=fact["code"], name=fact["name"], cells={})
        row.cells[fact["column"]] = fact["value"]
    if row:
        yield row
