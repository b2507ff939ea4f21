"""Changes of tables as the API takes them, and gives them out in proposals."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from schemas import CellRef
from schemas.findings import Move
from worker import review
from worker.review import VerdictWord

# Of control characters only those that a note of several lines has.
_FINE = r"^[^\x00-\x08\x0b-\x1f\x7f-\x9f]*$"
Typed = Annotated[str, StringConstraints(max_length=1_000, pattern=_FINE)]
Why = Annotated[
    str, StringConstraints(max_length=2_000, pattern=_FINE), Field(description="A note, kept with it.")
]
Column = Annotated[str, StringConstraints(max_length=200, pattern=_FINE)]
RowNumber = Annotated[int, Field(ge=0, le=2**31 - 1, description="0-based.")]


class _Given(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SetChange(_Given):
    """Give a cell a figure, typed as a person types: 1,234.50, full-width, (12.3), △12; a text in a column of text."""

    action: Literal["set"]
    row: RowNumber
    column: Column
    typed: Typed
    why: Why = ""

    def change(self) -> review.Change:
        """As the desk takes it."""
        return review.SetCell(self.row, self.column, self.typed, self.why)


class ClearChange(_Given):
    """Say that a cell is blank."""

    action: Literal["clear"]
    row: RowNumber
    column: Column
    why: Why = ""

    def change(self) -> review.Change:
        """As the desk takes it."""
        return review.ClearCell(self.row, self.column, self.why)


class CellGiven(_Given):
    """A cell of the table: 0-based row and column; `code` and `name` are the columns of the label."""

    table: Column
    row: RowNumber
    column: Column

    @property
    def ref(self) -> CellRef:
        """As a reference."""
        return CellRef(self.table, self.row, self.column)


class MoveGiven(_Given):
    """What stands in `source` goes to `target`."""

    source: CellGiven
    target: CellGiven


class MoveChange(_Given):
    """Put what stands in cells into others, all at once."""

    action: Literal["move"]
    moves: list[MoveGiven] = Field(min_length=1, max_length=20_000)
    why: Why = ""

    def change(self) -> review.Change:
        """As the desk takes it."""
        return review.MoveCells(
            tuple(Move(each.source.ref, each.target.ref) for each in self.moves), self.why
        )


class UndoChange(_Given):
    """Take back the last change or verdict on the table."""

    action: Literal["undo"]
    why: Why = ""

    def change(self) -> review.Change:
        """As the desk takes it."""
        return review.Undo(self.why)


class RedoChange(_Given):
    """Do again what was last undone."""

    action: Literal["redo"]
    why: Why = ""

    def change(self) -> review.Change:
        """As the desk takes it."""
        return review.Redo(self.why)


class DecideChange(_Given):
    """Settle the table."""

    action: Literal["decide"]
    verdict: VerdictWord
    why: Why = ""

    def change(self) -> review.Change:
        """As the desk takes it."""
        return review.Decide(self.verdict, self.why)


AnyChange = Annotated[
    SetChange | ClearChange | MoveChange | UndoChange | RedoChange | DecideChange,
    Field(discriminator="action"),
]


class ChangeRequest(_Given):
    """A change of a table as it stood at `version`, that of the view which it was decided on."""

    version: Annotated[int, Field(ge=0, le=2**63 - 1)]
    change: AnyChange


def given(change: review.SetCell | review.MoveCells) -> SetChange | MoveChange:
    """A proposed change in the shape in which it may come back."""
    if isinstance(change, review.SetCell):
        return SetChange.model_construct(
            action="set", row=change.row, column=change.column, typed=change.typed, why=change.why
        )
    moves = [
        MoveGiven.model_construct(source=_cell(source), target=_cell(target))
        for source, target in change.moves
    ]
    return MoveChange.model_construct(action="move", moves=moves, why=change.why)


def _cell(ref: CellRef) -> CellGiven:
    return CellGiven.model_construct(table=ref.table, row=ref.row, column=ref.column)
