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
    r"(?:编制部门|预算单位|填报单位|编制单位|单位名称|部门名称|部门\(单位\)名称|部门|单位)\s*:\s*"
    r"([^\t\n|]{2,60}?)[ \t]*(?=\t|\||金额单位|单位[ ]*:|$)",
    re.MULTILINE,
)
_PAGE = re.compile(r"^[-=]+ *page *\d+", re.IGNORECASE)
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
    """The facts of a document from its head and from the heads of its tables, as printed."""
    head = [fold(x) for x in document.text[:3000].split("\n")]
    title = _title([x for x in head if x], document.text)
    names = Counter(
        fold(document.text[m.start(1) : m.end(1)])
        for m in _UNIT_NAME.finditer(document.reading)
        if not _UNIT_WORD.match("".join(m[1].split()))
    )
    years = Counter(int(y) for y in _YEAR.findall(document.reading[:6000]))
    year_in_title = _YEAR.search(title) or _YEAR.search("".join(head[:6]))
    return DocumentFacts(
        title=title,
        unit_name=names.most_common(1)[0][0] if names else _unit_in(title),
        year=int(year_in_title[1]) if year_in_title else (years.most_common(1)[0][0] if years else None),
        stage=stage_of(title) or document_stage(document.reading),
        pages=len(document.page_starts),
    )


def _title(head: Sequence[str], text: str) -> str:
    """The first lines up to the one that says 预算 or 决算.

    Failing that, words such as 2023年度部门决算 from the text, or the first line.
    """
    head = [x for x in head if not _PAGE.match(x)]
    for i, line in enumerate(head[:6]):
        if re.search(r"目\s*录|^第[一二三四五六七八九十]部分", line):
            break
        if re.search(r"预算|决算", line) and len(line) <= 60:
            return fold(" ".join(head[: i + 1]))[:120]
    named = re.search(r"20\d\d\s*年度?\s*部门[预决]算", text)
    return fold(named.group()) if named else (head[0][:80] if head else "")


def _unit_in(title: str) -> str:
    """What a title names beside the year and the kind of document."""
    match = re.match(r"(.{3,40}?)\s*\(?(?:汇总)?\)?\s*20\d\d\s*年度?", title)
    return match[1].strip() if match else ""
