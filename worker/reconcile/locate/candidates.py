"""Values that a cell may really have: those that close and that explain how the printed figure came about.

What was printed is taken to be the true figure after one slip. Every slip is undone on the printed digits, and the
values that close are kept: some hundreds of integers to look at, however wide the interval.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import cache
from itertools import combinations, pairwise, product
from math import ceil, floor
from typing import NamedTuple

from schemas.amounts import UNITS, Amount, unit_factor
from schemas.findings import Candidate, Evidence
from schemas.numerals import parse_numeral
from schemas.source import Numeral
from schemas.text import fold, normalise, squeeze
from worker.recognised import unsure

# A reviewer looks at the first few.
_MOST = 5
# Longer figures are no amounts, and pairs of their digits are many.
_MOST_DIGITS = 30
_MOST_PLACES = 3
# A mark and a blank at most between two parts of a figure.
_GAP = 2
_POWERS = (1, 2, 3, 4, 6, 8)


class _Way(NamedTuple):
    """A way in which a printed figure comes about, and why it stands where it stands in the order."""

    evidence: Evidence
    why: str


_ORDER: dict[str, _Way] = {
    "loose": _Way("numeral", "a numeral that closes and has no cell of its own is hardly there by chance"),
    "broken": _Way("numeral", "a figure in two parts, of which one stands in no cell"),
    "letter": _Way("look_alike", "a letter in a figure is a misread digit"),
    "sign": _Way("sign", "reaches one value only; minus signs and parentheses are small marks"),
    "look_alike": _Way("look_alike", "what scanners confuse most; reaches a few values"),
    "transposed": _Way("transposed", "the commonest slip of people who type; reaches a value a digit"),
    "unit": _Way("unit", "tables of other units are copied as they are; reaches a value a unit"),
    "doubled": _Way("doubled", "reaches a few values"),
    "point": _Way("point", "reaches a few values, but rarely happens"),
    "near": _Way("shift", "a table has few neighbours, but sums of one part are equal without any slip"),
    "dropped": _Way("dropped", "common, but reaches ten values a digit"),
    "added": _Way("digit", "rules and specks beside a figure are recognised as a digit"),
    "look_alikes": _Way(
        "look_alike", "two misread digits in one figure are rarer than one, and reach many values"
    ),
    "held": _Way("numeral", "a numeral of another cell: long tables have one for many a value"),
    "factor": _Way("unit", "a factor that is between no two units that are in use"),
    "digit": _Way("digit", "explains any value that differs in one place"),
}
"""The likeliest first: how often it happens, against how many values it reaches (and so by chance)."""

_RANKS = {name: rank for rank, name in enumerate(_ORDER)}
# Of a figure that was recognised with a low score: programs lose, add and confuse marks, but swap none.
_MISREAD = ("loose", "broken", "letter", "look_alike", "point", "sign", "dropped", "added", "look_alikes")
_MISREAD_RANKS = {name: rank for rank, name in enumerate(dict.fromkeys((*_MISREAD, *_ORDER)))}
_ALIKE = {"0": "68", "6": "085", "8": "063", "1": "7", "7": "1", "3": "8", "5": "6"}
# What recognition confuses besides, where the image is poor.
_POOR = {"0": "9", "1": "4", "2": "7", "3": "5", "4": "1", "5": "38", "7": "2", "8": "9", "9": "08"}
_LETTERS: dict[str, str | int | None] = {"O": "0", "o": "0", "l": "1", "I": "1", "|": "1"}
_SIGNS = {1: "a minus sign is missing", -1: "a minus sign too many"}


class _Origin(NamedTuple):
    """A figure that may have been meant, number · 10^-decimals, and how the printed one came about from it."""

    way: str
    number: int
    decimals: int
    words: str


def candidates(
    amount: Amount,
    text: str,
    low: Fraction,
    high: Fraction,
    numerals: Sequence[Numeral],
    taken: Collection[str] = (),
    near: Sequence[tuple[str, Amount]] = (),
    own: Numeral | None = None,
) -> tuple[Candidate, ...]:
    """The values that close and can be explained, the likeliest first; at most five, none where nothing explains.

    `amount` and `text` are the printed figure, [`low`, `high`] the values that would close, in its unit. A value
    closes where its own rounding meets them. `numerals` are the ledger of the chunk, of which `taken` stand in
    cells; `near` are figures of neighbouring rows and columns, each with words that name its place. Values
    that close to the digit come before those that only close for rounding: most tables are printed so.
    """
    middle = (low + high) / 2
    # No figure lost a decimal that none around it has.
    finest = max((other.decimals for _, other in near), default=amount.decimals + 1)
    closing = _within(low, high)
    ulp = Fraction(1, 10**amount.decimals)
    ranks = _MISREAD_RANKS if unsure(own) else _RANKS
    found: dict[Decimal, tuple[bool, int, Fraction, _Origin]] = {}
    for origin in (
        *_elsewhere(amount, text, low, high, numerals, taken),
        *_beside(amount, text, near),
        *_broken(own, numerals, taken),
        *_slips(amount, text, recognised=own is not None),
    ):
        least, most = closing(origin.decimals)
        if not least <= origin.number <= most:
            continue
        if origin.way == "dropped" and origin.decimals > max(finest, amount.decimals):
            continue
        value = _value(origin)
        off = abs(Fraction(value) - middle)
        key = 2 * off > ulp, ranks[origin.way], off, origin
        if value != amount.value and (value not in found or key < found[value]):
            found[value] = key
    best = sorted(found.items(), key=lambda entry: (entry[1][:3], entry[0]))[:_MOST]
    return tuple(
        Candidate(value=value, evidence=_ORDER[origin.way].evidence, words=_told(origin, text))
        for value, (*_, origin) in best
    )


def _within(low: Fraction, high: Fraction) -> Callable[[int], tuple[int, int]]:
    """Decimals → the least and the greatest number · 10^-decimals whose rounding meets [low, high]."""
    half = Fraction(1, 2)

    @cache
    def bounds(decimals: int) -> tuple[int, int]:
        one = Fraction(10) ** decimals
        return ceil(low * one - half), floor(high * one + half)

    return bounds


def _number(value: Decimal, decimals: int) -> int:
    return int(Fraction(value) * 10**decimals)


def _value(origin: _Origin) -> Decimal:
    number = origin.number * 10 ** max(0, -origin.decimals)
    return Decimal((int(number < 0), Decimal(abs(number)).as_tuple().digits, -max(0, origin.decimals)))


def _told(origin: _Origin, text: str) -> str:
    """The words of an origin; of a slip with the figure meant, in the manner of the printed one."""
    if _ORDER[origin.way].evidence in {"numeral", "shift"}:
        return origin.words
    value = _value(origin)
    meant = f"{value:,f}" if "," in normalise(text) else f"{value:f}"
    return f"{origin.words}: {meant} for {fold(text)}"


def _elsewhere(
    amount: Amount,
    text: str,
    low: Fraction,
    high: Fraction,
    numerals: Sequence[Numeral],
    taken: Collection[str],
) -> Iterator[_Origin]:
    """Other numerals of the chunk. One with fewer decimals is taken for a figure without its last zeros: a line
    number must not close what it is merely near to."""
    percent = "%" in normalise(text)
    # Ledgers are long: whole numbers around the interval leave few of them for the exact test.
    least, most = Decimal(floor(low) - 1), Decimal(ceil(high) + 1)
    for numeral in numerals:
        if not least <= numeral.value <= most:
            continue
        if numeral.percent != percent:
            continue
        decimals = max(numeral.decimals, amount.decimals)
        number = _number(numeral.value, decimals)
        place = f"{fold(numeral.text)} is printed on line {numeral.span.line}"
        if numeral.id in taken:
            yield _Origin("held", number, decimals, f"{place}, in another cell")
        else:
            yield _Origin("loose", number, decimals, f"{place} and stands in no cell")


def _beside(amount: Amount, text: str, near: Sequence[tuple[str, Amount]]) -> Iterator[_Origin]:
    """The figures of neighbouring rows and columns, in the unit of the cell."""
    for words, other in near:
        ratio = Fraction(unit_factor(other.unit), unit_factor(amount.unit))
        power = len(str(max(ratio.numerator, ratio.denominator))) - 1
        decimals = other.decimals - (power if ratio >= 1 else -power)
        shown = f"{other.value:,f}" if "," in normalise(text) else f"{other.value:f}"
        yield _Origin("near", _number(other.value, other.decimals), decimals, f"{words} has {shown}")


def _broken(own: Numeral | None, numerals: Sequence[Numeral], taken: Collection[str]) -> Iterator[_Origin]:
    """Figures of which recognition made two, or took the point for a comma: the other part stands right beside."""
    for numeral in numerals if own else ():
        if own is None or numeral.id in taken or numeral.span.line != own.span.line:
            continue
        left, right = sorted((own, numeral), key=lambda part: part.span.start)
        if not 0 <= right.span.start - left.span.end <= _GAP or right.value < 0:
            continue
        one, other = _digits_of(left), _digits_of(right)
        sign = -1 if left.value < 0 else 1
        words = f"{fold(left.text)} and {fold(right.text)} are printed side by side"
        if not left.decimals:
            yield _Origin("broken", sign * int(one + other), right.decimals, words)
        if not right.decimals:
            yield _Origin("broken", sign * int(one + other), left.decimals + len(other), words)


def _digits_of(numeral: Numeral) -> str:
    return "".join(filter(str.isdecimal, normalise(numeral.text)))


def _slips(amount: Amount, text: str, *, recognised: bool) -> Iterator[_Origin]:
    """Figures of which the printed one is what a slip made, of people or, where it was recognised, of programs."""
    decimals = amount.decimals
    yield from _letters(fold(text))
    if amount.value.adjusted() + decimals > _MOST_DIGITS:
        return
    digits = str(abs(_number(amount.value, decimals))).zfill(decimals + 1)
    sign = -1 if amount.value < 0 else 1

    yield _Origin("sign", -sign * int(digits), decimals, _SIGNS[sign])
    alike = {digit: _ALIKE.get(digit, "") + (_POOR.get(digit, "") if recognised else "") for digit in digits}
    for way, changed, places, words in (
        *_alike(digits, decimals, alike),
        *_swapped(digits, decimals),
        *_shorter(digits, decimals),
        *_longer(digits, decimals),
        *(_without_ends(digits, decimals) if recognised else ()),
        *_other(digits, decimals, alike),
    ):
        if changed[0] != "0" or len(changed) <= places + 1:
            yield _Origin(way, sign * int(changed), places, words)
    for places in range(max(0, decimals - _MOST_PLACES), decimals + _MOST_PLACES + 1):
        by = abs(places - decimals)
        words = f"the decimal point has moved by {by} place{'s' if by > 1 else ''}"
        yield _Origin("point", sign * int(digits), places, words)
    for way, power, words in _units(amount.unit):
        yield _Origin(way, sign * int(digits), decimals - power, words)


_Change = tuple[str, str, int, str]
"""Way, digits, decimals, words."""


def _letters(shown: str) -> Iterator[_Origin]:
    letters = [letter for letter in _LETTERS if letter in shown]
    read = parse_numeral(shown.translate(str.maketrans(_LETTERS))) if letters else None
    if read:
        alike = ", ".join(f"{letter} and {_LETTERS[letter]}" for letter in letters)
        yield _Origin("letter", _number(read.value, read.decimals), read.decimals, f"{alike} look alike")


def _alike(digits: str, decimals: int, alike: Mapping[str, str]) -> Iterator[_Change]:
    doubtful = [place for place, digit in enumerate(digits) if alike[digit]]
    for count, way in ((1, "look_alike"), (2, "look_alikes")):
        for places in combinations(doubtful, count):
            for others in product(*(alike[digits[place]] for place in places)):
                changed = list(digits)
                for place, other in zip(places, others, strict=True):
                    changed[place] = other
                pairs = ", ".join(
                    f"{digits[place]} and {other}" for place, other in zip(places, others, strict=True)
                )
                yield way, "".join(changed), decimals, f"{pairs} look alike"


def _swapped(digits: str, decimals: int) -> Iterator[_Change]:
    for place, (one, other) in enumerate(pairwise(digits)):
        if one != other:
            changed = digits[:place] + other + one + digits[place + 2 :]
            yield "transposed", changed, decimals, f"{one} and {other} are swapped"


def _shorter(digits: str, decimals: int) -> Iterator[_Change]:
    """One of two like digits is taken out: of two that the point divides, the one before it."""
    for place, (one, other) in enumerate(pairwise(digits)):
        if one == other:
            after = decimals - (place >= len(digits) - decimals)
            yield "doubled", digits[:place] + digits[place + 1 :], after, f"the {one} is doubled"


def _longer(digits: str, decimals: int) -> Iterator[_Change]:
    """A digit is put in, before the point or behind it; a further decimal at the end would only be a rounding."""
    whole = len(digits) - decimals
    for place in range(max(len(digits), whole + 1)):
        for digit in "0123456789":
            words = f"a {digit} is missing"
            changed = digits[:place] + digit + digits[place:]
            if place <= whole:
                yield "dropped", changed, decimals, words
            if place >= whole and decimals:
                yield "dropped", changed, decimals + 1, words


def _without_ends(digits: str, decimals: int) -> Iterator[_Change]:
    """The first or the last digit is taken out."""
    yield "added", digits[1:].zfill(decimals + 1), decimals, f"the {digits[0]} in front is none"
    if decimals:
        yield "added", digits[:-1], decimals - 1, f"the {digits[-1]} at the end is none"


def _other(digits: str, decimals: int, alike: Mapping[str, str]) -> Iterator[_Change]:
    for place, digit in enumerate(digits):
        for other in "0123456789":
            if other != digit and other not in alike[digit]:
                changed = digits[:place] + other + digits[place + 1 :]
                yield "digit", changed, decimals, f"one digit differs, {other} for {digit}"


def _units(unit: str | None) -> Iterator[tuple[str, int, str]]:
    """Powers of ten between the unit of a cell and others, with words."""
    names = {factor: name for name, factor in UNITS.items()}
    known = squeeze(unit or "")
    for power in (*_POWERS, *(-power for power in _POWERS)):
        other = names.get(int(UNITS.get(known, 0) * Fraction(10) ** power))
        if other:
            yield "unit", power, f"given in {other}, not in {known}"
        else:
            times = f"{10 ** abs(power):,} times"
            yield "factor", power, f"{times} too {'small' if power > 0 else 'large'}"
