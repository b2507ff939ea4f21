"""Detection and localisation of planted faults: `python -m evals.bench.localisation --documents 2000`.

True tables of synthetic documents are held against all identities, then again with one and with two figures changed,
each by more than the blind spot of its cell. Beside it stands the check of every sum by itself, as XBRL Calculations
1.1 (2023) defines it for rounded figures: it finds the sums that fail, and leaves all of their cells under suspicion.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from decimal import Decimal
from functools import partial, reduce
from typing import NamedTuple

from evals.paper import print_paper
from evals.synthetic import Draft, draft
from evals.typed import typed
from schemas import AnyTable, Document, Finding
from schemas.amounts import Amount
from schemas.tables import CellRef
from worker.pipeline import extract
from worker.readers.layout import LayoutReader
from worker.reconcile import reconcile
from worker.reconcile.blind import least_errors

# Their figures are points and rates, not money.
_NO_MONEY = {"performance_target", "performance_self_evaluation"}
_TRIES = 50


class Fault(NamedTuple):
    """A changed figure."""

    cell: CellRef
    error: str
    true: Decimal


class Outcome(NamedTuple):
    """What one planting brought.

    `inferred`: a cell is in a table whose sums had to be inferred. `noticed`: an identity fails, or no identity holds
    the cell any more, which sends the table to a person too. `alone`: some sum by itself fails. `identifiable`: of
    the sums that a fault breaks, its cell is all that they have in common. `in_set`, `first`: every changed cell is
    suspected, is suspected first. `value`: the value proposed for it is the true one. `suspects`, `accused`: cells
    under suspicion with localisation, and by failed sums alone.
    """

    errors: tuple[str, ...]
    inferred: bool
    detected: bool
    noticed: bool
    alone: bool
    identifiable: bool
    in_set: bool
    first: bool
    value: bool
    suspects: int
    accused: int


class Measured(NamedTuple):
    """One document: its tables, those with a false alarm, and outcomes."""

    tables: int
    alarms: int
    outcomes: tuple[Outcome, ...]


def measure(seed: int, index: int) -> Measured:
    """True, then with one fault, then with two."""
    rng = random.Random(f"localisation {seed} {index}")
    tables = _tables(draft(seed, index))
    true = reconcile(tables)
    alarms = {table for finding in _failed(true) for table in finding.tables}
    blind = least_errors(tables, true)
    outcomes = []
    for count in (1, 2):
        faults = _plant(rng, tables, blind, count)
        if faults:
            outcomes.append(_outcome(tables, faults))
    return Measured(len(tables), len(alarms), tuple(outcomes))


def _tables(made: Draft) -> dict[str, AnyTable]:
    """The true tables of a document, as its gold has them. What prose means depends on its sections, which gold does
    not hold; what sums an unknown table has, on labels and headers as they are printed: those are read from print."""
    tables = {
        f"{table.kind}-{table.ordinal}": typed(table)
        for table in made.gold
        if table.kind not in {"narrative_facts", "generic"}
    }
    if any(table.kind == "generic" for table in made.gold):
        text = print_paper(made.paper)
        digest = hashlib.sha256(text.encode()).hexdigest()
        read = extract(Document(name=made.name, sha256=digest, text=text), [LayoutReader()])
        tables |= {key: table for key, table in read.tables.items() if table.kind == "generic"}
    return tables


def _plant(
    rng: random.Random, tables: Mapping[str, AnyTable], blind: Mapping[CellRef, Decimal], count: int
) -> dict[Fault, AnyTable]:
    """Faults in cells that identities see, each larger than they must be to be seen, with their changed tables."""
    cells = sorted(cell for cell in blind if tables[cell.table].kind not in _NO_MONEY)
    faults: dict[Fault, AnyTable] = {}
    for _ in range(_TRIES if cells else 0):
        cell = rng.choice(cells)
        amount = tables[cell.table].rows[cell.row].figure(cell.column)
        if amount is None or any(fault.cell == cell for fault in faults):
            continue
        error, printed = _slip(rng, amount)
        if abs(printed - amount.value) > blind[cell]:
            base = next((t for f, t in faults.items() if f.cell.table == cell.table), tables[cell.table])
            changed = _changed(base, cell, printed)
            faults = {f: changed if f.cell.table == cell.table else t for f, t in faults.items()}
            faults[Fault(cell, error, amount.value)] = changed
        if len(faults) == count:
            return faults
    return {}


def _slip(rng: random.Random, amount: Amount) -> tuple[str, Decimal]:
    """A slip of the hand or of a scanner: its class and what stands there then."""
    text = f"{amount.value:f}"
    digits = [place for place, char in enumerate(text) if char.isdigit()]
    place = rng.choice(digits)
    error = rng.choice(["digit", "digit", "transposed", "dropped", "doubled", "sign"])
    match error:
        case "digit":
            other = rng.choice([digit for digit in "0123456789" if digit != text[place]])
            text = text[:place] + other + text[place + 1 :]
        case "transposed":
            after = next((p for p in digits if p > place), place)
            swapped = list(text)
            swapped[place], swapped[after] = swapped[after], swapped[place]
            text = "".join(swapped)
        case "dropped" if len(digits) > 1:
            text = text[:place] + text[place + 1 :]
        case "doubled":
            text = text[:place] + text[place] + text[place:]
        case _:
            text = f"-{text}"
    return error, Decimal(text.replace("--", "") or "0").quantize(Decimal(1).scaleb(-amount.decimals))


def _changed(table: AnyTable, cell: CellRef, value: Decimal) -> AnyTable:
    result = table.model_copy(update={"rows": [row.model_copy(deep=True) for row in table.rows]})
    row = result.rows[cell.row]
    printed = row.get(cell.column)
    if printed is None or printed.amount is None:
        raise ValueError(f"{cell} is blank")
    amount = printed.amount.model_copy(update={"value": value})
    row.put(cell.column, printed.model_copy(update={"amount": amount, "text": f"{value:f}"}))
    return result


def _outcome(tables: Mapping[str, AnyTable], faults: Mapping[Fault, AnyTable]) -> Outcome:
    changed = {**tables, **{fault.cell.table: table for fault, table in faults.items()}}
    findings = reconcile(changed)
    failed = _failed(findings)
    held = {cell for finding in findings if finding.status == "passed" for cell in finding.cells}
    cells = {fault.cell for fault in faults}
    firsts = {finding.suspects[0].cell for finding in failed if finding.suspects}
    suspects = {suspect.cell for finding in failed for suspect in finding.suspects}
    proposed = {
        suspect.cell: suspect.value for finding in reversed(failed) for suspect in finding.suspects[:1]
    }
    alone = [finding for finding in failed if finding.check != "document.joint"]
    return Outcome(
        errors=tuple(fault.error for fault in faults),
        inferred=any(tables[cell.table].kind == "generic" for cell in cells),
        detected=bool(failed),
        noticed=bool(failed) or not cells <= held,
        alone=bool(alone),
        identifiable=all(_identifiable(tables, fault, table) for fault, table in faults.items()),
        in_set=cells <= suspects,
        first=cells <= firsts,
        value=all(proposed.get(fault.cell) == fault.true for fault in faults),
        suspects=len(suspects),
        accused=len({cell for finding in alone for cell in finding.cells}),
    )


def _identifiable(tables: Mapping[str, AnyTable], fault: Fault, table: AnyTable) -> bool:
    """Whether the sums that a fault breaks by itself have no other printed cell in common."""
    single = {
        **tables,
        fault.cell.table: _changed(tables[fault.cell.table], fault.cell, _value(table, fault.cell)),
    }
    broken = [set(finding.cells) for finding in _failed(reconcile(single))]
    return bool(broken) and reduce(set.__and__, broken) == {fault.cell}


def _value(table: AnyTable, cell: CellRef) -> Decimal:
    amount = table.rows[cell.row].figure(cell.column)
    return amount.value if amount else Decimal(0)


def _failed(findings: Sequence[Finding]) -> list[Finding]:
    return [f for f in findings if f.status == "failed" and not f.check.startswith("lexicon.")]


def summary(found: Sequence[Measured]) -> dict[str, object]:
    """The figures of the benchmark."""
    result: dict[str, object] = {
        "documents": len(found),
        "tables": sum(one.tables for one in found),
        "tables_with_false_alarm": sum(one.alarms for one in found),
    }
    for count, inferred, name in (
        (1, False, "one_fault"),
        (2, False, "two_faults"),
        (1, True, "one_fault_inferred"),
        (2, True, "two_faults_inferred"),
    ):
        outcomes = [
            o for one in found for o in one.outcomes if len(o.errors) == count and o.inferred == inferred
        ]
        known = [o for o in outcomes if o.identifiable]
        result[name] = {
            "planted": len(outcomes),
            "detected": _rate(outcomes, [o.detected for o in outcomes]),
            "noticed": _rate(outcomes, [o.noticed for o in outcomes]),
            "in_set": _rate(outcomes, [o.in_set for o in outcomes]),
            "first": _rate(outcomes, [o.first for o in outcomes]),
            "identifiable": len(known),
            "identifiable_in_set": _rate(known, [o.in_set for o in known]),
            "identifiable_first": _rate(known, [o.first for o in known]),
            "identifiable_value": _rate(known, [o.value for o in known]),
            "suspects_mean": _mean([o.suspects for o in outcomes]),
            "xbrl_detected": _rate(outcomes, [o.alone for o in outcomes]),
            "xbrl_accused_mean": _mean([o.accused for o in outcomes]),
        }
    return result


def _rate(of: Sequence[object], hits: Sequence[bool]) -> float | None:
    return round(sum(hits) / len(of), 5) if of else None


def _mean(counts: Sequence[int]) -> float | None:
    return round(sum(counts) / len(counts), 2) if counts else None


def _parsed(arguments: Sequence[str]) -> Iterator[int]:
    parser = argparse.ArgumentParser(prog="python -m evals.bench.localisation", description=__doc__)
    parser.add_argument("--documents", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    given = parser.parse_args(arguments)
    yield from (given.documents, given.seed, given.jobs)


def main(arguments: Sequence[str]) -> None:
    """Measures and prints one JSON object."""
    documents, seed, jobs = _parsed(arguments)
    with ProcessPoolExecutor(jobs) as pool:
        found = list(pool.map(partial(measure, seed), range(documents), chunksize=8))
    sys.stdout.write(json.dumps(summary(found), indent=1) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
