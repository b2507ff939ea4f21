"""What it is worth to look at a table: the money at stake, how doubtful it is, how cheap the fix."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Literal, NamedTuple

from schemas import AnyTable, CellRef, Chunk, Finding, Numeral
from schemas.amounts import UNITS
from schemas.findings import Verdict
from schemas.text import squeeze
from worker.pipeline import Extraction
from worker.reconcile import Blame
from worker.reconcile.measure import is_money, unit_of

WHOLE = 10_000
"""Doubt and ease are whole numbers of ten-thousandths."""

Reason = Literal["unread", "contradiction", "between", "unsupported", "unexplained", "doubtful", "audit"]

_LEAST_DOUBT = WHOLE // 100
_MOST = 2**62
_AUDIT = "drawn for audit"
# A person looks through a handful of figures at a glance, and through many one by one.
_GLANCE = 4


class Worth(NamedTuple):
    """Why a table waits and what is gained by it. `money` in yuan, None where the unit is not known."""

    reason: Reason
    money: Decimal | None
    doubt: int
    ease: int
    worth: int


def worths(extraction: Extraction) -> dict[str, Worth]:
    """By table id, for those that wait for a person."""
    waiting = {key: each for key, each in extraction.verdicts.items() if each.status in {"review", "failed"}}
    failed = [finding for finding in extraction.findings if finding.status == "failed"]
    tables = extraction.tables
    of: dict[str, list[Finding]] = {}
    for finding in failed:
        for key in finding.tables:
            of.setdefault(key, []).append(finding)
    blame = Blame(extraction.findings)
    chunks = {chunk.id: chunk for chunk in extraction.chunks}
    return {
        key: _worth(chunks[key], verdict, of.get(key, ()), tables, blame) for key, verdict in waiting.items()
    }


def _worth(
    chunk: Chunk,
    verdict: Verdict,
    failed: Sequence[Finding],
    tables: Mapping[str, AnyTable],
    blame: Blame,
) -> Worth:
    table = tables.get(chunk.id)
    money = max(_stakes(chunk, table, verdict, failed, tables), default=None)
    doubt = max(_LEAST_DOUBT, int(WHOLE * (1 - Decimal(f"{verdict.confidence:.4f}"))))
    ease = _ease(chunk.id, verdict, failed)
    # Without a known unit a table still has a place in line, among those of little money.
    worth = int((money if money is not None else 1) * doubt * ease) // WHOLE
    return Worth(_reason(chunk.id, verdict, failed, blame), money, doubt, ease, min(worth, _MOST))


def _reason(key: str, verdict: Verdict, failed: Sequence[Finding], blame: Blame) -> Reason:
    if verdict.status == "failed":
        return "unread"
    if any(finding.tables == (key,) for finding in failed):
        return "contradiction"
    if any(finding.scope != "cross_table" or key in blame.of(finding) for finding in failed):
        return "between"
    if verdict.blind_cells:
        return "unsupported"
    if verdict.unexplained:
        return "unexplained"
    return "audit" if verdict.reasons[:1] == (_AUDIT,) else "doubtful"


def _stakes(
    chunk: Chunk,
    table: AnyTable | None,
    verdict: Verdict,
    failed: Sequence[Finding],
    tables: Mapping[str, AnyTable],
) -> Iterator[Decimal]:
    """Sums in yuan that may be wrong: differences of identities, figures that nothing holds, figures not read."""
    for finding in failed:
        size = UNITS.get(squeeze(unit_of(finding, tables) or ""))
        if finding.difference is not None and size and is_money(finding, tables):
            yield abs(finding.difference) * size
    if table is not None:
        # Of a figure in an identity that fails the difference is at stake.
        told = {ref for finding in failed for ref in finding.cells}
        yield from _figures(table, [ref for ref in verdict.blind_cells if ref not in told])
    own = UNITS.get(squeeze((table.unit if table else None) or chunk.unit or ""))
    if own and (table is None or verdict.unexplained):
        yield from _loose(chunk.ledger, verdict.unexplained if table else None, own)


def _figures(table: AnyTable, refs: Sequence[CellRef]) -> Iterator[Decimal]:
    for ref in refs:
        amount = table.rows[ref.row].figure(ref.column)
        size = UNITS.get(squeeze((amount.unit if amount else None) or table.unit or ""))
        if amount and size and table.kind != "narrative_facts":
            yield abs(amount.value) * size


def _loose(ledger: Sequence[Numeral], wanted: Sequence[str] | None, size: int) -> Iterator[Decimal]:
    """Numerals with decimals: years, codes and counts are no money."""
    for numeral in ledger:
        told = f"{numeral.text} (line {numeral.span.line})"
        if numeral.decimals and not numeral.percent and (wanted is None or told in wanted):
            yield abs(numeral.value) * size


def _ease(key: str, verdict: Verdict, failed: Sequence[Finding]) -> int:
    """Ten thousand where one key may settle it, less the more cells there are to look at."""
    if len(verdict.proposals) == 1:
        return WHOLE
    suspects = {suspect.cell for finding in failed for suspect in finding.suspects[:_GLANCE]}
    explained = any(s.candidates for finding in failed for s in finding.suspects[:1] if s.cell.table == key)
    looked_at = (1 if explained else len(suspects)) + len(verdict.blind_cells) + len(verdict.unexplained)
    return max(WHOLE * _GLANCE // (_GLANCE + max(0, looked_at - 1)), WHOLE // 100)
