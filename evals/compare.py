"""`gouji eval compare`: what got better, what got worse, and whether that can be chance."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from worker.cli.console import Json, out, print_json

if TYPE_CHECKING:
    from rich.console import RenderableType

    from evals.paired.comparison import Changed, Comparison

_LISTED = 20
_SURE = 0.05


def compare(
    before: Annotated[Path, typer.Argument(metavar="A", help="Folder of the run before.")],
    after: Annotated[Path, typer.Argument(metavar="B", help="Folder of the run after.")],
    as_json: Json = False,
) -> None:
    """Hold two runs together: what got better, what got worse, and whether that can be chance."""
    from evals.paired.comparison import compare_runs
    from evals.run.record import load_run

    found = compare_runs(load_run(before), load_run(after))
    if as_json:
        print_json(found.model_dump())
        return
    for part in _draw(found):
        out().print(part)


def _draw(found: Comparison) -> Iterator[RenderableType]:
    from rich.text import Text

    from evals.run.show import SCORES, SHARES, figure
    from worker.cli.lists import simple_grid

    apart = found.only_before + found.only_after
    yield Text(
        f"{found.documents} documents in both runs" + (f", {apart} in one only" if apart else ""), "bold"
    )
    headers = ("before", "after", "difference, 95 %", "p")
    grid = simple_grid("", *headers, right=headers)
    for each in found.differences:
        if each.name not in SHARES or each.before == each.after:
            continue
        bounds = ""
        if each.low is not None and each.high is not None:
            sure = each.low > 0 or each.high < 0
            size, digits = (1, 3) if each.name in SCORES else (100, 2)
            bounds = f"{size * each.low:+.{digits}f} … {size * each.high:+.{digits}f}" + (
                " *" if sure else "  "
            )
        values = figure(each.name, each.before), figure(each.name, each.after)
        grid.add_row(SHARES[each.name], *values, bounds, "" if each.p is None else f"{each.p:.3f}")
    if not grid.rows:
        yield Text("No figure differs.")
    else:
        yield grid
        yield Text("shares in percentage points; * the interval does not hold zero", "dim")
    yield Text()
    yield Text(
        f"{found.gained} tables became exact, {found.lost} ceased to be: {_words(found.mcnemar)} (McNemar)."
    )
    if found.wilcoxon is not None:
        yield Text(f"Wrong cells by document: {_words(found.wilcoxon)} (Wilcoxon).")
    for change, style in (("worse", "red"), ("better", "green")):
        tables = [table for table in found.tables if table.change == change]
        yield from (_line(table, style) for table in tables[:_LISTED])
        if len(tables) > _LISTED:
            yield Text(f"and {len(tables) - _LISTED} more are {change}", "dim")


def _line(table: Changed, style: str) -> RenderableType:
    from rich.text import Text

    before, after = (status or "missing" for status in table.status)
    moved = f", {before} → {after}" if before != after else ""
    words = f"{table.case} {table.kind} {table.ordinal}: {table.errors[0]} → {table.errors[1]} wrong cells"
    return Text.assemble((f"{table.change:<7}", style), words, moved)


def _words(p: float) -> str:
    return f"p = {p:.3g}" + (", hardly chance" if p < _SURE else ", may be chance")
