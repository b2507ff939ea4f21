"""Names inside archives: which characters their bytes stand for, which are refused, and how they are shown."""

from __future__ import annotations

import re
import struct
import unicodedata
import zlib
from collections.abc import Iterator

from schemas import Unsupported
from worker.archive.model import Reason

_IS_UTF8 = 1 << 11
_UNICODE_PATH = 0x7075
_LONGEST = 1_000
_LONGEST_SHOWN = 300
_SEPARATORS = re.compile(r"[/\\]+")
_DRIVE = re.compile(r"[A-Za-z]:")
# Two ideographs of everyday use or more in a row: single ones are also what accented letters look like.
_EVERYDAY_RUNS = re.compile(rb"(?:[\x00-\x7f]++|(?:[\xb0-\xd7][\xa1-\xfe]){2,}+)*+")
_TURNING = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u2028\u2029")
_OF_SYSTEMS = frozenset({"__macosx", "thumbs.db", "desktop.ini"})


def name_of(raw: bytes) -> str:
    """The name in bytes that do not say how they are written: UTF-8, GB18030 or code page 437, by evidence."""
    return _composed(_by_evidence(raw))


def _by_evidence(raw: bytes) -> str:
    utf8 = _strict(raw, "utf-8")
    if utf8 is not None:
        # All of it two-byte letters in UTF-8, all of it everyday Chinese in GB18030: chance makes the former.
        letters = max(utf8, default="") < "\u0800" and not utf8.isascii()
        return raw.decode("gb18030") if letters and _EVERYDAY_RUNS.fullmatch(raw) else utf8
    chinese = _strict(raw, "gb18030")
    if chinese is not None and _is_everyday(chinese):
        return chinese
    return raw.decode("cp437")


def zip_name(raw: bytes, flags: int, extra: bytes) -> str:
    """The name of a ZIP entry: its Unicode Path field, else UTF-8 where it is flagged, else by evidence."""
    for kind, data in extra_fields(extra):
        # Version 1, and made for these very bytes: a tool that renames may leave the field behind.
        if kind == _UNICODE_PATH and len(data) > 5 and data[0] == 1:
            (crc,) = struct.unpack_from("<L", data, 1)
            if crc == zlib.crc32(raw) and (name := _strict(data[5:], "utf-8")) is not None:
                return _composed(name)
    if flags & _IS_UTF8 and (name := _strict(raw, "utf-8")) is not None:
        return _composed(name)
    return name_of(raw)


def _composed(name: str) -> str:
    # macOS parts letters from their accents; who looks for a name types it otherwise.
    return unicodedata.normalize("NFC", name)


def extra_fields(extra: bytes) -> Iterator[tuple[int, bytes]]:
    """The extra fields of a ZIP entry: number and content; what is cut off is left out."""
    at = 0
    while at + 4 <= len(extra):
        kind, size = struct.unpack_from("<HH", extra, at)
        if at + 4 + size > len(extra):
            return
        yield kind, extra[at + 4 : at + 4 + size]
        at += 4 + size


def refusal(name: str) -> Reason | None:
    """Why a file of this name is refused, None if it is not.

    No name of a member becomes a path; but one of these was never made by packing a folder.
    """
    if "\0" in name:
        return _refused("has a name with a zero byte in it")
    if len(name) > _LONGEST:
        return _refused(f"has a name of {len(name):,} characters")
    if name.startswith(("/", "\\")):
        return _refused("has an absolute path for a name")
    if _DRIVE.match(name):
        return _refused("has a drive letter in its name")
    parts = [part.strip() for part in _SEPARATORS.split(name)]
    if ".." in parts:
        return _refused("has a name that leads elsewhere (..)")
    return None if any(part not in {"", "."} for part in parts) else _refused("has no name")


def is_hidden(name: str) -> bool:
    """Whether this is a hidden file, or what an operating system leaves beside the files."""
    parts = (part.strip().lower() for part in _SEPARATORS.split(name))
    return any(part in _OF_SYSTEMS or (part.startswith(".") and part.strip(".")) for part in parts)


def shown(name: str) -> str:
    """A name fit to be shown and kept: slashes between its parts, nothing in it that steers a terminal."""
    parts = [part for part in _SEPARATORS.split(name[: _LONGEST + 1]) if part not in {"", "."}]
    plain = "".join("\ufffd" if _steers(char) else char for char in "/".join(parts))
    if len(plain) > _LONGEST_SHOWN:
        plain = f"{plain[: _LONGEST_SHOWN // 2]}…{plain[-_LONGEST_SHOWN // 2 :]}"
    return plain or "?"


def _steers(char: str) -> bool:
    return char in _TURNING or unicodedata.category(char) in {"Cc", "Cs"}


def _refused(problem: str) -> Reason:
    return Reason(Unsupported, problem, "pack it again with a plain relative name")


def _strict(raw: bytes, encoding: str) -> str | None:
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError:
        return None


def _is_everyday(name: str) -> bool:
    """Whether at least half of the foreign characters are of the first Chinese standard; chance rarely hits it."""
    foreign = [char for char in name if not char.isascii()]
    known = sum(len(char.encode("gb2312", "ignore")) == 2 for char in foreign)
    return known * 2 >= len(foreign)
