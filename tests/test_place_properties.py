"""What must be true of any repair of place, whatever the figures."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import hypothesis.strategies as st
from hypothesis import assume, given, settings

from schemas import AnyTable, Reading
from tests.tables import cell, table
from worker.reconcile import closure, repaired

COLUMNS = ("total", "basic", "project", "superior_remittance", "business")
amounts = st.integers(min_value=1, max_value=10**9)
leaves_of = st.lists(
    st.lists(st.one_of(st.just(0), amounts), min_size=3, max_size=3).filter(any), min_size=4, max_size=8
)


def tree(leaves: list[list[int]]) -> AnyTable:
    """Two groups of leaves with their sums, in cents; the last column stays blank."""
    half = len(leaves) // 2
    rows = [("", "合计", [sum(column) for column in zip(*leaves, strict=True)])]
    for group, part in ((201, leaves[:half]), (202, leaves[half:])):
        rows.append((f"{group}", "g", [sum(column) for column in zip(*part, strict=True)]))
        rows += [(f"{group}{i:02d}", "x", leaf) for i, leaf in enumerate(part, start=1)]
    lines = (
        " | ".join([code, name, *(f"{v // 100}.{v % 100:02d}" if v else "" for v in (sum(leaf), *leaf))])
        for code, name, leaf in rows
    )
    return table("expenditure_by_function", " ".join(COLUMNS), "\n".join(lines))


def shifted(found: AnyTable, row: int) -> AnyTable:
    """The figures of a row one column to the right."""
    old = found.rows[row]
    changed = old.model_copy(deep=True)
    for column in COLUMNS:
        changed.put(column, None)
    for left, right in pairwise(COLUMNS):
        changed.put(right, old.get(left))
    return found.model_copy(update={"rows": [*found.rows[:row], changed, *found.rows[row + 1 :]]})


def mended(found: AnyTable) -> Reading:
    return repaired({"t1": Reading(chunk="t1", reader="layout", table=found)})["t1"]


def numerals(found: AnyTable) -> Counter[tuple[str | None, str]]:
    return Counter((x.numeral, x.text) for row in found.rows for _, x in row.cells())


def arranged(found: AnyTable) -> dict[str, dict[str, str]]:
    return {row.code or "": {column: x.text for column, x in row.cells()} for row in found.rows}


@given(leaves_of, st.data())
@settings(deadline=None)
def test_a_repair_keeps_every_figure_and_closes_the_table(
    leaves: list[list[int]], data: st.DataObject
) -> None:
    true = tree(leaves)
    row = data.draw(st.integers(0, len(true.rows) - 1))
    wrong = shifted(true, row)

    found = mended(wrong)

    assert numerals(found.table) == numerals(wrong)
    if found.repairs:
        assert closure(found.table).failed == 0
        assert arranged(found.table) == arranged(true)


@given(leaves_of)
@settings(deadline=None)
def test_a_closing_table_is_never_touched(leaves: list[list[int]]) -> None:
    assert not mended(tree(leaves)).repairs


@given(leaves_of, st.data())
@settings(deadline=None)
def test_the_order_of_rows_changes_no_repair(leaves: list[list[int]], data: st.DataObject) -> None:
    wrong = shifted(tree(leaves), data.draw(st.integers(0, len(leaves) + 2)))
    order = data.draw(st.permutations(range(len(wrong.rows))))
    mixed = wrong.model_copy(update={"rows": [wrong.rows[i] for i in order]})

    assert arranged(mended(mixed).table) == arranged(mended(wrong).table)


@given(leaves_of, st.data())
@settings(deadline=None)
def test_a_wrong_digit_moves_nothing(leaves: list[list[int]], data: st.DataObject) -> None:
    found = tree(leaves)
    row = data.draw(st.integers(0, len(found.rows) - 1))
    column = data.draw(st.sampled_from([c for c, _ in found.rows[row].cells()]))
    value = data.draw(amounts)
    printed = found.rows[row].get(column)
    assert printed is not None
    text = f"{value // 100}.{value % 100:02d}"
    assume(text not in numbers(found))
    found.rows[row].put(column, cell(text))

    assert not mended(found).repairs


def numbers(found: AnyTable) -> set[str]:
    return {x.text for row in found.rows for _, x in row.cells()}
