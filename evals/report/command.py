"""`gouji eval report`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from worker.cli.console import say, stop


def report(
    folders: Annotated[
        list[Path], typer.Argument(metavar="DIR…", help="Folders of runs; several stand side by side.")
    ],
    file: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="The page to write.")],
) -> None:
    """Make one page of runs, to be opened without network: charts, tables, and the cells that are wrong.

    Differences are those to the first folder.
    """
    from evals.report.page import page
    from evals.run.record import load_run

    if not file.parent.is_dir():
        stop(f"{file}: there is no folder {file.parent}; make it first")
    runs = [load_run(folder) for folder in folders]
    file.write_text(page(runs), encoding="utf-8")
    say(f"Report on {len(runs)} {'run' if len(runs) == 1 else 'runs'} in {file}")
