"""What a contradiction is: misread, misplaced, or inconsistent at the source."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from schemas import Finding
from schemas.findings import Suspect
from worker.recognised import unsure
from worker.reconcile.locate.sources import Sources


def judged(findings: Sequence[Finding], sources: Sources) -> Iterator[Finding]:
    """The findings, failed ones with a verdict where they have none yet.

    Misread: the source holds another value that closes, by another reader or as a numeral that stands nowhere. At
    the source: all of the tables was read, every numeral has its place, and it still does not add up. Where a
    table was not read whole, or a suspect was recognised with a low score, there is no verdict.
    """
    for finding in findings:
        if finding.status != "failed" or finding.verdict:
            yield finding
        elif any(_misread(suspect, sources) for suspect in finding.suspects):
            yield finding.model_copy(update={"verdict": "misread"})
        elif _open(finding, sources):
            yield finding
        else:
            yield finding.model_copy(update={"verdict": "source"})


def _open(finding: Finding, sources: Sources) -> bool:
    """Whether more may be printed, or something else, than was read."""
    missing = any(table in sources.unread or sources.loose.get(table) for table in finding.tables)
    return missing or any(unsure(sources.recognised.get(suspect.cell)) for suspect in finding.suspects)


def _misread(suspect: Suspect, sources: Sources) -> bool:
    if suspect.low is None or suspect.high is None:
        return False
    loose = sources.loose.get(suspect.cell.table, ())
    values = [n.value for n in sources.ledgers.get(suspect.cell.table, ()) if n.id in loose]
    values += [rival.amount.value for rival in sources.rivals.get(suspect.cell, ()) if rival.amount]
    return any(suspect.low <= value <= suspect.high for value in values)
