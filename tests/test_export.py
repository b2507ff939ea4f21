"""The files of an export, from an extraction built by hand: literal cells in, literal rows out."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow.parquet as pq
import pytest

from schemas import Cell, ConfigError, Reading
from schemas.amounts import Amount
from tests.extractions import DOCUMENT, EXPENDITURE, TEXT, extraction, table
from worker.export import Failure, export


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, strict=True))


CONTRACT = {
    "documents": "document sha256 title unit_name year stage pages tables accepted review status",
    "tables": "document table kind title unit stage ordinal status confidence reader checks_passed"
    " checks_failed checks_skipped first_line last_line",
    "cells": "document table kind ordinal row side code name column value text line start end page grounded",
    "checks": "document table check scope statement left right difference tolerance status cells suspects",
}


@pytest.mark.parametrize("name", CONTRACT)
def test_files_begin_with_the_columns_of_the_contract(name: str, tmp_path: Path) -> None:
    export([], tmp_path)
    header = (tmp_path / f"{name}.csv").read_bytes()
    assert header.startswith(CONTRACT[name].replace(" ", ",").encode())
    assert header.endswith(b"\r\n")


def test_documents_say_what_became_of_each(tmp_path: Path) -> None:
    export(
        [extraction()], tmp_path, failures=[Failure("空.txt", "", "空.txt: is empty; give a file with text")]
    )
    whole, failed = read(tmp_path / "documents.csv")
    assert whole == {
        "document": "某局 2024.txt",
        "sha256": "ab" * 32,
        "title": "2024年度某局部门决算",
        "unit_name": "某局",
        "year": "2024",
        "stage": "final",
        "pages": "1",
        "tables": "5",
        "accepted": "2",
        "review": "1",
        "status": "review",
        "empty": "1",
        "contradictions": "1",
        "text_file": "text/某局_2024.txt",
        "error": "",
        "pages_unread": "0",
        "notes": "",
    }
    assert (failed["document"], failed["status"], failed["tables"]) == ("空.txt", "failed", "0")
    assert failed["error"] == "空.txt: is empty; give a file with text"
    assert (tmp_path / whole["text_file"]).read_text("utf-8") == TEXT


def test_tables_are_numbered_within_their_kind_and_never_left_out(tmp_path: Path) -> None:
    export([extraction()], tmp_path)
    tables = read(tmp_path / "tables.csv")
    assert [(x["table"], x["kind"], x["ordinal"], x["status"], x["reader"], x["rows"]) for x in tables] == [
        ("t01", "expenditure_by_function", "1", "review", "layout", "2"),
        ("t02", "state_capital", "1", "empty", "layout", "0"),
        ("t03", "generic", "1", "accepted", "layout", "1"),
        ("t05", "expenditure_by_function", "2", "failed", "", "0"),
        ("n04", "narrative_facts", "1", "accepted", "layout", "1"),
    ]
    first = tables[0]
    assert (first["unit"], first["first_line"], first["last_line"]) == ("万元", "2", "6")
    assert (first["confidence"], first["coverage"]) == ("0.2500", "0.6667")
    assert (first["blind_cells"], first["blind_spot"]) == ("1.total", "0.015")
    assert tables[1]["blind_spot"] == ""
    assert first["unexplained"] == "201 (line 5)"
    assert first["reasons"] == "a check fails; a figure is unexplained"
    typed = json.loads((tmp_path / first["file"]).read_text("utf-8"))
    assert typed == EXPENDITURE.model_dump(mode="json")
    assert typed["rows"][0]["total"]["amount"]["value"] == "6901.75"
    assert tables[3]["file"] == ""


def test_cells_are_plain_and_grounded_only_where_the_text_says_so(tmp_path: Path) -> None:
    export([extraction()], tmp_path)
    cells = read(tmp_path / "cells.csv")
    assert [
        (x["table"], x["row"], x["code"], x["name"], x["column"], x["value"], x["text"], x["grounded"])
        for x in cells
    ] == [
        ("t01", "0", "201", "一般公共服务支出", "total", "6901.75", "6,901. 75", "true"),
        ("t01", "0", "201", "一般公共服务支出", "basic", "0.00", "0.00", "true"),
        ("t01", "0", "201", "一般公共服务支出", "project", "6901.70", "6,901.70", "true"),
        ("t01", "1", "20106", "财政事务", "total", "1200.00", "1,200.00", "true"),
        ("t01", "1", "20106", "财政事务", "basic", "1200.01", "1,200.00", "false"),
        ("t03", "0", "", "'-2+3+cmd", "'=备注", "-3.5", "-3.5", "true"),
        ("t03", "0", "", "'-2+3+cmd", "意见", "", "'+审核 意见", "true"),
        ("n04", "0", "", "收入", "unit", "", "万元", "true"),
        ("n04", "0", "", "收入", "change_amount", "-8.20", "8.20", "true"),
    ]
    for cell in cells:
        assert "".join(TEXT[int(cell["start"]) : int(cell["end"])].split()) == cell["text"].lstrip(
            "'"
        ).replace(" ", "")
    assert [cells[0][x] for x in ("line", "page", "ordinal", "side")] == ["5", "1", "1", ""]


def test_checks_name_cells_and_suspects(tmp_path: Path) -> None:
    export([extraction()], tmp_path)
    failed, held = read(tmp_path / "checks.csv")
    assert [failed[x] for x in ("left", "right", "difference", "tolerance")] == [
        "6901.75",
        "6901.70",
        "0.05",
        "0.015",
    ]
    assert failed["cells"] == "t01!0.total; t01!0.basic; t01!0.project"
    assert failed["suspects"] == "t01!0.project=6901.75 (last digit); t01!0.total"
    assert (held["table"], held["tables"], held["left"]) == ("t01", "t01; t03", "")


def test_frictionless_accepts_the_folder(tmp_path: Path) -> None:
    other = DOCUMENT.model_copy(update={"sha256": "cd" * 32})
    export(
        [extraction(), extraction(other)],
        tmp_path,
        {"csv", "json", "xlsx", "parquet"},
        failures=[Failure("某局 2024.txt", "ef" * 32, "damaged")],
    )
    frictionless = Path(sys.executable).with_name("frictionless")
    done = subprocess.run(
        [frictionless, "validate", "datapackage.json", "--json"],
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )
    report = json.loads(done.stdout)
    assert (done.returncode, report["valid"], report["errors"]) == (0, True, [])
    rows = {task["name"]: task["stats"].get("rows") for task in report["tasks"]}
    assert [rows[x] for x in ("documents", "tables", "cells", "checks")] == [3, 10, 18, 4]
    assert {x["document"] for x in read(tmp_path / "cells.csv")} == {
        "某局 2024.txt",
        "某局 2024.txt#cdcdcdcd",
    }


def test_workbook_holds_text_as_text_and_marks_doubt(tmp_path: Path) -> None:
    export([extraction()], tmp_path, {"xlsx"})
    book = openpyxl.load_workbook(tmp_path / "gouji.xlsx")
    assert book.sheetnames == [
        "documents",
        "tables",
        "cells",
        "checks",
        "1-t01 支出决算表",
        "1-t03 其他表",
        "1-n04 收入比",
    ]
    assert all(cell.data_type != "f" for sheet in book for row in sheet.iter_rows() for cell in row)
    sheet = book["1-t01 支出决算表"]
    found = {
        cell.value: (cell.number_format, cell.fill.fgColor.rgb) for row in sheet.iter_rows() for cell in row
    }
    assert found[6901.7] == ("#,##0.00", "00F8B878")
    assert found[0] == ("#,##0.00", "00FFF0B3")
    assert "suspect: t01!0.project=6901.75 (last digit)" in found
    hostile = book["1-t03 其他表"]
    [row] = [row for row in hostile.iter_rows() if row[2].value == "-2+3+cmd"]
    assert [(cell.value, cell.data_type, cell.quotePrefix) for cell in row[2:5]] == [
        ("-2+3+cmd", "s", True),
        (-3.5, "n", False),
        ("+审核 意见", "s", True),
    ]


def test_parquet_holds_exact_decimals(tmp_path: Path) -> None:
    export([extraction()], tmp_path, {"parquet"})
    cells = pq.read_table(tmp_path / "cells.parquet")
    assert str(cells.schema.field("value").type) == "decimal128(38, 12)"
    assert cells["value"].to_pylist()[:3] == [Decimal("6901.75"), Decimal(0), Decimal("6901.70")]
    assert cells["text"].to_pylist()[6] == "+审核 意见"
    assert pq.read_table(tmp_path / "documents.parquet")["year"].to_pylist() == [2024]


def test_json_holds_everything_known_of_a_document(tmp_path: Path) -> None:
    export([extraction()], tmp_path, {"json"})
    whole = json.loads((tmp_path / "extractions" / "某局_2024.json").read_text("utf-8"))
    assert whole["standing"]["t01"]["table"]["rows"][0]["project"]["text"] == "6,901.70"
    assert whole["findings"][0]["suspects"][0]["reason"] == "last digit"


def test_a_second_export_leaves_nothing_of_the_first(tmp_path: Path) -> None:
    mine = tmp_path / "tables" / "mine.json"
    first = export([extraction()], tmp_path, {"xlsx"})
    mine.write_text("{}")
    second = export([], tmp_path)
    assert {path.name for path in second} == {
        "documents.csv",
        "tables.csv",
        "cells.csv",
        "checks.csv",
        "datapackage.json",
    }
    assert [path for path in first if path.exists()] == second
    assert mine.exists()


def test_the_same_extractions_give_the_same_bytes(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    export([extraction()], one, {"json"})
    export([extraction()], two, {"json"})
    files = [path.relative_to(one) for path in sorted(one.rglob("*")) if path.is_file()]
    assert [(one / path).read_bytes() for path in files] == [(two / path).read_bytes() for path in files]


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("../../etc/passwd", "text/passwd.txt"),
        ("..\\x\\CON.txt", "text/CON.txt"),
        (".hidden", "text/hidden.txt"),
        ("///", "text/document.txt"),
        ("a\x00b\ud800.txt", "text/a_b.txt"),
        ("长" * 200 + ".pdf", f"text/{'长' * 40}.txt"),
    ],
)
def test_file_names_are_made_safe(name: str, file: str, tmp_path: Path) -> None:
    export([extraction(DOCUMENT.model_copy(update={"name": name}))], tmp_path)
    assert read(tmp_path / "documents.csv")[0]["text_file"] == file
    assert (tmp_path / file).is_file()


def test_what_is_wrong_is_said_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="unknown format: docx; choose from csv, json, xlsx, parquet"):
        export([], tmp_path / "new", {"docx"})
    assert not (tmp_path / "new").exists()
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot be written to"):
        export([], tmp_path / "file")


def test_a_failure_midway_leaves_the_earlier_export(tmp_path: Path) -> None:
    export([extraction()], tmp_path)
    before = (tmp_path / "cells.csv").read_bytes()

    def breaks() -> Any:
        yield extraction()
        raise OSError("no more")

    with pytest.raises(OSError, match="no more"):
        export(breaks(), tmp_path)
    assert (tmp_path / "cells.csv").read_bytes() == before
    assert not list(tmp_path.glob(".export-*"))


def test_a_full_sheet_goes_on_in_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("worker.export.workbook.MAX_ROWS", 5)
    export([extraction()], tmp_path, {"xlsx"})
    book = openpyxl.load_workbook(tmp_path / "gouji.xlsx")
    assert [book[name].max_row for name in ("cells", "cells 2", "cells 3")] == [5, 5, 2]
    assert book["cells 3"]["A1"].value == "document"


def test_figures_that_a_spreadsheet_would_round_stay_text(tmp_path: Path) -> None:
    long = DOCUMENT.model_copy(update={"text": "1234567890123456.78\r\n"})
    cell = Cell(
        text="1234567890123456.78",
        amount=Amount(value=Decimal("1234567890123456.78"), decimals=2),
        span=long.span(0, 19),
    )
    whole = extraction(long)
    reading = Reading(chunk="t03", reader="layout", table=table("generic", [{"name": "x", "y": cell}]))
    export([whole.model_copy(update={"standing": {"t03": reading}})], tmp_path, {"xlsx", "parquet"})
    sheet = openpyxl.load_workbook(tmp_path / "gouji.xlsx")["cells"]
    assert (sheet["J2"].value, sheet["J2"].data_type) == ("1234567890123456.78", "s")
    assert pq.read_table(tmp_path / "cells.parquet")["value"].to_pylist() == [Decimal("1234567890123456.78")]
    assert read(tmp_path / "cells.csv")[0]["grounded"] == "true"
    assert (tmp_path / "text" / "某局_2024.txt").read_bytes() == b"1234567890123456.78\r\n"
