"""The layout reader held to gold that was read by hand (evals/gold), on the bundled documents."""

from __future__ import annotations

import csv
import hashlib
from collections import Counter, defaultdict
from functools import cache
from pathlib import Path

import pytest

from schemas import Cell, Document, normalise
from worker.pipeline import Extraction, extract
from worker.readers.layout import LayoutReader

EVALS = Path(__file__).parent.parent / "evals"
DOCUMENTS = sorted(p.stem for p in (EVALS / "corpus").glob("*.txt"))
PROSE = "narrative_facts"
PERFORMANCE = ("performance_self_evaluation", "performance_target")
Key = tuple[str, str, str, str, str, str]  # ordinal, side, code, name (where there is no code), column, value


@cache
def extraction(stem: str) -> Extraction:
    text = (EVALS / "corpus" / f"{stem}.txt").read_text(encoding="utf-8")
    digest = hashlib.sha256(text.encode()).hexdigest()
    return extract(Document(name=f"{stem}.txt", sha256=digest, text=text), [LayoutReader()])


def gold(stem: str) -> dict[str, Counter[Key]]:
    found: dict[str, Counter[Key]] = defaultdict(Counter)
    with (EVALS / "gold" / f"{stem}.csv").open(encoding="utf-8", newline="") as file:
        for row in filter(lambda row: row["column"], csv.DictReader(file)):
            name = "" if row["code"] else "".join(normalise(row["name"]).split())
            key = (row["ordinal"], row["side"], row["code"], name, row["column"], row["value"])
            found[row["kind"]][key] += 1
    return found


def cells(stem: str, statuses: set[str] | None = None) -> dict[str, Counter[Key]]:
    """Figures by kind, of the tables with one of the statuses (None: of all)."""
    result = extraction(stem)
    ordinals: Counter[str] = Counter()
    found: dict[str, Counter[Key]] = defaultdict(Counter)
    for chunk in result.chunks:
        table = result.tables[chunk.id]
        ordinals[table.kind] += 1
        if statuses and result.verdicts[chunk.id].status not in statuses:
            continue
        for row in table.rows:
            for column, cell in row.cells():
                if cell.amount is not None:
                    name = "" if row.code else "".join(row.name.split())
                    value = format(cell.amount.value, "f")
                    key = (str(ordinals[table.kind]), row.side or "", row.code or "", name, column, value)
                    found[table.kind][key] += 1
    return found


def money_kinds(stem: str) -> list[str]:
    return [k for k in gold(stem) if k != PROSE and k not in PERFORMANCE]


@pytest.mark.parametrize("stem", DOCUMENTS)
def test_no_wrong_figure_in_an_accepted_table(stem: str) -> None:
    expected = gold(stem)
    for kind, found in cells(stem, {"accepted", "corrected"}).items():
        if kind != PROSE and kind not in PERFORMANCE:
            assert found - expected[kind] == Counter(), kind


@pytest.mark.parametrize("stem", DOCUMENTS)
def test_nearly_every_figure_of_the_money_tables_is_right(stem: str) -> None:
    expected, found = gold(stem), cells(stem)
    right = sum((found[k] & expected[k]).total() for k in money_kinds(stem))
    assert right >= 0.95 * sum(expected[k].total() for k in money_kinds(stem))


def test_most_money_tables_are_accepted() -> None:
    statuses = Counter(
        result.verdicts[chunk.id].status
        for result in map(extraction, DOCUMENTS)
        for chunk in result.chunks
        if chunk.role == "table" and result.tables[chunk.id].kind not in PERFORMANCE
    )
    assert statuses["failed"] == 0
    assert statuses["accepted"] + statuses["corrected"] >= 22
    assert statuses["review"] <= 6


def test_forms_without_figures_are_empty() -> None:
    for stem in DOCUMENTS:
        result = extraction(stem)
        for chunk in result.chunks:
            if result.tables[chunk.id].kind in ("government_fund", "state_capital"):
                assert result.tables[chunk.id].rows == []
                assert result.verdicts[chunk.id].status == "empty"


FIGURES = {"budget_initial", "budget_adjusted", "executed", "amount", "weight", "score", "value"}


def by_table(all_cells: dict[str, Counter[Key]]) -> dict[tuple[str, str], Counter[Key]]:
    """Funds, weights, scores and total scores of the performance tables, by kind and ordinal."""
    grouped: dict[tuple[str, str], Counter[Key]] = defaultdict(Counter)
    for kind in PERFORMANCE:
        for key, count in all_cells[kind].items():
            if key[4] in FIGURES and key[1] != "header":
                grouped[kind, key[0]][key] += count
    return grouped


def test_funds_weights_and_scores_of_performance_tables() -> None:
    tables = right = 0
    for stem in DOCUMENTS:
        expected, found = by_table(gold(stem)), by_table(cells(stem))
        tables += len(expected)
        right += sum(found[table] == figures for table, figures in expected.items())
    assert tables == 39
    assert right >= 37


@pytest.mark.parametrize("stem", DOCUMENTS)
def test_every_cell_points_at_its_own_text(stem: str) -> None:
    result = extraction(stem)
    for table in result.tables.values():
        for row in table.rows:
            for _, cell in row.cells():
                if cell.amount is not None:
                    assert printed(result.document, cell) == "".join(cell.text.split())


def printed(document: Document, cell: Cell) -> str:
    return "".join(document.reading[cell.span.start : cell.span.end].split())
