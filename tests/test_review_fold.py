"""The fold of a log: any sequence of changes, undoing and redoing gives what a plain model gives."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import AnyTable, Cell, CellRef, Span, table_type
from schemas.amounts import Amount
from schemas.findings import Move
from worker.amend import Entry, Folded, folded, typed_figure
from worker.review import BadChange, Change, ClearCell, Decide, MoveCells, Redo, SetCell, Undo
from worker.review.changing import entry_of

AT = datetime(2026, 1, 1, tzinfo=UTC)
COLUMNS = ("total", "basic", "project")
Model = dict[tuple[int, str], Decimal | None]


def table() -> AnyTable:
    model: Any = table_type("expenditure_by_function")
    row: Any = model.row_type()
    names = (("201", "一般公共服务支出"), ("201", "一般公共服务支出"), ("20106", "财政事务"), (None, "合计"))
    made: AnyTable = model(
        rows=[
            row(code=code, name=name, **{column: figure(i * 3 + j) for j, column in enumerate(COLUMNS)})
            for i, (code, name) in enumerate(names)
        ],
        columns=list(COLUMNS),
    )
    return made


def figure(number: int) -> Cell:
    place = 10 * number
    amount = Amount(value=Decimal(f"{number}.50"), decimals=2)
    return Cell(text=f"{number}.50", amount=amount, span=Span(start=place, end=place + 4, line=1))


def values(now: AnyTable | None) -> Model:
    assert now is not None
    return {
        (i, column): amount.value if (amount := row.figure(column)) else None
        for i, row in enumerate(now.rows)
        for column in COLUMNS
    }


places = st.tuples(st.integers(0, 3), st.sampled_from(COLUMNS))
changes = st.one_of(
    st.builds(lambda place, n: SetCell(place[0], place[1], f"{n}"), places, st.integers(-99, 99)),
    st.builds(lambda place: ClearCell(*place), places),
    st.builds(lambda one, two: MoveCells((Move(CellRef("t", *one), CellRef("t", *two)),)), places, places),
    st.just(Undo()),
    st.just(Redo()),
    st.just(Decide("rejected")),
)


def expected(model: Model, change: Change) -> Model:
    """What a change makes of the figures."""
    match change:
        case SetCell(row, column, typed):
            return {**model, (row, column): Decimal(typed).quantize(Decimal("0.01"))}
        case ClearCell(row, column):
            return {**model, (row, column): None}
        case MoveCells(((source, target),)):
            gone = {source[1:]: None} if source != target else {}
            return {**model, **gone, target[1:]: model[source[1:]]}
    return model


@given(st.lists(changes, max_size=12))
def test_any_sequence_gives_what_a_stack_of_states_gives(wanted: list[Change]) -> None:
    read = table()
    before = values(read)
    entries: list[Entry] = []
    states, redone = [before], list[Model]()
    after = folded("t", read, entries)
    for change in wanted:
        try:
            entry = entry_of(change, "t", read, after, len(entries) + 1, "wang", AT)
        except BadChange:
            assert refused(change, states, redone)
            continue
        entries.append(Entry.model_validate_json(entry.model_dump_json()))
        after = folded("t", read, entries)
        match change:
            case Undo():
                redone.append(states.pop())
            case Redo():
                states.append(redone.pop())
            case _:
                states.append(expected(states[-1], change))
                redone.clear()
        assert values(after.table) == states[-1]
        assert (len(after.standing), len(after.undone)) == (len(states) - 1, len(redone))
        assert values(read) == before
    assert after.stale == ()
    changed = {change.cell[1:] for change in after.changes}
    assert {place for place in before if values(after.table)[place] != before[place]} <= changed


def refused(change: Change, states: list[Model], redone: list[Model]) -> bool:
    """Whether there is nothing to be done."""
    match change:
        case Undo():
            return len(states) == 1
        case Redo():
            return not redone
    return expected(states[-1], change) == states[-1]


def test_what_is_printed_otherwise_now_is_stale_and_the_rest_holds() -> None:
    read = table()
    none = Folded(read)
    entries = [
        entry_of(SetCell(0, "total", "5"), "t", read, none, 1, "wang", AT),
        entry_of(SetCell(1, "total", "6"), "t", read, none, 2, "wang", AT),
        entry_of(Decide("right_as_printed"), "t", read, none, 3, "wang", AT),
    ]
    anew = table()
    anew.rows[0].put("total", figure(99))
    found = folded("t", anew, entries)
    assert [entry.sequence for entry in found.stale] == [1, 3]
    assert found.verdict is None
    assert values(found.table)[0, "total"] == Decimal("99.50")
    assert values(found.table)[1, "total"] == Decimal("6.00")
    gone = anew.model_copy(update={"rows": anew.rows[2:]})
    assert [entry.sequence for entry in folded("t", gone, entries).stale] == [1, 2, 3]
    assert [entry.sequence for entry in folded("t", None, entries).stale] == [1, 2, 3]


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("1,234.50", "1234.50"),
        ("１，２３４．５", "1234.5"),
        ("(12.3)", "-12.3"),
        ("（１２）", "-12"),
        ("△12", "-12"),
        ("▲ 12.0", "-12.0"),
        ("-5", "-5"),
        ("－5", "-5"),
        ("¥1,000", "1000"),
        (" 7 ", "7"),
    ],
)
def test_figures_as_people_type_them(typed: str, value: str) -> None:
    found = typed_figure(typed)
    assert found is not None
    assert str(found.value) == value


@pytest.mark.parametrize("typed", ["", "abc", "=1+1", "1..2", "1,2", "12 月", "--1", "9" * 30, "\x00"])
def test_what_is_no_figure(typed: str) -> None:
    assert typed_figure(typed) is None
