"""How often a simulated model errs, and what it did: a seeded plan for each table, made before it is asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from random import Random
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from evals.cases import CellKey
from evals.simulate.faults import CELL_FAULTS, STRUCTURE_FAULTS, Edit, Page
from evals.simulate.library import Known
from schemas.numerals import find_numerals


class ErrorModel(BaseModel):
    """Rates of errors, 0..1, each drawn by itself.

    `cell` for each filled figure, `structure` for each table; `malformed` (JSON that breaks off), `slow`
    (`pause_s` seconds late), `throttled` (429 with Retry-After `pause_s`) and `failed` (500) for each request.
    `mends` is the chance that an error is set right when the model is asked again and told of its figure;
    an error of which it is not told stays. `only` names the classes of errors in cells and tables that are made, all
    without it; an answer of more than `longest` tokens breaks off there, as the endpoint says.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    cell: float = Field(default=0.0, ge=0, le=1)
    structure: float = Field(default=0.0, ge=0, le=1)
    malformed: float = Field(default=0.0, ge=0, le=1)
    slow: float = Field(default=0.0, ge=0, le=1)
    throttled: float = Field(default=0.0, ge=0, le=1)
    failed: float = Field(default=0.0, ge=0, le=1)
    mends: float = Field(default=0.8, ge=0, le=1)
    pause_s: float = Field(default=0.05, ge=0)
    only: frozenset[str] = frozenset()
    longest: int | None = Field(default=None, gt=0)


class Injected(NamedTuple):
    """One wrong cell of an answer, or one request that went wrong (`cell` None).

    `attempt` is 0 for the first answer to a prompt, 1 for the first correction. `error` is the class: a key of
    CELL_FAULTS or STRUCTURE_FAULTS, "unseen" for a figure of the gold that the source does not print so that it
    could be pointed at, or "malformed", "slow", "throttled", "failed". `true` and `given` are plain values, ""
    for a blank; `cell` is the gold cell, for a row too many the one that it was made of.
    """

    document: str
    chunk: str
    attempt: int
    error: str
    cell: CellKey | None = None
    true: str = ""
    given: str = ""


class Slip(NamedTuple):
    """An error that the model will make: at a gold row, in a column ("": of the whole table)."""

    row: int
    column: str
    seed: str
    only: frozenset[str] = frozenset()


def planned(known: Known, errors: ErrorModel, seed: str) -> list[Slip]:
    """The slips of a model in one table, cells first. The same seed gives the same slips."""
    rng = Random(seed)
    slips = []
    rows = list(zip(known.held.rows, known.table.rows, strict=True))
    for number, row in rows:
        for column, cell in row.cells():
            if cell.amount is not None and rng.random() < errors.cell:
                slips.append(Slip(number, column, f"{seed} {number} {column}", errors.only))
    if rows and rng.random() < errors.structure:
        slips.append(Slip(rng.choice(rows)[0], "", f"{seed} table", errors.only))
    return slips


def made(slip: Slip, page: Page) -> tuple[str, list[Edit]]:
    """Make a slip on a page: the class of the error, and the cells changed; none where nothing applies."""
    line = page.at(slip.row)
    if line is None or (slip.column and slip.column not in line.figures()):
        return "", []
    rng = Random(slip.seed)
    known = CELL_FAULTS if slip.column else STRUCTURE_FAULTS
    names = sorted(slip.only & known.keys() if slip.only else known)
    for name in rng.sample(names, len(names)):
        edits = (
            CELL_FAULTS[name](page, line, slip.column, rng)
            if slip.column
            else STRUCTURE_FAULTS[name](page, line, rng)
        )
        if edits:
            return name, edits
    return "", []


def mended(slip: Slip, edits: Sequence[Edit], complaints: Sequence[str], errors: ErrorModel) -> bool:
    """Whether one of the complaints, in their order, made the model set a slip right."""
    figures = {figure for edit in edits for figure in (*_figures(edit.true), *_figures(edit.given))}
    for attempt, complaint in enumerate(complaints):
        told = not figures.isdisjoint(_figures(complaint))
        if told and Random(f"{slip.seed} mends {attempt}").random() < errors.mends:
            return True
    return False


def _figures(text: str) -> Iterator[tuple[Decimal, int]]:
    return ((abs(found.value), found.decimals) for found in find_numerals(text))
