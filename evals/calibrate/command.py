"""`gouji eval calibrate`."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from evals.run.choices import SIMULATED, TierChoice
from evals.run.options import Jobs, Seed, Tiers, Wires
from worker.cli.console import OK, Json, err, hint, out, print_json, say
from worker.cli.lists import simple_grid

if TYPE_CHECKING:
    from evals.calibrate.calibrate import Held, Outcome, Splits
    from evals.run.recipe import Recipe

CASES = 300
_MADE = [TierChoice.CLEAN, TierChoice.MILD, TierChoice.HEAVY, TierChoice.HOSTILE]


def calibrate(
    file: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FILE", help="Where the calibration goes.", show_default=False),
    ] = None,
    alpha: Annotated[
        float, typer.Option(min=0.0001, max=0.5, help="Share of documents that may hold an accepted error.")
    ] = 0.01,
    delta: Annotated[
        float, typer.Option(min=0.0001, max=0.5, help="Chance that the certificate is wrong.")
    ] = 0.05,
    tier: Tiers = None,
    cases: Annotated[int, typer.Option(min=1, help="Documents in each tier.")] = CASES,
    seed: Seed = 0,
    model: Annotated[
        str | None,
        typer.Option(
            help=f"Have every second document read by this model, or “{SIMULATED}”.", show_default=False
        ),
    ] = None,
    wire: Wires = "refs",
    splits: Annotated[
        int, typer.Option(min=0, help="Repeat with so many other splits and count broken promises.")
    ] = 0,
    evidence: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Keeps what was read, for the next time (JSON lines).", show_default=False
        ),
    ] = None,
    jobs: Jobs = None,
    as_json: Json = False,
) -> None:
    """Learn how far evidence can be trusted, and from which confidence on tables may be accepted."""
    from evals.calibrate.calibrate import calibrate as fit
    from evals.calibrate.calibrate import repeat
    from evals.calibrate.documents import gather
    from evals.run.recipe import recipe_of
    from evals.run.record import code_digest

    recipes = [
        recipe_of(
            model=each,
            reader=None,
            wire=wire,
            tiers=tier or _MADE,
            cases=cases,
            seed=seed,
            cell_errors=0.02,
            structure_errors=0.05,
        )
        for each in ([None, model] if model else [None])
    ]
    with _progress(recipes[0]) as advance:
        documents = gather(recipes, evidence, jobs or os.cpu_count() or 1, advance)
    shares = Decimal(str(alpha)), Decimal(str(delta))
    outcome = fit(documents, *shares)
    repeated = repeat(documents, *shares, splits) if splits else None
    if file:
        made = {
            "tiers": " ".join(recipes[0].tiers),
            "cases": str(len(documents)),
            "seed": str(seed),
            "readers": " ".join(["layout", *filter(None, [model])]),
            "code": code_digest(),
        }
        calibration = outcome.calibration.model_copy(update={"made": made})
        file.write_text(calibration.model_dump_json(indent=2) + "\n", encoding="utf-8")
    if as_json:
        print_json(_as_data(outcome, repeated, file))
        raise typer.Exit(OK)
    for line in _words(outcome):
        out().print(line)
    _draw(outcome)
    if repeated:
        say(_said(repeated))
    if file:
        hint(f"GOUJI_CALIBRATION={file} has tables routed by it.")


@contextmanager
def _progress(recipe: Recipe) -> Iterator[Callable[[], None]]:
    """A bar on standard error while there is someone to see it."""
    if not err().is_terminal:
        yield lambda: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=err(), transient=True) as bars:
        task = bars.add_task("documents", total=recipe.planned)
        yield lambda: bars.advance(task)


def _words(outcome: Outcome) -> Iterator[str]:
    calibration, certificate = outcome.calibration, outcome.certificate
    threshold = f"{calibration.threshold / 10_000:.4f}"
    promise = f"{calibration.alpha:.2%} with confidence {1 - calibration.delta:.0%}"
    found, errors = certificate.counted
    if certificate.certified:
        yield (
            f"Certified: of documents with tables accepted from confidence {threshold} on, at most {promise} "
            f"hold a wrong cell in them ({errors} of {found} did)."
        )
        return
    yield (
        f"Not certified: at the strictest threshold {errors} of {found} documents hold a wrong cell in an "
        f"accepted table; that does not show at most {promise}."
    )
    if certificate.needed is None:
        yield "More documents would not help: there are more errors than that among them."
    else:
        yield f"It takes {certificate.needed} documents in the calibrate split with no more errors than these."
    yield f"The threshold is {threshold}: accepted is what is likelier right than wrong, without a promise."


def _draw(outcome: Outcome) -> None:
    headers = ("documents", "with an error", "right tables", "accepted", "AUROC")
    grid = simple_grid("held-out documents", *headers, right=headers)
    for name, held in ({"all": outcome.test} | outcome.tiers).items():
        grid.add_row(name, *_figures(held))
    out().print(grid)


def _figures(held: Held) -> tuple[str, ...]:
    share = f"{held.accepted / held.right:.1%}" if held.right else "–"
    roc = "–" if held.auroc is None else f"{held.auroc:.3f}"
    return str(held.counted.documents), str(held.counted.errors), str(held.right), share, roc


def _said(splits: Splits) -> str:
    kept = (
        ""
        if splits.accepted is None or splits.errors is None
        else f"; in these {splits.accepted:.1%} of right tables accepted, "
        f"at most {splits.errors:.2%} of documents with an error"
    )
    return (
        f"{splits.splits} splits: a threshold certified in {splits.certified}, its promise broken in "
        f"{splits.violated}{kept}"
    )


def _as_data(outcome: Outcome, splits: Splits | None, file: Path | None) -> dict[str, Any]:
    calibration = outcome.calibration
    return {
        "out": str(file) if file else None,
        "threshold": calibration.threshold / 10_000,
        "certified": calibration.certified,
        "alpha": float(calibration.alpha),
        "delta": float(calibration.delta),
        "documents": calibration.documents,
        "errors": calibration.errors,
        "needed": outcome.certificate.needed,
        "test": _held(outcome.test),
        "by_tier": {tier: _held(held) for tier, held in outcome.tiers.items()},
        "splits": splits._asdict() if splits else None,
    }


def _held(held: Held) -> dict[str, Any]:
    return {**held._asdict(), "counted": held.counted._asdict()}
