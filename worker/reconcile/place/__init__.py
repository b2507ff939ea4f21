"""Repair of place: figures that stand in the wrong cells, where only one arrangement closes the table.

Digits are never changed. What may have gone wrong: figures of a line stand in other columns (blanks were lost, two
figures swapped, the other side of a summary), a run of rows stands a row off, two columns are swapped, codes or
names are a row off. The simplest repair after which nothing fails is made if no other one is as simple and
identities that failed before hold every figure in its new place. All else is proposed to a person.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from schemas import AnyTable, CellRef, Finding, Reading
from schemas.findings import Move, Rearrangement
from schemas.rules import Inferred
from worker.reconcile.cross import cross_identities
from worker.reconcile.engine import check, check_table
from worker.reconcile.grid import Grid
from worker.reconcile.memo import Memo, equations_of, grid_of
from worker.reconcile.picking import Book
from worker.reconcile.place.evidence import Arrangement, Bench, Mended
from worker.reconcile.place.outside import slipped
from worker.reconcile.place.runs import label_runs
from worker.reconcile.place.search import Search, TooManyError
from worker.reconcile.place.steps import Repair, Shift, Step, moved, shifts_of
from worker.reconcile.place.words import seconded, told

__all__ = ["explained", "proposals", "repaired"]

# Trying a repair costs the checking of the whole table; so many figures are checked in all at most.
_MOST_CHECKED = 100_000
_MOST_PROPOSED = 5


def repaired(readings: Mapping[str, Reading]) -> dict[str, Reading]:
    """The readings, tables with figures out of place mended where that is the only way to close them.

    What was moved and why is told in the reading's `repairs` and notes; the readings given are left as they are.
    """
    tables = {key: reading.table for key, reading in readings.items()}
    return {key: _repaired(key, reading, tables) for key, reading in readings.items()}


def proposals(
    readings: Mapping[str, Reading], memo: Memo | None = None
) -> dict[str, tuple[Rearrangement, ...]]:
    """By table id: rearrangements for a person to decide on, of readings that went through `repaired`.

    Either one of several that close the table, or the only one where too little speaks for it, or one that only
    other tables reveal. `memo` keeps what is found within a table.
    """
    memo = memo or Memo()
    tables = {key: reading.table for key, reading in readings.items()}
    found = {
        key: list(memo.of(f"proposed {key}", (table,), partial(_all_proposed, key, table, memo)))
        for key, table in tables.items()
    }
    for key, rearrangement in slipped(tables, memo).items():
        found[key].append(rearrangement)
    return {key: tuple(proposed) for key, proposed in found.items() if proposed}


def explained(
    findings: Sequence[Finding],
    proposed: Mapping[str, Sequence[Rearrangement]],
    tables: Mapping[str, AnyTable],
) -> tuple[Finding, ...]:
    """The findings; failed ones that would hold after one of the proposals have the verdict "misplaced"."""
    cured: set[int] = set()
    failed = {i: finding for i, finding in enumerate(findings) if finding.status == "failed"}
    for key, rearrangements in proposed.items():
        for rearrangement in rearrangements:
            cured |= _cured(failed, key, rearrangement, tables)
    return tuple(
        finding.model_copy(update={"verdict": "misplaced"}) if i in cured else finding
        for i, finding in enumerate(findings)
    )


def _repaired(key: str, reading: Reading, tables: Mapping[str, AnyTable]) -> Reading:
    bench = Bench(Grid(key, reading.table))
    ways = _simplest(bench)
    if not ways:
        return reading
    chosen, reason = _decided(bench.grid, ways, tables)
    # Inferred identities follow the figures wherever they are moved: they propose, and prove nothing.
    guessed = any(isinstance(rule, Inferred) for rule in type(reading.table).rules)
    if chosen is None or not chosen.strong or guessed:
        return reading
    others = [table for other, table in tables.items() if other != key]
    repairs = tuple(
        _rearrangement(
            key, step, f"moved {told(bench.table, step)}: {reason}{seconded(bench.table, step, others)}"
        )
        for step in chosen.repair
    )
    notes = (*reading.notes, *(repair.words for repair in repairs))
    update = {"table": chosen.grid.table, "notes": notes, "repairs": (*reading.repairs, *repairs)}
    return reading.model_copy(update=update)


def _simplest(bench: Bench) -> list[Mended]:
    """The simplest repairs of a table, each with another result; none if there is no telling.

    One that takes a step more counts too: where two lines of three stand wrong alike, the third seems to.
    """
    if not bench.balance.failing:
        return []
    tries = 2 + _MOST_CHECKED // max(1, len(bench.grid.figures))
    found: list[Mended] = []
    seen: set[Arrangement] = set()
    search = Search(bench.grid, bench.balance)
    try:
        for cost, repair in _ordered(bench, search):
            if search.most is not None and cost > search.most:
                break
            # With a step more, another place for a zero is no other result.
            further = search.most is not None and cost == search.most
            outcome = bench.outcome(shifts_of(repair), zeros=not further)
            if outcome in seen:
                continue
            tries -= 1
            if tries < 0:
                return []
            if mended := bench.mended(repair):
                search.most = search.most or cost + 1
                seen |= {bench.outcome(shifts_of(repair), zeros=zeros) for zeros in (True, False)}
                found.append(mended)
    except TooManyError:
        return []
    return found


def _ordered(bench: Bench, search: Search) -> Iterator[tuple[int, Repair]]:
    """Repairs after which no equation fails, the simplest first; moves of labels, which change the equations
    themselves, are among the simplest."""
    for step in label_runs(bench.grid, bench.balance):
        yield step.cost, (step,)
    yield from search.repairs()


def _decided(grid: Grid, ways: Sequence[Mended], tables: Mapping[str, AnyTable]) -> tuple[Mended | None, str]:
    """The one way there is, or the one that agrees best with the other tables; none that disagrees more with them
    than the table as it is."""
    grids = {key: grid if key == grid.id else Grid(key, table) for key, table in tables.items()}
    now = _doubt(grids)
    doubts = [_doubt({**grids, grid.id: way.grid}) for way in ways]
    best = min(doubts)
    if best.failed > now.failed or doubts.count(best) > 1:
        return None, ""
    if len(ways) == 1:
        return ways[0], "the only arrangement with which all sums of the table hold"
    if best >= now:
        return None, ""
    reason = f"of {len(ways)} arrangements with which all sums hold the one that agrees with the other tables"
    return ways[doubts.index(best)], reason


class _Doubt(NamedTuple):
    """How the tables of a document disagree: identities between them that fail, and minus those that hold."""

    failed: int
    passed: int


def _doubt(grids: Mapping[str, Grid]) -> _Doubt:
    book = Book(grids)
    statuses = Counter(check(identity, book.tables).status for identity in cross_identities(book))
    return _Doubt(statuses["failed"], -statuses["passed"])


def _all_proposed(key: str, table: AnyTable, memo: Memo) -> tuple[Rearrangement, ...]:
    grid = grid_of(key, table, memo)
    return tuple(_proposed(key, table, Bench(grid, equations_of(grid, memo))))


def _proposed(key: str, table: AnyTable, bench: Bench) -> Iterator[Rearrangement]:
    ways = _simplest(bench)
    reason = f"one of {len(ways)} arrangements" if len(ways) > 1 else "the only arrangement found"
    for way in ways[:_MOST_PROPOSED]:
        words = "; ".join(told(table, step) for step in way.repair)
        moves = tuple(move for step in way.repair for move in _moves(key, step))
        yield Rearrangement(
            moves=moves, words=f"move {words}: {reason} with which all sums of the table hold"
        )


def _rearrangement(key: str, step: Step, words: str) -> Rearrangement:
    return Rearrangement(moves=_moves(key, step), words=words)


def _moves(key: str, step: Step) -> tuple[Move, ...]:
    return tuple(Move(*(CellRef(key, *place) for place in shift)) for shift in step.shifts)


def _cured(
    failed: Mapping[int, Finding], key: str, proposal: Rearrangement, tables: Mapping[str, AnyTable]
) -> set[int]:
    """The failed findings on a table, or on it and another one, that hold after a proposal."""
    shifts = [Shift(*((ref.row, ref.column) for ref in move)) for move in proposal.moves]
    after = {**tables, key: moved(tables[key], shifts)}
    book = Book({name: Grid(name, table) for name, table in after.items()})
    inside = [finding for _, finding in check_table(book.grids[key])]
    between = [check(identity, after) for identity in cross_identities(book)]
    passed = {(f.check, f.cells[:1]) for f in (*inside, *between) if f.status == "passed"}
    whole = all(finding.status != "failed" for finding in inside)
    return {
        i
        for i, finding in failed.items()
        if (key in finding.tables and (finding.check, finding.cells[:1]) in passed)
        or (whole and finding.tables == (key,) and not finding.check.startswith("lexicon."))
    }
