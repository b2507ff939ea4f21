"""Confidence from evidence: a logistic regression in which evidence can only speak one way.

The signs are fixed, because documents of the world differ from made ones: what happens to go along with right tables
in these, but is a flaw, must not become a merit. Features keep their natural scale, so that a rare one stays small.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from evals.calibrate.documents import ScoredTable
from schemas import InputError
from worker.evidence import FEATURES, IN_FAVOUR, WHOLE

_PLACES = Decimal("0.0001")
_PENALTY = 1 / 6

Array = NDArray[np.float64]


class Weights(NamedTuple):
    """A logistic model: weights by feature, for a whole of it."""

    intercept: Decimal
    weights: dict[str, Decimal]


def fit(tables: Iterable[ScoredTable]) -> Weights:
    """The likeliest model, weights held small. Raises InputError where tables are not both right and wrong."""
    tables = list(tables)
    signs = np.array([1.0 if table.right else -1.0 for table in tables])
    if len(set(signs.tolist())) < 2:
        raise InputError(
            "the documents", "hold no tables of both sorts, right and wrong", "take more, or another tier"
        )
    features = np.array([[table.features[name] / WHOLE for name in FEATURES] for table in tables])

    def loss(model: Array) -> tuple[float, Array]:
        margin = signs * (model[0] + features @ model[1:])
        slope = -signs * expit(-margin)
        value = float(np.logaddexp(0, -margin).sum() + _PENALTY * model[1:] @ model[1:])
        return value, np.concatenate([[slope.sum()], features.T @ slope + 2 * _PENALTY * model[1:]])

    bounds = [(0, None) if name in IN_FAVOUR else (None, 0) for name in FEATURES]
    found = minimize(
        loss, np.zeros(len(FEATURES) + 1), jac=True, bounds=[(None, None), *bounds], method="L-BFGS-B"
    )
    intercept, *weights = (Decimal(str(weight)).quantize(_PLACES) for weight in found.x.tolist())
    return Weights(intercept, dict(zip(FEATURES, weights, strict=True)))
