"""The desk in figures: what an overview shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class BatchFigures:
    """A batch in figures: files that ended of all, tables by status, cost in USD, tokens."""

    name: str
    status: str
    ended: int
    total: int
    tables: Mapping[str, int]
    spent_usd: Decimal
    tokens: int


@dataclass(frozen=True, slots=True)
class ReviewerFigures:
    """What one person did: tables settled by verdict, cells changed, median seconds from claim to verdict."""

    name: str
    verdicts: Mapping[str, int]
    cells: int
    median_s: float | None


@dataclass(frozen=True, slots=True)
class Overview:
    """The desk in figures. `accept_rate` is the share accepted without a person, of all tables that are not empty.

    `contradictions` counts identities that fail by kind of table and by verdict, `identities` by their own kind and by
    verdict; `seconds` are the last 1,000 times from claim to verdict, `median_s` their median; `agreement` the share of
    tables read by several readers on whose figures all agree (None: nothing was read twice).
    """

    tables: Mapping[str, int]
    accept_rate: float | None
    waiting: int
    claimed: int
    batches: tuple[BatchFigures, ...]
    contradictions: Mapping[str, Mapping[str, int]]
    median_s: float | None
    agreement: float | None
    reviewers: tuple[ReviewerFigures, ...] = ()
    identities: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    seconds: tuple[int, ...] = ()
