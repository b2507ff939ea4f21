"""Planting what is wrong on purpose: a misprint of a true figure, or a publisher who is wrong."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from itertools import pairwise

from evals.cases import CellKey, GoldTable, Planted
from evals.paper import PrintedTable, Spot
from evals.synthetic.dice import Dice
from evals.synthetic.draft import Draft
from evals.synthetic.figures import plain

_LOOKS = {"0": "68", "1": "7", "3": "8", "5": "6", "6": "058", "7": "1", "8": "036"}


def _swap(text: str, place: int, char: str) -> str:
    return text[:place] + char + text[place + 1 :]


def _digits(text: str) -> list[int]:
    return [i for i, char in enumerate(text) if char.isdigit()]


def _digit(text: str, dice: Dice) -> str:
    place = dice.choose(_digits(text))
    return _swap(text, place, dice.choose([d for d in "0123456789" if d != text[place]]))


def _transposed(text: str, dice: Dice) -> str:
    places = _digits(text)
    pairs = [(a, b) for a, b in pairwise(places) if text[a] != text[b]]
    if not pairs:
        return text
    first, second = dice.choose(pairs)
    return _swap(_swap(text, first, text[second]), second, text[first])


def _dropped(text: str, dice: Dice) -> str:
    places = _digits(text)
    if len(places) < 2:
        return text
    place = dice.choose(places)
    return text[:place] + text[place + 1 :]


def _doubled(text: str, dice: Dice) -> str:
    place = dice.choose(_digits(text))
    return text[: place + 1] + text[place:]


def _point(text: str, _: Dice) -> str:
    whole, point, rest = text.partition(".")
    return whole + rest if point else text[:-2] + "." + text[-2:] if len(_digits(text)) > 2 else text


def _sign(text: str, _: Dice) -> str:
    return text[1:] if text.startswith("-") else text[1:-1] if text.startswith("(") else f"-{text}"


def _look_alike(text: str, dice: Dice) -> str:
    places = [i for i in _digits(text) if text[i] in _LOOKS]
    if not places:
        return text
    place = dice.choose(places)
    return _swap(text, place, dice.choose(_LOOKS[text[place]]))


_MISPRINTS: dict[str, Callable[[str, Dice], str]] = {
    "digit": _digit,
    "transposed": _transposed,
    "dropped": _dropped,
    "doubled": _doubled,
    "point": _point,
    "sign": _sign,
    "look_alike": _look_alike,
}
_SHIFTS = ("column_shift", "row_shift")
ERRORS = (*_MISPRINTS, *_SHIFTS)
"""The classes of misprints."""

# Kinds whose every figure stands in a sum that is printed too.
_CLOSED = frozenset(
    {
        "income_by_function",
        "income_by_unit",
        "expenditure_by_function",
        "general_budget_expenditure",
        "basic_expenditure_by_economic",
        "project_expenditure",
    }
)


def plant_fault(draft: Draft, seed: int, error: str | None = None) -> Draft:
    """One figure of a table misprinted: the paper prints another value, the gold keeps the true one.

    `error` is one of `ERRORS`, any if None. Raises ValueError where no figure can be misprinted so.
    """
    dice = Dice("fault", seed, draft.id)
    for name in [error] if error else dice.shuffled(ERRORS):
        if name not in ERRORS:
            raise ValueError(f"unknown class of misprints: {name}; known are {', '.join(ERRORS)}")
        for place in dice.shuffled(_places(draft)):
            planted = (
                _shift(draft, place, dice, name) if name in _SHIFTS else _misprint(draft, place, dice, name)
            )
            if planted:
                return planted
    raise ValueError(f"{draft.id} has no figure for a misprint of class {error or 'any'}")


def plant_source(draft: Draft, seed: int) -> Draft:
    """The publisher is wrong in one figure: paper and gold print it alike, and what it should be is recorded.

    Raises ValueError where no figure can be changed so.
    """
    dice = Dice("source", seed, draft.id)
    places = _places(draft)
    places = [p for p in places if _key(draft, p).kind in _CLOSED] or places
    for place in dice.shuffled(places):
        error = dice.choose(("digit", "transposed"))
        printed = _text(draft, place)
        key = _key(draft, place)
        text = _wrong(printed, dice, error)
        true, value = plain(printed), plain(text)
        if not _differ(true, value):
            continue
        planted = Planted(nature="source", error=error, cells=(key,), true=(true,), printed=(value,))
        gold = tuple(_with(table, key, value) if _holds(table, key) else table for table in draft.gold)
        return _reprint(draft, place[0], {place[1]: text}, {}, planted)._replace(gold=gold)
    raise ValueError(f"{draft.id} has no figure that its publisher could have wrong")


Place = tuple[int, Spot]
"""A figure of the paper: which block, and where in it."""


def _table(draft: Draft, block: int) -> PrintedTable:
    table = draft.paper.blocks[block]
    if not isinstance(table, PrintedTable):
        raise TypeError(f"block {block} of {draft.id} is no table")
    return table


def _places(draft: Draft) -> list[Place]:
    """Every figure of the tables that is not zero."""
    values = {
        CellKey(table.kind, table.ordinal, number, column): value
        for table in draft.gold
        for number, row in enumerate(table.rows)
        for column, value in row.cells.items()
    }
    return [
        (i, spot)
        for i, block in enumerate(draft.paper.blocks)
        if isinstance(block, PrintedTable)
        for spot, key in block.cells.items()
        if _is_figure(text := block.body[spot.row][spot.column]) and plain(text) == values[key]
    ]


def _is_figure(text: str) -> bool:
    try:
        return Decimal(plain(text)) != 0
    except ArithmeticError:
        return False


def _text(draft: Draft, place: Place) -> str:
    return _table(draft, place[0]).body[place[1].row][place[1].column]


def _key(draft: Draft, place: Place) -> CellKey:
    return _table(draft, place[0]).cells[place[1]]


def _wrong(printed: str, dice: Dice, error: str) -> str:
    """The figure misprinted; its separators of thousands are set anew."""
    text = _MISPRINTS[error](printed.replace(",", ""), dice)
    if "," not in printed:
        return text
    digits = [i for i in _digits(text) if "." not in text[:i]]
    whole = text[digits[0] : digits[-1] + 1]
    return f"{text[: digits[0]]}{int(whole):,}{text[digits[-1] + 1 :]}"


def _misprint(draft: Draft, place: Place, dice: Dice, error: str) -> Draft | None:
    printed = _text(draft, place)
    text = _wrong(printed, dice, error)
    true, value = plain(printed), plain(text)
    if Decimal(true) == Decimal(value):
        return None
    key = _key(draft, place)
    planted = Planted(nature="fault", error=error, cells=(key,), true=(true,), printed=(value,))
    return _reprint(draft, place[0], {place[1]: text}, {}, planted)


def _differ(true: str, value: str) -> bool:
    """Whether the two are further apart than rounding could explain."""
    return abs(Decimal(true) - Decimal(value)) >= 1


def _shift(draft: Draft, place: Place, dice: Dice, error: str) -> Draft | None:
    """The figure printed one row off, or under a blank column of its row; what stood there is printed here."""
    block, spot = place
    table = _table(draft, block)
    key = table.cells[spot]
    other = _beside(table, spot, dice) if error == "column_shift" else _below(table, spot, dice)
    if other is None:
        return None
    there, there_key = other
    mine, theirs = table.body[spot.row][spot.column], table.body[there.row][there.column]
    if plain(mine) == plain(theirs):
        return None
    planted = Planted(
        nature="fault",
        error=error,
        cells=(key, there_key),
        true=(plain(mine), plain(theirs)),
        printed=(plain(theirs), plain(mine)),
    )
    moved = {there: key} | ({spot: there_key} if there in table.cells else {})
    return _reprint(draft, block, {spot: theirs, there: mine}, moved, planted)


def _beside(table: PrintedTable, spot: Spot, dice: Dice) -> tuple[Spot, CellKey] | None:
    """A blank or zero of the same row of gold, in a column that holds figures elsewhere."""
    key = table.cells[spot]
    found = set()
    # A form without a header has no columns that hold for all its rows.
    for at, other in table.cells.items() if table.header else ():
        there = Spot(spot.row, at.column)
        text = table.body[there.row][there.column]
        same_row = table.cells.get(Spot(at.row, spot.column), key).row == other.row
        if at.row != spot.row and same_row and other.column != key.column and not _is_figure(text):
            found.add((there, key._replace(column=other.column)))
    return dice.choose(sorted(found)) if found else None


def _below(table: PrintedTable, spot: Spot, dice: Dice) -> tuple[Spot, CellKey] | None:
    """The figure above or below."""
    near = [Spot(spot.row + step, spot.column) for step in (-1, 1)]
    column = table.cells[spot].column
    found = [(at, table.cells[at]) for at in near if at in table.cells and table.cells[at].column == column]
    return dice.choose(found) if found else None


def _reprint(
    draft: Draft, block: int, texts: dict[Spot, str], cells: dict[Spot, CellKey], planted: Planted
) -> Draft:
    table = _table(draft, block)
    body = tuple(
        tuple(texts.get(Spot(r, c), text) for c, text in enumerate(row)) for r, row in enumerate(table.body)
    )
    kept = {spot: key for spot, key in table.cells.items() if not cells or spot not in texts}
    changed = table.model_copy(update={"body": body, "cells": kept | cells})
    blocks = (*draft.paper.blocks[:block], changed, *draft.paper.blocks[block + 1 :])
    paper = draft.paper.model_copy(update={"blocks": blocks})
    return draft._replace(paper=paper, planted=(*draft.planted, planted))


def _holds(table: GoldTable, key: CellKey) -> bool:
    return (table.kind, table.ordinal) == (key.kind, key.ordinal)


def _with(table: GoldTable, key: CellKey, value: str) -> GoldTable:
    row = table.rows[key.row]
    row = row.model_copy(update={"cells": {**row.cells, key.column: value}})
    return table.model_copy(update={"rows": (*table.rows[: key.row], row, *table.rows[key.row + 1 :])})
