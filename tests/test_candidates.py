"""Values that a suspect cell may really have, and what speaks for them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from time import perf_counter

import hypothesis.strategies as st
import pytest
from hypothesis import assume, given

from schemas import Amount, Span
from schemas.findings import Candidate
from schemas.source import Numeral
from worker.reconcile.locate.candidates import candidates


def figure(text: str, unit: str | None = "万元") -> Amount:
    digits = text.replace(",", "").strip("%")
    return Amount(value=Decimal(digits), decimals=len(digits.partition(".")[2]), unit=unit)


def numeral(name: str, text: str, line: int = 7) -> Numeral:
    printed = figure(text)
    return Numeral(
        id=name,
        text=text,
        value=printed.value,
        decimals=printed.decimals,
        percent=text.endswith("%"),
        span=Span(start=0, end=0, line=line),
    )


def found(
    printed: str,
    low: str,
    high: str | None = None,
    *,
    numerals: Sequence[Numeral] = (),
    taken: Sequence[str] = (),
    near: Sequence[tuple[str, Amount]] = (),
    unit: str | None = "万元",
) -> tuple[Candidate, ...]:
    ends = Fraction(low), Fraction(high or low)
    return candidates(figure(printed, unit), printed, *ends, numerals, taken, near)


@pytest.mark.parametrize(
    ("true", "printed", "evidence", "words"),
    [
        ("1384.00", "1,334.00", "look_alike", "3 and 8 look alike: 1,384.00 for 1,334.00"),
        ("1680.77", "1580.17", "look_alike", "5 and 6, 1 and 7 look alike: 1680.77 for 1580.17"),
        ("1234.50", "1324.50", "transposed", "3 and 2 are swapped: 1234.50 for 1324.50"),
        ("1243.50", "1234.50", "transposed", "3 and 4 are swapped: 1243.50 for 1234.50"),
        ("1234.50", "134.50", "dropped", "a 2 is missing: 1234.50 for 134.50"),
        ("1234.18", "1234.8", "dropped", "a 1 is missing: 1234.18 for 1234.8"),
        ("50", "5", "dropped", "a 0 is missing: 50 for 5"),
        ("1234.50", "12234.50", "doubled", "the 2 is doubled: 1234.50 for 12234.50"),
        ("1234.5", "1234.55", "doubled", "the 5 is doubled: 1234.5 for 1234.55"),
        ("1234.5", "123.45", "point", "the decimal point has moved by 1 place: 1234.5 for 123.45"),
        ("1234.50", "123450", "point", "the decimal point has moved by 2 places: 1234.50 for 123450"),
        ("-12.00", "12.00", "sign", "a minus sign is missing: -12.00 for 12.00"),
        ("12.00", "-12.00", "sign", "a minus sign too many: 12.00 for -12.00"),
        ("12.345678", "123456.78", "unit", "given in 元, not in 万元: 12.345678 for 123456.78"),
        ("12300", "1.23", "unit", "given in 亿元, not in 万元: 12300 for 1.23"),
        ("4.90", "4.20", "digit", "one digit differs, 9 for 2: 4.90 for 4.20"),
        ("-1384.00", "-1334.00", "look_alike", "3 and 8 look alike: -1384.00 for -1334.00"),
    ],
)
def test_a_slip_is_undone(true: str, printed: str, evidence: str, words: str) -> None:
    first = found(printed, true)[0]

    assert (first.value, first.evidence, first.words) == (Decimal(true), evidence, words)


def test_letters_are_read_as_digits() -> None:
    (first, *_) = candidates(figure("34.00"), "1O34.00", Fraction(1034), Fraction(1034), ())

    assert first.words == "O and 0 look alike: 1034.00 for 1O34.00"


def test_a_factor_without_unit_is_named_by_its_size() -> None:
    assert [c.words for c in found("12", "1200", unit=None)] == ["100 times too small: 1200 for 12"]


def test_a_loose_numeral_comes_before_slips_and_these_before_one_that_has_a_cell() -> None:
    ledger = [numeral("n1", "1384.00", 12), numeral("n2", "1384.01", 13), numeral("n3", "17", 14)]

    told = [c.words for c in found("1334.00", "1383.99", "1384.02", numerals=ledger, taken=["n2"])]

    assert told == [
        "1384.00 is printed on line 12 and stands in no cell",
        "1384.01 is printed on line 13, in another cell",
    ]
    held = found("1334.00", "1384.00", numerals=ledger, taken=["n1", "n2"])
    assert [c.evidence for c in held] == ["look_alike"]


def test_a_whole_number_stands_for_a_figure_only_where_it_is_the_figure() -> None:
    ledger = [numeral("n1", "12"), numeral("n2", "12%")]

    assert found("87.55", "11.80", "11.90", numerals=ledger) == ()
    assert [c.value for c in found("87.55", "11.80", "12.00", numerals=ledger)] == [Decimal("12.00")]


def test_figures_of_neighbours_are_named_by_their_place() -> None:
    near = [("the row above", figure("43.52")), ("column 项目支出", figure("1,200", "元"))]

    assert [c.words for c in found("7.01", "43.52", near=near)] == ["the row above has 43.52"]
    (second,) = found("7.01", "0.12", near=near)
    assert (second.value, second.evidence) == (Decimal("0.1200"), "shift")
    assert second.words == "column 项目支出 has 1200"


def test_of_like_slips_the_one_nearest_the_middle_comes_first() -> None:
    told = [c.value for c in found("1.5", "4.0", "9.4") if c.evidence == "look_alike"]

    assert told == [Decimal("7.5"), Decimal("7.6")]


def test_a_value_that_closes_to_the_digit_comes_before_a_likelier_slip() -> None:
    told = [c.value for c in found("1632.65", "1632.54", "1632.58")]

    assert told.index(Decimal("1632.56")) == 0
    assert Decimal("1632.55") in told


def test_what_nothing_explains_has_no_candidate() -> None:
    assert found("1834.58", "977.13") == ()


def test_the_printed_figure_is_no_candidate() -> None:
    assert found("1834.58", "1834.58", numerals=[numeral("n1", "1834.58")]) == ()


def test_very_long_figures_are_left_alone() -> None:
    long = "1" * 6000

    assert candidates(figure(long), long, Fraction(5), Fraction(5), [numeral("n1", "5")])[0].value == 5


def test_hundreds_of_suspects_take_a_moment() -> None:
    begin = perf_counter()
    for last in range(300):
        found("1234567890.89", f"1284567890.{last:03}")

    assert perf_counter() - begin < 3


_figures = st.tuples(st.integers(10, 10**9), st.integers(0, 3))


def printed_as(number: int, decimals: int) -> str:
    return f"{Decimal(number).scaleb(-decimals):f}"


def slips(text: str) -> list[str]:
    """The figures that one slip makes of another."""
    whole, _, fraction = text.partition(".")
    digits = whole + fraction
    made = ["-" + text]
    for place, digit in enumerate(digits):
        others = [digits[:place] + other + digits[place + 1 :] for other in "0123456789" if other != digit]
        others.append(digits[:place] + digits[place : place + 2][::-1] + digits[place + 2 :])
        cut = len(whole)
        made += [changed[:cut] + ("." + changed[cut:] if fraction else "") for changed in others]
        for changed, cut in (
            (digits[:place] + digits[place + 1 :], len(whole) - 1),
            (digits[:place] + digit + digits[place:], len(whole) + 1),
        ):
            if place < len(whole) and cut:
                made.append(changed[:cut] + ("." + fraction if fraction else ""))
    made += [digits[:cut] + "." + digits[cut:] for cut in range(1, len(digits)) if abs(cut - len(whole)) <= 3]
    return [one for one in made if one.lstrip("-")[0] != "0" or one.lstrip("-")[1:2] == "."]


@given(figure_of=_figures, pick=st.integers(0), width=st.integers(0, 3))
def test_every_single_slip_is_undone(figure_of: tuple[int, int], pick: int, width: int) -> None:
    true = printed_as(*figure_of)
    made = slips(true)
    printed = made[pick % len(made)]
    assume(Decimal(printed) != Decimal(true))
    room = Fraction(width, 10 ** (figure_of[1] + 1))

    told = candidates(
        figure(printed), printed, Fraction(true) - room, Fraction(true) + room, (), taken=(), near=()
    )

    assert Decimal(true) in [candidate.value for candidate in told]


@given(
    figure_of=_figures,
    low=st.fractions(min_value=-(10**9), max_value=10**9, max_denominator=1000),
    width=st.fractions(min_value=0, max_value=10**6, max_denominator=1000),
)
def test_every_candidate_closes(figure_of: tuple[int, int], low: Fraction, width: Fraction) -> None:
    printed = printed_as(*figure_of)
    told = found(printed, str(low), str(low + width), numerals=[numeral("n1", "5.00")], unit=None)

    assert len(told) <= 5
    assert len({candidate.value for candidate in told}) == len(told)
    for candidate in told:
        exponent = candidate.value.as_tuple().exponent
        assert isinstance(exponent, int)
        assert exponent <= 0
        assert candidate.value != Decimal(printed)
        # Zeros that a larger unit adds at the end are not printed digits.
        half = Fraction(10**8) if candidate.evidence == "unit" else Fraction(10) ** exponent / 2
        assert low - half <= Fraction(candidate.value) <= low + width + half
