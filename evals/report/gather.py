"""What a page tells of runs: each by itself, and side by side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

from evals.metrics import Estimate, Summary
from evals.metrics.confidence import ranked
from evals.metrics.summary import ErrorClass, Interval
from evals.paired.comparison import Changed, Comparison, Difference, compare_runs
from evals.report.drill import Fate, Group, Reason, drill, fates, reasons
from evals.run.choices import SIMULATED
from evals.run.record import Run
from worker.export.plain import as_printed

FIGURES: Mapping[str, tuple[str, ...]] = {
    "Tables and rows": (
        "exact_table_rate",
        "exact_row_rate",
        "row_recall",
        "blank_form_rate",
        "grits_con",
        "teds",
    ),
    "Cells": (
        "cell_f1",
        "cell_precision",
        "cell_recall",
        "numeric_exact_match",
        "text_cell_f1",
        "ungrounded_rate",
        "wrong_span_rate",
    ),
    "Acceptance": (
        "accept_rate",
        "right_accepted_rate",
        "accepted_exact_rate",
        "escape_rate",
        "closure_rate",
        "p_correct_given_closed",
        "p_closed_given_correct",
    ),
    "Confidence": ("auroc", "aurc", "brier", "ece"),
    "Errors found": (
        "fault_found_rate",
        "hit_at_1",
        "hit_at_set",
        "contradiction_recall",
        "contradiction_precision",
    ),
}
"""All figures in the order of the page."""

READERS: Mapping[str, str] = {
    "layout": "Layout reader",
    "llm": "Model as reader",
    "both": "Layout reader and model",
    "naive": "Baseline naive",
    "lines": "Baseline lines",
}
"""Who read, in words."""

BASELINE_WORDS: Mapping[str, str] = {
    "naive": "one prompt for pieces of the document, row objects, nothing checked",
    "lines": "lines split by their separators, without a model",
}
"""What each baseline does."""

# Shares of which less is better, and those of which more is neither better nor worse.
_LESS = {"escape_rate", "aurc", "brier", "ece", "ungrounded_rate", "wrong_span_rate"}
_NEUTRAL = {"accept_rate", "closure_rate"}
_CHANGED = 25

Change = Literal["", "better", "worse", "other"]


class Part(NamedTuple):
    """A part of a run: its figures, and what became of its tables."""

    name: str
    summary: Summary
    fates: Mapping[Fate, int]


class PlantedClass(NamedTuple):
    """What became of the faults or contradictions of one class that were put into print."""

    nature: Literal["fault", "source"]
    error: str
    number: int
    found: int
    first: int
    among: int
    mended: int


class Beside(NamedTuple):
    """A baseline over the same documents; `comparison` is of the baseline with the run."""

    name: str
    words: str
    summary: Summary
    comparison: Comparison


class RunView(NamedTuple):
    """A run as it is told; `accepted` is what was accepted of the ranked tables: coverage and risk."""

    letter: str
    title: str
    folder: str
    run: Run
    fates: Mapping[Fate, int]
    groups: Mapping[str, Sequence[Part]]
    planted: Sequence[PlantedClass]
    errors: Sequence[ErrorClass]
    reasons: Sequence[Reason]
    problems: Sequence[tuple[str, int]]
    accepted: tuple[float, float] | None
    drilled: Sequence[Group]
    beside: Sequence[Beside]

    @property
    def simulated(self) -> bool:
        """Whether its model errs on purpose."""
        return self.run.record.recipe.model == SIMULATED

    @property
    def summary(self) -> Summary:
        """All its cases in figures."""
        return self.run.metrics.overall

    @property
    def wrong_tables(self) -> int:
        """Wrong tables among those that confidence is judged by."""
        return self.summary.curve[-1].wrong_tables if self.summary.curve else 0

    @property
    def right_tables(self) -> int:
        """Right tables among those that confidence is judged by."""
        return self.summary.curve[-1].tables - self.wrong_tables if self.summary.curve else 0


class Against(NamedTuple):
    """A run against the first; `differences` by name, the changed tables cut to the first of each sort."""

    view: RunView
    comparison: Comparison
    differences: Mapping[str, Difference]
    worse: Sequence[Changed]
    better: Sequence[Changed]
    more_worse: int
    more_better: int


def views(runs: Sequence[Run]) -> list[RunView]:
    """Every run by itself, with a letter to name it by."""
    return [_view(_letter(number), run) for number, run in enumerate(runs)]


def _letter(number: int) -> str:
    """A, B, …, Z, AA, …"""
    before, last = divmod(number, 26)
    return (_letter(before - 1) if before else "") + chr(ord("A") + last)


def _view(letter: str, run: Run) -> RunView:
    return RunView(
        letter=letter,
        title=_title(run),
        folder=as_printed(run.folder.resolve().name),
        run=run,
        fates=fates(table for case in run.cases for table in case.tables),
        groups={group: list(_parts(run, group)) for group in ("tier", "kind", "family")},
        planted=list(_planted(run)),
        errors=sorted(run.metrics.overall.errors, key=lambda each: (-each.escaped, each.origin, each.error)),
        reasons=reasons(run.cases),
        problems=Counter(problem for case in run.cases for problem in case.problems).most_common(),
        accepted=_accepted(run),
        drilled=drill(run.cases),
        beside=[
            Beside(name, BASELINE_WORDS[name], each.metrics.overall, compare_runs(each, run))
            for name, each in run.baselines.items()
        ],
    )


def _title(run: Run) -> str:
    recipe = run.record.recipe
    model = [f"{recipe.model} model" if recipe.model == SIMULATED else recipe.model] if recipe.model else []
    wire = [f"answers as {recipe.wire}"] if recipe.wire else []
    return " · ".join([READERS[recipe.reader], *model, *wire, ", ".join(recipe.tiers)])


def _parts(run: Run, group: str) -> Iterator[Part]:
    tables = [(case, table) for case in run.cases for table in case.tables]
    for name, summary in run.metrics.by.get(group, {}).items():
        own = [table for case, table in tables if name == getattr(table if group == "kind" else case, group)]
        yield Part(name, summary, fates(own))


def _planted(run: Run) -> Iterator[PlantedClass]:
    planted = [each for case in run.cases for each in case.planted]
    for nature, error in sorted({(each.nature, each.error) for each in planted}):
        those = [each for each in planted if (each.nature, each.error) == (nature, error)]
        yield PlantedClass(
            nature=nature,
            error=error,
            number=len(those),
            found=sum(each.found for each in those),
            first=sum(each.first for each in those),
            among=sum(each.among for each in those),
            mended=sum(each.mended for each in those),
        )


def _accepted(run: Run) -> tuple[float, float] | None:
    tables = [table for case in run.cases for table in case.tables if ranked(table)]
    accepted = [table for table in tables if table.accepted]
    if not accepted:
        return None
    return len(accepted) / len(tables), sum(not table.exact for table in accepted) / len(accepted)


def against_first(runs: Sequence[RunView]) -> list[Against]:
    """Every later run against the first, over the documents of both."""
    return [_against(runs[0], view) for view in runs[1:]]


def _against(first: RunView, view: RunView) -> Against:
    found = compare_runs(first.run, view.run)
    worse = [table for table in found.tables if table.change == "worse"]
    better = [table for table in reversed(found.tables) if table.change == "better"]
    return Against(
        view=view,
        comparison=found,
        differences={each.name: each for each in found.differences},
        worse=worse[:_CHANGED],
        better=better[:_CHANGED],
        more_worse=max(0, len(worse) - _CHANGED),
        more_better=max(0, len(better) - _CHANGED),
    )


def change(difference: Difference) -> Change:
    """Whether a figure is better, worse, or neither by nature ("other"); "" where the difference may be chance."""
    if difference.low is None or difference.high is None or difference.low <= 0 <= difference.high:
        return ""
    if difference.name in _NEUTRAL:
        return "other"
    return "better" if (difference.low > 0) != (difference.name in _LESS) else "worse"


def reach(estimate: Estimate) -> Interval | None:
    """The interval that a figure is given with: the outermost ends of its Wilson and bootstrap intervals.

    Wilson takes cells and tables for independent, which those of one document are not; the bootstrap knows
    nothing of errors that no document has.
    """
    known = [interval for interval in (estimate.wilson, estimate.bootstrap) if interval]
    return (min(low for low, _ in known), max(high for _, high in known)) if known else None
