"""`gouji eval annotate`: a document of the store in, a case with gold out, which `gouji eval run` takes."""

from __future__ import annotations

import csv
import json
from contextlib import chdir
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from evals.cases import GoldRow, GoldTable
from evals.cli import app
from evals.real import real_case, real_cases, write_case
from evals.run.recipe import Recipe, cases_of, recipe_of
from schemas import ConfigError, InputError
from tests.command import ARCHIVE, Gouji
from worker.ingest import load
from worker.pipeline import extract
from worker.readers.layout import LayoutReader
from worker.settings import Settings
from worker.store import Store

CLOSING = ARCHIVE.read_text("utf-8").replace("301.20", "310.20")
NAME = "临江市档案馆-2024-final"
CLI = CliRunner()


@pytest.fixture
def gouji(tmp_path: Path) -> Gouji:
    found = Gouji(tmp_path)
    (tmp_path / "one.txt").write_text(CLOSING, encoding="utf-8")
    return found


def settled(gouji: Gouji, path: Path, status: str) -> None:
    """Keep a document in the store as if a person had gone through all its tables."""
    found = extract(load(path), [LayoutReader()])
    verdicts = {key: each.model_copy(update={"status": status}) for key, each in found.verdicts.items()}
    with Store.open(Settings(home=gouji.home)) as store:
        store.save_extraction(found.model_copy(update={"verdicts": verdicts}))


def facts(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def printed(gouji: Gouji, *arguments: str) -> dict[str, Any]:
    """What an evals command prints, in this process: loading it each time takes longer than it does."""
    with chdir(gouji.folder):
        done = CLI.invoke(app, [*arguments, "--json"], env={"GOUJI_HOME": str(gouji.home)})
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_document_goes_from_extract_to_a_case_that_a_run_takes(gouji: Gouji) -> None:
    assert gouji("extract", "one.txt").returncode == 0
    found = printed(gouji, "annotate", "one.txt", "--out", "mine")
    assert (found["name"], found["tables"], found["left_out"]) == (NAME, 3, [])
    assert found["contradictions"] == []
    assert (gouji.folder / f"mine/corpus/{NAME}.txt").read_text("utf-8") == CLOSING
    lines = [tuple(fact.values()) for fact in facts(gouji.folder / f"mine/gold/{NAME}.csv")]
    assert [line for line in lines if line[3] == "2012601" and line[0] == "expenditure_by_function"] == [
        ("expenditure_by_function", "1", "", "2012601", "行政运行", "total", "310.20"),
        ("expenditure_by_function", "1", "", "2012601", "行政运行", "basic", "310.20"),
        ("expenditure_by_function", "1", "", "2012601", "行政运行", "project", "0.00"),
    ]
    assert [line for line in lines if not line[5]] == [("government_fund", "1", "", "", "", "", "")]
    run = printed(gouji, "run", "--tier", "real", "--corpus", "mine", "--jobs", "1")
    assert (run["metrics"]["exact_table_rate"], run["metrics"]["cell_f1"]) == (1.0, 1.0)
    assert (run["counts"]["cases"], run["counts"]["cells"], run["counts"]["blank_forms"]) == (1, 48, 1)


def test_tables_that_wait_for_a_person_keep_a_document_out(gouji: Gouji) -> None:
    gouji("extract", ARCHIVE)
    refused = gouji("eval", "annotate", ARCHIVE.name, "--out", "mine")
    assert refused.returncode == 2
    assert "1 of 3 tables are not settled" in refused.stderr
    assert "t02  review  支出决算表" in refused.stderr
    assert not (gouji.folder / "mine").exists()
    found = printed(gouji, "annotate", ARCHIVE.name, "--out", "mine", "--tables", "accepted")
    assert (found["tables"], found["left_out"]) == (2, ["t02  review  支出决算表"])
    kinds = {fact["kind"] for fact in facts(gouji.folder / f"mine/gold/{ARCHIVE.stem}.csv")}
    assert kinds == {"income_by_function", "government_fund"}


def test_what_does_not_add_up_is_listed_and_no_case_is_overwritten_unasked(gouji: Gouji) -> None:
    settled(gouji, ARCHIVE, "corrected")
    found = printed(gouji, "annotate", ARCHIVE.name, "--out", "mine")
    gold = gouji.folder / f"mine/gold/{ARCHIVE.stem}.csv"
    listed = facts(gold.with_suffix(".contradictions.csv"))
    assert [line["statement"] for line in listed] == found["contradictions"]
    assert [abs(Decimal(line["difference"])) for line in listed] == [9, 9]
    gold.write_text("mine", encoding="utf-8")
    again = gouji("eval", "annotate", ARCHIVE.name, "--out", "mine")
    assert again.returncode == 2
    assert "--force" in again.stderr
    assert gold.read_text("utf-8") == "mine"
    printed(gouji, "annotate", ARCHIVE.name, "--out", "mine", "--force")
    assert real_case(gouji.folder / "mine", ARCHIVE.stem).body == "archive"


ROWS = (
    GoldRow(name="合计", cells={"total": "30.0", "basic": "-1,5"}),
    GoldRow(code="201", name='一般"公共", 服务', cells={"total": "0.00"}),
    GoldRow(name="小计", cells={"total": "1"}),
    GoldRow(name="小计", cells={"total": "1", "备\n注": "=1+1"}),
)


def test_gold_comes_back_as_it_was_written(tmp_path: Path) -> None:
    tables = [
        GoldTable(kind="expenditure_by_function", ordinal=2, rows=ROWS),
        GoldTable(kind="state_capital", ordinal=1),
    ]
    write_case(tmp_path, "某局-2024-budget", "甲\r\n乙\f丙\n", tables)
    found = real_case(tmp_path, "某局-2024-budget")
    assert (found.body, found.text) == ("某局", "甲\r\n乙\f丙\n")
    assert [(x.kind, x.ordinal, x.stage, x.rows) for x in found.gold] == [
        ("expenditure_by_function", 2, "budget", ROWS),
        ("state_capital", 1, "budget", ()),
    ]
    write_case(tmp_path, "sheet", "x", [])
    assert (real_case(tmp_path, "sheet").body, real_case(tmp_path, "sheet").gold) == ("sheet", ())


@pytest.mark.parametrize(
    ("gold", "said"),
    [
        (None, "cannot be read"),
        ("a,b\n1,2\n", "line 2 is no cell"),
        ("kind,ordinal,side,code,name,column,value\nnonsense,1,,,a,b,1\n", "line 2 is no cell"),
        ("kind,ordinal,side,code,name,column,value\ngeneric,x,,,a,b,1\n", "line 2 is no cell"),
        ("kind,ordinal,side,code,name,column,value\ngeneric,1,,,a,b\n", "line 2 is no cell"),
        (b"\xff\xfe", "cannot be read"),
    ],
)
def test_bad_gold_says_where(tmp_path: Path, gold: str | bytes | None, said: str) -> None:
    write_case(tmp_path, "one", "text", [])
    path = tmp_path / "gold" / "one.csv"
    if gold is None:
        path.unlink()
    else:
        path.write_bytes(gold.encode() if isinstance(gold, str) else gold)
    with pytest.raises(InputError, match=said):
        real_cases(tmp_path)


def test_a_folder_without_documents_is_no_corpus(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="holds no corpus"):
        real_cases(tmp_path)


def chosen(*folders: Path) -> Recipe:
    return recipe_of(
        model=None, reader="layout", wire="rows", tiers=[], cases=None, seed=0, cell_errors=0, structure_errors=0,
        corpora=folders,
    )  # fmt: skip


def test_a_run_takes_folders_instead_of_the_bundled_documents_and_beside_them(tmp_path: Path) -> None:
    write_case(tmp_path, "one", "text", [])
    assert [case.id for case in cases_of(chosen(tmp_path))] == ["one"]
    beside = chosen(tmp_path, Path("bundled"))
    assert [case.id for case in cases_of(beside)] == ["one", *(case.id for case in real_cases())]
    assert beside.planned == 5
    write_case(tmp_path, "one", "another", [])
    assert chosen(tmp_path) != chosen(tmp_path).model_copy(update={"corpora": beside.corpora[:1]})


def test_a_document_may_be_in_one_folder_only(tmp_path: Path) -> None:
    write_case(tmp_path, "jilin-office-2024-final", "text", [])
    with pytest.raises(ConfigError, match="jilin-office-2024-final is in two folders"):
        chosen(tmp_path, Path("bundled"))
    with pytest.raises(ConfigError, match="holds no corpus"):
        chosen(tmp_path / "nowhere")
