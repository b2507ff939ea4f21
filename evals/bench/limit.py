"""How much of what an endpoint allows is used: `python -m evals.bench.limit --seconds 60 --seed 1 --json`.

A simulated endpoint in a process of its own answers after a second. Threads of one process read tables with the
reader that asks a model, each a table of its own; their pace is kept in the database that the settings name.
First all calls are answered, then so many a second at most and the others with 429. The last line is one JSON
object.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from itertools import count
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from evals.run.measure import speak_directly
from evals.simulate.limited import Limited
from evals.simulate.server import Json
from prompts import WIRES
from schemas import Chunk, Document, ModelError
from worker.readers.breaker import Breaker
from worker.readers.layout import LayoutReader
from worker.readers.llm import LlmReader
from worker.segment import segment
from worker.settings import Settings, load_settings
from worker.store import BlobStore, Store

LATENCY_S = 1.0
IN_FLIGHT = 64
LIMIT = 20.0
_WIRE = "refs"

FORM = """\
支出决算表
公开03表
单位：万元
科目编码 科目名称 本年支出合计 基本支出 项目支出
栏次 1 2 3
合计 {a}.00 {b}.00 {c}.00
201 一般公共服务支出 {a}.00 {b}.00 {c}.00
20103 政府办公厅 {a}.00 {b}.00 {c}.00
"""


class Figures(NamedTuple):
    """What came of one run, after it settled; `calls` are those that were answered, `vain` those that were not.

    `cpu_ms_a_call` is what the process that asks takes, without the endpoint and the database; `load` what the
    machine was under at the end.
    """

    limit: float | None
    seconds: float
    calls: int
    vain: int
    calls_a_second: float
    vain_share: float
    cpu_ms_a_call: float
    endpoint_cpu_ms_a_call: float
    load: float
    failed: int


def chunk_of(number: int, seed: int) -> Chunk:
    """A small table, another for each number; the ids of its pieces are the same in all."""
    b, c = 1_000_000 + number, Random(seed).randint(2_000_000, 4_000_000)
    text = FORM.format(a=b + c, b=b, c=c)
    document = Document(name=f"{number}.txt", sha256=sha256(text.encode()).hexdigest(), text=text)
    (chunk,) = segment(document)
    return chunk


def answer_to(chunk: Chunk) -> Json:
    """The faultless answer."""
    return WIRES[_WIRE].encode(LayoutReader().read(chunk).table, chunk).model_dump(mode="json")


class Seen(NamedTuple):
    """What an endpoint saw, known once it is left: calls with whether they were answered, CPU seconds it took."""

    came: list[tuple[float, bool]]
    cpu_s: list[float]


@contextmanager
def endpoint(answer: Json, limit: float | None) -> Iterator[tuple[str, Seen]]:
    """The address of an endpoint in a process of its own, and what it saw."""
    seen = Seen([], [])
    command = [sys.executable, "-m", "evals.bench.limit", "--serve", json.dumps([answer, limit])]
    with subprocess.Popen(  # noqa: S603 - our own interpreter and module
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            if process.stdout is None:
                raise ValueError("the endpoint says nothing")
            yield process.stdout.readline().strip(), seen
            said, _ = process.communicate("\n", timeout=30)
            told = json.loads(said)
            seen.came.extend((at, good) for at, good in told["came"])
            seen.cpu_s.append(told["cpu_s"])
        finally:
            process.kill()


def serve(answer: Json, limit: float | None) -> None:
    """Answer until a line is read; then write what came."""
    text = json.dumps(answer, ensure_ascii=False)
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    usage = {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100}
    said = {"id": "scripted", "object": "chat.completion", "created": 0, "model": "bench"}
    asyncio.run(Limited({**said, "choices": [choice], "usage": usage}, LATENCY_S, limit).serve())


def measure(settings: Settings, store: Store, seconds: float, seed: int, limit: float | None) -> Figures:
    """Read for so many seconds with IN_FLIGHT threads; the first third is left to settle."""
    chunks = [chunk_of(number, seed) for number in range(int(IN_FLIGHT * (seconds + 2) / LATENCY_S))]
    failed: list[ModelError] = []
    numbers = count()
    over = threading.Event()
    with TemporaryDirectory() as home, endpoint(answer_to(chunks[0]), limit) as (url, seen):
        asking = settings.model_copy(update={"openai_base_url": url, "home": Path(home)})
        reader = Breaker(LlmReader(asking, pace=store.pace(f"{url} bench")))

        def work() -> None:
            while not over.is_set() and (number := next(numbers)) < len(chunks):
                try:
                    reader.read(chunks[number])
                except ModelError as error:
                    failed.append(error)

        threads = [threading.Thread(target=work) for _ in range(IN_FLIGHT)]
        for thread in threads:
            thread.start()
        time.sleep(seconds / 3)
        began, cpu = time.time(), time.process_time()
        time.sleep(seconds * 2 / 3)
        ended, cpu = time.time(), time.process_time() - cpu
        over.set()
        for thread in threads:
            thread.join()
        reader.close()
    settled = [good for at, good in seen.came if began <= at < ended]
    calls, vain = settled.count(True), settled.count(False)
    return Figures(
        limit=limit,
        seconds=round(ended - began, 1),
        calls=calls,
        vain=vain,
        calls_a_second=round(calls / (ended - began), 2),
        vain_share=round(vain / max(1, len(settled)), 4),
        cpu_ms_a_call=round(1000 * cpu / max(1, calls), 2),
        endpoint_cpu_ms_a_call=round(1000 * seen.cpu_s[0] / max(1, len(seen.came)), 2),
        load=round(os.getloadavg()[0], 2),
        failed=len(failed),
    )


def main(arguments: Sequence[str]) -> int:
    """Measures and prints; 1 where less than 95 % of the calls in flight, or 90 % of the limit, was reached."""
    parser = argparse.ArgumentParser(prog="python -m evals.bench.limit", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="of each of the two runs")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="nothing but the JSON object")
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    speak_directly()
    if given.serve:
        serve(*json.loads(given.serve))
        return 0
    settings = load_settings(
        readers="llm", model="bench", mode="json_schema", wire=_WIRE, openai_api_key="none"
    )
    with TemporaryDirectory() as blobs, Store(settings.database_url, BlobStore(Path(blobs))) as store:
        free, held = (measure(settings, store, given.seconds, given.seed, each) for each in (None, LIMIT))
    if not given.json:
        for found in (free, held):
            sys.stdout.write(f"{found}\n")
    result: dict[str, Any] = {"free": free._asdict(), "limited": held._asdict()}
    sys.stdout.write(json.dumps(result) + "\n")
    reached = free.calls_a_second >= 0.95 * IN_FLIGHT / LATENCY_S
    settled = abs(held.calls_a_second - LIMIT) <= 0.1 * LIMIT and held.vain_share < 0.05
    return int(not (reached and settled))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
