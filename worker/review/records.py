"""What the review desk hands out and takes: entries of the queue, an opened table, changes, events, figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from schemas import CellRef
from schemas.findings import Move
from schemas.source import Box

Order = Literal["worth", "newest"]
Reason = Literal["unread", "contradiction", "between", "unsupported", "unexplained", "doubtful", "audit"]
"""Why a table waits, the gravest: no reader brought it; an identity of its own fails; only one with another table
fails; figures that no identity supports; numerals that nothing accounts for; other doubts; drawn for audit."""

CellState = Literal["closed", "suspect", "doubtful", "unbound", "changed", "text", "blank"]
"""What a cell is to the eye. changed: by a person, whatever else holds of it; suspect: among the first suspects of
an identity that fails; doubtful: in an identity that fails; unbound: a figure in no identity that holds; closed: a
figure that identities hold; text; blank."""

VerdictWord = Literal["right_as_printed", "corrected", "rejected", "unreadable"]


@dataclass(frozen=True, slots=True)
class Filters:
    """What of the queue is wanted; what is not set does not count.

    `batch` is the name of a batch, `document` an id. `status` is that of the tables: "open" (review and failed) by
    default, else one of review, failed, accepted, corrected, rejected, or "all". `mine` is the id of a user: only
    what that one holds; `free`: only what no one holds. `text` is looked for in names of files, titles and names of
    units.
    """

    batch: str | None = None
    document: int | None = None
    kind: str | None = None
    unit_name: str | None = None
    reason: Reason | None = None
    status: str = "open"
    mine: int | None = None
    text: str = ""
    free: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """A table in the queue. `reasons` are in words, `reason` is the gravest as a code.

    `money` is what is at stake in yuan, None where the unit is not known; `doubt` 0..1; `ease` 0..1, 1 where one key
    may settle it; `worth` is what the queue is ordered by. `claimed_by` is the name of who holds it, until when.
    """

    document: int
    table: str
    document_name: str
    kind: str
    title: str
    unit_name: str
    batches: tuple[str, ...]
    reason: str
    reasons: tuple[str, ...]
    money: Decimal | None
    doubt: Decimal
    ease: Decimal
    worth: int
    status: str
    claimed_by: str | None
    claimed_until: datetime | None


@dataclass(frozen=True, slots=True)
class Listing:
    """Some entries in order. `cursor` gives the next ones, None at the end."""

    entries: tuple[Entry, ...]
    cursor: str | None


@dataclass(frozen=True, slots=True)
class Counts:
    """How many tables the queue holds: `total`, and by value of what can be filtered (the most frequent 50 each).
    Each count is of the 5,000 worthiest tables: one of 5,000 means that many or more.

    `document` is by id, with the name; `held` by the id of the user who holds them, `free` those that no one holds.
    """

    total: int
    status: Mapping[str, int]
    reason: Mapping[str, int]
    kind: Mapping[str, int]
    unit_name: Mapping[str, int]
    batch: Mapping[str, int]
    document: Mapping[int, tuple[str, int]]
    held: Mapping[int, int]
    free: int


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands: offsets [start, end) in the document's text, 1-based line and page, box in points."""

    start: int
    end: int
    line: int
    page: int
    box: Box | None = None


@dataclass(frozen=True, slots=True)
class GridCell:
    """A cell of the grid. `text` is as printed (empty: nothing is printed), `value` the figure that counts now.

    `typed` is how the value would be typed, for an input to start from. `changed_from` and `changed_by` are set where
    a person changed it: the figure before (empty: blank), and who. `identities` are ids of those it takes part in.
    `score` is how sure its recognition was, 0..1.
    """

    ref: CellRef
    text: str
    value: Decimal | None
    typed: str
    state: CellState
    place: Place | None = None
    changed_from: str | None = None
    changed_by: str | None = None
    identities: tuple[int, ...] = ()
    score: float | None = None


@dataclass(frozen=True, slots=True)
class GridColumn:
    """A column: key and header as printed. Columns of text take no figures."""

    key: str
    header: str
    text: bool


@dataclass(frozen=True, slots=True)
class GridRow:
    """A row: 0-based index, side or block, code, name, label as printed with its place; one cell a column."""

    index: int
    side: str
    code: str
    name: str
    label: str
    place: Place | None
    cells: tuple[GridCell, ...]


@dataclass(frozen=True, slots=True)
class SetCell:
    """Give a cell a figure, typed as a person types: 1,234.50, full-width, (12.3), △12, -5; a text in a text column."""

    row: int
    column: str
    typed: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class ClearCell:
    """Say that a cell is blank."""

    row: int
    column: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class MoveCells:
    """Put what stands in cells into others, as a proposal says."""

    moves: tuple[Move, ...]
    why: str = ""


@dataclass(frozen=True, slots=True)
class Undo:
    """Take back the last change or verdict on the table that stands."""

    why: str = ""


@dataclass(frozen=True, slots=True)
class Redo:
    """Do again what was last undone on the table, if nothing was changed since."""

    why: str = ""


@dataclass(frozen=True, slots=True)
class Decide:
    """Settle the table. right_as_printed → accepted (what fails is inconsistent at the source), corrected, rejected;
    unreadable → rejected. A later change of the table opens it again."""

    verdict: VerdictWord
    why: str = ""


Change = SetCell | ClearCell | MoveCells | Undo | Redo | Decide


@dataclass(frozen=True, slots=True)
class Proposal:
    """What may be done with one key: `change`, in words, with the evidence; `closes` are ids of the identities that
    would hold then."""

    change: SetCell | MoveCells
    words: str
    evidence: tuple[str, ...]
    closes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SuspectCell:
    """A cell that may be wrong: where in words, what is printed, why, and what may be done about it, best first."""

    cell: CellRef
    where: str
    printed: str
    place: Place | None
    reason: str
    closing: str
    proposals: tuple[Proposal, ...]


@dataclass(frozen=True, slots=True)
class Side:
    """One side of an identity: in words, and its figure."""

    words: str
    figure: Decimal


@dataclass(frozen=True, slots=True)
class IdentityView:
    """An identity that names the table. `id` is its number in the document at this version.

    `status` is passed, failed or skipped; `verdict` misread, misplaced, source or empty. Figures are in `unit`.
    `cells` may stand in other tables too. `suspects` are ranked, the likeliest first.
    """

    id: int
    check: str
    scope: str
    words: str
    status: str
    verdict: str
    unit: str
    sides: tuple[Side, ...]
    difference: Decimal | None
    tolerance: Decimal | None
    tables: tuple[str, ...]
    cells: tuple[CellRef, ...]
    suspects: tuple[SuspectCell, ...]


@dataclass(frozen=True, slots=True)
class SourceLine:
    """A line of the source: 1-based number and page; `start` is the offset of its first character in the document,
    so that [place.start - start, place.end - start) of `text` is what a place marks. Text is data: escape it."""

    number: int
    page: int
    start: int
    text: str


@dataclass(frozen=True, slots=True)
class PageView:
    """A page that can be shown as an image (`Desk.page_image`): 1-based number, width and height in points."""

    number: int
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Touched:
    """A cell that an event touched: row as a person names it, column, and figures or texts before and after."""

    row: str
    column: str
    where: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Event:
    """One entry of a document's log: who did what to which table, when and why. Never changed, never removed.

    `sequence` counts from 1 in the document and is the version after it. `action` is set, clear, move, undo, redo or
    the verdict. `undone`: it was taken back. `stale`: the document was read anew, and what it changed is no longer
    printed there, so that it does not count.
    """

    document: int
    sequence: int
    table: str
    action: str
    by: str
    at: datetime
    why: str
    cells: tuple[Touched, ...]
    words: str
    undone: bool = False
    stale: bool = False


@dataclass(frozen=True, slots=True)
class Sibling:
    """A table of the same document, for moving about in it."""

    table: str
    title: str
    kind: str
    status: str
    failed: int


@dataclass(frozen=True, slots=True)
class TableView:
    """An opened table with all that a person needs to settle it. `version` goes back with the next change.

    `identities` are those that name the table, failing ones first (the gravest first), then skipped, then passed.
    `proposals` are rearrangements of the whole table. `accept` is the verdict that “accept” means now: corrected
    where cells were changed, else right_as_printed. `pages` is empty for a document without pages to look at.
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
    reasons: tuple[str, ...]
    confidence: float
    columns: tuple[GridColumn, ...]
    rows: tuple[GridRow, ...]
    identities: tuple[IdentityView, ...]
    proposals: tuple[Proposal, ...]
    lines: tuple[SourceLine, ...]
    pages: tuple[PageView, ...]
    siblings: tuple[Sibling, ...]
    log: tuple[Event, ...]
    held_by: str | None
    held_until: datetime | None
    can_undo: bool
    can_redo: bool
    accept: VerdictWord
    failed: int = 0

    def cell(self, row: int, column: str) -> GridCell:
        """A cell of the grid. Raises KeyError, IndexError."""
        keys = [each.key for each in self.columns]
        if column not in keys:
            raise KeyError(column)
        return self.rows[row].cells[keys.index(column)]


@dataclass(frozen=True, slots=True)
class Applied:
    """What came of a change: the table as it is now, and of the whole document the identities that hold now and did
    not before (`closed`), and those that fail now and did not before (`broke`)."""

    table: TableView
    closed: tuple[IdentityView, ...]
    broke: tuple[IdentityView, ...]

    @property
    def version(self) -> int:
        """The version to give with the next change."""
        return self.table.version
