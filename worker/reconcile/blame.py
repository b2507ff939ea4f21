"""Which tables a failed identity between tables names."""

from __future__ import annotations

from collections.abc import Sequence

from schemas import Finding

# A table that disagrees with this many others, each of which disagrees with it alone, is the odd one out.
_ODD_ONE_OUT = 3


def blamed(finding: Finding, findings: Sequence[Finding]) -> tuple[str, ...]:
    """The tables that a failed cross-table finding names, of those that take part.

    A table is not named where the other one fails by itself through the very cell compared while its own
    cell is in passing identities of its own only, nor where the other is the odd one out among many. Where
    both are consistent in themselves, both are named.
    """
    shaky = {table: _fails_itself(table, finding, findings) for table in finding.tables}
    sound = {table: _holds_itself(table, finding, findings) for table in finding.tables}
    named = tuple(
        table
        for table in finding.tables
        if not (sound[table] and any(shaky[other] for other in finding.tables if other != table))
        and not any(_odd_one_out(other, table, findings) for other in finding.tables if other != table)
    )
    return named or finding.tables


def _own(table: str, finding: Finding, findings: Sequence[Finding], status: str) -> bool:
    cells = {ref for ref in finding.cells if ref.table == table}
    return any(
        other.status == status and other.tables == (table,) and not cells.isdisjoint(other.cells)
        for other in findings
    )


def _fails_itself(table: str, finding: Finding, findings: Sequence[Finding]) -> bool:
    return _own(table, finding, findings, "failed")


def _holds_itself(table: str, finding: Finding, findings: Sequence[Finding]) -> bool:
    return _own(table, finding, findings, "passed") and not _own(table, finding, findings, "failed")


def _odd_one_out(table: str, other: str, findings: Sequence[Finding]) -> bool:
    """Whether a table disagrees with many others, and `other` with nothing but this table."""
    failed = [f for f in findings if f.status == "failed" and f.scope == "cross_table"]
    against = {t for f in failed if table in f.tables for t in f.tables if t != table}
    alone = {t for t in against if all(table in f.tables for f in failed if t in f.tables)}
    return other in alone and len(alone) >= _ODD_ONE_OUT
