"""What an evaluation case is: a document, what a careful reader finds in it, and what was planted."""

from __future__ import annotations

from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict

from schemas.source import Stage

Tier = Literal["real", "clean", "mild", "heavy", "hostile"]
Split = Literal["develop", "calibrate", "test"]


class CellKey(NamedTuple):
    """A gold cell within its document: table by kind and 1-based ordinal, 0-based gold row, column key."""

    kind: str
    ordinal: int
    row: int
    column: str


class GoldRow(BaseModel):
    """One row: identity as the data contract names it, and its filled cells, column → plain value or text.

    Values keep sign, digits and decimals as printed, without separators; a blank cell has no entry.
    """

    model_config = ConfigDict(frozen=True)

    side: str = ""
    code: str = ""
    name: str = ""
    cells: dict[str, str]


class GoldTable(BaseModel):
    """One table as it is. `headers` are those of columns as printed; no rows: a form without figures."""

    model_config = ConfigDict(frozen=True)

    kind: str
    ordinal: int
    title: str = ""
    unit: str | None = None
    stage: Stage | None = None
    columns: tuple[str, ...] = ()
    headers: dict[str, str] = {}
    rows: tuple[GoldRow, ...] = ()


class Planted(BaseModel):
    """A fault that was put in on purpose.

    `fault` in print or reading (the true value is known: `true`), `source` where the publisher is wrong (the
    printed value is the gold value, and the contradiction is to be found). `error` names the class: "digit",
    "transposed", "dropped", "doubled", "point", "sign", "look_alike", "column_shift", "row_shift", ….
    """

    model_config = ConfigDict(frozen=True)

    nature: Literal["fault", "source"]
    error: str
    cells: tuple[CellKey, ...]
    true: tuple[str, ...]
    printed: tuple[str, ...]


class Case(BaseModel):
    """One document to be read, with its gold.

    `body` is the issuing body: splits and resampling keep its documents together. `family` is the style of the
    document ("three_codes", "balance_sheet", …) by which results are told apart. `text` is what is read;
    `planted` says which gold cells the text prints otherwise, or prints wrongly at the source.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    name: str
    body: str
    family: str
    tier: Tier
    text: str
    gold: tuple[GoldTable, ...]
    planted: tuple[Planted, ...] = ()
