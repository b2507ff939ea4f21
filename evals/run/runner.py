"""Cases through processes until each has a score. What is finished stays finished."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, as_completed, wait
from concurrent.futures.process import BrokenProcessPool
from itertools import chain
from pathlib import Path

from evals.cases import Case
from evals.metrics import CaseScore, failed_score
from evals.run.choices import SIMULATED, Baseline
from evals.run.measure import measure, settings_of, speak_directly
from evals.run.recipe import Recipe, cases_of
from evals.run.record import (
    BESIDE,
    CASES,
    METRICS,
    RUN,
    Run,
    code_digest,
    load_run,
    read_cases,
    read_record,
    record_of,
    write_cases,
    write_metrics,
    write_record,
)
from schemas import ConfigError
from worker.readers import build_readers

Progress = Callable[[CaseScore, bool], None]
"""Called with every score and whether it was there before."""

_AHEAD = 2


def run(
    recipe: Recipe,
    folder: Path,
    jobs: int,
    progress: Progress | None = None,
    baselines: Sequence[Baseline] = (),
) -> Run:
    """Score every case of a recipe into a folder. A run that broke off goes on; one by older code begins anew.

    `jobs` processes share the cases. `baselines` read the same cases, each a run of its own below the folder.
    Raises ConfigError where the readers cannot work, or where the folder holds another run.
    """
    if recipe.model != SIMULATED:
        build_readers(settings_of(recipe))  # what keeps them from work is said before anything begins
    _run(recipe, folder, jobs, progress)
    for baseline in baselines:
        _run(recipe.read_by(baseline), folder / BESIDE / baseline, jobs, progress)
    return load_run(folder)


def _run(recipe: Recipe, folder: Path, jobs: int, progress: Progress | None) -> None:
    known = {case.id: case for case in _taken_up(recipe, folder)}
    record = record_of(recipe)
    write_record(folder, record)
    started = time.monotonic()
    order: list[str] = []

    def wanted() -> Iterator[Case]:
        for case in cases_of(recipe):
            order.append(case.id)
            if case.id not in known:
                yield case
            elif progress:
                progress(known[case.id], True)

    with (folder / CASES).open("a", encoding="utf-8") as file:
        for found in scores(wanted(), recipe, jobs):
            known[found.id] = found
            file.write(f"{found.model_dump_json()}\n")
            file.flush()
            if progress:
                progress(found, False)
    cases = [known[each] for each in order]
    write_cases(folder, cases)
    write_metrics(folder, cases)
    write_record(folder, record.model_copy(update={"seconds": round(time.monotonic() - started, 1)}))


def _taken_up(recipe: Recipe, folder: Path) -> list[CaseScore]:
    """The cases of an earlier run of the same recipe by the same code. Other files of a run are put away."""
    folder.mkdir(parents=True, exist_ok=True)
    record = read_record(folder)
    if record is None and any(folder.iterdir()):
        raise ConfigError(f"{folder} holds other files than a run; name an empty folder")
    if record and record.recipe != recipe:
        raise ConfigError(f"{folder} holds a run of another recipe; name another folder, or remove it")
    if record and record.code == code_digest():
        return read_cases(folder)
    for name in (RUN, CASES, METRICS):
        (folder / name).unlink(missing_ok=True)
    return []


def scores(cases: Iterator[Case], recipe: Recipe, jobs: int) -> Iterator[CaseScore]:
    """The scores of cases as they come in. A case that kills its process is tried once more by itself."""
    told = recipe.model_dump_json()
    suspects: list[Case] = []
    for first in cases:
        under_way: dict[str, Case] = {}
        try:
            with _pool(jobs) as pool:
                waiting: set[Future[str]] = set()
                for case in chain([first], cases):
                    under_way[case.id] = case
                    waiting.add(pool.submit(measure, case.model_dump_json(), told))
                    if len(waiting) < jobs * _AHEAD:
                        continue
                    done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                    yield from _taken(done, under_way)
                yield from _taken(as_completed(waiting), under_way)
        except BrokenProcessPool:
            suspects += under_way.values()
    yield from (_alone(case, told) for case in suspects)


def _taken(done: Iterable[Future[str]], under_way: dict[str, Case]) -> Iterator[CaseScore]:
    for future in done:
        found = CaseScore.model_validate_json(future.result())
        del under_way[found.id]
        yield found


def _alone(case: Case, recipe_json: str) -> CaseScore:
    with _pool(1) as pool:
        try:
            return CaseScore.model_validate_json(
                pool.submit(measure, case.model_dump_json(), recipe_json).result()
            )
        except BrokenProcessPool:
            return failed_score(case, "the process that read it died")


def _pool(jobs: int) -> ProcessPoolExecutor:
    # A forked child would share connections and locks of this process.
    return ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn"), initializer=speak_directly)
