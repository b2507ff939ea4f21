"""The model of the kill benchmark, a process of its own: documents of two forms, and who answers for them.

Every document has the same two forms with figures of its own, so that the same pieces, named by their ids, make the
faultless answer to each; which calls were answered is written down, one line a call.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import threading
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from random import Random

from evals.run.measure import speak_directly
from evals.simulate.server import Asked, Json, Reply, ScriptedServer
from prompts import WIRES
from schemas import Document
from worker.readers.layout import LayoutReader
from worker.segment import segment

WIRE = "refs"

_FORMS = """\
第{number:05d}局2024年部门决算

收入决算表
公开02表
单位：万元
科目编码\t科目名称\t本年收入合计\t财政拨款收入\t其他收入
201\t一般公共服务支出\t{a}.{x:02d}\t{b}.{x:02d}\t{c}.00
20101\t人大事务\t{a}.{x:02d}\t{b}.{x:02d}\t{c}.00
合计\t\t{total}.{x:02d}\t{b}.{x:02d}\t{c}.00

支出决算表
公开03表
单位：万元
科目编码\t科目名称\t本年支出合计\t基本支出\t项目支出
201\t一般公共服务支出\t{a}.{x:02d}\t{c}.00\t{b}.{x:02d}
20101\t人大事务\t{a}.{x:02d}\t{c}.00\t{b}.{x:02d}
合计\t\t{a}.{x:02d}\t{c}.00\t{b}.{x:02d}
"""


def text_of(seed: int, number: int) -> str:
    """A document of two forms; in one of five the total of the first is not what its figures add up to."""
    dice = Random(f"kill {seed} {number}")
    b, c, x = dice.randint(2000, 4500), dice.randint(2000, 4500), dice.randint(1, 99)
    wrong = 10 if dice.random() < 0.2 else 0
    return _FORMS.format(number=number, a=b + c, b=b, c=c, x=x, total=b + c + wrong)


def write_documents(folder: Path, seed: int, count: int) -> None:
    """The documents of a seed as files."""
    folder.mkdir(parents=True)
    for number in range(count):
        (folder / f"{number:05d}.txt").write_text(text_of(seed, number), encoding="utf-8")


def answers(seed: int, numbers: Iterable[int]) -> dict[str, Json]:
    """The faultless answer by the title of a form. Raises ValueError where documents differ in it."""
    found: dict[str, Json] = {}
    for number in numbers:
        text = text_of(seed, number)
        sha256 = hashlib.sha256(text.encode()).hexdigest()
        for chunk in segment(Document(name=f"{number}.txt", sha256=sha256, text=text)):
            table = LayoutReader().read(chunk).table
            answer = WIRES[WIRE].encode(table, chunk).model_dump(mode="json")
            if found.setdefault(chunk.title, answer) != answer:
                raise ValueError(f"document {number} is not made as the others")
    return found


def serve(port: int, log: Path, seed: int, latency_s: float) -> None:
    """Answer until killed."""
    known = answers(seed, range(3))
    lock = threading.Lock()
    with log.open("a", encoding="ascii") as out:

        def script(asked: Asked) -> Reply:
            time.sleep(latency_s)
            form = next((title for title in known if title in asked.prompt), None)
            if form is None:
                return Reply(status=400, error={"message": "no form of the benchmark"})
            with lock:
                key = hashlib.sha256(json.dumps(asked.body, sort_keys=True).encode()).hexdigest()
                out.write(f"{key}\n")
                out.flush()
                server.asked.clear()
            return Reply(known[form])

        with ScriptedServer(script, port=port) as server:
            threading.Event().wait()


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m evals.bench.answering", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--latency", type=float, default=0.2, help="seconds")
    given = parser.parse_args(arguments)
    speak_directly()
    serve(given.port, given.log, given.seed, given.latency)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
