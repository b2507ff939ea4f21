"""What a run can be told, as words: nothing here loads anything."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

Reader = Literal["layout", "llm", "both"]
Baseline = Literal["naive", "lines"]
Wire = Literal["rows", "refs", "records"]

BASELINES: tuple[Baseline, ...] = ("naive", "lines")
SIMULATED, EMBEDDED = "simulated", "embedded"
BUNDLED_WORD = "bundled"
"""What names the bundled documents among folders of real ones."""
CASES = 40
"""Documents of a synthetic tier where no number is given."""


class TierChoice(StrEnum):
    """The tiers, and all of them; an Enum because typer takes no list of literals."""

    REAL = "real"
    CLEAN = "clean"
    MILD = "mild"
    HEAVY = "heavy"
    HOSTILE = "hostile"
    ALL = "all"


class BaselineChoice(StrEnum):
    """The baselines of `evals.baselines`."""

    NAIVE = "naive"
    LINES = "lines"
