"""Thresholds that keep a promise: exact binomial bounds, thresholds tested in an order fixed beforehand."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from scipy.stats import beta, binom

_MOST = 10_000_000


class Count(NamedTuple):
    """Documents of which something is accepted, and those of them with a wrong cell in it."""

    documents: int
    errors: int


class Certificate(NamedTuple):
    """What is known of the share of errors at a threshold: holds it at most `alpha`, with confidence 1 - `delta`?

    Where it does not, `needed` documents would show it, were there no more errors among them than now; None:
    there are more errors than `alpha` allows, and more documents would only say so more firmly.
    """

    threshold: int
    counted: Count
    certified: bool
    needed: int | None


def upper_bound(errors: int, documents: int, delta: float) -> float:
    """The Clopper-Pearson bound: the share that is not exceeded, with confidence 1 - `delta`. 1 without documents."""
    if errors >= documents:
        return 1.0
    return float(beta.ppf(1 - delta, errors + 1, documents - errors))


def holds(count: Count, alpha: float, delta: float) -> bool:
    """Whether the share of errors is shown to be at most `alpha`, with confidence 1 - `delta`."""
    return count.documents > 0 and float(binom.cdf(count.errors, count.documents, alpha)) <= delta


def needed(errors: int, alpha: float, delta: float) -> int:
    """The least number of documents that show it with so many errors among them: 299 for none at 1 % and 5 %."""
    low, high = errors, _MOST
    while low + 1 < high:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(Count(middle, errors), alpha, delta) else (middle, high)
    return high


def certify(
    thresholds: Iterable[int], count: Callable[[int], Count], alpha: float, delta: float
) -> Certificate | None:
    """The loosest certified threshold, or the first one where it is not certified; None without thresholds.

    They are tested in the order given, the strictest first, each at the full `delta`, until one fails: a fixed
    sequence, by which the chance of certifying any wrongly stays below `delta` (Bauer, 1991; Angelopoulos et al.,
    Learn then Test, 2021). The order must be fixed before the documents counted here are looked at.
    """
    last: Certificate | None = None
    for threshold in thresholds:
        found = count(threshold)
        if not holds(found, alpha, delta):
            return last or Certificate(threshold, found, False, _missing(found, alpha, delta))
        last = Certificate(threshold, found, True, needed(found.errors, alpha, delta))
    return last


def _missing(count: Count, alpha: float, delta: float) -> int | None:
    enough = needed(count.errors, alpha, delta)
    hopeless = count.errors > alpha * count.documents and count.documents >= needed(0, alpha, delta)
    return None if hopeless else enough
