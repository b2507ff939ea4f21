"""What the checks say of a table, in the language of the reader.

Checks speak English; what they say is made of few phrases with figures and names in between. One that is not known
here is shown as it is. Where a document prints no header, checks call a row or a column by its key (`fiscal`): people
get words for it.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

from worker.desk.pages.text import Language, strings

KEY = re.compile(r"(?<![\w.])[a-z][a-z0-9]*(?:_[a-z0-9]+)*(?![\w.])", re.ASCII)
"""What a key looks like."""
FACTS = frozenset({"project", "supervisor", "unit_name", "level"})
"""Keys of rows that hold no figure: no check speaks of them."""
_BETWEEN = "; "
# Only tables in Chinese have keys.
_CHINESE = re.compile(r"[\u4e00-\u9fff]")


class _Pairs(NamedTuple):
    """Patterns with what they become: of a whole phrase, and of pieces within one."""

    whole: tuple[tuple[re.Pattern[str], str], ...]
    within: tuple[tuple[re.Pattern[str], str], ...]


def phrased(language: Language, said: str) -> str:
    """Words of a check in a language, with names for keys."""
    keyed = _CHINESE.search(said)
    told = translated(language, said)
    return KEY.sub(lambda found: name_of(language, found[0]), told) if keyed else told


def translated(language: Language, said: str) -> str:
    """Words of a check in a language, with keys as they are."""
    if language == "en":
        return said
    return "；".join(map(_phrase, said.split(_BETWEEN)))


def name_of(language: Language, key: str) -> str:
    """What a column, a row or a kind is called by its key; what is no key stays."""
    said = strings(language)
    row = said.get(f"row.{key}") if key not in FACTS else None
    return said.get(f"column.{key}") or row or said.get(f"kind.{key}") or key


def _phrase(said: str) -> str:
    for pattern, chinese in _pairs().whole:
        if found := pattern.fullmatch(said):
            # What stands in a place of the pattern may hold pieces of its own.
            return _within(found.expand(chinese))
    return _within(said)


def _within(said: str) -> str:
    for pattern, chinese in _pairs().within:
        said = pattern.sub(chinese, said)
    return said


@cache
def _pairs() -> _Pairs:
    found = json.loads(Path(__file__).with_name("phrases.json").read_text("utf-8"))
    return _Pairs(
        *(
            tuple((re.compile(pattern), chinese) for pattern, chinese in found[part])
            for part in _Pairs._fields
        )
    )
