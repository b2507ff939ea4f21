"""Text as it is read: normalised one character to one character, so that no offset ever moves."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

# Characters whose compatibility form is wrong or missing for reading tables.
_EXTRA = {
    **dict.fromkeys("\u3000\ufeff\u200b\u200c\u200d\u2060", " "),  # ideographic and zero-width spaces, BOM
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2212\ufe63\uff0d", "-"),  # hyphens, dashes, minus signs
    "\u3001": "\u3001",
    "\u3002": "\u3002",
    "\t": "\t",
}
# CJK radicals that scanners and broken fonts print in place of the character; NFKC leaves the supplement out.
_RADICALS = {
    "⺀": "冫", "⺅": "亻", "⺌": "小", "⺍": "小", "⺗": "心", "⺟": "母", "⺠": "民", "⺩": "王", "⺬": "示",
    "⺮": "竹", "⺰": "纟", "⺼": "月", "⻅": "见", "⻆": "角", "⻉": "贝", "⻋": "车", "⻓": "长", "⻔": "门",
    "⻘": "青", "⻙": "韦", "⻚": "页", "⻛": "风", "⻜": "飞", "⻝": "食", "⻢": "马", "⻣": "骨", "⻤": "鬼",
    "⻥": "鱼", "⻦": "鸟", "⻧": "卤", "⻨": "麦", "⻩": "黄", "⻬": "齐", "⻮": "齿", "⻰": "龙", "⻳": "龟",
}  # fmt: skip


@lru_cache(maxsize=16384)
def _one(char: str) -> str:
    """The reading form of one character: always exactly one character."""
    if char in _EXTRA:
        return _EXTRA[char]
    if char in _RADICALS:
        return _RADICALS[char]
    if char in "\n\r\f":
        return char
    form = unicodedata.normalize("NFKC", char)
    if len(form) != 1:
        return char
    return " " if form.isspace() else form


def normalise(text: str) -> str:
    """`text` in reading form: full-width to half-width, radicals to characters, odd spaces to a space.

    The result has the length of the input; offset i of one is offset i of the other. Line and page
    breaks and tabs stay.
    """
    return text if text.isascii() else "".join(map(_one, text))


def fold(text: str) -> str:
    """White space runs to one space, ends trimmed: text 'as printed' in exports."""
    return " ".join(text.split())


def squeeze(text: str) -> str:
    """`text` in reading form without any white space: the form in which labels are compared."""
    return "".join(normalise(text).split())


# Leading ordinals of items: 一、 (一) 1. 1、 ① 其中: and of which. A bare number is never an ordinal.
_ORDINAL = re.compile(
    r"^(?:[一二三四五六七八九十百]{1,4}[、.．]"
    r"|[(（][一二三四五六七八九十百]{1,4}[)）][、.]?"
    r"|\d{1,2}[、.．](?!\d)"
    r"|[(（]\d{1,2}[)）][、.]?"
    r"|[①②③④⑤⑥⑦⑧⑨⑩]"
    r"|其中[:：]?|加[:：]|减[:：])"
)


def split_ordinal(label: str) -> tuple[str, str]:
    """(`ordinals`, `rest`) of a squeezed label: '（一）外交支出' → ('(一)', '外交支出')."""
    rest = squeeze(label)
    taken = ""
    while match := _ORDINAL.match(rest):
        taken += match.group()
        rest = rest[match.end() :]
    return taken, rest


def canonical_name(label: str) -> str:
    """The `name` of a row: white space and leading ordinals removed."""
    _, rest = split_ordinal(label)
    return rest or squeeze(label)


def display_width(text: str) -> int:
    """Columns that a text takes on a page of fixed pitch: two for a wide character (Unicode Annex 11)."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)
