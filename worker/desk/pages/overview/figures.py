"""Figures as people read them."""

from __future__ import annotations

from decimal import Decimal

from worker.desk.pages.text import Words
from worker.store.lines import BatchLine

NONE = "–"
_ENDED = ("done", "failed", "cancelled")
_MINUTE_S, _HOUR_S = 60, 3600


def percent(share: float | None) -> str:
    """A share in percent, with one place where there is little or nearly all of it."""
    if share is None:
        return NONE
    return f"{share:.1%}" if 0 < share < 0.1 or 0.9 < share < 1 else f"{share:.0%}"


def compact(number: int) -> str:
    """A number of three or four digits: 12,345 as it is, 1.2 M for more."""
    for size, letter in ((10**9, "G"), (10**6, "M"), (10**5, "k")):
        if number >= size:
            unit = 1000 if letter == "k" else size
            return (
                f"{number / unit:.3g} {letter}" if number / unit < 1000 else f"{number / unit:,.0f} {letter}"
            )
    return f"{number:,}"


def dollars(amount: Decimal) -> str:
    """US dollars, to the cent; less than one is told to a hundredth of it."""
    return f"${amount:,.4f}" if 0 < amount < Decimal("0.1") else f"${amount:,.2f}"


def lasting(seconds: float | None, words: Words) -> str:
    """A time in its largest unit or two."""
    if seconds is None:
        return NONE
    whole = round(seconds)
    if whole < 2 * _MINUTE_S:
        return words("time.seconds", seconds=whole)
    if whole < 2 * _HOUR_S:
        return words("time.minutes", minutes=round(whole / _MINUTE_S))
    hours, rest = divmod(round(whole / _MINUTE_S), 60)
    return words("time.hours", hours=f"{hours:,}", minutes=rest)


def ended(batch: BatchLine) -> int:
    """How many files of a batch are at their end."""
    return sum(batch.items.get(state, 0) for state in _ENDED)


def pace(batch: BatchLine, words: Words) -> tuple[str, str]:
    """Files a minute since a batch was given, and the time that its other files take at that; empty where unknown."""
    done, total = ended(batch), sum(batch.items.values())
    took = (batch.touched_at - batch.added_at).total_seconds()
    if not done or took <= 0:
        return "", ""
    rate = done / took * _MINUTE_S
    said = words("overview.rate", rate=f"{rate:,.0f}" if rate >= 10 else f"{rate:.2g}")
    if batch.status != "open" or done == total:
        return said, ""
    return said, words("overview.left", time=lasting((total - done) / done * took, words))
