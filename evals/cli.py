"""`gouji eval`: a thin list of its commands, each in its own module, and what they need beside the core."""

from __future__ import annotations

from importlib.util import find_spec

import typer

from evals.annotate import annotate
from evals.calibrate.command import calibrate
from evals.compare import compare
from evals.gate import gate
from evals.report.command import report
from evals.run.command import run

app = typer.Typer(no_args_is_help=True)
app.command()(run)
app.command()(compare)
app.command()(gate)
app.command()(calibrate)
app.command()(report)
app.command()(annotate)


@app.callback()
def needs() -> None:
    """Measure how good it is, with which model, at what cost, and how sure that is."""
    if not all(find_spec(name) for name in ("altair", "rapidfuzz", "sklearn", "vl_convert")):
        from schemas import ConfigError

        raise ConfigError("gouji eval needs packages beside the core: pip install 'gouji[evals]'")
