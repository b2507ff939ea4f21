"""What the service costs of its own, without a model: `python -m evals.bench.cost --documents 100,1000,10000 --json`.

For each number of documents an archive is submitted to a home of its own, and one worker process with one thread
reads it by layout, from ingest to routing. CPU seconds are those of the processes as the system counts them, less what
a worker takes that finds nothing to do: where documents are few that would hide a growth. The memory of the worker is
its resident set, looked at when `--early` documents have ended and at the end. The last line is one JSON object. The
exit code is 1 if the CPU a document grows by more than a tenth from the least number of documents to the greatest, or
memory by more than a tenth after the early look.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from evals.bench.archives import write_archive
from worker.settings import load_settings
from worker.store import Store

_EARLY = 500
_POLL_S = 0.5
_GROWTH = 1.10


class Cost(NamedTuple):
    """What so many documents took. Memory in MiB; None where there were too few documents to look early."""

    documents: int
    failed: int
    tables: int
    start_cpu_s: float
    submit_cpu_ms_a_document: float
    cpu_ms_a_document: float
    documents_a_minute_a_core: float
    wall_s: float
    memory_early: float | None
    memory_end: float
    memory_peak: float


def measure(documents: int, seed: int, early: int) -> Cost:
    """Submit and read so many documents. Raises ValueError where a command does not end well."""
    with TemporaryDirectory(prefix="gouji-cost-") as folder:
        archive, home = Path(folder, "made.zip"), Path(folder, "home")
        write_archive(archive, documents, seed)
        environment = {**os.environ, "GOUJI_HOME": str(home), "GOUJI_READERS": "layout"}
        idle = _children()
        if code := _gouji(["worker", "--until-done"], environment).wait():
            raise ValueError(f"a worker with nothing to do ended with {code}")
        before = _children()
        if code := _gouji(["submit", str(archive), "--batch", "cost"], environment).wait():
            raise ValueError(f"{documents} documents: gouji submit ended with {code}")
        submitted = _children()
        begin = time.monotonic()
        worker = _gouji(["worker", "--until-done", "--concurrency", "1"], environment)
        found = _watch(worker, home, early)
        wall = time.monotonic() - begin
        if worker.returncode:
            raise ValueError(f"{documents} documents: the worker ended with {worker.returncode}")
        cpu = _children() - submitted - (before - idle)
        with Store.open(load_settings(home=home)) as store:
            (batch,) = store.list_batches("cost")
    if batch.ended != documents:
        raise ValueError(f"{batch.ended} of {documents} documents have ended")
    return Cost(
        documents=documents,
        failed=batch.items.get("failed", 0),
        tables=sum(batch.tables.values()),
        start_cpu_s=round(before - idle, 2),
        submit_cpu_ms_a_document=round(1000 * (submitted - before) / documents, 2),
        cpu_ms_a_document=round(1000 * cpu / documents, 2),
        documents_a_minute_a_core=round(60 * documents / cpu, 1),
        wall_s=round(wall, 1),
        memory_early=found.early,
        memory_end=found.end,
        memory_peak=found.peak,
    )


class _Memory(NamedTuple):
    early: float | None
    end: float
    peak: float


def _watch(worker: subprocess.Popen[bytes], home: Path, early: int) -> _Memory:
    """The resident set of a worker while it works."""
    at_early, last, peak = None, 0.0, 0.0
    with Store.open(load_settings(home=home)) as store:
        while worker.poll() is None:
            last = _resident(worker.pid) or last
            peak = max(peak, last)
            (batch,) = store.list_batches("cost")
            if at_early is None and batch.ended >= early:
                at_early = last
            time.sleep(_POLL_S)
    return _Memory(at_early, last, peak)


def _resident(pid: int) -> float:
    """MiB of a process; 0 for one that is no more."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return 0.0
    kib = next((line.split()[1] for line in lines if line.startswith("VmRSS:")), "0")
    return round(int(kib) / 1024, 1)


def _children() -> float:
    """CPU seconds of all ended children of this process."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _gouji(arguments: Sequence[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", "from worker.cli import main; main()", *arguments]
    return subprocess.Popen(command, env=dict(environment), stdout=subprocess.DEVNULL)  # noqa: S603 - our own command


def main(arguments: Sequence[str]) -> int:
    """Measures and prints; 1 where the cost grows with the number of documents."""
    parser = argparse.ArgumentParser(prog="python -m evals.bench.cost", description=__doc__)
    parser.add_argument("--documents", default="100,1000,10000", help="numbers of documents, with commas")
    parser.add_argument("--early", type=int, default=_EARLY, help="documents before memory is looked at")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="nothing but the JSON object")
    given = parser.parse_args(arguments)
    sizes = sorted(int(each) for each in given.documents.split(","))
    costs = []
    for size in sizes:
        costs.append(measure(size, given.seed, given.early))
        if not given.json:
            sys.stdout.write(f"{costs[-1]}\n")
            sys.stdout.flush()
    first, last = costs[0], costs[-1]
    growth = last.cpu_ms_a_document / first.cpu_ms_a_document
    memory = last.memory_end / last.memory_early if last.memory_early else None
    result = {
        "runs": [each._asdict() for each in costs],
        "cpu_growth": round(growth, 3),
        "memory_growth": None if memory is None else round(memory, 3),
    }
    sys.stdout.write(json.dumps(result) + "\n")
    return int(growth > _GROWTH or (memory is not None and memory > _GROWTH))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
