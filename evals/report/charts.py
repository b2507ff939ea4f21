"""Charts as inline SVG. Colours are the variables of the page, so that they follow light, dark and print.

No text of a document or of a run enters a chart: its curves are told apart by colour, the page says which is which.
"""

from __future__ import annotations

from collections.abc import Sequence
from io import StringIO
from typing import Any, NamedTuple

import altair as alt

from evals.metrics.confidence import Bin, Point
from evals.metrics.summary import wilson

COLOURS = ("var(--c1)", "var(--c2)", "var(--c3)", "var(--c4)", "var(--c5)", "var(--c6)")
"""Colours of runs, told apart by colour-blind readers too; from the seventh on they repeat."""

_WIDTH, _HEIGHT, _BAR = 380, 250, 46
# A curve of thousands of points is no smoother to the eye than one of a few hundred.
_POINTS = 240
# Of the first few tables one wrong one is a large share: they do not set the scale.
_FEW = 0.05
_LEAST_RISK = 0.05
_INK, _SOFT, _RULE = "var(--ink)", "var(--soft)", "var(--rule)"


class Curve(NamedTuple):
    """A risk–coverage curve in its colour; `accepted` is what the router accepted: coverage and risk."""

    points: Sequence[Point]
    colour: str
    accepted: tuple[float, float] | None = None


def risk_coverage(curves: Sequence[Curve]) -> str:
    """The share of wrong tables among the surest, by how many are taken; a single curve with its 95 % band."""
    drawn = [_steps(curve.points) for curve in curves]
    risks = [step.risk for steps in drawn for step in steps if step.coverage >= _FEW]
    top = min(1.0, max(_LEAST_RISK, 1.25 * max(risks, default=0.0)))
    whole = alt.Scale(domain=[0, 1])
    x = alt.X("coverage:Q", title="share of tables taken, the surest first", axis=_percent(), scale=whole)
    y = alt.Y("risk:Q", title="wrong among them", axis=_percent(), scale=alt.Scale(domain=[0, top]))
    layers: list[Any] = []
    if len(curves) == 1:
        band = alt.Chart(_data(_band(drawn[0], top))).encode(x=x, y=y)
        layers.append(band.mark_area(color=curves[0].colour, opacity=0.16).encode(y2="high:Q"))
    for curve, steps in zip(curves, drawn, strict=True):
        rows = [{"coverage": step.coverage, "risk": min(step.risk, top)} for step in steps]
        layers.append(alt.Chart(_data(rows)).mark_line(color=curve.colour, strokeWidth=2.2).encode(x=x, y=y))
        if curve.accepted:
            coverage, risk = curve.accepted
            spot = {"coverage": coverage, "risk": min(risk, top)}
            point = alt.Chart(_data([spot])).mark_point(
                color=curve.colour, fill="var(--sheet)", size=90, strokeWidth=2.4, opacity=1
            )
            layers.append(point.encode(x=x, y=y))
    return _svg(alt.layer(*layers).properties(width=_WIDTH, height=_HEIGHT + _BAR + 8))


class _Step(NamedTuple):
    """A number of tables taken, and how many of them are to be expected wrong."""

    tables: int
    wrong: float
    coverage: float

    @property
    def risk(self) -> float:
        return self.wrong / self.tables


def _steps(points: Sequence[Point]) -> list[_Step]:
    """A curve table by table, thinned: those of one confidence come in no order, each with its share of the wrong."""
    found: list[_Step] = []
    before, wrong = 0, 0
    total = points[-1].tables if points else 0
    for point in points:
        share = (point.wrong_tables - wrong) / (point.tables - before)
        found += [
            _Step(tables, wrong + share * (tables - before), tables / total)
            for tables in range(before + 1, point.tables + 1)
        ]
        before, wrong = point.tables, point.wrong_tables
    pace = -(-total // _POINTS) or 1
    return [*found[:-1:pace], *found[-1:]]


def _band(steps: Sequence[_Step], top: float) -> list[dict[str, float]]:
    found = []
    for step in steps:
        low, high = wilson(round(step.wrong), step.tables)
        found.append({"coverage": step.coverage, "risk": min(low, top), "high": min(high, top)})
    return found


def reliability(bins: Sequence[Bin]) -> str:
    """How often tables of a confidence are right, with 95 % intervals, over how many there are."""
    rows = []
    for each in bins:
        low, high = wilson(round(each.right * each.tables), each.tables)
        rows.append({**each.model_dump(), "below": low, "above": high, "base": 0})
    scale = alt.Scale(domain=[0, 1])
    x = alt.X("confidence:Q", title=None, axis=alt.Axis(labels=False, tickCount=5), scale=scale)
    y = alt.Y("right:Q", title="right", axis=_percent(), scale=scale)
    ends = _data([{"confidence": end, "right": end} for end in (0.0, 1.0)])
    diagonal = alt.Chart(ends).mark_line(color=_SOFT, strokeDash=[3, 4], strokeWidth=1.2).encode(x=x, y=y)
    base = alt.Chart(_data(rows))
    reach = base.mark_rule(color=COLOURS[0], strokeWidth=1.6).encode(
        x=x, y=alt.Y("below:Q", title="right", scale=scale), y2="above:Q"
    )
    spots = base.mark_point(color=COLOURS[0], fill=COLOURS[0], size=60, opacity=1, strokeWidth=1).encode(
        x=x, y=y
    )
    bars = base.mark_rect(color=COLOURS[0], opacity=0.5).encode(
        x=alt.X("low:Q", title="confidence", axis=_percent(), scale=scale),
        x2="high:Q",
        y=alt.Y("tables:Q", title="tables", axis=alt.Axis(tickCount=2, format="d", grid=False)),
        y2="base:Q",
    )
    upper = alt.layer(diagonal, reach, spots).properties(width=_WIDTH, height=_HEIGHT - 30)
    return _svg(alt.vconcat(upper, bars.properties(width=_WIDTH, height=_BAR), spacing=10))


def _percent() -> alt.Axis:
    return alt.Axis(format=".0%", tickCount=5)


def _data(rows: list[dict[str, Any]]) -> alt.InlineData:
    return alt.InlineData(values=rows)


def _svg(chart: Any) -> str:
    text = {"labelColor": _SOFT, "titleColor": _SOFT, "labelFontSize": 11.5, "titleFontSize": 12}
    lines = {"gridColor": _RULE, "domainColor": _RULE, "tickColor": _RULE, "gridOpacity": 0.7}
    drawn = chart.configure(background="transparent", padding=2).configure_view(stroke=None)
    drawn = drawn.configure_axis(**text, **lines, titleFontWeight="normal", titlePadding=8, ticks=False)
    file = StringIO()
    drawn.save(file, format="svg")
    return file.getvalue()
