"""Claims: identities that may hold, with what speaks for them, and which of them stand."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from worker.reconcile.infer.axis import Axis, Weight

Source = Literal["formula", "codes", "ordinals", "indent", "label", "result", "sums", "balance"]

# Bits that a failing instance takes away: one in about a hundred figures is wrong.
MISS = 7.0
# Bits that a claim gains where others of its source hold in the same table.
_COMPANY = 8.0
_SOLID = 6.0
_EXCEPTION = 3
# An average is not this many times as large or small as what it is the average of.
_NEAR = 3


class Claim(NamedTuple):
    """Line `total` = Σ sign · line over `parts`, at every place of the axis where both sides are printed.

    `prior` is what labels and order say for it, in bits, less what the search for it costs.
    """

    total: int
    parts: tuple[tuple[int, int], ...]
    source: Source
    prior: float
    weight: Weight

    @property
    def score(self) -> float:
        """Bits for the claim: above nothing it is rather true than not."""
        return self.prior + self.weight.bits - MISS * self.weight.fails

    @property
    def sound(self) -> bool:
        """Whether it holds but for an exception: no other claim would do better."""
        return self.weight.fails * _EXCEPTION <= self.weight.holds


@dataclass(frozen=True, slots=True)
class Settled:
    """Claims that stand, and those that were looked at for what labels say and dropped."""

    standing: tuple[Claim, ...]
    dropped: tuple[Claim, ...]


def settle(axis: Axis, claims: Iterable[Claim]) -> Settled:
    """Which claims stand, weighed at all places."""
    full = range(len(axis.places))
    weighed = [
        claim._replace(parts=tuple(sorted(claim.parts)), weight=axis.weigh(claim.total, claim.parts, full))
        for claim in claims
    ]
    weighed = [claim for claim in weighed if claim.weight.holds + claim.weight.fails]
    standing = tuple(claim for claim in weighed if stands(claim, weighed))
    kept = {claim.total for claim in standing}
    dropped = tuple(
        claim for claim in weighed if claim not in standing and claim.total not in kept and claim.prior > 0
    )
    return Settled(standing, dropped)


def stands(claim: Claim, others: Sequence[Claim]) -> bool:
    """Whether a claim almost always holds, for what its evidence is worth."""
    holds, fails, _ = claim.weight
    if not fails:
        return claim.score > 0
    if fails > 1 and fails > 0.34 * (holds + fails):
        return False
    company = [other for other in others if other is not claim and other.source == claim.source]
    solid = sum(not other.weight.fails and other.weight.bits >= _SOLID for other in company)
    bonus = _COMPANY if solid and solid * 2 >= len(company) else 0.0
    return claim.score + bonus > 0


def beside(settled: Settled, printed: Settled, explained: Collection[int] = ()) -> Settled:
    """Sums beside those that printed formulas state: what is explained otherwise is in no doubt."""
    stated = {*explained, *(claim.total for claim in printed.standing)}
    return Settled(
        tuple(claim for claim in settled.standing if claim.total not in stated or not claim.weight.fails),
        tuple(claim for claim in settled.dropped if claim.total not in stated),
    )


def unsummed(axis: Axis, settled: Settled) -> list[int]:
    """Places at which nothing sums and every total is about as large as its parts, as an average is."""
    claims = [claim for claim in settled.standing if len(claim.parts) > 1]
    return [
        place
        for place in range(len(axis.places))
        if claims and len(axis.places) > 1 and all(_is_mean(axis, claim, place) for claim in claims)
    ]


def _is_mean(axis: Axis, claim: Claim, place: int) -> bool:
    total = axis.cells[claim.total][place]
    parts = [cell.value for line, _ in claim.parts if (cell := axis.cells[line][place]) is not None]
    if total is None or len(parts) < 2 or not 0 < min(parts) <= total.value <= max(parts):
        return False
    if min(parts) * _NEAR < total.value or max(parts) > total.value * _NEAR:
        return False
    if not axis.weigh(claim.total, claim.parts, [place]).fails:
        return False
    slack = total.half * (len(parts) + 1)
    # A decimal point in the wrong place is a mistake and no average.
    return all(abs(total.value * step - sum(parts)) > slack * step for step in (10, 100, 1000))
