"""A run remembered in a small file, and what got worse against it beyond noise.

A baseline is a small file with a recipe and what its run brought: the figures with their numbers, and by document
which tables were wrong. The recipe is run on the same documents, so both runs are paired: of the tables that changed
as many should change for the better as for the worse (exact McNemar test, one side), and the shares of documents drawn
at random should not all be worse (bootstrap over documents). A document that fails is no noise.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError
from scipy.stats import binomtest

from evals.metrics import CaseScore
from evals.metrics.rates import RATES
from evals.metrics.summary import resampled
from evals.run.recipe import Recipe
from evals.run.record import Run
from evals.run.show import SHARES, figure
from schemas import ConfigError, InputError

LEVEL = 0.05
"""The chance of a false alarm that each test is allowed."""

BETTER: Mapping[str, int] = {
    "exact_table_rate": 1,
    "exact_row_rate": 1,
    "cell_f1": 1,
    "row_recall": 1,
    "right_accepted_rate": 1,
    "blank_form_rate": 1,
    "escape_rate": -1,
}
"""The shares that are guarded: 1 where more is better, -1 where less is."""

_LISTED = 10

Wrong = dict[str, tuple[int, bool]]


class Document(BaseModel):
    """What a run brought for one document: (part, whole) of each guarded share, and its wrong tables by kind and
    ordinal with their number of wrong cells and whether they were accepted all the same."""

    model_config = ConfigDict(frozen=True)

    failed: bool = False
    rates: dict[str, tuple[int, int]]
    wrong: Wrong


class Figure(BaseModel):
    """A share of the baseline, for those who read the file."""

    model_config = ConfigDict(frozen=True)

    value: float | None
    part: int
    whole: int


class Baseline(BaseModel):
    """A recipe and what a run of it brought."""

    model_config = ConfigDict(frozen=True)

    recipe: Recipe
    commit: str | None
    metrics: dict[str, Figure]
    documents: dict[str, Document]


def baseline_of(run: Run) -> Baseline:
    """The baseline that a run makes."""
    estimates = run.metrics.overall.estimates
    return Baseline(
        recipe=run.record.recipe,
        commit=run.record.commit,
        metrics={
            name: Figure(
                value=estimates[name].value, part=estimates[name].part or 0, whole=estimates[name].whole or 0
            )
            for name in BETTER
        },
        documents={case.id: _document(case) for case in run.cases},
    )


def _document(case: CaseScore) -> Document:
    return Document(
        failed=bool(case.error),
        rates={name: (RATES[name].part(case), RATES[name].whole(case)) for name in BETTER},
        wrong={
            f"{table.kind} {table.ordinal}" + ("" if table.in_gold else " (in no gold)"): (
                table.errors,
                table.accepted,
            )
            for table in case.tables
            if not table.exact and (table.rows or table.errors)
        },
    )


def regressions(before: Baseline, after: Baseline) -> list[str]:
    """What got worse beyond noise, in words; empty if nothing did."""
    return [*_failures(before, after), *_tables(before, after), *_shares(before, after)]


def _failures(before: Baseline, after: Baseline) -> Iterator[str]:
    old, new = before.documents, after.documents
    if absent := sorted(old.keys() ^ new.keys()):
        yield f"the documents are not those of the baseline: {_listed(absent)}"
    failed = [name for name in old.keys() & new.keys() if new[name].failed and not old[name].failed]
    if failed:
        yield f"documents fail that did not: {_listed(sorted(failed))}"


def _tables(before: Baseline, after: Baseline) -> Iterator[str]:
    """Tables that are wrong now, and wrong tables that are accepted now, against those that no longer are."""
    questions: tuple[tuple[str, Callable[[tuple[int, bool]], bool]], ...] = (
        ("wrong", lambda _: True),
        ("accepted with wrong cells", lambda found: found[1]),
    )
    for words, counts in questions:
        old, new = ({*_wrong(baseline, counts)} for baseline in (before, after))
        worse, better = sorted(new - old), len(old - new)
        if worse and binomtest(len(worse), len(worse) + better, alternative="greater").pvalue < LEVEL:
            yield (
                f"{len(worse)} tables are {words} that were not, and {better} the other way round: {_listed(worse)}"
            )


def _wrong(baseline: Baseline, counts: Callable[[tuple[int, bool]], bool]) -> Iterator[str]:
    for name, document in baseline.documents.items():
        yield from (f"{name} {table}" for table, found in document.wrong.items() if counts(found))


def _shares(before: Baseline, after: Baseline) -> Iterator[str]:
    shared = sorted(before.documents.keys() & after.documents.keys())
    weights = resampled(len(shared))
    for name, sign in BETTER.items():
        drawn, values = [], []
        for baseline in (before, after):
            sums = np.array([baseline.documents[each].rates[name] for each in shared], dtype=float)
            parts, wholes = (weights @ sums).T if len(shared) else (np.zeros(1), np.zeros(1))
            drawn.append(np.divide(parts, wholes, out=np.zeros_like(parts), where=wholes > 0))
            part, whole = sums.sum(axis=0) if len(shared) else (0.0, 0.0)
            values.append(part / whole if whole else 0.0)
        gain = sign * (drawn[1] - drawn[0])
        if float(np.quantile(gain, 1 - LEVEL)) < 0:
            yield f"{SHARES[name]}: {figure(name, values[0])} before, {figure(name, values[1])} now"


def _listed(items: Sequence[str]) -> str:
    more = len(items) - _LISTED
    return "; ".join(items[:_LISTED]) + (f" and {more} more" if more > 0 else "")


def read_baseline(path: Path) -> Baseline:
    """A baseline from its file. Raises ConfigError where there is none, InputError where it is damaged."""
    if not path.is_file():
        raise ConfigError(f"there is no baseline {path}; make one with --run DIR --update")
    try:
        return Baseline.model_validate_json(path.read_bytes())
    except ValidationError:
        raise InputError(str(path), "is no baseline", "make it anew with --run DIR --update") from None


def write_baseline(path: Path, baseline: Baseline) -> None:
    """A baseline as a file, a line for each document."""
    data = baseline.model_dump(mode="json")
    documents = ",\n".join(
        f"    {json.dumps(name, ensure_ascii=False)}: {json.dumps(document, ensure_ascii=False)}"
        for name, document in data.pop("documents").items()
    )
    head = json.dumps(data, ensure_ascii=False, indent=2).removesuffix("\n}")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'{head},\n  "documents": {{\n{documents}\n  }}\n}}\n', encoding="utf-8")
