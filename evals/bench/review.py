"""How long a change takes at the review desk: `python -m evals.bench.review --json`.

A change is entered in the log and the whole document held against its identities again: in one table of `--rows` rows,
in a document of `--tables` tables, and in one of `--wrong` tables with a wrong figure in each. Time in the server,
database included, in milliseconds, of the wall and of the processor; the state is that of SQLite in a folder that is
thrown away. The first change is made when what goes on behind an opened table is over, as a person reads it before.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from statistics import median

from evals.paper import print_paper
from evals.synthetic import draft, general, large_draft, style
from schemas import Document
from worker.ingest import load
from worker.pipeline import extract
from worker.readers.layout import LayoutReader
from worker.review import Desk, SetCell, TableView, Undo
from worker.segment import segment
from worker.settings import Settings
from worker.store import Store
from worker.users import Users

__all__ = ["main", "measure"]

_IDLE_S, _PAUSE_S = 0.01, 1.0


def measure(document: Document, changes: int) -> dict[str, float]:
    """Milliseconds of changes, each a wrong figure and its undoing, and of opening a table."""
    with tempfile.TemporaryDirectory() as folder, Store.open(Settings(home=Path(folder))) as store:
        found = extract(document, [LayoutReader()])
        number = store.save_extraction(found)
        desk, user = Desk(store), Users(store).add("bench", "reviewer", "a long password")
        largest = max(found.tables, key=lambda key: len(found.tables[key].rows))
        start = time.perf_counter()
        opened = desk.open(number, largest)
        first_ms = _since(start)
        _read()
        places = _places(opened, changes)
        took: list[float] = []
        cpu: list[float] = []
        for row, column, value in places:
            for change in (SetCell(row, column, value), Undo()):
                start, busy = time.perf_counter(), time.process_time()
                opened = desk.apply(user, number, largest, change, opened.version).table
                took.append(_since(start))
                cpu.append((time.process_time() - busy) * 1000)
        start = time.perf_counter()
        desk.open(number, largest)
        return {
            "tables": len(found.tables),
            "rows": len(opened.rows),
            "identities": len(found.findings),
            "failed": sum(finding.status == "failed" for finding in found.findings),
            "open_first_ms": first_ms,
            "open_ms": _since(start),
            "change_median_ms": round(median(took), 1),
            "change_cpu_median_ms": round(median(cpu), 1),
            "change_worst_ms": round(max(took), 1),
            "change_cpu_worst_ms": round(max(cpu), 1),
        }


def _read() -> None:
    """Wait until the process has nothing more to do."""
    busy = -1.0
    while time.process_time() - busy > _IDLE_S:
        busy = time.process_time()
        time.sleep(_PAUSE_S)


def _since(start: float) -> float:
    return round((time.perf_counter() - start) * 1000, 1)


def _places(opened: TableView, count: int) -> list[tuple[int, str, str]]:
    """Figures spread over a table, each with one digit wrong."""
    cells = [cell for row in opened.rows for cell in row.cells if cell.value and cell.state == "closed"]
    step = max(1, len(cells) // count)
    return [
        (cell.ref.row, cell.ref.column, f"{cell.value + 90:f}")
        for cell in cells[::step][:count]
        if cell.value
    ]


def long_table(rows: int, seed: int) -> Document:
    """A document of one table of so many rows."""
    return _document(print_paper(large_draft(seed, rows).paper))


def many_tables(tables: int, seed: int) -> Document:
    """A document of at least so many tables: the disclosure of one body, and tables of no known kind behind it."""
    text = ""
    for index in count():
        family = style.FAMILIES[0] if not index else general.FAMILIES[index % len(general.FAMILIES)]
        text += print_paper(draft(seed, index, family).paper) + "\n"
        found = _document(text)
        if len(segment(found)) >= tables:
            return found
    raise AssertionError


def wrong_tables(tables: int, seed: int) -> Document:
    """The same with a wrong digit in a figure of every table that has one."""
    document = many_tables(tables, seed)
    text = document.text
    for table in extract(document, [LayoutReader()]).tables.values():
        spans = [
            cell.span for row in table.rows for _, cell in row.cells() if cell.amount and cell.amount.value
        ]
        if spans:
            span = spans[len(spans) // 2]
            place = next(n for n in range(span.start, span.end) if text[n] in "123456789")
            text = f"{text[:place]}{int(text[place]) % 9 + 1}{text[place + 1 :]}"
    return _document(text)


def _document(text: str) -> Document:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bench.txt"
        path.write_text(text, encoding="utf-8")
        return load(path)


def main(arguments: Sequence[str]) -> None:
    """Measures and prints; with --json one object."""
    parser = argparse.ArgumentParser(prog="python -m evals.bench.review", description=__doc__)
    parser.add_argument("--rows", type=int, default=400)
    parser.add_argument("--tables", type=int, default=60)
    parser.add_argument("--wrong", type=int, default=30)
    parser.add_argument("--changes", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    result = {
        "long_table": measure(long_table(given.rows, given.seed), given.changes),
        "many_tables": measure(many_tables(given.tables, given.seed), given.changes),
        "wrong_tables": measure(wrong_tables(given.wrong, given.seed), given.changes),
    }
    if given.json:
        sys.stdout.write(json.dumps(result) + "\n")
        return
    for name, figures in result.items():
        shown = "  ".join(f"{key} {value}" for key, value in figures.items())
        sys.stdout.write(f"{name}  {shown}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
