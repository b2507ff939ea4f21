"""The desk in figures."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from worker.agreement import agreement
from worker.review.totals import (
    BatchFigures,
    Overview,
    ReviewerFigures,
)
from worker.store import Store

_BATCHES = 50
_ENDED = ("done", "failed", "cancelled")


def overview(store: Store) -> Overview:
    """What is waiting, what was done by whom, what does not add up."""
    figures = store.reviews.figures()
    tables = dict(store.totals().tables)
    by_people = sum(each.get("right_as_printed", 0) for each in figures.verdicts.values())
    of = sum(number for status, number in tables.items() if status != "empty")
    seconds = tuple(second for each in figures.seconds.values() for second in each)
    read_twice = store.reviews.read_twice()
    alike = [agreement(readings, standing) == 1 for readings in read_twice for standing in readings[:1]]
    return Overview(
        tables=tables,
        accept_rate=max(0, tables.get("accepted", 0) - by_people) / of if of else None,
        waiting=figures.waiting,
        claimed=figures.claimed,
        batches=tuple(
            BatchFigures(
                name=each.name,
                status=each.status,
                ended=sum(each.items.get(status, 0) for status in _ENDED),
                total=sum(each.items.values()),
                tables=each.tables,
                spent_usd=each.spent_usd,
                tokens=each.tokens,
            )
            for each in store.listing.batches(_BATCHES)
        ),
        contradictions=figures.failed,
        median_s=_median(seconds),
        agreement=sum(alike) / len(alike) if alike else None,
        reviewers=tuple(
            ReviewerFigures(
                name,
                figures.verdicts.get(name, {}),
                figures.cells.get(name, 0),
                _median(figures.seconds.get(name, ())),
            )
            for name in sorted({*figures.verdicts, *figures.cells})
        ),
        identities=figures.identities,
        seconds=seconds,
    )


def _median(seconds: Sequence[int]) -> float | None:
    return float(median(seconds)) if seconds else None
