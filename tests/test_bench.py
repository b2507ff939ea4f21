"""Benchmarks in a small form: what they promise holds on a few documents."""

from __future__ import annotations

import json
import subprocess
import sys

from evals.bench import long
from evals.bench.localisation import Measured, measure, summary

DOCUMENTS = 12


def test_every_planted_fault_is_found_and_no_true_table_is_accused() -> None:
    found: list[Measured] = [measure(3, index) for index in range(DOCUMENTS)]
    figures = summary(found)

    assert figures["tables_with_false_alarm"] == 0
    for name in ("one_fault", "two_faults"):
        part = figures[name]
        assert isinstance(part, dict)
        assert part["planted"] >= 5
        assert part["detected"] == 1
        assert part["identifiable_in_set"] == 1
        assert part["identifiable_first"] >= 0.75


def test_scale_prints_its_figures_as_json() -> None:
    command = [sys.executable, "-m", "evals.bench.scale", "--rows", "100", "200", "--repeat", "1"]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)

    sizes = json.loads(ran.stdout)["sizes"]
    assert [size["rows"] for size in sizes] == [100, 200]


def test_no_row_of_a_long_table_is_lost_without_a_word() -> None:
    """Rows that the model leaves out and does not mend, and answers that break off: all are found or told of."""
    found = long.measure(200, seed=1, longest=400, mends=0.0)

    assert found.rows == 200
    assert found.left_out > 0
    assert found.missing == found.left_out
    assert found.rows - found.found > 0
    assert (found.status, found.told, found.silent, found.wrong) == ("review", True, False, 0)


def test_what_is_left_out_and_mended_is_not_lost() -> None:
    found = long.measure(60, seed=1, longest=4000, mends=1.0)

    assert found.left_out > 0
    assert (found.found, found.missing, found.status) == (60, 0, "accepted")
