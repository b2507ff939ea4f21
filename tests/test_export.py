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

from schemas import AnyTable, Cell, CellRef, Chunk, ConfigError, Document, Finding, Reading, table_type
from schemas.amounts import Amount
from schemas.findings import Suspect, Verdict
from schemas.numerals import parse_numeral
from schemas.source import ledger_of
from worker.export import Failure, export
from worker.pipeline import Extraction
from worker.segment import DocumentFacts

TEXT = """2024年度某局部门决算
支出决算表
金额单位：万元
编码 名称 合计 基本支出 项目支出
201 一般公共服务支出 6,901. 75 0.00 6,901.70
20106 财政事务 1,200.00 1,200.00
国有资本经营预算支出决算表
本单位没有国有资本经营预算支出。
其他表
项目 =备注
-2+3+cmd -3.5 +审核  意见
收入比上年减少8.20万元
"""


def place(printed: str, after: str = "") -> tuple[int, int]:
    """Offsets of `printed`, looked for behind `after`."""
    start = TEXT.index(printed, TEXT.index(after) + len(after))
    return start, start + len(printed)


def figure(printed: str, after: str = "", value: str | None = None) -> Cell:
    start, end = place(printed, after)
    found = parse_numeral(printed)
    assert found
    amount = Amount(value=Decimal(value) if value else found.value, decimals=found.decimals, unit="万元")
    return Cell(text=printed, amount=amount, span=DOCUMENT.span(start, end))


def words(printed: str, after: str = "") -> Cell:
    start, end = place(printed, after)
    return Cell(text=printed, span=DOCUMENT.span(start, end))


def chunk(key: str, start: str, end: str | None, kind: str | None, **more: Any) -> Chunk:
    first, last = TEXT.index(start), TEXT.index(end) if end else len(TEXT)
    return Chunk(
        id=key,
        document=DOCUMENT.sha256,
        role=more.pop("role", "table"),
        kind=kind,
        title=start,
        stage="final",
        year=2024,
        start=first,
        end=last,
        lines=((first, last),),
        first_line=DOCUMENT.line_of(first),
        last_line=DOCUMENT.line_of(last - 1),
        text=TEXT[first:last],
        ledger=ledger_of(DOCUMENT, first, last),
        **more,
    )


def table(kind: str, rows: list[dict[str, Any]], **more: Any) -> AnyTable:
    model = table_type(kind)
    return model(rows=[model.row_type()(**row) for row in rows], stage="final", year=2024, **more)


DOCUMENT = Document(name="某局 2024.txt", sha256="ab" * 32, text=TEXT)

EXPENDITURE = table(
    "expenditure_by_function",
    [
        {
            "code": "201",
            "name": "一般公共服务支出",
            "label": words("一般公共服务支出"),
            "code_cell": words("201", "项目支出\n"),
            "total": figure("6,901. 75"),
            "basic": figure("0.00", "6,901. 75"),
            "project": figure("6,901.70"),
        },
        {
            "code": "20106",
            "name": "财政事务",
            "total": figure("1,200.00"),
            # A reader that points at the wrong place: the claim must not survive the export.
            "basic": figure("1,200.00", "1,200.00", value="1200.01"),
        },
    ],
    title="支出决算表",
    unit="万元",
    columns=["total", "basic", "project"],
    headers={"total": "合计", "basic": "基本支出", "project": "项目支出"},
)
OTHER = table(
    "generic",
    [{"name": "-2+3+cmd", "label": words("-2+3+cmd"), "=备注": figure("-3.5"), "意见": words("+审核  意见")}],
    title="其他表",
    columns=["=备注", "意见"],
)
PROSE = table(
    "narrative_facts",
    [{"name": "收入", "change_amount": figure("8.20", value="-8.20"), "unit": words("万元", "减少8.20")}],
)
SHORT_BY = Finding(
    check="expenditure_by_function.natures",
    scope="row",
    tables=("t01",),
    statement="支出决算表 201 一般公共服务支出: 基本支出 0.00 + 项目支出 6901.70 = 合计 6901.75",
    status="failed",
    left=Decimal("6901.75"),
    right=Decimal("6901.70"),
    difference=Decimal("0.05"),
    tolerance=Decimal("0.015"),
    cells=(CellRef("t01", 0, "total"), CellRef("t01", 0, "basic"), CellRef("t01", 0, "project")),
    suspects=(
        Suspect(cell=CellRef("t01", 0, "project"), value=Decimal("6901.75"), reason="last digit"),
        Suspect(cell=CellRef("t01", 0, "total")),
    ),
)
HELD = Finding(
    check="cross.final_expenditure",
    scope="cross_table",
    tables=("t01", "t03"),
    statement="1 = 1",
    status="passed",
)


def extraction(document: Document = DOCUMENT) -> Extraction:
    standing = {"t01": EXPENDITURE, "t02": table("state_capital", []), "t03": OTHER, "n04": PROSE}
    return Extraction(
        document=document,
        facts=DocumentFacts(
            title="2024年度某局部门决算", unit_name="某局", year=2024, stage="final", pages=1
        ),
        chunks=(
            chunk("t01", "支出决算表", "国有资本", "expenditure_by_function", unit="万元"),
            chunk("t02", "国有资本", "其他表", "state_capital", blank="本单位没有国有资本经营预算支出。"),
            chunk("t03", "其他表", "收入比", None),
            chunk("n04", "收入比", None, "narrative_facts", role="narrative"),
            chunk("t05", "\n收入比", None, "expenditure_by_function"),
        ),
        readings={},
        standing={key: Reading(chunk=key, reader="layout", table=value) for key, value in standing.items()},
        findings=(SHORT_BY, HELD),
        verdicts={
            "t01": Verdict(
                table="t01",
                status="review",
                confidence=0.25,
                reasons=("a check fails", "a figure is unexplained"),
                passed=1,
                failed=1,
                coverage=2 / 3,
                blind_cells=(CellRef("t01", 1, "total"),),
                unexplained=("n1",),
            ),
            "t02": Verdict(table="t02", status="empty", confidence=1.0),
            "t03": Verdict(table="t03", status="accepted", confidence=0.99999),
            "n04": Verdict(table="n04", status="accepted", confidence=0.9),
            "t05": Verdict(table="t05", status="failed", confidence=0.0, reasons=("no reader answered",)),
        },
    )


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
    assert first["blind_cells"] == "1.total"
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
