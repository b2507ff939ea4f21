"""The notation of answers by reference: a row is a string of items, `"c15 n16 A17 C18"`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from prompts.wire.pieces import Piece

CODE, NAME = "c", "n"
_ITEM = re.compile(
    r"(?P<key>[A-Za-z]{1,2})(?:<(?P<text>.*?)>|(?P<minus>-?)(?P<ids>\d{1,9}(?:[+/]\d{1,9})*))?(?=\s|$)",
    re.DOTALL,
)


class Keyed(NamedTuple):
    """One item of a row: whose it is, and a text (None where ids are given) or ids, level by level."""

    key: str
    text: str | None
    negative: bool
    ids: tuple[tuple[int, ...], ...]


def items_of(text: str) -> Iterator[Keyed | str]:
    """The items of a row or of the columns; a word that is none as it is."""
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
        elif match := _ITEM.match(text, at):
            levels = tuple(
                tuple(map(int, level.split("+"))) for level in (match["ids"] or "").split("/") if level
            )
            yield Keyed(match["key"], match["text"], bool(match["minus"]), levels)
            at = match.end()
        else:
            word = text[at:].split(maxsplit=1)[0]
            yield word
            at += len(word)


def letter_of(index: int) -> str:
    """The letter of a column by its place among those of its kind: A … Z, AA, AB …"""
    high, low = divmod(index, 26)
    return (chr(64 + high) if high else "") + chr(65 + low)


def ids_of(pieces: Sequence[Piece]) -> str:
    """Pieces by their ids, joined."""
    return "+".join(str(piece.id) for piece in pieces)


def written(text: str) -> str:
    """A text in brackets; its own are set wide, which reads the same."""
    return f"<{text.replace('>', '＞')}>"
