"""The benchmark of repairs: what it plants is put right, and nothing else is moved."""

from __future__ import annotations

from evals.bench.shifts import measure, summary


def test_faults_that_can_be_told_are_put_right_and_nothing_is_moved_wrongly() -> None:
    found = summary([measure(3, index) for index in range(5)])

    assert found["true_tables_touched"] == found["misprints_moved"] == 0
    for faults in (found["column_faults"], found["row_faults"]):
        assert isinstance(faults, dict)
        assert faults["planted"] >= faults["broken"] >= faults["identifiable"] > 0
        assert faults["wrong"] == 0
        assert faults["identifiable_exact"] > 0.7
