"""What a run is: everything that its figures depend on beside the code, and the cases that it takes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, count, islice
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from evals.cases import Case, Split, Tier
from evals.real import BUNDLED, digest_of, real_cases
from evals.run.choices import (
    BUNDLED_WORD,
    CASES,
    EMBEDDED,
    SIMULATED,
    Baseline,
    Reader,
    TierChoice,
    Wire,
)
from evals.run.instructed import instructed
from evals.splits import split_of
from schemas import ConfigError

TIERS: tuple[Tier, ...] = ("real", "clean", "mild", "heavy", "hostile")


class Corpus(BaseModel):
    """A folder of real documents as it was when a run began; None for the bundled ones."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    folder: Path | None = None
    digest: str = ""


class Recipe(BaseModel):
    """The parameters of a run.

    `cases` is the number of documents in each tier, None for all real ones and `CASES` synthetic ones; `split` takes
    only documents of the issuing bodies in it. `corpora` are where real ones lie.
    `cell_errors`, `structure_errors` and `request_errors` are the rates of a simulated model, 0 for any other;
    `instructions`: tables have a line that addresses the model; `model` and `wire`
    are None where they play no part. `reader` names a baseline where one reads instead.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    reader: Reader | Baseline
    model: str | None
    wire: Wire | None
    tiers: tuple[Tier, ...]
    cases: int | None = Field(default=None, ge=1)
    split: Split | None = None
    corpora: tuple[Corpus, ...] = (Corpus(),)
    seed: int = 0
    cell_errors: float = Field(default=0.0, ge=0, le=1)
    structure_errors: float = Field(default=0.0, ge=0, le=1)
    request_errors: float = Field(default=0.0, ge=0, le=1)
    instructions: bool = False

    @property
    def planned(self) -> int:
        """The number of cases."""
        return sum(len(_real(self)) if tier == "real" else self.cases or CASES for tier in self.tiers)

    def read_by(self, baseline: Reader | Baseline) -> Recipe:
        """The same cases read by a baseline."""
        alone = (
            {"model": None, "cell_errors": 0.0, "structure_errors": 0.0, "request_errors": 0.0}
            if baseline == "lines"
            else {}
        )
        return self.model_copy(update={"reader": baseline, "wire": None, **alone})


def recipe_of(
    *,
    model: str | None,
    reader: Reader | None,
    wire: Wire,
    tiers: list[TierChoice],
    cases: int | None,
    seed: int,
    cell_errors: float,
    structure_errors: float,
    request_errors: float = 0.0,
    instructions: bool = False,
    corpora: Sequence[Path] = (),
    split: Split | None = None,
) -> Recipe:
    """The recipe that the options ask for.

    Raises ConfigError for a reader without its model and for a folder without documents, InputError for bad gold.
    """
    chosen = reader or ("llm" if model else "layout")
    if chosen != "layout" and not model:
        raise ConfigError(
            f"--reader {chosen} needs a model: name one with --model, or take --model {SIMULATED}"
        )
    if chosen == "layout":
        model = None
    if model == EMBEDDED:
        from worker.embedded.installed import require

        require()
    simulated = model == SIMULATED
    named: set[str] = {*(TIERS if TierChoice.ALL in tiers else tiers or [TierChoice.REAL])}
    recipe = Recipe(
        reader=chosen,
        model=model,
        wire=wire if model else None,
        tiers=tuple(tier for tier in TIERS if tier in named),
        cases=cases,
        seed=seed,
        cell_errors=cell_errors if simulated else 0.0,
        structure_errors=structure_errors if simulated else 0.0,
        request_errors=request_errors if simulated else 0.0,
        instructions=instructions,
        split=split,
        corpora=tuple(map(_corpus, corpora)) or (Corpus(),),
    )
    if "real" in recipe.tiers:
        _unique(_real(recipe))
    return recipe


def _corpus(folder: Path) -> Corpus:
    if str(folder) == BUNDLED_WORD:
        return Corpus()
    folder = folder.resolve()
    return Corpus(folder=folder, digest=digest_of(folder))


def _unique(cases: Iterable[Case]) -> None:
    """Raises ConfigError where two documents have one name."""
    twice = [name for name, number in Counter(case.id for case in cases).items() if number > 1]
    if twice:
        raise ConfigError(f"{twice[0]} is in two folders of documents; name one of them")


def cases_of(recipe: Recipe) -> Iterator[Case]:
    """The cases of a recipe, tier by tier; the same recipe gives the same cases."""
    found = _cases(recipe)
    return map(instructed, found) if recipe.instructions else found


def _cases(recipe: Recipe) -> Iterator[Case]:
    for tier in recipe.tiers:
        if tier == "real":
            yield from _real(recipe)
        else:
            yield from _synthetic(tier, recipe)


def _real(recipe: Recipe) -> tuple[Case, ...]:
    found = chain.from_iterable(real_cases(corpus.folder or BUNDLED) for corpus in recipe.corpora)
    return tuple(islice((case for case in found if _wanted(case.body, recipe)), recipe.cases))


def _synthetic(tier: Tier, recipe: Recipe) -> Iterator[Case]:
    from evals.garble import case_of
    from evals.synthetic import draft

    drafts = (draft(recipe.seed, index) for index in count())
    wanted = (each for each in drafts if _wanted(each.body, recipe))
    for each in islice(wanted, recipe.cases or CASES):
        yield case_of(each, tier, recipe.seed)


def _wanted(body: str, recipe: Recipe) -> bool:
    return recipe.split in (None, split_of(body))
