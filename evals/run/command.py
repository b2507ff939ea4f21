"""`gouji eval run`."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer

from evals.cases import Split
from evals.run.choices import BASELINES, BUNDLED_WORD, CASES, EMBEDDED, SIMULATED, BaselineChoice, Reader
from evals.run.options import Jobs, Seed, Tiers, Wires
from worker.cli.console import OK, SOME_FAILED, Json, hint, out, print_json, say

if TYPE_CHECKING:
    from evals.run.record import Run

_REASONS = 2


def run(
    model: Annotated[
        str | None,
        typer.Option(
            help=f"A model behind OPENAI_BASE_URL, “{EMBEDDED}”: the one of gouji's own, or “{SIMULATED}”: one that "
            "errs on purpose, to measure what the checks let through.",
            show_default=False,
        ),
    ] = None,
    reader: Annotated[
        Reader | None,
        typer.Option(
            help="Who reads; by default the model if one is named, else layout.", show_default=False
        ),
    ] = None,
    wire: Wires = "refs",
    baseline: Annotated[
        list[BaselineChoice] | None,
        typer.Option(
            help="Have this baseline read the same documents beside, several times for several: “naive” by one prompt "
            "through the endpoint of the model, “lines” by separators alone.",
            show_default=False,
        ),
    ] = None,
    tier: Tiers = None,
    cases: Annotated[
        int | None,
        typer.Option(
            min=1,
            help=f"Documents in each tier; by default all real ones, {CASES} made ones.",
            show_default=False,
        ),
    ] = None,
    split: Annotated[
        Split | None,
        typer.Option(help="Documents of the issuing bodies in this split alone.", show_default=False),
    ] = None,
    corpus: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="DIR",
            help="Real documents from this folder, as gouji eval annotate writes it, instead of the bundled ones; "
            f"several times for several, “{BUNDLED_WORD}” for those.",
            show_default=False,
        ),
    ] = None,
    seed: Seed = 0,
    cell_errors: Annotated[
        float, typer.Option(min=0, max=1, help="Share of figures that the simulated model gets wrong.")
    ] = 0.02,
    structure_errors: Annotated[
        float, typer.Option(min=0, max=1, help="Share of tables whose structure it gets wrong.")
    ] = 0.05,
    request_errors: Annotated[
        float,
        typer.Option(
            min=0, max=1, help="Share of requests that it fails: broken JSON, 429 and 500, a third each."
        ),
    ] = 0.0,
    instructions: Annotated[
        bool, typer.Option("--instructions", help="Put a line that addresses the model under every table.")
    ] = False,
    folder: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar="DIR",
            help="Folder for the run; one that broke off there goes on. Without it nothing is kept.",
            show_default=False,
        ),
    ] = None,
    jobs: Jobs = None,
    as_json: Json = False,
) -> None:
    """Read documents whose tables are known, and measure how good the result is and how well errors are caught."""
    from evals.run.recipe import recipe_of
    from evals.run.runner import run as measure
    from evals.run.show import draw_run, progress
    from schemas import ConfigError

    recipe = recipe_of(
        model=model,
        reader=reader,
        wire=wire,
        tiers=tier or [],
        cases=cases,
        seed=seed,
        cell_errors=cell_errors,
        structure_errors=structure_errors,
        request_errors=request_errors,
        instructions=instructions,
        corpora=corpus or [],
        split=split,
    )
    beside = [name for name in BASELINES if name in (baseline or ())]
    if "naive" in beside and not recipe.model:
        raise ConfigError("--baseline naive asks a model: name one with --model, and --reader llm or both")
    with _folder(folder) as place, progress(recipe, 1 + len(beside)) as report:
        found = measure(recipe, place, jobs or os.cpu_count() or 1, report, beside)
    _say_problems(found)
    if as_json:
        print_json(as_data(found, folder))
    else:
        for part in draw_run(found):
            out().print(part)
        if folder:
            hint(
                f"gouji eval report {folder} makes a page of it, gouji eval compare holds two runs together."
            )
    failed = sum(each.metrics.overall.counts["failed_cases"] for each in (found, *found.baselines.values()))
    raise typer.Exit(SOME_FAILED if failed else OK)


@contextmanager
def _folder(named: Path | None) -> Iterator[Path]:
    if named:
        yield named
        return
    with TemporaryDirectory() as name:
        yield Path(name)


def _say_problems(run: Run) -> None:
    problems = Counter(problem for case in run.cases for problem in case.problems)
    if problems:
        said = "; ".join(reason for reason, _ in problems.most_common(_REASONS))
        say(f"a reader brought nothing {problems.total()} times: {said}", "yellow")


def as_data(run: Run, folder: Path | None) -> dict[str, Any]:
    """A run as one JSON object: figures of all its cases by name, intervals and counts beside them; of
    each baseline those that are comparable."""
    overall = run.metrics.overall
    return {
        "out": str(folder) if folder else None,
        "run": run.record.model_dump(mode="json"),
        "metrics": overall.metrics,
        "intervals": {
            name: {"wilson": each.wilson, "bootstrap": each.bootstrap}
            for name, each in overall.estimates.items()
            if each.wilson or each.bootstrap
        },
        "counts": overall.counts,
        "per_table": overall.per_table,
        "per_accepted_right_table": overall.per_right,
        "errors": [{**each.model_dump(), "escape_rate": each.escape_rate} for each in overall.errors],
        "by": {
            group: {
                name: {"metrics": summary.metrics, "counts": summary.counts}
                for name, summary in members.items()
            }
            for group, members in run.metrics.by.items()
        },
        "failed": [{"case": case.id, "error": case.error} for case in run.cases if case.error],
        "baselines": {name: _beside(each) for name, each in run.baselines.items()},
    }


def _beside(run: Run) -> dict[str, Any]:
    """What of a baseline is comparable: it has neither a confidence nor anything that it does not accept."""
    from evals.run.show import COMPARABLE

    overall = run.metrics.overall
    return {
        "metrics": {name: overall.metrics[name] for name in (*COMPARABLE, *overall.costs)},
        "counts": overall.counts,
        "per_table": overall.per_table,
        "failed": [{"case": case.id, "error": case.error} for case in run.cases if case.error],
    }
