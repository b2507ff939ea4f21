"""What things are called: classifications, issuing bodies, units, projects."""

from __future__ import annotations

import csv
from functools import cache
from importlib import resources
from typing import NamedTuple

from evals.synthetic.dice import Dice

STAFF_SECTIONS = ("20805", "21011", "22102")
"""Sections in which every department spends: pensions, health insurance, housing."""


class Body(NamedTuple):
    """An issuing body with its number, the units below it, itself first, and the sections of its own work."""

    name: str
    number: int
    place: str
    units: tuple[str, ...]
    sections: tuple[str, ...]


def _text(name: str, package: str = "evals.synthetic") -> str:
    return (resources.files(package) / "data" / name).read_text(encoding="utf-8")


def _rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(text.splitlines()))


@cache
def words(name: str) -> tuple[str, ...]:
    """The lines of a list of names."""
    return tuple(_text(f"{name}.txt").splitlines())


@cache
def functions() -> dict[str, str]:
    """Function codes of 3, 5 and 7 digits with their names."""
    known = [r for r in _rows(_text("lexicon.csv", "schemas")) if not r["variant"]]
    found = {r["code"]: r["name"] for r in known if r["classification"] == "function"}
    own = {r["code"]: r["name"] for r in _rows(_text("functions.csv"))}
    return dict(sorted((found | own).items()))


@cache
def economics() -> dict[str, str]:
    """Economic codes of 3 and 5 digits with their names."""
    known = [r for r in _rows(_text("lexicon.csv", "schemas")) if not r["variant"]]
    return dict(sorted((r["code"], r["name"]) for r in known if r["classification"] == "economic"))


@cache
def _items() -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for code in functions():
        if len(code) == 7:
            found.setdefault(code[:5], []).append(code)
    return {section: tuple(codes) for section, codes in found.items()}


def items(section: str) -> tuple[str, ...]:
    """The items (项) of a section (款)."""
    return _items()[section]


def classes() -> tuple[str, ...]:
    """The classes (类) of expenditure by function that the forms of a department list."""
    return tuple(c for c in functions() if len(c) == 3 and c not in {"227", "230", "233"})


@cache
def indicators() -> tuple[dict[str, str], ...]:
    """Indicators of performance: three levels, how the target is bounded, its range and unit (or its words)."""
    return tuple(_rows(_text("indicators.csv")))


@cache
def _departments() -> tuple[dict[str, str], ...]:
    return tuple(_rows(_text("departments.csv")))


def body(dice: Dice) -> Body:
    """One of some 1,100 issuing bodies, with up to eight units."""
    place = dice.choose(words("places"))
    department = dice.choose(_departments())
    name = place + department["name"]
    below = dice.some(words("units"), dice.choose((0, 0, 1, 2, 3, 5, 7)))
    own = f"{name}（本级）" if below else name
    units = (own, *(f"{place}{department['short']}{unit}" for unit in below))
    return Body(name, dice.between(101, 399), place, units, tuple(department["sections"].split()))


def company(dice: Dice) -> str:
    """A company that never was, in English."""
    first = dice.choose(
        ("Alder", "Bramley", "Cinder", "Dunmore", "Elmstead", "Fairwater", "Glenrock", "Harrow", "Inverleith")
    )
    second = dice.choose(
        ("Instruments", "Foods", "Logistics", "Paper Mills", "Textiles", "Software", "Energy", "Printing")
    )
    return f"{first} {second} {dice.choose(('Inc.', 'Ltd.', 'Corp.', 'PLC', 'LLC'))}"


def project(dice: Dice, short: str = "") -> str:
    """A project of expenditure."""
    return short + dice.choose(words("projects"))
