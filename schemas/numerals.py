"""Finding and valuing printed numerals: the raw material of the ledger."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from schemas.text import normalise


class Printed(NamedTuple):
    """A numeral in a text: `start`/`end` offsets, its Decimal value, decimals printed, percent sign."""

    start: int
    end: int
    value: Decimal
    decimals: int
    percent: bool


# Digit groups may be split after their separator ("6, 901. 75"): scanners and PDF text layers do that.
# A point followed by white space joins only two digits, so that "3. 2024 年" stays an ordinal and a year.
_NUMERAL = re.compile(
    r"""
    (?P<open>\([$€£¥]?(?=[-+\d][\d,. ]*\)))?        # accounting negative, closed at once
    (?P<sign>[-+]\ ?[$€£¥]?)?
    (?P<int>\d{1,3}(?:,\ ?\d{3})+(?!\d)|\d+)
    (?:\.(?P<frac>\d+)|\.\ (?P<split>\d{2})(?!\d|\.\ ?\d))?
    (?(open)\s*\))
    (?P<percent>\ ?%)?
    """,
    re.VERBOSE,
)
_WORD = re.compile(r"[A-Za-z_]")


def find_numerals(text: str, *, base: int = 0) -> Iterator[Printed]:
    """The numerals of `text` in order, offsets shifted by `base`.

    `text` may be printed or normalised text; digits inside a Latin word ("T3") are not numerals.
    A minus sign belongs to the numeral only where no digit or letter stands before it.
    """
    reading = normalise(text)
    for match in _NUMERAL.finditer(reading):
        start, end = match.span()
        if start and _WORD.match(reading[start - 1]):
            continue
        negative = bool(match["open"])
        if match["sign"]:
            if start and (reading[start - 1].isalnum() or reading[start - 1] in ")%"):
                start += len(match["sign"])  # a range or a date: 1-5, 2024-08
            elif match["sign"].startswith("-"):
                negative = True
        fraction = match["frac"] or match["split"] or ""
        digits = re.sub(r"[, ]", "", match["int"])
        value = Decimal(f"{digits}.{fraction}" if fraction else digits)
        yield Printed(
            base + start,
            base + end,
            -value if negative else value,
            len(fraction),
            bool(match["percent"]),
        )


def parse_numeral(text: str) -> Printed | None:
    """The numeral that `text` is, white space around it allowed; None if it is anything else."""
    stripped = text.strip()
    found = list(find_numerals(stripped))
    if len(found) != 1 or found[0].start != 0 or found[0].end != len(stripped):
        return None
    return found[0]
