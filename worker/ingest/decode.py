"""Bytes → text: byte order marks first, then strict UTF-8, UTF-16, GB18030, and a detector for the rest.

A wrong guess would turn names into other names, so every guess is held against what the text then looks
like, and what stays doubtful is refused.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from schemas import EmptyInput, Unreadable

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    # The mark of UTF-32 begins with that of UTF-16.
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_OTHERS = [
    *("big5", "big5hkscs", "cp932", "euc_jp", "cp949"),
    *("cp1250", "cp1251", "cp1252", "cp1253", "cp1254", "koi8_r"),
]
_PLAIN_CONTROLS = "\t\n\r\f\v"
# UTF-8 taken for a Western encoding: a letter for the first byte, then what stands for the others.
_WESTERN_MOJIBAKE = re.compile("[\u00c2-\u00f4][\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]{1,3}")
_SAMPLE = 20_000
_DETECTOR_BYTES = 200_000
_PLAUSIBLE = 0.85
_SAVE_AGAIN = "save it again as UTF-8 from the program that made it"


class Decoded(NamedTuple):
    """The text and the name of its encoding, as Python knows it."""

    text: str
    encoding: str


def decode(data: bytes, name: str) -> Decoded:
    """The text of a file. Raises Unreadable, with the line where damage begins, if it is not plainly text."""
    decoded = _decode(data, name)
    text = decoded.text
    if text.count("\ufffd") > max(3, len(text) // 200) or _is_mojibake(text):
        raise Unreadable(name, "was once saved in a wrong encoding, its characters are lost", _SAVE_AGAIN)
    if "\0" in text or _control_share(text) > 0.02:
        raise Unreadable(name, "is binary data, not text", "convert it to text first")
    return decoded


def _decode(data: bytes, name: str) -> Decoded:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return Decoded(_strict(data[len(mark) :], encoding, name), encoding)
    if b"\0" in data:
        return _wide(data, name)
    if (text := _try(data, "utf-8")) is not None:
        return Decoded(text, "utf-8")
    if (text := _try(data, "gb18030")) is not None and _is_chinese(text, data):
        return Decoded(text, "gb18030")
    for encoding in ("utf-8", "gb18030"):
        _refuse_damaged(data, encoding, name)
    return _detect(data, name)


def _strict(data: bytes, encoding: str, name: str) -> str:
    if not data:
        raise EmptyInput(name, "is empty", "check that the right file was given")
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data[: error.start].decode(encoding, "replace").count("\n") + 1
        raise Unreadable(name, f"says it is {encoding} but is damaged in line {line}", _SAVE_AGAIN) from None


def _try(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def _wide(data: bytes, name: str) -> Decoded:
    """UTF-16 without a mark: neither UTF-8 nor GB18030 text has zero bytes, UTF-16 has one in every digit."""
    texts = [(encoding, _try(data, encoding)) for encoding in ("utf-16-le", "utf-16-be")]
    ranked = sorted(
        (
            (_plausibility(text, among_all=True), encoding, text)
            for encoding, text in texts
            if text is not None
        ),
        reverse=True,
    )
    if not ranked or ranked[0][0] < 0.5 or "\0" in ranked[0][2]:
        raise Unreadable(name, "is binary data, not text", "convert it to text first")
    return Decoded(ranked[0][2], ranked[0][1])


def _refuse_damaged(data: bytes, encoding: str, name: str) -> None:
    """Raise where the bytes are text of an encoding but for a few that are broken."""
    text = data.decode(encoding, "replace")
    broken = text.count("\ufffd")
    foreign = sum(not char.isascii() for char in text) - broken
    if 0 < broken * 10 <= foreign and _plausibility(text.replace("\ufffd", "")) >= _PLAUSIBLE:
        line = text[: text.index("\ufffd")].count("\n") + 1
        problem = f"is {encoding} text with {broken} damaged places, the first in line {line}"
        raise Unreadable(name, problem, _SAVE_AGAIN)


def _detect(data: bytes, name: str) -> Decoded:
    # Takes long to import, and hardly a file needs it.
    from charset_normalizer import from_bytes

    sample = data[:_DETECTOR_BYTES]
    if len(sample) < len(data):
        # A character cut in two would speak against its own encoding.
        sample = sample[: sample.rfind(b"\n") + 1] or sample
    match = from_bytes(sample, cp_isolation=_OTHERS).best()
    text = _try(data, match.encoding) if match else None
    if match is None or text is None:
        raise Unreadable(name, "is in no encoding that can be told", _SAVE_AGAIN)
    return Decoded(text, match.encoding)


def _is_control(char: str) -> bool:
    return unicodedata.category(char) == "Cc" and char not in _PLAIN_CONTROLS


def _control_share(text: str) -> float:
    sample = text[:_SAMPLE]
    return sum(map(_is_control, sample)) / max(1, len(sample))


def _is_chinese(text: str, data: bytes) -> bool:
    """Whether bytes that may be GB18030 are. Japanese and Korean fill the same bytes with other characters."""
    foreign = [char for char in text if not char.isascii()][:_SAMPLE]
    if sum("\u3041" <= char <= "\u30ff" for char in foreign) * 20 > len(foreign):
        return False
    korean = [char for char in _try(data, "cp949") or "" if not char.isascii()][:_SAMPLE]
    if korean and sum("가" <= char <= "힣" for char in korean) * 20 > len(korean) * 19:
        return False
    return _plausibility(text) >= _PLAUSIBLE


@lru_cache(maxsize=16384)
def _weight(char: str) -> float:
    """How much a character speaks for Chinese or plain text: 1 usual, 0 rare, below what text never holds."""
    category = unicodedata.category(char)
    if category in {"Cc", "Cn", "Co", "Cs"}:
        return 1.0 if char in _PLAIN_CONTROLS else -3.0
    if char.isascii() or "\uff00" <= char <= "\uff5e" or _is_everyday(char):
        return 1.0
    rare = "\u3400" <= char <= "\u9fff" or char >= "\U00020000"
    return 0.3 if category[0] in "LNPSZM" and not rare else 0.0


def _is_everyday(char: str) -> bool:
    """Whether the first standards name it, simplified or traditional; chance pairs of bytes rarely hit those."""
    for encoding, last in (("gb2312", 0xF7), ("big5", 0xC6)):
        try:
            code = char.encode(encoding)
        except UnicodeEncodeError:
            continue
        if len(code) == 2 and code[0] <= last:
            return True
    return False


def _plausibility(text: str, *, among_all: bool = False) -> float:
    """Mean weight of the characters that are not ASCII (`among_all`: of all), over a sample."""
    chosen = list(islice((char for char in text if among_all or not char.isascii()), _SAMPLE))
    return sum(map(_weight, chosen)) / len(chosen) if chosen else 1.0


def _is_mojibake(text: str) -> bool:
    """Whether UTF-8 was once taken for another encoding and saved so."""
    sample = text[: _SAMPLE * 2]
    foreign = sum(not char.isascii() for char in sample)
    western = sum(len(match[0]) for match in _WESTERN_MOJIBAKE.finditer(sample))
    if "锟斤拷" in text or western * 2 > foreign:
        return True
    # Taken for GB18030, it reads back as UTF-8 wherever a line held an even number of bytes.
    lines = [line for line in sample.split("\n") if sum(not char.isascii() for char in line) >= 4]
    back = sum(_reads_back(line) for line in lines)
    return back > 2 and back * 3 > len(lines)


def _reads_back(line: str) -> bool:
    try:
        line.encode("gb18030").decode("utf-8")
    except UnicodeError:
        return False
    return True
