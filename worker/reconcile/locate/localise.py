"""Localisation of errors: the least doubtful change of cells with which every identity can hold.

I. P. Fellegi and D. Holt, A systematic approach to automatic edit and imputation (JASA 71, 1976): of all sets of
cells whose values could be chosen so that everything holds, those of least weight. They are found as hitting sets:
an identity that fails is a conflict, of which some cell must change; a set that hits all conflicts and still leaves no
room brings a new conflict. Conflicts without a common cell are solved apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from heapq import heappop, heappush
from typing import NamedTuple

from schemas.amounts import Interval
from schemas.tables import CellRef
from worker.reconcile.locate.known import Known
from worker.reconcile.locate.system import Bound, System
from worker.reconcile.locate.values import Region, region

Weigh = Callable[[CellRef], int]
"""How hard it is to believe that a cell is wrong, in tenths of a decimal order of odds."""

# Beyond the least weight, sets that evidence may still put first.
_MARGIN = 10
# Sets that are looked at for one group of conflicts. A document that needs more is not one with a slip.
_MOST_SETS = 5_000
_MOST_SOLUTIONS = 200
# What takes more changes than it closes identities, or more than this, explains nothing.
_MOST_CELLS = 4
_NOWHERE = 10**6


class Solution(NamedTuple):
    """Cells that may be changed so that everything holds, and for each the values with which that works."""

    cells: frozenset[CellRef]
    weight: int
    values: dict[CellRef, Interval]


class Fault(NamedTuple):
    """Failed identities (by number) that hang together, and all solutions of least weight or nearly so.

    Empty `solutions`: more is wrong than can be told.
    """

    failed: tuple[int, ...]
    solutions: tuple[Solution, ...]


def locate(system: System, weigh: Weigh, known: Known) -> Iterator[Fault]:
    """The faults behind all failed identities of a document, each searched for where it is not `known`."""

    def search(group: Sequence[_Conflict]) -> _Found:
        rows = [row for conflict in group for row in conflict.rows]
        found = known.of("located", rows, (), lambda: _search(system, weigh, group))
        # Identities may have other numbers by now.
        return found._replace(conflicts=tuple(group))

    failed = [row for row, item in enumerate(system.checked) if item.finding.status == "failed"]
    conflicts = [
        _Conflict(frozenset(map(CellRef._make, system.checked[row].cells)), (row,)) for row in failed
    ]
    found = [search(group) for group in _groups(conflicts)]
    # What explains one group may explain another, and both together by less than each by itself.
    for together in _groups([_Conflict(one.reach, one.rows) for one in found]):
        parts = [one for one in found if any(one.rows == conflict.rows for conflict in together)]
        whole = search([c for one in parts for c in one.conflicts]) if len(parts) > 1 else None
        if whole and whole.solutions and whole.least < sum(one.least for one in parts):
            parts = [whole]
        for part in parts:
            yield Fault(part.rows, part.solutions)


class _Conflict(NamedTuple):
    """Cells of which at least one is wrong; `rows` are the identities that say so."""

    cells: frozenset[CellRef]
    rows: tuple[int, ...]


def _groups(conflicts: Iterable[_Conflict]) -> Iterator[list[_Conflict]]:
    """Conflicts that share cells, directly or by others."""
    left = list(conflicts)
    while left:
        group, cells = [left.pop()], set[CellRef]()
        for conflict in group:
            cells |= conflict.cells
            near = [other for other in left if not cells.isdisjoint(other.cells)]
            group += near
            left = [other for other in left if other not in near]
        yield group


class _Found(NamedTuple):
    """What a search over conflicts brought: solutions by weight, and all cells that it came across."""

    conflicts: tuple[_Conflict, ...]
    solutions: tuple[Solution, ...]
    reach: frozenset[CellRef]

    @property
    def rows(self) -> tuple[int, ...]:
        """The failed identities."""
        return tuple(sorted({row for conflict in self.conflicts for row in conflict.rows}))

    @property
    def least(self) -> int:
        """The least weight; where nothing explains the conflicts, more than anything that does."""
        return self.solutions[0].weight if self.solutions else _NOWHERE


def _search(system: System, weigh: Weigh, group: Sequence[_Conflict]) -> _Found:
    """Sets of cells by weight, the lightest first, until no heavier one could be of interest."""
    conflicts = list(group)
    weights: dict[CellRef, int] = {}
    most = min(len(group) + 1, _MOST_CELLS)
    seen: set[frozenset[CellRef]] = {frozenset()}
    # (weight, order of entry, cells)
    heap: list[tuple[int, int, frozenset[CellRef]]] = [(0, 0, frozenset())]
    solutions: list[Solution] = []
    for _ in range(_MOST_SETS):
        if not heap or len(solutions) >= _MOST_SOLUTIONS:
            break
        weight, _, cells = heappop(heap)
        if solutions and weight > solutions[0].weight + _MARGIN:
            break
        unhit = [conflict for conflict in conflicts if conflict.cells.isdisjoint(cells)]
        if not unhit:
            found = freed(system, cells)
            if isinstance(found, dict):
                solutions.append(Solution(cells, weight, found))
                continue
            unhit = [_Conflict(_cells_of(system, found) - cells, found)]
            conflicts += unhit
        if len(cells) + _apart(unhit) > most:
            continue
        smallest = min(unhit, key=lambda conflict: len(conflict.cells))
        # In order: sets come in another one in each process, and which cells are suspect must not.
        for cell in sorted(smallest.cells):
            larger = cells | {cell}
            if larger not in seen:
                seen.add(larger)
                weights[cell] = weights.get(cell) or weigh(cell)
                heappush(heap, (weight + weights[cell], len(seen), larger))
    least = [s for s in solutions if not any(other.cells < s.cells for other in solutions)]
    reach = frozenset(cell for conflict in conflicts for cell in conflict.cells)
    return _Found(tuple(group), tuple(least), reach)


def _apart(conflicts: Iterable[_Conflict]) -> int:
    """How many cells it takes at least: conflicts without a common cell take one each."""
    count, hit = 0, set[CellRef]()
    for conflict in sorted(conflicts, key=lambda conflict: len(conflict.cells)):
        if hit.isdisjoint(conflict.cells):
            hit |= conflict.cells
            count += 1
    return count


def _cells_of(system: System, rows: Iterable[int]) -> frozenset[CellRef]:
    return frozenset(cell for row in rows for cell in system.constraint(row).factors)


def freed(system: System, cells: frozenset[CellRef]) -> dict[CellRef, Interval] | tuple[int, ...]:
    """The values that cells may have if they are free and all others as printed: intervals by cell, or the
    identities that leave no room."""
    rows = sorted({row for cell in cells for row in system.touching(cell)})
    bounds: list[Bound] = [bound for row in rows if (bound := system.constraint(row).bound(cells))]
    found: Region = region(bounds, cells)
    return found.values if not found.core else found.core
