"""How a publisher prints a sum of money: unit, decimals, separators, signs, zeros."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Literal, NamedTuple

from schemas.amounts import unit_factor

CENT = 100
"""Cents of a yuan, a dollar: all true amounts are whole cents."""

Zero = Literal["0", "", "-"]


def rounded(value: Fraction, decimals: int) -> str:
    """`value` with so many decimals, halves away from zero, as spreadsheets print it."""
    scaled = abs(value) * 10**decimals
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    digits = str(whole).rjust(decimals + 1, "0")
    text = f"{digits[:-decimals]}.{digits[-decimals:]}" if decimals else digits
    return f"-{text}" if value < 0 and whole else text


def grouped(text: str) -> str:
    """A plain figure with separators of thousands."""
    whole, point, rest = text.lstrip("-").partition(".")
    return f"{'-' if text.startswith('-') else ''}{int(whole):,}{point}{rest}"


def plain(printed: str) -> str:
    """The value of a printed figure as the gold writes it; "" for a blank or a dash."""
    text = re.sub(r"[,，\s$¥￥€£%]", "", printed)
    if match := re.fullmatch(r"\((.+)\)", text):
        text = f"-{match[1]}"
    return "" if text in {"", "-", "—", "–"} else text


class Figures(NamedTuple):
    """The figures of one table or of the prose.

    `zero` is what is printed for nothing: "0" as any other figure, "" blank, "-" a dash. `currency` stands
    before the figure.
    """

    unit: str = "万元"
    decimals: int = 2
    separators: bool = False
    zero: Zero = "0"
    negative: Literal["-", "()"] = "-"
    currency: str = ""

    @property
    def step(self) -> int:
        """The least amount that prints exactly, in cents."""
        return max(1, CENT * unit_factor(self.unit) // int(10**self.decimals))

    def show(self, cents: int | None) -> str:
        """The text of an amount in cents; None is blank."""
        if cents is None or (cents == 0 and self.zero != "0"):
            return "" if cents is None else self.zero
        text = rounded(Fraction(cents, CENT * unit_factor(self.unit)), self.decimals)
        text = grouped(text) if self.separators else text
        if text.startswith("-") and self.negative == "()":
            return f"({self.currency}{text[1:]})"
        return f"{self.currency}{text}"


def percent(part: int, whole: int, decimals: int) -> str:
    """`part` of `whole` in percent, without sign; "0" where there is nothing to compare with."""
    return rounded(Fraction(100 * abs(part), abs(whole)), decimals) if whole else "0"
