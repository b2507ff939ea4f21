"""The report on a document as a terminal shows it: short, the page and the workbook say more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from worker.cli.lists import hanging, status
from worker.report import SCOPES, VERDICTS, Contradiction, DocumentReport
from worker.report.gather import Doubt, Waiting
from worker.report.quote import Line

VERDICT_STYLE = {"source": "bold red", "misplaced": "bold yellow", "misread": "bold blue", "": "bold"}
MARK_STYLE = {"suspect": "bold white on red", "figure": "yellow", "": ""}
_MOST_LINES = 4
_MOST_DOUBTS = 3
_MOST_REASONS = 3
_MOST_NAMED = 4


def draw_report(report: DocumentReport) -> Iterator[RenderableType]:
    """Contradictions by weight, what was moved, the tables that wait, and in the end what was not checked."""
    head = report.head
    yield Text(" · ".join(part for part in (head.title, head.unit_name, head.document) if part), "bold")
    for number, item in enumerate(report.contradictions, start=1):
        yield hanging(Text(f"{number}", "bold"), Group(*_contradiction(item)))
    for repaired in report.repaired:
        for words in repaired.words:
            yield hanging(Text("moved", "cyan"), Text(f"{repaired.table} {repaired.title}: {words}"))
    for waiting in report.waiting:
        yield hanging(status(waiting.status), Group(*_waiting(waiting)))
    yield from (hanging(Text("not checked", "dim"), Text(words)) for words in _unchecked(report))
    yield Text(f"{report.passed} checks pass, {report.failed} fail, {report.skipped} lack a figure.")


def _contradiction(item: Contradiction) -> Iterator[RenderableType]:
    finding = item.finding
    yield Text.assemble((VERDICTS[finding.verdict][0], VERDICT_STYLE[finding.verdict]), "  ", item.statement)
    facts = [SCOPES[finding.scope], finding.check]
    if finding.difference is not None and finding.tolerance is not None:
        differs = f"differs by {finding.difference:,f} {item.unit}".rstrip()
        facts = [differs, f"rounding explains {finding.tolerance:,f}", *facts]
    yield Text(" · ".join(facts), "dim")
    yield from (_line(line) for line in _telling(item.lines))
    yield from _more(item.more_lines + len(item.lines) - _MOST_LINES, "lines")
    for doubt in item.doubts[:_MOST_DOUBTS]:
        yield hanging(Text("?", "bold red"), _doubt(doubt))
    yield from _more(item.more_doubts + len(item.doubts) - _MOST_DOUBTS, "suspects")
    if item.reason:
        yield Text(f"  each {item.reason}", "dim")


def _telling(lines: Sequence[Line]) -> list[Line]:
    """The first lines, those with suspects before others, in the order of the source."""
    ranked = sorted(lines, key=lambda line: not any(part.mark == "suspect" for part in line.segments))
    return sorted(ranked[:_MOST_LINES], key=lambda line: line.number)


def _line(line: Line) -> RenderableType:
    words = Text().join(Text(part.text, MARK_STYLE[part.mark]) for part in line.segments)
    return hanging(Text(line.place, "dim"), words)


def _doubt(doubt: Doubt) -> Text:
    closing = f": {doubt.closing} would close" if doubt.closing else ""
    why = "; ".join(doubt.candidates) or doubt.reason
    return Text.assemble(
        doubt.where,
        (f" {doubt.printed or '(blank)'}", "bold red"),
        closing,
        f" ({why})" if why else "",
    )


def _waiting(item: Waiting) -> Iterator[Text]:
    yield Text(f"{item.table} {item.title}, {item.place}")
    for words in (*item.reasons[:_MOST_REASONS], *(f"proposed: {words}" for words in item.proposals)):
        yield Text(words, "dim")
    yield from _more(len(item.reasons) - _MOST_REASONS, "reasons")


def _more(count: int, what: str) -> Iterator[Text]:
    if count > 0:
        yield Text(f"  … and {count} more {what}", "dim")


def _unchecked(report: DocumentReport) -> Iterator[str]:
    if report.unseen:
        count = sum(item.cells for item in report.unseen)
        tables = ", ".join(f"{item.table} {item.cells}" for item in report.unseen[:_MOST_NAMED])
        more = ", …" if len(report.unseen) > _MOST_NAMED else ""
        yield f"cells that no check touches: {count} ({tables}{more})"
    if report.claims_unbound:
        yield f"figures in prose that nothing could be held against: {report.claims_unbound}"
