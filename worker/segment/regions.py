"""Lines → regions: which lines form one table, which are prose with figures."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice, takewhile

from schemas import kinds
from schemas.numerals import parse_numeral
from schemas.text import split_ordinal, squeeze
from worker.segment.anchors import (
    Anchor,
    anchor_of,
    is_note,
    is_page_mark,
    is_part_heading,
    is_prose,
    is_section_heading,
    unit_of,
)
from worker.segment.lines import Line

PERFORMANCE = frozenset({"performance", "performance_self_evaluation", "performance_target"})

_BLANK = re.compile(
    r"(?:本|我|该)?(?:单位|部门|表|年度|年|委|局|办)?[^。;,，]{0,20}"
    r"(?:没有|无|未安排|不涉及|未发生|空表)[^。;,，]{0,20}(?:政府性基金|国有资本|三公|财政拨款|预算|支出|数据|空表|此项|该项|内容)"
    r"|本表为空(?:表)?|此表为空|空表"
)
_MONEY = re.compile(r"\d\s*(?:百万元|千元|万元|亿元|元|%|％)|(?:[$€£¥]|USD|EUR)\s?\d")
# A name is broken into so many lines at most; an ordinal stands so near to the one before it.
_PIECES = 3
_NEAR = 12
_DIGITS = "一二三四五六七八九"
_ORDINALS = {
    (_DIGITS[tens - 2] if tens > 1 else "") + ("十" if tens else "") + digit: 10 * tens + number
    for tens in range(4)
    for number, digit in enumerate(("", *_DIGITS))
}
_TOTAL_ROW = re.compile(r"合计|总计|(?i:\btotal\b)")


@dataclass
class Region:
    """Lines [first, last] (indices) of one table or one section of prose."""

    first: int
    last: int
    kind: str | None = None
    title: str = ""
    form: str | None = None
    prose: bool = False
    marks: set[str] = field(default_factory=set)

    def take(self, anchor: Anchor) -> None:
        """Add an anchor that belongs to the region."""
        self.marks.add(anchor.mark)
        if anchor.mark == "title" or not self.title:
            self.title = anchor.title if anchor.mark != "label" else self.title
        self.form = self.form or anchor.form
        if anchor.kind and (self.kind is None or self.kind == "performance"):
            self.kind = anchor.kind


def blank_statement(lines: Sequence[Line]) -> str | None:
    """The sentence that says a form has no figures, None if none says so."""
    for line in lines:
        if not line.separated and (match := _BLANK.search(line.squeezed)) and not line.has_amount:
            return match.group()
    return None


def kind_of_header(texts: Sequence[str]) -> tuple[str | None, int]:
    """(kind, matches): the kind most of whose columns are named by squeezed header texts, each text counted once."""
    best: tuple[str | None, int] = (None, 0)
    for name, model in kinds().items():
        named = [
            {text for text in texts if any(alias and re.fullmatch(alias, text) for alias in info.aliases)}
            for info in model.row_type().column_infos().values()
        ]
        matches = min(sum(map(bool, named)), len(set().union(*named)))
        if matches > best[1]:
            best = (name, matches)
    return best


def table_regions(lines: Sequence[Line]) -> list[Region]:
    """The table regions of a document, in order; lines outside belong to none."""
    regions = [r for r in _walk(lines) if _has_body(r, lines)]
    regions = _join_continued(regions, lines)
    taken = {i for r in regions for i in range(r.first, r.last + 1)}
    regions.extend(_untitled(lines, taken))
    return sorted(regions, key=lambda r: r.first)


def _walk(lines: Sequence[Line]) -> Iterator[Region]:
    current: Region | None = None
    pending: int | None = None  # a form number that stands before the title it belongs to
    for i, line in enumerate(lines):
        if line.blank or is_page_mark(line):
            continue
        anchor = None if is_part_heading(line) else anchor_of(line)
        if anchor is None:
            pending = None
            if _ends(current, line) and not (current and _goes_on(current, lines, i)):
                if current:
                    yield current
                current = None
            elif current and _new_header(current, lines, i):
                yield current
                current = Region(i, i, kind_of_header(_texts(lines[i : i + 2]))[0])
            elif current:
                current.last = i
            continue
        if current and _belongs(current, anchor) and not _opens_form(current, anchor, lines, i):
            current.take(anchor)
            current.last = i
            pending = None
        elif anchor.mark == "form":
            pending = i if pending is None else pending
        else:
            if current:
                yield current
            current = Region(i if pending is None else pending, i)
            current.take(anchor)
            if pending is not None and current.form is None:
                form = anchor_of(lines[pending])
                current.form = form.form if form else None
            pending = None
    if current:
        yield current


def _ends(current: Region | None, line: Line) -> bool:
    """Whether a line that is no anchor ends the current form: a heading, or prose after a table of figures.

    Performance forms hold sentences and labels such as 实际完成情况 of their own; only numbered headings end them.
    """
    if is_part_heading(line):
        return True
    if current is not None and current.kind in PERFORMANCE:
        return is_section_heading(line) and bool(re.match(r"^[一二三四五六七八九十]+、", line.squeezed))
    return is_section_heading(line) or (
        current is not None
        and len(line.squeezed) >= 40
        and "。" in line.squeezed
        and is_prose(line)
        and not is_note(line)
        and not blank_statement([line])
    )


def _goes_on(current: Region, lines: Sequence[Line], i: int) -> bool:
    """Whether line i is a name in a table, or a piece of one, though it ends as headings do: the next lines bring a
    row of figures and no title, and if it bears an ordinal, that before stands in the lines before."""
    line = lines[i]
    if is_part_heading(line) or current.kind in PERFORMANCE:
        return False
    ordinal = split_ordinal(line.squeezed)[0]
    if ordinal and not _counts_on(ordinal, lines[max(current.first, i - _NEAR) : i]):
        return False
    if not any(x.has_amount for x in lines[current.first : i]):
        return False
    for following in islice((x for x in lines[i + 1 :] if not (x.blank or is_page_mark(x))), _PIECES):
        if anchor_of(following) or is_prose(following) or is_section_heading(following):
            return False
        if following.has_amount:
            return following.separated or len(following.fields) > 1 or len(following.numerals) > 1
    return False


def _counts_on(ordinal: str, lines: Sequence[Line]) -> bool:
    """Whether the ordinal before 二十七、 begins a field of these lines."""
    number = _ORDINALS.get(ordinal.rstrip("、"), 0)
    return any(
        _ORDINALS.get(split_ordinal(squeeze(field.text))[0].rstrip("、")) == number - 1
        for line in lines
        for field in line.fields
        if number > 1
    )


def _opens_form(current: Region, anchor: Anchor, lines: Sequence[Line], i: int) -> bool:
    """Whether a title opens the next performance form: its first label follows at once."""
    if anchor.mark == "form" or "label" not in current.marks:
        return False
    following = [x for x in lines[i + 1 : i + 12] if not x.blank][:3]
    return any((a := anchor_of(x)) is not None and a.mark == "label" for x in following)


def _belongs(current: Region, anchor: Anchor) -> bool:
    """Whether an anchor is part of the current form: of its kind, and with a mark that it still lacks.

    A form prints its numbered heading, its title, its number and its first label once each, in any order
    (text layers may print the head after the body).
    """
    if anchor.continued:
        return anchor.kind is None or anchor.kind == current.kind
    if anchor.mark == "form":
        return current.form is None or anchor.form == current.form
    same = anchor.kind == current.kind if anchor.kind and current.kind else anchor.title == current.title
    if {anchor.kind, current.kind} <= PERFORMANCE:
        same = True
    if anchor.mark == "label" and current.kind in PERFORMANCE:
        return "label" not in current.marks
    return same and anchor.mark not in current.marks


def _texts(lines: Sequence[Line]) -> list[str]:
    return ["".join(f.text.split()) for line in lines for f in line.fields]


def _new_header(current: Region, lines: Sequence[Line], i: int) -> bool:
    """Whether line i is the header of another table that begins without a title."""
    line = lines[i]
    if current.kind in PERFORMANCE or not line.separated or len(line.fields) < 3 or line.has_amount:
        return False
    before = lines[current.first : i]
    if any(x.squeezed == line.squeezed for x in before):  # its own header, repeated on the next page
        return False
    body = [x for x in before if x.has_amount]
    gap = i > 0 and lines[i - 1].blank
    if len(body) < 2 or not gap:
        return False
    texts = _texts(lines[i : i + 2])
    kind, matches = kind_of_header(texts)
    return kind is not None and kind != current.kind and matches >= 4


def _has_body(region: Region, lines: Sequence[Line]) -> bool:
    """Whether more than a title stands there; entries of a table of contents do not."""
    rest = [
        x
        for x in lines[region.first : region.last + 1]
        if not x.blank and ((a := anchor_of(x)) is None or a.mark in ("form", "label") or unit_of(x.squeezed))
    ]
    return any(unit_of(x.squeezed) or x.separated or x.has_amount or x.numerals for x in rest) or bool(
        blank_statement(rest)
    )


def _join_continued(regions: list[Region], lines: Sequence[Line]) -> list[Region]:
    """Join a region with the one before where it is the same table on the next page.

    The same title twice is one table if only one of the two has a total row; two units that print the
    same form have a total each.
    """
    joined: list[Region] = []
    for region in regions:
        before = joined[-1] if joined else None
        if (
            before
            and region.kind == before.kind
            and region.title == before.title
            and region.kind not in PERFORMANCE
            and region.kind is not None
            and _has_total(before, lines) != _has_total(region, lines)
            and any(x.has_amount for x in lines[region.first : region.last + 1])
        ):
            before.last = region.last
        else:
            joined.append(region)
    return joined


def _has_total(region: Region, lines: Sequence[Line]) -> bool:
    return any(_TOTAL_ROW.search(x.squeezed) and x.has_amount for x in lines[region.first : region.last + 1])


def _untitled(lines: Sequence[Line], taken: set[int]) -> Iterator[Region]:
    """Runs of tabular lines outside every region: tables without a title that is known as one."""
    run: list[int] = []
    for i in [*range(len(lines)), -1]:
        line = lines[i] if i >= 0 else None
        tabular = line is not None and i not in taken and len(line.fields) >= 2 and not _sentence(line)
        if tabular:
            run.append(i)
            continue
        if line is not None and i not in taken and run and _may_stand_inside(lines, i, run[-1]):
            continue
        with_numbers = [k for k in run if any(parse_numeral(f.text) for f in lines[k].fields)]
        if len(run) >= 3 and len(with_numbers) >= 2:
            yield (region := _untitled_region(lines, run, taken))
            taken |= {*range(region.first, region.last + 1)}
        run = []


def _may_stand_inside(lines: Sequence[Line], i: int, last: int) -> bool:
    """A blank line, the mark of a page, the rule of a Markdown table, or a label alone ("Assets"), which may be broken
    over lines, between the rows of a table, the last of which is `last`."""
    line = lines[i]
    if line.blank:
        return line.furniture or lines[i - 1].furniture or not lines[i - 1].blank
    if line.separated and (not line.fields or lines[last].separated):
        return True
    visible = [x for x in lines[last + 1 : i + 1] if not (x.blank or _is_page(x))]
    if len(visible) > _PIECES:
        return False
    for following in islice((x for x in lines[i + 1 :] if not (x.blank or _is_page(x))), _PIECES):
        if len(following.fields) > 1 and not _sentence(following):
            return _is_page(line) or _is_label(line)
        if not _is_label(following):
            return False
    return False


def _is_label(line: Line) -> bool:
    """A short text alone on its line that opens no section."""
    short = len(line.fields) == 1 and len(line.squeezed) <= 40
    return short and not line.numerals and not is_section_heading(line) and anchor_of(line) is None


def _is_page(line: Line) -> bool:
    """A line that says which page it is, if only by its number."""
    return is_page_mark(line) or (line.squeezed.isdigit() and len(line.squeezed) <= 3)


def _sentence(line: Line) -> bool:
    """A line of prose, also one whose words are set apart by spaces."""
    return is_prose(line) or (
        not line.separated and bool(re.search(r"。|[,、][\u4e00-\u9fff]", line.squeezed))
    )


def _untitled_region(lines: Sequence[Line], run: list[int], taken: set[int]) -> Region:
    head = list(takewhile(lambda k: not lines[k].has_amount, run[:3]))
    kind, matches = kind_of_header(_texts([lines[k] for k in head]))
    first = run[0]
    for i in range(run[0] - 1, -1, -1):  # a header over one column alone, and labels of sections under it
        if i in taken or not lines[i].separated or not lines[i].fields:
            break
        if any(field.column > 0 for field in lines[i].fields):
            first = i
    title = ""
    for i in range(first - 1, max(-1, first - 4), -1):
        line = lines[i]
        if i in taken or is_prose(line):
            break
        if line.fields and not _is_page(line):
            title, first = line.text.strip(), i
            if not unit_of(line.squeezed):
                break
    return Region(first, run[-1], kind if matches >= 3 else None, title)


def prose_regions(lines: Sequence[Line], tables: Sequence[Region]) -> list[Region]:
    """Sections of prose with figures of money or percent, outside the tables."""
    taken = {i for r in tables for i in range(r.first, r.last + 1)}
    found: list[Region] = []
    current: Region | None = None
    for i, line in enumerate(lines):
        if i in taken:
            current = None
            continue
        if line.blank or is_page_mark(line):
            continue
        opens = is_part_heading(line) or (is_section_heading(line) and not line.squeezed.startswith("("))
        if current is None or opens:
            current = Region(i, i, "narrative_facts", line.text.strip() if opens else "", prose=True)
            found.append(current)
        current.last = i
    return [r for r in found if any(_MONEY.search(x.text) for x in lines[r.first : r.last + 1])]
