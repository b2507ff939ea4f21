"""Options that several commands of `gouji eval` have, declared once."""

from __future__ import annotations

from typing import Annotated

import typer

from evals.run.choices import TierChoice, Wire

Jobs = Annotated[
    int | None,
    typer.Option("--jobs", "-j", min=1, help="Processes; by default one a processor.", show_default=False),
]
Seed = Annotated[int, typer.Option(help="Seed of made documents and of the simulated model.")]
Tiers = Annotated[
    list[TierChoice] | None,
    typer.Option(
        help="What is read, several times for several; by default real ones are, to calibrate all that are made.",
        show_default=False,
    ),
]
Wires = Annotated[Wire, typer.Option(help="How a model answers.")]
