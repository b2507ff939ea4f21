"""What an auditor is told of a document: contradictions by weight, tables that wait, and what was not checked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from schemas import Amount, AnyTable, Cell, CellRef, Finding, Span, unit_factor
from schemas.findings import Suspect
from worker.export.flatten import Listed, document_row, listed, title_of
from worker.export.plain import as_printed
from worker.export.rows import DocumentRow
from worker.pipeline import Extraction
from worker.reconcile.measure import is_money, unit_of
from worker.reconcile.wording import column_name, row_name
from worker.report.quote import Line, Mark, quote

# The likeliest are enough for a reader; the rest is counted.
_MOST_DOUBTS = 5
_MOST_LINES = 10
_MOST_NAMED = 12
_SETTLED = {"accepted", "corrected", "empty"}
# Shares of the largest figure of the document from which on a difference is grave, or worth a look.
_CLASSES = (Decimal("0.05"), Decimal("0.005"))

VERDICTS = {
    "source": (
        "inconsistent at the source",
        "The text is clear and does not add up; the printed figures are kept.",
    ),
    "misplaced": ("misplaced", "The figures are printed so; they stand in another row or column than read."),
    "misread": ("misread", "The source supports another value."),
    "": ("undetermined", "Which of the figures is wrong is for a person to say."),
}
"""What a contradiction is, the gravest first: in a word, and in a sentence."""

SCOPES = {
    "row": "across a row",
    "column": "down a column",
    "hierarchy": "by codes",
    "cross_table": "between tables",
    "narrative": "prose against tables",
    "ratio": "a percentage",
}


class Side(NamedTuple):
    """One side of an identity: what it is, and its figure."""

    words: str
    figure: Decimal


class Doubt(NamedTuple):
    """A suspect: where it stands, what is printed there (empty: nothing), and what would close."""

    cell: CellRef
    where: str
    printed: str
    line: int | None
    closing: str
    reason: str
    candidates: tuple[str, ...]

    @property
    def words(self) -> str:
        """All of it in one line."""
        place = f"{self.where}, {f'line {self.line}' if self.line else 'not printed'}"
        closes = f": {self.closing} would close" if self.closing else ""
        why = "; ".join(self.candidates) or self.reason
        return f"{place}{closes}" + (f" ({why})" if why else "")


class Contradiction(NamedTuple):
    """A check that fails. `share` is its difference in relation to the largest figure that was checked; `reason`
    is what all suspects have in common, `places` the most decimals that its figures are printed with."""

    finding: Finding
    unit: str
    titles: tuple[str, ...]
    sides: tuple[Side, ...]
    places: int
    share: Decimal
    lines: tuple[Line, ...]
    more_lines: int
    doubts: tuple[Doubt, ...]
    more_doubts: int
    reason: str

    @property
    def statement(self) -> str:
        """The equation without the difference, which stands beside it."""
        return as_printed(self.finding.statement.partition("; differs by ")[0])


class Waiting(NamedTuple):
    """A table that is not accepted, and why; `proposals` are rearrangements that would close it."""

    table: str
    title: str
    kind: str
    status: str
    place: str
    reasons: tuple[str, ...]
    proposals: tuple[str, ...]


class Repaired(NamedTuple):
    """A table whose figures were put into their places, and how."""

    table: str
    title: str
    words: tuple[str, ...]


class Unseen(NamedTuple):
    """Cells of a table that no passing check touches: how many of how many, and the first of them by name."""

    table: str
    title: str
    cells: int
    figures: int
    named: tuple[str, ...]


class DocumentReport(NamedTuple):
    """All that is reported of a document. `unbound` are the lines of claims that no check holds against anything."""

    head: DocumentRow
    passed: int
    failed: int
    skipped: int
    contradictions: tuple[Contradiction, ...]
    repaired: tuple[Repaired, ...]
    waiting: tuple[Waiting, ...]
    unbound: tuple[Line, ...]
    claims_unbound: int
    unseen: tuple[Unseen, ...]
    lacking: tuple[str, ...]


def report_of(extraction: Extraction, name: str) -> DocumentReport:
    """The report on a document that is listed as `name`."""
    tables = {item.chunk.id: item for item in listed(extraction)}
    count = Counter(finding.status for finding in extraction.findings)
    unbound = [finding for finding in extraction.findings if finding.check == "narrative.unbound"]
    claims = [ref for finding in unbound for ref in finding.cells]
    return DocumentReport(
        head=document_row(extraction, name, ""),
        passed=count["passed"],
        failed=count["failed"],
        skipped=count["skipped"] - len(unbound),
        contradictions=tuple(_contradictions(extraction, tables)),
        repaired=tuple(
            Repaired(key, title_of(item), tuple(as_printed(repair.words) for repair in repairs))
            for key, item in tables.items()
            if (standing := extraction.standing.get(key)) and (repairs := standing.repairs)
        ),
        waiting=tuple(
            _waiting(item, extraction.findings)
            for item in tables.values()
            if item.verdict.status not in _SETTLED
        ),
        unbound=tuple(_lines(extraction, claims, ())),
        claims_unbound=len(claims),
        unseen=tuple(_unseen(tables)),
        lacking=tuple(
            as_printed(finding.statement)
            for finding in extraction.findings
            if finding.status == "skipped" and finding.check != "narrative.unbound"
        ),
    )


def _contradictions(extraction: Extraction, tables: Mapping[str, Listed]) -> Iterator[Contradiction]:
    units = Counter(table.unit for table in extraction.tables.values() if table.unit)
    usual = units.most_common(1)[0][0] if units else ""
    checked = [_yuan(x, y, extraction, usual) for y in extraction.findings for x in (y.left, y.right)]
    largest = max(checked, default=Decimal(0)) or Decimal(1)
    found = []
    for finding in extraction.findings:
        if finding.status == "failed":
            share = _yuan(finding.difference, finding, extraction, usual) / largest
            weight = sum(share < least for least in _CLASSES)
            found.append(((weight, list(VERDICTS).index(finding.verdict), -share), share, finding))
    for _, share, finding in sorted(found, key=lambda entry: entry[0]):
        yield _contradiction(extraction, finding, share, tables)


def _yuan(figure: Decimal | None, finding: Finding, extraction: Extraction, usual: str) -> Decimal:
    """The size of a figure of a finding in yuan, 0 where it is no money; without a unit it is in the `usual` one."""
    if figure is None or not is_money(finding, extraction.tables):
        return Decimal(0)
    return abs(figure) * unit_factor(unit_of(finding, extraction.tables) or usual)


def _contradiction(
    extraction: Extraction, finding: Finding, share: Decimal, tables: Mapping[str, Listed]
) -> Contradiction:
    doubtful = {suspect.cell for suspect in finding.suspects}
    if len(doubtful) > _MOST_DOUBTS and doubtful.issuperset(finding.cells):
        doubtful = set()  # what is true of all figures marks none
    lines = _lines(extraction, finding.cells, doubtful)
    kept = _most_telling(lines)
    doubts = [_doubt(suspect, extraction.tables) for suspect in finding.suspects[:_MOST_DOUBTS]]
    common = {doubt.reason for doubt in doubts}
    alike = len(common) == 1 < len(doubts)
    return Contradiction(
        finding=finding,
        unit=as_printed(unit_of(finding, extraction.tables) or ""),
        titles=tuple(f"{key} {title_of(tables[key])}" for key in finding.tables if key in tables),
        sides=tuple(_sides(finding, tables)),
        places=max((amount.decimals for amount in _amounts(finding, extraction.tables)), default=0),
        share=share,
        lines=tuple(kept),
        more_lines=len(lines) - len(kept),
        doubts=tuple(doubt._replace(reason="") if alike else doubt for doubt in doubts),
        more_doubts=max(0, len(finding.suspects) - _MOST_DOUBTS),
        reason=common.pop() if alike else "",
    )


def _sides(finding: Finding, tables: Mapping[str, Listed]) -> Iterator[Side]:
    words = ["as printed", "as it follows from the others"]
    if finding.scope in {"cross_table", "narrative"} and len(finding.tables) == 2:
        words = [f"{key} {title_of(tables[key])}" for key in finding.tables]
    for side, figure in zip(words, (finding.left, finding.right), strict=True):
        if figure is not None:
            yield Side(side, figure)


def _amounts(finding: Finding, tables: Mapping[str, AnyTable]) -> Iterator[Amount]:
    """The amounts of a finding, none where it is about something else."""
    for ref in finding.cells if is_money(finding, tables) else ():
        cell = _cell(ref, tables)
        if cell is not None and cell.amount is not None:
            yield cell.amount


def _most_telling(lines: Sequence[Line]) -> list[Line]:
    """The lines of a long sum that a reader needs: those with suspects, then the first."""
    ranked = sorted(lines, key=lambda line: not any(segment.mark == "suspect" for segment in line.segments))
    return sorted(ranked[:_MOST_LINES], key=lambda line: line.number)


def _lines(extraction: Extraction, cells: Iterable[CellRef], doubtful: Iterable[CellRef]) -> list[Line]:
    figures: dict[Span, Mark] = {}
    for refs, mark in ((cells, "figure"), (doubtful, "suspect")):
        for ref in refs:
            cell = _cell(ref, extraction.tables)
            if cell is not None:
                figures[cell.span] = mark  # type: ignore[assignment]
    return quote(extraction.document, figures)


def _cell(ref: CellRef, tables: Mapping[str, AnyTable]) -> Cell | None:
    """The cell of a reference; "name" and "code" mean the label of the row."""
    table = tables.get(ref.table)
    if table is None or ref.row >= len(table.rows):
        return None
    row = table.rows[ref.row]
    return row.get(ref.column) or {"name": row.label, "code": row.code_cell}.get(ref.column)


def _doubt(suspect: Suspect, tables: Mapping[str, AnyTable]) -> Doubt:
    cell = _cell(suspect.cell, tables)
    reason = suspect.reason
    for ref in suspect.others:
        reason = reason.replace(str(ref), _where(ref, tables))
    words = [as_printed(candidate.words) for candidate in suspect.candidates]
    return Doubt(
        cell=suspect.cell,
        where=_where(suspect.cell, tables),
        printed=as_printed(cell.text) if cell else "",
        line=cell.span.line if cell else None,
        closing=_closing(suspect),
        reason=as_printed(reason).removesuffix(f"; {words[0]}" if words else ""),
        candidates=tuple(words),
    )


def _where(ref: CellRef, tables: Mapping[str, AnyTable]) -> str:
    table = tables.get(ref.table)
    if table is None or ref.row >= len(table.rows):
        return str(ref)
    return as_printed(
        f"{ref.table} {row_name(table.rows[ref.row], ref.row)}, {column_name(table, ref.column)}"
    )


def _closing(suspect: Suspect) -> str:
    """The value that would close and the interval of all that would: 21.50 (21.495 to 21.505)."""
    ends = [f"{end:,f}" for end in (suspect.low, suspect.high) if end is not None]
    interval = " to ".join(dict.fromkeys(ends))
    if suspect.value is None:
        return interval
    return f"{suspect.value:,f}" + (f" ({interval})" if len(ends) == 2 else "")


def _waiting(item: Listed, findings: Sequence[Finding]) -> Waiting:
    failed = [x.statement for x in findings if x.status == "failed" and item.chunk.id in x.tables]
    told = [f"takes part in {len(failed)} of the contradictions"] if failed else []
    told += [as_printed(reason) for reason in item.verdict.reasons if reason not in failed]
    return Waiting(
        table=item.chunk.id,
        title=title_of(item),
        kind=item.kind,
        status=item.verdict.status,
        place=f"lines {item.chunk.first_line}–{item.chunk.last_line}",
        reasons=tuple(told),
        proposals=tuple(as_printed(proposal.words) for proposal in item.verdict.proposals),
    )


def _unseen(tables: Mapping[str, Listed]) -> Iterator[Unseen]:
    """Blind cells by table; those of prose are its unbound claims."""
    for key, item in tables.items():
        blind = item.verdict.blind_cells
        if item.table is None or not blind or item.kind == "narrative_facts":
            continue
        known = {key: item.table}
        figures = sum(cell.amount is not None for row in item.table.rows for _, cell in row.cells())
        named = (_where(ref, known).removeprefix(f"{key} ") for ref in blind[:_MOST_NAMED])
        yield Unseen(key, title_of(item), len(blind), figures, tuple(named))
