"""An extraction built by hand, with all that an export has to cope with."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from schemas import AnyTable, Cell, CellRef, Chunk, Document, Finding, Reading, table_type
from schemas.amounts import Amount
from schemas.findings import Suspect, Verdict
from schemas.numerals import find_numerals, parse_numeral
from schemas.source import ledger_of
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
        ledger=ledger_of(DOCUMENT, find_numerals(DOCUMENT.reading[first:last], base=first)),
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
                blind_spot=Decimal("0.015"),
                unexplained=("n1",),
            ),
            "t02": Verdict(table="t02", status="empty", confidence=1.0),
            "t03": Verdict(table="t03", status="accepted", confidence=0.99999),
            "n04": Verdict(table="n04", status="accepted", confidence=0.9),
            "t05": Verdict(table="t05", status="failed", confidence=0.0, reasons=("no reader answered",)),
        },
    )
