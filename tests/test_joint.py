"""Identities that hold one by one within their rounding and not together."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import AnyTable, Finding
from tests.tables import table
from worker.reconcile import reconcile

# Every sum is off by one, which the rounding of three whole numbers allows. But the total is 7, and the four figures
# that it is made of are at most 1.49 each.
STRAINED = """
    | 合计 | 7 | 3 | 3
201 | 一   | 3 | 1 | 1
202 | 二   | 3 | 1 | 1
"""


def findings(rows: str) -> list[Finding]:
    found: AnyTable = table("expenditure_by_function", "total basic project", rows, title="支出决算表")
    return [f for f in reconcile({"t01": found}) if not f.check.startswith("lexicon.")]


def joint(rows: str) -> list[Finding]:
    return [finding for finding in findings(rows) if finding.check == "document.joint"]


def test_sums_that_hold_alone_and_contradict_each_other_are_found() -> None:
    (found,) = joint(STRAINED)
    assert (found.status, found.scope, found.tables) == ("failed", "column", ("t01",))
    assert {str(cell) for cell in found.cells} == {
        "t01!0.total", "t01!1.basic", "t01!1.project", "t01!2.basic", "t01!2.project",
    }  # fmt: skip
    assert found.difference is not None
    assert found.tolerance is not None
    assert (abs(found.difference), found.tolerance) == (Decimal(3), Decimal("2.5"))
    assert [f.status for f in findings(STRAINED) if f is not found].count("failed") == 1
    assert "hold one by one but not together" in found.statement


def test_the_suspects_are_figures_whose_change_gives_room() -> None:
    (found,) = joint(STRAINED)
    assert {str(suspect.cell) for suspect in found.suspects} <= {
        "t01!0.total", "t01!1.basic", "t01!1.project", "t01!2.basic", "t01!2.project",
    }  # fmt: skip
    assert found.suspects


def test_one_less_of_strain_is_rounding() -> None:
    assert joint(STRAINED.replace("合计 | 7", "合计 | 6")) == []


figures = st.decimals(min_value=0, max_value=999, places=3)


@settings(deadline=None)
@given(st.lists(st.tuples(figures, figures), min_size=1, max_size=8), st.integers(0, 2))
def test_a_true_table_rounded_figure_by_figure_is_never_strained(
    leaves: list[tuple[Decimal, Decimal]], places: int
) -> None:
    def row(label: str, parts: list[Decimal]) -> str:
        return " | ".join([label, *(f"{value:.{places}f}" for value in (sum(parts), *parts))])

    rows = [row(f"{201 + place} | 项", list(parts)) for place, parts in enumerate(leaves)]
    total = row(" | 合计", [sum((leaf[side] for leaf in leaves), Decimal(0)) for side in (0, 1)])
    assert [f for f in findings("\n".join([total, *rows])) if f.status == "failed"] == []
