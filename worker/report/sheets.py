"""The report as a workbook: findings, doubtful tables with their cells marked and remarked upon, documents."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import openpyxl

from schemas import CellRef
from worker.export import Failure, failed_row
from worker.export.flatten import listed, marks, title_of
from worker.export.plain import as_printed
from worker.export.rows import SHEETS, DocumentRow, Sheet, columns, described
from worker.export.workbook import FILLS, RowList, drawn, text_cell
from worker.pipeline import Extraction
from worker.report.gather import VERDICTS, Contradiction, DocumentReport

_LABELS = ("A", 14), ("B", 10), ("C", 30)


@dataclass(frozen=True, slots=True)
class _FindingRow:
    """One contradiction."""

    document: str = described("The document, as in the sheet documents.")
    number: int = described("Number within the document, the gravest first.")
    verdict: str = described("What the contradiction is.")
    share: Decimal = described("Difference in relation to the largest figure checked in the document.")
    statement: str = described("The equation with its figures.")
    left: Decimal | None = described("Left side.")
    right: Decimal | None = described("Right side.")
    difference: Decimal | None = described("Left less right.")
    tolerance: Decimal | None = described("What rounding in print can explain.")
    unit: str = described("Unit of these four.")
    source: str = described("The lines of the source.")
    suspects: str = described("Cells that may be wrong, with what would close, the likeliest first.")
    check: str = described("Stable id of the rule.")
    scope: str = described("row, column, hierarchy, cross_table, narrative or ratio.")
    tables: str = described("The tables that take part.")


class ReportBook:
    """The workbook of a report, written document by document."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._book = openpyxl.Workbook(write_only=True)
        self._findings = RowList(self._book, Sheet("findings", "Findings", columns(_FindingRow), (), None))
        self._tables = self._book.create_sheet("tables")
        self._documents = RowList(self._book, SHEETS[DocumentRow])
        for letter, width in _LABELS:
            self._tables.column_dimensions[letter].width = width
        for colour, meaning in FILLS.values():
            self._tables.append([text_cell(self._tables, "", colour), text_cell(self._tables, meaning)])

    def add(self, report: DocumentReport, extraction: Extraction) -> None:
        """A document: its line, its findings, and its tables that are doubtful in any way."""
        self._documents.add(report.head)
        for number, item in enumerate(report.contradictions, start=1):
            self._findings.add(_row(report.head.document, number, item))
        self._draw(report, extraction)

    def add_failures(self, failures: Iterable[Failure]) -> None:
        """Documents that could not be read."""
        for failure in failures:
            self._documents.add(failed_row(failure, failure.document))

    def close(self) -> None:
        """Finish the file."""
        self._findings.close()
        self._documents.close()
        self._book.save(self._path)

    def _draw(self, report: DocumentReport, extraction: Extraction) -> None:
        remarks = _remarks(report)
        waiting = {item.table for item in report.waiting}
        for item in listed(extraction):
            found = marks(extraction.findings, item.chunk.id, item.verdict)
            if not item.table or not item.table.rows or not (found or item.chunk.id in waiting):
                continue
            head = " · ".join(
                [
                    report.head.document,
                    item.chunk.id,
                    title_of(item),
                    item.verdict.status,
                    item.table.unit or "",
                ]
            )
            self._tables.append([])
            self._tables.append([text_cell(self._tables, as_printed(head), bold=True)])
            for line in drawn(self._tables, item.chunk.id, item.table, found, remarks):
                self._tables.append(line)


def _row(document: str, number: int, item: Contradiction) -> _FindingRow:
    finding = item.finding
    quoted = [f"{line.place}: {line.text}" for line in item.lines]
    return _FindingRow(
        document=document,
        number=number,
        verdict=VERDICTS[finding.verdict][0],
        share=item.share.quantize(Decimal("0.000001")),
        statement=item.statement,
        left=finding.left,
        right=finding.right,
        difference=finding.difference,
        tolerance=finding.tolerance,
        unit=item.unit,
        source="\n".join(quoted),
        suspects="\n".join(doubt.words for doubt in item.doubts),
        check=finding.check,
        scope=finding.scope,
        tables="\n".join(item.titles),
    )


def _remarks(report: DocumentReport) -> dict[CellRef, str]:
    """What is said of each suspicious cell, once for each finding that suspects it."""
    found: dict[CellRef, list[str]] = {}
    for number, item in enumerate(report.contradictions, start=1):
        for doubt in item.doubts:
            closes = f"{doubt.closing} would close" if doubt.closing else "suspected"
            found.setdefault(doubt.cell, []).append(
                f"Finding {number}: {closes}. {'; '.join(doubt.candidates) or doubt.reason or item.reason}"
            )
    return {ref: "\n".join(words) for ref, words in found.items()}
