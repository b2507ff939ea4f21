"""`gouji eval compare` and `gouji eval gate`: two runs in, what differs and whether it can be chance out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from evals.cli import app
from evals.metrics import CaseScore, TableScore
from evals.paired.baseline import baseline_of, read_baseline, regressions, write_baseline
from evals.paired.comparison import Comparison, compare_runs
from evals.run.recipe import Recipe
from evals.run.record import Record, Run, load_run, write_cases, write_metrics, write_record
from schemas import ConfigError
from tests.command import lines

RECIPE = Recipe(reader="layout", model=None, wire=None, tiers=("clean",), cases=20)
RIGHT, WRONG, ESCAPED = "right", "wrong", "escaped"
Outcomes = Mapping[str, Sequence[str]]


def case(name: str, outcomes: Sequence[str], error: str = "") -> CaseScore:
    """A document whose tables are right, wrong and in review, or wrong and accepted."""
    tables = tuple(
        TableScore(
            kind="three_public",
            ordinal=number,
            tables=(f"t{number}",),
            status="review" if outcome == WRONG else "accepted",
            confidence=0.5 if outcome == WRONG else 0.95,
            exact=outcome == RIGHT,
            right=10 if outcome == RIGHT else 9,
            wrong=0 if outcome == RIGHT else 1,
            rows=5,
            rows_found=5,
            rows_exact=5 if outcome == RIGHT else 4,
            last_row=5,
        )
        for number, outcome in enumerate(outcomes, start=1)
    )
    return CaseScore(
        id=name, name=name, body=name, family="plain", tier="clean", tables=tables, seconds=1.0, error=error
    )


CLI = CliRunner()


def run(folder: Path, *cases: CaseScore) -> Run:
    folder.mkdir(parents=True, exist_ok=True)
    made = datetime(2024, 1, 1, tzinfo=UTC)
    record = Record(
        recipe=RECIPE, code="0", commit=None, prompts={}, prices={}, environment={}, packages={}, started=made
    )
    write_record(folder, record)
    write_cases(folder, cases)
    write_metrics(folder, cases)
    return load_run(folder)


def twenty(outcomes: Sequence[str]) -> list[CaseScore]:
    return [case(f"c{number:02}", outcomes) for number in range(20)]


TWO = {"a": twenty([RIGHT, RIGHT]), "b": twenty([RIGHT, WRONG])}


def compared(folder: Path, before: Sequence[CaseScore], after: Sequence[CaseScore]) -> Comparison:
    return compare_runs(run(folder / "a", *before), run(folder / "b", *after))


def test_what_became_right_and_what_ceased_to_be(tmp_path: Path) -> None:
    before = [case("a", [RIGHT, WRONG, WRONG]), case("b", [RIGHT])]
    found = compared(tmp_path, before, [case("a", [WRONG, RIGHT, RIGHT]), case("b", [RIGHT])])
    assert (found.gained, found.lost) == (2, 1)
    assert found.mcnemar == 1.0
    assert [(each.case, each.ordinal, each.change) for each in found.tables] == [
        ("a", 1, "worse"),
        ("a", 2, "better"),
        ("a", 3, "better"),
    ]


def test_many_changes_of_one_kind_are_no_chance(tmp_path: Path) -> None:
    found = compared(tmp_path, twenty([RIGHT, WRONG]), twenty([RIGHT, RIGHT]))
    assert (found.gained, found.lost) == (20, 0)
    assert found.mcnemar == pytest.approx(2 * 0.5**20)
    assert found.wilcoxon is not None
    assert found.wilcoxon < 0.001
    exact = next(each for each in found.differences if each.name == "exact_table_rate")
    assert (exact.before, exact.after, exact.low, exact.high) == (0.5, 1.0, 0.5, 0.5)


def unsure(cases: Sequence[CaseScore]) -> list[CaseScore]:
    """The same tables, every third of which has the confidence of the others turned round."""
    return [
        each.model_copy(
            update={
                "tables": tuple(
                    table.model_copy(update={"confidence": 1 - table.confidence}) for table in each.tables
                )
            }
        )
        if number % 3 == 0
        else each
        for number, each in enumerate(cases)
    ]


@pytest.mark.parametrize(("name", "sign"), [("auroc", -1), ("aurc", 1), ("brier", 1)])
def test_confidence_that_got_worse_is_no_chance(tmp_path: Path, name: str, sign: int) -> None:
    before = twenty([RIGHT, RIGHT, WRONG])
    found = compared(tmp_path, before, unsure(before))
    each = next(each for each in found.differences if each.name == name)
    assert each.before is not None
    assert each.after is not None
    assert each.low is not None
    assert each.high is not None
    assert each.p is not None
    assert each.low <= each.after - each.before <= each.high
    assert min(sign * each.low, sign * each.high) > 0
    assert each.p < 0.05
    backwards = compare_runs(run(tmp_path / "b2", *unsure(before)), run(tmp_path / "a2", *before))
    other = next(each for each in backwards.differences if each.name == name)
    assert (other.low, other.high) == pytest.approx((-each.high, -each.low))


def test_no_difference_is_certain_chance(tmp_path: Path) -> None:
    found = compared(tmp_path, twenty([RIGHT, WRONG]), twenty([RIGHT, WRONG]))
    assert {each.p for each in found.differences if each.p is not None} == {1.0}


def test_only_documents_of_both_runs_are_compared(tmp_path: Path) -> None:
    found = compared(
        tmp_path, [case("a", [RIGHT]), case("b", [RIGHT])], [case("b", [RIGHT]), case("c", [WRONG])]
    )
    assert (found.documents, found.only_before, found.only_after) == (1, 1, 1)
    assert (found.gained, found.lost, found.wilcoxon) == (0, 0, None)


def found_by_gate(folder: Path, before: Sequence[CaseScore], after: Sequence[CaseScore]) -> list[str]:
    return regressions(baseline_of(run(folder / "a", *before)), baseline_of(run(folder / "b", *after)))


def test_the_gate_lets_the_same_and_the_better_through(tmp_path: Path) -> None:
    assert found_by_gate(tmp_path, twenty([RIGHT, WRONG]), twenty([RIGHT, WRONG])) == []
    assert found_by_gate(tmp_path, twenty([RIGHT, WRONG]), twenty([RIGHT, RIGHT])) == []


def test_the_gate_lets_noise_through(tmp_path: Path) -> None:
    after = [*twenty([RIGHT, WRONG])[:19], case("c19", [WRONG, RIGHT])]
    assert found_by_gate(tmp_path, twenty([RIGHT, WRONG]), after) == []


def test_the_gate_stops_what_got_worse(tmp_path: Path) -> None:
    after = [*twenty([RIGHT, RIGHT])[:10], *(case(f"c{number}", [RIGHT, WRONG]) for number in range(10, 20))]
    found = found_by_gate(tmp_path, twenty([RIGHT, RIGHT]), after)
    assert found[0].startswith(
        "10 tables are wrong that were not, and 0 the other way round: c10 three_public 2;"
    )
    assert "exact tables: 100.0 % before, 75.0 % now" in found


def test_the_gate_stops_wrong_tables_that_are_accepted_now(tmp_path: Path) -> None:
    found = found_by_gate(tmp_path, twenty([RIGHT, WRONG]), twenty([RIGHT, ESCAPED]))
    assert found == [
        "20 tables are accepted with wrong cells that were not, and 0 the other way round: "
        + "; ".join(f"c{number:02} three_public 2" for number in range(10))
        + " and 10 more",
        "wrong cells in accepted tables: 0.000 % before, 5.000 % now",
    ]


def test_one_document_that_fails_is_enough(tmp_path: Path) -> None:
    after = [*twenty([RIGHT])[:19], case("c19", [RIGHT], error="ValueError: no")]
    assert found_by_gate(tmp_path, twenty([RIGHT]), after) == ["documents fail that did not: c19"]


def test_the_gate_does_not_judge_other_documents(tmp_path: Path) -> None:
    assert found_by_gate(tmp_path, [case("a", [RIGHT])], [case("b", [RIGHT])]) == [
        "the documents are not those of the baseline: a; b"
    ]


def test_a_baseline_is_written_and_read(tmp_path: Path) -> None:
    made = baseline_of(run(tmp_path / "a", *twenty([RIGHT, ESCAPED])))
    write_baseline(tmp_path / "gate.json", made)
    assert read_baseline(tmp_path / "gate.json") == made
    with pytest.raises(ConfigError, match="there is no baseline"):
        read_baseline(tmp_path / "other.json")


def test_the_commands(tmp_path: Path) -> None:
    first, second = (str(run(tmp_path / name, *cases).folder) for name, cases in TWO.items())
    baseline = str(tmp_path / "gate.json")
    compared = CLI.invoke(app, ["compare", first, second])
    assert "0 tables became exact, 20 ceased to be: p = 1.91e-06, hardly chance (McNemar)." in lines(
        compared.stdout
    )
    assert any(
        line.startswith("Brier score 0.003 0.126 +0.124 … +0.124 * 0.002") for line in lines(compared.stdout)
    )
    assert json.loads(CLI.invoke(app, ["compare", first, second, "--json"]).stdout)["lost"] == 20
    assert CLI.invoke(app, ["gate", baseline, "--run", first, "--update"]).exit_code == 0
    same = CLI.invoke(app, ["gate", baseline, "--run", first])
    assert (same.exit_code, lines(same.stdout)[-1]) == (0, "No regression beyond noise over 20 documents.")
    worse = CLI.invoke(app, ["gate", baseline, "--run", second, "--json"])
    assert worse.exit_code == 1
    assert not json.loads(worse.stdout)["passed"]
