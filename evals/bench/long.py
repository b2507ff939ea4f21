"""No row is lost without a word, however long the table: `python -m evals.bench.long --rows 5000`.

One synthetic table is read by a simulated model that leaves rows out silently from somewhere on, and whose answers
break off after so many tokens. Every row that is not found must be told of: the table is not accepted, and says what
of it was not read or is not accounted for.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from evals.garble import case_of
from evals.metrics import score
from evals.run.measure import speak_directly
from evals.simulate import ErrorModel, SimulatedModel
from evals.synthetic import large_draft
from evals.typed import document_of
from worker.pipeline import extract
from worker.readers import build_readers
from worker.readers.breaker import Breaker
from worker.settings import load_settings


class Outcome(NamedTuple):
    """Rows of the table and those of them found, wrong and missing figures, and what became of the table: `told` says
    whether it owns up to what is lost; `left_out` are the figures that the model left out in its first answers."""

    rows: int
    found: int
    wrong: int
    missing: int
    left_out: int
    calls: int
    status: str
    told: bool
    seconds: float

    @property
    def silent(self) -> bool:
        """Whether something is lost and nothing says so."""
        return self.found < self.rows and not self.told


def measure(rows: int, seed: int, longest: int, mends: float) -> Outcome:
    """A table of so many rows by a model that truncates, whose answers end after `longest` tokens, and which sets
    right what it is told of with chance `mends`."""
    case = case_of(large_draft(seed, rows), "clean", seed)
    errors = ErrorModel(structure=1.0, only=frozenset({"truncated"}), longest=longest, mends=mends)
    started = time.monotonic()
    with TemporaryDirectory() as home, SimulatedModel([case], errors, seed) as model:
        settings = load_settings(
            readers="llm", model="simulated", openai_base_url=model.url, mode="json_schema", home=Path(home)
        )
        readers = build_readers(settings)
        try:
            extraction = extract(document_of(case), readers)
        finally:
            for reader in readers:
                if isinstance(reader, Breaker):
                    reader.close()
        left_out = sum(each.cell is not None and each.attempt == 0 for each in model.done)
    found = score(case, extraction)
    (table,) = found.tables
    verdict = extraction.verdicts[table.tables[0]]
    return Outcome(
        rows=table.rows,
        found=table.rows_found,
        wrong=table.wrong,
        missing=table.missing,
        left_out=left_out,
        calls=table.calls,
        status=table.status,
        told=not table.accepted
        and bool(verdict.unexplained or extraction.standing[verdict.table].incomplete),
        seconds=round(time.monotonic() - started, 1),
    )


def main(arguments: Sequence[str]) -> int:
    """Measures and prints one JSON object; 1 where a row was lost without a word."""
    parser = argparse.ArgumentParser(prog="python -m evals.bench.long", description=__doc__)
    parser.add_argument("--rows", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--longest", type=int, default=500, help="tokens after which an answer breaks off")
    parser.add_argument(
        "--mends", type=float, default=0.8, help="chance that the model mends what it is told of"
    )
    given = parser.parse_args(arguments)
    speak_directly()
    found = measure(given.rows, given.seed, given.longest, given.mends)
    sys.stdout.write(json.dumps({**found._asdict(), "silent": found.silent}, indent=1) + "\n")
    return int(found.silent)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
