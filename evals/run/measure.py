"""One case from text to score, in a process of its own."""

from __future__ import annotations

import os
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from evals.cases import Case
from evals.metrics import CaseScore, Trace, failed_score, score
from evals.metrics.scorer import Injected
from evals.run.choices import SIMULATED
from evals.run.recipe import Recipe
from evals.typed import document_of
from schemas import Chunk, ModelError, Reading
from schemas.findings import Call
from worker.pipeline import Extraction, Reader, extract
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
    return load_settings(readers=recipe.reader, model=recipe.model, wire=recipe.wire, **more)


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
    return score(case, *read_case(case, recipe))


def read_case(case: Case, recipe: Recipe) -> tuple[Extraction, Trace]:
    """A case as the readers of a recipe find it, and how that was made. Raises what reading raises."""
    with _readers(case, recipe) as (readers, injected):
        metered = [Metered(reader, free=recipe.model == SIMULATED) for reader in readers]
        started = time.monotonic()
        extraction = extract(document_of(case), metered)
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
    from evals.simulate import ErrorModel, SimulatedModel

    errors = ErrorModel(cell=recipe.cell_errors, structure=recipe.structure_errors)
    # Answers are made anew for every case: one that was kept would come without its errors being told.
    with TemporaryDirectory() as home, SimulatedModel([case], errors, recipe.seed) as model:
        settings = settings_of(recipe, openai_base_url=model.url, mode="json_schema", home=Path(home))
        readers = build_readers(settings)
        try:
            yield readers, lambda: model.done
        finally:
            for reader in readers:
                if isinstance(reader, Breaker):
                    reader.close()


@cache
def _lasting(recipe: Recipe) -> Sequence[Reader]:
    """The readers of this process, whose connections and kept answers serve all its cases."""
    return build_readers(settings_of(recipe))


def speak_directly() -> None:
    """Let no proxy stand between this process and a server of its own."""
    known = os.environ.get("NO_PROXY") or os.environ.get("no_proxy") or ""
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = ",".join(filter(None, [known, "127.0.0.1"]))
