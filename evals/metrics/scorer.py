"""An extraction held to the gold of its case."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple, Protocol

from evals.cases import Case, CellKey, Planted
from evals.metrics.compared import PlacedRow, ReadRow
from evals.metrics.grits import grits_con
from evals.metrics.matching import Pair, gold_figures, is_text, match_rows, number, pairs
from evals.metrics.scores import CaseScore, PlantedScore, TableScore, WrongCell
from evals.metrics.teds import teds
from schemas import Cell, CellRef, Document, Finding, squeeze
from schemas.findings import Call
from worker.export.flatten import grounded, listed
from worker.pipeline import Extraction

_STATUSES = ("accepted", "corrected", "review", "rejected", "failed", "empty")
# A table that was read quite wrongly need not fill a report by itself.
_LISTED = 200


class Injected(Protocol):
    """An error of a simulated model: in a chunk, of a class, at a gold cell, with the value given."""

    @property
    def chunk(self) -> str: ...
    @property
    def error(self) -> str: ...
    @property
    def cell(self) -> CellKey | None: ...
    @property
    def given(self) -> str: ...


class Trace(NamedTuple):
    """What is known of how an extraction was made.

    `calls` for each chunk, those of readers that brought nothing included; `problems` are why they did not;
    `injected` the errors of a simulated model.
    """

    seconds: float = 0.0
    calls: Mapping[str, Sequence[Call]] = {}
    problems: tuple[str, ...] = ()
    injected: tuple[Injected, ...] = ()


def score(case: Case, extraction: Extraction, trace: Trace | None = None) -> CaseScore:
    """What is right and wrong in the extraction of a case. The calls are by default those of its readings."""
    trace = trace or Trace(calls=_calls_of(extraction))
    faults = _Faults(case, trace.injected)
    places: dict[CellKey, CellRef] = {}
    wrong: set[CellKey] = set()
    tables = []
    for pair in pairs(case.gold, list(listed(extraction))):
        marker = _Marker(pair, extraction.document, faults)
        tables.append(_table(pair, marker, extraction, trace))
        places |= marker.places
        wrong |= marker.wrong
    failures = [finding for finding in extraction.findings if finding.status == "failed"]
    claimed = [finding for finding in failures if finding.verdict in {"", "source"}]
    sources = {
        places[key]
        for each in case.planted
        if each.nature == "source"
        for key in map(_squeezed, each.cells)
        if key in places
    }
    return CaseScore(
        id=case.id,
        name=case.name,
        body=case.body,
        family=case.family,
        tier=case.tier,
        tables=tuple(tables),
        planted=tuple(_found(each, places, wrong, failures) for each in case.planted),
        contradictions=len(claimed),
        planted_contradictions=sum(not sources.isdisjoint(finding.cells) for finding in claimed),
        problems=trace.problems,
        seconds=round(trace.seconds, 3),
    )


def failed_score(case: Case, error: str, seconds: float = 0.0) -> CaseScore:
    """The score of a case that could not be read: everything in it is missing."""
    tables = tuple(
        TableScore(
            kind=table.kind,
            ordinal=table.ordinal,
            title=table.title,
            status="failed",
            missing=sum(gold_figures(table.kind, row) for row in table.rows),
            rows=sum(bool(row.cells) for row in table.rows),
        )
        for table in case.gold
    )
    planted = tuple(
        PlantedScore(nature=each.nature, error=each.error, kind=each.cells[0].kind) for each in case.planted
    )
    return CaseScore(
        id=case.id,
        name=case.name,
        body=case.body,
        family=case.family,
        tier=case.tier,
        tables=tables,
        planted=planted,
        seconds=seconds,
        error=error,
    )


class _Faults:
    """What was put in on purpose: faults of print and errors of a simulated model, by gold cell."""

    def __init__(self, case: Case, injected: Sequence[Injected]) -> None:
        self.planted = {
            _squeezed(key): each.error
            for each in case.planted
            if each.nature == "fault"
            for key in each.cells
        }
        self.injected = {_squeezed(each.cell): each.error for each in injected if each.cell}
        self._given = {
            (each.chunk, squeeze(each.cell.column), each.given): each.error
            for each in injected
            if each.cell and each.given
        }

    def given(self, found: ReadRow | None, outcome: _Outcome) -> str:
        """The error that brought a figure which is in no row of the gold."""
        if not (found and outcome.got):
            return ""
        return self._given.get((found.home.table, outcome.column, _plain(outcome.got)), "")


def _squeezed(key: CellKey) -> CellKey:
    """The key with its column as columns are compared."""
    return key._replace(column=squeeze(key.column))


def _calls_of(extraction: Extraction) -> dict[str, list[Call]]:
    return {
        chunk: [call for reading in readings for call in reading.calls]
        for chunk, readings in extraction.readings.items()
    }


class _Outcome(NamedTuple):
    """One cell held to its gold; None for what is blank."""

    column: str
    gold: str | None
    got: Cell | None
    text: bool
    right: bool


class _Marker:
    """Marks the rows of a pair. `places` are where gold cells were read, `wrong` those that are not right."""

    def __init__(self, pair: Pair, document: Document, faults: _Faults) -> None:
        self.pair = pair
        self.places: dict[CellKey, CellRef] = {}
        self.wrong: set[CellKey] = set()
        self.cells: list[WrongCell] = []
        self.counts = dict.fromkeys(("right", "wrong", "missing", "extra"), 0)
        self.rows_found = self.rows_exact = self.last_row = 0
        self.texts_right = self.texts_gold = self.texts_got = 0
        self._document = document
        self._faults = faults
        self.planted: Counter[str] = Counter()
        self.injected: Counter[str] = Counter()
        self.planted_wrong: Counter[str] = Counter()
        self.injected_wrong: Counter[str] = Counter()
        gold, read = pair.gold_rows, pair.read_rows
        partner = dict(match_rows(gold, read))
        for i, placed in enumerate(gold):
            found = read[partner[i]] if i in partner else None
            if found:
                self.rows_found += 1
                self.last_row = i + 1
            self.rows_exact += self._mark(placed, found)
        matched = set(partner.values())
        for j, row in enumerate(read):
            if j not in matched:
                self._mark(None, row)

    def _mark(self, placed: PlacedRow | None, found: ReadRow | None) -> bool:
        """Count the cells of a row; whether its figures are exact."""
        exact = found is not None
        side = placed.side if placed else found.side if found else ""
        faults = self._faults
        expected, got = placed.cells if placed else {}, found.cells if found else {}
        for outcome in outcomes(self.pair.kind, side, expected, got):
            key = placed.place(outcome.column) if placed else None
            if key:
                self.planted.update(filter(None, [faults.planted.get(key)]))
                self.injected.update(filter(None, [faults.injected.get(key)]))
            if key and found:
                self.places[key] = found.place(outcome.column)
            if outcome.text:
                self.texts_right += outcome.right
                self.texts_gold += outcome.gold is not None
                self.texts_got += outcome.got is not None
                continue
            if outcome.right:
                self.counts["right"] += 1
                continue
            exact = False
            if key:
                self.wrong.add(key)
            cell = self._wrong(placed, found, outcome, key)
            self.counts[cell.fault] += 1
            if cell.injected:
                self.injected_wrong[cell.injected] += 1
            elif cell.planted:
                self.planted_wrong[cell.planted] += 1
            if len(self.cells) < _LISTED:
                self.cells.append(cell)
        return exact

    def _wrong(
        self, placed: PlacedRow | None, found: ReadRow | None, outcome: _Outcome, key: CellKey | None
    ) -> WrongCell:
        line = self._line(found, outcome.got)
        rows = [row for row in (placed, found) if row]
        return WrongCell(
            fault="missing" if outcome.got is None else "extra" if outcome.gold is None else "wrong",
            side=next((row.side for row in rows if row.side), ""),
            code=next((row.code for row in rows if row.code), ""),
            name=next((row.name for row in rows if row.name), ""),
            column=outcome.column,
            gold=outcome.gold,
            got=_plain(outcome.got) if outcome.got else None,
            line=line,
            source=self._source(line),
            planted=self._faults.planted.get(key, "") if key else "",
            injected=(key and self._faults.injected.get(key)) or self._faults.given(found, outcome),
        )

    def _line(self, found: ReadRow | None, got: Cell | None) -> int:
        if got:
            return got.span.line
        return min((cell.span.line for cell in found.cells.values()), default=0) if found else 0

    def _source(self, line: int) -> str:
        starts = self._document.line_starts
        if not 0 < line <= len(starts):
            return ""
        end = starts[line] - 1 if line < len(starts) else len(self._document.text)
        return self._document.text[starts[line - 1] : end].strip()


def outcomes(
    kind: str, side: str, expected: Mapping[str, str], read: Mapping[str, Cell]
) -> Iterator[_Outcome]:
    """Every cell that the gold row or the row read fills. A figure is one by the gold or by the reader."""
    for column in dict.fromkeys([*expected, *read]):
        value, got = expected.get(column), read.get(column)
        true = number(value) if value is not None else None
        text = is_text(kind, side, column) or not (true is not None or (got is not None and got.amount))
        if value is None or got is None:
            right = False
        elif text or true is None:
            right = squeeze(value) == squeeze(got.text)
        else:
            right = got.amount is not None and got.amount.value == true
        yield _Outcome(column, value, got, text, right)


def _plain(cell: Cell) -> str:
    return f"{cell.amount.value:f}" if cell.amount else cell.text


def _table(pair: Pair, marker: _Marker, extraction: Extraction, trace: Trace) -> TableScore:
    verdicts = [item.verdict for item in pair.read]
    verdict = min(verdicts, key=lambda verdict: _STATUSES.index(verdict.status), default=None)
    gold, counts = pair.gold, marker.counts
    whole = len(pair.read) == 1
    read = {item.chunk.id for item in pair.read}
    made = [call for item in pair.read for call in trace.calls.get(item.chunk.id, ())]
    priced = [call.cost_usd for call in made if call.cost_usd is not None]
    figures = [
        (column, cell)
        for row in pair.read_rows
        for column, cell in row.cells.items()
        if cell.amount is not None and not is_text(pair.kind, row.side, column)
    ]
    return TableScore(
        kind=pair.kind,
        ordinal=gold.ordinal if gold else pair.read[0].ordinal,
        title=(gold and gold.title) or next((item.chunk.title for item in pair.read), ""),
        in_gold=gold is not None,
        tables=tuple(item.chunk.id for item in pair.read),
        status=verdict.status if verdict else "",
        confidence=max((each.confidence for each in verdicts), default=0.0),
        exact=gold is not None and whole and not (counts["wrong"] or counts["missing"] or counts["extra"]),
        closed=whole and verdict is not None and verdict.passed > 0 == verdict.failed,
        coverage=min((each.coverage for each in verdicts), default=0.0),
        right=counts["right"],
        wrong=counts["wrong"],
        missing=counts["missing"],
        extra=counts["extra"],
        unit_right=_unit_right(pair),
        rows=len(pair.gold_rows),
        rows_found=marker.rows_found,
        rows_exact=marker.rows_exact,
        last_row=marker.last_row,
        texts_right=marker.texts_right,
        texts_gold=marker.texts_gold,
        texts_got=marker.texts_got,
        figures=len(figures),
        ungrounded=sum(cell.numeral is None for _, cell in figures),
        misplaced=sum(
            not grounded(extraction.document, cell, signed_by_words=column.startswith("change_"))
            for column, cell in figures
            if cell.numeral is not None
        ),
        grits=grits_con(pair.gold_rows, pair.read_rows) if gold and pair.gold_rows else None,
        teds=teds(pair.gold_rows, pair.read_rows) if gold and pair.gold_rows else None,
        calls=len(made),
        prompt_tokens=sum(call.prompt_tokens for call in made),
        output_tokens=sum(call.completion_tokens for call in made),
        cost_usd=sum(priced, Decimal(0)) if len(priced) == len(made) else None,
        seconds=round(sum(call.seconds for call in made), 3),
        planted=dict(marker.planted),
        planted_wrong=dict(marker.planted_wrong),
        injected=dict(marker.injected),
        injected_wrong=dict(marker.injected_wrong),
        requests=Counter(each.error for each in trace.injected if each.cell is None and each.chunk in read),
        reasons=tuple(reason for each in verdicts for reason in each.reasons),
        cells=tuple(marker.cells),
    )


def _unit_right(pair: Pair) -> bool | None:
    if not (pair.gold and pair.gold.unit):
        return None
    units = {squeeze(item.table.unit or "") for item in pair.read if item.table}
    return units == {squeeze(pair.gold.unit)}


def _found(
    planted: Planted, places: Mapping[CellKey, CellRef], wrong: set[CellKey], failures: Sequence[Finding]
) -> PlantedScore:
    """Whether checks point at a planted cell."""
    keys = [_squeezed(key) for key in planted.cells]
    mended = planted.nature == "fault" and all(key in places and key not in wrong for key in keys)
    refs = {places[key] for key in keys if key in places}
    named = [finding for finding in failures if not refs.isdisjoint(finding.cells)]
    suspected = [[suspect.cell for suspect in finding.suspects] for finding in named if finding.suspects]
    return PlantedScore(
        nature=planted.nature,
        error=planted.error,
        kind=planted.cells[0].kind,
        found=mended or bool(named),
        first=mended or bool(suspected and suspected[0][0] in refs),
        among=mended or any(not refs.isdisjoint(cells) for cells in suspected),
        mended=mended,
    )
