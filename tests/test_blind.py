"""How large an error may be before an identity is sure to see it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import hypothesis.strategies as st
from hypothesis import assume, given

from schemas import AnyTable
from tests.tables import cell, expenditure, table
from worker.reconcile import reconcile
from worker.reconcile.blind import blind_spots, least_errors


def spots(**tables: AnyTable) -> dict[str, str]:
    return {key: f"{spot}" for key, spot in blind_spots(tables, reconcile(tables)).items()}


def errors(tables: Mapping[str, AnyTable]) -> dict[str, str]:
    return {str(ref): f"{error}" for ref, error in least_errors(tables, reconcile(tables)).items()}


def test_a_sum_of_n_amounts_sees_what_exceeds_n_plus_one_halves() -> None:
    rows = "201 | a | 6.00 | 1.00 | 5.00\n202 | b | 2.00 | 2.00 | "

    assert errors({"t": table("expenditure_by_function", "total basic project", rows)}) == {
        "t!0.total": "0.015",
        "t!0.basic": "0.015",
        "t!0.project": "0.015",
        "t!1.total": "0.01",
        "t!1.basic": "0.01",
    }


def test_of_several_identities_the_one_that_sees_most_counts() -> None:
    found = errors({"t": expenditure()})

    # One child alone: two halves; what basic and project add up to: three at most.
    assert (found["t!6.total"], found["t!0.total"]) == ("0.01", "0.015")
    assert spots(t=expenditure()) == {"t": "0.015"}


def test_amounts_printed_with_fewer_decimals_hide_more() -> None:
    rows = "201 | a | 6.0 | 1.00 | 5"

    assert spots(t=table("expenditure_by_function", "total basic project", rows)) == {"t": "0.555"}


def test_an_error_may_hide_behind_the_difference_that_rounding_explains() -> None:
    rows = "201 | a | 6.01 | 1.00 | 5.00"

    assert spots(t=table("expenditure_by_function", "total basic project", rows)) == {"t": "0.025"}


def test_a_failed_sum_sees_nothing_and_an_untouched_table_has_no_spot() -> None:
    rows = "201 | a | 7.00 | 1.00 | 5.00"

    assert spots(t=table("expenditure_by_function", "total basic project", rows)) == {}
    assert spots(t=table("generic", "价格", " | 苹果 | 3.50\n | 梨 | 4.00")) == {}


def test_tables_of_different_units_are_each_told_in_their_own() -> None:
    final = table("three_public", "budget final", " | total | 1.00 | 1.00\n | overseas | | ", stage="final")
    claims = table("narrative_facts", "amount", " | “三公”经费 | 10000.00", unit="元")

    assert spots(n=claims, t=final) == {"n": "50.005", "t": "0.0050005"}


def test_points_and_percentages_are_no_amounts() -> None:
    form = table(
        "performance_self_evaluation",
        "budget_initial budget_adjusted executed rate_percent score",
        "[fund]\n | total | 10.00 | 10.00 | 5.00 | 50.00 | 5.0\n | fiscal | 10.00 | 10.00 | 5.00 | |",
    )

    assert {key.rsplit(".")[1] for key in errors({"t": form})} <= {
        "budget_initial",
        "budget_adjusted",
        "executed",
    }


@given(
    parts=st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)), min_size=1, max_size=4),
    places=st.integers(0, 2),
    pick=st.integers(0),
    over=st.integers(1, 10**4),
    sign=st.sampled_from((1, -1)),
)
def test_any_larger_error_is_seen(
    parts: list[tuple[int, int]], places: int, pick: int, over: int, sign: int
) -> None:
    """Amounts rounded from four decimals: their sums close, but seldom to the digit."""
    unit = Decimal(1).scaleb(-places)

    def rounded(number: int) -> str:
        return f"{Decimal(number).scaleb(-4).quantize(unit)}"

    rows = [("", sum(a for a, _ in parts), sum(b for _, b in parts))]
    rows += [(f"{code}", *part) for code, part in enumerate(parts, start=201)]
    text = "\n".join(
        " | ".join([code, "合计" if not code else "x", *(rounded(x) for x in (a + b, a, b))])
        for code, a, b in rows
    )
    true = table("expenditure_by_function", "total basic project", text)
    before = {"t": true}
    found = least_errors(before, reconcile(before))
    assume(found)
    ref = sorted(found)[pick % len(found)]

    amount = true.rows[ref.row].figure(ref.column)
    assert amount
    steps = int(found[ref] / unit) + over
    wrong = true.model_copy(deep=True)
    wrong.rows[ref.row].put(ref.column, cell(f"{amount.value + sign * steps * unit:f}"))

    failed = [finding for finding in reconcile({"t": wrong}) if finding.status == "failed"]
    assert any(ref in finding.cells for finding in failed)
