"""Fitting confidence and certifying a threshold, on documents whose truth is made up."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest
from scipy.stats import binomtest
from typer.testing import CliRunner

from evals.calibrate.calibrate import calibrate, repeat
from evals.calibrate.certify import Certificate, Count, certify, holds, needed, upper_bound
from evals.calibrate.documents import ScoredDocument, ScoredTable, gather
from evals.calibrate.fit import fit
from evals.cli import app
from evals.run.recipe import Recipe
from evals.splits import split_of
from schemas import InputError
from worker.evidence import FEATURES, IN_FAVOUR, WHOLE

ONE, FIVE = Decimal("0.01"), Decimal("0.05")


def document(number: int, *tables: tuple[int, bool]) -> ScoredDocument:
    """A document of a body of its own; a table is how little speaks for it, in ten-thousandths, and its truth."""
    return ScoredDocument(
        id=f"d{number}",
        body=f"body {number}",
        tier="clean",
        reader="layout",
        code="",
        tables=tuple(
            ScoredTable(
                features=dict.fromkeys(FEATURES, 0) | {"loose_share": doubt},
                template="account, ruled",
                complete=False,
                barred=False,
                right=right,
            )
            for doubt, right in tables
        ),
    )


def documents(count: int, seed: int, good: int = 0) -> list[ScoredDocument]:
    """Documents of two tables, each wrong with a chance that grows with the doubt from `good` ten-thousandths on."""
    dice = Random(seed)

    def table() -> tuple[int, bool]:
        doubt = dice.randrange(WHOLE)
        return doubt, dice.randrange(WHOLE) >= good + doubt * doubt // WHOLE

    return [document(seed * 100_000 + number, table(), table()) for number in range(count)]


def test_how_many_documents_a_certificate_takes() -> None:
    assert needed(0, 0.01, 0.05) == 299
    assert needed(0, 0.05, 0.05) == 59
    assert holds(Count(299, 0), 0.01, 0.05)
    assert not holds(Count(298, 0), 0.01, 0.05)
    assert not holds(Count(0, 0), 0.01, 0.05)
    assert needed(1, 0.01, 0.05) == 473


@pytest.mark.parametrize(("errors", "count"), [(0, 299), (3, 100), (17, 500)])
def test_the_bound_is_that_of_clopper_and_pearson(errors: int, count: int) -> None:
    exact = binomtest(errors, count).proportion_ci(0.90, method="exact")
    assert upper_bound(errors, count, 0.05) == pytest.approx(exact.high)


def test_thresholds_are_tested_in_order_until_one_fails() -> None:
    errors = {90: 0, 80: 0, 70: 30, 60: 0}
    found = certify(errors, lambda threshold: Count(400, errors[threshold]), 0.01, 0.05)
    assert found == Certificate(80, Count(400, 0), True, 299)
    assert certify([90], lambda _: Count(200, 0), 0.01, 0.05) == Certificate(90, Count(200, 0), False, 299)
    assert certify([90], lambda _: Count(400, 9), 0.01, 0.05) == Certificate(90, Count(400, 9), False, None)
    assert certify([], lambda _: Count(400, 0), 0.01, 0.05) is None


def test_evidence_speaks_one_way_whatever_the_documents_say() -> None:
    tables = [table for each in documents(300, 1) for table in each.tables]
    upside_down = [table.model_copy(update={"right": not table.right}) for table in tables]
    assert fit(tables).weights["loose_share"] < -1
    assert fit(upside_down).weights["loose_share"] == 0
    for name, weight in fit(tables).weights.items():
        assert weight >= 0 if name in IN_FAVOUR else weight <= 0


def test_all_right_teaches_nothing() -> None:
    with pytest.raises(InputError, match="no tables of both sorts"):
        fit(document(1, (0, True), (9, True)).tables)


def test_splits_keep_the_documents_of_a_body_together() -> None:
    counts = [split_of(f"body {number}") for number in range(1000)]
    assert {"develop", "calibrate", "test"} == set(counts)
    assert 400 < counts.count("calibrate") < 600
    assert split_of("body 1") == split_of("body 1")


def test_a_threshold_is_certified_where_the_evidence_is_good_enough() -> None:
    outcome = calibrate(documents(1500, 2), FIVE, FIVE)
    calibration = outcome.calibration
    assert outcome.certificate.certified
    assert calibration.certified
    assert upper_bound(calibration.errors, calibration.documents, 0.05) <= 0.05
    assert outcome.test.auroc is not None
    assert outcome.test.auroc > 0.7
    assert 0 < outcome.test.accepted < outcome.test.right


def test_too_few_documents_are_said_to_be_too_few() -> None:
    outcome = calibrate(documents(100, 3), ONE, FIVE)
    assert (outcome.certificate.certified, outcome.certificate.needed) == (False, 299)
    assert outcome.calibration.threshold == WHOLE // 2


def test_evidence_that_does_not_tell_certifies_nothing() -> None:
    outcome = calibrate(documents(1000, 4, good=3000), ONE, FIVE)
    assert (outcome.certificate.certified, outcome.certificate.needed) == (False, None)


def test_a_promise_is_seldom_broken() -> None:
    """Judged on further documents, which tell the true share of errors at the threshold."""
    population = documents(4_000, 5)
    broken = certified = 0
    for number in range(24):
        outcome = calibrate(documents(700, 100 + number), FIVE, FIVE)
        if not outcome.certificate.certified:
            continue
        certified += 1
        taken = wrong = 0
        calibration = outcome.calibration
        least = min(
            (doubt for doubt in range(0, WHOLE + 1, 50) if _below(calibration, doubt)), default=WHOLE + 1
        )
        for each in population:
            accepted = [table.right for table in each.tables if table.features["loose_share"] < least]
            taken += bool(accepted)
            wrong += not all(accepted)
        broken += wrong > 0.05 * taken
    assert certified >= 12
    assert broken <= 0.05 * 24 + 2


def _below(calibration: object, doubt: int) -> bool:
    from worker.calibration import Calibration

    assert isinstance(calibration, Calibration)
    features = dict.fromkeys(FEATURES, 0) | {"loose_share": doubt}
    return calibration.confidence(features) < calibration.threshold


def test_repeated_splits_count_what_was_certified_and_broken() -> None:
    found = repeat(documents(900, 6), Decimal("0.1"), FIVE, 10)
    assert found.splits == 10
    assert found.certified > 5
    assert found.violated <= 2
    assert found.accepted is not None


def test_documents_are_read_once(tmp_path: Path) -> None:
    recipe = Recipe(reader="layout", model=None, wire=None, tiers=("real",), cases=1)
    file = tmp_path / "evidence.jsonl"
    (first,) = gather([recipe], file, jobs=1)
    assert len(first.tables) > 10
    assert any(table.right for table in first.tables)
    before = file.read_bytes()
    assert gather([recipe], file, jobs=1) == [first]
    assert file.read_bytes() == before


def test_the_command_says_plainly_what_it_would_take(tmp_path: Path) -> None:
    file = tmp_path / "own.json"
    asked = [
        "calibrate",
        "--tier",
        "hostile",
        "--cases",
        "8",
        "--seed",
        "3",
        "--jobs",
        "1",
        "--out",
        str(file),
    ]
    done = CliRunner().invoke(app, [*asked, "--json"])
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    assert (said["certified"], said["needed"]) == (False, 299)
    assert json.loads(file.read_text("utf-8"))["threshold"] == WHOLE // 2


def test_documents_that_just_suffice_are_certified() -> None:
    """Of hardly more than the least number there is none to spare, and nothing is looked at beforehand in vain."""
    good = [document(number, (0, True)) for number in range(900)]
    bad = [document(number, (0, True), (WHOLE, False)) for number in range(900, 940)]
    parts = [[each for each in good if split_of(each.body) == split] for split in ("develop", "calibrate")]
    doubted = [each for each in bad if split_of(each.body) == "develop"]
    outcome = calibrate([*parts[0], *parts[1][:300], *doubted], ONE, FIVE)
    assert (outcome.certificate.certified, outcome.certificate.counted) == (True, Count(300, 0))
