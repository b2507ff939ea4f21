"""Garblers of printed text: other characters and blanks, other lines, no other figure.

Each takes a text, a source of chance and a severity in 0..1, and gives a text; severity 0 changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random

from evals.garble.widths import wrapped
from schemas import normalise
from schemas.numerals import find_numerals

TextGarbler = Callable[[str, Random, float], str]

_SEPARATOR = re.compile(r" *[\t|][ \t|]*|(?<=\S) {2,}")
_SPLITTABLE = re.compile(r"(?<=\d)(?:,(?=\d{3}(?!\d))|\.(?=\d\d(?!\d|\.)))")
_NIL = frozenset("-—–")
_WIDE = {ord(char): ord(char) + 0xFEE0 for char in "0123456789.,%()-+"}
_FEET = ("- {0} -", "— {0} —", "第 {0} 页", "第 {0} 页 共 {1} 页", "{0}")
_ENGLISH_FEET = ("- {0} -", "Page {0} of {1}", "Page {0}", "{0}")


def _compatible() -> dict[str, list[str]]:
    """Ideograph → Kangxi radicals and compatibility forms that look like it, else its simplified radical."""
    found: dict[str, list[str]] = {}
    for char in map(chr, (*range(0x2F00, 0x2FD6), *range(0xF900, 0xFADA))):
        form = normalise(char)
        if form != char:
            found.setdefault(form, []).append(char)
    for char in map(chr, range(0x2E80, 0x2EF4)):
        form = normalise(char)
        if form != char and form not in found:
            found[form] = [char]
    return found


_RADICALS = _compatible()


def digits_split(text: str, rng: Random, severity: float) -> str:
    """A blank after the separators of a numeral ("6, 901. 75"), in a share `severity` of the numerals.

    Only of numerals with two decimals or digit groups: another point may be that of a date or an ordinal.
    """
    return _numerals_replaced(
        text, lambda numeral: _SPLITTABLE.sub(r"\g<0> ", numeral) if rng.random() < severity else numeral
    )


def full_width(text: str, rng: Random, severity: float) -> str:
    """Full-width numerals, in a share `severity` of the lines."""
    return "\n".join(
        _numerals_replaced(line, lambda numeral: numeral.translate(_WIDE))
        if rng.random() < severity
        else line
        for line in text.split("\n")
    )


def _numerals_replaced(text: str, replace: Callable[[str], str]) -> str:
    """`text` with its numerals replaced, but for those that a point follows: parts of a date (2023.08.15)."""
    pieces, at = [], 0
    for numeral in find_numerals(text):
        if text[numeral.end : numeral.end + 1] != ".":
            pieces += [text[at : numeral.start], replace(text[numeral.start : numeral.end])]
            at = numeral.end
    return "".join([*pieces, text[at:]])


def radicals(text: str, rng: Random, severity: float) -> str:
    """Radicals and compatibility forms for a share `severity` of the ideographs that have one, the same throughout."""
    table = {
        ord(char): rng.choice(_RADICALS[char])
        for char in sorted(_RADICALS.keys() & set(text))
        if rng.random() < severity
    }
    return text.translate(table)


def blanks_lost(text: str, rng: Random, severity: float) -> str:
    """One blank for whatever stood between two cells, blank ones too, in a share `severity` of the lines.

    Empty lines go as well. After a dash for nothing two blanks stay, or it would be the sign of what follows.
    """
    return "\n".join(
        _closed_up(line) if closed else line
        for line in text.split("\n")
        if not (closed := rng.random() < severity) or line.strip()
    )


def _closed_up(line: str) -> str:
    feed = "\f" if line.startswith("\f") else ""
    cells = [cell for cell in _SEPARATOR.split(line.strip(" \t\f|")) if cell]
    return feed + "".join(cell + ("  " if cell in _NIL else " ") for cell in cells).strip()


def lines_spaced(text: str, rng: Random, severity: float) -> str:
    """An empty line after a share `severity` of the lines."""
    return "\n".join(line + "\n" if rng.random() < severity else line for line in text.split("\n"))


def lines_wrapped(text: str, rng: Random, severity: float) -> str:
    """Prose in lines as wide as a page's, a share `severity` of the paragraphs; no word or numeral is broken."""
    width = rng.randint(54, 84)
    return "\n".join(
        "\n".join(wrapped(line, width)) if rng.random() < severity else line for line in text.split("\n")
    )


def page_numbers(text: str, rng: Random, severity: float) -> str:
    """A foot with its number to a share `severity` of the pages, by form feeds; then some texts lose the form feeds."""
    chinese = any("\u4e00" <= char <= "\u9fff" for char in text)
    foot = rng.choice(_FEET if chinese else _ENGLISH_FEET)
    pages = text.removeprefix("\f").split("\f")
    if len(pages) < 2 or not severity:
        return text
    numbered = [
        page.rstrip("\n") + "\n" + foot.format(i, len(pages)) + "\n" if rng.random() < severity else page
        for i, page in enumerate(pages, start=1)
    ]
    return ("" if foot != "{0}" and rng.random() < 0.5 else "\f").join(numbered)


CHARACTERS: dict[str, TextGarbler] = {
    "digits_split": digits_split,
    "full_width": full_width,
    "radicals": radicals,
}
"""By name: lines and the tabs in them stay, so that tables are garbled by them before they are set."""

LINES: dict[str, TextGarbler] = {"blanks_lost": blanks_lost, "lines_spaced": lines_spaced}
"""By name: for the text of any block, or of a whole document."""

PROSE: dict[str, TextGarbler] = {"lines_wrapped": lines_wrapped}
"""By name: for paragraphs alone."""

PAGES: dict[str, TextGarbler] = {"page_numbers": page_numbers}
"""By name: for a whole document."""
