"""How sure recognition was, in what is suspected, proposed and accepted."""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction

import pytest

from schemas import Amount, Document, Finding, Span
from schemas.findings import Suspect, Verdict
from schemas.source import Numeral, Word
from schemas.tables import CellRef
from worker.pipeline import Extraction, extract
from worker.readers.layout import LayoutReader
from worker.recognised import doubts
from worker.reconcile.locate.candidates import candidates

TEXT = """支出决算表
公开03表
单位：万元
科目编码\t科目名称\t本年支出合计\t基本支出\t项目支出
栏次\t1\t2\t3
合计\t\t300.00\t200.00\t100.00
201\t一般公共服务支出\t180.00\t120.00\t60.00
20106\t财政事务\t180.00\t120.00\t60.00
2010601\t行政运行\t120.00\t100.00\t20.00
2010602\t一般行政管理事务\t60.00\t20.00\t40.00
208\t社会保障和就业支出\t120.00\t80.00\t40.00
20805\t行政事业单位养老支出\t120.00\t80.00\t40.00
2080501\t行政单位离退休\t70.00\t30.00\t40.00
2080505\t机关事业单位基本养老保险缴费支出\t50.00\t50.00\t
"""


def extracted(text: str = TEXT, scores: dict[str, float] | None = None, others: float = 0.999) -> Extraction:
    """A page with these words, recognised with `scores` by their text; without scores a text file."""
    words = [
        Word(match.start(), match.end(), (0, 0, 1, 1), scores.get(match.group(), others))
        for match in re.finditer(r"\S+", text)
        if scores is not None
    ]
    document = Document(name="page", sha256="0" * 64, text=text, words=tuple(words))
    return extract(document, [LayoutReader()])


def verdict(text: str = TEXT, scores: dict[str, float] | None = None) -> Verdict:
    (found,) = extracted(text, scores).verdicts.values()
    return found


def failed(text: str, scores: dict[str, float] | None) -> list[Finding]:
    return [finding for finding in extracted(text, scores).findings if finding.status == "failed"]


def first(text: str, scores: dict[str, float] | None) -> Suspect:
    return failed(text, scores)[0].suspects[0]


def test_what_was_recognised_well_is_accepted_like_text() -> None:
    assert verdict(scores={}) == verdict()
    assert verdict().status == "accepted"


def test_a_figure_of_low_score_is_held_by_exact_sums() -> None:
    assert verdict(scores={"70.00": 0.4, "30.00": 0.5}) == verdict()


def test_a_figure_that_may_be_misread_alike_on_both_sides_is_not_held() -> None:
    # A tax of one row: total and basic are the same figure, and no other sum has them.
    rows = TEXT[: TEXT.index("201\t")].replace("300.00\t200.00\t100.00", "50.00\t50.00\t")
    one = rows + "208\t社会保障和就业支出\t50.00\t50.00\t\n"
    assert verdict(one, {}).status == "accepted"

    doubted = verdict(one, {"50.00": 0.9})

    assert doubted.status == "review"
    assert doubted.confidence == 0.9
    (reason,) = doubted.reasons
    assert reason.startswith(
        "recognised at less than 98 % and confirmed by nothing: 合计 本年支出合计 50.00 (90 %)"
    )


def test_a_sum_that_only_holds_for_rounding_holds_nothing_that_is_doubtful() -> None:
    # Two wrong last digits stay within the rounding of three terms.
    near = TEXT.replace("70.00\t30.00\t40.00", "70.01\t30.01\t40.01")
    assert verdict(near, {}).status == "accepted"
    assert verdict(near, {"40.01": 0.8}).status == "review"


def test_a_figure_that_prose_repeats_is_held() -> None:
    found = extracted(scores={"70.00": 0.6})
    ((chunk,), reading) = found.chunks, found.standing["t01"]
    (doubt,) = doubts(chunk, reading, ())
    assert (doubt.text, doubt.score, doubt.cell) == ("70.00", Decimal("0.6"), CellRef("t01", 7, "total"))

    def said(difference: str) -> Finding:
        cells = (CellRef("n01", 0, "amount"), CellRef("t01", 7, "total"))
        return Finding(
            check="narrative.total",
            scope="narrative",
            tables=("n01", "t01"),
            statement="",
            status="passed",
            difference=Decimal(difference),
            cells=cells,
        )

    assert doubts(chunk, reading, [said("0.00")]) == ()
    assert doubts(chunk, reading, [said("0.01")]) == (doubt,)


def test_a_code_of_low_score_is_held_by_its_name() -> None:
    assert verdict(scores={"2010602": 0.62}) == verdict()

    other = TEXT.replace("一般行政管理事务", "一股行政管理事务")  # its name is misread as well
    found = verdict(other, {"2010602": 0.62})

    assert (found.status, found.confidence) == ("review", 0.62)
    assert found.reasons == ("recognised at less than 98 % and confirmed by nothing: code 2010602 (62 %)",)


@pytest.mark.parametrize("score", [0.98, 0.99999, 1.0])
def test_from_the_bound_on_nothing_changes(score: float) -> None:
    assert verdict(scores={"2010602": score, "40.00": score}) == verdict()


def test_the_figure_of_low_score_is_suspected_first() -> None:
    # Any of three figures closes it; only the score tells them apart.
    tie = "\n".join(
        [*TEXT.splitlines()[:5], "合计\t\t60.00\t60.00\t", "201\t一般公共服务支出\t60.00\t58.00\t"]
    )
    assert "recognised" not in first(tie, None).reason

    for doubted in ("58.00", "60.00"):
        suspect = first(tie, {doubted: 0.62})
        table = extracted(tie).tables["t01"]
        assert table.rows[suspect.cell.row].get(suspect.cell.column).text == doubted
        assert suspect.reason.endswith("recognised at 62 %")


@pytest.mark.parametrize(
    ("true", "seen", "words"),
    [
        ("70.00", "79.00", "9 and 0 look alike"),
        ("30.00", "50.00", "5 and 3 look alike"),
        ("70.00", "170.00", "the 1 in front is none"),
        ("70.00", "7000", "the decimal point has moved by 2 places"),
        ("70.00", "0.00", "a 7 is missing"),
    ],
)
def test_slips_of_recognition_are_undone(true: str, seen: str, words: str) -> None:
    suspect = first(TEXT.replace(f"\t{true}\t", f"\t{seen}\t", 1), {seen: 0.6})
    assert suspect.candidates[0].value == Decimal(true)
    assert words in suspect.candidates[0].words


def part(name: str, text: str, start: int) -> Numeral:
    span = Span(start=start, end=start + len(text), line=7)
    decimals = len(text.partition(".")[2])
    value = Decimal(text.replace(",", ""))
    return Numeral(id=name, text=text, value=value, decimals=decimals, percent=False, span=span, score=0.6)


@pytest.mark.parametrize(
    ("own", "other", "true"),
    [
        (part("n1", "6,901", 10), part("n2", "75", 16), "6901.75"),
        (part("n2", "649.07", 14), part("n1", "13", 10), "13649.07"),
        (part("n1", "31,364", 10), part("n2", "000", 17), "31364000"),
    ],
)
def test_two_parts_of_a_figure_are_put_together(own: Numeral, other: Numeral, true: str) -> None:
    printed = Amount(value=own.value, decimals=own.decimals)

    def proposed(*ledger: Numeral) -> list[str]:
        close = Fraction(true)
        found = candidates(printed, own.text, close, close, ledger, {own.id}, own=own)
        return [c.words for c in found[:1] if c.value == Decimal(true) and "side by side" in c.words]

    assert proposed(own, other)
    apart = other.model_copy(update={"span": Span(start=90, end=92, line=7)})
    assert not proposed(own, apart)


def test_the_source_is_not_blamed_for_what_may_be_misread() -> None:
    wrong = TEXT.replace("70.00", "76.00")
    assert {finding.verdict for finding in failed(wrong, None)} == {"source"}
    assert {finding.verdict for finding in failed(wrong, {})} == {"source"}
    assert {finding.verdict for finding in failed(wrong, {"76.00": 0.6})} == {""}
