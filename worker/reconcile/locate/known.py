"""What was found of failed identities before: again where nothing that was looked at then is another now."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from operator import is_
from typing import Generic, NamedTuple, TypeVar

from schemas import AnyTable
from schemas.tables import CellRef
from worker.reconcile.locate.sources import Sources
from worker.reconcile.locate.system import System
from worker.reconcile.memo import Memo

T = TypeVar("T")


class _Seen(NamedTuple):
    """All that is known around some cells: `same` counts as it was where it is the very same objects, `said` where it
    says the same."""

    same: tuple[object, ...]
    said: tuple[object, ...]

    def still(self, now: _Seen) -> bool:
        return (
            len(self.same) == len(now.same) and all(map(is_, self.same, now.same)) and self.said == now.said
        )


class _Kept(NamedTuple, Generic[T]):
    cells: tuple[CellRef, ...]
    seen: _Seen
    found: T


class Known:
    """Work on the failed identities of a system, kept in a memo with the cells that it asked for."""

    def __init__(self, system: System, tables: Mapping[str, AnyTable], sources: Sources, memo: Memo) -> None:
        self._system = system
        self._tables = tables
        self._sources = sources
        self._memo = memo

    def of(self, work: str, rows: Iterable[int], parts: tuple[object, ...], make: Callable[[], T]) -> T:
        """The result of a piece of work on identities, by number, and on other objects. `make` must ask the system for
        every cell that it looks at, and look no further than the rows beside it; not while another is made."""

        def made() -> _Kept[T]:
            self._system.asked.clear()
            found = make()
            cells = tuple(sorted(self._system.asked))
            return _Kept(cells, self._seen(cells), found)

        findings = (self._system.checked[row].finding for row in rows)
        return self._memo.while_true(
            work, (*parts, *findings), lambda kept: kept.seen.still(self._seen(kept.cells)), made
        ).found

    def _seen(self, cells: tuple[CellRef, ...]) -> _Seen:
        # A finding is the same object where its identity, its rows and the head of its table are.
        rows = sorted({row for cell in cells for row in self._system.touching(cell)})
        findings = (self._system.checked[row].finding for row in rows)
        tables = dict.fromkeys(cell.table for cell in cells)
        return _Seen(
            (*findings, *self._around(cells), *map(self._sources.ledgers.get, tables)),
            (
                [self._sources.rivals.get(cell) for cell in cells],
                [self._sources.taken.get(table) for table in tables],
            ),
        )

    def _around(self, cells: Iterable[CellRef]) -> Iterator[object]:
        for cell in cells:
            rows = self._tables[cell.table].rows
            yield rows[cell.row - 1] if cell.row else None
            yield rows[cell.row + 1] if cell.row + 1 < len(rows) else None
            yield self._sources.recognised.get(cell)
