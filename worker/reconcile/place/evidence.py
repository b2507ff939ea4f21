"""What a repair of place proves: the table as it would be, held against all of its identities again."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

from schemas.lexicon import contradiction
from worker.reconcile.equation import Equation, holds
from worker.reconcile.expand import equations
from worker.reconcile.grid import Grid, Key
from worker.reconcile.nesting import clean_code
from worker.reconcile.place.balance import Balance
from worker.reconcile.place.steps import LABELS, Repair, Shift, Step, moved, shifts_of

# So many identities must come true where more than one line moves.
_ENOUGH = 2

Arrangement = frozenset[tuple[Key, object]]
"""What stands in the cells that a repair changes, by which two repairs are the same."""

_Mark = tuple[str, frozenset[Key], frozenset[Key]]


class Mended(NamedTuple):
    """A repair with the table that it makes, in which nothing fails. `strong`: it may be done without asking."""

    repair: Repair
    grid: Grid
    strong: bool


class Bench:
    """One table on which repairs are tried."""

    def __init__(self, grid: Grid, stated: list[Equation] | None = None) -> None:
        self.table = grid.table
        self.grid = grid
        self.found = list(equations(self.grid)) if stated is None else stated
        self.balance = Balance(self.grid, self.found)

    @cached_property
    def _known(self) -> dict[_Mark, bool]:
        """Whether each equation says something and holds."""
        return {_mark(equation): _proves(self.grid, equation) for equation in self.found}

    @cached_property
    def _skipped(self) -> int:
        return sum(1 for equation in self.found if equation.skipped)

    def mended(self, repair: Repair) -> Mended | None:
        """The table after a repair, None if something fails, can no longer be checked, or is misnamed by its code."""
        grid = Grid(self.grid.id, moved(self.table, shifts_of(repair)))
        found = list(equations(grid))
        if sum(1 for equation in found if equation.skipped) > self._skipped:
            return None
        held = [(equation, holds(grid, equation)) for equation in found if not equation.skipped]
        if any(outcome is False for _, outcome in held):
            return None
        if any(step.kind == "labels" for step in repair) and _misnamed(grid) > _misnamed(self.grid):
            return None
        proved = [equation for equation, outcome in held if outcome and _says(grid, equation)]
        strong = self._more(repair, proved) and all(self._held(step, proved) for step in repair)
        return Mended(repair, grid, strong)

    def _more(self, repair: Repair, proved: list[Equation]) -> bool:
        """Whether more identities speak of the cells concerned than before."""
        touched = {key for shift in shifts_of(repair) for key in shift if key[1] not in LABELS}
        before = sum(1 for e in self.found if _touches(e, touched) and _proves(self.grid, e))
        return not touched or before < sum(1 for e in proved if _touches(e, touched))

    def _held(self, step: Step, proved: list[Equation]) -> bool:
        """Whether every figure that moves is held in its new place by an identity that speaks for the move.

        A figure moved within its line needs one down the column that did not hold before: that of its row would
        hold in other orders too. Of many figures and labels, some such identities speak for all.
        """
        new = [e for e in proved if not self._known.get(_mark(e), False)]
        if step.kind != "line" and len(new) < _ENOUGH:
            return False
        if step.kind == "labels":
            return True
        telling = [e for e in new if e.scope not in {"row", "ratio"}] if step.kind == "line" else proved
        held = {key for equation in telling for key in _keys(equation)}
        return all(
            target in held
            for source, target in step.shifts
            if self.grid.get(source).value and self.grid.get(source) != self.grid.get(target)
        )

    def outcome(self, shifts: tuple[Shift, ...], *, zeros: bool) -> Arrangement:
        """What stands after shifts in the cells that they change. Without `zeros` they are blanks."""
        after: dict[Key, object] = {shift.source: "" for shift in shifts}
        after |= {shift.target: self._content(shift.source, zeros=zeros) for shift in shifts}
        return frozenset(after.items()) - {(key, self._content(key, zeros=zeros)) for key in after}

    def _content(self, key: Key, *, zeros: bool) -> object:
        row, column = key
        if column in LABELS:
            return str(getattr(self.table.rows[row], column) or "")
        amount = self.grid.amounts.get(key)
        return amount if amount and (zeros or amount.value) else ""


def _keys(equation: Equation) -> Iterator[Key]:
    yield from equation.left
    yield from equation.right


def _touches(equation: Equation, keys: set[Key]) -> bool:
    return any(key in keys for key in _keys(equation))


def _mark(equation: Equation) -> _Mark:
    return equation.form, frozenset(equation.left), frozenset(equation.right)


def _says(grid: Grid, equation: Equation) -> bool:
    """Whether an equation says more than that nothing is nothing."""
    return sum(1 for key in _keys(equation) if grid.get(key).value) > 1


def _proves(grid: Grid, equation: Equation) -> bool:
    return _says(grid, equation) and not equation.skipped and holds(grid, equation) is True


def _misnamed(grid: Grid) -> int:
    """How many names contradict their codes."""
    classification = type(grid.table).classification
    return sum(
        1 for row in grid.rows if contradiction(clean_code(row.code), row.name, classification) is not None
    )
