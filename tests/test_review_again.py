"""Reconciling again after changes: with what is remembered as without, whatever is changed."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evals.bench.review import wrong_tables
from schemas import CellRef
from schemas.findings import Move
from tests.desk_sample import write_shifted
from worker.amend import Entry, amended, folded
from worker.ingest import load
from worker.pipeline import Extraction, extract
from worker.readers.layout import LayoutReader
from worker.reconcile.memo import Memo
from worker.review import BadChange, Change, ClearCell, Decide, MoveCells, Redo, SetCell, Undo
from worker.review.changing import entry_of

AT = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> list[Extraction]:
    """Tables of known kinds with prose about them and of no known kind, a figure wrong in each; a proposal to move."""
    shifted = load(write_shifted(tmp_path_factory.mktemp("shifted")))
    committee = load(Path("evals/corpus/jilin-city-committee-2022-budget.txt"))
    return [extract(each, [LayoutReader()]) for each in (wrong_tables(3, 3), shifted, committee)]


kinds = st.sampled_from(["set", "set", "set", "clear", "move", "undo", "undo", "redo", "decide"])
numbers = st.integers(0, 10_000)


@given(
    document=st.integers(0, 2),
    steps=st.lists(st.tuples(kinds, numbers, numbers, st.integers(-999, 999)), min_size=1, max_size=6),
)
@settings(max_examples=12, deadline=None)
def test_what_is_remembered_changes_nothing(
    documents: list[Extraction], document: int, steps: list[tuple[str, int, int, int]]
) -> None:
    read, memo = documents[document], Memo()
    entries: list[Entry] = []
    for kind, one, two, by in steps:
        change = _change(read, kind, one, two, by)
        key = list(read.standing)[one % len(read.standing)]
        table = read.standing[key].table
        after = folded(key, table, [entry for entry in entries if entry.table == key])
        try:
            entries.append(entry_of(change, key, table, after, len(entries) + 1, "wang", AT))
        except BadChange:
            continue
        now = amended(read, entries, memo=memo)
        assert now == amended(read, entries)


def _change(read: Extraction, kind: str, one: int, two: int, by: int) -> Change:
    """A change of any table, anywhere in it; a figure is a little more or less than it was."""
    key = list(read.standing)[one % len(read.standing)]
    rows = read.standing[key].table.rows
    cells = [
        (row, column, cell.amount)
        for row in range(len(rows))
        for column, cell in rows[row].cells()
        if cell.amount
    ]
    if not cells:
        return Undo()
    (row, column, amount), other = cells[two % len(cells)], cells[(two + by) % len(cells)]
    match kind:
        case "set":
            return SetCell(row, column, f"{amount.value + by:f}")
        case "clear":
            return ClearCell(row, column)
        case "move":
            return MoveCells((Move(CellRef(key, row, column), CellRef(key, *other[:2])),))
        case "undo":
            return Undo()
        case "redo":
            return Redo()
    return Decide("rejected")
