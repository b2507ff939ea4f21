"""Document → Chunks: one chunk a table region, one a section of prose with figures."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from unicodedata import east_asian_width

from schemas import Chunk, Document, ledger_of
from worker.segment.anchors import is_note, is_page_mark, unit_of
from worker.segment.cut import cut
from worker.segment.facts import DocumentFacts, describe, document_stage, stage_of
from worker.segment.furniture import furniture
from worker.segment.lines import Field, Line, lines_of
from worker.segment.regions import PERFORMANCE, Region, blank_statement, prose_regions, table_regions

# The code of a row: after a stroke and a row number it may be, before its name.
_LEADING_CODE = re.compile(r"^[\s|]*(?:\d{1,2}[.、]?[\s|]+)?(\d{3}|\d{5,7}|\d{9})(?![\d.,])")

__all__ = ["DocumentFacts", "Field", "Line", "cut", "describe", "lines_of", "segment"]


def segment(document: Document) -> list[Chunk]:
    """All chunks of a document in order. Ids: "t01" … for tables, "n01" … for prose."""
    lines = document_lines(document)
    tables = table_regions(lines)
    regions = sorted([*tables, *prose_regions(lines, tables)], key=lambda r: r.first)
    stage = stage_of(describe(document).title) or document_stage(document.reading)
    counts = {"t": 0, "n": 0}
    chunks = []
    for region in regions:
        prefix = "n" if region.prose else "t"
        counts[prefix] += 1
        chunk = _chunk(document, lines, region, f"{prefix}{counts[prefix]:02d}", stage)
        chunks.append(chunk)
    return chunks


def document_lines(document: Document) -> list[Line]:
    """Every line of a document, its end without the line break; page furniture is blank."""
    starts = document.line_starts
    bounds = [
        (a, (starts[i + 1] - 1) if i + 1 < len(starts) else len(document.text)) for i, a in enumerate(starts)
    ]
    lines = lines_of(document.reading, bounds, 0, document.delimiter)
    for i in furniture(document, lines):
        lines[i] = replace(lines[i], text=" " * len(lines[i].text), furniture=True)
    return lines


def _chunk(document: Document, lines: list[Line], region: Region, id_: str, stage: str | None) -> Chunk:
    while region.last > region.first and (lines[region.last].blank or is_page_mark(lines[region.last])):
        region.last -= 1
    span = lines[region.first : region.last + 1]
    start, end = span[0].start, span[-1].end
    kind = None if region.prose else _refined(region.kind, span)
    own_stage = stage_of(region.title) or stage
    year = re.search(r"(20\d\d)\s*年", region.title)
    figures = [x for x in span if x.has_amount and not is_note(x)]
    blank = blank_statement(span) if not region.prose and not figures and kind not in PERFORMANCE else None
    return Chunk(
        id=id_,
        document=document.sha256,
        role="narrative" if region.prose else "table",
        kind="narrative_facts" if region.prose else kind,
        title=region.title,
        form=region.form,
        unit=next((u for x in span if (u := unit_of(x.squeezed))), None),
        stage=own_stage if own_stage in ("budget", "final") else None,  # type: ignore[arg-type]
        year=int(year[1]) if year else None,
        start=start,
        end=end,
        lines=tuple((x.start, x.end) for x in span),
        first_line=region.first + 1,
        last_line=region.last + 1,
        page=document.page_of(start),
        text="\n".join(line.text for line in span),
        wide=frozenset(_wide(document, start, end)),
        blank=blank,
        delimiter=document.delimiter,
        whole=_in_grids(document, [x for x in span if x.separated]),
        # Line by line and field by field: no numeral reaches over a line end or a separator.
        ledger=ledger_of(document, (p for line in span for p in line.numerals)),
    )


def _in_grids(document: Document, rows: list[Line]) -> bool:
    return bool(rows) and all(any(a <= row.start < b for a, b in document.grids) for row in rows)


def _wide(document: Document, start: int, end: int) -> Iterator[int]:
    for offset in range(start, end):
        printed = document.text[offset]
        if printed != document.reading[offset] and east_asian_width(printed) in "WF":
            yield offset


def _refined(kind: str | None, span: list[Line]) -> str | None:
    """A kind whose title is ambiguous, settled by header words.

    收入(预算)总表 lists units in some provinces and functions in others; a performance form without a
    title of its own is told by its columns.
    """
    text = "\n".join(x.squeezed for x in span)
    if kind in ("income_by_unit", "income_by_function", "expenditure_by_function"):
        codes = [m[1] for x in span if (m := _LEADING_CODE.match(x.text))]
        units = sum(len(code) in (6, 9) for code in codes)
        functions = sum(len(code) in (5, 7) for code in codes)
        if units > functions and kind != "expenditure_by_function":
            return "income_by_unit"
        named = re.search(r"功能(?:分类)?|科目(?:编码|代码|名称)|[类款项]款", text)
        if named or any(code.startswith("2") for code in codes):
            return kind if kind != "income_by_unit" else "income_by_function"
        if (
            re.search(r"(?:单位|部门)(?:\(单位\))?(?:代码|编码|名称)", text)
            and kind != "expenditure_by_function"
        ):
            return "income_by_unit"
        if kind != "expenditure_by_function":
            return "generic"
    if kind == "three_public" and len(re.findall(r"(?<!\d)30[12]\d\d(?!\d)", text)) >= 3:
        return "generic"  # 机关运行经费 by economic class
    if kind in PERFORMANCE:
        evaluated = re.search(r"执行率|全年执行|自评|实际完成", text)
        return "performance_self_evaluation" if evaluated else "performance_target"
    return kind
