"""`gouji eval gate`: a run against its baseline; what got worse beyond noise stops."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from evals.run.options import Jobs
from worker.cli.console import OK, SOME_FAILED, Json, out, print_json, say

if TYPE_CHECKING:
    from evals.paired.baseline import Baseline
    from evals.run.record import Run


def gate(
    baseline: Annotated[Path, typer.Argument(metavar="BASELINE", help="A file of evals/gates.")],
    folder: Annotated[
        Path | None,
        typer.Option(
            "--run", metavar="DIR", help="Judge this run instead of making one.", show_default=False
        ),
    ] = None,
    update: Annotated[
        bool, typer.Option("--update", help="Write what was found as the new baseline.")
    ] = False,
    jobs: Jobs = None,
    as_json: Json = False,
) -> None:
    """Run the recipe of a baseline and compare: exit code 1 where something got worse beyond noise."""
    from evals.paired.baseline import baseline_of, read_baseline, regressions, write_baseline

    before = None if update and folder else read_baseline(baseline)
    run = _run(before, folder, jobs)
    after = baseline_of(run)
    if update:
        write_baseline(baseline, after)
        say(f"{baseline} holds {len(after.documents)} documents now")
        raise typer.Exit(OK)
    found = regressions(before, after) if before else []
    if as_json:
        metrics = {
            name: {"before": before.metrics[name].value if before else None, "after": each.value}
            for name, each in after.metrics.items()
        }
        print_json({"passed": not found, "regressions": found, "metrics": metrics})
    else:
        _show(before, after, found)
    raise typer.Exit(SOME_FAILED if found else OK)


def _run(before: Baseline | None, folder: Path | None, jobs: int | None) -> Run:
    from evals.run.record import load_run
    from evals.run.runner import run
    from evals.run.show import progress
    from schemas import ConfigError

    recipe = before.recipe if before else None
    if folder:
        found = load_run(folder)
        if recipe and found.record.recipe != recipe:
            raise ConfigError(f"{folder} holds a run of another recipe than that of the baseline")
        return found
    if recipe is None:
        raise ConfigError("name the run to judge with --run DIR")
    with TemporaryDirectory() as name, progress(recipe) as report:
        return run(recipe, Path(name), jobs or os.cpu_count() or 1, report)


def _show(before: Baseline | None, after: Baseline, found: Sequence[str]) -> None:
    from rich.text import Text

    from evals.run.show import SHARES, figure
    from worker.cli.lists import hanging, simple_grid

    grid = simple_grid("", "baseline", "now", right=("baseline", "now"))
    for name, each in after.metrics.items():
        old = before.metrics[name].value if before else None
        grid.add_row(SHARES[name], figure(name, old), figure(name, each.value))
    out().print(grid)
    for words in found:
        out().print(hanging(Text("worse", "red"), Text(words)))
    if not found:
        out().print(Text(f"No regression beyond noise over {len(after.documents)} documents.", "green"))
