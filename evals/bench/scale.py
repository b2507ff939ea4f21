"""Cost of reconciliation by the size of a table: `python -m evals.bench.scale --chart FILE.svg`.

One synthetic table of each size (code, name and six columns of figures, a hierarchy of three levels), as it is, with
every figure rounded by itself, and with one wrong figure. Seconds are CPU time of one process, the least of some runs.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import sys
import time
from collections.abc import Callable, Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path

import altair as alt

from evals.synthetic import large_draft
from evals.typed import typed
from schemas import AnyTable, Finding
from schemas.tables import CellRef
from worker.reconcile import reconcile

_SIZES = (100, 200, 500, 1000, 2000, 5000, 10000, 20000)


def measure(rows: int, seed: int, repeat: int) -> dict[str, float]:
    """Seconds to verify a table that closes, one that closes but for rounding, and to locate one wrong figure."""
    table = typed(large_draft(seed, rows).gold[0])
    rounded = _each(table, lambda value: (value / 100).quantize(Decimal("0.01"), ROUND_HALF_EVEN))
    rng = random.Random(seed)
    row = rng.choice([index for index, found in enumerate(table.rows) if found.figure("basic")])
    wrong = CellRef("t", row, "basic")
    damaged = _each(table, lambda value: value)
    cell = damaged.rows[row].get("basic")
    if cell is None or cell.amount is None:
        raise ValueError(f"{wrong} is blank")
    amount = cell.amount.model_copy(update={"value": cell.amount.value + 90})
    damaged.rows[row].put("basic", cell.model_copy(update={"amount": amount}))
    found = _failed(damaged)
    if _failed(table) or _failed(rounded) or not found or found[0].suspects[0].cell != wrong:
        raise ValueError(f"{rows} rows: the table does not close, or {wrong} is not the first suspect")
    return {
        "rows": rows,
        "verify_seconds": _least(lambda: _failed(table), repeat),
        "verify_rounded_seconds": _least(lambda: _failed(rounded), repeat),
        "locate_seconds": _least(lambda: _failed(damaged), repeat),
    }


def _each(table: AnyTable, change: Callable[[Decimal], Decimal]) -> AnyTable:
    """A copy of a table with other figures, as many decimals as before."""
    result = table.model_copy(update={"rows": [row.model_copy(deep=True) for row in table.rows]})
    for row in result.rows:
        for column, cell in list(row.cells()):
            if cell.amount:
                amount = cell.amount.model_copy(update={"value": change(cell.amount.value)})
                row.put(column, cell.model_copy(update={"amount": amount}))
    return result


def _failed(table: AnyTable) -> list[Finding]:
    findings = reconcile({"t": table})
    return [f for f in findings if f.status == "failed" and not f.check.startswith("lexicon.")]


def _least(run: Callable[[], object], repeat: int) -> float:
    seconds = []
    for _ in range(repeat):
        start = time.process_time()
        run()
        seconds.append(time.process_time() - start)
    return round(min(seconds), 3)


def growth(found: Sequence[dict[str, float]], key: str) -> float:
    """The exponent of growth between the smallest table of at least 1,000 rows and the largest: 1 is linear."""
    first, last = next(one for one in found if one["rows"] >= 1000), found[-1]
    return round(math.log(last[key] / first[key]) / math.log(last["rows"] / first["rows"]), 2)


def draw(found: Sequence[dict[str, float]], path: Path) -> None:
    """Seconds over rows, both axes logarithmic, as SVG."""
    names = {
        "verify_seconds": "verify, closes to the digit",
        "verify_rounded_seconds": "verify, every figure rounded",
        "locate_seconds": "verify and locate one wrong figure",
    }
    values = [
        {"rows": one["rows"], "seconds": one[key], "work": names[key]} for one in found for key in names
    ]
    chart = (
        alt.Chart(alt.Data(values=values), width=520, height=300)  # type: ignore[no-untyped-call]
        .mark_line(point=True)
        .encode(
            x=alt.X("rows:Q", scale=alt.Scale(type="log"), title="rows"),
            y=alt.Y("seconds:Q", scale=alt.Scale(type="log"), title="CPU seconds"),
            color=alt.Color("work:N", title=None, sort=list(names.values())),
        )
        .configure(background="white")
    )
    chart.save(str(path))


def main(arguments: Sequence[str]) -> None:
    """Measures, prints one JSON object, and draws."""
    parser = argparse.ArgumentParser(prog="python -m evals.bench.scale", description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=_SIZES)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--chart", type=Path)
    given = parser.parse_args(arguments)
    found = [measure(rows, given.seed, given.repeat) for rows in sorted(given.rows)]
    result: dict[str, object] = {"sizes": found}
    if found[-1]["rows"] > 1000:
        keys = [key for key in found[0] if key != "rows"]
        result["growth"] = {key: growth(found, key) for key in keys}
    sys.stdout.write(json.dumps(result, indent=1) + "\n")
    if given.chart:
        draw(found, given.chart)


if __name__ == "__main__":
    main(sys.argv[1:])
