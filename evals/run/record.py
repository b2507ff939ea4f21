"""What a run leaves: `run.json` (how it was made), `cases.jsonl` (a line a case), `metrics.json` (all in figures).

Below it lie the runs of baselines over the same cases, each in a folder of its name in `baselines`.
"""

from __future__ import annotations

import hashlib
import os
import platform
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from evals.metrics import CaseScore, Summary, by_group, summarise
from evals.run.choices import BASELINES, EMBEDDED, SIMULATED
from evals.run.recipe import Recipe
from prompts import BRIEF, WIRES
from prompts import version as prompt_version
from schemas import ConfigError, InputError, kinds
from worker.embedded import card

RUN, CASES, METRICS = "run.json", "cases.jsonl", "metrics.json"
BESIDE = "baselines"

_ROOT = Path(__file__).resolve().parents[2]
_ROOMS = ("schemas", "prompts", "worker", "evals")
_SOURCES = {".py", ".j2", ".csv", ".txt", ".json"}
_PACKAGES = ("gouji", "pydantic", "instructor", "openai", "numpy", "scipy", "rapidfuzz")


class Record(BaseModel):
    """How a run was made. `code` is a digest of all sources, `commit` that of the checkout, if it is one;
    `prompts` are the versions by kind, `prices` USD per million tokens; `seconds` is the time that it took."""

    model_config = ConfigDict(frozen=True)

    recipe: Recipe
    code: str
    commit: str | None
    prompts: dict[str, str]
    prices: dict[str, str]
    environment: dict[str, str]
    packages: dict[str, str]
    started: datetime
    seconds: float | None = None


class Metrics(BaseModel):
    """The figures of a run: of all its cases, and by tier, family and kind."""

    model_config = ConfigDict(frozen=True)

    overall: Summary
    by: dict[str, dict[str, Summary]]


class Run(BaseModel):
    """A run as it lies in its folder, cases in the order of their ids; `baselines` are those beside it by name."""

    model_config = ConfigDict(frozen=True)

    folder: Path
    record: Record
    cases: tuple[CaseScore, ...]
    metrics: Metrics
    baselines: dict[str, Run] = {}


def record_of(recipe: Recipe) -> Record:
    """The record of a run that begins now."""
    return Record(
        recipe=recipe,
        code=code_digest(),
        commit=_commit(),
        prompts=_prompts(recipe),
        prices=_prices(recipe),
        environment={
            "python": platform.python_version(),
            "system": platform.platform(),
            "processors": str(os.cpu_count()),
        },
        packages={name: found for name in _PACKAGES if (found := _installed(name))}
        | ({"embedded model": card().version} if recipe.model == EMBEDDED else {}),
        started=datetime.now(UTC),
    )


def _prompts(recipe: Recipe) -> dict[str, str]:
    if not recipe.wire:
        return {}
    own = recipe.model == EMBEDDED
    wire = BRIEF if own else WIRES[recipe.wire]
    return {kind: prompt_version(kind, wire, brief=own) for kind in kinds()}


def _prices(recipe: Recipe) -> dict[str, str]:
    if not recipe.model or recipe.model == SIMULATED:
        return {}
    from worker.readers.llm.prices import price_of

    price = price_of(recipe.model)
    return {name: f"{value:f}" for name, value in price._asdict().items()} if price else {}


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


@cache
def code_digest() -> str:
    """A digest of every source file that may change a figure: twelve hexadecimal digits."""
    digest = hashlib.sha256()
    for room in _ROOMS:
        for path in sorted((_ROOT / room).rglob("*")):
            if path.suffix in _SOURCES:
                digest.update(str(path.relative_to(_ROOT)).encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def _commit() -> str | None:
    """The commit of the checkout, read from git's own files; None outside one."""
    git = _ROOT / ".git"
    try:
        head = (git / "HEAD").read_text(encoding="ascii").strip()
        if not head.startswith("ref: "):
            return head
        name = head.removeprefix("ref: ")
        loose = git / name
        if loose.is_file():
            return loose.read_text(encoding="ascii").strip()
        packed = (git / "packed-refs").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    return next((line.split()[0] for line in packed if line.endswith(f" {name}")), None)


def read_record(folder: Path) -> Record | None:
    """The record in a folder, None where there is none. Raises InputError where it is damaged."""
    path = folder / RUN
    if not path.is_file():
        return None
    try:
        return Record.model_validate_json(path.read_bytes())
    except ValidationError:
        raise InputError(str(path), "is no record of a run", "remove the folder or choose another") from None


def read_cases(folder: Path) -> list[CaseScore]:
    """The cases that a folder holds; a last line that broke off is left out."""
    path = folder / CASES
    found = []
    for line in path.read_bytes().splitlines() if path.is_file() else ():
        try:
            found.append(CaseScore.model_validate_json(line))
        except ValidationError:
            continue
    return found


def write_cases(folder: Path, cases: Iterable[CaseScore]) -> None:
    """All cases, each on its line, in place of what the file holds."""
    part = folder / f"{CASES}.part"
    part.write_text("".join(f"{case.model_dump_json()}\n" for case in cases), encoding="utf-8")
    part.replace(folder / CASES)


def write_record(folder: Path, record: Record) -> None:
    """The record of a run."""
    (folder / RUN).write_text(record.model_dump_json(indent=2) + "\n", encoding="utf-8")


def write_metrics(folder: Path, cases: Sequence[CaseScore]) -> Metrics:
    """Add up the cases of a run and keep the figures."""
    metrics = Metrics(overall=summarise(cases), by=by_group(cases))
    (folder / METRICS).write_text(metrics.model_dump_json(indent=2) + "\n", encoding="utf-8")
    return metrics


def load_run(folder: Path) -> Run:
    """A finished run, with those baselines that read the same cases.

    Raises ConfigError where the folder holds none, InputError where it is damaged.
    """
    record = read_record(folder)
    if record is None or not (folder / METRICS).is_file():
        raise ConfigError(f"{folder} holds no finished run; make one with gouji eval run --out {folder}")
    try:
        metrics = Metrics.model_validate_json((folder / METRICS).read_bytes())
    except ValidationError:
        raise InputError(str(folder / METRICS), "is damaged", "make the run again") from None
    cases = sorted(read_cases(folder), key=lambda case: case.id)
    beside = {name: folder / BESIDE / name for name in BASELINES}
    return Run(
        folder=folder,
        record=record,
        cases=tuple(cases),
        metrics=metrics,
        baselines={
            name: load_run(place)
            for name, place in beside.items()
            if (place / METRICS).is_file() and _same_cases(read_record(place), record)
        },
    )


def _same_cases(baseline: Record | None, record: Record) -> bool:
    """Whether a baseline read what a run did, by the same code."""
    return (
        baseline is not None
        and baseline.code == record.code
        and baseline.recipe == record.recipe.read_by(baseline.recipe.reader)
    )
