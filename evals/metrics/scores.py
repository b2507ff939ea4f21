"""What scoring brings: one record a table and one a case, plain enough to be a line of JSON."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, ConfigDict

from evals.cases import Tier


class WrongCell(BaseModel):
    """A cell that is not as it should be: what is true, what was read (None: nothing), and its line in the source.

    `line` is 1-based, 0 where the place is not known. `planted` names the fault that was put into print there,
    `injected` the error that a simulated model made there.
    """

    model_config = ConfigDict(frozen=True)

    fault: Literal["wrong", "missing", "extra"]
    side: str = ""
    code: str = ""
    name: str = ""
    column: str
    gold: str | None = None
    got: str | None = None
    line: int = 0
    source: str = ""
    planted: str = ""
    injected: str = ""


class TableScore(BaseModel):
    """One table held to its gold; figures decide, texts are counted apart.

    `ordinal` is that of the gold table, for prose and for tables that are not in the gold (`in_gold` False) that
    of the table read. `tables` are the ids of the tables read: none where it is missing, several where it was
    split. `status` is "" where it is missing. Cells are counted by outcome: `right`, `wrong`, `missing` and
    `extra`; a blank read as 0.00 is extra, a 0.00 read as blank is missing. `unit_right` is None where the gold
    names no unit. `last_row` is the number of gold rows up to the last one that was found. `figures` are the cells
    read that hold a figure, of which `ungrounded` are no numeral of the source and `misplaced` point at other text.
    Tokens, cost in USD (None: price not known) and seconds are those of all calls made for the table. `planted` and
    `injected` count the cells with faults of print and with errors of a simulated model, by class; those of them
    that are wrong in the end are counted beside them. `requests` are those that a simulated model failed, by class.
    `cells` lists the wrong cells, of a very wrong table the first.
    """

    model_config = ConfigDict(frozen=True)

    kind: str
    ordinal: int
    title: str = ""
    in_gold: bool = True
    tables: tuple[str, ...] = ()
    status: str = ""
    confidence: float = 0.0
    exact: bool = False
    closed: bool = False
    coverage: float = 0.0
    right: int = 0
    wrong: int = 0
    missing: int = 0
    extra: int = 0
    unit_right: bool | None = None
    rows: int = 0
    rows_found: int = 0
    rows_exact: int = 0
    last_row: int = 0
    texts_right: int = 0
    texts_gold: int = 0
    texts_got: int = 0
    figures: int = 0
    ungrounded: int = 0
    misplaced: int = 0
    grits: float | None = None
    teds: float | None = None
    calls: int = 0
    prompt_tokens: int = 0
    output_tokens: int = 0
    cost_usd: Decimal | None = Decimal(0)
    seconds: float = 0.0
    planted: dict[str, int] = {}
    planted_wrong: dict[str, int] = {}
    injected: dict[str, int] = {}
    injected_wrong: dict[str, int] = {}
    requests: dict[str, int] = {}
    reasons: tuple[str, ...] = ()
    cells: tuple[WrongCell, ...] = ()

    @property
    def gold_cells(self) -> int:
        """Figures of the gold."""
        return self.right + self.wrong + self.missing

    @property
    def got_cells(self) -> int:
        """Figures that were read."""
        return self.right + self.wrong + self.extra

    @property
    def errors(self) -> int:
        """Cells that are not as they should be."""
        return self.wrong + self.missing + self.extra

    @property
    def accepted(self) -> bool:
        """Whether nobody would look at it again."""
        return self.status in {"accepted", "corrected"}


class PlantedScore(BaseModel):
    """What became of one planted fault or contradiction: `found` by a check that fails and holds its cell, its
    cell the `first` suspect of the first such check, or `among` the suspects of any. A fault that was mended, so
    that the true value stands, counts as all of these."""

    model_config = ConfigDict(frozen=True)

    nature: Literal["fault", "source"]
    error: str
    kind: str
    found: bool = False
    first: bool = False
    among: bool = False
    mended: bool = False


class CaseScore(BaseModel):
    """One document. `error` says why nothing was read: then every table of it is missing.

    `contradictions` are checks that fail and are not laid to reading, `planted_contradictions` those of them that
    hold a cell with a planted contradiction of the source. `problems` are why readers brought nothing, `seconds` is
    the time of reading and checking.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    name: str
    body: str
    family: str
    tier: Tier
    tables: tuple[TableScore, ...]
    planted: tuple[PlantedScore, ...] = ()
    contradictions: int = 0
    planted_contradictions: int = 0
    problems: tuple[str, ...] = ()
    seconds: float = 0.0
    error: str = ""
