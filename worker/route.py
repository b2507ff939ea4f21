"""Which reading stands for a chunk, and where its table goes: accepted, or to a person with the reasons in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal

from schemas import AnyTable, Chunk, Finding, Reading
from schemas.findings import Verdict
from schemas.tables import CellRef
from schemas.text import fold, squeeze
from worker.calibration import Policy, shipped_policy
from worker.evidence import WHOLE, Evidence, unexplained, weigh
from worker.recognised import SURE, Doubt, percent
from worker.reconcile import closure

# A reason that lists places lists this many.
_MOST = 8
_EVEN = 0.5
# Title and unit.
_HEAD = 2
_YEARS = 2100


def choose(chunk: Chunk, readings: Sequence[Reading]) -> Reading:
    """The reading that stands: fewest failed identities of its own and unexplained numerals together, then most passed;
    the first of equals. Failures alone would favour who leaves out what does not close. `readings` must not be empty.
    """
    if len(readings) == 1:
        return readings[0]
    return min(readings, key=lambda reading: _rank(chunk, reading))


def _rank(chunk: Chunk, reading: Reading) -> tuple[bool, int, int]:
    found = closure(reading.table)
    empty = not reading.table.rows and any(chunk.ledger)
    return empty, found.failed + len(unexplained(chunk, reading)), -found.passed


def route(
    chunk: Chunk,
    reading: Reading | None,
    readings: Sequence[Reading],
    findings: Sequence[Finding],
    blind_spot: Decimal | None = None,
    policy: Policy | None = None,
) -> Verdict:
    """Where the table of a chunk goes.

    `reading` is the one that stands (None: there is none), `findings` those of the whole document, `blind_spot`
    that of the table (see `worker.reconcile.blind`), `policy` by default the shipped one. Accepted means: identities
    or a second reader support every figure and no identity that names the table fails, figures stand in the order of
    their headers, every numeral of the source is accounted for, rows are named, no code is repeated, sums hold what
    was recognised with a low score (see `worker.recognised`), and evidence like this was hardly ever wrong. Nothing
    is accepted because nothing could be checked.
    """
    if reading is None:
        reason = "no reader brought a reading"
        return Verdict(table=chunk.id, status="failed", confidence=0.0, reasons=(reason,))
    return decided(chunk, reading, weigh(chunk, reading, readings, findings, blind_spot), blind_spot, policy)


def decided(
    chunk: Chunk,
    reading: Reading,
    evidence: Evidence,
    blind_spot: Decimal | None = None,
    policy: Policy | None = None,
) -> Verdict:
    """The same from the evidence."""
    policy = policy or shipped_policy()
    verdict = Verdict(
        table=chunk.id,
        status="review",
        confidence=0.0,
        passed=evidence.passed,
        failed=len(evidence.failures),
        skipped=evidence.skipped,
        coverage=evidence.coverage,
        blind_cells=evidence.blind,
        unexplained=evidence.loose,
        blind_spot=blind_spot,
    )
    if (
        not (evidence.figures or evidence.loose or reading.incomplete)
        and _blank(chunk, reading.table)
        and not _like_figures(chunk, reading)
    ):
        return verdict.model_copy(
            update={"status": "empty", "confidence": _EVEN if _bare(chunk, reading.table) else 1.0}
        )
    confidence = policy.calibration.confidence(evidence.features())
    if evidence.unsure:
        # No table is surer than its least sure figure.
        confidence = min(confidence, int(WHOLE * min(doubt.score for doubt in evidence.unsure)))
    reasons = tuple(hard_reasons(chunk, reading, evidence)) or tuple(
        _doubts(chunk, evidence, confidence, policy)
    )
    return verdict.model_copy(
        update={
            "status": "review" if reasons else "accepted",
            "confidence": confidence / WHOLE,
            "reasons": reasons,
        }
    )


def _blank(chunk: Chunk, table: AnyTable) -> bool:
    """Whether a form holds nothing: no cells, or words that say so."""
    return chunk.blank is not None or not any(True for row in table.rows for _ in row.cells())


def _like_figures(chunk: Chunk, reading: Reading) -> bool:
    """Whether a header holds a line of numerals that are too large for its numbers and its years."""
    lines = Counter(
        numeral.span.line
        for numeral in chunk.ledger
        if reading.roles.get(numeral.id) == "label" and (numeral.decimals or numeral.value > _YEARS)
    )
    return any(count > 1 for count in lines.values())


def _bare(chunk: Chunk, table: AnyTable) -> bool:
    """Whether a title has nothing under it, not even a header: its table may have gone to another chunk."""
    lines = sum(bool(line.strip()) for line in chunk.text.splitlines())
    return chunk.blank is None and not table.columns and lines <= _HEAD


def hard_reasons(chunk: Chunk, reading: Reading, evidence: Evidence) -> Iterator[str]:
    """What keeps a table from being accepted, however likely it is right."""
    table = reading.table
    if not evidence.passed:
        yield "nothing could be checked" if evidence.figures else "there are no figures to check"
    for finding in evidence.failures[:_MOST]:
        yield finding.statement
    if len(evidence.failures) > _MOST:
        yield f"{len(evidence.failures) - _MOST} more identities fail"
    if blind := [ref for ref in evidence.blind if ref not in evidence.confirmed]:
        yield f"no identity supports {_listed([_place(table, ref) for ref in blind])}"
    for crossing in evidence.crossed:
        columns = " and ".join(table.headers.get(column, column) for column in crossing[:2])
        rows = [
            table.rows[index].code or table.rows[index].name or f"row {index + 1}" for index in crossing.rows
        ]
        yield f"the figures of {columns} stand the other way round than these headers: {_listed(rows)}"
    if evidence.loose:
        yield f"not accounted for: {_listed(evidence.loose)}"
    for words in reading.incomplete:
        yield f"not read: {words}"
    if table.rows and chunk.blank is not None:
        yield f"read as a table, but the form is said to be blank: {fold(chunk.blank)}"
    for side, code, count in evidence.repeated:
        yield f"code {code} stands {count} times" + (f" on the side {side}" if side else "")
    if evidence.unnamed:
        yield f"neither name nor code: {_listed([f'row {index + 1}' for index in evidence.unnamed])}"
    if evidence.moved:
        yield f"put here from another row: {_listed([_place(table, ref) for ref in evidence.moved])}"
    if evidence.invented:
        yield f"not a numeral of the source: {_listed([_place(table, ref) for ref in evidence.invented])}"
    if evidence.doubled:
        texts = {numeral.id: f"{numeral.text} (line {numeral.span.line})" for numeral in chunk.ledger}
        yield f"in more than one cell: {_listed([texts.get(key, key) for key in evidence.doubled])}"
    if evidence.unsure:
        doubtful = [_doubtful(table, doubt) for doubt in evidence.unsure]
        yield f"recognised at less than {percent(SURE)} and confirmed by nothing: {_listed(doubtful)}"


def _doubts(chunk: Chunk, evidence: Evidence, confidence: int, policy: Policy) -> Iterator[str]:
    """What keeps a table without hard reasons from being accepted: doubt, a layout never seen, the lot."""
    calibration = policy.calibration
    if confidence < calibration.threshold:
        certified = "certified " if calibration.certified else ""
        yield (
            f"confidence {_decimals(confidence)} is below the {certified}threshold "
            f"{_decimals(calibration.threshold)}"
        )
    elif not (calibration.seen(evidence.template) or evidence.complete):
        yield f"no table like this was calibrated ({evidence.template})"
    elif policy.draws(chunk.document, chunk.id):
        yield "drawn for audit"


def _decimals(confidence: int) -> str:
    """Ten-thousandths as a decimal number, with three decimals at least."""
    return f"{confidence // WHOLE}.{f'{confidence % WHOLE:04}'.removesuffix('0')}"


def _place(table: AnyTable, ref: CellRef) -> str:
    row = table.rows[ref.row]
    header = squeeze(table.headers.get(ref.column, "")) or ref.column
    amount = row.figure(ref.column)
    figure = f"{amount.value:f}" if amount else ""
    return f"{row.code or row.name or f'row {ref.row + 1}'} {header} {figure}".rstrip()


def _doubtful(table: AnyTable, doubt: Doubt) -> str:
    if doubt.cell is None:
        return f"code {doubt}"
    return f"{_place(table, doubt.cell)} ({percent(doubt.score)})"


def _listed(items: Sequence[str]) -> str:
    more = len(items) - _MOST
    return ", ".join(items[:_MOST]) + (f" and {more} more" if more > 0 else "")
