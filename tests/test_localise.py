"""Which cells are wrong: the least change with which everything can hold."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import AnyTable, Finding
from schemas.findings import Suspect
from schemas.tables import CellRef
from tests.tables import cell, expenditure, table
from worker.reconcile import Sources, reconcile
from worker.reconcile.locate.sources import Rival


def failed(found: AnyTable, sources: Sources | None = None) -> list[Finding]:
    findings = reconcile({"t01": found}, sources or Sources())
    return [f for f in findings if f.status == "failed" and not f.check.startswith("lexicon.")]


def suspects(found: AnyTable) -> list[list[Suspect]]:
    return [list(finding.suspects) for finding in failed(found)]


def printed(row: int, column: str, figure: str) -> AnyTable:
    """The true table with one cell printed otherwise."""
    result = expenditure()
    result.rows[row].put(column, cell(figure) if figure else None)
    return result


@pytest.mark.parametrize(
    ("row", "column", "figure", "true", "words"),
    [
        (2, "basic", "4365.40", "4355.40", "6 and 5"),
        (3, "project", "1632.65", "1632.56", "swapped"),
        (2, "basic", "435.40", "4355.40", "missing"),
        (2, "basic", "43554.0", "4355.40", "point"),
    ],
)
def test_the_cell_in_two_sums_is_the_only_suspect(
    row: int, column: str, figure: str, true: str, words: str
) -> None:
    for found in suspects(printed(row, column, figure)):
        assert [str(suspect.cell) for suspect in found] == [f"t01!{row}.{column}"]
        assert found[0].value == Decimal(true)
        assert found[0].reason.startswith("the only change of one figure")
        assert words in found[0].reason
        assert found[0].low is not None
        assert found[0].high is not None
        assert found[0].low <= Decimal(true) <= found[0].high


def test_a_missing_figure_is_suspected_in_its_blank() -> None:
    for found in suspects(printed(6, "basic", "")):
        assert (str(found[0].cell), found[0].value) == ("t01!6.basic", Decimal("1853.70"))


def test_a_tie_is_said_plainly() -> None:
    rows = "\n".join(["| 合计 | 60.00", "201 | 一 | 10.00", "202 | 二 | 20.00", "203 | 三 | 29.00"])
    ((*found,),) = suspects(table("expenditure_by_function", "total", rows))
    assert {str(suspect.cell) for suspect in found} == {f"t01!{row}.total" for row in range(4)}
    assert all("one of 4 changes of one figure" in suspect.reason for suspect in found)


def test_what_another_reader_says_comes_first() -> None:
    rows = "\n".join(["| 合计 | 60.00", "201 | 一 | 10.00", "202 | 二 | 21.00", "203 | 三 | 30.00"])
    found = table("expenditure_by_function", "total", rows)
    sources = Sources(rivals={CellRef("t01", 2, "total"): (Rival("llm", cell("20.00").amount),)})
    (finding,) = failed(found, sources)
    assert str(finding.suspects[0].cell) == "t01!2.total"
    assert finding.suspects[0].candidates[0].evidence == "reader"


def test_faults_in_two_places_are_told_apart() -> None:
    both = printed(2, "basic", "4335.40")
    both.rows[6].put("basic", cell("1853.07"))
    first = {str(found[0].cell) for found in suspects(both)}
    assert first == {"t01!2.basic", "t01!6.basic"}


def test_two_figures_that_only_close_together_name_each_other() -> None:
    moved = expenditure()
    moved.rows[3].put("basic", moved.rows[3].get("project"))
    moved.rows[3].put("project", None)
    for found in suspects(moved):
        assert {str(found[0].cell), *map(str, found[0].others)} == {"t01!3.basic", "t01!3.project"}


leaf = st.tuples(st.integers(1, 99_999), st.integers(1, 99_999))


@given(st.lists(leaf, min_size=2, max_size=6), st.data())
def test_the_changed_cell_is_found_whatever_it_is(leaves: list[tuple[int, int]], data: st.DataObject) -> None:
    """In a table with sums along rows and columns every single fault has one explanation only."""
    rows = [[sum(parts), *parts] for parts in leaves]
    grid = [[sum(column) for column in zip(*rows, strict=True)], *rows]
    row, column = data.draw(st.tuples(st.integers(0, len(leaves)), st.integers(0, 2)))
    change = data.draw(st.integers(-9_999_999, 9_999_999).filter(lambda units: abs(units) > 10 * len(grid)))
    grid[row][column] += change
    lines = [
        f"{200 + place if place else ''} | {'项' if place else '合计'} | "
        + " | ".join(f"{Decimal(value).scaleb(-2):f}" for value in values)
        for place, values in enumerate(grid)
    ]
    found = suspects(table("expenditure_by_function", "total basic project", "\n".join(lines)))
    keys = ("total", "basic", "project")
    assert len(found) == 2
    for each in found:
        assert str(each[0].cell) == f"t01!{row}.{keys[column]}"
        assert each[0].low is not None
        assert each[0].high is not None
        true = Decimal(grid[row][column] - change).scaleb(-2)
        assert each[0].low <= true <= each[0].high
