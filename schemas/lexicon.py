"""The code lexicon: what a classification code is called, and whether a printed name contradicts it.

Source: `schemas/data/lexicon.csv`, see the README beside it. Codes that it does not hold say nothing.
"""

from __future__ import annotations

import csv
from difflib import SequenceMatcher
from functools import cache
from importlib import resources
from typing import NamedTuple

from schemas.text import squeeze

# Below this likeness two names have nothing in common but characters such as 支出.
_ALIKE = 0.35


class Entry(NamedTuple):
    """A code with its names, the usual one first; names are squeezed."""

    code: str
    names: tuple[str, ...]
    classification: str
    level: str


class Contradiction(NamedTuple):
    """A printed name that is none of the code's. `belongs_to` is the code of the same level that has it, if any."""

    code: str
    name: str
    expected: str
    belongs_to: str | None


@cache
def _entries() -> dict[str, Entry]:
    found: dict[str, Entry] = {}
    text = (resources.files("schemas") / "data" / "lexicon.csv").read_text(encoding="utf-8")
    for row in csv.DictReader(text.splitlines()):
        name = squeeze(row["name"])
        known = found.get(row["code"])
        names = (*known.names, name) if known else (name,)
        found[row["code"]] = Entry(row["code"], names, row["classification"], row["level"])
    return found


@cache
def _codes_by_name() -> dict[tuple[str, str, str], tuple[str, ...]]:
    found: dict[tuple[str, str, str], tuple[str, ...]] = {}
    for entry in _entries().values():
        for name in entry.names:
            key = entry.classification, entry.level, _stem(name)
            found[key] = (*found.get(key, ()), entry.code)
    return found


def lookup(code: str) -> Entry | None:
    """The entry of a code, None if the lexicon does not hold it."""
    return _entries().get(code)


@cache
def _names() -> frozenset[str]:
    return frozenset(name for entry in _entries().values() for name in entry.names)


def is_name(text: str) -> bool:
    """Whether a squeezed text is the name of a code."""
    return text in _names()


def contradiction(code: str, name: str, classification: str) -> Contradiction | None:
    """Whether a printed name contradicts its code in a classification ('function' or 'economic').

    Names cut short in print, spelled with or without 支出, or alike do not contradict.
    """
    entry = lookup(code)
    printed = squeeze(name)
    if entry is None or entry.classification != classification or not printed:
        return None
    if any(_agrees(printed, known) for known in entry.names):
        return None
    others = _codes_by_name().get((classification, entry.level, _stem(printed)), ())
    if not others and any(_alike(printed, known) for known in entry.names):
        return None
    siblings = [other for other in others if other[:-2] == code[:-2]]
    return Contradiction(code, printed, entry.names[0], next(iter((*siblings, *others)), None))


def _stem(name: str) -> str:
    return name.removesuffix("支出")


def _agrees(printed: str, known: str) -> bool:
    a, b = _stem(printed), _stem(known)
    return a.startswith(b) or b.startswith(a) or a.endswith(b) or b.endswith(a)


def _alike(printed: str, known: str) -> bool:
    return SequenceMatcher(None, _stem(printed), _stem(known), autojunk=False).ratio() >= _ALIKE
