"""What people decided, in the files of an export and as cases with gold, read back."""

from __future__ import annotations

import csv
import json
from contextlib import chdir
from pathlib import Path

import pytest
from typer.testing import CliRunner

from evals.cli import app
from tests.command import ARCHIVE
from worker.export import export
from worker.ingest import load
from worker.pipeline import extract
from worker.readers.layout import LayoutReader
from worker.review import Decide, Desk, SetCell
from worker.settings import load_settings
from worker.store import Store
from worker.users import User

WRONG = "t02"


@pytest.fixture
def document(home: Path) -> int:
    """The archive, in a store, with its wrong digit put right and settled."""
    with Store.open(load_settings()) as store:
        found = store.save_extraction(extract(load(ARCHIVE), [LayoutReader()]))
        added = store.users.add("=wang", "reviewer", None)
        assert added
        user, desk = User(added.id, added.name, "reviewer"), Desk(store)
        opened = desk.open(found, WRONG)
        cell = opened.identities[0].suspects[0].cell
        done = desk.apply(user, found, WRONG, SetCell(cell.row, cell.column, "310.20"), opened.version)
        desk.apply(user, found, WRONG, Decide("corrected"), done.version)
    return found


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_corrected_cells_keep_what_is_printed_beside_what_counts(document: int, tmp_path: Path) -> None:
    with Store.open(load_settings()) as store:
        export([store.load_extraction(document)], tmp_path / "out", ("csv", "xlsx", "parquet"))
    tables = {row["table"]: row for row in rows(tmp_path / "out" / "tables.csv")}
    assert {key: row["status"] for key, row in tables.items()} == {
        "t01": "accepted", "t02": "corrected", "t03": "empty",
    }  # fmt: skip
    assert (tables[WRONG]["checks_failed"], rows(tmp_path / "out" / "documents.csv")[0]["status"]) == (
        "0", "accepted",
    )  # fmt: skip
    cells = rows(tmp_path / "out" / "cells.csv")
    (changed,) = [cell for cell in cells if cell["changed_by"]]
    assert (changed["value"], changed["text"], changed["changed_from"], changed["grounded"]) == (
        "310.20", "301.20", "301.20", "false",
    )  # fmt: skip
    # Whoever is called like a formula is none in a file.
    assert changed["changed_by"] == "'=wang"
    assert all(row["status"] != "failed" for row in rows(tmp_path / "out" / "checks.csv"))
    table = json.loads((tmp_path / "out" / tables[WRONG]["file"]).read_text("utf-8"))
    assert "310.20" in json.dumps(table)


def test_a_reviewed_document_becomes_a_case(document: int, tmp_path: Path) -> None:
    assert document
    with chdir(tmp_path):
        done = CliRunner().invoke(app, ["annotate", ARCHIVE.name, "--out", "mine", "--json"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert (found["tables"], found["left_out"], found["contradictions"]) == (3, [], [])
    gold = rows(tmp_path / "mine" / "gold" / f"{found['name']}.csv")
    assert "310.20" in {fact["value"] for fact in gold if fact["kind"] == "expenditure_by_function"}
    text = (tmp_path / "mine" / "corpus" / f"{found['name']}.txt").read_text("utf-8")
    assert "301.20" in text
