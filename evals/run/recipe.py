"""What a run is: everything that its figures depend on beside the code, and the cases that it takes."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from pydantic import BaseModel, ConfigDict, Field

from evals.cases import Case, Tier
from evals.run.choices import CASES, EMBEDDED, SIMULATED, Reader, TierChoice, Wire
from schemas import ConfigError

TIERS: tuple[Tier, ...] = ("real", "clean", "mild", "heavy", "hostile")


class Recipe(BaseModel):
    """The parameters of a run.

    `cases` is the number of documents in each tier, None for all real ones and `CASES` synthetic ones.
    `cell_errors` and `structure_errors` are the rates of a simulated model, 0 for any other; `model` and `wire`
    are None where the layout reader works alone.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    reader: Reader
    model: str | None
    wire: Wire | None
    tiers: tuple[Tier, ...]
    cases: int | None = Field(default=None, ge=1)
    seed: int = 0
    cell_errors: float = Field(default=0.0, ge=0, le=1)
    structure_errors: float = Field(default=0.0, ge=0, le=1)

    @property
    def planned(self) -> int:
        """The number of cases."""
        return sum(len(_real(self.cases)) if tier == "real" else self.cases or CASES for tier in self.tiers)


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
) -> Recipe:
    """The recipe that the options ask for. Raises ConfigError for a reader without its model."""
    chosen = reader or ("llm" if model else "layout")
    if chosen != "layout" and not model:
        raise ConfigError(
            f"--reader {chosen} needs a model: name one with --model, or take --model {SIMULATED}"
        )
    if chosen == "layout":
        model = None
    if model == EMBEDDED:
        raise ConfigError(
            "this installation holds no embedded model; name one behind OPENAI_BASE_URL, "
            f"or take --model {SIMULATED}"
        )
    simulated = model == SIMULATED
    named: set[str] = {*(TIERS if TierChoice.ALL in tiers else tiers or [TierChoice.REAL])}
    return Recipe(
        reader=chosen,
        model=model,
        wire=wire if model else None,
        tiers=tuple(tier for tier in TIERS if tier in named),
        cases=cases,
        seed=seed,
        cell_errors=cell_errors if simulated else 0.0,
        structure_errors=structure_errors if simulated else 0.0,
    )


def cases_of(recipe: Recipe) -> Iterator[Case]:
    """The cases of a recipe, tier by tier; the same recipe gives the same cases."""
    for tier in recipe.tiers:
        if tier == "real":
            yield from _real(recipe.cases)
        else:
            yield from _synthetic(tier, recipe.cases or CASES, recipe.seed)


def _real(number: int | None) -> tuple[Case, ...]:
    from evals.real import real_cases

    return tuple(islice(real_cases(), number))


def _synthetic(tier: Tier, number: int, seed: int) -> Iterator[Case]:
    from evals.garble import case_of
    from evals.synthetic import drafts

    for draft in drafts(seed, number):
        yield case_of(draft, tier, seed)
