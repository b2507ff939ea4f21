"""What was worked out of tables before: for who holds a document against its identities again and again."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from schemas import AnyTable
from worker.reconcile.equation import Equation
from worker.reconcile.expand import equations
from worker.reconcile.grid import Grid

# A change that is taken back at once brings what was two rounds ago.
_ROUNDS = 2

T = TypeVar("T")
_Known = dict[tuple[object, ...], tuple[tuple[object, ...], object]]


class Memo:
    """Keeps results by the very objects that they were made of, for two rounds after they were last asked for.

    Who keeps one must not change those objects in place. Not safe for threads.
    """

    def __init__(self) -> None:
        self._rounds: list[_Known] = [{} for _ in range(_ROUNDS + 1)]
        self._last: dict[str, object] = {}

    def turn(self) -> None:
        """Begin a round: what was not asked for in the last two is forgotten."""
        self._rounds = [{}, *self._rounds[:-1]]

    def of(self, work: str, parts: tuple[object, ...], make: Callable[[], T]) -> T:
        """The result of a piece of work on these objects."""
        key = work, *map(id, parts)
        found = next((known[key] for known in self._rounds if key in known), None)
        if found is None:
            # The objects are kept with it, so that no other can come to have their id.
            found = parts, make()
        self._rounds[0][key] = found
        return found[1]  # type: ignore[return-value]

    def if_same(self, work: str, parts: tuple[object, ...], state: object, make: Callable[[], T]) -> T:
        """The result of work that depends on a `state` too, which is compared by what it says."""
        return self.while_true(work, parts, lambda kept: kept[0] == state, lambda: (state, make()))[1]

    def while_true(
        self, work: str, parts: tuple[object, ...], holds: Callable[[T], bool], make: Callable[[], T]
    ) -> T:
        """The result of work that depends on more than its parts: `holds` tells of one that was made before whether
        all else is as it was. The last two are kept."""
        kept = self.of(work, parts, list[T])
        found = next((each for each in kept if holds(each)), None)
        if found is None:
            found = make()
            kept[:] = [found, *kept[: _ROUNDS - 1]]
        return found

    def after(self, work: str, parts: tuple[object, ...], make: Callable[[T | None], T]) -> T:
        """The result of a piece of work of which most may be as it was: `make` is given the last one of this name."""

        def made() -> T:
            self._last[work] = found = make(self._last.get(work))  # type: ignore[arg-type]
            return found

        return self.of(work, parts, made)


def grid_of(key: str, table: AnyTable, memo: Memo) -> Grid:
    """A table prepared for arithmetic."""
    return memo.after(f"grid {key}", (table,), lambda before: Grid(key, table, before))


def equations_of(grid: Grid, memo: Memo) -> list[Equation]:
    """The equations of a table."""
    return memo.of("equations", (grid,), lambda: list(equations(grid)))
