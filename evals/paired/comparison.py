"""Two runs over the same documents, table by table, and how sure the difference is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict
from scipy.stats import binomtest, wilcoxon

from evals.metrics import CaseScore, TableScore
from evals.metrics.confidence import Array
from evals.metrics.rates import RATES
from evals.metrics.summary import confidence_draws, interval, resampled, summarise
from evals.run.record import Run

Change = Literal["better", "worse"]
Interval = tuple[float, float]
TableKey = tuple[str, str, int]


class Difference(BaseModel):
    """A figure in both runs.

    `low` and `high` bound the difference with 95 % by a bootstrap over issuing bodies, the same drawn for both; `p` is
    the chance of a difference so far from none were there none, by the same draws.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    before: float | None
    after: float | None
    low: float | None = None
    high: float | None = None
    p: float | None = None


class Changed(BaseModel):
    """A table that one of the runs has right and the other wrong, or that differs in wrong cells."""

    model_config = ConfigDict(frozen=True)

    case: str
    kind: str
    ordinal: int
    change: Change
    exact: tuple[bool, bool]
    errors: tuple[int, int]
    status: tuple[str, str]


class Comparison(BaseModel):
    """What differs between two runs over the documents that both hold.

    `gained` and `lost` are tables that became exact and ceased to be; `mcnemar` is the exact p-value of so uneven
    a split among tables, `wilcoxon` that of the wrong cells of documents (None: no document differs).
    """

    model_config = ConfigDict(frozen=True)

    documents: int
    only_before: int
    only_after: int
    differences: tuple[Difference, ...]
    gained: int
    lost: int
    mcnemar: float
    wilcoxon: float | None
    tables: tuple[Changed, ...]


def compare_runs(before: Run, after: Run) -> Comparison:
    """Two runs held together, by the ids of their cases."""
    old, new = ({case.id: case for case in run.cases} for run in (before, after))
    shared = sorted(old.keys() & new.keys())
    pairs = [(old[each], new[each]) for each in shared]
    changed = [change for first, second in pairs for change in _changed(first, second)]
    gained = sum(each.exact == (False, True) for each in changed)
    lost = sum(each.exact == (True, False) for each in changed)
    return Comparison(
        documents=len(shared),
        only_before=len(old) - len(shared),
        only_after=len(new) - len(shared),
        differences=tuple(_differences(pairs)),
        gained=gained,
        lost=lost,
        mcnemar=mcnemar(gained, lost),
        wilcoxon=_wilcoxon([(_errors(first), _errors(second)) for first, second in pairs]),
        tables=tuple(sorted(changed, key=lambda each: each.errors[0] - each.errors[1])),
    )


def _changed(before: CaseScore, after: CaseScore) -> Iterator[Changed]:
    old, new = _by_key(before), _by_key(after)
    for key in dict.fromkeys([*old, *new]):
        first, second = old.get(key), new.get(key)
        exact = bool(first and first.exact), bool(second and second.exact)
        errors = first.errors if first else 0, second.errors if second else 0
        if exact[0] == exact[1] and errors[0] == errors[1]:
            continue
        better = exact[1] if exact[0] != exact[1] else errors[1] < errors[0]
        yield Changed(
            case=after.id,
            kind=key[0],
            ordinal=key[2],
            change="better" if better else "worse",
            exact=exact,
            errors=errors,
            status=(first.status if first else "", second.status if second else ""),
        )


def _by_key(case: CaseScore) -> Mapping[TableKey, TableScore]:
    return {(table.kind, "" if table.in_gold else "extra", table.ordinal): table for table in case.tables}


def _errors(case: CaseScore) -> int:
    return sum(table.errors for table in case.tables)


def mcnemar(gained: int, lost: int) -> float:
    """The exact two-sided p-value of McNemar's test: a fair coin for each table that changed."""
    return float(binomtest(gained, gained + lost).pvalue) if gained + lost else 1.0


def _wilcoxon(pairs: Sequence[tuple[int, int]]) -> float | None:
    differences = [second - first for first, second in pairs]
    return float(wilcoxon(differences).pvalue) if any(differences) else None


def _differences(pairs: Sequence[tuple[CaseScore, CaseScore]]) -> Iterator[Difference]:
    """Every rate in both runs; the same bodies are drawn for both."""
    if not pairs:
        return
    sides = [[pair[side] for pair in pairs] for side in (0, 1)]
    before, after = (summarise(cases) for cases in sides)
    number = {body: place for place, body in enumerate(sorted({case.body for case, _ in pairs}))}
    weights = resampled(len(number))
    drawn = [_drawn(cases, [number[case.body] for case in cases], weights) for cases in sides]
    for name, first in before.metrics.items():
        second = after.metrics[name]
        low = high = p = None
        if name in drawn[0] and first is not None and second is not None:
            gain = drawn[1][name] - drawn[0][name]
            if bounds := interval(gain, len(number)):
                low, high = bounds
                p = _chance(gain)
        yield Difference(name=name, before=first, after=second, low=low, high=high, p=p)


def _drawn(cases: Sequence[CaseScore], clusters: Sequence[int], weights: Array) -> dict[str, Array]:
    """Every rate and every figure of confidence by draw."""
    found = {name: draws for name, (_, draws) in confidence_draws(cases, clusters, weights).items()}
    for name, rate in RATES.items():
        sums = np.zeros((2, weights.shape[1]))
        for case, cluster in zip(cases, clusters, strict=True):
            sums[:, cluster] += rate.part(case), rate.whole(case)
        with np.errstate(invalid="ignore", divide="ignore"):
            found[name] = (weights @ sums[0]) / (weights @ sums[1])
    return found


def _chance(gain: Array) -> float:
    """The share of draws on the rarer side of no difference, twice; no less than the draws can tell."""
    rarer = min(int((gain <= 0).sum()), int((gain >= 0).sum()))
    return min(1.0, 2 * (rarer + 1) / (len(gain) + 1))
