"""Garbling: documents set as badly as real text layers and scans set them, seeded, with a severity each.

A paper is garbled table by table: its figures are damaged and its structure is moved while it is still cells
(`damage`, `structure`), it is set in a style (`setting`), then its text is worsened (`texts`). A tier is a recipe
(`tiers`): what is applied, how often and how severely.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import NamedTuple, TypeVar

from evals.cases import Case, CellKey, GoldTable, Planted, Tier
from evals.garble.cells import with_text
from evals.garble.damage import DAMAGE
from evals.garble.setting import STYLES, set_table
from evals.garble.structure import STRUCTURE, TableGarbler
from evals.garble.texts import CHARACTERS, LINES, PAGES, PROSE, TextGarbler
from evals.garble.tiers import TIERS, Step
from evals.paper import Paper, PrintedTable, Prose
from evals.synthetic import Draft
from schemas.numerals import parse_numeral

__all__ = ["TIERS", "Garbled", "case_of", "garble", "garble_text"]

_Thing = TypeVar("_Thing", PrintedTable, str)


class Garbled(NamedTuple):
    """A garbled document.

    `applied` names the style of setting and every garbler that changed something, with its severity
    ("blanks_lost:0.83"), in the order of application. `planted` are the gold cells whose printed figure was
    changed; their values are plain, or the text as printed where that is no numeral any more.
    """

    text: str
    applied: tuple[str, ...]
    planted: tuple[Planted, ...]


def garble(paper: Paper, tier: Tier, seed: str | int, gold: Sequence[GoldTable] = ()) -> Garbled:
    """`paper` set and garbled as `tier` asks; the same arguments give the same bytes.

    True values of damaged cells are those of `gold`; without it, those that `paper` prints.
    Raises ValueError for a tier that is not made.
    """
    steps = _recipe(tier)
    style = Random(f"{seed}:style").choice(tuple(STYLES))
    true = _values(gold)
    applied = [style]
    planted: list[Planted] = []
    texts = []
    for number, block in enumerate(paper.blocks):
        place = f"{tier}:{seed}:{number}"
        if isinstance(block, Prose):
            texts.append(_apply(PROSE | CHARACTERS | LINES, "\n".join(block.lines), steps, place, applied))
            continue
        table, faults = _damaged(block, steps, place, applied, true)
        planted += faults
        table = _apply(STRUCTURE | _ON_TABLES, table, steps, place, applied)
        texts.append(_apply(LINES, "\n".join(set_table(table, style)), steps, place, applied))
    text = _apply(PAGES, "\n".join(texts) + "\n", steps, f"{tier}:{seed}", applied)
    return Garbled(text, tuple(applied), tuple(planted))


def garble_text(text: str, tier: Tier, seed: str | int) -> str:
    """A document that is text alone, garbled as far as text can be: no figure changes.

    Raises ValueError for a tier that is not made.
    """
    return _apply(CHARACTERS | LINES | PAGES, text, _recipe(tier), f"{tier}:{seed}", [])


def case_of(draft: Draft, tier: Tier, seed: str | int) -> Case:
    """The case that `draft` becomes in `tier`. Cells that are planted already are not damaged again."""
    taken = {key for planted in draft.planted for key in planted.cells}
    garbled = garble(_sparing(draft.paper, taken), tier, f"{draft.id}:{seed}", draft.gold)
    return Case(
        id=f"{draft.id}-{tier}",
        name=draft.name,
        body=draft.body,
        family=draft.family,
        tier=tier,
        text=garbled.text,
        gold=draft.gold,
        planted=(*draft.planted, *garbled.planted),
    )


def _on_table(garbler: TextGarbler) -> TableGarbler:
    """A garbler of characters as one of a table's cells."""
    return lambda table, rng, severity: with_text(table, lambda text: garbler(text, rng, severity))


_ON_TABLES = {name: _on_table(garbler) for name, garbler in CHARACTERS.items()}


def _recipe(tier: Tier) -> Sequence[Step]:
    if tier not in TIERS:
        raise ValueError(f"no garbling makes the tier {tier!r}: choose {', '.join(TIERS)}")
    return TIERS[tier]


def _apply(
    garblers: Mapping[str, Callable[[_Thing, Random, float], _Thing]],
    thing: _Thing,
    steps: Sequence[Step],
    place: str,
    applied: list[str],
) -> _Thing:
    """`thing` after those of `steps` that are among `garblers` and that chance chooses; `applied` grows by them.

    Chance is drawn for every garbler and place apart, so that one garbler changed changes no other.
    """
    for step in steps:
        if (garbler := garblers.get(step.garbler)) is None:
            continue
        rng = Random(f"{place}:{step.garbler}")
        if rng.random() >= step.chance:
            continue
        severity = round(rng.uniform(step.low, step.high), 3)
        worse = garbler(thing, rng, severity)
        if worse != thing:
            applied.append(f"{step.garbler}:{severity:g}")
        thing = worse
    return thing


def _damaged(
    table: PrintedTable, steps: Sequence[Step], place: str, applied: list[str], true: Mapping[CellKey, str]
) -> tuple[PrintedTable, list[Planted]]:
    """`table` with damaged figures, and what was planted by it; the last damage names the class."""
    errors: dict[CellKey, str] = {}
    meant = _printed(table)
    for name, (error, garbler) in DAMAGE.items():
        before = _printed(table)
        table = _apply({name: garbler}, table, steps, place, applied)
        errors |= {key: error for key, text in _printed(table).items() if text != before[key]}
    now = _printed(table)
    return table, [
        Planted(
            nature="fault",
            error=error,
            cells=(key,),
            true=(true.get(key, _plain(meant[key])),),
            printed=(_plain(now[key]),),
        )
        for key, error in errors.items()
        if now[key] != meant[key]
    ]


def _printed(table: PrintedTable) -> dict[CellKey, str]:
    """What a table prints for every gold cell."""
    return {key: table.body[spot.row][spot.column] for spot, key in table.cells.items()}


def _plain(text: str) -> str:
    """A figure as gold writes it; any other text as it is."""
    numeral = parse_numeral(text)
    return format(numeral.value, "f") if numeral else text


def _values(gold: Sequence[GoldTable]) -> dict[CellKey, str]:
    return {
        CellKey(table.kind, table.ordinal, i, column): value
        for table in gold
        for i, row in enumerate(table.rows)
        for column, value in row.cells.items()
    }


def _sparing(paper: Paper, taken: set[CellKey]) -> Paper:
    """`paper` without the knowledge which cells print those in `taken`: no garbler damages them."""
    return Paper(
        blocks=tuple(
            block
            if isinstance(block, Prose)
            else block.model_copy(
                update={"cells": {spot: key for spot, key in block.cells.items() if key not in taken}}
            )
            for block in paper.blocks
        )
    )
