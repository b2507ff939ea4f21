"""From what a person wants to an entry of the log: checked against the table as it stands."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from schemas import AnyTable, CellRef
from worker.amend import LABELS, Action, Entry, Folded, Put, Rows, digest_of, printed, shown, typed_cell
from worker.export.flatten import columns_of
from worker.review.records import (
    Change,
    ClearCell,
    Decide,
    MoveCells,
    Redo,
    SetCell,
    Undo,
)
from worker.review.refusals import (
    BadChange,
)

_LONGEST_WHY = 2_000
_MOST_MOVES = 20_000


def entry_of(
    change: Change, key: str, read: AnyTable | None, after: Folded, sequence: int, by: str, at: datetime
) -> Entry:
    """The entry that a change becomes. `read` is the table as it was read, `after` as it stands. Raises BadChange."""
    make = _Maker(key, read, after)
    action: Action
    puts: tuple[Put, ...] = ()
    digest = ""
    match change:
        case SetCell():
            action, puts = "set", make.set(change)
        case ClearCell():
            action, puts = "clear", make.clear(change)
        case MoveCells():
            action, puts = "move", make.move(change)
        case Undo():
            action, puts = "undo", make.undo()
        case Redo():
            action, puts = "redo", make.redo()
        case Decide():
            action, digest = change.verdict, make.decide(change)
    if len(change.why) > _LONGEST_WHY:
        raise BadChange(f"a note has at most {_LONGEST_WHY} characters; shorten it")
    return Entry(
        sequence=sequence, table=key, action=action, by=by, at=at, why=change.why, puts=puts, digest=digest
    )


class _Maker:
    def __init__(self, key: str, read: AnyTable | None, after: Folded) -> None:
        self._key, self._read, self._after = key, read, after

    def set(self, change: SetCell) -> tuple[Put, ...]:
        read, now = self._tables()
        self._check(now, change.row, change.column, labels=False)
        try:
            cell = typed_cell(now, change.row, change.column, change.typed)
        except ValueError as error:
            raise BadChange(f"{self._name(now, change.row, change.column)}: {error}") from None
        before = printed(now.rows[change.row], change.column)
        if before == shown(cell):
            raise BadChange(f"{self._name(now, change.row, change.column)}: is {before} already")
        place = Rows(read).at(change.row, change.column)
        return (Put(at=place, typed=change.typed, before=before, after=shown(cell)),)

    def clear(self, change: ClearCell) -> tuple[Put, ...]:
        read, now = self._tables()
        self._check(now, change.row, change.column, labels=False)
        before = printed(now.rows[change.row], change.column)
        if now.rows[change.row].get(change.column) is None:
            raise BadChange(f"{self._name(now, change.row, change.column)}: is blank already")
        return (Put(at=Rows(read).at(change.row, change.column), before=before),)

    def move(self, change: MoveCells) -> tuple[Put, ...]:
        read, now = self._tables()
        if not 0 < len(change.moves) <= _MOST_MOVES:
            raise BadChange(f"a move is of 1 to {_MOST_MOVES} cells; this one of {len(change.moves)}")
        for ref in (ref for move in change.moves for ref in move):
            if ref.table != self._key:
                raise BadChange(f"{ref}: stands in another table; move within {self._key}")
            self._check(now, ref.row, ref.column, labels=True)
        targets = [move.target for move in change.moves]
        labels = any(
            (source.column in LABELS) != (target.column in LABELS) for source, target in change.moves
        )
        if labels or len(set(targets)) < len(targets):
            raise BadChange("two cells would go to one place, or a label into a cell; propose another move")
        return tuple(self._moved(Rows(read), now, change))

    @staticmethod
    def _moved(rows: Rows, now: AnyTable, change: MoveCells) -> Iterator[Put]:
        def text(ref: CellRef) -> str:
            return printed(now.rows[ref.row], ref.column)

        targets = {move.target for move in change.moves}
        for source, target in change.moves:
            place, origin = rows.at(target.row, target.column), rows.at(source.row, source.column)
            yield Put(at=place, source=origin, before=text(target), after=text(source))
        for source in dict.fromkeys(move.source for move in change.moves):
            if source not in targets:
                yield Put(at=rows.at(source.row, source.column), before=text(source))

    def undo(self) -> tuple[Put, ...]:
        if not self._after.standing:
            raise BadChange("there is nothing to undo in this table")
        puts = self._after.standing[-1].puts
        return tuple(Put(at=put.at, before=put.after, after=put.before) for put in puts)

    def redo(self) -> tuple[Put, ...]:
        if not self._after.undone:
            raise BadChange("there is nothing to do again in this table")
        return self._after.undone[-1].puts

    def decide(self, change: Decide) -> str:
        if self._read is None and change.verdict in {"right_as_printed", "corrected"}:
            raise BadChange("no reader brought this table; reject it, or say that it cannot be read")
        if change.verdict == "corrected" and not self._after.edited:
            raise BadChange("nothing was changed in this table; accept it as printed, or change it first")
        if change.verdict == "right_as_printed" and self._after.changes:
            raise BadChange("cells were changed; accept the table as corrected, or undo the changes first")
        return digest_of(self._read)

    def _tables(self) -> tuple[AnyTable, AnyTable]:
        if self._read is None or self._after.table is None:
            raise BadChange("no reader brought this table; there is nothing to change in it")
        return self._read, self._after.table

    def _check(self, table: AnyTable, row: int, column: str, *, labels: bool) -> None:
        known = {key for key, _ in columns_of(table)} | set(type(table).row_type().column_infos())
        if not 0 <= row < len(table.rows) or (column not in known and not (labels and column in LABELS)):
            raise BadChange(f"{self._key} has no cell at row {row + 1}, column {column[:80]!r}; open it anew")

    @staticmethod
    def _name(table: AnyTable, row: int, column: str) -> str:
        found = table.rows[row]
        return f"{found.code or found.name or f'row {row + 1}'} {table.headers.get(column, column)}"
