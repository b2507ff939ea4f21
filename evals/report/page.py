"""The page of runs: one file, nothing from the network, readable without scripts, fit to be printed."""

from __future__ import annotations

import base64
import hashlib
import shlex
from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from evals.metrics.summary import Interval
from evals.paired.comparison import Difference
from evals.report.charts import COLOURS, Curve, reliability, risk_coverage
from evals.report.drill import FATES
from evals.report.gather import FIGURES, RunView, against_first, change, reach, views
from evals.run.choices import BASELINES, SIMULATED
from evals.run.record import Run
from evals.run.show import COMPARABLE, COSTS, SCORES, SHARES, figure
from worker.export.plain import as_printed

_FOLDER = Path(__file__).parent
_PERCENT = "\N{NO-BREAK SPACE}%"


def page(runs: Sequence[Run]) -> str:
    """The whole page; of several runs the later ones are held against the first."""
    environment = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        figure=_figure,
        interval=_interval,
        reach=reach,
        change=change,
        difference=_difference,
        number=_number,
        word=SHARES.__getitem__,
        printed=as_printed,
        risk_coverage=_risk_coverage,
        reliability=lambda view: Markup(reliability(view.summary.reliability)),  # noqa: S704
        command=_command,
    )
    environment.tests["without"] = lambda name, summary: summary.estimates[name].value is None
    script = (_FOLDER / "filter.js").read_text(encoding="utf-8")
    told = views(runs)
    return environment.get_template("page.html.j2").render(
        views=told,
        others=against_first(told),
        words=SHARES,
        sections=FIGURES,
        costs=COSTS,
        comparable=COMPARABLE,
        fates=FATES,
        colours=COLOURS,
        script=Markup(script),  # noqa: S704
        digest=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    )


def _risk_coverage(told: Sequence[RunView]) -> Markup:
    curves = [
        Curve(view.summary.curve, COLOURS[number % len(COLOURS)], view.accepted)
        for number, view in enumerate(told)
    ]
    return Markup(risk_coverage(curves))  # noqa: S704


def _figure(value: float | None, name: str) -> str:
    return figure(name, value).replace(" %", _PERCENT)


def _interval(bounds: Interval | None, name: str) -> str:
    """From … to, the unit said once."""
    if not bounds:
        return ""
    low, high = (_figure(end, name) for end in bounds)
    return low.removesuffix(_PERCENT) + "\N{EN DASH}" + high


def _difference(found: Difference) -> str:
    """A difference with its bounds, in percentage points for shares: +2.1 (0.3 to 4.0)."""
    if found.before is None or found.after is None:
        return ""
    size, digits = (1, 3) if found.name in SCORES else (100, 3 if found.name == "escape_rate" else 1)
    words = _signed(size * (found.after - found.before), digits)
    if found.low is not None and found.high is not None:
        words += f" ({_signed(size * found.low, digits)} to {_signed(size * found.high, digits)})"
    return words


def _signed(value: float, digits: int) -> str:
    shown = f"{value:+.{digits}f}"
    return "0" if not shown.strip("+-0.") else shown.replace("-", "\N{MINUS SIGN}")


def _number(value: float | None, digits: int = 0) -> str:
    return "\N{EN DASH}" if value is None else f"{value:,.{digits}f}" if value else "0"


def _command(run: Run) -> str:
    """The command that makes a run of this recipe."""
    recipe = run.record.recipe
    options: dict[str, object] = {
        "model": recipe.model,
        "reader": None if recipe.reader in BASELINES else recipe.reader,
        "wire": recipe.wire,
        "tier": recipe.tiers,
        "cases": recipe.cases,
        "seed": recipe.seed,
    }
    if recipe.model == SIMULATED:
        options |= {"cell-errors": recipe.cell_errors, "structure-errors": recipe.structure_errors}
    if recipe.request_errors:
        options["request-errors"] = recipe.request_errors
    words = ["gouji", "eval", "run"]
    for name, value in options.items():
        for each in value if isinstance(value, tuple) else (value,):
            words += [f"--{name}", str(each)] if each is not None else []
    if recipe.instructions:
        words.append("--instructions")
    for name in [recipe.reader] if recipe.reader in BASELINES else run.baselines:
        words += ["--baseline", name]
    return shlex.join(words)
