"""A table that runs over pages, its header printed again on each, is the table that it was."""

from __future__ import annotations

import hashlib

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import Document
from worker.ingest.pages import page_starts
from worker.pipeline import Extraction, extract
from worker.readers.layout import LayoutReader

ABOVE = ["支出决算表", "公开03表", "单位：万元"]
HEADER = "功能分类科目编码\t科目名称\t本年支出合计\t基本支出\t项目支出"
ROWS = [
    "\t合计\t7841.66\t6209.10\t1632.56",
    "201\t一般公共服务支出\t5987.96\t4355.40\t1632.56",
    "20103\t政府办公厅（室）及相关机构事务\t5987.96\t4355.40\t1632.56",
    "2010301\t行政运行\t4355.40\t4355.40\t",
    "2010302\t一般行政管理事务\t1632.56\t\t1632.56",
    "208\t社会保障和就业支出\t1853.70\t1853.70\t",
    "20805\t行政事业单位养老支出\t1853.70\t1853.70\t",
    "2080501\t行政单位离退休\t1000.00\t1000.00\t",
    "2080505\t机关事业单位基本养老保险缴费支出\t853.70\t853.70\t",
]


def read(lines: list[str]) -> Extraction:
    text = "\n".join(lines) + "\n"
    digest = hashlib.sha256(text.encode()).hexdigest()
    document = Document(name="t.txt", sha256=digest, text=text, page_starts=page_starts(text))
    return extract(document, [LayoutReader()])


def facts(extraction: Extraction) -> list[object]:
    """Tables with their figures, findings and verdicts, without places."""
    tables = [
        [(row.code, row.name, {column: cell.text for column, cell in row.cells()}) for row in table.rows]
        for table in extraction.tables.values()
    ]
    verdicts = [(verdict.status, verdict.passed, verdict.failed) for verdict in extraction.verdicts.values()]
    return [
        tables,
        sorted((f.check, f.status, str(f.left), str(f.right)) for f in extraction.findings),
        verdicts,
    ]


@settings(deadline=None)
@given(
    breaks=st.sets(st.integers(1, len(ROWS) - 1), min_size=1, max_size=3),
    wrong=st.booleans(),
    numbered=st.booleans(),
)
def test_page_breaks_change_no_verdict(breaks: set[int], wrong: bool, numbered: bool) -> None:
    rows = [row.replace("853.70\t853.70", "835.70\t853.70") if wrong else row for row in ROWS]
    paged = [*ABOVE, HEADER]
    for place, row in enumerate(rows):
        if place in breaks:
            paged += [f"— {len(paged)} —"] if numbered else []
            paged += ["\f" + HEADER]
        paged.append(row)

    assert facts(read(paged)) == facts(read([*ABOVE, HEADER, *rows]))
    assert any(finding.status == "failed" for finding in read(paged).findings) == wrong
