"""A run as a terminal shows it: progress while it goes on, then its figures."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from rich.console import Group, RenderableType
from rich.table import Table as Grid
from rich.text import Text

from evals.metrics import CaseScore, Estimate, Summary
from evals.run.recipe import Recipe
from evals.run.record import Metrics, Run
from worker.cli.console import err
from worker.cli.lists import simple_grid

SHARES: Mapping[str, str] = {
    "exact_table_rate": "exact tables",
    "exact_row_rate": "exact rows",
    "cell_precision": "cell precision",
    "cell_recall": "cell recall",
    "cell_f1": "cell F1",
    "numeric_exact_match": "figures with their unit",
    "text_cell_f1": "text cells F1",
    "accept_rate": "accepted",
    "right_accepted_rate": "accepted of the right ones",
    "accepted_exact_rate": "right of the accepted ones",
    "escape_rate": "wrong cells in accepted tables",
    "closure_rate": "tables that close",
    "p_correct_given_closed": "right if it closes",
    "p_closed_given_correct": "closes if right",
    "auroc": "AUROC of confidence",
    "aurc": "AURC",
    "brier": "Brier score",
    "ece": "calibration error",
    "grits_con": "GriTS-Con",
    "teds": "TEDS",
    "row_recall": "rows found",
    "blank_form_rate": "blank forms read as blank",
    "ungrounded_rate": "figures not in the source",
    "wrong_span_rate": "figures with a wrong place",
    "fault_found_rate": "planted faults found",
    "hit_at_1": "planted fault is first suspect",
    "hit_at_set": "planted fault is a suspect",
    "contradiction_recall": "planted contradictions found",
    "contradiction_precision": "contradictions that were planted",
}
"""The shares and scores by the words that the terminal uses for them."""

SCORES = frozenset({"auroc", "aurc", "brier", "ece", "grits_con", "teds"})
"""Those that are no shares."""

COMPARABLE = (
    "exact_table_rate",
    "exact_row_rate",
    "cell_precision",
    "cell_recall",
    "cell_f1",
    "numeric_exact_match",
    "grits_con",
    "teds",
    "escape_rate",
    "ungrounded_rate",
)
"""What a baseline is compared by: accepted is all that it brings."""

COSTS: Mapping[str, tuple[str, int]] = {
    "prompt_tokens": ("prompt tokens", 0),
    "output_tokens": ("output tokens", 0),
    "cost_usd": ("USD", 4),
    "seconds": ("seconds", 2),
}
"""What a run costs, in words, and with how many decimals."""

_COLUMNS = ("exact_table_rate", "cell_f1", "accept_rate", "escape_rate", "auroc")
_HEADERS = ("tables", "exact", "cell F1", "accepted", "escape", "AUROC")


@contextmanager
def progress(recipe: Recipe, times: int = 1) -> Iterator[Callable[[CaseScore, bool], None]]:
    """A bar on standard error while there is someone to see it; every case is read so many times."""
    if not err().is_terminal:
        yield lambda *_: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=err(), transient=True) as bars:
        task = bars.add_task("documents", total=times * recipe.planned)

        def report(case: CaseScore, _known: bool) -> None:
            bars.update(task, advance=1, description=f"{case.tier} documents")

        yield report


def share(value: float | None, digits: int = 1) -> str:
    """A share in percent: 98.7 %."""
    return "–" if value is None else f"{100 * value:.{digits}f} %"


def figure(name: str, value: float | None) -> str:
    """A figure as it is usually given: shares in percent, scores as they are."""
    if value is None:
        return "–"
    if name in SCORES:
        return f"{value:.3f}"
    return share(value, 3 if name == "escape_rate" else 1)


def draw_run(run: Run) -> Iterator[RenderableType]:
    """The run in figures: what it was, all figures with their intervals, and by tier and kind."""
    overall = run.metrics.overall
    yield Text(_heading(run), "bold")
    yield Text(_scale(overall), "dim")
    yield Text()
    yield _estimates(overall)
    yield Text()
    yield from _groups(run.metrics)
    if overall.errors:
        yield _error_classes(overall)
        yield Text()
    yield _costs(overall)
    if run.baselines:
        yield Text()
        yield _beside(run)
    for case in run.cases:
        if case.error:
            yield Text.assemble(("failed  ", "red"), f"{case.id}: {case.error}")


def _heading(run: Run) -> str:
    recipe = run.record.recipe
    model = f" · {recipe.model} · {recipe.wire}" if recipe.model else ""
    documents = run.metrics.overall.counts["cases"]
    return f"{recipe.reader} reader{model} · {', '.join(recipe.tiers)} · {documents} documents"


def _scale(summary: Summary) -> str:
    counts = summary.counts
    words = [
        f"{counts['bodies']} issuing bodies",
        f"{counts['tables']} tables with {counts['cells']} figures",
        f"{counts['blank_forms']} blank forms",
        *([f"{counts['missing_tables']} tables missing"] if counts["missing_tables"] else []),
        *([f"{counts['extra_tables']} tables in no gold"] if counts["extra_tables"] else []),
        *([f"{counts['failed_cases']} documents failed"] if counts["failed_cases"] else []),
    ]
    return " · ".join(words)


def _estimates(summary: Summary) -> RenderableType:
    grid = simple_grid("", "", "of", "Wilson 95 %", "bootstrap 95 %", right=("", "of"))
    grid.columns[0].justify = "left"
    for name, words in SHARES.items():
        estimate = summary.estimates[name]
        if estimate.value is None and estimate.whole in {None, 0} and name not in {"auroc", "escape_rate"}:
            continue
        style = "bold" if name == "exact_table_rate" else ""
        grid.add_row(
            Text(words, style),
            Text(figure(name, estimate.value), style),
            Text(_counted(name, estimate, summary), "dim"),
            Text(_interval(name, estimate.wilson), "dim"),
            Text(_interval(name, estimate.bootstrap), "dim"),
        )
    return grid


def _counted(name: str, estimate: Estimate, summary: Summary) -> str:
    if name == "auroc":
        points = summary.curve
        wrong = points[-1].wrong_tables if points else 0
        total = points[-1].tables if points else 0
        return f"{total - wrong} right, {wrong} wrong"
    return (
        f"{estimate.part}/{estimate.whole}"
        if estimate.whole and name not in {"cell_f1", "text_cell_f1"}
        else ""
    )


def _interval(name: str, interval: tuple[float, float] | None) -> str:
    return f"{figure(name, interval[0])} – {figure(name, interval[1])}" if interval else ""


def _groups(metrics: Metrics) -> Iterator[RenderableType]:
    for group, members in metrics.by.items():
        if len(members) < 2:
            continue
        grid = simple_grid(group, *_HEADERS, right=_HEADERS)
        for name, summary in members.items():
            values = (figure(each, summary.estimates[each].value) for each in _COLUMNS)
            grid.add_row(name, str(summary.counts["tables"]), *values)
        yield grid
        yield Text()


def _error_classes(summary: Summary) -> Grid:
    headers = ("cells", "set right", "held back", "escaped", "share", "tables", "held", "accepted wrong")
    grid = simple_grid("errors put in", "", *headers, right=headers)
    for each in summary.errors:
        style = "red" if each.escaped else "dim"
        grid.add_row(
            each.error.replace("_", " "),
            {"print": "in print", "model": "by the model"}[each.origin],
            *map(str, (each.cells, max(0, each.cells - each.wrong), each.wrong - each.escaped)),
            Text(str(each.escaped), style),
            Text(share(each.escape_rate, 2), style),
            *map(str, (each.tables, each.held, each.passed)),
        )
    return grid


def _costs(summary: Summary) -> RenderableType:
    headers = ("in all", "a table", "an accepted right table")
    grid = simple_grid("", *headers, right=headers)
    for name, (words, digits) in COSTS.items():
        values = (summary.costs[name], summary.per_table[name], summary.per_right[name])
        grid.add_row(words, *(_number(value, digits) for value in values))
    return Group(grid)


def _number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:,.{digits}f}"


def _beside(run: Run) -> RenderableType:
    """A run and its baselines side by side."""
    runs = {f"{run.record.recipe.reader} reader": run, **run.baselines}
    grid = simple_grid("on the same documents", *runs, right=tuple(runs))
    summaries = [each.metrics.overall for each in runs.values()]
    for name in COMPARABLE:
        grid.add_row(SHARES[name], *(figure(name, each.estimates[name].value) for each in summaries))
    for name, (words, digits) in COSTS.items():
        grid.add_row(f"{words} a table", *(_number(each.per_table[name], digits) for each in summaries))
    failed = [each.counts["failed_cases"] for each in summaries]
    if any(failed):
        grid.add_row("documents failed", *map(str, failed))
    return Group(grid)
