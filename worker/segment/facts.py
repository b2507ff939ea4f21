"""What a document says of itself: title, unit, year, stage."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

from schemas import Document
from schemas.source import Stage
from schemas.text import fold

_YEAR = re.compile(r"(20\d\d)\s*年")
_UNIT_NAME = re.compile(
    r"(?:编制部门|预算单位|填报单位|编制单位|单位名称|部门名称|部门\(单位\)名称|部门|单位)\s*:\s*([^\t\n|]{2,60}?)\s*(?=\t|\||金额单位|单位\s*:|$)"
)
_UNIT_WORD = re.compile(r"^(?:人民币)?(?:百|千|万|亿)*元$")
_FINAL = re.compile(r"决算|自评")
_BUDGET = re.compile(r"预算|绩效目标")


class DocumentFacts(BaseModel):
    """Title, unit, year and stage of a document, each None or empty where it does not say."""

    model_config = ConfigDict(frozen=True)

    title: str = ""
    unit_name: str = ""
    year: int | None = None
    stage: Stage | None = None
    pages: int = 1


def stage_of(text: str) -> Stage | None:
    """`final` or `budget` by the word that a title uses; None if neither."""
    if _FINAL.search(text):
        return "final"
    return "budget" if _BUDGET.search(text) else None


def document_stage(text: str) -> Stage | None:
    """The stage of a whole document: 部门决算 against 部门预算, by their number."""
    squeezed = "".join(text.split())
    final, budget = (
        len(re.findall(word, squeezed)) for word in ("决算(?!数大|数小)", "部门预算|预算总表|预算表|预算数")
    )
    if not final and not budget:
        return None
    return "final" if final > budget else "budget"


def describe(document: Document) -> DocumentFacts:
    """The facts of a document from its head and from the heads of its tables."""
    reading = document.reading
    head = [fold(x) for x in reading[:3000].split("\n")]
    title = _title([x for x in head if x])
    names = Counter(
        fold(m[1])
        for line in reading.split("\n")
        for m in _UNIT_NAME.finditer(line)
        if not _UNIT_WORD.match("".join(m[1].split()))
    )
    years = Counter(int(y) for y in _YEAR.findall(reading[:6000]))
    year_in_title = _YEAR.search(title) or _YEAR.search("".join(head[:6]))
    return DocumentFacts(
        title=title,
        unit_name=names.most_common(1)[0][0] if names else "",
        year=int(year_in_title[1]) if year_in_title else (years.most_common(1)[0][0] if years else None),
        stage=stage_of(title) or document_stage(reading),
        pages=len(document.page_starts),
    )


def _title(head: Sequence[str]) -> str:
    """The first lines up to the one that says 预算 or 决算; without such a line the first line."""
    for i, line in enumerate(head[:6]):
        if re.search(r"目\s*录|^第[一二三四五六七八九十]部分", line):
            break
        if re.search(r"预算|决算", line) and len(line) <= 60:
            return fold(" ".join(head[: i + 1]))[:120]
    return head[0][:80] if head else ""
