"""The report as one HTML page: no scripts, nothing from the network, fit to be printed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from worker.export import Failure
from worker.report.gather import SCOPES, VERDICTS, DocumentReport

# Shares below this say no more than that they are small.
_LEAST_SHARE = Decimal("0.0001")


def page(reports: Sequence[DocumentReport], failures: Iterable[Failure] = (), *, on: date) -> str:
    """The whole page; `failures` are documents that could not be read, `on` is the day of the report."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(figure=_figure, share=_share)
    return environment.get_template("page.html.j2").render(
        reports=reports, failures=list(failures), on=on, verdicts=VERDICTS, scopes=SCOPES
    )


def _figure(value: Decimal | None, places: int = 0) -> str:
    """A figure with thousands divided and at least so many decimals."""
    if value is None:
        return ""
    exponent = value.as_tuple().exponent
    shown = f"{value:,.{max(places, -exponent if isinstance(exponent, int) else 0)}f}"
    return shown.replace("-", "\N{MINUS SIGN}")


def _share(share: Decimal) -> str:
    return f"{share:.2%}" if share >= _LEAST_SHARE else "< 0.01%"
