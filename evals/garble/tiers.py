"""How bad it gets: which garblers a tier applies, how often and how severely."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from evals.cases import Tier


class Step(NamedTuple):
    """One garbler of a recipe: applied with probability `chance`, at a severity between `low` and `high`."""

    garbler: str
    chance: float
    low: float
    high: float


CLEAN: tuple[Step, ...] = ()
"""Only the style of setting varies."""

MILD = (
    Step("labels_spaced", 0.4, 0.5, 1.0),
    Step("names_wrapped", 0.4, 0.2, 1.0),
    Step("page_breaks", 0.5, 0.2, 0.9),
    Step("lines_wrapped", 0.5, 1.0, 1.0),
    Step("digits_split", 0.4, 0.7, 1.0),
    Step("full_width", 0.2, 0.3, 1.0),
    Step("radicals", 0.3, 0.2, 1.0),
    Step("lines_spaced", 0.2, 1.0, 1.0),
    Step("page_numbers", 0.7, 1.0, 1.0),
)
"""What the text layer of a sound PDF does."""

HEAVY = (
    Step("labels_spaced", 0.4, 0.5, 1.0),
    Step("names_wrapped", 0.3, 0.2, 0.8),
    Step("lines_wrapped", 0.7, 1.0, 1.0),
    Step("rows_merged", 0.2, 0.05, 0.6),
    Step("columns_detached", 0.3, 0.1, 1.0),
    Step("columns_interleaved", 0.15, 0.3, 1.0),
    Step("page_breaks", 0.4, 0.2, 0.9),
    Step("header_after_body", 0.3, 0.5, 1.0),
    Step("one_cell_a_line", 0.15, 1.0, 1.0),
    Step("digits_split", 0.5, 0.7, 1.0),
    Step("full_width", 0.2, 0.3, 1.0),
    Step("radicals", 0.4, 0.2, 1.0),
    Step("blanks_lost", 0.5, 1.0, 1.0),
    Step("lines_spaced", 0.3, 1.0, 1.0),
    Step("page_numbers", 0.7, 0.8, 1.0),
)
"""Structure lost, in combination; every figure is right, and a patient person reads it right.

But for one thing that real text layers do too: where blank cells are lost, arithmetic does not always tell which of
two empty columns a figure stood in. Such a table is one for a person with the document at hand.
"""

HOSTILE = (
    Step("look_alikes", 0.5, 0.005, 0.04),
    Step("points_dropped", 0.2, 0.005, 0.03),
    Step("stamped", 0.2, 0.1, 1.0),
    Step("names_shifted", 0.15, 0.1, 0.5),
    *HEAVY,
)
"""Figures damaged and labels out of step as well."""

TIERS: Mapping[Tier, tuple[Step, ...]] = {
    "clean": CLEAN,
    "mild": MILD,
    "heavy": HEAVY,
    "hostile": HOSTILE,
}
"""The recipe of every tier that is made; steps are applied in this order, table by table."""
