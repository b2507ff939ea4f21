"""Workers in processes of their own that may be killed, what they work on, and what comes of it."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

from evals.bench.answering import WIRE
from evals.bench.services import Postgres, Process, free_port

BATCH = "bench"
_ENDED = ("accepted", "review", "empty")
_COMMAND = (sys.executable, "-c", "from worker.cli import main; main()")
_AUDIT = """
create table written (document_id bigint, run int, key text);
create function note() returns trigger language plpgsql as
$$ begin insert into written values (new.document_id, new.run, new.key); return null; end $$;
create trigger note after insert on tables for each row execute function note();
"""


class Result(NamedTuple):
    """What was exported of a document: its lines in each file."""

    lines: Mapping[str, tuple[tuple[str, ...], ...]]
    is_done: bool


class Place:
    """Where a run keeps what it has: `database` by its name, all else in a folder."""

    def __init__(self, folder: Path, name: str, database_url: str, broker_url: str) -> None:
        self.database = name
        self.folder = folder / name
        self.folder.mkdir()
        self.documents = folder / "in"
        self.calls = self.folder / "calls"
        self.calls.touch()
        self.port = free_port()
        own = ("GOUJI_", "OPENAI_", "CELERY_")
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith(own)}
        self.environment |= {
            "GOUJI_HOME": str(self.folder / "home"),
            "GOUJI_DATABASE_URL": database_url,
            "GOUJI_BROKER_URL": broker_url,
            "GOUJI_QUEUE_PREFIX": f"{name}.",
            "GOUJI_MODEL": "bench",
            "GOUJI_MODE": "json_schema",
            "GOUJI_WIRE": WIRE,
            "OPENAI_BASE_URL": f"http://127.0.0.1:{self.port}/v1",
            "OPENAI_API_KEY": "none",
        }

    def gouji(self, *arguments: str | Path) -> None:
        """Run the command to its end. Raises CalledProcessError."""
        folder = Path(__file__).parents[2]
        with (self.folder / "log").open("ab") as log:
            command = [*_COMMAND, *map(str, arguments)]
            subprocess.run(  # noqa: S603 - our own interpreter and command
                command, env=self.environment, cwd=folder, stdout=log, stderr=log, check=True
            )

    def export(self) -> None:
        """Write what came of the documents."""
        self.gouji("export", "--out", self.folder / "out")

    def results(self) -> Mapping[str, Result]:
        """What was exported, by the name of the document; of one that is not there nothing."""
        lines: dict[str, dict[str, list[tuple[str, ...]]]] = defaultdict(lambda: defaultdict(list))
        done: set[str] = set()
        for name in ("documents", "tables", "cells", "checks"):
            with (self.folder / "out" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
                for row in csv.DictReader(file):
                    lines[row["document"]][name].append(tuple(row.values()))
                    if name == "documents" and row["status"] in _ENDED:
                        done.add(row["document"])
        found = {
            document: Result({name: tuple(rows) for name, rows in of.items()}, document in done)
            for document, of in lines.items()
        }
        return defaultdict(lambda: Result({}, False), found)

    def repeated(self) -> dict[str, int]:
        """How often the model answered again what it had answered, by request."""
        asked = Counter(self.calls.read_text("ascii").split())
        return {request: times - 1 for request, times in asked.items() if times > 1}


class Fleet:
    """Half of the workers parse and solve, half ask the model, `concurrency` things at a time each.

    Runs while entered.
    """

    def __init__(self, place: Place, seed: int, latency_s: float, concurrency: int, workers: int) -> None:
        self._place = place
        answering = (
            sys.executable,
            "-m",
            "evals.bench.answering",
            "--port",
            place.port,
            "--log",
            place.calls,
        )
        about = ("--seed", seed, "--latency", latency_s)
        self.model = Process(
            tuple(map(str, (*answering, *about))), place.folder / "model.log", place.environment
        )
        self._workers = []
        for number in range(workers):
            asks = ("-q", "llm", "-c", str(concurrency))
            solves = ("-q", "ingest", "-q", "reconcile", "-q", "export", "-c", "1")
            command = (*_COMMAND, "worker", *(asks if number % 2 else solves))
            self._workers.append(Process(command, place.folder / f"worker{number}.log", place.environment))

    def submit(self, database: Postgres) -> None:
        """Submit all documents; from now on the database notes what is written."""
        self._place.gouji("submit", self._place.documents, "--batch", BATCH)
        if database.ask(self._place.database, _AUDIT) is None:
            raise RuntimeError("the database does not take a trigger")

    def start(self) -> None:
        """Let the workers begin."""
        for worker in self._workers:
            worker.start()

    def kill(self, number: int) -> None:
        """Kill a worker with all its processes, and start it again as a supervisor does."""
        self._workers[number].kill()
        self._workers[number].start()

    def __enter__(self) -> Fleet:
        self.model.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for each in (*self._workers, self.model):
            each.kill()
