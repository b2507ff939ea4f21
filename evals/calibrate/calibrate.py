"""From scored documents to a calibration, and how often its promise is broken."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import NamedTuple

import numpy as np

from evals.calibrate.certify import Certificate, Count, certify, needed
from evals.calibrate.documents import ScoredDocument, ScoredTable
from evals.calibrate.fit import fit
from evals.cases import Split
from evals.metrics.confidence import auroc
from evals.splits import split_of
from schemas import InputError
from worker.calibration import Calibration, Template
from worker.evidence import WHOLE

# Without a certificate a service goes on working: what is likelier right than wrong is accepted.
_EVEN = WHOLE // 2
_STEPS = 50
# The first threshold is to find a little more documents than the least that can certify it.
_SPARE = 1.1


class Judged(NamedTuple):
    """A table with its confidence, in ten-thousandths. `open`: nothing but confidence decides on it."""

    confidence: int
    open: bool
    right: bool


class Held(NamedTuple):
    """What a calibration does on documents that it has not seen.

    `right` tables and those of them `accepted`; `auroc` is None where all are right or none is.
    """

    counted: Count
    right: int
    accepted: int
    auroc: float | None


class Outcome(NamedTuple):
    """A calibration, why its threshold is what it is, and what it does on the test split, in all and by tier."""

    calibration: Calibration
    certificate: Certificate
    test: Held
    tiers: dict[str, Held]


class Splits(NamedTuple):
    """Repeated splits of the issuing bodies: those in which a threshold was certified, and those of them in which the
    share of errors exceeds what was promised. `accepted` is the mean share of right tables accepted where it was
    certified, `errors` the greatest share of documents with an error.

    Every split parts the bodies anew in three, to fit on, to certify on, and those that neither saw. The true share of
    errors at the threshold is that of all documents that nothing was fitted on: they are the population from which
    those to certify on are drawn without replacement, a body at a time, and a count on the unseen third alone would be
    too coarse to tell one hundredth from two.
    """

    splits: int
    certified: int
    violated: int
    accepted: float | None
    errors: float | None


def calibrate(documents: Sequence[ScoredDocument], alpha: Decimal, delta: Decimal, salt: str = "") -> Outcome:
    """Fit on one split of the issuing bodies, set the threshold on another, look at the third.

    Raises InputError where a split has nothing to fit on.
    """
    parts: dict[Split, list[ScoredDocument]] = defaultdict(list)
    for document in documents:
        parts[split_of(document.body, salt)].append(document)
    known = [*parts["develop"], *parts["calibrate"]]
    draft = _draft(parts["develop"], known, alpha, delta)
    held_out = _judged(parts["calibrate"], draft)
    certificate = _certificate(_judged(parts["develop"], draft), held_out, alpha, delta)
    threshold = certificate.threshold if certificate.certified else _EVEN
    count = _count(held_out, threshold)
    calibration = draft.model_copy(
        update={
            "threshold": threshold,
            "certified": certificate.certified,
            "documents": count.documents,
            "errors": count.errors,
            "needed": certificate.needed or 0,
            "templates": _templates(known, draft, threshold),
        }
    )
    judged = [
        (document.tier, tables)
        for document, tables in zip(parts["test"], _judged(parts["test"], draft), strict=True)
    ]
    tiers = sorted({tier for tier, _ in judged})
    return Outcome(
        calibration,
        certificate,
        _held([tables for _, tables in judged], threshold),
        {tier: _held([tables for each, tables in judged if each == tier], threshold) for tier in tiers},
    )


def repeat(documents: Sequence[ScoredDocument], alpha: Decimal, delta: Decimal, times: int) -> Splits:
    """Calibrate over so many splits. Those that leave nothing to fit on certify nothing."""
    certified = violated = 0
    shares: list[float] = []
    errors: list[float] = []
    for number in range(times):
        salt = f"split {number}"
        parts: dict[Split, list[ScoredDocument]] = defaultdict(list)
        for document in documents:
            parts[split_of(document.body, salt)].append(document)
        try:
            draft = _draft(parts["develop"], [*parts["develop"], *parts["calibrate"]], alpha, delta)
        except InputError:
            continue
        sample, unseen = _judged(parts["calibrate"], draft), _judged(parts["test"], draft)
        certificate = _certificate(_judged(parts["develop"], draft), sample, alpha, delta)
        if certificate.certified:
            held = _held([*sample, *unseen], certificate.threshold)
            certified += 1
            violated += held.counted.errors > alpha * held.counted.documents
            shares.append(held.accepted / max(held.right, 1))
            errors.append(held.counted.errors / held.counted.documents)
    return Splits(
        times, certified, violated, sum(shares) / len(shares) if shares else None, max(errors, default=None)
    )


def _certificate(
    develop: Sequence[Sequence[Judged]], sample: Sequence[Sequence[Judged]], alpha: Decimal, delta: Decimal
) -> Certificate:
    """The loosest threshold that the sample certifies, of a sequence that other documents fixed beforehand."""
    enough = needed(0, float(alpha), float(delta))
    # Where there are too few whatever they hold, nothing is tested.
    sequence = _sequence(develop, _SPARE * enough / len(sample)) if len(sample) >= enough else []
    found = certify(sequence, lambda threshold: _count(sample, threshold), float(alpha), float(delta))
    return found or Certificate(_EVEN, _count(sample, _EVEN), False, enough)


def _draft(
    develop: Sequence[ScoredDocument], known: Iterable[ScoredDocument], alpha: Decimal, delta: Decimal
) -> Calibration:
    """A calibration without a threshold: weights from one split, templates from all that is known."""
    weights = fit(table for document in develop for table in document.tables)
    seen = Counter(table.template for document in known for table in document.tables)
    return Calibration(
        intercept=weights.intercept,
        weights=weights.weights,
        threshold=0,
        certified=False,
        alpha=alpha,
        delta=delta,
        documents=0,
        errors=0,
        needed=0,
        templates={template: Template(tables=count) for template, count in sorted(seen.items())},
    )


def _judged(documents: Iterable[ScoredDocument], draft: Calibration) -> list[list[Judged]]:
    return [[_judge(table, draft) for table in document.tables] for document in documents]


def _judge(table: ScoredTable, draft: Calibration) -> Judged:
    known = draft.seen(table.template) or table.complete
    return Judged(draft.confidence(table.features), known and not table.barred, table.right)


def _accepted(tables: Iterable[Judged], threshold: int) -> list[Judged]:
    return [table for table in tables if table.open and table.confidence >= threshold]


def _count(documents: Iterable[Sequence[Judged]], threshold: int) -> Count:
    taken = [accepted for tables in documents if (accepted := _accepted(tables, threshold))]
    return Count(len(taken), sum(not all(table.right for table in tables) for tables in taken))


def _levels(documents: Iterable[Sequence[Judged]]) -> list[int]:
    """The confidences at which tables become accepted, the strictest first, so many equal steps of them."""
    found = sorted((table.confidence for tables in documents for table in tables if table.open), reverse=True)
    step = max(1, len(found) // _STEPS)
    return sorted({*found[step - 1 :: step], *found[-1:]}, reverse=True)


def _sequence(develop: Sequence[Sequence[Judged]], share: float) -> list[int]:
    """The thresholds to be tested: from the strictest at which so large a share of documents, or as many as can be,
    have tables accepted."""
    counts = [(level, _count(develop, level).documents) for level in _levels(develop)]
    wanted = min(share * len(develop), max((count for _, count in counts), default=0))
    return [level for level, count in counts if count >= wanted]


def _templates(
    documents: Iterable[ScoredDocument], draft: Calibration, threshold: int
) -> dict[str, Template]:
    members: dict[str, list[Judged]] = defaultdict(list)
    for document in documents:
        for table in document.tables:
            members[table.template].append(_judge(table, draft))
    return {
        template: Template(
            tables=len(tables),
            right=sum(table.right for table in tables),
            accepted=len(taken := _accepted(tables, threshold)),
            wrong=sum(not table.right for table in taken),
        )
        for template, tables in sorted(members.items())
    }


def _held(documents: Sequence[Sequence[Judged]], threshold: int) -> Held:
    tables = [table for each in documents for table in each]
    right = [table for table in tables if table.right]
    return Held(_count(documents, threshold), len(right), len(_accepted(right, threshold)), _auroc(tables))


def _auroc(tables: Sequence[Judged]) -> float | None:
    levels = sorted({table.confidence for table in tables}, reverse=True)
    counted = Counter((table.confidence, table.right) for table in tables)
    right, wrong = (np.array([[float(counted[level, good]) for level in levels]]) for good in (True, False))
    return float(auroc(right, wrong)[0]) if right.any() and wrong.any() else None
