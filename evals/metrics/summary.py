"""Scores added up, with how sure one can be of the sums."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import Literal, cast

import numpy as np
from pydantic import BaseModel, ConfigDict
from scipy.stats import binomtest

from evals.metrics.confidence import Array, Bin, Point, aurc, auroc, brier, curve, ece, levels, reliability
from evals.metrics.rates import RATES
from evals.metrics.scores import CaseScore, TableScore

Interval = tuple[float, float]
Origin = Literal["print", "model"]

LEVEL = 0.95
_DRAWS = 1000
_SEED = 20240229


class Estimate(BaseModel):
    """A figure and how sure it is: `part` of `whole` for a rate, and 95 % intervals.

    `wilson` takes every table, row or cell for itself; `bootstrap` draws issuing bodies, whose documents resemble
    each other, and is None where fewer than two can be drawn or the figure is not defined in all draws.
    """

    model_config = ConfigDict(frozen=True)

    value: float | None
    part: int | None = None
    whole: int | None = None
    wilson: Interval | None = None
    bootstrap: Interval | None = None


class ErrorClass(BaseModel):
    """What became of a class of errors put in on purpose, in print or by a simulated model.

    `cells` it hit; `wrong` are wrong in the end, `escaped` those of them in accepted tables, all others were set
    right: the model was asked again, another reader stands, or a repair of place. The same in `tables`: those it hit,
    `held` that have such a cell and are not accepted, `passed` that have one and are. An error of a request (JSON that
    breaks off, a refusal of the server) hits no cell but a table, which is held if it was not read at all.
    """

    model_config = ConfigDict(frozen=True)

    origin: Origin
    error: str
    cells: int
    wrong: int
    escaped: int
    tables: int = 0
    held: int = 0
    passed: int = 0

    @property
    def escape_rate(self) -> float:
        """The share of the cells hit that are wrong in accepted tables."""
        return self.escaped / self.cells if self.cells else 0.0


class Summary(BaseModel):
    """A set of cases in figures. `estimates` by name; `counts` say from how much they come.

    `costs` are the totals of tokens, USD and seconds; `per_table` and `per_right` the same for each table with
    figures and for each table that is accepted and right (None: there is none, or the price is not known).
    """

    model_config = ConfigDict(frozen=True)

    estimates: dict[str, Estimate]
    counts: dict[str, int]
    costs: dict[str, float | None]
    per_table: dict[str, float | None]
    per_right: dict[str, float | None]
    curve: tuple[Point, ...]
    reliability: tuple[Bin, ...]
    errors: tuple[ErrorClass, ...]

    @property
    def metrics(self) -> dict[str, float | None]:
        """All figures by name."""
        return {**{name: each.value for name, each in self.estimates.items()}, **self.costs}


def summarise(cases: Sequence[CaseScore]) -> Summary:
    """Every rate and cost over the tables of cases."""
    bodies = {body: number for number, body in enumerate(sorted({case.body for case in cases}))}
    clusters = [bodies[case.body] for case in cases]
    weights = resampled(len(bodies))
    estimates = _rates(cases, clusters, weights) | _confidence(cases, clusters, weights)
    bins = reliability(cases)
    estimates["ece"] = Estimate(value=ece(bins))
    tables = [table for case in cases for table in case.tables]
    estimates["grits_con"] = _mean(table.grits for table in tables)
    estimates["teds"] = _mean(table.teds for table in tables)
    counts = _counts(cases, len(bodies))
    costs = _costs(cases)
    return Summary(
        estimates=estimates,
        counts=counts,
        costs=costs,
        per_table=_per(costs, counts["tables"]),
        per_right=_per(costs, counts["accepted_right_tables"]),
        curve=curve(cases),
        reliability=bins,
        errors=tuple(_error_classes(cases)),
    )


def by_group(cases: Sequence[CaseScore]) -> dict[str, dict[str, Summary]]:
    """Summaries by tier, by family of documents, by kind of table. Costs and planted faults of a kind are those
    of its tables."""
    tiers, families = dict.fromkeys(c.tier for c in cases), sorted({c.family for c in cases})
    kinds = Counter(table.kind for case in cases for table in case.tables if table.gold_cells)
    return {
        "tier": {tier: summarise([case for case in cases if case.tier == tier]) for tier in tiers},
        "family": {name: summarise([case for case in cases if case.family == name]) for name in families},
        "kind": {kind: summarise(list(_of_kind(cases, kind))) for kind, _ in kinds.most_common()},
    }


def _of_kind(cases: Iterable[CaseScore], kind: str) -> Iterable[CaseScore]:
    for case in cases:
        tables = tuple(table for table in case.tables if table.kind == kind)
        planted = tuple(each for each in case.planted if each.kind == kind)
        if tables or planted:
            seconds = sum(table.seconds for table in tables)
            cut = {"tables": tables, "planted": planted, "seconds": seconds}
            yield case.model_copy(update={**cut, "contradictions": 0, "planted_contradictions": 0})


def resampled(clusters: int) -> Array:
    """How often each cluster is drawn, by draw: (draws, clusters)."""
    if not clusters:
        return np.zeros((_DRAWS, 0))
    draws = np.random.default_rng(_SEED).multinomial(clusters, [1 / clusters] * clusters, size=_DRAWS)
    return np.asarray(draws, dtype=float)


def interval(draws: Array, clusters: int) -> Interval | None:
    """The middle 95 % of bootstrap values."""
    if clusters < 2 or np.isnan(draws).any():
        return None
    low, high = np.quantile(draws, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def _rates(cases: Sequence[CaseScore], clusters: Sequence[int], weights: Array) -> dict[str, Estimate]:
    found = {}
    size = weights.shape[1]
    for name, rate in RATES.items():
        parts, wholes = np.zeros(size), np.zeros(size)
        for case, cluster in zip(cases, clusters, strict=True):
            parts[cluster] += rate.part(case)
            wholes[cluster] += rate.whole(case)
        part, whole = int(parts.sum()), int(wholes.sum())
        drawn = weights @ wholes
        values = np.divide(weights @ parts, drawn, out=np.full(drawn.shape, np.nan), where=drawn > 0)
        found[name] = Estimate(
            value=part / whole if whole else None,
            part=part,
            whole=whole,
            wilson=wilson(part, whole) if rate.counts and whole else None,
            bootstrap=interval(values, size) if whole else None,
        )
    return found


def _mean(values: Iterable[float | None]) -> Estimate:
    """The mean of what is known."""
    known = [value for value in values if value is not None]
    return Estimate(value=sum(known) / len(known) if known else None)


def wilson(part: int, whole: int) -> Interval:
    """The Wilson interval of a share."""
    found = binomtest(part, whole).proportion_ci(LEVEL, method="wilson")
    return float(found.low), float(found.high)


def _confidence(cases: Sequence[CaseScore], clusters: Sequence[int], weights: Array) -> dict[str, Estimate]:
    return {
        name: Estimate(
            value=None if np.isnan(value) else value,
            bootstrap=None if np.isnan(value) else interval(draws, weights.shape[1]),
        )
        for name, (value, draws) in confidence_draws(cases, clusters, weights).items()
    }


def confidence_draws(
    cases: Sequence[CaseScore], clusters: Sequence[int], weights: Array
) -> dict[str, tuple[float, Array]]:
    """The figures of confidence by name, each with its values by draw; NaN where one is not defined."""
    confidence, right, wrong = levels(cases, clusters)
    figures: dict[str, Callable[[Array, Array], Array]] = {
        "auroc": auroc,
        "aurc": aurc,
        "brier": partial(brier, confidence),
    }
    return {
        name: (
            float(figure(right.sum(axis=0, keepdims=True), wrong.sum(axis=0, keepdims=True))[0]),
            figure(weights @ right, weights @ wrong),
        )
        for name, figure in figures.items()
    }


def _counts(cases: Sequence[CaseScore], bodies: int) -> dict[str, int]:
    tables = [table for case in cases for table in case.tables]
    judged = [table for table in tables if table.in_gold and table.gold_cells]
    return {
        "cases": len(cases),
        "failed_cases": sum(bool(case.error) for case in cases),
        "bodies": bodies,
        "tables": len(judged),
        "exact_tables": sum(table.exact for table in judged),
        "missing_tables": sum(not table.tables for table in judged),
        "extra_tables": sum(not table.in_gold and table.got_cells > 0 for table in tables),
        "blank_forms": sum(
            table.in_gold and not table.gold_cells and not table.texts_gold for table in tables
        ),
        "accepted_tables": sum(table.accepted for table in tables),
        "accepted_right_tables": sum(table.accepted and table.exact for table in tables),
        "accepted_wrong_tables": sum(table.accepted and not table.exact for table in tables),
        "truncated_tables": sum(table.last_row < table.rows for table in judged),
        "rows": sum(table.rows for table in judged),
        "cells": sum(table.gold_cells for table in tables),
        "right_cells": sum(table.right for table in tables),
        "wrong_cells": sum(table.wrong for table in tables),
        "missing_cells": sum(table.missing for table in tables),
        "extra_cells": sum(table.extra for table in tables),
        "escaped_cells": sum(table.errors for table in tables if table.accepted),
        "model_calls": sum(table.calls for table in tables),
    }


def _costs(cases: Sequence[CaseScore]) -> dict[str, float | None]:
    tables = [table for case in cases for table in case.tables]
    return {
        "prompt_tokens": sum(table.prompt_tokens for table in tables),
        "output_tokens": sum(table.output_tokens for table in tables),
        "cost_usd": _cost(tables),
        "seconds": round(sum(case.seconds for case in cases), 3),
    }


def _cost(tables: Sequence[TableScore]) -> float | None:
    """None as soon as the price of one call is not known: a part of a bill is no bill."""
    known = [table.cost_usd for table in tables if table.cost_usd is not None]
    return float(sum(known, Decimal(0))) if len(known) == len(tables) else None


def _per(costs: Mapping[str, float | None], number: int) -> dict[str, float | None]:
    return {
        name: round(value / number, 6) if number and value is not None else None
        for name, value in costs.items()
    }


def _error_classes(cases: Sequence[CaseScore]) -> Iterable[ErrorClass]:
    sums: dict[tuple[Origin, str], Counter[str]] = defaultdict(Counter)
    for table in (table for case in cases for table in case.tables):
        for origin, put_in, left in (
            ("print", table.planted, table.planted_wrong),
            ("model", table.injected, table.injected_wrong),
        ):
            for error in put_in.keys() | left.keys():
                cells, wrong = put_in.get(error, 0), left.get(error, 0)
                sums[cast(Origin, origin), error].update(
                    cells=cells,
                    wrong=wrong,
                    escaped=wrong * table.accepted,
                    tables=1,
                    held=bool(wrong) and not table.accepted,
                    passed=bool(wrong) and table.accepted,
                )
        for error, number in table.requests.items():
            held = not table.accepted and table.status == "failed"
            sums["model", error].update(cells=0, wrong=0, escaped=0, tables=number, held=number * held)
    for (origin, error), each in sorted(sums.items()):
        yield ErrorClass(origin=origin, error=error, **each)
