"""The report on documents: what it tells, in which order, and that hostile text stays text."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from schemas import CellRef, Document, Finding, Span
from schemas.findings import Candidate, Rearrangement, Suspect
from tests.extractions import SHORT_BY, TEXT, extraction
from worker.export import Failure
from worker.pipeline import Extraction
from worker.report import ReportBook, page, report_of
from worker.report.quote import quote

DAY = date(2026, 3, 1)
HOSTILE = "<script>alert('x')</script>"
FORMULA = '=cmd|"/c calc"!A1'


def finding(check: str, difference: str | None, **more: Any) -> Finding:
    """A failed check of t01, its right side 100.00."""
    off = Decimal(difference) if difference else None
    return Finding(
        check=check,
        scope=more.pop("scope", "column"),
        tables=("t01",),
        statement=check,
        status=more.pop("status", "failed"),
        left=Decimal(100) + off if off is not None else None,
        right=Decimal(100) if off is not None else None,
        difference=off,
        tolerance=Decimal("0.01") if off is not None else None,
        cells=(CellRef("t01", 0, "total"),),
        **more,
    )


def with_findings(*findings: Finding) -> Extraction:
    return extraction().model_copy(update={"findings": findings})


def order(*findings: Finding) -> list[str]:
    return [item.finding.check for item in report_of(with_findings(*findings), "d").contradictions]


def test_contradictions_stand_by_the_money_at_stake_then_by_their_verdict() -> None:
    assert order(
        finding("small", "0.02", verdict="source"),
        finding("names", None, verdict="source"),
        finding("rate", "30", scope="ratio"),
        finding("some misread", "2", verdict="misread"),
        finding("some undetermined", "2.1"),
        finding("some misplaced", "1", verdict="misplaced"),
        finding("grave", "20"),
        finding("graver", "-30"),
        finding("holds", "50", status="passed"),
    ) == [
        "graver",
        "grave",
        "some misplaced",
        "some misread",
        "some undetermined",
        "small",
        "names",
        "rate",
    ]


def test_a_contradiction_has_both_sides_its_lines_and_its_suspects() -> None:
    candidate = Candidate(value=Decimal("6901.75"), evidence="look_alike", words="0 and 5 look alike")
    suspect = Suspect(
        cell=CellRef("t01", 0, "project"),
        value=Decimal("6901.75"),
        low=Decimal("6901.745"),
        high=Decimal("6901.755"),
        reason="the only change; 0 and 5 look alike",
        candidates=(candidate,),
    )
    [item] = report_of(
        with_findings(SHORT_BY.model_copy(update={"suspects": (suspect,)})), "d"
    ).contradictions

    assert [(side.words, side.figure) for side in item.sides] == [
        ("as printed", Decimal("6901.75")),
        ("as it follows from the others", Decimal("6901.70")),
    ]
    assert (item.unit, item.titles) == ("万元", ("t01 支出决算表",))
    [line] = item.lines
    assert (line.number, line.page, line.place) == (5, None, "line 5")
    assert line.text == "201 一般公共服务支出 6,901. 75 0.00 6,901.70"
    assert [(part.text, part.mark) for part in line.segments if part.mark] == [
        ("6,901. 75", "figure"),
        ("0.00", "figure"),
        ("6,901.70", "suspect"),
    ]
    [doubt] = item.doubts
    assert doubt.words == (
        "t01 201 一般公共服务支出, 项目支出, line 5: 6,901.75 (6,901.745 to 6,901.755) would close (0 and 5 look alike)"
    )
    assert doubt.reason == "the only change"


def test_what_waits_and_what_nobody_checked_is_counted() -> None:
    whole = extraction()
    unbound = Finding(
        check="narrative.unbound",
        scope="narrative",
        tables=("n04",),
        statement="收入",
        status="skipped",
        cells=(CellRef("n04", 0, "change_amount"),),
    )
    verdict = whole.verdicts["t01"].model_copy(
        update={"proposals": (Rearrangement(moves=(), words="move it"),)}
    )
    report = report_of(
        whole.model_copy(
            update={"findings": (SHORT_BY, unbound), "verdicts": {**whole.verdicts, "t01": verdict}}
        ),
        "d",
    )

    assert (report.passed, report.failed, report.skipped, report.claims_unbound) == (0, 1, 0, 1)
    assert [line.text for line in report.unbound] == ["收入比上年减少8.20万元"]
    assert [(item.table, item.status, item.reasons, item.proposals) for item in report.waiting] == [
        (
            "t01",
            "review",
            ("takes part in 1 of the contradictions", "a check fails", "a figure is unexplained"),
            ("move it",),
        ),
        ("t05", "failed", ("no reader answered",), ()),
    ]
    [unseen] = report.unseen
    assert (unseen.table, unseen.cells, unseen.figures, unseen.named) == (
        "t01",
        1,
        5,
        ("20106 财政事务, 合计",),
    )


def test_long_sums_quote_some_lines_and_count_the_rest() -> None:
    text = "".join(f"row {number} {number}.00\n" for number in range(40))
    document = Document(name="d", sha256="0" * 64, text=text)
    figures = [match.span() for match in re.finditer(r"\d+\.00", text)]

    found = quote(document, {document.span(*span): "figure" for span in figures})

    assert [line.number for line in found] == list(range(1, 41))
    assert found[7].text == "row 7 7.00"


def test_long_lines_are_cut_around_their_figures() -> None:
    text = f"{'甲' * 300} 1.00 {'乙' * 300} 2.00 {'丙' * 300}\fnext 3.00"
    document = Document(name="d", sha256="0" * 64, text=text, page_starts=(0, text.index("\f") + 1))
    spans = [document.span(text.index(x), text.index(x) + 4) for x in ("1.00", "2.00")]

    [line] = quote(document, dict.fromkeys(spans, "figure"))

    assert line.place == "line 1, p. 1"
    assert len(line.text) < 300
    assert [part.text for part in line.segments if part.mark] == ["1.00", "2.00"]
    assert line.text.startswith("… 甲")
    assert line.text.endswith("丙 …")


@pytest.mark.parametrize("span", [(0, 0), (5, 3), (0, 10**6)])
def test_places_outside_the_text_are_not_quoted(span: tuple[int, int]) -> None:
    document = Document(name="d", sha256="0" * 64, text="1.00")

    assert quote(document, {Span(start=span[0], end=span[1], line=1): "figure"}) == []


class _Tags(HTMLParser):
    """The tags and the text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)

    def handle_data(self, data: str) -> None:
        if self.lasttag != "style":
            self.words.append(data)


def hostile() -> Extraction:
    whole = extraction()
    suspect = Suspect(
        cell=CellRef("t01", 0, "project"),
        reason=HOSTILE,
        candidates=(Candidate(value=Decimal(1), evidence="numeral", words=FORMULA),),
    )
    bad = SHORT_BY.model_copy(update={"statement": FORMULA, "suspects": (suspect,)})
    facts = whole.facts.model_copy(update={"title": HOSTILE})
    # As long as what it stands for, so that no place moves.
    document = whole.document.model_copy(update={"text": TEXT.replace("一般公共服务支出", "<script>")})
    return whole.model_copy(update={"findings": (bad,), "facts": facts, "document": document})


def test_the_page_holds_hostile_text_as_text_and_asks_for_nothing() -> None:
    report = report_of(hostile(), HOSTILE)
    found = _Tags(page([report], [Failure(HOSTILE, "", FORMULA)], on=DAY))

    assert not {"script", "img", "link", "iframe", "object", "form"} & found.tags
    assert not {"src", "onclick", "onload", "style"} & found.attributes
    assert HOSTILE in found.words
    assert any("<script>" in words for words in found.words)
    assert any(FORMULA in words for words in found.words)


def test_the_page_tells_all_in_order() -> None:
    text = " ".join(" ".join(_Tags(page([report_of(extraction(), "某局.txt")], on=DAY)).words).split())
    told = [
        "1 document read, 1 contradiction found. 2026-03-01.",
        "2024年度某局部门决算",
        "undetermined",
        "支出决算表 201 一般公共服务支出: 基本支出 0.00 + 项目支出 6901.70 = 合计 6901.75",
        "difference 0.05 万元",
        "rounding explains up to 0.015 万元",
        "line 5",
        "would close",
        "Tables not accepted",
        "Not checked",
        "1 cell that no check touches",
    ]
    places = [text.find(words) for words in told]
    assert -1 not in places, told[places.index(-1)]
    assert places == sorted(places)


def test_no_document_is_a_page_too() -> None:
    assert "0 documents read" in " ".join(_Tags(page([], on=DAY)).words)


def test_the_workbook_marks_doubtful_cells_and_says_why(tmp_path: Path) -> None:
    book = ReportBook(tmp_path / "report.xlsx")
    whole = hostile()
    book.add(report_of(whole, FORMULA), whole)
    book.add_failures([Failure("empty.txt", "", "is empty")])
    book.close()

    read = openpyxl.load_workbook(tmp_path / "report.xlsx")
    assert read.sheetnames == ["findings", "tables", "documents"]
    head, line = read["findings"].iter_rows()
    told = {str(key.value): cell for key, cell in zip(head, line, strict=True)}
    assert (told["document"].value, told["document"].data_type) == (FORMULA, "s")
    assert (told["statement"].value, told["statement"].data_type) == (FORMULA, "s")
    assert (told["left"].value, told["difference"].value, told["unit"].value) == (6901.75, 0.05, "万元")
    assert told["source"].value == "line 5: 201 <script> 6,901. 75 0.00 6,901.70"

    [doubtful] = [cell for row in read["tables"].iter_rows() for cell in row if cell.comment]
    assert (doubtful.value, doubtful.fill.fgColor.rgb) == (6901.7, "00F8B878")
    assert doubtful.comment
    assert doubtful.comment.text == f"Finding 1: suspected. {FORMULA}"
    assert not [cell for sheet in read for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
    names = [row[0].value for row in read["documents"].iter_rows(min_row=2)]
    assert names == [FORMULA, "empty.txt"]
