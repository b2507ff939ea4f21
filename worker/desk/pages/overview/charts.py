"""Charts: drawn by the toolkit, told as a table beside it, in colours that everyone can tell apart."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from nicegui import html, ui

from worker.desk.pages.text import Words

_ROW_PX, _FRAME_PX = 30, 62
_COLUMN_PX = 210
# As --sans of the style sheet: texts are measured before they are drawn.
_FONT = (
    '"Inter", "Segoe UI", system-ui, -apple-system, "Helvetica Neue", "Noto Sans", "PingFang SC", '
    '"Microsoft YaHei", "Noto Sans CJK SC", "Noto Sans SC", sans-serif'
)


class Series(NamedTuple):
    """One colour of a chart: its name, a CSS variable, its number for each label."""

    name: str
    colour: str
    numbers: Sequence[int]


class Data(NamedTuple):
    """What a chart shows."""

    labels: Sequence[str]
    series: Sequence[Series]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to draw."""
        return not any(any(each.numbers) for each in self.series)


def by_two(
    found: Mapping[str, Mapping[str, int]],
    colours: Mapping[str, str],
    named: Callable[[str], str],
    called: Callable[[str], str],
) -> Data:
    """Counts by two things: the first gives the labels, those with most first, the second the colours."""
    labels = sorted(found, key=lambda label: (-sum(found[label].values()), label))
    known = [*colours, *sorted({key for by in found.values() for key in by} - set(colours))]
    return Data(
        [named(label) for label in labels],
        [
            Series(
                called(key), colours.get(key, "--chart-other"), [found[label].get(key, 0) for label in labels]
            )
            for key in known
            if any(found[label].get(key) for label in labels)
        ],
    )


class Chart:
    """A chart with its title and, on demand, the same numbers as a table."""

    def __init__(self, title: str, about: str, first: str, words: Words, *, upright: bool = False) -> None:
        self._title, self._first, self._words, self._upright = title, first, words, upright
        self._data: Data | None = None
        with html.section().classes("chart") as section:
            section.props["aria-label"] = title
            html.h2(title)
            html.p(about).classes("desk-quiet")
            self._nothing = html.p(words("overview.nothing")).classes("chart-nothing")
            self._drawing = ui.echart({}, renderer="svg").classes("chart-drawing").props('role="img"')
            with html.details().classes("chart-numbers") as self._numbers:
                html.summary(words("overview.numbers"))
                self._table = html.div()

    def show(self, data: Data) -> None:
        """Show these numbers; nothing moves where they are those shown already."""
        if data == self._data:
            return
        self._data = data
        for element in (self._drawing, self._numbers):
            element.set_visibility(not data.is_empty)
        self._nothing.set_visibility(data.is_empty)
        if data.is_empty:
            return
        told = "; ".join(
            f"{label}: "
            + ", ".join(f"{each.name} {each.numbers[at]:,}" for each in data.series if each.numbers[at])
            for at, label in enumerate(data.labels)
        )
        self._drawing.props["aria-label"] = f"{self._title}. {told}"
        height = _COLUMN_PX if self._upright else _FRAME_PX + _ROW_PX * len(data.labels)
        self._drawing.style(f"height: {height}px")
        self._drawing.options.clear()
        self._drawing.options.update(_options(data, upright=self._upright))
        self._drawing.update()
        self._tabulate(data)

    def _tabulate(self, data: Data) -> None:
        self._table.clear()
        with self._table, html.table().classes("chart-table"):
            with html.thead(), html.tr():
                html.th(self._first).props('scope="col"')
                for each in data.series:
                    html.th(each.name).props('scope="col"')
            with html.tbody():
                for at, label in enumerate(data.labels):
                    with html.tr():
                        html.th(label).props('scope="row"')
                        for each in data.series:
                            html.td(f"{each.numbers[at]:,}")


def _options(data: Data, *, upright: bool) -> dict[str, Any]:
    """Colours are variables of the style sheet: they follow the theme without being drawn anew."""
    words = {"color": "var(--quiet)", "fontFamily": _FONT, "fontSize": 12}
    legend = not upright
    labels = {
        "type": "category",
        "data": list(data.labels),
        "inverse": not upright,
        "axisTick": {"show": False},
        "axisLine": {"lineStyle": {"color": "var(--line-strong)"}},
        "axisLabel": {**words, "color": "var(--ink)", "width": 150, "overflow": "truncate", "interval": 0},
    }
    numbers = {
        "type": "value",
        "minInterval": 1,
        "splitNumber": 4,
        "axisLabel": words,
        "splitLine": {"lineStyle": {"color": "var(--line)"}},
    }
    return {
        "animation": False,
        "grid": {
            "left": 8,
            "right": 18,
            "top": 34 if legend else 12,
            "bottom": 4,
            "containLabel": True,
        },
        "legend": {
            "show": legend,
            "left": 0,
            "top": 0,
            "itemWidth": 11,
            "itemHeight": 11,
            "itemGap": 16,
            "selectedMode": False,
            "textStyle": words,
        },
        "tooltip": {
            "trigger": "axis",
            "axisPointer": {"type": "none"},
            "backgroundColor": "var(--sheet)",
            "borderColor": "var(--line)",
            "textStyle": {"color": "var(--ink)", "fontFamily": _FONT, "fontSize": 12.5},
            # As text: a name from a document must not become markup.
            "renderMode": "richText",
        },
        "xAxis": labels if upright else numbers,
        "yAxis": numbers if upright else labels,
        "series": [
            {
                "name": each.name,
                "type": "bar",
                "stack": "all",
                "data": list(each.numbers),
                "barMaxWidth": 44 if upright else 16,
                "emphasis": {"disabled": True},
                "itemStyle": {
                    "color": f"var({each.colour})",
                    "borderColor": "var(--sheet)",
                    "borderWidth": 1,
                },
            }
            for each in data.series
        ],
    }
