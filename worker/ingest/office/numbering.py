"""Numbers that Word puts in front of paragraphs by itself: 一、 （二） 3. and the like."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from lxml import etree

from worker.ingest.office.package import Package, attribute

_DIGITS = "零一二三四五六七八九"
_CHINESE = {
    *("chineseCounting", "chineseCountingThousand", "ideographDigital", "japaneseCounting"),
    *("taiwaneseCounting", "taiwaneseCountingThousand", "chineseLegalSimplified"),
}
_ROMAN = ((10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))
_LEVELS = 9
_HIGHEST = 10_000


class _Level(NamedTuple):
    start: int
    style: str
    text: str


class Numbering:
    """Counts through a document: `label` is asked once for every paragraph, in order."""

    def __init__(self, package: Package, numbering: str | None, styles: str | None) -> None:
        self._levels: dict[str, dict[int, _Level]] = {}
        self._lists: dict[str, str] = {}
        self._styles: dict[str, tuple[str, int]] = {}
        self._counts: dict[str, list[int | None]] = {}
        if numbering and package.has(numbering):
            self._read(package.tree(numbering))
            if styles and package.has(styles):
                self._styles = dict(_numbered_styles(package.tree(styles)))

    def _read(self, root: etree._Element) -> None:
        for item in root.iterfind("{*}abstractNum"):
            levels = {_number(x, "ilvl"): _level(x) for x in item.iterfind("{*}lvl")}
            self._levels[attribute(item, "abstractNumId") or ""] = levels
        for item in root.iterfind("{*}num"):
            self._lists[attribute(item, "numId") or ""] = _value(item, "abstractNumId")

    def label(self, paragraph: etree._Element) -> str:
        """What stands in front of a paragraph, "" for most."""
        properties = paragraph.find("{*}pPr")
        if properties is None or not self._lists:
            return ""
        key, level = self._styles.get(_value(properties, "pStyle"), ("", 0))
        own = properties.find("{*}numPr")
        if own is not None:
            key, level = _value(own, "numId") or key, _level_of(own, level)
        levels = self._levels.get(self._lists.get(key, ""), {})
        if level not in levels:
            return ""
        counts = self._counts.setdefault(self._lists[key], [None] * _LEVELS)
        before = counts[level]
        counts[level] = levels[level].start if before is None else before + 1
        counts[level + 1 :] = [None] * (_LEVELS - level - 1)
        return _filled(levels, level, counts)


def _filled(levels: dict[int, _Level], level: int, counts: list[int | None]) -> str:
    """The text of a level with the numbers of all levels that it names (%1 to %9)."""
    found = levels[level]
    if found.style == "bullet":
        return ""
    text = found.text
    for at, count in enumerate(counts):
        if f"%{at + 1}" in text and at in levels:
            number = levels[at].start if count is None else count
            text = text.replace(f"%{at + 1}", _printed(number, levels[at].style))
    return text


def _printed(number: int, style: str) -> str:
    if style in _CHINESE and 0 < number < _HIGHEST:
        return _chinese(number)
    if style in {"upperLetter", "lowerLetter"} and 0 < number <= 26:
        return chr((64 if style == "upperLetter" else 96) + number)
    if style in {"upperRoman", "lowerRoman"} and 0 < number < 40:
        roman = "".join(_roman(number))
        return roman.upper() if style == "upperRoman" else roman
    if style.startswith("decimalEnclosedCircle") and 0 < number <= 20:
        return chr(0x245F + number)
    return "" if style == "none" else str(number)


def _chinese(number: int) -> str:
    out, zero = "", False
    for place, unit in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit, number = divmod(number, place)
        if digit:
            out += ("零" if zero and out else "") + _DIGITS[digit] + unit
        zero = not digit
    return out.removeprefix("一") if out.startswith("一十") else out


def _roman(number: int) -> Iterator[str]:
    for value, letters in _ROMAN:
        times, number = divmod(number, value)
        yield letters * times


def _level(element: etree._Element) -> _Level:
    start = _value(element, "start")
    return _Level(
        start=int(start) if start.isdecimal() and len(start) < 6 else 1,
        style=_value(element, "numFmt") or "decimal",
        text=_value(element, "lvlText"),
    )


def _numbered_styles(root: etree._Element) -> Iterator[tuple[str, tuple[str, int]]]:
    for style in root.iterfind("{*}style"):
        found = style.find("{*}pPr/{*}numPr")
        if found is not None:
            yield attribute(style, "styleId") or "", (_value(found, "numId"), _level_of(found, 0))


def _level_of(properties: etree._Element, default: int) -> int:
    text = _value(properties, "ilvl")
    return min(int(text), _LEVELS - 1) if text.isdecimal() and len(text) < 3 else default


def _value(element: etree._Element, name: str) -> str:
    """The value of a child element, "" where there is none."""
    found = element.find(f"{{*}}{name}")
    return "" if found is None else attribute(found, "val") or ""


def _number(element: etree._Element, name: str) -> int:
    text = attribute(element, name) or ""
    return int(text) if text.isdecimal() and len(text) < 3 else 0
