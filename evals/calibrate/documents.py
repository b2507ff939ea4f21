"""Documents read and held to their gold, of which nothing is kept but evidence and outcome."""

from __future__ import annotations

import logging
import multiprocessing
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import islice
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from evals.cases import Case, Tier
from evals.metrics import CaseScore, score
from evals.metrics.confidence import ranked
from evals.run.measure import read_case, speak_directly
from evals.run.recipe import Recipe, cases_of
from evals.run.record import code_digest
from worker.evidence import weigh
from worker.pipeline import Extraction
from worker.route import hard_reasons

_AHEAD = 4

_log = logging.getLogger(__name__)


class ScoredTable(BaseModel):
    """The evidence on a table that was read, and whether every figure of it is right. `barred`: there are reasons
    that keep it from being accepted at any confidence; `complete` as in `worker.evidence`."""

    model_config = ConfigDict(frozen=True)

    features: dict[str, int]
    template: str
    complete: bool
    barred: bool
    right: bool


class ScoredDocument(BaseModel):
    """The tables of a document that have figures, in gold or as read. `code` is a digest of the code that read it."""

    model_config = ConfigDict(frozen=True)

    id: str
    body: str
    tier: Tier
    reader: str
    code: str
    tables: tuple[ScoredTable, ...]


def scored(extraction: Extraction, outcome: CaseScore) -> tuple[ScoredTable, ...]:
    """What calibration keeps of a document and its score: the tables that came out and may hold figures."""
    chunks = {chunk.id: chunk for chunk in extraction.chunks}
    tables = []
    for table in filter(ranked, outcome.tables):
        for key in table.tables:
            if (reading := extraction.standing.get(key)) is None or extraction.verdicts[
                key
            ].status == "empty":
                continue
            evidence = weigh(
                chunks[key],
                reading,
                extraction.readings[key],
                extraction.findings,
                extraction.verdicts[key].blind_spot,
            )
            tables.append(
                ScoredTable(
                    features=evidence.features(),
                    template=evidence.template,
                    complete=evidence.complete,
                    barred=any(True for _ in hard_reasons(chunks[key], reading, evidence)),
                    right=table.exact,
                )
            )
    return tuple(tables)


def gather(
    recipes: Sequence[Recipe], file: Path | None, jobs: int, progress: Callable[[], None] = lambda: None
) -> list[ScoredDocument]:
    """The documents of recipes that differ in their reader alone: each is read by one of them, in turn.

    What `file` holds from an earlier time is not read again, unless the code is another; it is added to.
    """
    known = {each.id: each for each in _kept(file) if each.code == code_digest()}
    plan = [(case, recipes[index % len(recipes)]) for index, case in enumerate(cases_of(recipes[0]))]
    wanted = [(case, recipe) for case, recipe in plan if _key(case.id, recipe) not in known]
    for _ in range(len(plan) - len(wanted)):
        progress()
    for found in _read(wanted, jobs):
        known[found.id] = found
        if file:
            with file.open("a", encoding="utf-8") as lines:
                lines.write(f"{found.model_dump_json()}\n")
        progress()
    return [known[_key(case.id, recipe)] for case, recipe in plan]


def _key(case_id: str, recipe: Recipe) -> str:
    return f"{case_id} {recipe.reader}"


def _kept(file: Path | None) -> Iterator[ScoredDocument]:
    for line in file.read_bytes().splitlines() if file and file.is_file() else ():
        try:
            yield ScoredDocument.model_validate_json(line)
        # The last line of a run that broke off.
        except ValidationError:
            continue


def _read(plan: Iterable[tuple[Case, Recipe]], jobs: int) -> Iterator[ScoredDocument]:
    todo = ((case.model_dump_json(), recipe.model_dump_json()) for case, recipe in plan)
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn"), initializer=speak_directly) as pool:
        while batch := list(islice(todo, jobs * _AHEAD)):
            for line in pool.map(_read_one, *zip(*batch, strict=True)):
                yield ScoredDocument.model_validate_json(line)


def _read_one(case_json: str, recipe_json: str) -> str:
    case, recipe = Case.model_validate_json(case_json), Recipe.model_validate_json(recipe_json)
    try:
        extraction, trace = read_case(case, recipe)
        tables = scored(extraction, score(case, extraction, trace))
    # Of a document that cannot be read nothing is accepted.
    except Exception:
        _log.exception("%s cannot be read", case.id)
        tables = ()
    return ScoredDocument(
        id=_key(case.id, recipe),
        body=case.body,
        tier=case.tier,
        reader=recipe.reader,
        code=code_digest(),
        tables=tables,
    ).model_dump_json()
