"""What is planted in synthetic documents: a misprint hides the true figure, a wrong publisher prints it as true."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import cache

import pytest

from evals.cases import CellKey, Planted
from evals.paper import PrintedTable, Spot, print_paper
from evals.synthetic import FAMILIES, Draft, drafts, plant_fault, plant_source
from evals.synthetic.figures import plain
from evals.synthetic.plant import ERRORS
from tests import synthetic_arithmetic as arithmetic

LOOKS = [set("068"), set("17"), set("38"), set("56")]


@cache
def sample() -> tuple[Draft, ...]:
    return tuple(drafts(11, 2 * len(FAMILIES)))


def planted(error: str) -> list[tuple[Draft, Draft, Planted]]:
    """Each document before and after, with what was planted; those that have no place for it are left out."""
    found = []
    for document in sample():
        try:
            after = plant_fault(document, 3, error)
        except ValueError:
            continue
        found.append((document, after, after.planted[-1]))
    return found


def printed(document: Draft) -> dict[tuple[int, Spot], str]:
    return {
        (i, Spot(r, c)): text
        for i, block in enumerate(document.paper.blocks)
        if isinstance(block, PrintedTable)
        for r, row in enumerate(block.body)
        for c, text in enumerate(row)
    }


def changed(before: Draft, after: Draft) -> list[tuple[str, str]]:
    """The texts that differ, before and after, without separators."""
    old, new = printed(before), printed(after)
    assert old.keys() == new.keys()
    return [(plain(old[place]), plain(new[place])) for place in old if old[place] != new[place]]


def gold(document: Draft, key: CellKey) -> str | None:
    table = next(t for t in document.gold if (t.kind, t.ordinal) == (key.kind, key.ordinal))
    return table.rows[key.row].cells.get(key.column)


@pytest.mark.parametrize("error", [e for e in ERRORS if not e.endswith("shift")])
def test_a_misprint_changes_one_figure_and_not_the_gold(error: str) -> None:
    found = planted(error)
    assert len(found) > len(sample()) // 2
    for before, after, fault in found:
        assert after.gold == before.gold
        assert (fault.nature, fault.error, len(fault.cells)) == ("fault", error, 1)
        assert changed(before, after) == [(fault.true[0], fault.printed[0])]
        assert gold(after, fault.cells[0]) == fault.true[0]
        assert Decimal(fault.true[0]) != Decimal(fault.printed[0])
        assert is_error(error, fault.true[0], fault.printed[0]), fault


def is_error(error: str, true: str, wrong: str) -> bool:
    old, new = re.sub(r"\D", "", true), re.sub(r"\D", "", wrong)
    differ = [(a, b) for a, b in zip(old, new, strict=False) if a != b]
    match error:
        case "digit":
            return len(old) == len(new) and len(differ) == 1
        case "transposed":
            return len(old) == len(new) and len(differ) == 2 and differ[0] == differ[1][::-1]
        case "dropped":
            return old.lstrip("0") != "" and len(new) < len(old)
        case "doubled":
            return len(new) == len(old) + 1
        case "point":
            return old == new
        case "sign":
            return true.lstrip("-") == wrong.lstrip("-")
        case _:
            return len(differ) == 1 and any({*differ[0]} <= looks for looks in LOOKS)


@pytest.mark.parametrize("error", ["column_shift", "row_shift"])
def test_a_shift_moves_the_printed_figure(error: str) -> None:
    found = planted(error)
    assert len(found) > len(sample()) // 3
    for before, after, fault in found:
        assert after.gold == before.gold
        here, there = fault.cells
        assert (here.row == there.row) == (error == "column_shift")
        assert (here.column == there.column) == (error == "row_shift")
        assert fault.printed == fault.true[::-1]
        assert sorted(changed(before, after)) == sorted(zip(fault.true, fault.printed, strict=True))
        # The map still tells where each gold cell is printed.
        for block in after.paper.blocks:
            if isinstance(block, PrintedTable):
                for spot, key in block.cells.items():
                    if key in fault.cells:
                        assert plain(block.body[spot.row][spot.column]) == gold(after, key)


def test_a_wrong_publisher_contradicts_itself() -> None:
    for before in sample():
        after = plant_source(before, 5)
        wrong = after.planted[-1]
        assert wrong.nature == "source"
        assert gold(before, wrong.cells[0]) == wrong.true[0]
        assert gold(after, wrong.cells[0]) == wrong.printed[0]
        assert changed(before, after) == [(wrong.true[0], wrong.printed[0])]
        assert abs(Decimal(wrong.true[0]) - Decimal(wrong.printed[0])) >= 1
        key = wrong.cells[0]
        table = next(t for t in after.gold if (t.kind, t.ordinal) == (key.kind, key.ordinal))
        if table.kind != "generic":
            assert [*arithmetic.row_sums(table), *arithmetic.hierarchy(table)], (after.id, wrong)


def test_planting_is_repeatable_and_can_be_repeated() -> None:
    document = sample()[0]
    assert plant_fault(document, 1) == plant_fault(document, 1)
    assert print_paper(plant_fault(document, 1).paper) != print_paper(plant_fault(document, 2).paper)
    twice = plant_source(plant_fault(document, 1, "digit"), 1)
    assert [p.nature for p in twice.planted] == ["fault", "source"]


def test_an_unknown_error_is_named() -> None:
    with pytest.raises(ValueError, match="unknown class of misprints: smudge"):
        plant_fault(sample()[0], 1, "smudge")
