"""Repair of place measured: `python -m evals.bench.shifts --documents 500 --seed 1`.

Figures and labels of true synthetic tables are put into other cells, digits untouched, and the tables are repaired. A
fault is identifiable where it can be told at all: it breaks an identity of its table; every figure that it moves
stands, in the true table, in an identity over rows; and no other arrangement closes the table that is as simple or
takes one step more. A step is a line, a run of rows, two columns or a run of labels; of several lines each is judged
by itself. Repaired exactly means that all figures and labels stand where they truly do; a repair that leaves anything
elsewhere is wrong. Tables that are true, and tables with misprinted digits, must be left alone.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from decimal import Decimal
from functools import partial
from typing import NamedTuple

from evals.bench.misplaced import COLUMN_FAULTS, NEEDS_ROOM, ROW_FAULTS, Plant, Shifts, with_room
from evals.paper import PrintedTable
from evals.synthetic import Draft, draft
from evals.synthetic.dice import Dice
from evals.typed import typed
from schemas import AnyTable, Cell, Reading, Span
from worker.reconcile import repaired
from worker.reconcile.grid import Grid
from worker.reconcile.place import proposals
from worker.reconcile.place.evidence import Bench
from worker.reconcile.place.lines import lines, placements, used_columns
from worker.reconcile.place.runs import label_runs, runs
from worker.reconcile.place.search import Search, TooManyError
from worker.reconcile.place.steps import Repair, Shift, changes_of, moved

# Their figures are points, rates and claims, not money.
_NO_MONEY = {"narrative_facts", "performance_target", "performance_self_evaluation"}
_TRIES = 40
# A fault in more lines is one over the whole table.
_MOST_LINES = 3

Row = tuple[str | None, str | None, str, tuple[tuple[str, str], ...]]
Arrangement = tuple[Row, ...]


class Outcome(NamedTuple):
    """What became of one planted fault. `proposed`: the truth was among the proposals."""

    fault: str
    broken: bool
    identifiable: bool
    exact: bool
    proposed: bool
    wrong: bool


class Measured(NamedTuple):
    """One document: its tables, those touched though true, misprints, those answered by moving, and outcomes."""

    tables: int
    touched: int
    misprinted: int
    misled: int
    outcomes: tuple[Outcome, ...]


def measure(seed: int, index: int) -> Measured:
    """True, then with each class of fault in one of its tables, then with a misprint."""
    dice = Dice("shifts", seed, index)
    tables = _printed_tables(draft(seed, index))
    readings = {key: Reading(chunk=key, reader="gold", table=table) for key, table in tables.items()}
    touched = sum(bool(reading.repairs) for reading in repaired(readings).values())
    outcomes = [
        outcome
        for fault, plant in (COLUMN_FAULTS | ROW_FAULTS).items()
        if (outcome := _outcome(dice, fault, plant, readings)) is not None
    ]
    misled = [repairs for _ in range(4) if (repairs := _misprinted(dice, readings)) is not None]
    return Measured(len(tables), touched, len(misled), sum(misled), tuple(outcomes))


def _printed_tables(true: Draft) -> dict[str, AnyTable]:
    """The gold as tables whose labels know their lines."""
    at = {
        (key.kind, key.ordinal, key.row): spot.row + 1
        for block in true.paper.blocks
        if isinstance(block, PrintedTable)
        for spot, key in block.cells.items()
    }
    tables = {}
    for gold in true.gold:
        table = typed(gold)
        above: dict[str | None, int] = {}
        for number, row in enumerate(table.rows):
            # A row without figures is on the line below the one before.
            line = at.get((gold.kind, gold.ordinal, number), above.get(row.side, 0) + 1)
            above[row.side] = line
            row.label = Cell(text=row.name, span=Span(start=0, end=0, line=line))
        tables[f"{gold.kind}-{gold.ordinal}"] = table
    return tables


def _outcome(dice: Dice, fault: str, plant: Plant, readings: Mapping[str, Reading]) -> Outcome | None:
    """One fault of a class in a table where there is room for it, None if there is none."""
    keys = [key for key, reading in readings.items() if reading.table.kind not in _NO_MONEY]
    for _ in range(_TRIES if keys else 0):
        key = dice.choose(keys)
        true = with_room(readings[key].table) if fault in NEEDS_ROOM else readings[key].table
        shifts = plant(dice, Grid(key, true))
        if not shifts:
            continue
        table = moved(true, shifts)
        if _arranged(table) == _arranged(true):
            continue
        found = {**readings, key: readings[key].model_copy(update={"table": table})}
        result = repaired(found)
        exact = _arranged(result[key].table) == _arranged(true)
        repairs = sum(bool(reading.repairs) for reading in result.values())
        broken = bool(Bench(Grid(key, table)).balance.failing)
        return Outcome(
            fault=fault,
            broken=broken,
            identifiable=broken and _identifiable(true, shifts),
            exact=exact,
            proposed=not exact and _proposed(key, table, result, true),
            wrong=repairs > exact,
        )
    return None


def _proposed(key: str, table: AnyTable, readings: Mapping[str, Reading], true: AnyTable) -> bool:
    found = proposals(readings).get(key, ())
    made = (
        [Shift(*((ref.row, ref.column) for ref in move)) for move in rearrangement.moves]
        for rearrangement in found
    )
    return any(_arranged(moved(table, shifts)) == _arranged(true) for shifts in made)


def _arranged(table: AnyTable, *, zeros: bool = True) -> Arrangement:
    """What the rows that are not blank say, one after the other; without `zeros` a zero says nothing."""
    rows = (
        (
            row.side,
            row.code,
            row.name,
            tuple((c, str(x.amount.value)) for c, x in row.cells() if x.amount and (zeros or x.amount.value)),
        )
        for row in table.rows
    )
    return tuple(row for row in rows if any(row[1:]))


def _identifiable(true: AnyTable, shifts: Shifts) -> bool:
    """Whether identities over rows hold all that was moved, and each part of the fault has one simplest cure."""
    return _held(true, shifts) and all(_only_cure(true, moved(true, part)) for part in _parts(true, shifts))


def _held(true: AnyTable, shifts: Shifts) -> bool:
    bench = Bench(Grid("", true))
    held = {
        key
        for equation in bench.found
        if equation.scope not in {"row", "ratio"} and not equation.skipped
        for keys in [(*equation.left, *equation.right)]
        if sum(1 for key in keys if bench.grid.get(key).value) > 1
        for key in keys
    }
    return all(source in held for source, _ in shifts if bench.grid.get(source).value)


def _parts(true: AnyTable, shifts: Shifts) -> list[Shifts]:
    """Faults within lines one by one; a fault over several lines as a whole."""
    at = {key: number for number, line in enumerate(lines(Grid("", true))) for key in line}
    if any(at.get(source, -1) != at.get(target, -2) for source, target in shifts):
        return [shifts]
    parts: dict[int, list[Shift]] = {}
    for shift in shifts:
        parts.setdefault(at[shift.source], []).append(shift)
    if len(parts) > _MOST_LINES:
        return [shifts]
    return [tuple(part) for part in parts.values()]


def _only_cure(true: AnyTable, table: AnyTable) -> bool:
    """Whether the truth is the simplest cure of a table, and no other takes only a step more."""
    bench = Bench(Grid("", table))
    if not bench.balance.failing:
        return False
    cures = [
        (sum(step.cost for step in repair), mended.grid.table)
        for repair in _cures(bench)
        if (mended := bench.mended(repair))
    ]
    own = min((cost for cost, found in cures if _arranged(found) == _arranged(true)), default=1)
    return all(
        _arranged(found, zeros=cost <= own) == _arranged(true, zeros=cost <= own)
        for cost, found in cures
        if cost <= own + 1
    )


def _cures(bench: Bench) -> Iterator[Repair]:
    """All single steps after which no equation fails, and all repairs of two steps that the search knows."""
    first = min(bench.balance.failing, key=lambda n: len(bench.balance.equations[n].right))
    printed, used = lines(bench.grid), used_columns(bench.grid)
    for line in printed:
        for step in placements(bench.grid, line, used):
            changes = changes_of(step.shifts, bench.grid.figures)
            if not bench.balance.fails(first, changes) and not bench.balance.failing_after(changes):
                yield (step,)
    for step in (*runs(bench.grid, bench.balance, printed), *label_runs(bench.grid, bench.balance)):
        yield (step,)
    search = Search(bench.grid, bench.balance)
    search.most = 2
    with suppress(TooManyError):
        yield from (repair for _, repair in search.repairs())


def _misprinted(dice: Dice, readings: Mapping[str, Reading]) -> bool | None:
    """Whether a misprinted figure is answered with a move, None where there is no figure."""
    keys = [key for key, reading in readings.items() if Grid(key, reading.table).figures]
    if not keys:
        return None
    key = dice.choose(keys)
    table = readings[key].table
    row, column = dice.choose(sorted(Grid(key, table).figures))
    cell = table.rows[row].get(column)
    if cell is None or cell.amount is None:
        return None
    value = _slip(dice, cell.amount.value)
    wrong = cell.model_copy(update={"amount": cell.amount.model_copy(update={"value": value})})
    rows = [r.model_copy(deep=True) if i == row else r for i, r in enumerate(table.rows)]
    rows[row].put(column, wrong)
    changed = readings[key].model_copy(update={"table": table.model_copy(update={"rows": rows})})
    return any(reading.repairs for reading in repaired({**readings, key: changed}).values())


def _slip(dice: Dice, value: Decimal) -> Decimal:
    """Another figure with as many decimals: a digit wrong, dropped or doubled, or the sign."""
    digits = list(str(abs(int(value.scaleb(-(exponent := _exponent(value)))))))
    place = dice.below(len(digits))
    match dice.below(5):
        case 0 if len(digits) > 1:
            del digits[place]
        case 1:
            digits.insert(place, digits[place])
        case 2:
            return -value
        case _:
            digits[place] = dice.choose([digit for digit in "0123456789" if digit != digits[place]])
    return Decimal("".join(digits)).scaleb(exponent).copy_sign(value)


def _exponent(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0


def summary(found: Sequence[Measured]) -> dict[str, object]:
    """The figures of the benchmark."""
    outcomes = [outcome for one in found for outcome in one.outcomes]
    return {
        "documents": len(found),
        "true_tables": sum(one.tables for one in found),
        "true_tables_touched": sum(one.touched for one in found),
        "misprints": sum(one.misprinted for one in found),
        "misprints_moved": sum(one.misled for one in found),
        "column_faults": _counted([o for o in outcomes if o.fault in COLUMN_FAULTS]),
        "row_faults": _counted([o for o in outcomes if o.fault in ROW_FAULTS]),
        "by_class": {
            fault: _counted([o for o in outcomes if o.fault == fault])
            for fault in (*COLUMN_FAULTS, *ROW_FAULTS)
        },
    }


def _counted(outcomes: Sequence[Outcome]) -> dict[str, float | int | None]:
    known = [outcome for outcome in outcomes if outcome.identifiable]
    exact = sum(outcome.exact for outcome in known)
    return {
        "planted": len(outcomes),
        "broken": sum(outcome.broken for outcome in outcomes),
        "identifiable": len(known),
        "identifiable_exact": round(exact / len(known), 4) if known else None,
        "exact": sum(outcome.exact for outcome in outcomes),
        "proposed": sum(outcome.proposed for outcome in outcomes),
        "wrong": sum(outcome.wrong for outcome in outcomes),
    }


def _lines_of(figures: Mapping[str, object]) -> Iterator[str]:
    for name, value in figures.items():
        if isinstance(value, dict) and not any(isinstance(inner, dict) for inner in value.values()):
            yield f"{name}: " + ", ".join(f"{key} {inner}" for key, inner in value.items())
        elif isinstance(value, dict):
            yield from _lines_of(value)
        else:
            yield f"{name}: {value}"


def main(arguments: Sequence[str]) -> None:
    """Measures and prints the figures, one JSON object with --json."""
    parser = argparse.ArgumentParser(prog="python -m evals.bench.shifts", description=__doc__)
    parser.add_argument("--documents", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    with ProcessPoolExecutor(given.jobs) as pool:
        found = list(pool.map(partial(measure, given.seed), range(given.documents), chunksize=4))
    figures = summary(found)
    sys.stdout.write(json.dumps(figures, indent=1) if given.json else "\n".join(_lines_of(figures)))
    sys.stdout.write("\n")


if __name__ == "__main__":
    main(sys.argv[1:])
