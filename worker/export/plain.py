"""Text and file names that come from documents, made harmless for spreadsheets and file systems."""

from __future__ import annotations

import re
from decimal import Decimal

from schemas.numerals import parse_numeral
from schemas.text import fold, normalise

# Control characters, and halves of surrogate pairs as they stand for undecodable bytes in file names:
# neither XML nor UTF-8 takes them.
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_ONLY_DASHES = re.compile(r"[-\s]*")
_NAME_BYTES = 120


def as_printed(text: str) -> str:
    """`text` with white space folded and what cannot be written replaced by U+FFFD."""
    return _UNPRINTABLE.sub("\ufffd", fold(text))


def plain(value: Decimal) -> str:
    """A figure without exponent, with the decimals it carries: 6901.75, 0.00."""
    return f"{value:f}"


def is_formula(text: str) -> bool:
    """Whether a spreadsheet could take `text` for a formula: = + - @ in front (full-width ones too).

    A figure (-3.5, +2%) and a dash that stands for nothing are none.
    """
    if normalise(text[:1]) not in {"=", "+", "-", "@", "\t", "\r"}:
        return False
    return parse_numeral(text) is None and not _ONLY_DASHES.fullmatch(normalise(text))


def defused(text: str) -> str:
    """`text` with an apostrophe in front where a spreadsheet could take it for a formula."""
    return f"'{text}" if is_formula(text) else text


class Names:
    """Names for files, made from the names of documents: one path part, unique without regard to case."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def take(self, document: str, sha256: str) -> str:
        """A new name: the last part of the document's name without suffix, with its digest if taken."""
        last = re.split(r"[/\\]", document)[-1]
        stem = last.rpartition(".")[0] or last
        kept = re.sub(r"[^\w.-]+", "_", _UNPRINTABLE.sub("_", stem)).strip("._-")
        base = kept.encode()[:_NAME_BYTES].decode(errors="ignore") or "document"
        return self._unique(base, sha256)

    def _unique(self, base: str, sha256: str) -> str:
        name, count = base, 1
        while name.casefold() in self._taken:
            name = f"{base}-{sha256[:8]}" if count == 1 and sha256 else f"{base}-{count + 1}"
            count += 1
        self._taken.add(name.casefold())
        return name
