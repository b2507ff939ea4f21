"""`python -m evals.train COMMAND`: samples, learn, export, exact, or all of them one after the other."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

SAMPLES, ADAPTER, REPORT = "samples.jsonl.gz", "adapter.gguf", "exact.json"


@dataclass(frozen=True)
class Size:
    """How much of each step is done."""

    samples: int
    minutes: float
    epochs: float
    tokens: int
    cases: int
    parts: int
    exact_minutes: float


WHOLE = Size(samples=30_000, minutes=25.0, epochs=3.0, tokens=4096, cases=40, parts=10, exact_minutes=60.0)
SMOKE = Size(samples=40, minutes=0.4, epochs=1.0, tokens=1024, cases=3, parts=1, exact_minutes=0.4)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m evals.train", description=__doc__)
    parser.add_argument("command", choices=("samples", "learn", "export", "exact", "all"))
    parser.add_argument("--work", type=Path, default=Path("build/train"), help="folder of all that is made")
    parser.add_argument("--smoke", action="store_true", help="everything tiny: the way, not the model")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--wire", choices=("brief", "refs", "rows"), default="brief")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--threads", type=int, default=0, help="0: those of the machine")
    parser.add_argument("--processes", type=int, default=1, help="that learn side by side")
    parser.add_argument(
        "--half", action="store_true", help="bfloat16 on a CPU too: only for one that computes in it"
    )
    parser.add_argument("--from", dest="adapter", type=Path, help="adapter whose learning is gone on with")
    parser.add_argument("--rate", type=float, default=6e-4)
    parser.add_argument("--gguf", type=Path, help="weights of the base model; default: those of its package")
    for field in fields(Size):
        kind = float if field.type == "float" else int
        parser.add_argument(f"--{field.name.replace('_', '-')}", type=kind)
    exact = parser.add_argument_group("exact")
    exact.add_argument("--no-adapter", action="store_true", help="measure the base model")
    exact.add_argument("--no-grammar", action="store_true", help="let it answer what it likes")
    exact.add_argument("--tiers", nargs="+", default=["real", "clean", "mild", "heavy"])
    exact.add_argument("--ship", action="store_true", help="put adapter and card where the worker finds them")
    return parser


def _size(asked: argparse.Namespace) -> Size:
    size = SMOKE if asked.smoke else WHOLE
    given = {field.name: getattr(asked, field.name) for field in fields(Size)}
    return Size(**{**vars(size), **{name: value for name, value in given.items() if value is not None}})


def _samples(asked: argparse.Namespace, size: Size) -> dict[str, Any]:
    from evals.train.samples import samples, write
    from evals.train.serving import Serving

    began, path = time.monotonic(), asked.work / SAMPLES
    number = write(path, samples(asked.seed, asked.wire, Serving(threads=1)), size.samples)
    seconds = time.monotonic() - began
    return {"samples": number, "a_second": round(number / seconds, 1), "bytes": path.stat().st_size}


def _gguf(asked: argparse.Namespace) -> Path:
    if asked.gguf:
        return Path(asked.gguf)
    from worker.embedded.serve import base_in
    from worker.settings import load_settings

    return base_in(load_settings().home / "models")


def _learn(asked: argparse.Namespace, size: Size) -> dict[str, Any]:
    from evals.train.learn import Setting, learn

    setting = Setting(
        device=asked.device,
        minutes=size.minutes,
        epochs=size.epochs,
        tokens=size.tokens,
        rate=asked.rate,
        seed=asked.seed,
        threads=asked.threads,
        half=asked.half,
        processes=asked.processes,
    )
    return learn(asked.work / SAMPLES, _gguf(asked), asked.work / "run", setting, asked.adapter)._asdict()


def _export(asked: argparse.Namespace, size: Size) -> dict[str, Any]:  # noqa: ARG001
    from evals.train.export import export
    from evals.train.learn import CHECKPOINT

    digest = export(asked.work / "run" / CHECKPOINT, asked.work / ADAPTER)
    return {"sha256": digest, "bytes": (asked.work / ADAPTER).stat().st_size}


def _exact(asked: argparse.Namespace, size: Size) -> dict[str, Any]:
    from hashlib import sha256

    from evals.train.exact import asked as questions
    from evals.train.exact import measured, renewed, report, wire_of
    from evals.train.serving import Serving
    from worker.embedded import card
    from worker.embedded.serve import SLOTS

    adapter, wire = asked.work / ADAPTER, wire_of(asked.wire)
    serving = Serving(None if asked.no_adapter else adapter, threads=asked.threads or None, slots=SLOTS)
    found = questions(asked.tiers, size.cases, size.parts, wire)
    until = time.monotonic() + 60 * size.exact_minutes
    began = time.monotonic()
    counts = measured(found, serving, wire, grammar=not asked.no_grammar, until=until, at_once=SLOTS)
    told = {"adapter": not asked.no_adapter, "grammar": not asked.no_grammar, "wire": asked.wire}
    pace = sum(count.answer_tokens for count in counts.values()) / (time.monotonic() - began)
    made = {**told, "tokens_a_second": round(pace, 1), "tiers": report(counts)}
    (asked.work / REPORT).write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
    if asked.ship:
        digest = sha256(adapter.read_bytes()).hexdigest()
        renew = renewed(card(), counts, digest, asked.work / "run")
        _ship(asked.work, renew.model_dump_json(indent=1))
    return made


def _ship(work: Path, text: str) -> None:
    """Put adapter and card where the worker finds them, and the losses beside this."""
    from evals.train.learn import LOSSES
    from worker.embedded.card import ADAPTER as PLACE
    from worker.embedded.card import CARD

    shutil.copyfile(work / ADAPTER, PLACE)
    shutil.copyfile(work / "run" / LOSSES, Path(__file__).with_name(LOSSES))
    CARD.write_text(text + "\n", encoding="utf-8")


STEPS = {"samples": _samples, "learn": _learn, "export": _export, "exact": _exact}


def main(arguments: Sequence[str]) -> int:
    """Prints one JSON object a step. The exit code is 2 where something is missing."""
    asked = _parser().parse_args(arguments)
    try:
        asked.work.mkdir(parents=True, exist_ok=True)
        for name in STEPS if asked.command == "all" else [asked.command]:
            began = time.monotonic()
            made = STEPS[name](asked, _size(asked))
            line = {"step": name, "minutes": round((time.monotonic() - began) / 60, 2), **made}
            sys.stdout.write(json.dumps(line) + "\n")
            sys.stdout.flush()
    except ModuleNotFoundError as error:
        sys.stderr.write(f"{error.name} is missing: pip install 'gouji[embedded,train]'\n")
        return 2
    return 0


if __name__ == "__main__":
    code = main(sys.argv[1:])
    sys.stdout.flush()
    sys.stderr.flush()
    # Threads of a server that was served from here may outlast the interpreter.
    os._exit(code)
