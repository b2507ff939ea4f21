"""Which cells of failed identities are most likely wrong, and what they would have to be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import partial
from typing import NamedTuple

from schemas import AnyTable, Finding
from schemas.amounts import Amount, Interval
from schemas.findings import Candidate, Evidence, Suspect
from schemas.tables import CellRef
from worker.recognised import percent, score_of, unsure
from worker.reconcile.locate.candidates import candidates
from worker.reconcile.locate.known import Known
from worker.reconcile.locate.localise import Fault, Solution, locate
from worker.reconcile.locate.sources import Sources
from worker.reconcile.locate.system import System
from worker.reconcile.memo import Memo
from worker.reconcile.wording import column_name, row_name

# How hard it is to believe that a cell is wrong, in tenths of a decimal order of odds: one printed figure in a
# hundred; a blank that should be filled is rarer; a figure in prose, one that no identity supports, and most of all
# one that readers disagree on are likelier. So is one that was recognised with a low score: the score is taken for the
# odds that it is right, within bounds.
_PRINTED = 20
_BLANK = 26
_UNSUPPORTED = 17
_PROSE = 15
_DISPUTED = 8
_ILLEGIBLE = 4
# How much likelier a slip becomes by what would explain it, in the same measure.
_EXPLAINS: Mapping[Evidence, int] = {
    "reader": 10,
    "numeral": 9,
    "shift": 7,
    "look_alike": 7,
    "transposed": 7,
    "doubled": 6,
    "dropped": 6,
    "point": 6,
    "sign": 6,
    "unit": 6,
    "digit": 4,
}
# Nobody looks at more; the count of all is in the reason.
_MOST = 40
_EXPLAINED = 60


class _Ranked(NamedTuple):
    """A solution with its odds, least first, and the candidates of its cells."""

    odds: int
    solution: Solution
    found: Mapping[CellRef, tuple[Candidate, ...]]


def with_suspects(
    system: System, tables: Mapping[str, AnyTable], sources: Sources, memo: Memo
) -> tuple[Finding, ...]:
    """The findings of a system, failed ones with their suspects, most suspicious first. Those of which nothing has
    changed since are taken from the memo."""
    findings = [item.finding for item in system.checked]
    if not any(finding.status == "failed" for finding in findings):
        return tuple(findings)
    judge = _Judge(system, tables, sources)
    known = Known(system, tables, sources, memo)
    for fault in locate(system, judge.weigh, known):
        found = known.of("suspected", fault.failed, (fault.solutions,), partial(judge.suspected, fault))
        for row, finding in zip(fault.failed, found, strict=True):
            findings[row] = finding
    return tuple(findings)


class _Judge:
    """Weighs cells and words suspicions."""

    def __init__(self, system: System, tables: Mapping[str, AnyTable], sources: Sources) -> None:
        self._system = system
        self._tables = tables
        self._sources = sources

    def suspected(self, fault: Fault) -> list[Finding]:
        """The failed findings of a fault with their suspects."""
        ranked = self.rank(fault)
        findings = [(row, self._system.checked[row].finding) for row in fault.failed]
        return [
            finding.model_copy(update={"suspects": tuple(self.suspects(row, fault, ranked))})
            for row, finding in findings
        ]

    def weigh(self, cell: CellRef) -> int:
        """How hard it is to believe that a cell is wrong."""
        self._system.asked.add(cell)
        score = score_of(self._sources.recognised.get(cell))
        known = self._known(cell)
        return known if score is None else min(known, _odds(score))

    def _known(self, cell: CellRef) -> int:
        """The same by what else is known of the cell."""
        table = self._tables[cell.table]
        if cell in self._sources.rivals:
            return _DISPUTED
        if table.rows[cell.row].figure(cell.column) is None:
            return _BLANK
        if table.kind == "narrative_facts":
            return _PROSE
        return _PRINTED if self._supports(cell) else _UNSUPPORTED

    def rank(self, fault: Fault) -> list[_Ranked]:
        """The solutions of a fault, the likeliest first."""
        ranked = []
        for place, solution in enumerate(fault.solutions):
            found = (
                {cell: self._candidates(cell, solution) for cell in solution.cells}
                if place < _EXPLAINED
                else {}
            )
            gain = sum(_EXPLAINS[known[0].evidence] for known in found.values() if known)
            ranked.append(_Ranked(solution.weight - gain, solution, found))
        return sorted(ranked, key=lambda item: (item.odds, sorted(item.solution.cells)))

    def suspects(self, row: int, fault: Fault, ranked: Sequence[_Ranked]) -> Iterator[Suspect]:
        """The cells of a failed identity that solutions change."""
        own = self._system.constraint(row).factors
        told: set[CellRef] = set()
        for item in ranked:
            for cell in sorted(item.solution.cells):
                if cell in own and cell not in told and len(told) < _MOST:
                    told.add(cell)
                    yield self._suspect(cell, fault, item, ranked)
        if not ranked:
            yield from self._alone(row)

    def _suspect(self, cell: CellRef, fault: Fault, item: _Ranked, ranked: Sequence[_Ranked]) -> Suspect:
        values = item.solution.values.get(cell)
        known = item.found.get(cell, ())
        others = tuple(sorted(item.solution.cells - {cell}))
        reason = _reason(fault, item, ranked, others, known)
        return self._worded(cell, values, known, reason, others)

    def _alone(self, row: int) -> Iterator[Suspect]:
        """Every cell of an identity, where no few changes explain all that fails."""
        constraint = self._system.constraint(row)
        words = "closes this identity alone: too much fails together to tell which figures are wrong"
        order = sorted(constraint.factors, key=lambda cell: (self.weigh(cell), cell))
        for cell in order[:_MOST]:
            bound = constraint.bound([cell])
            if bound:
                factor = bound.factors[cell]
                ends = sorted((bound.low / factor, bound.high / factor))
                yield self._worded(cell, Interval(*ends), (), words, ())

    def _worded(
        self,
        cell: CellRef,
        values: Interval | None,
        known: tuple[Candidate, ...],
        reason: str,
        others: tuple[CellRef, ...],
    ) -> Suspect:
        self._system.asked.add(cell)
        low = high = value = None
        if values:
            places = self._places(cell)
            low, high = _outward(values.low, places), _outward(values.high, places)
            value = known[0].value if known else _nearest(values, places)
        numeral = self._sources.recognised.get(cell)
        score = score_of(numeral)
        if score is not None and unsure(numeral):
            reason = f"{reason}; recognised at {percent(score)}"
        return Suspect(
            cell=cell, value=value, reason=reason, low=low, high=high, others=others, candidates=known
        )

    def _supports(self, cell: CellRef) -> bool:
        checked = self._system.checked
        return any(checked[row].finding.status == "passed" for row in self._system.touching(cell))

    def _candidates(self, cell: CellRef, solution: Solution) -> tuple[Candidate, ...]:
        """Values within reach that close, for a printed figure whose value is bounded."""
        self._system.asked.add(cell)
        values = solution.values.get(cell)
        if values is None:
            return ()
        read = tuple(
            Candidate(
                value=rival.amount.value,
                evidence="reader",
                words=f"{rival.reader} reads {rival.amount.value:f}",
            )
            for rival in self._sources.rivals.get(cell, ())
            if rival.amount and rival.amount.interval.intersects(values)
        )
        printed = self._tables[cell.table].rows[cell.row].get(cell.column)
        if printed is None or printed.amount is None:
            return read
        return read + candidates(
            printed.amount,
            printed.text,
            values.low,
            values.high,
            self._sources.ledgers.get(cell.table, ()),
            self._sources.taken.get(cell.table, ()),
            list(self._near(cell)),
            self._sources.recognised.get(cell),
        )

    def _near(self, cell: CellRef) -> Iterator[tuple[str, Amount]]:
        """The figures above and below in the column, and those of the row, but for sums of this one part."""
        table = self._tables[cell.table]
        equal = self._equal(cell)
        for row in (cell.row - 1, cell.row + 1):
            if not 0 <= row < len(table.rows) or (cell.table, row, cell.column) in equal:
                continue
            if amount := table.rows[row].figure(cell.column):
                yield row_name(table.rows[row], row), amount
        for column, other in table.rows[cell.row].cells():
            if column != cell.column and other.amount and (cell.table, cell.row, column) not in equal:
                yield column_name(table, column), other.amount

    def _equal(self, cell: CellRef) -> set[CellRef]:
        """The cells that an identity of two figures makes equal to this one."""
        pairs = (self._system.checked[row].finding.cells for row in self._system.touching(cell))
        return {other for pair in pairs if len(pair) == 2 for other in pair}

    def _places(self, cell: CellRef) -> int:
        """Decimals of a cell; of a blank one those that its row or column prints."""
        table = self._tables[cell.table]
        own = table.rows[cell.row].figure(cell.column)
        if own:
            decimals: int = own.decimals
            return decimals
        return max((amount.decimals for _, amount in self._near(cell)), default=2)


def _odds(score: Decimal) -> int:
    """How hard it is to believe that a figure that was recognised with this score is wrong."""
    return _PRINTED if score >= 1 else max(_ILLEGIBLE, round(-10 * (1 - score).log10()))


def _reason(
    fault: Fault,
    item: _Ranked,
    ranked: Sequence[_Ranked],
    others: Sequence[CellRef],
    known: Sequence[Candidate],
) -> str:
    failed = f"{len(fault.failed)} failed identities" if len(fault.failed) > 1 else "the failed identity"
    alike = sum(len(other.solution.cells) == len(item.solution.cells) for other in ranked)
    figures = f"{len(others) + 1} figures" if others else "one figure"
    words = f"one of {alike} changes of {figures} that close {failed}"
    if alike == 1:
        words = f"the only change of {figures} that closes {failed}"
    if others:
        words = f"{words}, together with {', '.join(map(str, others))}"
    return f"{words}; {known[0].words}" if known else words


def _outward(number: Fraction, places: int) -> Decimal:
    """A bound with one decimal more than printed, as the rounding of one figure needs."""
    scaled = number * 10 ** (places + 1)
    return Decimal(round(scaled)).scaleb(-places - 1)


def _nearest(values: Interval, places: int) -> Decimal:
    """The figure with so many decimals that is nearest to the middle: it closes, its own rounding included."""
    middle = (values.low + values.high) / 2 * 10**places
    return Decimal(round(middle)).scaleb(-places)
