"""`gouji findings`: what does not add up, as a report."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from worker.cli.console import OK, SOME_FAILED, Json, out, print_json, say, stop
from worker.cli.stored import documents, opened

if TYPE_CHECKING:
    from schemas import Finding
    from worker.export import Failure
    from worker.pipeline import Extraction
    from worker.report import DocumentReport
    from worker.store import DocumentRecord


def findings(
    doc: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="DOC", help="As for show; all documents if none is named.", show_default=False
        ),
    ] = None,
    html: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the report as one page to print.", show_default=False),
    ] = None,
    xlsx: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the report as a workbook.", show_default=False),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Also the checks that pass or lack a figure.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Report what does not add up, the gravest first.

    Each contradiction with its lines of the source and the cells under suspicion, then the tables that are
    not accepted, then what could not be checked.
    """
    from worker.export.plain import as_printed
    from worker.report import ReportBook, page, report_of

    files = [path for path in (html, xlsx) if path]
    for path in files:
        if not path.parent.is_dir():
            stop(f"{path}: there is no folder {path.parent}; make it first")
    told: list[dict[str, Any]] = []
    reports: list[DocumentReport] = []
    with ExitStack() as stack:
        store = stack.enter_context(opened())
        records = documents(store, doc or ())
        failures = [_failure(record) for record in records if record.status != "done"]
        book = stack.enter_context(closing(ReportBook(xlsx))) if xlsx else None
        for record in records:
            if record.status != "done":
                continue
            extraction = store.load_extraction(record.id)
            report = report_of(extraction, as_printed(record.name))
            reports.append(report)
            if book:
                book.add(report, extraction)
            if as_json:
                shown = _chosen(extraction, everything)
                told += [{"document": record.name} | finding.model_dump(mode="json") for finding in shown]
            elif not files:
                _print(report, extraction, everything)
        if book:
            book.add_failures(failures)
    if html:
        html.write_text(page(reports, failures, on=datetime.now().astimezone().date()), encoding="utf-8")
    if as_json:
        print_json(told)
    for path in files:
        say(f"Report on {len(reports)} documents in {path}")
    for failure in failures:
        say(f"{failure.document}: {failure.error}", "red")
    raise typer.Exit(SOME_FAILED if failures else OK)


def _failure(record: DocumentRecord) -> Failure:
    from worker.export import Failure
    from worker.export.plain import as_printed

    error = record.error or f"is not done yet ({record.status})"
    return Failure(as_printed(record.name), record.sha256 or "", as_printed(error))


def _chosen(extraction: Extraction, everything: bool) -> Iterator[Finding]:
    return (finding for finding in extraction.findings if everything or finding.status == "failed")


def _print(report: DocumentReport, extraction: Extraction, everything: bool) -> None:
    from worker.cli.lists import draw_findings
    from worker.cli.reporting import draw_report

    if everything:
        holding = [finding for finding in extraction.findings if finding.status != "failed"]
        for part in draw_findings(holding, extraction):
            out().print(part)
    for part in draw_report(report):
        out().print(part)
