"""One case from text to score, in a process of its own."""

from __future__ import annotations

import os
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from evals.baselines import Baseline, BaselineReading
from evals.baselines.extraction import extraction_of
from evals.baselines.lines import Lines
from evals.cases import Case
from evals.metrics import CaseScore, Trace, failed_score, score
from evals.metrics.scorer import Injected
from evals.run.choices import BASELINES, EMBEDDED, SIMULATED
from evals.run.recipe import Recipe
from evals.typed import document_of
from schemas import Chunk, ModelError, NotAsked, Reading
from schemas.findings import Call
from worker.pipeline import Extraction, Reader, When, extract
from worker.readers import build_readers
from worker.readers.breaker import Breaker
from worker.settings import Settings, load_settings


class Metered:
    """A reader whose calls are counted by chunk, those that brought no reading included."""

    def __init__(self, reader: Reader, *, free: bool) -> None:
        self.name = reader.name
        self.calls: dict[str, list[Call]] = defaultdict(list)
        self.problems: list[str] = []
        self._reader = reader
        self._free = free

    def read(self, chunk: Chunk) -> Reading:
        """The reading of the other reader. Raises what that one raises."""
        try:
            reading = self._reader.read(chunk)
        except NotAsked:
            raise
        except Exception as error:
            self.problems.append(f"{self.name}: {error or type(error).__name__}")
            if isinstance(error, ModelError):
                self._count(chunk, error.calls)
            raise
        self._count(chunk, reading.calls)
        return reading

    def _count(self, chunk: Chunk, calls: Sequence[Call]) -> None:
        for call in calls:
            self.calls[chunk.id].append(
                call.model_copy(update={"cost_usd": Decimal(0)}) if self._free else call
            )


def settings_of(recipe: Recipe, **more: object) -> Settings:
    """The settings under which a recipe reads. Raises ConfigError."""
    chosen = {"naive": "llm", "lines": "layout"}.get(recipe.reader, recipe.reader)
    return load_settings(readers=chosen, model=recipe.model, wire=recipe.wire, **more)


def measure(case_json: str, recipe_json: str) -> str:
    """The score of a case, in JSON as all that passes between processes. A case that fails has a score too."""
    case, recipe = Case.model_validate_json(case_json), Recipe.model_validate_json(recipe_json)
    started = time.monotonic()
    try:
        found = _measure(case, recipe)
    # Whatever it is, the case counts as failed and the others go on.
    except Exception as error:
        words = f"{type(error).__name__}: {error}"
        found = failed_score(case, words, round(time.monotonic() - started, 3))
    return found.model_dump_json()


def _measure(case: Case, recipe: Recipe) -> CaseScore:
    if recipe.reader in BASELINES:
        return _measure_baseline(case, recipe)
    return score(case, *read_case(case, recipe))


def _measure_baseline(case: Case, recipe: Recipe) -> CaseScore:
    """The score of what a baseline brings; a case of which it brings nothing at all has failed."""
    with _simulated(case, recipe) as (more, injected), _baseline(recipe, more) as baseline:
        started = time.monotonic()
        reading = baseline.read(case)
        seconds = round(time.monotonic() - started, 3)
        trace = Trace(seconds=seconds, problems=reading.failed, injected=tuple(injected()))
    found = score(case, extraction_of(case, baseline.name, reading), trace)
    # One answer holds many tables: what it took is counted at the first.
    took = {
        "calls": reading.calls,
        "prompt_tokens": reading.prompt_tokens,
        "output_tokens": reading.completion_tokens,
        "cost_usd": _cost(recipe, reading),
        "seconds": seconds,
    }
    first, rest = found.tables[:1], found.tables[1:]
    tables = (*(table.model_copy(update=took) for table in first), *rest)
    error = "; ".join(reading.failed) if reading.failed and not reading.tables else ""
    return found.model_copy(update={"tables": tables, "error": error})


def _cost(recipe: Recipe, reading: BaselineReading) -> Decimal | None:
    if recipe.model is None or recipe.model == SIMULATED:
        return Decimal(0)
    from worker.readers.llm.prices import cost_of

    return cost_of(recipe.model, reading.prompt_tokens, reading.cached_tokens, reading.completion_tokens)


@contextmanager
def _baseline(recipe: Recipe, more: Mapping[str, object]) -> Iterator[Baseline]:
    if recipe.reader == "lines":
        yield Lines()
        return
    from evals.baselines.naive import Naive

    naive = Naive(settings_of(recipe, **more))
    try:
        yield naive
    finally:
        naive.close()


def read_case(case: Case, recipe: Recipe) -> tuple[Extraction, Trace]:
    """A case as the readers of a recipe find it, and how that was made. Raises what reading raises."""
    with _readers(case, recipe) as (readers, injected):
        metered = [Metered(reader, free=recipe.model == SIMULATED) for reader in readers]
        started = time.monotonic()
        # The embedded model is asked as users ask it; of any other, all that it reads is measured.
        when: When = "unclosed" if recipe.model == EMBEDDED else "always"
        extraction = extract(document_of(case), metered, when=when)
        seconds = time.monotonic() - started
        return extraction, _trace(extraction, metered, injected(), seconds)


def _trace(
    extraction: Extraction, readers: Sequence[Metered], injected: Sequence[Injected], seconds: float
) -> Trace:
    calls = {
        chunk.id: [call for reader in readers for call in reader.calls[chunk.id]]
        for chunk in extraction.chunks
    }
    problems = tuple(problem for reader in readers for problem in reader.problems)
    return Trace(seconds=seconds, calls=calls, problems=problems, injected=tuple(injected))


@contextmanager
def _readers(
    case: Case, recipe: Recipe
) -> Iterator[tuple[Sequence[Reader], Callable[[], Sequence[Injected]]]]:
    """The readers for a case, and what a simulated model did wrong in it so far."""
    if recipe.model != SIMULATED:
        yield _lasting(recipe), lambda: ()
        return
    with _simulated(case, recipe) as (more, injected):
        readers = build_readers(settings_of(recipe, **more))
        try:
            yield readers, injected
        finally:
            for reader in readers:
                if isinstance(reader, Breaker):
                    reader.close()


@contextmanager
def _simulated(
    case: Case, recipe: Recipe
) -> Iterator[tuple[Mapping[str, object], Callable[[], Sequence[Injected]]]]:
    """The settings that lead to a simulated model, none for any other, and what it did wrong so far."""
    if recipe.model != SIMULATED:
        yield {}, lambda: ()
        return
    from evals.simulate import ErrorModel, SimulatedModel

    broken = recipe.request_errors / 3
    errors = ErrorModel(
        cell=recipe.cell_errors,
        structure=recipe.structure_errors,
        malformed=broken,
        throttled=broken,
        failed=broken,
    )
    # Answers are made anew for every case: one that was kept would come without its errors being told.
    with TemporaryDirectory() as home, SimulatedModel([case], errors, recipe.seed) as model:
        yield {"openai_base_url": model.url, "mode": "json_schema", "home": Path(home)}, lambda: model.done


@cache
def _lasting(recipe: Recipe) -> Sequence[Reader]:
    """The readers of this process, whose connections and kept answers serve all its cases."""
    return build_readers(settings_of(recipe))


def speak_directly() -> None:
    """Let no proxy stand between this process and a server of its own."""
    known = os.environ.get("NO_PROXY") or os.environ.get("no_proxy") or ""
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = ",".join(filter(None, [known, "127.0.0.1"]))
