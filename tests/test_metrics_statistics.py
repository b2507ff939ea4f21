"""Statistics of scores, held to scikit-learn, to enumeration and to published examples."""

from __future__ import annotations

import math
from itertools import permutations
from statistics import fmean

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss, roc_auc_score

from evals.metrics import CaseScore, TableScore, by_group, summarise
from evals.metrics.grits import similarity
from evals.metrics.summary import wilson

Judged = list[tuple[float, bool]]
CONFIDENCES = st.sampled_from([0.0, 0.25, 0.5, 0.9, 0.95])
JUDGED = st.lists(st.tuples(CONFIDENCES, st.booleans()), min_size=2, max_size=30)


def table(confidence: float, exact: bool, **more: object) -> TableScore:
    facts = {"kind": "three_public", "ordinal": 1, "tables": ("t1",), "status": "accepted", **more}
    right = {"right": 10} if exact else {"right": 8, "wrong": 2}
    return TableScore.model_validate({**facts, **right, "confidence": confidence, "exact": exact})


def case(name: str, *tables: TableScore, body: str = "") -> CaseScore:
    return CaseScore(
        id=name, name=name, body=body or name, family="plain", tier="clean", tables=tables, seconds=2.0
    )


def of(judged: Judged) -> CaseScore:
    return case("c", *(table(*each) for each in judged))


@given(JUDGED)
def test_auroc_and_brier_are_those_of_scikit_learn(judged: Judged) -> None:
    metrics = summarise([of(judged)]).metrics
    right, confidence = [exact for _, exact in judged], [sure for sure, _ in judged]
    assert metrics["brier"] == pytest.approx(brier_score_loss(right, confidence, pos_label=True))
    if all(right) or not any(right):
        assert metrics["auroc"] is None
    else:
        assert metrics["auroc"] == pytest.approx(roc_auc_score(right, confidence))


@given(st.lists(st.tuples(CONFIDENCES, st.booleans()), min_size=1, max_size=6))
def test_aurc_is_the_mean_risk_over_all_orders_of_ties(judged: Judged) -> None:
    areas = []
    for order in permutations(judged):
        if [sure for sure, _ in order] == sorted((sure for sure, _ in order), reverse=True):
            wrong = np.cumsum([not exact for _, exact in order])
            areas.append(fmean(wrong / np.arange(1, len(order) + 1)))
    assert summarise([of(judged)]).metrics["aurc"] == pytest.approx(fmean(areas))


def test_the_curve_ends_with_all_tables() -> None:
    curve = summarise([of([(0.9, True), (0.9, False), (0.5, False), (0.95, True)])]).curve
    assert [(p.threshold, p.tables, p.wrong_tables, p.wrong_cells, p.cells) for p in curve] == [
        (0.95, 1, 0, 0, 10),
        (0.9, 3, 1, 2, 30),
        (0.5, 4, 2, 4, 40),
    ]


def test_the_wilson_interval() -> None:
    # Newcombe, Statistics in Medicine 17 (1998) 857, table I: 81 of 263 and 0 of 20.
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson(0, 20) == pytest.approx((0.0, 0.1611), abs=5e-5)


def test_a_bootstrap_draws_bodies_not_tables() -> None:
    good, bad = [table(0.9, True)] * 20, [table(0.9, False)] * 20
    apart = summarise([case(f"c{i}", *(good if i % 2 else bad)) for i in range(20)])
    mixed = summarise([case(f"c{i}", *good[:10], *bad[:10]) for i in range(20)])
    for summary in (apart, mixed):
        assert summary.metrics["exact_table_rate"] == 0.5
    assert apart.estimates["exact_table_rate"].wilson == mixed.estimates["exact_table_rate"].wilson
    assert mixed.estimates["exact_table_rate"].bootstrap == (0.5, 0.5)
    low, high = apart.estimates["exact_table_rate"].bootstrap or (0.5, 0.5)
    assert 0.2 < low < 0.4 < 0.6 < high < 0.8


def test_one_body_gives_no_bootstrap() -> None:
    summary = summarise([case("a", table(0.9, True), body="x"), case("b", table(0.9, True), body="x")])
    assert summary.estimates["exact_table_rate"].bootstrap is None


def test_nothing_gives_no_figure_and_no_error() -> None:
    summary = summarise([])
    shares = {name: each.value for name, each in summary.estimates.items()}
    assert set(shares.values()) == {None}
    assert summary.per_table["seconds"] is None


def test_costs_are_given_for_each_right_table_too() -> None:
    bought = [table(0.9, True, output_tokens=100, cost_usd="0.02"), table(0.9, False, output_tokens=300)]
    summary = summarise([case("a", *bought)])
    assert summary.costs["output_tokens"] == 400
    assert summary.per_table["output_tokens"] == 200
    assert summary.per_right["output_tokens"] == 400
    assert summary.metrics["cost_usd"] == pytest.approx(0.02)
    assert summary.metrics["seconds"] == 2.0


def test_one_price_that_is_not_known_leaves_no_total() -> None:
    summary = summarise([case("a", table(0.9, True, cost_usd="0.02"), table(0.9, True, cost_usd=None))])
    assert summary.metrics["cost_usd"] is None


def test_groups_hold_the_tables_of_their_kind() -> None:
    other = table(0.9, False, kind="state_capital")
    groups = by_group([case("a", table(0.9, True), other)])
    assert {kind: each.metrics["exact_table_rate"] for kind, each in groups["kind"].items()} == {
        "three_public": 1.0,
        "state_capital": 0.0,
    }
    assert groups["tier"]["clean"].metrics["exact_table_rate"] == 0.5


def test_similarity_is_the_published_one() -> None:
    # The example of the GriTS authors' package: one of four cells shares half of its text.
    assert similarity([["Name", "Score"], ["Alice", "95"]], [["Name", "Score"], ["Alice", "90"]]) == 0.875
    assert similarity([["1"], ["2"], ["3"]], [["1"], ["3"]]) == pytest.approx(4 / 5)
    assert similarity([["1", "2"]], [["2"]]) == pytest.approx(2 / 3)
    assert similarity([["1"]], []) == 0.0


@given(JUDGED)
def test_every_share_lies_between_nothing_and_all(judged: Judged) -> None:
    for each in summarise([of(judged)]).estimates.values():
        assert each.value is None or (0 <= each.value <= 1 + 1e-9 and not math.isnan(each.value))
