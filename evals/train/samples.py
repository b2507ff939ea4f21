"""Samples to learn from: made documents in the prompts of the worker, with the answers that the gold gives.

No document that a person printed is among them. A sample is a prompt and its answer as tokens of the base model.
"""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from collections.abc import Iterator
from hashlib import sha256
from itertools import count
from pathlib import Path
from random import Random
from typing import NamedTuple, Protocol

from evals.cases import Case, Tier
from evals.garble import case_of
from evals.simulate.library import Known, Library, Passage
from evals.synthetic import draft
from evals.train.lossy import lossy
from prompts import BRIEF, WIRES, Answer, Wire, build
from prompts.wire.base import Shape, shape_of
from prompts.wire.places import Source, alike
from schemas import AnyTable, Cell, Chunk, Invalid, Row
from worker.embedded import card
from worker.readers.llm.parts import is_whole, parts_of

TIERS: tuple[Tier, ...] = ("clean", "heavy", "mild", "heavy", "heavy")
"""In turn, document by document."""

LOSSY = 0.4
"""So many documents have lost something beside figures: see `evals.train.lossy`."""

FIRST_TEST_SEED = 1_000_000
"""Samples are made of seeds below it, tests of those from it on."""

LEFT_OUT = {"generic", "narrative_facts", "performance_self_evaluation", "performance_target"}
"""Kinds that are not learned: many tokens, and of less worth than the tables of figures."""

SHARES = {
    "basic_expenditure_by_economic": 0.14,
    "expenditure_by_function": 0.12,
    "fiscal_appropriation_summary": 0.2,
    "general_budget_expenditure": 0.12,
    "government_fund": 0.8,
    "income_by_function": 0.1,
    "income_expenditure_summary": 0.25,
    "project_expenditure": 0.35,
    "state_capital": 0.6,
}
"""Of the samples of the kinds that documents hold most of, so that the others are learned too."""

FORMATS: dict[str, Wire] = {"brief": BRIEF, **{name: WIRES[name] for name in ("refs", "rows")}}
"""In what a model may be trained; the worker asks in the first."""

MOST_TOKENS = 900
"""Of a sample: as many as a full part of a wide table takes; longer ones cost most and hold little else."""

_FEWEST_ROWS = 2
_BETWEEN = re.compile(r"[\s|]")
"""What may stand between the pieces of a code."""
_TOLD = {"unit"}
"""Columns that decoding fills by what stands beside a figure."""
_END_OF_TEXT = 1


class Tokens(Protocol):
    """Who tells tokens: `evals.train.serving.Serving`."""

    def tokens(self, text: str, *, whole: bool = False) -> tuple[int, ...]:
        """The tokens of a text; of a `whole` prompt with the one that begins it."""


class Question(NamedTuple):
    """A part of a chunk, what is asked about it, and the table that it holds, without what it does not print. `text` is
    the whole prompt."""

    case: str
    kind: str
    tier: Tier
    part: Chunk
    text: str
    table: AnyTable


class Sample(NamedTuple):
    """Token ids of a prompt, from the beginning of text on, and of its answer, to the end of text."""

    kind: str
    tier: str
    prompt: tuple[int, ...]
    answer: tuple[int, ...]


def questions(case: Case, wire: Wire, sizes: Random | None = None) -> Iterator[Question]:
    """What the worker would ask about a document with the embedded model, part by part.

    `sizes` draws how many lines a part has, up to those of the card; without it, all have as many.
    """
    most = card().rows_per_call
    for known in Library([case]).known(Passage(case, 0, len(case.text) + 1)):
        if known.held.rows and not known.chunk.blank and not is_whole(known.chunk, most):
            rows = sizes.randint(_FEWEST_ROWS, most) if sizes else most
            for part in parts_of(known.chunk, rows):
                yield from _question(case, known, part, wire)


def _question(case: Case, known: Known, part: Chunk, wire: Wire) -> Iterator[Question]:
    _, held = known.within(Passage(case, part.start, part.end))
    if not held:
        return
    source, printed, shape = Source(part), _BETWEEN.sub("", part.text), shape_of(known.chunk.kind)
    rows = [_as_printed(row, source, printed, shape) for _, row in held]
    declared = type(known.table).row_type().column_infos()
    # A header is given only where nothing else says what the column is: answers are short.
    headers = {key: text for key, text in known.table.headers.items() if key not in declared}
    table = known.table.model_copy(update={"rows": rows, "headers": headers})
    prompt = build(part, wire, brief=True)
    yield Question(case.id, table.kind, case.tier, part, prompt.system + prompt.user, table)


def answer_to(question: Question, wire: Wire) -> Answer | None:
    """The answer that the gold gives; None where it does not hold: what else the text has lost cannot be learned."""
    try:
        answer = wire.encode(question.table, question.part)
        decoded = wire.decode(answer, question.part)
    except (Invalid, ValueError):
        return None
    return answer if rows_of(decoded.table) == rows_of(question.table) else None


def _as_printed(row: Row, source: Source, printed: str, shape: Shape) -> Row:
    """A row without the code and the name that its part has lost; a key is a name that no text prints."""
    lost: dict[str, object] = {}
    if row.code and row.code not in printed:
        lost["code"] = None
    named = shape.keys(row.side) or any(row.get(column) for column in shape.table.named_by)
    if row.name and not named and not source.texts(row.label.text if row.label else row.name):
        lost |= {"name": "", "label": None}
    return row.model_copy(update=lost) if lost else row


def rows_of(table: AnyTable) -> Counter[tuple[str, str, str, tuple[tuple[str, str], ...]]]:
    """The rows of a table that hold anything, as they are compared: side, code, name and cells as printed."""
    return Counter(
        (
            row.side or "",
            row.code or "",
            alike(row.name),
            tuple(sorted((key, _shown(cell)) for key, cell in row.cells() if key not in _TOLD)),
        )
        for row in table.rows
    )


def _shown(cell: Cell) -> str:
    return f"{cell.amount.value} {cell.numeral}" if cell.amount else alike(cell.text)


def samples(seed: int, wire_name: str, model: Tokens) -> Iterator[Sample]:
    """Samples without end; the same seed gives the same ones. None comes twice, none is longer than a call may be.

    Raises ValueError for a seed that is kept for tests.
    """
    if seed >= FIRST_TEST_SEED:
        raise ValueError(f"seeds from {FIRST_TEST_SEED} on are kept for tests")
    wire, told = FORMATS[wire_name], card()
    seen: set[bytes] = set()
    for index in count():
        rng = Random(f"{seed}:{index}")
        made = draft(seed, index)
        if rng.random() < LOSSY:
            made = lossy(made, rng)
        case = case_of(made, TIERS[rng.randrange(len(TIERS))], seed)
        for question in questions(case, wire, rng):
            if question.kind in LEFT_OUT or rng.random() >= SHARES.get(question.kind, 1.0):
                continue
            digest = sha256(question.text.encode()).digest()
            if digest in seen or (answer := answer_to(question, wire)) is None:
                continue
            seen.add(digest)
            prompt = model.tokens(question.text, whole=True)
            tokens = (*model.tokens(written(answer)), _END_OF_TEXT)
            if len(prompt) + len(tokens) <= min(told.context, MOST_TOKENS) and len(tokens) <= told.answer:
                yield Sample(question.kind, question.tier, prompt, tokens)


def written(answer: Answer) -> str:
    """An answer as the model is to write it."""
    return json.dumps(answer.model_dump(mode="json"), ensure_ascii=False, separators=(",", ":"))


def write(path: Path, found: Iterator[Sample], most: int) -> int:
    """Write up to `most` samples as JSON lines, gzipped; how many came."""
    path.parent.mkdir(parents=True, exist_ok=True)
    number = 0
    with gzip.open(path, "wt", encoding="utf-8", compresslevel=6) as file:
        for number, sample in enumerate(found, start=1):
            file.write(json.dumps(sample, separators=(",", ":")) + "\n")
            if number == most:
                break
    return number
