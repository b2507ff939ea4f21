"""The same documents through the same model by others: `python -m evals.bench.peers --documents 20 --seed 1 --json`.

A simulated model that makes no mistake answers in a process of its own, each call after a second and at a set number
of tokens a second. It is asked by `gouji extract` (first with the model for every table, then only where the layout
reader does not close), by a plain loop over `instructor` with row objects and nothing checked
(`evals.baselines.naive`), and, with `--langextract PYTHON` naming an interpreter that has it, by LangExtract as it
comes. The last line is one JSON object: for each, wall seconds, calls, and tokens of the answers as the server counts
them.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from evals.baselines import langextract_form as form
from evals.baselines.naive import Naive
from evals.bench.archives import cases
from evals.cases import Case
from evals.run.measure import speak_directly
from evals.simulate import SimulatedModel
from worker.settings import load_settings

LATENCY_S = 1.0
TOKENS_A_SECOND = 100.0
CONCURRENCY = 10
"""Calls at a time: the number that LangExtract comes with."""


class Took(NamedTuple):
    """What one of them took."""

    who: str
    wall_s: float
    calls: int
    output_tokens: int


@contextmanager
def model(documents: int, seed: int) -> Iterator[tuple[str, list[int]]]:
    """The address of a fresh model in a process of its own, and, once it is left, its calls and tokens."""
    counted: list[int] = []
    command = [sys.executable, "-m", "evals.bench.peers", "--serve"]
    command += ["--documents", str(documents), "--seed", str(seed)]
    with subprocess.Popen(  # noqa: S603 - our own interpreter and module
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            if process.stdout is None:
                raise ValueError("the model says nothing")
            yield process.stdout.readline().strip(), counted
            said, _ = process.communicate("\n", timeout=60)
            counted += json.loads(said)
        finally:
            process.kill()


def serve(given: Sequence[Case]) -> None:
    """Answer until a line is read; then write how many calls came and how many tokens went."""
    with SimulatedModel(given, latency_s=LATENCY_S, tokens_a_second=TOKENS_A_SECOND) as simulated:
        sys.stdout.write(f"{simulated.url}\n")
        sys.stdout.flush()
        sys.stdin.readline()
        sys.stdout.write(json.dumps([simulated.asked, simulated.written]))


def _gouji(folder: Path, url: str, readers: str, when: str) -> None:
    with TemporaryDirectory(prefix="gouji-peers-") as home:
        environment = {
            **os.environ,
            "GOUJI_HOME": home,
            "GOUJI_READERS": readers,
            "GOUJI_LLM_WHEN": when,
            "GOUJI_MODEL": "simulated",
            "GOUJI_CONCURRENCY": str(CONCURRENCY),
            "OPENAI_BASE_URL": url,
            "OPENAI_API_KEY": "none",
        }
        command = [sys.executable, "-c", "from worker.cli import main; main()", "extract", str(folder)]
        subprocess.run(  # noqa: S603 - our own command
            [*command, "--out", str(Path(home, "out"))],
            env=environment,
            check=True,
            stdout=subprocess.DEVNULL,
        )


def _naive(given: Sequence[Case], url: str) -> None:
    settings = load_settings(model="simulated", openai_base_url=url, openai_api_key="none", readers="llm")
    naive = Naive(settings)
    for case in given:
        if failed := naive.read(case).failed:
            raise ValueError(f"{case.id}: {failed[0]}")
    naive.close()


def _langextract(python: str, given: Sequence[Case], url: str) -> None:
    order = {
        "url": url,
        "description": form.DESCRIPTION,
        "example": {"text": form.EXAMPLE, "quote": form.EXAMPLE_QUOTE, "cells": form.EXAMPLE_CELLS},
        "texts": [case.text for case in given],
    }
    script = Path(__file__).with_name("langextract_peer.py")
    subprocess.run(  # noqa: S603 - the interpreter that was named
        [python, str(script)], input=json.dumps(order), text=True, check=True, stdout=subprocess.DEVNULL
    )


def main(arguments: Sequence[str]) -> int:
    """Measures and prints."""
    parser = argparse.ArgumentParser(prog="python -m evals.bench.peers", description=__doc__)
    parser.add_argument("--documents", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--langextract", metavar="PYTHON", help="an interpreter that has LangExtract")
    parser.add_argument("--json", action="store_true", help="nothing but the JSON object")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    speak_directly()
    made = list(cases(given.documents, given.seed))
    if given.serve:
        serve(made)
        return 0
    with TemporaryDirectory(prefix="gouji-peers-") as place:
        folder = Path(place)
        for number, case in enumerate(made):
            (folder / f"{number:04d}.txt").write_text(case.text, encoding="utf-8", newline="")
        peers: dict[str, Callable[[str], None]] = {
            "gouji, every table": lambda url: _gouji(folder, url, "llm", "always"),
            "gouji, where layout does not close": lambda url: _gouji(folder, url, "both", "unclosed"),
            "instructor in a loop": lambda url: _naive(made, url),
        }
        if python := given.langextract:
            peers["LangExtract"] = lambda url: _langextract(python, made, url)
        found: list[Took] = []
        for who, work in peers.items():
            with model(given.documents, given.seed) as (url, counted):
                begin = time.monotonic()
                work(url)
                wall = time.monotonic() - begin
            found.append(Took(who, round(wall, 1), *counted))
            if not given.json:
                sys.stdout.write(f"{found[-1]}\n")
                sys.stdout.flush()
    result: dict[str, Any] = {"documents": given.documents, "peers": [each._asdict() for each in found]}
    sys.stdout.write(json.dumps(result) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
