"""Number formats of spreadsheets: a stored value and its format code → the text that its cell shows.

Codes are those of ECMA-376 part 1, 18.8.30 and 18.8.31; what stands in a cell decides how far its figure is
rounded, so it is the text shown that counts and not the value stored. Left aside: the width of columns, colours,
fractions and numerals of other scripts (shown as General and in plain digits).
"""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import NamedTuple

from worker.ingest.office.dates import is_day, shown_date
from worker.memory import remembered

GENERAL = "General"
BUILTIN = {
    0: GENERAL,
    1: "0",
    2: "0.00",
    3: "#,##0",
    4: "#,##0.00",
    5: '"¥"#,##0;"¥"-#,##0',
    6: '"¥"#,##0;"¥"-#,##0',
    7: '"¥"#,##0.00;"¥"-#,##0.00',
    8: '"¥"#,##0.00;"¥"-#,##0.00',
    9: "0%",
    10: "0.00%",
    11: "0.00E+00",
    14: "yyyy/m/d",
    15: "d-mmm-yy",
    16: "d-mmm",
    17: "mmm-yy",
    18: "h:mm AM/PM",
    19: "h:mm:ss AM/PM",
    20: "h:mm",
    21: "h:mm:ss",
    22: "yyyy/m/d h:mm",
    27: 'yyyy"年"m"月"',
    28: 'm"月"d"日"',
    29: 'm"月"d"日"',
    30: "m-d-yy",
    31: 'yyyy"年"m"月"d"日"',
    32: 'h"时"mm"分"',
    33: 'h"时"mm"分"ss"秒"',
    36: 'yyyy"年"m"月"',
    37: "#,##0;-#,##0",
    38: "#,##0;-#,##0",
    39: "#,##0.00;-#,##0.00",
    40: "#,##0.00;-#,##0.00",
    41: '_ * #,##0_ ;_ * -#,##0_ ;_ * "-"_ ;_ @_ ',
    42: '_ "¥"* #,##0_ ;_ "¥"* -#,##0_ ;_ "¥"* "-"_ ;_ @_ ',
    43: '_ * #,##0.00_ ;_ * -#,##0.00_ ;_ * "-"??_ ;_ @_ ',
    44: '_ "¥"* #,##0.00_ ;_ "¥"* -#,##0.00_ ;_ "¥"* "-"??_ ;_ @_ ',
    45: "mm:ss",
    46: "[h]:mm:ss",
    47: "mm:ss.0",
    48: "##0.0E+0",
    49: "@",
    50: 'yyyy"年"m"月"',
    51: 'm"月"d"日"',
    52: 'yyyy"年"m"月"',
    53: 'm"月"d"日"',
    54: 'm"月"d"日"',
    57: 'yyyy"年"m"月"',
    58: 'm"月"d"日"',
}
"""Formats known by their number; those that differ by country as a Chinese Excel shows them."""

_PRECISION = Context(prec=15, rounding=ROUND_HALF_UP)
_WIDE = Context(prec=400, rounding=ROUND_HALF_UP)
_GENERAL_WIDTH = 11
_LARGEST_EXPONENT, _SMALLEST_EXPONENT = 300, -4

_TOKEN = re.compile(
    r"""
      \[(?P<bracket>[^\]]*)\]
    | "(?P<quoted>[^"]*)"?
    | [\\!](?P<escaped>.)
    | _.(?P<space>)
    | \*.(?P<filled>)
    | (?P<general>General|G/通用格式)
    | (?P<noon>AM/PM|A/P|上午/下午)
    | (?P<exponent>E[+-])
    | (?P<date>y+|m+|d+|h+|s+|a{3,}|e+)
    | (?P<digit>[0\#?])
    | (?P<mark>[.,%@/])
    | (?P<literal>.)
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
_CONDITION = re.compile(r"\s*(<=|>=|<>|<|>|=)\s*(-?\d+(?:\.\d+)?)\s*")
_ELAPSED = re.compile(r"h+|m+|s+", re.IGNORECASE)


class Token(NamedTuple):
    """`kind`: literal, general, noon, exponent, date, elapsed, digit, or the mark itself."""

    kind: str
    text: str


class _Section(NamedTuple):
    tokens: tuple[Token, ...]
    condition: tuple[str, Decimal] | None

    def has(self, kind: str) -> bool:
        return any(token.kind == kind for token in self.tokens)


def shown(value: Decimal, code: str, *, since_1904: bool = False) -> str:
    """The text of a number under a format, outer spaces removed."""
    value = _PRECISION.plus(value)
    chosen = _section_for(value, _sections(code))
    if chosen is None or abs(value.adjusted()) > _LARGEST_EXPONENT:
        return general(value)
    section, absolute = chosen
    if section.has("date") or section.has("elapsed") or section.has("noon"):
        return shown_date(value, section.tokens, since_1904) if is_day(value) else general(value)
    if section.has("/"):
        return general(value)
    signed = value < 0 and not absolute
    return (("-" if signed else "") + _number(abs(value), section)).strip()


def shown_text(text: str, code: str) -> str:
    """The text of a cell that holds text, under a format: only a section with @ changes or hides it."""
    sections = _sections(code)
    place = sections[3] if len(sections) > 3 else sections[-1]
    if len(sections) <= 3 and not place.has("@"):
        return text
    return "".join(text if token.kind == "@" else token.text for token in place.tokens).strip()


def general(value: Decimal) -> str:
    """A number without a format: in plain digits, decimals rounded to what eleven characters hold."""
    value = _PRECISION.plus(value)
    if abs(value.adjusted()) > _LARGEST_EXPONENT:
        return f"{value:E}"
    whole = len(str(int(abs(value))))
    room = max(0, _GENERAL_WIDTH - whole - 1)
    if value == value.to_integral_value() or value.adjusted() < _SMALLEST_EXPONENT:
        text = f"{value:f}"
    else:
        text = f"{_WIDE.quantize(value, Decimal(1).scaleb(-room)):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


@remembered(1024)
def _sections(code: str) -> tuple[_Section, ...]:
    sections: list[_Section] = []
    tokens: list[Token] = []
    condition: tuple[str, Decimal] | None = None
    for match in _TOKEN.finditer(code or GENERAL):
        kind, text = match.lastgroup or "", match[0]
        if kind == "literal" and text == ";":
            sections.append(_Section(tuple(tokens), condition))
            tokens, condition = [], None
        elif kind == "bracket":
            if found := _CONDITION.fullmatch(match["bracket"]):
                condition = found[1], Decimal(found[2])
            tokens += _bracket(match["bracket"])
        elif kind in {"quoted", "escaped"}:
            tokens.append(Token("literal", match[kind]))
        elif kind in {"space", "filled"}:
            tokens.append(Token("literal", " " if kind == "space" else ""))
        else:
            tokens.append(Token(text if kind == "mark" else kind, text))
    sections.append(_Section(tuple(tokens), condition))
    return tuple(sections)


def _bracket(content: str) -> list[Token]:
    """[h] counts hours past a day, [$¥-804] is a currency; colours, conditions and scripts print nothing."""
    if _ELAPSED.fullmatch(content):
        return [Token("elapsed", content.lower())]
    if content.startswith("$"):
        return [Token("literal", content[1:].split("-")[0])]
    return []


def _section_for(value: Decimal, sections: tuple[_Section, ...]) -> tuple[_Section, bool] | None:
    """The section that a number falls to, and whether it shows it without its sign."""
    numeric = sections[:3]
    if len(numeric) == 1 and numeric[0].condition is None:
        return numeric[0], False
    usual = [(">=", 0), ("<", 0)] if len(numeric) <= 2 else [(">", 0), ("<", 0)]
    for at, section in enumerate(numeric):
        if section.condition is not None:
            if _holds(value, *section.condition):
                return section, section.condition[0] in {"<", "<="} and section.condition[1] <= 0
        elif at >= len(usual) or _holds(value, usual[at][0], Decimal(usual[at][1])):
            return section, at == 1
        elif at == len(numeric) - 1:
            return section, False
    return None


def _holds(value: Decimal, sign: str, bound: Decimal) -> bool:
    return {
        "<": value < bound,
        "<=": value <= bound,
        ">": value > bound,
        ">=": value >= bound,
        "=": value == bound,
        "<>": value != bound,
    }[sign]


class _Parts(NamedTuple):
    """A numeric section cut at its point and its exponent."""

    whole: list[Token]
    decimals: list[Token]
    power: list[Token]
    rest: list[Token]
    thousands: int
    grouped: bool


def _cut(tokens: tuple[Token, ...]) -> _Parts:
    digits = [at for at, token in enumerate(tokens) if token.kind == "digit"]
    kinds = [token.kind for token in tokens]
    exponent = kinds.index("exponent") if "exponent" in kinds else len(tokens)
    mantissa = [at for at in digits if at < exponent]
    end = mantissa[-1] + 1 if mantissa else 0
    point = kinds.index(".") if "." in kinds[:exponent] else end
    last_whole = max((at for at in mantissa if at < point), default=-1)
    scaling = [at for at in range(exponent) if kinds[at] == "," and (at >= end or last_whole < at <= point)]
    commas = [at for at in range(last_whole) if kinds[at] == "," and mantissa and at > mantissa[0]]
    body_end = max(end, point + 1 if point < exponent and kinds[point : point + 1] == ["."] else 0)
    return _Parts(
        whole=[token for token in tokens[:point] if token.kind != ","],
        decimals=[token for token in tokens[point:body_end] if token.kind not in {",", "."}],
        power=list(tokens[exponent:]),
        rest=[token for token in tokens[body_end:exponent] if token.kind != ","],
        thousands=len(scaling),
        grouped=bool(commas),
    )


def _number(value: Decimal, section: _Section) -> str:
    if section.has("general") or section.has("@"):
        text = general(value)
        return "".join(text if token.kind in {"general", "@"} else token.text for token in section.tokens)
    parts = _cut(section.tokens)
    percents = sum(token.kind == "%" for token in section.tokens)
    value = value.scaleb(2 * percents - 3 * parts.thousands)
    places = sum(token.kind == "digit" for token in parts.decimals)
    power = 0
    if parts.power and value:
        width = max(1, sum(token.kind == "digit" for token in parts.whole))
        power = (value.adjusted() // width) * width if width > 1 else value.adjusted()
        rounded = _WIDE.quantize(value.scaleb(-power), Decimal(1).scaleb(-places))
        if rounded.adjusted() >= width:
            power += width
        value = value.scaleb(-power)
    text = f"{_WIDE.quantize(value, Decimal(1).scaleb(-places)):f}"
    whole, _, decimals = text.partition(".")
    shown_point = "." if any(token.kind == "." for token in section.tokens) else ""
    return (
        _whole(whole.lstrip("0"), parts.whole, grouped=parts.grouped)
        + shown_point
        + _decimals(decimals, parts.decimals)
        + "".join(token.text for token in parts.rest)
        + _power(power, parts.power)
    )


def _whole(digits: str, tokens: list[Token], *, grouped: bool) -> str:
    """Digits into their places from the right; what is left over stands in the first place."""
    places = [at for at, token in enumerate(tokens) if token.kind == "digit"]
    left, out, written = digits, [], 0

    def put(char: str) -> None:
        nonlocal written
        if grouped and written and written % 3 == 0 and char.isdigit():
            out.append(",")
        out.append(char)
        written += 1

    for at in range(len(tokens) - 1, -1, -1):
        if tokens[at].kind != "digit":
            out.append(tokens[at].text[::-1])
            continue
        taken, left = (left, "") if places and at == places[0] else (left[-1:], left[:-1])
        for char in reversed(taken):
            put(char)
        if not taken and (filler := {"0": "0", "?": " "}.get(tokens[at].text, "")):
            put(filler)
    return "".join(out)[::-1]


def _decimals(digits: str, tokens: list[Token]) -> str:
    out: list[str] = []
    left, kept = digits, digits.rstrip("0")
    written = 0
    for token in tokens:
        if token.kind != "digit":
            out.append(token.text)
            continue
        significant = written < len(kept)
        char, left = left[:1], left[1:]
        out.append(char if significant or token.text == "0" else {"?": " "}.get(token.text, ""))
        written += 1
    return "".join(out)


def _power(power: int, tokens: list[Token]) -> str:
    if not tokens:
        return ""
    sign = "-" if power < 0 else tokens[0].text[1].replace("-", "")
    rest = tokens[1:]
    return f"{tokens[0].text[0]}{sign}" + _whole(str(abs(power)).lstrip("0"), rest, grouped=False)
