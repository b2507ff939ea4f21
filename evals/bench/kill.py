"""Nothing lost, nothing twice: `python -m evals.bench.kill --documents 2000 --kills 50 --seed 1 --json`.

Documents are submitted and read by four worker processes over servers of their own: PostgreSQL, RabbitMQ or Redis, and
a simulated model. Once undisturbed; once while workers are killed, broker and database are killed and started again,
and the model is away for a while. Each fault comes when a number of documents is done that the seed says, so that a
slow machine sees the same. What was exported then, document by document, must be the same to the byte.

The last line is one JSON object: `lost` documents did not end as done; `doubled` ones have something twice, a file,
a run, a table written, a reading, an answer entered; `differing` ones have another result; `repeated_calls` are answers
of the model to what it had answered before. The exit code is 0 where none of the first three is above 0 and the
last is no more than the kills.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Literal, NamedTuple, cast

from evals.bench.answering import write_documents
from evals.bench.fleet import Fleet, Place
from evals.bench.services import BROKERS, Broker, Postgres, Server
from evals.run.measure import speak_directly

WORKERS = 4
_POLL_S = 0.2
_SILENCE_S = 900.0

_TWICE = (
    "select name from items group by name having count(*) > 1",
    "select name from documents group by name having count(*) > 1 or max(run) > 1",
    """select d.name from written x join documents d on d.id = x.document_id
       group by d.name, x.run, x.key having count(*) > 1""",
    """select d.name from chunks x join documents d on d.id = x.document_id
       group by d.name, x.key having count(*) > 1""",
    """select d.name from readings x join chunks c on c.id = x.chunk_id join documents d on d.id = c.document_id
       group by d.name, c.key, x.reader having count(*) > 1""",
    """select d.name from calls x join chunks c on c.id = x.chunk_id join documents d on d.id = c.document_id
       where x.outcome = 'ok' group by d.name, c.key having count(*) > 1""",
)
"""The names of documents of which something is there more than once: rows, or tables that were written again."""

Fault = Literal["kill", "broker", "database", "model"]


class Planned(NamedTuple):
    """A fault: it comes `delay_s` seconds after so many documents are done; `worker` is who is killed."""

    done: int
    fault: Fault
    worker: int
    delay_s: float


class Figures(NamedTuple):
    """What came of a run, as the module says."""

    documents: int
    kills: int
    lost: int
    doubled: int
    differing: int
    repeated_calls: int


class Trial(NamedTuple):
    """How the benchmark is run. `latency_s` is how long the model takes, `outage_s` how long it is away."""

    documents: int
    kills: int
    seed: int
    broker: Broker = "rabbitmq"
    concurrency: int = 1
    latency_s: float = 0.2
    outage_s: float = 60.0


def plan(trial: Trial) -> list[Planned]:
    """What happens, and when: seeded, spread over the run."""
    dice = Random(f"faults {trial.seed}")
    faults: list[Fault] = ["kill"] * trial.kills
    if trial.kills:
        faults += ["broker", "database", "model"]
    last = max(1, trial.documents * 95 // 100)
    return sorted(
        Planned(dice.randint(1, last), fault, dice.randrange(WORKERS), round(dice.uniform(0, 0.5), 3))
        for fault in faults
    )


def run(trial: Trial, faults: Sequence[Planned], place: Place, database: Postgres, broker: Server) -> None:
    """Submit all documents and work until they have ended, come what may; then write what came of them.

    Gives up where nothing ends for a quarter of an hour.
    """
    left = list(faults)
    with Fleet(place, trial.seed, trial.latency_s, trial.concurrency, WORKERS) as fleet:
        fleet.submit(database)
        fleet.start()
        done, heard, back = 0, time.monotonic(), 0.0
        while done < trial.documents and time.monotonic() - heard < _SILENCE_S + trial.outage_s:
            time.sleep(_POLL_S)
            if back and time.monotonic() > back:
                fleet.model.start()
                back = 0.0
            now = database.ask(
                place.database, "select count(*) from items where status in ('done', 'failed')"
            )
            if now and int(now[0]) > done:
                done, heard = int(now[0]), time.monotonic()
                sys.stderr.write(
                    f"\r{place.database}: {done} of {trial.documents} "
                ) if sys.stderr.isatty() else 0
            while left and left[0].done <= done:
                fault = left.pop(0)
                time.sleep(fault.delay_s)
                if fault.fault == "kill":
                    fleet.kill(fault.worker)
                elif fault.fault == "broker":
                    broker.restart()
                elif fault.fault == "database":
                    database.restart()
                elif not back:
                    fleet.model.kill()
                    back = time.monotonic() + trial.outage_s
        if back:
            fleet.model.start()
    place.export()


def doubled(place: Place, database: Postgres) -> set[str]:
    """The names of documents of which something is there twice, as the database says."""
    found: set[str] = set()
    for query in _TWICE:
        answer = database.ask(place.database, query)
        if answer is None:
            raise RuntimeError(f"the database does not answer: {query}")
        found.update(answer)
    return found


def measure(trial: Trial, folder: Path) -> tuple[Figures, dict[str, float]]:
    """Both runs, compared; and the seconds that each took."""
    write_documents(folder / "in", trial.seed, trial.documents)
    seconds: dict[str, float] = {}
    with Postgres(folder / "postgres") as server, BROKERS[trial.broker](folder / "broker") as broker:
        database = cast(Postgres, server)
        places = {}
        for name, faults in (("undisturbed", []), ("disturbed", plan(trial))):
            places[name] = place = Place(folder, name, database.named(name), broker.url)
            if database.ask("postgres", f"create database {name}") is None:
                raise RuntimeError("no database could be made")
            began = time.monotonic()
            run(trial, faults, place, database, broker)
            seconds[name] = round(time.monotonic() - began, 1)
        before, after = (places[name].results() for name in ("undisturbed", "disturbed"))
        names = [path.name for path in sorted((folder / "in").iterdir())]
        if lost := [name for name in names if not before[name].is_done]:
            raise RuntimeError(f"{len(lost)} documents did not end undisturbed, {lost[0]} first")
        twice = doubled(places["undisturbed"], database) | set(places["undisturbed"].repeated())
        if twice:
            raise RuntimeError(f"undisturbed, {len(twice)} documents or calls are there twice")
        figures = Figures(
            documents=trial.documents,
            kills=trial.kills,
            lost=sum(not after[name].is_done for name in names),
            doubled=len(doubled(places["disturbed"], database)),
            differing=sum(after[name].is_done and after[name] != before[name] for name in names),
            repeated_calls=sum(places["disturbed"].repeated().values()),
        )
    return figures, seconds


def main(arguments: Sequence[str]) -> int:
    """Measures and prints; 1 where something was lost, doubled or changed, or calls were repeated without a kill."""
    parser = argparse.ArgumentParser(prog="python -m evals.bench.kill", description=__doc__)
    parser.add_argument("--documents", type=int, default=2000)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--broker", choices=sorted(BROKERS), default="rabbitmq")
    parser.add_argument("--concurrency", type=int, default=1, help="of each worker that asks the model")
    parser.add_argument("--latency", type=float, default=0.2, help="of the model, in seconds")
    parser.add_argument("--outage", type=float, default=60.0, help="how long the model is away, in seconds")
    parser.add_argument("--keep", type=Path, help="an empty folder to work in, which is kept")
    parser.add_argument("--json", action="store_true", help="nothing but the JSON object")
    given = parser.parse_args(arguments)
    speak_directly()
    trial = Trial(
        given.documents, given.kills, given.seed, given.broker, given.concurrency, given.latency, given.outage
    )
    folder = given.keep or Path(tempfile.mkdtemp(prefix="gouji-kill-"))
    folder.mkdir(exist_ok=True)
    folder.chmod(0o755)
    try:
        figures, seconds = measure(trial, folder)
    finally:
        if not given.keep:
            shutil.rmtree(folder, ignore_errors=True)
    if not given.json:
        faults = Counter(planned.fault for planned in plan(trial))
        sys.stdout.write(f"seconds: {seconds}; faults: {dict(faults)}\n")
    sys.stdout.write(json.dumps(figures._asdict()) + "\n")
    sound = not (figures.lost or figures.doubled or figures.differing)
    return int(not (sound and figures.repeated_calls <= trial.kills))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
