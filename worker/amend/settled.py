"""A document with its log: tables as people left them, held against all identities again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from schemas import Finding, Reading
from schemas.findings import Changed, Verdict
from worker.amend.fold import Folded, fold_readings
from worker.amend.log import Entry
from worker.calibration import Policy
from worker.pipeline import Extraction, settle
from worker.reconcile.memo import Memo

_STATUS: Mapping[str, str] = {
    "right_as_printed": "accepted",
    "corrected": "corrected",
    "rejected": "rejected",
    "unreadable": "rejected",
}
_WORDS: Mapping[str, str] = {
    "right_as_printed": "right as printed",
    "corrected": "corrected",
    "rejected": "rejected",
    "unreadable": "cannot be read",
}


def amended(
    read: Extraction,
    entries: Sequence[Entry],
    problems: Mapping[str, tuple[str, ...]] | None = None,
    policy: Policy | None = None,
    memo: Memo | None = None,
) -> Extraction:
    """The document as it was concluded, with its log folded over it and everything held together again.

    A table that was changed and not settled is in review. `right_as_printed` leaves the figures, and is a finding of
    its own where identities fail. `memo` as in `worker.pipeline.settle`.
    """
    memo = memo or Memo()
    memo.turn()
    tables = fold_readings(read.standing, entries, memo)
    if not tables:
        return read
    standing = corrected(read.standing, tables, memo)
    found = settle(read.document, read.chunks, read.readings, standing, problems, policy, memo)
    findings = tuple(_findings(found.findings, tables))
    verdicts = {
        key: _verdict(verdict, tables[key]) if key in tables else verdict
        for key, verdict in found.verdicts.items()
    }
    return found.model_copy(
        update={"findings": findings, "verdicts": verdicts, "changes": changes_of(tables)}
    )


def corrected(
    standing: Mapping[str, Reading], tables: Mapping[str, Folded], memo: Memo | None = None
) -> dict[str, Reading]:
    """The readings with the tables as people left them; those that nobody touched are the same objects.

    `memo` keeps those that are as they were before.
    """
    memo = memo or Memo()
    found = dict(standing)
    for key, after in tables.items():
        if reading := standing.get(key):
            found[key] = memo.of("corrected", (reading, after), partial(_corrected, reading, after))
    return found


def changes_of(tables: Mapping[str, Folded]) -> tuple[Changed, ...]:
    """All cells that people changed."""
    return tuple(change for each in tables.values() for change in each.changes)


def _corrected(reading: Reading, after: Folded) -> Reading:
    if after.table is None or after.table is reading.table:
        return reading
    # What a person takes out of a cell is no figure of the table; that accounts for it.
    roles = {**reading.roles, **dict.fromkeys(after.accounted, "note")}
    return reading.model_copy(update={"table": after.table, "roles": roles})


def _verdict(verdict: Verdict, after: Folded) -> Verdict:
    """Who decided, in the first place; a table that was touched is never accepted by itself."""
    if after.verdict is not None:
        told = f"{_WORDS[after.verdict.action]}, says {after.verdict.by}"
        why = f"{told}: {after.verdict.why}" if after.verdict.why else told
        update = {"status": _STATUS[after.verdict.action], "reasons": (why, *verdict.reasons)}
        return verdict.model_copy(update=update)
    if after.edited and verdict.status == "accepted":
        told = f"changed by {after.changes[-1].by if after.changes else after.standing[-1].by}"
        return verdict.model_copy(update={"status": "review", "reasons": (f"{told}; not settled yet",)})
    return verdict


def _findings(findings: Sequence[Finding], tables: Mapping[str, Folded]) -> Iterator[Finding]:
    right = {
        key: after.verdict
        for key, after in tables.items()
        if after.verdict and after.verdict.action == "right_as_printed"
    }
    failed: dict[str, int] = dict.fromkeys(right, 0)
    for finding in findings:
        named = [key for key in finding.tables if key in right] if finding.status == "failed" else []
        for key in named:
            failed[key] += 1
        yield finding.model_copy(update={"verdict": "source"}) if named else finding
    for key, entry in right.items():
        if failed[key]:
            said = f"right as printed, says {entry.by}" + (f": {entry.why}" if entry.why else "")
            yield Finding(
                check="review.right_as_printed",
                scope="cross_table" if failed[key] > 1 else "column",
                tables=(key,),
                statement=f"{said}; {failed[key]} identities do not hold at the source",
                status="passed",
                verdict="source",
            )
