"""Which tables a failed identity between tables names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from schemas import Finding
from schemas.tables import CellRef

# A table that disagrees with this many others, each of which disagrees with it alone, is the odd one out.
_ODD_ONE_OUT = 3


class Blame:
    """The findings of a document, to tell which tables a failed one between tables names.

    A table is not named where the other one fails by itself through the very cell compared while its own
    cell is in passing identities of its own only, nor where the other is the odd one out among many. Where
    both are consistent in themselves, both are named.
    """

    def __init__(self, findings: Iterable[Finding]) -> None:
        self._own: dict[str, set[CellRef]] = defaultdict(set)
        self._held: dict[str, set[CellRef]] = defaultdict(set)
        self._against: dict[str, set[str]] = defaultdict(set)
        self._always: dict[str, set[str]] = {}
        for finding in findings:
            if len(finding.tables) == 1:
                if finding.status == "failed":
                    self._own[finding.tables[0]].update(finding.cells)
                elif finding.status == "passed":
                    self._held[finding.tables[0]].update(finding.cells)
            if finding.status == "failed" and finding.scope == "cross_table":
                for table in finding.tables:
                    self._against[table].update(other for other in finding.tables if other != table)
                    self._always[table] = self._always.get(table, set(finding.tables)) & {*finding.tables}

    def of(self, finding: Finding) -> tuple[str, ...]:
        """The tables that a failed cross-table finding names, of those that take part."""
        shaky, sound = set(), set()
        for table in finding.tables:
            cells = {ref for ref in finding.cells if ref.table == table}
            fails = not cells.isdisjoint(self._own.get(table, ()))
            if fails:
                shaky.add(table)
            elif not cells.isdisjoint(self._held.get(table, ())):
                sound.add(table)
        named = tuple(
            table
            for table in finding.tables
            if not (table in sound and any(other in shaky for other in finding.tables if other != table))
            and not any(self._odd_one_out(other, table) for other in finding.tables if other != table)
        )
        return named or finding.tables

    def _odd_one_out(self, table: str, other: str) -> bool:
        """Whether a table disagrees with many others, and `other` with nothing but this table."""
        alone = {each for each in self._against.get(table, ()) if table in self._always[each]}
        return other in alone and len(alone) >= _ODD_ONE_OUT
