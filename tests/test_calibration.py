"""A calibration as the worker loads it: what evidence is worth, in whole ten-thousandths."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import ConfigError
from worker.calibration import SHIPPED, Calibration, Policy, Template, load_calibration, policy_of
from worker.evidence import FEATURES, IN_FAVOUR, WHOLE
from worker.settings import load_settings

NONE = dict.fromkeys(FEATURES, 0)


def calibration(intercept: str, **weights: str) -> Calibration:
    return Calibration(
        intercept=Decimal(intercept),
        weights={name: Decimal(weights.get(name, "0")) for name in FEATURES},
        threshold=9000,
        certified=True,
        alpha=Decimal("0.01"),
        delta=Decimal("0.05"),
        documents=299,
        errors=0,
        needed=299,
        templates={"account, ruled": Template(tables=10), "account, blanks": Template(tables=9)},
    )


def test_confidence_is_the_logistic_of_weighted_evidence() -> None:
    found = calibration("2", blind="-3", loose_share="-1")

    assert found.confidence(NONE) == 8807  # 1 / (1 + e^-2)
    assert found.confidence(NONE | {"blind": WHOLE}) == 2689  # 1 / (1 + e^1)
    assert found.confidence(NONE | {"loose_share": WHOLE // 2}) == 8175  # 1 / (1 + e^-1.5)


@pytest.mark.parametrize(("intercept", "confidence"), [("100", 9999), ("-100", 1), ("0", 5000)])
def test_nothing_is_quite_sure(intercept: str, confidence: int) -> None:
    assert calibration(intercept).confidence(NONE) == confidence


@given(st.sampled_from(sorted(FEATURES)), st.integers(0, WHOLE), st.integers(0, WHOLE))
def test_shipped_evidence_speaks_one_way(name: str, one: int, other: int) -> None:
    shipped = load_calibration()
    low, high = sorted((one, other), reverse=name in IN_FAVOUR)
    assert shipped.confidence(NONE | {name: low}) >= shipped.confidence(NONE | {name: high})


def test_templates_are_known_from_ten_tables_on() -> None:
    found = calibration("2")
    assert found.seen("account, ruled")
    assert not found.seen("account, blanks")
    assert not found.seen("generic, side by side")


def test_the_draw_for_audit_is_a_share_and_the_same_every_time() -> None:
    policy = Policy(calibration("2"), Decimal("0.1"))
    drawn = [policy.draws("0" * 64, f"t{number}") for number in range(2000)]
    assert drawn == [policy.draws("0" * 64, f"t{number}") for number in range(2000)]
    assert 150 < sum(drawn) < 250
    assert not any(Policy(calibration("2")).draws("0" * 64, f"t{number}") for number in range(100))


def test_settings_name_the_calibration_and_the_share(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "own.json"
    path.write_text(calibration("2").model_dump_json(), encoding="utf-8")
    plain = load_settings(home=tmp_path)
    monkeypatch.setenv("GOUJI_CALIBRATION", str(path))
    monkeypatch.setenv("GOUJI_AUDIT_SHARE", "0.02")
    settings = load_settings(home=tmp_path)

    assert policy_of(settings) == Policy(calibration("2"), Decimal("0.02"))
    assert policy_of(plain) == Policy(load_calibration(SHIPPED))
    assert settings.recipe != plain.recipe


def test_what_is_no_calibration_is_named_with_the_remedy(tmp_path: Path) -> None:
    path = tmp_path / "own.json"
    with pytest.raises(ConfigError, match=r"No such file.*gouji eval calibrate"):
        load_calibration(path)
    path.write_text("[1]", encoding="utf-8")
    with pytest.raises(ConfigError, match="is no calibration"):
        load_calibration(path)
    data = json.loads(SHIPPED.read_text("utf-8"))
    del data["weights"]["blind"]
    data["weights"]["opinion"] = "1"
    path.write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(ConfigError, match="features are not those of this version: blind, opinion"):
        load_calibration(path)
