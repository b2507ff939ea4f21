"""The simulated model: answers from the gold, spoilt on purpose, over real HTTP."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache
from random import Random
from types import TracebackType

from evals.baselines import langextract_form, naive_form
from evals.cases import Case, CellKey
from evals.simulate.batches import Batches
from evals.simulate.errors import ErrorModel, Injected, Slip, made, mended, planned
from evals.simulate.faults import Page, blank_unseen
from evals.simulate.library import Known, Library, Passage
from evals.simulate.server import Asked, Json, Reply, ScriptedServer
from prompts import WIRES, build
from schemas import Chunk

_TOKEN = re.compile(r"[A-Za-z]{1,4}|\d|\s+|[^\sA-Za-z\d]")


def count_tokens(text: str) -> int:
    """Tokens of a text by a rule of thumb: a Chinese character, a digit, a mark of punctuation, a run of white
    space, and up to four Latin letters are one each, much as tokenizers with single digits do it."""
    return sum(1 for _ in _TOKEN.finditer(text))


class SimulatedModel:
    """A server that answers for a model which knows the gold of `cases` and errs as `errors` says.

    It measures what the validators let through. It says nothing of the accuracy of any model, and no figure got
    with it may be shown as one: its errors are those that were thought of, at rates that were chosen.

    Runs while entered; `url` is the base URL, any model name and key will do; `asked` counts the requests,
    `written` the tokens of the answers. It understands the prompts of this project in every wire format, for whole
    chunks and for parts, and those of the baselines; a source that is of none of the cases is rejected with status
    400, but for LangExtract, which also asks for what lies between tables. What it does follows from
    the seed, the document, the chunk, the attempt and what it was told of the attempts before; a source that two
    cases share is taken for that of the first. `batches` is its batch API. Usage is counted by `count_tokens`; an
    answer takes `latency_s` seconds, and as long as its tokens take at `tokens_a_second` (None: no time).
    """

    def __init__(
        self,
        cases: Iterable[Case],
        errors: ErrorModel | None = None,
        seed: int = 0,
        batches: Batches | None = None,
        *,
        latency_s: float = 0.0,
        tokens_a_second: float | None = None,
    ) -> None:
        self._library = Library(cases)
        self._errors = errors or ErrorModel()
        self._seed = seed
        self._latency_s, self._tokens_a_second = latency_s, tokens_a_second
        self._server = ScriptedServer(self._reply, batches=batches)
        self._lock = threading.Lock()
        self._arrived: Counter[str] = Counter()
        self._plans: dict[tuple[str, str], list[Slip]] = {}
        self._done: list[Injected] = []
        self.asked = self.written = 0

    @property
    def url(self) -> str:
        """The base URL for an OpenAI-compatible client."""
        return self._server.url

    @property
    def done(self) -> list[Injected]:
        """What went wrong so far, by document, chunk and attempt."""
        with self._lock:
            return sorted(self._done, key=lambda item: (item.document, item.chunk, item.attempt))

    def __enter__(self) -> SimulatedModel:
        self._server.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.__exit__(kind, error, trace)

    def _reply(self, asked: Asked) -> Reply:
        with self._lock:
            # What came in is not kept: a run asks thousands of times.
            self._server.asked.clear()
            self.asked += 1
            found = self._understood(asked)
            if found is None and langextract_form.DESCRIPTION in asked.prompt:
                return Reply(langextract_form.written([]), hang=self._latency_s)
            if found is None:
                return Reply(status=400, error={"message": "the source is of none of the cases"})
            passage, known, form = found
            trouble = self._trouble(asked, passage, known[0].chunk.id if known else "")
            if "throttled" in trouble:
                pause = {"Retry-After": f"{self._errors.pause_s:g}"}
                return Reply(status=429, error={"message": "slow down"}, headers=pause)
            if "failed" in trouble:
                return Reply(status=500)
            answer = self._answer(asked, passage, known, form)
            text = json.dumps(answer, ensure_ascii=False)
            prompt = sum(count_tokens(str(message.get("content") or "")) for message in asked.messages)
            tokens = count_tokens(text)
            longest = self._errors.longest or tokens
            self.written += min(tokens, longest)
            takes = self._latency_s + (tokens / self._tokens_a_second if self._tokens_a_second else 0.0)
            return Reply(
                text[: len(text) // 2] if "malformed" in trouble or tokens > longest else answer,
                finish="length" if tokens > longest else "stop",
                hang=takes + (self._errors.pause_s if "slow" in trouble else 0.0),
                usage=(prompt, 0, min(tokens, longest)),
            )

    def _understood(self, asked: Asked) -> tuple[Passage, Sequence[Known], str] | None:
        """The passage asked for, what is known of its chunks, and the form of the answer."""
        if langextract_form.DESCRIPTION in asked.prompt:
            for passage in self._library.find_piece(langextract_form.question(asked.prompt)):
                return passage, self._library.known(passage), langextract_form.NAME
        for passage in self._library.find(asked.prompt):
            known = self._library.known(passage)
            if naive_form.SYSTEM in asked.system:
                return passage, known, naive_form.NAME
            for wire in WIRES if len(known) == 1 else ():
                if _system(known[0].chunk.kind, wire) in asked.system:
                    return passage, known, wire
        return None

    def _trouble(self, asked: Asked, passage: Passage, chunk: str) -> set[str]:
        """What goes wrong with the request itself; a request that is repeated is another draw."""
        key = hashlib.sha256(json.dumps(asked.messages, sort_keys=True).encode()).hexdigest()
        arrival = self._arrived[key]
        self._arrived[key] += 1
        case, errors = passage.case.id, self._errors
        rng = Random(f"{self._seed} {case} {passage.start} {passage.end} {asked.tries} {arrival}")
        rates = {"throttled": errors.throttled, "failed": errors.failed}
        rates |= {"slow": errors.slow, "malformed": errors.malformed}
        happens = [name for name, rate in rates.items() if rng.random() < rate]
        if happens and happens[0] in ("throttled", "failed"):
            del happens[1:]
        self._done.extend(Injected(case, chunk, asked.tries, name) for name in happens)
        return set(happens)

    def _answer(self, asked: Asked, passage: Passage, known: Sequence[Known], form: str) -> Json:
        pages = [self._page(asked, passage, each, ids=form == "refs") for each in known]
        if form == langextract_form.NAME:
            return langextract_form.written([page.answered for page in pages])
        if form != naive_form.NAME:
            return WIRES[form].encode(pages[0].answered, pages[0].chunk).model_dump(mode="json")
        starts = [passage.start <= each.chunk.start for each in known]
        return naive_form.written([page.answered for page in pages], starts).model_dump(mode="json")

    def _page(self, asked: Asked, passage: Passage, known: Known, *, ids: bool) -> Page:
        """What the model answers for a chunk, as far as it stands in the passage; errors are noted."""
        case, chunk = passage.case.id, known.chunk.id
        gold = known.held.table
        page = Page.of(known, passage, ids=ids)
        edits = [("unseen", edit) for edit in blank_unseen(page)]
        if (case, chunk) not in self._plans:
            self._plans[case, chunk] = planned(known, self._errors, f"{self._seed} {case} {chunk}")
        here = {line.number for line in page.lines}
        for slip in self._plans[case, chunk]:
            if slip.row not in here or self._is_mended(slip, asked, passage, known, ids=ids):
                continue
            error, changed = made(slip, page)
            edits += [(error, edit) for edit in changed]
        for error, edit in edits:
            cell = CellKey(gold.kind, gold.ordinal, edit.row, edit.column)
            self._done.append(Injected(case, chunk, asked.tries, error, cell, edit.true, edit.given))
        return page

    def _is_mended(self, slip: Slip, asked: Asked, passage: Passage, known: Known, *, ids: bool) -> bool:
        """Whether what was said of earlier answers made the model set a slip right."""
        if not asked.tries:
            return False
        _, alone = made(slip, Page.of(known, passage, ids=ids))
        return mended(slip, alone, asked.complaints, self._errors)


@cache
def _system(kind: str | None, wire: str) -> str:
    """What the model is told before it sees a table of a kind."""
    nothing = Chunk(
        id="",
        document="",
        role="table",
        kind=kind,
        title="",
        start=0,
        end=0,
        lines=(),
        first_line=1,
        last_line=1,
        text="",
    )
    return build(nothing, WIRES[wire]).system
