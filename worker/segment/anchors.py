"""What begins and ends a table region: titles, form numbers, labels that a form has once, section headings."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from schemas import kind_of_title
from schemas.numerals import parse_numeral
from schemas.text import split_ordinal, squeeze
from worker.segment.lines import Line

Mark = Literal["heading", "title", "form", "label"]


@dataclass(frozen=True, slots=True)
class Anchor:
    """A line that belongs to the head of a form.

    `mark` tells how: a numbered heading, a bare title, a form number alone, or a label that a form has
    once ("项目名称"). `continued` is set where the title says 续.
    """

    mark: Mark
    title: str
    kind: str | None
    form: str | None = None
    continued: bool = False


_FORM = re.compile(
    r"[(（]?((?:(?:财|部)?[预决]算?(?:公开)?|(?:部门)?公开|附)表?\d{1,2}(?:-\d+)?表?|表[\d一二三四五六七八九十]{1,3})(?:续[一二三四五\d]*)?[)）]?"
)
_FORM_ONLY = re.compile(rf"^(?:{_FORM.pattern})(?:单位[:：].*)?$")
_UNIT = re.compile(
    r"(?:金额)?单位[:：]?(?:人民币)?(百万元|千元|万元|亿元|元)|[(（](?:单位[:：])?(百万元|千元|万元|亿元|元)[)）]"
)
_TITLE_TAIL = re.compile(
    r"(?:总|明细|决算|预算|情况|汇总|申报|自评|目标|支出|收入|支|经费|评价|一览|负债|利润|流量)?表(?:格)?(?:[(（][^()（）]{0,14}[)）])*$"
)
_SENTENCE = re.compile(r"[。;；!！?？]|[,，].*[,，]")
_NOT_TITLE = re.compile(
    r"^(?:注|说明|备注|本表|此表|见|详见|序号)|(?:如下|见)表$|空表|代表$|(?<!申)报表$|填表"
)
_ENGLISH_TITLE = re.compile(
    r"^(?:(?:consolidated|combined|condensed) )*"
    r"(?:table|schedule|exhibit|statement|summary|balance sheet|income statement|budget|invoice|appendix)s?\b.{0,80}$",
    re.IGNORECASE,
)
_PART = re.compile(r"^第[一二三四五六七八九十]{1,3}(?:部分|章|节)")
_SECTION = re.compile(r"(?:说明|解释|概况|情况|职责|职能|目录|设置|构成|文件|依据|主体|方案|周期|安排|概述)$")
_FORM_LABELS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"^(?:政策\(项目\)|项目)名称$"), "performance"),
    (re.compile(r"^部门名称及编码$"), "performance_target"),
)
_COLUMN_WORD = re.compile(
    r"^(?:金额|合计|小计|.{0,8}(?:预算|决算)数?)$"
)  # beside 项目名称: the header of a table
_PAGE_MARK = re.compile(
    r"^(?:[-=]+page\d+[-=]*|page\d+(?:of\d+)?|[-—–]+\d{1,3}[-—–]+|第\d+页(?:共\d+页)?|\d+/\d+)$",
    re.IGNORECASE,
)


def unit_of(text: str) -> str | None:
    """The currency unit that a squeezed text names: 单位:万元, (万元); None if none."""
    match = _UNIT.search(text)
    return (match[1] or match[2]) if match else None


def is_page_mark(line: Line) -> bool:
    """A line that only says which page it is."""
    return bool(_PAGE_MARK.match(line.squeezed))


def is_part_heading(line: Line) -> bool:
    """第二部分 …: a new part of the document."""
    return bool(_PART.match(line.squeezed)) and len(line.squeezed) < 60


def is_section_heading(line: Line) -> bool:
    """A short line that opens a section of prose."""
    text = line.squeezed
    if line.separated or len(text) > 45 or _SENTENCE.search(text) or re.search(r"[,，。:：]", text):
        return False
    ordinal, rest = split_ordinal(text.lstrip("-"))
    return bool(_SECTION.search(rest)) and (
        bool(ordinal) or not line.numerals or bool(re.match(r"^\d{4}年", rest))
    )


def is_prose(line: Line) -> bool:
    """A sentence rather than a row of a table."""
    text = squeeze(_GROUPING.sub("", line.text))
    if line.separated or len(text) < 25 or _NOTE.match(text) or ends_in_figures(line):
        return False
    return bool(_SENTENCE.search(text)) or bool(_ENGLISH_SENTENCE.search(line.text))


def ends_in_figures(line: Line) -> bool:
    """Whether a gap parts the words of a line from figures at its end: however many commas, it is a row of a table."""
    return len(line.fields) > 1 and parse_numeral(line.fields[-1].text) is not None


_GROUPING = re.compile(r"(?<=\d), ?(?=\d{3}(?!\d))")  # the comma of 1,234 ends no clause
_ENGLISH_SENTENCE = re.compile(r"^\s*(?:[A-Za-z'-]+[ ,]){6,}.*[.:]\s*$")
_NOTE = re.compile(r"^(?:注|说明|备注)|^\d+[.、]")


def is_note(line: Line) -> bool:
    """注：… under a table."""
    return bool(re.match(r"^(?:注|说明|备注)\d*[:：.]?", line.squeezed))


def anchor_of(line: Line) -> Anchor | None:
    """The anchor that a line is, None for any other line."""
    if line.blank or is_page_mark(line) or is_note(line):
        return None
    fields = [f for f in line.fields if _without_unit("".join(f.text.split()))]
    texts = ["".join(f.text.split()) for f in fields]
    if line.separated and texts:
        for pattern, kind in _FORM_LABELS:
            if pattern.match(texts[0]) and len(texts) <= 3 and not any(map(_COLUMN_WORD.match, texts[1:])):
                return Anchor("label", texts[0], kind)
    elif any(pattern.match(line.squeezed) for pattern, _ in _FORM_LABELS):
        kind = next(kind for pattern, kind in _FORM_LABELS if pattern.match(line.squeezed))
        return Anchor("label", line.squeezed, kind)
    if title := _english_title(line):
        return Anchor("title", title, kind_of_title(title), continued="continued" in title.lower())
    forms = [t for t in texts if _FORM_ONLY.match(t)]
    texts = [_without_unit(t) for t in texts if not _FORM_ONLY.match(t)]
    form = _FORM.search(forms[0])[1] if forms else None  # type: ignore[index]
    if not line.separated:  # "项 目": the spaces of a title are no separators
        joined = _without_unit(line.squeezed)
        if _FORM_ONLY.match(joined):
            return Anchor("form", "", None, _FORM.search(joined)[1])  # type: ignore[index]
        texts = [joined]
    elif form and not texts:
        return Anchor("form", "", None, form)
    if len(texts) != 1:
        return None
    return _title(texts[0], form)


def _english_title(line: Line) -> str | None:
    """A line alone that begins as English titles of tables do: "Table 3. …", "Balance sheet as of …"."""
    text = " ".join(line.text.split()).lstrip("#* ").rstrip("* ")
    alone = len(line.fields) == 1 and not line.separated and not text.endswith(".")
    return text if alone and text.isascii() and _ENGLISH_TITLE.match(text) else None


def _without_unit(text: str) -> str:
    """A squeezed title without the department and the unit that may follow it in its cell."""
    text = re.split(r"(?<=表)(?:编制|填报)?(?:部门|单位)(?:名称)?:", text)[0]
    match = re.search(r"(?:金额)?单位[:：]?(?:人民币)?(?:百万元|千元|万元|亿元|元)$", text)
    return text[: match.start()] if match else text


def _title(text: str, form: str | None) -> Anchor | None:
    listed = text.startswith(("-", "•", "*", "#"))
    ordinal, rest = split_ordinal(text.lstrip("-•*#"))
    if not 3 <= len(rest) <= 50 or _SENTENCE.search(rest) or _NOT_TITLE.search(rest):
        return None
    continued = "续" in rest[-6:]
    bare = re.sub(r"[(（]?续[表一二三四五六七八九十\d]*[)）]?$", "", rest)
    found = _FORM.search(bare)
    if found and found.end() >= len(bare) - 1 and found.start() > 2:
        form = form or found[1]
        bare = bare[: found.start()]
    kind = kind_of_title(bare)
    if kind is None and not _TITLE_TAIL.search(bare):
        return None
    if (
        kind is not None
        and not re.search(r"表(?:格)?(?:[(（][^()（）]{0,14}[)）])*$", bare)
        and not bare.isascii()
    ):
        return None
    mark: Mark = "heading" if ordinal or listed else "title"
    return Anchor(mark, bare, kind, form, continued)
