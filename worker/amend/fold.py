"""The log folded over a table: a stack of what stands, and one of what was undone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from schemas import AnyTable, CellRef, Reading, Row
from schemas.findings import Changed
from worker.amend.log import VERDICTS, At, Entry, Rows, digest_of, printed
from worker.amend.typing import typed_cell
from worker.reconcile.memo import Memo


class Folded(NamedTuple):
    """A table after its log. `verdict` is the entry that settles it, None while it is open.

    `standing` are entries in force, `undone` those that redo brings back (the next one last), `stale` those that
    speak of cells that are printed otherwise now. `accounted` are numerals that were taken out of cells on purpose.
    """

    table: AnyTable | None
    standing: tuple[Entry, ...] = ()
    undone: tuple[Entry, ...] = ()
    stale: tuple[Entry, ...] = ()
    verdict: Entry | None = None
    changes: tuple[Changed, ...] = ()
    accounted: frozenset[str] = frozenset()

    @property
    def edited(self) -> bool:
        """Whether any cell was changed."""
        return any(entry.puts for entry in self.standing if entry not in self.stale)


def folded(table_id: str, table: AnyTable | None, entries: Sequence[Entry]) -> Folded:
    """A table as it was read, with its entries over it. An undo takes the last that stands, a redo what was last
    undone; anything else done in between makes an end of redoing."""
    standing: list[Entry] = []
    undone: list[Entry] = []
    for entry in entries:
        match entry.action:
            case "undo":
                if standing:
                    undone.append(standing.pop())
            case "redo":
                if undone:
                    standing.append(undone.pop())
            case _:
                standing.append(entry)
                undone.clear()
    rows = Rows(table) if table else None
    stale = tuple(entry for entry in standing if not _applies(entry, rows, table))
    now = table
    for entry in standing:
        if entry.puts and entry not in stale and now is not None and rows is not None:
            now = _put(now, rows, entry)
    last = standing[-1] if standing else None
    return Folded(
        table=now,
        standing=tuple(standing),
        undone=tuple(undone),
        stale=stale,
        verdict=last if last and last.action in VERDICTS and last not in stale else None,
        changes=tuple(_changes(table_id, rows, table, now, standing)) if rows and table and now else (),
        accounted=frozenset(_taken_out(table, now)) if table and now else frozenset(),
    )


def fold_readings(
    standing: Mapping[str, Reading], entries: Sequence[Entry], memo: Memo | None = None
) -> dict[str, Folded]:
    """By table id: the tables that have entries. `memo` keeps those that no further entry is about."""
    memo = memo or Memo()
    by_table: dict[str, list[Entry]] = {}
    for entry in entries:
        by_table.setdefault(entry.table, []).append(entry)
    tables = {key: standing[key].table if key in standing else None for key in by_table}
    return {
        key: memo.if_same(f"folded {key}", (tables[key],), own, partial(folded, key, tables[key], own))
        for key, own in by_table.items()
    }


def _applies(entry: Entry, rows: Rows | None, table: AnyTable | None) -> bool:
    if entry.action in VERDICTS:
        return entry.digest == digest_of(table)
    if rows is None:
        return False
    places = [place for put in entry.puts for place in (put.at, put.source) if place]
    return all(rows.find(place) is not None for place in places)


def _put(table: AnyTable, rows: Rows, entry: Entry) -> AnyTable:
    """A copy of the table with an entry done: all of it at once."""
    targets = [(_index(rows, put.at), put.at.column, put) for put in entry.puts]
    touched = {row for row, _, _ in targets}
    after = [row.model_copy(deep=True) if i in touched else row for i, row in enumerate(table.rows)]
    for row, column, put in targets:
        if put.source is not None:
            source = table.rows[_index(rows, put.source)]
        match column:
            case "code":
                after[row].code, after[row].code_cell = (
                    (source.code, source.code_cell) if put.source else (None, None)
                )
            case "name":
                after[row].name, after[row].label = (source.name, source.label) if put.source else ("", None)
            case _ if put.source is not None:
                after[row].put(column, source.get(put.source.column))
            case _ if put.typed is not None:
                after[row].put(column, typed_cell(table, row, column, put.typed))
            case _:
                after[row].put(column, None)
    return table.model_copy(update={"rows": after})


def _index(rows: Rows, at: At) -> int:
    row = rows.find(at)
    if row is None:
        raise LookupError(at)
    return row


def _changes(
    table_id: str, rows: Rows, before: AnyTable, after: AnyTable, standing: Sequence[Entry]
) -> Iterator[Changed]:
    """The cells that are not what they were read as, and who was the last to touch them."""
    by = {(rows.find(put.at), put.at.column): entry.by for entry in standing for put in entry.puts}
    for (row, column), name in by.items():
        if row is not None:
            was, now = printed(before.rows[row], column), printed(after.rows[row], column)
            if was != now or before.rows[row].get(column) != after.rows[row].get(column):
                yield Changed(cell=CellRef(table_id, row, column), before=was, after=now, by=name)


def _taken_out(before: AnyTable, after: AnyTable) -> set[str]:
    """The numerals that stood in cells and stand in none any more."""
    pairs = list(zip(before.rows, after.rows, strict=True))
    changed = [(was, now) for was, now in pairs if was is not now]
    lost = _numerals(was for was, _ in changed) - _numerals(now for _, now in changed)
    return lost - _numerals(was for was, now in pairs if was is now) if lost else lost


def _numerals(rows: Iterable[Row]) -> set[str]:
    return {cell.numeral for row in rows for _, cell in row.cells() if cell.numeral}
