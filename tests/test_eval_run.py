"""`gouji eval run`: a recipe in, a folder of scores and one JSON object out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from evals.metrics import CaseScore
from evals.real import real_cases
from evals.run.choices import TierChoice
from evals.run.measure import measure
from evals.run.recipe import Recipe, cases_of, recipe_of
from evals.run.record import load_run
from evals.run.runner import run, scores
from schemas import ConfigError
from tests.command import Gouji, lines

NAMED = {
    "exact_table_rate", "exact_row_rate", "cell_precision", "cell_recall", "cell_f1", "accept_rate", "escape_rate",
    "closure_rate", "p_correct_given_closed", "auroc", "aurc", "output_tokens", "cost_usd", "seconds",
}  # fmt: skip
LAYOUT = Recipe(reader="layout", model=None, wire=None, tiers=("real",), cases=1)


@pytest.fixture(scope="module")
def gouji(tmp_path_factory: pytest.TempPathFactory) -> Gouji:
    return Gouji(tmp_path_factory.mktemp("eval"))


@pytest.fixture(scope="module")
def printed(gouji: Gouji) -> dict[str, Any]:
    """What a run of the layout reader over one real document prints."""
    done = gouji(
        "eval", "run", "--reader", "layout", "--tier", "real", "--cases", "1", "--out", "run", "--json"
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_the_figures_that_are_asked_for_are_there(printed: dict[str, Any]) -> None:
    assert printed["metrics"].keys() >= NAMED
    assert printed["metrics"]["exact_table_rate"] > 0.5
    assert printed["metrics"]["output_tokens"] == 0
    assert printed["counts"]["cases"] == 1
    low, high = printed["intervals"]["exact_table_rate"]["wilson"]
    assert low < printed["metrics"]["exact_table_rate"] < high


def test_a_run_leaves_how_it_was_made_and_a_line_for_each_case(gouji: Gouji, printed: dict[str, Any]) -> None:
    folder = gouji.folder / "run"
    record = json.loads((folder / "run.json").read_text("utf-8"))
    assert record == printed["run"]
    assert record["recipe"]["reader"] == "layout"
    assert record["environment"]["python"]
    assert record["packages"]["gouji"]
    (line,) = (folder / "cases.jsonl").read_text("utf-8").splitlines()
    assert CaseScore.model_validate_json(line).name == "changchun-office-2023-final.txt"
    metrics = json.loads((folder / "metrics.json").read_text("utf-8"))
    assert metrics["overall"]["estimates"]["cell_f1"]["value"] == printed["metrics"]["cell_f1"]


def test_what_was_scored_before_is_not_scored_again(gouji: Gouji, printed: dict[str, Any]) -> None:
    path = gouji.folder / "run" / "cases.jsonl"
    known = CaseScore.model_validate_json(path.read_text("utf-8")).model_copy(update={"seconds": 9876.0})
    path.write_text(f'{known.model_dump_json()}\n{{"broken off', encoding="utf-8")
    said = lines(gouji("eval", "run", "--cases", "1", "--out", "run").stdout)
    assert said[0] == "layout reader · real · 1 documents"
    assert any(line.startswith("exact tables") for line in said)
    assert any(line.startswith("wrong cells in accepted tables") for line in said)
    assert load_run(gouji.folder / "run").metrics.overall.metrics["seconds"] == 9876.0


def test_a_folder_with_another_run_or_other_files_is_left_alone(
    gouji: Gouji, printed: dict[str, Any], tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match="another recipe"):
        run(LAYOUT.model_copy(update={"cases": 2}), gouji.folder / "run", jobs=1)
    (tmp_path / "letter.txt").write_text("keep", encoding="utf-8")
    with pytest.raises(ConfigError, match="holds other files"):
        run(LAYOUT, tmp_path, jobs=1)
    assert (tmp_path / "letter.txt").read_text("utf-8") == "keep"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"reader": "llm"}, "--reader llm needs a model"),
        ({"model": "embedded"}, "no embedded model"),
    ],
)
def test_a_reader_without_its_model_is_told_before_anything_begins(
    options: dict[str, Any], said: str
) -> None:
    with pytest.raises(ConfigError, match=said):
        asked(**options)


def asked(**options: Any) -> Recipe:
    usual: dict[str, Any] = {
        "model": None, "reader": None, "wire": "rows", "tiers": [], "cases": None, "seed": 0,
        "cell_errors": 0.02, "structure_errors": 0.05,
    }  # fmt: skip
    return recipe_of(**{**usual, **options})


def test_a_recipe_holds_what_its_figures_depend_on() -> None:
    assert asked() == Recipe(reader="layout", model=None, wire=None, tiers=("real",))
    assert asked(model="simulated", tiers=[TierChoice.HEAVY, TierChoice.CLEAN]) == Recipe(
        reader="llm",
        model="simulated",
        wire="rows",
        tiers=("clean", "heavy"),
        cell_errors=0.02,
        structure_errors=0.05,
    )
    assert asked(model="gpt-5-mini", reader="both").cell_errors == 0
    assert asked(tiers=[TierChoice.ALL]).tiers == ("real", "clean", "mild", "heavy", "hostile")


def test_the_same_recipe_gives_the_same_cases() -> None:
    recipe = Recipe(reader="layout", model=None, wire=None, tiers=("real", "heavy"), cases=2, seed=3)
    cases = list(cases_of(recipe))
    assert cases == list(cases_of(recipe))
    assert [case.tier for case in cases] == ["real", "real", "heavy", "heavy"]
    assert len(cases) == recipe.planned


def test_a_case_whose_reader_cannot_work_counts_as_failed() -> None:
    recipe = Recipe(reader="llm", model="gpt-5-mini", wire="rows", tiers=("real",))
    found = CaseScore.model_validate_json(
        measure(real_cases()[0].model_dump_json(), recipe.model_dump_json())
    )
    assert found.error.startswith("ConfigError: no endpoint is configured")
    assert {table.status for table in found.tables} == {"failed"}


def test_processes_share_the_cases() -> None:
    small = [
        case.model_copy(update={"id": f"{case.id} {n}", "text": "无\n"})
        for n in range(4)
        for case in real_cases()
    ]
    found = {score.id: score for score in scores(iter(small), LAYOUT, jobs=2)}
    assert found.keys() == {each.id for each in small}
    assert all(not score.error for score in found.values())


def test_a_simulated_model_errs_and_is_not_taken_at_its_word() -> None:
    recipe = Recipe(
        reader="llm", model="simulated", wire="rows", tiers=("real",), cell_errors=0.1, structure_errors=0.2
    )
    case = real_cases()[0]
    found = CaseScore.model_validate_json(measure(case.model_dump_json(), recipe.model_dump_json()))
    assert not found.error
    assert sum(table.output_tokens for table in found.tables) > 1000
    assert sum(sum(table.injected.values()) for table in found.tables) > 10
    assert all(table.cost_usd == 0 for table in found.tables)
    assert sum(table.errors for table in found.tables) > 0
