"""How exactly the model reads: rows of gold that its answers hold, part by part, as the worker would ask it."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from typing import Any, Protocol

from evals.cases import Tier
from evals.garble import case_of
from evals.real import real_cases
from evals.synthetic import draft
from evals.train.learn import RUN
from evals.train.samples import FIRST_TEST_SEED, FORMATS, LEFT_OUT, Question, questions, rows_of
from prompts import Wire
from schemas import Invalid
from worker.embedded.card import Card, Measured, Trained

MEASURED: tuple[Tier, ...] = ("real", "mild", "heavy")
"""The tiers that decide whether the model is asked for a kind: it is asked for what is printed badly."""


class Answering(Protocol):
    """Who answers: `evals.train.serving.Serving`."""

    def answer(self, text: str, schema: dict[str, Any] | None) -> tuple[str, dict[str, Any]]:
        """The answer to a prompt, held to a schema if one is given, and what the server timed."""


@dataclass
class Count:
    """Rows of gold, those read exactly, rows answered beside them, parts asked, those answered in form, and the
    tokens of it all. `seconds` is what each answer took, also where several were made at the same time."""

    rows: int = 0
    exact: int = 0
    extra: int = 0
    parts: int = 0
    whole: int = 0
    valid: int = 0
    prompt_tokens: int = 0
    answer_tokens: int = 0
    seconds: float = 0.0

    def add(self, other: Count) -> None:
        """Count another in."""
        for name, value in asdict(other).items():
            setattr(self, name, getattr(self, name) + value)

    def told(self) -> dict[str, Any]:
        """The counts with the shares that follow from them."""
        return {
            **asdict(self),
            "seconds": round(self.seconds, 1),
            "exact_percent": round(100 * self.exact / max(1, self.rows), 1),
        }


def asked(
    tiers: Sequence[Tier], cases: int, parts: int, wire: Wire, seed: int = FIRST_TEST_SEED
) -> Iterator[Question]:
    """What is asked of a tier: of its first documents one part of a kind each, as tables of one are laid out alike, and
    so many of a kind at most; of real documents all.
    """
    for tier in tiers:
        found = (
            real_cases() if tier == "real" else (case_of(draft(seed, i), tier, seed) for i in range(cases))
        )
        left: dict[str, int] = defaultdict(lambda: parts)
        for case in found:
            kinds: dict[str, list[Question]] = defaultdict(list)
            for question in questions(case, wire):
                kinds[question.kind].append(question)
            for kind in sorted(kinds.keys() - LEFT_OUT):
                if tier == "real":
                    yield from kinds[kind]
                elif left[kind]:
                    left[kind] -= 1
                    yield Random(f"{case.id}:{kind}").choice(kinds[kind])


def measured(
    found: Iterable[Question],
    model: Answering,
    wire: Wire,
    *,
    grammar: bool = True,
    until: float | None = None,
    at_once: int = 1,
) -> dict[tuple[str, str], Count]:
    """What comes of asking, by kind and tier; what is not asked by `until` (of the monotonic clock) is left out."""

    def count_of(question: Question) -> Count:
        if until is not None and time.monotonic() > until:
            return Count()
        return _asked(question, model, wire, grammar=grammar)

    counts: dict[tuple[str, str], Count] = defaultdict(Count)
    wanted = list(found)
    with ThreadPoolExecutor(at_once) as pool:
        for question, count in zip(wanted, pool.map(count_of, wanted), strict=True):
            counts[question.kind, question.tier].add(count)
    return {key: count for key, count in counts.items() if count.parts}


def _asked(question: Question, model: Answering, wire: Wire, *, grammar: bool) -> Count:
    form = wire.response_model(question.part.kind, question.part)
    began = time.monotonic()
    text, timings = model.answer(question.text, form.model_json_schema() if grammar else None)
    count = Count(parts=1, seconds=time.monotonic() - began)
    count.prompt_tokens, count.answer_tokens = timings.get("prompt_n", 0), timings.get("predicted_n", 0)
    gold = rows_of(question.table)
    count.rows = gold.total()
    try:
        decoded = wire.decode(form.model_validate_json(text), question.part, salvage=True)
    except (Invalid, ValueError):
        return count
    read = rows_of(decoded.table)
    count.valid = int(not decoded.dropped)
    count.exact = (gold & read).total()
    count.extra = (read - gold).total()
    count.whole = int(read == gold)
    return count


def report(counts: dict[tuple[str, str], Count]) -> dict[str, Any]:
    """The counts by tier, and by kind within each."""
    tiers: dict[str, Count] = defaultdict(Count)
    for (_, tier), count in counts.items():
        tiers[tier].add(count)
    return {
        tier: {
            **total.told(),
            "kinds": {kind: count.told() for (kind, of), count in sorted(counts.items()) if of == tier},
        }
        for tier, total in tiers.items()
    }


def renewed(told: Card, counts: dict[tuple[str, str], Count], adapter: str, folder: Path) -> Card:
    """The card of an adapter, by its digest, that was learned in `folder` and read with `counts`."""
    kinds: dict[str, Count] = defaultdict(Count)
    for (kind, tier), count in sorted(counts.items()):
        if tier in MEASURED:
            kinds[kind].add(count)
    run = json.loads((folder / RUN).read_text(encoding="utf-8"))
    trained = {name: run[name] for name in Trained.model_fields}
    # A row too many is as wrong as one that is missing; one that is read wrong is both, and counts once.
    found = {
        kind: Measured(rows=max(count.rows, count.exact + count.extra), exact=count.exact)
        for kind, count in kinds.items()
    }
    return told.model_copy(update={"adapter": adapter, "trained": Trained(**trained), "kinds": found})


def wire_of(name: str) -> Wire:
    """A wire format by name."""
    return FORMATS[name]
