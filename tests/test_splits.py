"""Splits: no issuing body is in two of them, and none of them is empty."""

from __future__ import annotations

from collections import Counter, defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.cases import Split
from evals.real import BUNDLED, real_cases
from evals.run.choices import TierChoice
from evals.run.recipe import Recipe, cases_of, recipe_of
from evals.splits import split_of

SPLITS: tuple[Split, ...] = ("develop", "calibrate", "test")
BODIES = {
    "changchun-office": "test",
    "jilin-city-committee": "develop",
    "jilin-office": "calibrate",
    "yanbian-office": "calibrate",
}


def recipe(split: Split | None, *tiers: TierChoice, cases: int | None = None) -> Recipe:
    return recipe_of(
        model=None, reader="layout", wire="rows", tiers=list(tiers), cases=cases, seed=3, cell_errors=0.0,
        structure_errors=0.0, split=split,
    )  # fmt: skip


def test_the_bundled_bodies_stay_where_they_are() -> None:
    assert {case.body: split_of(case.body) for case in real_cases()} == BODIES


@given(st.text(max_size=20))
def test_every_body_has_one_split(body: str) -> None:
    assert split_of(body) in SPLITS
    assert split_of(body) == split_of(body, salt="")


def test_bodies_are_shared_out_by_three_five_and_two() -> None:
    counts = Counter(split_of(f"body {number}") for number in range(10_000))
    shares = [counts[split] / 10_000 for split in SPLITS]
    assert shares == pytest.approx([0.3, 0.5, 0.2], abs=0.02)


def test_no_body_is_in_two_splits_of_a_run() -> None:
    found: dict[str, set[Split]] = defaultdict(set)
    ids: list[str] = []
    for split in SPLITS:
        chosen = recipe(split, TierChoice.CLEAN, cases=8)
        cases = list(cases_of(chosen))
        assert len(cases) == chosen.planned == 8
        for case in cases:
            found[case.body].add(split)
            ids.append(case.id)
    assert all(len(splits) == 1 for splits in found.values())
    assert len(set(ids)) == len(ids)


def test_the_splits_of_the_bundled_documents_make_them_all() -> None:
    by_split = {split: [case.id for case in cases_of(recipe(split))] for split in SPLITS}
    every = sorted(path.stem for path in (BUNDLED / "corpus").glob("*.txt"))
    assert sorted(name for names in by_split.values() for name in names) == every
    assert all(by_split.values())


def test_every_bundled_document_has_gold() -> None:
    # That it closes by arithmetic is what test_gold*.py show.
    texts, golds = (sorted(p.stem for p in BUNDLED.glob(each)) for each in ("corpus/*.txt", "gold/*.csv"))
    assert texts == golds
    assert all(len(case.gold) > 10 for case in real_cases())
