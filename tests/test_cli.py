"""The command line: files in, tables, findings and exports out."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from rich.cells import cell_len

from tests.command import ARCHIVE, Gouji, lines
from tests.documentation import DOCS


@pytest.fixture
def gouji(tmp_path: Path) -> Gouji:
    """The command with a home of its own."""
    return Gouji(tmp_path)


@pytest.fixture(scope="session")
def read_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the archive's account and a budget of several units in its store."""
    gouji = Gouji(tmp_path_factory.mktemp("read"))
    gouji("extract", ARCHIVE, DOCS.parent / "evals" / "corpus" / "yanbian-office-2023-budget.txt")
    return gouji.home


@pytest.fixture
def filled(gouji: Gouji, read_home: Path) -> Gouji:
    """The command with those two documents in its store."""
    shutil.copytree(read_home, gouji.home)
    return gouji


# extract


def test_extract_writes_the_export_and_sums_up(gouji: Gouji, tmp_path: Path) -> None:
    done = gouji("extract", ARCHIVE, "--out", "out", "--format", "xlsx,parquet")
    assert (done.returncode, done.stderr) == (0, "")
    assert lines(done.stdout)[0] == "document tables accepted review empty contradictions status"
    assert "archive-2024-final.txt 3 1 1 1 2 review" in lines(done.stdout)
    assert "Exported 14 files to out" in lines(done.stdout)
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert {"documents.csv", "tables.csv", "cells.csv", "checks.csv", "datapackage.json"} <= names
    assert {"tables", "text", "gouji.xlsx", "cells.parquet"} <= names
    cells = (tmp_path / "out" / "cells.csv").read_text("utf-8")
    assert "t02,expenditure_by_function,1,3,,2012601,行政运行,basic,301.20,301.20,23," in cells


def test_a_file_that_cannot_be_read_stops_no_other(gouji: Gouji, tmp_path: Path) -> None:
    (tmp_path / "empty.txt").write_text("")
    (tmp_path / "damaged.txt").write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x10\x00")
    done = gouji("extract", "empty.txt", "damaged.txt", "missing.txt", ARCHIVE, "--out", "out")
    assert done.returncode == 1
    failed = done.stderr.splitlines()
    assert [line.split(":")[1].strip() for line in failed] == ["empty.txt", "damaged.txt", "missing.txt"]
    assert all("; " in line for line in failed), "each names a remedy"
    documents = (tmp_path / "out" / "documents.csv").read_text("utf-8").splitlines()
    assert [line.split(",")[0] for line in documents[1:]] == [
        "archive-2024-final.txt",
        "damaged.txt",
        "empty.txt",
        "missing.txt",
    ]
    assert all(",failed," in line for line in documents[2:])


def test_extract_speaks_json(gouji: Gouji, tmp_path: Path) -> None:
    first = gouji("extract", ARCHIVE, "missing.txt", "--out", "out", "--json")
    assert first.returncode == 1
    told = json.loads(first.stdout)
    [archive, missing] = told["documents"]
    counts = ("tables", "accepted", "review", "empty", "failed", "contradictions")
    assert [archive[x] for x in ("document", "status", "read", *counts)] == [
        "archive-2024-final.txt",
        "done",
        True,
        *(3, 1, 1, 1, 0, 2),
    ]
    assert (missing["status"], missing["sha256"]) == ("failed", None)
    assert all((tmp_path / name).is_file() for name in told["files"])
    assert [
        x["read"] for x in json.loads(gouji("extract", ARCHIVE, ARCHIVE, "--json").stdout)["documents"]
    ] == [
        False,
        False,
    ]
    assert json.loads(gouji("extract", ARCHIVE, "--json", "--again").stdout)["documents"][0]["read"] is True


@pytest.mark.parametrize(
    ("arguments", "environment", "said"),
    [
        (("extract", "x.txt", "--format", "csv,docx"), {}, "--format docx: unknown; choose from csv, json"),
        (("extract", "x.txt", "--reader", "llm"), {}, "GOUJI_READERS=llm needs a model: set GOUJI_MODEL"),
        (("extract", "x.txt", "--reader", "ocr"), {}, "--reader"),
        (("extract",), {}, "Missing argument"),
        (("show",), {"GOUJI_DATABASE_URL": "mysql"}, "GOUJI_DATABASE_URL: a URL with a scheme is expected"),
        (("kinds",), {"GOUJI_KINDS_FOLDER": "/nowhere"}, "GOUJI_KINDS_FOLDER: no such folder"),
        (("export",), {}, "Missing option '--out'"),
        (("sweep",), {}, "GOUJI_BROKER_URL is not set"),
        (("bogus",), {}, "No such command 'bogus'"),
    ],
)
def test_what_is_wrong_with_the_call_ends_with_2(
    gouji: Gouji, arguments: tuple[str, ...], environment: dict[str, str], said: str
) -> None:
    done = gouji(*arguments, **environment)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


# show, findings


def test_show_lists_documents_then_tables(filled: Gouji) -> None:
    listed = lines(filled("show").stdout)
    assert [line.split()[0] for line in listed[2:]] == [
        "archive-2024-final.txt",
        "yanbian-office-2023-budget.txt",
    ]
    tables = lines(filled("show", "档案馆", COLUMNS="160").stdout)
    assert tables[0] == "临江市档案馆 2024 年度部门决算 · 临江市档案馆 · archive-2024-final.txt"
    assert [line.split()[:3] for line in tables[3:]] == [
        ["t01", "income_by_function", "收入决算表"],
        ["t02", "expenditure_by_function", "支出决算表"],
        ["t03", "government_fund", "政府性基金预算财政拨款收入支出决算表"],
    ]


@pytest.mark.parametrize("table", ["t02", "expenditure_by_function", "支出决算"])
def test_show_draws_a_table_and_points_at_the_cell(filled: Gouji, table: str) -> None:
    drawn = lines(filled("show", "archive-2024", table).stdout)
    assert "2012601 行政运行 310.20* 301.20? 0.00*" in drawn
    assert "2012604 档案馆 100.00 0.00* 100.00" in drawn
    assert "? 1 most suspicious cell * 4 cells in checks that fail" in drawn
    assert any(line.startswith("? t02 2012601 行政运行, basic 301.20: 310.20 would close") for line in drawn)
    assert "Any error above 0.015 万元 in a figure added up is seen." in drawn


@pytest.mark.parametrize("width", [80, 160])
def test_wide_characters_stay_in_their_columns(filled: Gouji, width: int) -> None:
    drawn = filled("show", "yanbian", "all", COLUMNS=str(width)).stdout.splitlines()
    assert max(map(cell_len, drawn)) <= width
    # The points of a column of amounts stand below one another, however wide the names before them are.
    points = [cell_len(line[: line.index(".")]) for line in drawn if re.match(r"10800\d .*\d\.\d\d", line)]
    assert len(points) >= 6
    assert len(set(points[:6])) == 1


def test_lists_keep_to_a_narrow_terminal(filled: Gouji) -> None:
    for arguments in ((), ("yanbian",)):
        drawn = filled("show", *arguments, COLUMNS="80").stdout.splitlines()
        assert max(map(cell_len, drawn)) <= 80


def test_a_suspect_is_red_at_a_terminal(filled: Gouji) -> None:
    shown = filled.at_terminal("show", "archive", "t02", colours=True)
    assert "\x1b[1;37;41m301.20?" in shown
    assert "\x1b[33m310.20*" in shown


def test_what_fits_several_documents_is_answered_with_their_list(filled: Gouji, tmp_path: Path) -> None:
    (tmp_path / "copy.txt").write_text(ARCHIVE.read_text("utf-8") + "\n")
    filled("extract", "copy.txt")
    several = filled("show", "档案馆")
    assert several.returncode == 2
    assert lines(several.stderr)[0] == "gouji: '档案馆' fits 2 documents; name one of them"
    names = {line.split()[1]: line.split()[0] for line in lines(several.stderr)[1:]}
    assert set(names) == {"archive-2024-final.txt", "copy.txt"}
    by_digest = filled("show", names["copy.txt"])
    assert "copy.txt" in by_digest.stdout.splitlines()[0]
    none = filled("findings", "nothing like it")
    assert none.returncode == 2
    assert "no document is called 'nothing like it'" in none.stderr
    table = filled("show", "copy.txt", "t99")
    assert table.returncode == 2
    assert "t02 expenditure_by_function 支出决算表" in lines(table.stderr)


def test_show_speaks_json(filled: Gouji) -> None:
    assert [x["status"] for x in json.loads(filled("show", "--json").stdout)] == ["done", "done"]
    [table] = json.loads(filled("show", "archive", "t02", "--json").stdout)
    assert (table["status"], table["checks_failed"]) == ("review", 2)
    assert {"cell": "t02!3.basic", "mark": "suspect"} in table["doubtful"]
    assert table["content"]["rows"][3]["basic"]["amount"]["value"] == "301.20"
    document = json.loads(filled("show", "archive", "--json").stdout)
    assert [x["status"] for x in document["tables"]] == ["accepted", "review", "empty"]


def test_findings_are_those_that_fail_unless_all_are_asked_for(filled: Gouji) -> None:
    assert lines(filled("findings", "archive").stdout)[-1] == "44 checks pass, 2 fail, 0 lack a figure."
    failed = json.loads(filled("findings", "archive", "--json").stdout)
    assert {x["check"] for x in failed} == {
        "expenditure_by_function.natures",
        "expenditure_by_function.hierarchy",
    }
    assert failed[0]["suspects"][0]["cell"] == ["t02", 3, "basic"]
    assert {x["document"] for x in failed} == {"archive-2024-final.txt"}
    assert len(json.loads(filled("findings", "archive", "--all", "--json").stdout)) == 46


def test_findings_quote_the_source_and_say_what_would_close(filled: Gouji) -> None:
    told = lines(filled("findings", "archive", COLUMNS="200").stdout)
    assert told[0] == "临江市档案馆 2024 年度部门决算 · 临江市档案馆 · archive-2024-final.txt"
    assert (
        "differs by 9 万元 · rounding explains 0.015 · across a row · expenditure_by_function.natures" in told
    )
    assert "line 23 2012601 行政运行 310.20 301.20 0.00" in told
    assert any("301.20: 310.20" in line and "are swapped: 310.20 for 301.20" in line for line in told)
    assert "review t02 支出决算表, lines 16–27" in told
    assert "not checked cells that no check touches: 1 (t02 1)" in told


def test_findings_on_all_documents_as_a_page_and_a_workbook(filled: Gouji, tmp_path: Path) -> None:
    (tmp_path / "empty.txt").write_text("")
    filled("extract", "empty.txt")
    done = filled("findings", "--html", "report.html", "--xlsx", "report.xlsx")
    assert (done.returncode, done.stdout) == (1, "")
    assert lines(done.stderr)[:2] == [
        "Report on 2 documents in report.html",
        "Report on 2 documents in report.xlsx",
    ]
    page = (tmp_path / "report.html").read_text("utf-8")
    assert "临江市档案馆 2024 年度部门决算" in page
    assert "not read: is empty" in page
    assert (tmp_path / "report.xlsx").stat().st_size > 0
    nowhere = filled("findings", "--html", "nowhere/report.html")
    assert (nowhere.returncode, nowhere.stderr) == (
        2,
        "gouji: nowhere/report.html: there is no folder nowhere; make it first\n",
    )


# export


def test_export_takes_what_is_named(filled: Gouji, tmp_path: Path) -> None:
    (tmp_path / "second.txt").write_text("Fees\n\nName  Amount\nA  1.00\nB  2.00\nTotal  3.00\n")
    (tmp_path / "empty.txt").write_text("")
    filled("extract", "second.txt", "empty.txt")
    one = filled("export", "--out", "one", "second.txt")
    assert one.returncode == 0
    assert one.stdout.startswith("1 documents, ")
    assert "archive" not in (tmp_path / "one" / "documents.csv").read_text("utf-8")
    every = filled("export", "--out", "all", "--format", "json", "--json")
    assert every.returncode == 1
    assert json.loads(every.stdout)["failed"] == ["empty.txt"]
    assert len((tmp_path / "all" / "documents.csv").read_text("utf-8").splitlines()) == 5
    assert (tmp_path / "all" / "extractions" / "archive-2024-final.json").is_file()


def test_a_folder_that_cannot_be_written_is_named(filled: Gouji, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = filled("export", "--out", "file")
    assert done.returncode == 2
    assert (
        done.stderr == "gouji: file: cannot be written to (File exists); name another folder for the export\n"
    )


# kinds


def test_kinds_list_rows_and_columns(gouji: Gouji) -> None:
    known = {entry["kind"]: entry for entry in json.loads(gouji("kinds", "--json").stdout)}
    assert known["state_capital"]["columns"] == ["total", "basic", "project"]
    assert known["income_expenditure_summary"]["sides"] == ["income", "expenditure", "expenditure_by_use"]
    assert known["generic"]["columns"] == []
    assert not any(entry["own"] for entry in known.values())
    assert "as printed" in gouji("kinds").stdout


def test_a_kind_that_does_not_load_is_named(gouji: Gouji, tmp_path: Path) -> None:
    folder = tmp_path / "kinds"
    folder.mkdir()
    (folder / "broken.py").write_text("import nothing_of_that_name\n")
    done = gouji("kinds", GOUJI_KINDS_FOLDER="kinds")
    assert done.returncode == 2
    assert done.stderr.startswith("gouji: broken.py: No module named 'nothing_of_that_name'; ")
    assert len(done.stderr.splitlines()) == 1
