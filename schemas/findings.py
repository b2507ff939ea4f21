"""What reading and checking bring: readings, findings and the verdict on a table."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, SerializeAsAny

from schemas.registry import AnyTable, table_type
from schemas.rules import Scope
from schemas.tables import CellRef, Table

Role = Literal[
    "cell",
    "code",
    "line_number",
    "column_number",
    "ordinal",
    "year",
    "date",
    "page",
    "form_number",
    "label",
    "note",
]
"""What a numeral of the ledger is. A numeral without a role is unexplained."""


class Call(BaseModel):
    """One call to a model: tokens, cost in USD (None: price not known), seconds, and how it ended."""

    model_config = ConfigDict(frozen=True)

    model: str
    prompt_version: str
    wire: str
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: Decimal | None = None
    seconds: float = 0.0
    outcome: str = "ok"
    cached: bool = False


def _load(value: Any) -> AnyTable:
    """A table as it is, or from its dump as the model of its kind."""
    if isinstance(value, Table):
        return value
    if isinstance(value, dict):
        return table_type(value.get("kind")).model_validate(value)
    raise ValueError("a table, or the dump of one, is needed")


StoredTable = Annotated[SerializeAsAny[Table[Any]], PlainValidator(_load)]
"""A table that keeps its own model through validation and JSON."""


class Move(NamedTuple):
    """What stands in `source` belongs in `target`; columns "code" and "name" mean the label of the row."""

    source: CellRef
    target: CellRef


class Rearrangement(BaseModel):
    """Figures or labels in another place, no digit changed: `words` say what is moved and why."""

    model_config = ConfigDict(frozen=True)

    moves: tuple[Move, ...]
    words: str


class Reading(BaseModel):
    """What a reader made of one chunk.

    `roles` accounts for the ledger: numeral id → what it is. `incomplete` says in words what was not
    read (never silently); `notes` are remarks for a reviewer. `prompt_version` is a hash, empty for
    the layout reader. `repairs` are the repairs of place that its table went through.
    """

    chunk: str
    reader: str
    table: StoredTable
    roles: dict[str, Role] = Field(default_factory=dict)
    notes: tuple[str, ...] = ()
    incomplete: tuple[str, ...] = ()
    calls: tuple[Call, ...] = ()
    prompt_version: str = ""
    repairs: tuple[Rearrangement, ...] = ()


Evidence = Literal[
    "reader",
    "numeral",
    "shift",
    "look_alike",
    "transposed",
    "doubled",
    "dropped",
    "digit",
    "point",
    "sign",
    "unit",
]
"""What speaks for the value that closes: another reader, another numeral of the chunk, the figure of a neighbouring
row or column; or the slip by which the printed figure came about: OCR look-alikes, digits swapped, doubled, dropped,
one digit, the decimal point, the sign, the unit."""


class Candidate(BaseModel):
    """A value that a cell may really have, with what speaks for it."""

    model_config = ConfigDict(frozen=True)

    value: Decimal
    evidence: Evidence
    words: str


class Suspect(BaseModel):
    """A cell that may be wrong: why, and what would make everything close.

    `value` is the likeliest value that closes; [`low`, `high`] all that close, in the unit of the cell. With
    `others` it only closes if those cells change too. `candidates` are values in reach with their evidence, the
    likeliest first.
    """

    model_config = ConfigDict(frozen=True)

    cell: CellRef
    value: Decimal | None = None
    reason: str = ""
    low: Decimal | None = None
    high: Decimal | None = None
    others: tuple[CellRef, ...] = ()
    candidates: tuple[Candidate, ...] = ()


Status = Literal["passed", "failed", "skipped"]


class Finding(BaseModel):
    """The outcome of one identity.

    `check` is the stable id of the rule ("expenditure_by_function.natures"); `statement` the equation with
    its figures; `left`, `right`, `difference`, `tolerance` are in the unit of the left side. `verdict` says
    what a contradiction is.
    """

    model_config = ConfigDict(frozen=True)

    check: str
    scope: Scope
    tables: tuple[str, ...]
    statement: str
    status: Status
    left: Decimal | None = None
    right: Decimal | None = None
    difference: Decimal | None = None
    tolerance: Decimal | None = None
    cells: tuple[CellRef, ...] = ()
    suspects: tuple[Suspect, ...] = ()
    verdict: Literal["", "misread", "misplaced", "source"] = ""


class Term(NamedTuple):
    """A cell in an identity, with its exact sign or weight."""

    ref: CellRef
    factor: Fraction


class Identity(NamedTuple):
    """A concrete identity: Σ factor·cell over `terms` must be able to be `constant`.

    `terms[0]` is the side that is stated first (the total). `ratio` identities read
    first = scale · second / third + constant, `product` ones first = second · third; `same` ones are two roundings of
    one number, which must be equal as printed; `points` ones are sums in which figures without decimals
    are exact; `growth` ones read first = scale · second / (third - second).
    """

    check: str
    scope: Scope
    statement: str
    terms: tuple[Term, ...]
    form: Literal["sum", "ratio", "product", "same", "points", "growth"] = "sum"
    scale: Fraction = Fraction(100)
    constant: Fraction = Fraction(0)
    skipped: str = ""


class Changed(BaseModel):
    """A cell that a person changed, and whose change stands: figures or texts before (as read) and after, empty for
    a blank; `by` is a name."""

    model_config = ConfigDict(frozen=True)

    cell: CellRef
    before: str
    after: str
    by: str


class Verdict(BaseModel):
    """Where a table goes, how sure, and why.

    `confidence` in 0..1 from evidence only. `reasons` are what keeps it from being accepted, in words.
    `blind_spot` is the smallest error, in the unit of the table, that its identities are sure to see in every
    figure that they touch (None: they touch none). `proposals` are repairs of place that would close it.
    """

    table: str
    status: Literal["accepted", "review", "corrected", "rejected", "empty", "failed"]
    confidence: float
    reasons: tuple[str, ...] = ()
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    coverage: float = 0.0
    blind_cells: tuple[CellRef, ...] = ()
    unexplained: tuple[str, ...] = ()
    blind_spot: Decimal | None = None
    proposals: tuple[Rearrangement, ...] = ()
