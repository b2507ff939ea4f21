"""Which reading stands for a chunk, and where its table goes: accepted, or to a person with the reasons in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from schemas import AnyTable, Chunk, Finding, Reading
from schemas.findings import Verdict
from schemas.tables import Cell, CellRef
from schemas.text import fold, squeeze
from worker.reconcile import blamed, closure

# Remarks on names and codes go to a person with the findings; of themselves they reject nothing.
_REMARKS = {"lexicon.name", "lexicon.code_differs"}
# A reason that lists places lists this many.
_MOST = 8
_ACCEPTED = 0.9
_REVIEW = 0.89


def choose(chunk: Chunk, readings: Sequence[Reading]) -> Reading:
    """The reading that stands: fewest failed identities of its own, then most passed, then fewest unexplained
    numerals; the first of equals. `readings` must not be empty."""
    if len(readings) == 1:
        return readings[0]
    return min(readings, key=lambda reading: _rank(chunk, reading))


def _rank(chunk: Chunk, reading: Reading) -> tuple[bool, int, int, int]:
    found = closure(reading.table)
    empty = not reading.table.rows and any(chunk.ledger)
    return empty, found.failed, -found.passed, len(unexplained(chunk, reading))


def unexplained(chunk: Chunk, reading: Reading) -> list[str]:
    """The numerals of a chunk that a reading does not account for, with their lines: they have no role, or are
    said to be cells and stand in none."""
    used = {cell.numeral for row in reading.table.rows for _, cell in row.cells()}
    return [
        f"{numeral.text} (line {numeral.span.line})"
        for numeral in chunk.ledger
        if numeral.id not in reading.roles or (reading.roles[numeral.id] == "cell" and numeral.id not in used)
    ]


def _ungrounded(chunk: Chunk, reading: Reading) -> Iterator[str]:
    """Figures that are no numeral of the source, and numerals that stand in more than one cell of a table."""
    held: Counter[str] = Counter()
    invented = []
    for index, row in enumerate(reading.table.rows):
        for column, cell in row.cells():
            if cell.amount is not None and cell.numeral is None:
                invented.append(_place(reading.table, CellRef(chunk.id, index, column)))
            elif cell.amount is not None and cell.numeral:
                held[cell.numeral] += 1
    if invented:
        yield f"not a numeral of the source: {_listed(invented)}"
    if chunk.role == "table":
        texts = {numeral.id: f"{numeral.text} (line {numeral.span.line})" for numeral in chunk.ledger}
        twice = [texts.get(key, key) for key, times in held.items() if times > 1]
        if twice:
            yield f"in more than one cell: {_listed(twice)}"


def agreement(readings: Sequence[Reading], standing: Reading) -> float | None:
    """The share of cells on which every other reading agrees with the one that stands, None without another.

    Cells are the same by side, code or name, column and value.
    """
    others = [_content(reading.table) for reading in readings if reading.reader != standing.reader]
    if not others:
        return None
    own = _content(standing.table)
    shares = [(own & other).total() / max((own | other).total(), 1) for other in others]
    return min(shares)


def _content(table: AnyTable) -> Counter[tuple[str, str, str, str]]:
    return Counter(
        (row.side or "", row.code or squeeze(row.name), column, _value(cell))
        for row in table.rows
        for column, cell in row.cells()
    )


def _value(cell: Cell) -> str:
    return f"{cell.amount.value.normalize():f}" if cell.amount else squeeze(cell.text)


class _Evidence(NamedTuple):
    """What the findings of a document say of one table. `figures` counts its figures, `blind` are those without
    a passing identity."""

    passed: int
    skipped: int
    failures: tuple[Finding, ...]
    figures: int
    blind: tuple[CellRef, ...]

    @property
    def coverage(self) -> float:
        """The share of figures that a passing identity supports."""
        return 1 - len(self.blind) / self.figures if self.figures else 0.0


def route(
    chunk: Chunk, reading: Reading | None, readings: Sequence[Reading], findings: Sequence[Finding]
) -> Verdict:
    """Where the table of a chunk goes.

    `reading` is the one that stands (None: there is none), `findings` those of the whole document. Accepted
    means: identities support every figure and none that names the table fails, every numeral of the source is
    accounted for, rows are named and no code is repeated. Nothing is accepted because nothing could be checked.
    """
    if reading is None:
        reason = "no reader brought a reading"
        return Verdict(table=chunk.id, status="failed", confidence=0.0, reasons=(reason,))
    loose = unexplained(chunk, reading)
    evidence = _weigh(chunk.id, reading.table, findings)
    verdict = Verdict(
        table=chunk.id,
        status="review",
        confidence=0.0,
        passed=evidence.passed,
        failed=len(evidence.failures),
        skipped=evidence.skipped,
        coverage=evidence.coverage,
        blind_cells=evidence.blind,
        unexplained=tuple(loose),
    )
    if not evidence.figures and not loose and not reading.incomplete and _blank(chunk, reading.table):
        return verdict.model_copy(update={"status": "empty", "confidence": 1.0})
    reasons = (
        *_reasons(chunk, reading, evidence, loose),
        *_row_reasons(reading.table),
        *_ungrounded(chunk, reading),
    )
    confidence = _confidence(chunk, evidence, loose, agreement(readings, reading), accepted=not reasons)
    status = "review" if reasons else "accepted"
    return verdict.model_copy(update={"status": status, "confidence": confidence, "reasons": reasons})


def _blank(chunk: Chunk, table: AnyTable) -> bool:
    """Whether a form holds nothing: no cells, or words that say so."""
    return chunk.blank is not None or not any(True for row in table.rows for _ in row.cells())


def _weigh(table_id: str, table: AnyTable, findings: Sequence[Finding]) -> _Evidence:
    prose = table.kind == "narrative_facts"
    figures = set(_figures(table_id, table))
    passed = skipped = 0
    failures: list[Finding] = []
    for finding in findings:
        if table_id not in finding.tables:
            continue
        if finding.status == "passed":
            figures.difference_update(finding.cells)
        # Prose is held against the tables, not the tables against prose.
        own = finding.tables == (table_id,) or finding.scope == "cross_table" or prose
        if not own or finding.check in _REMARKS:
            continue
        if finding.status == "passed":
            passed += 1
        elif finding.status == "skipped":
            skipped += 1
        elif finding.scope != "cross_table" or table_id in blamed(finding, findings):
            failures.append(finding)
    count = sum(1 for _ in _figures(table_id, table))
    return _Evidence(passed, skipped, tuple(failures), count, tuple(sorted(figures)))


def _figures(table_id: str, table: AnyTable) -> Iterator[CellRef]:
    """The figures that must be supported: all but numbers in columns of text."""
    texts = {key for key, info in type(table).row_type().column_infos().items() if info.text}
    for index, row in enumerate(table.rows):
        for column, cell in row.cells():
            if cell.amount is not None and (column not in texts or row.side == "total"):
                yield CellRef(table_id, index, column)


def _reasons(chunk: Chunk, reading: Reading, evidence: _Evidence, loose: Sequence[str]) -> Iterator[str]:
    if not evidence.passed:
        yield "nothing could be checked" if evidence.figures else "there are no figures to check"
    for finding in evidence.failures[:_MOST]:
        yield finding.statement
    if len(evidence.failures) > _MOST:
        yield f"{len(evidence.failures) - _MOST} more identities fail"
    if evidence.blind:
        where = [_place(reading.table, ref) for ref in evidence.blind]
        yield f"no identity supports {_listed(where)}"
    if loose:
        yield f"not accounted for: {_listed(loose)}"
    for words in reading.incomplete:
        yield f"not read: {words}"
    if reading.table.rows and chunk.blank is not None:
        yield f"read as a table, but the form is said to be blank: {fold(chunk.blank)}"


def _row_reasons(table: AnyTable) -> Iterator[str]:
    """Rows with figures that have neither name nor code, and codes that stand twice on one side."""
    codes = Counter((row.side, row.code) for row in table.rows if row.code)
    for (side, code), count in codes.items():
        if count > 1:
            yield f"code {code} stands {count} times" + (f" on the side {side}" if side else "")
    unnamed = [
        f"row {index + 1}"
        for index, row in enumerate(table.rows)
        if not row.name and not row.code and any(cell.amount for _, cell in row.cells())
    ]
    if unnamed:
        yield f"neither name nor code: {_listed(unnamed)}"


def _place(table: AnyTable, ref: CellRef) -> str:
    row = table.rows[ref.row]
    header = squeeze(table.headers.get(ref.column, "")) or ref.column
    amount = row.figure(ref.column)
    figure = f"{amount.value:f}" if amount else ""
    return f"{row.code or row.name or f'row {ref.row + 1}'} {header} {figure}".rstrip()


def _listed(items: Sequence[str]) -> str:
    more = len(items) - _MOST
    return ", ".join(items[:_MOST]) + (f" and {more} more" if more > 0 else "")


def _confidence(
    chunk: Chunk, evidence: _Evidence, loose: Sequence[str], agreed: float | None, *, accepted: bool
) -> float:
    """0..1 from evidence only: how much is supported, holds and is accounted for, and how far readers agree.

    It grows with each of these; accepted tables have at least 0.9, others less.
    """
    together = agreed or 0.0
    if accepted:
        density = min(1.0, evidence.passed / max(evidence.figures, 1))
        return round(_ACCEPTED + 0.05 * density + 0.05 * together, 4)
    checked = evidence.passed + len(evidence.failures)
    share = evidence.passed / checked if checked else 0.0
    balance = 1 - len(loose) / len(chunk.ledger) if chunk.ledger else 1.0
    return round(_REVIEW * evidence.coverage * share * balance * (0.8 + 0.2 * together), 4)
