"""What the API gives out of the review desk. Amounts are decimal strings, as everywhere."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator

from schemas import CellRef
from worker import review
from worker.desk.api.problems import Problem
from worker.desk.api.review_changes import MoveChange, SetChange, given
from worker.desk.api.shapes import CellPlace, Exact
from worker.review import VerdictWord


class _Shape(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    @classmethod
    def of(cls, found: object) -> Self:
        """From what the desk says."""
        return cls.model_validate(found)


class QueuedTable(_Shape):
    """A table in the queue. `reason` is the gravest as a code, `reasons` are all in words.

    `money` is what is at stake in yuan (null: no known unit), `doubt` and `ease` are 0 to 1, `worth` orders the queue.
    """

    document: int
    table: str
    document_name: str
    kind: str
    title: str
    unit_name: str
    batches: list[str]
    reason: str
    reasons: list[str]
    money: Exact | None
    doubt: Exact
    ease: Exact
    worth: int
    status: str
    claimed_by: str | None
    claimed_until: datetime | None


class NextTable(BaseModel):
    """The table that was claimed; null where nothing waits."""

    table: QueuedTable | None


class DocumentCount(BaseModel):
    """How many tables of a document."""

    document: int
    name: str
    tables: int


class QueueCounts(BaseModel):
    """How many tables there are by value of each filter, the other filters in force: the most frequent 50 of each.

    Each count is of the 5,000 worthiest tables.
    """

    total: int
    free: int
    held: int
    status: dict[str, int]
    reason: dict[str, int]
    kind: dict[str, int]
    unit_name: dict[str, int]
    batch: dict[str, int]
    document: list[DocumentCount]

    @classmethod
    def of(cls, found: review.Counts) -> Self:
        """From what the desk counts."""
        documents = [
            DocumentCount(document=number, name=name, tables=tables)
            for number, (name, tables) in found.document.items()
        ]
        return cls(
            total=found.total,
            free=found.free,
            held=sum(found.held.values()),
            status=dict(found.status),
            reason=dict(found.reason),
            kind=dict(found.kind),
            unit_name=dict(found.unit_name),
            batch=dict(found.batch),
            document=documents,
        )


class PlaceShape(_Shape):
    """A place in the source: offsets [start, end) in the text, 1-based line and page, box in points where known."""

    start: int
    end: int
    line: int
    page: int
    box: tuple[float, float, float, float] | None


class GridCellShape(_Shape):
    """A cell. `text` is as printed, `value` the figure that counts now, `typed` how it would be typed.

    `state` is one of closed, suspect, doubtful, unbound, changed, text, blank. `identities` are ids of the view.
    """

    ref: CellPlace
    text: str
    value: Exact | None
    typed: str
    state: str
    place: PlaceShape | None
    changed_from: str | None
    changed_by: str | None
    identities: list[int]
    score: float | None

    @field_validator("ref", mode="before")
    @classmethod
    def _ref(cls, ref: CellRef) -> CellPlace:
        return CellPlace.of(ref)


class GridColumnShape(_Shape):
    """A column: key, header as printed, whether it takes texts."""

    key: str
    header: str
    text: bool


class GridRowShape(_Shape):
    """A row with one cell a column."""

    index: int
    side: str
    code: str
    name: str
    label: str
    place: PlaceShape | None
    cells: list[GridCellShape]


class ProposalShape(_Shape):
    """What may be done at once: `change` may be sent back as it is; `closes` are ids of identities that would hold."""

    change: Annotated[SetChange | MoveChange, Field(discriminator="action")]
    words: str
    evidence: list[str]
    closes: list[int]

    @field_validator("change", mode="before")
    @classmethod
    def _change(cls, change: review.SetCell | review.MoveCells) -> SetChange | MoveChange:
        return given(change)


class SuspectCellShape(_Shape):
    """A cell that may be wrong: why, which values would close, what may be done about it, best first."""

    cell: CellPlace
    where: str
    printed: str
    place: PlaceShape | None
    reason: str
    closing: str
    proposals: list[ProposalShape]

    @field_validator("cell", mode="before")
    @classmethod
    def _cell(cls, cell: CellRef) -> CellPlace:
        return CellPlace.of(cell)


class SideShape(_Shape):
    """One side of an identity."""

    words: str
    figure: Exact


class IdentityShape(_Shape):
    """An identity of the document at this version; cells may stand in other tables too."""

    id: int
    check: str
    scope: str
    words: str
    status: str
    verdict: str
    unit: str
    sides: list[SideShape]
    difference: Exact | None
    tolerance: Exact | None
    tables: list[str]
    cells: list[CellPlace]
    suspects: list[SuspectCellShape]

    @field_validator("cells", mode="before")
    @classmethod
    def _cells(cls, cells: tuple[CellRef, ...]) -> list[CellPlace]:
        return [CellPlace.of(cell) for cell in cells]


class SourceLineShape(_Shape):
    """A line of the source: `start` is the offset of its first character in the text of the document."""

    number: int
    page: int
    start: int
    text: str


class SiblingShape(_Shape):
    """A table of the same document."""

    table: str
    title: str
    kind: str
    status: str
    failed: int


class TouchedCell(_Shape):
    """A cell that an event touched, before and after."""

    row: str
    column: str
    where: str
    before: str
    after: str


class EventShape(_Shape):
    """One entry of the log: who did what to which table, when and why. Never changed, never removed.

    `undone`: it was taken back; `stale`: the document was read anew, and what it changed is not printed there any more.
    """

    sequence: int
    table: str
    action: str
    by: str
    at: datetime
    why: str
    cells: list[TouchedCell]
    words: str
    undone: bool
    stale: bool


class OpenTable(_Shape):
    """A table with all that it takes to settle it. `version` goes back with the next change.

    `accept` is the verdict that accepting it means now. `proposals` are rearrangements of the whole table.
    """

    document: int
    document_name: str
    table: str
    version: int
    kind: str
    title: str
    unit: str
    unit_name: str
    stage: str
    status: str
    reasons: list[str]
    confidence: float
    columns: list[GridColumnShape]
    rows: list[GridRowShape]
    identities: list[IdentityShape]
    proposals: list[ProposalShape]
    lines: list[SourceLineShape]
    siblings: list[SiblingShape]
    log: list[EventShape]
    held_by: str | None
    held_until: datetime | None
    can_undo: bool
    can_redo: bool
    accept: VerdictWord
    failed: int


class AppliedChange(_Shape):
    """What came of a change: the table now; of the document the identities that hold now and did not (`closed`), and
    those that fail now and did not (`broke`)."""

    table: OpenTable
    closed: list[IdentityShape]
    broke: list[IdentityShape]


class ReviewProblem(Problem):
    """Why nothing was written. Another person holds the table (`held_by`, `held_until`), or the document went on:
    `version` is the present one, `events` what others did since, the oldest first, `same_table` whether to this one.
    """

    held_by: str | None = None
    held_until: datetime | None = None
    version: int | None = None
    same_table: bool | None = None
    events: tuple[EventShape, ...] = ()
