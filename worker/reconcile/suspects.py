"""Which cell of a failed sum is most likely wrong, and what value would close it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from schemas import AnyTable, Finding
from schemas.findings import Suspect
from schemas.tables import CellRef

# A reviewer looks at the first few.
_MOST = 5


class Checked(NamedTuple):
    """A finding with the factor of each of its cells in the sum that it is about, empty for other forms."""

    finding: Finding
    factors: dict[CellRef, Fraction]


def with_suspects(checked: Sequence[Checked], tables: Mapping[str, AnyTable]) -> tuple[Finding, ...]:
    """The findings, failed sums with their suspects, most suspicious first.

    First come cells whose one correction closes the most failed sums, then those that no passing identity
    supports, then the rest.
    """
    if not any(item.factors for item in checked):
        return tuple(item.finding for item in checked)
    proposals: Counter[tuple[CellRef, Decimal]] = Counter()
    for item in checked:
        if item.finding.status == "failed":
            proposals.update(_proposals(item, tables).items())
    support = Counter(
        ref for item in checked if item.finding.status == "passed" for ref in item.finding.cells
    )
    return tuple(
        item.finding.model_copy(update={"suspects": _ranked(item, tables, proposals, support)})
        if item.finding.status == "failed" and item.factors
        else item.finding
        for item in checked
    )


def _proposals(item: Checked, tables: Mapping[str, AnyTable]) -> dict[CellRef, Decimal]:
    """For every cell the value that would close the sum exactly."""
    found: dict[CellRef, Decimal] = {}
    for ref, factor in item.factors.items():
        amount = tables[ref.table].rows[ref.row].figure(ref.column)
        if amount is None or item.finding.difference is None:
            continue
        change = Fraction(item.finding.difference) / factor
        exact = Fraction(amount.value) - change
        found[ref] = (Decimal(exact.numerator) / Decimal(exact.denominator)).quantize(
            Decimal(1).scaleb(-amount.decimals)
        )
    return found


def _ranked(
    item: Checked,
    tables: Mapping[str, AnyTable],
    proposals: Mapping[tuple[CellRef, Decimal], int],
    support: Mapping[CellRef, int],
) -> tuple[Suspect, ...]:
    own = _proposals(item, tables)
    order = sorted(own, key=lambda ref: (-proposals[ref, own[ref]], support[ref] > 0, support[ref]))
    suspects = []
    for ref in order[:_MOST]:
        closes = proposals[ref, own[ref]]
        if closes > 1:
            reason = f"this value closes {closes} failed identities"
        elif support[ref]:
            reason = f"{support[ref]} other identities hold with the printed value"
        else:
            reason = "no identity holds with the printed value"
        suspects.append(Suspect(cell=ref, value=own[ref], reason=reason))
    return tuple(suspects)
