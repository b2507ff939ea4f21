"""Chunk → Reading by a model: ask, ground, have mended, join."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from openai.types.chat import ChatCompletion
from pydantic import ValidationError

from prompts import BRIEF, WIRES, Answer, Decoded, Prompt, Wire, build, version
from schemas.errors import Invalid, ModelError, NotAsked, Refused, Truncated
from schemas.findings import Reading, Role
from schemas.registry import AnyTable, TableType, table_type
from schemas.source import Chunk
from worker.embedded import EMBEDDED, card
from worker.pace import InMemory, Keeper
from worker.readers.cache import AnswerCache, key_of
from worker.readers.deferral import Wanted
from worker.readers.ledger import explain_rest, unexplained
from worker.readers.llm.answers import grounded, held_against, valid_rows
from worker.readers.llm.endpoint import CallLog, Endpoint
from worker.readers.llm.modes import ask, mode_for, request_of
from worker.readers.llm.parts import halves_of, is_whole, parts_of
from worker.settings import Settings

_REASKS = 2
_LISTED = 20
_LINES_A_ROW = 4
"""Rows of kinds with text columns are wrapped over several lines."""


class LlmReader:
    """Reads a chunk with a model behind an OpenAI-compatible endpoint. One reader serves many threads.

    Of the settings it uses `model`, `openai_api_key`, `openai_base_url`, `mode`, `wire`, `temperature`,
    `timeout_s`, `rows_per_call` and `home`. `patience_s`: seconds for which connection errors, 429 and 5xx are
    retried here before they are raised; `pace` is shared with others who ask the same endpoint. Raises
    ConfigError where model or endpoint are not configured. The embedded model gets the brief prompts that it was
    trained on, is not asked twice, and not for kinds that its card does not say it reads.
    """

    name = "llm"

    def __init__(self, settings: Settings, *, patience_s: float = 30.0, pace: Keeper | None = None) -> None:
        self._settings = settings
        self._endpoint = Endpoint(settings, patience_s, pace or InMemory())
        self._wire: Wire = BRIEF if settings.model == EMBEDDED else WIRES[settings.wire]
        self._embedded = settings.model == EMBEDDED
        self._cache = AnswerCache(settings.blobs_url.rstrip("/") + "/answers")

    def close(self) -> None:
        """Close the connections to the endpoint."""
        self._endpoint.close()

    def read(self, chunk: Chunk) -> Reading:
        """The reading of a chunk; parts that could not be read are named in `incomplete`.

        Raises the ModelError of the chunk if nothing of it could be read, Transient and Throttled if it is worth
        another try; its `calls` are those that were made. Raises ConfigError if the endpoint is not usable.
        """
        job = _Job(chunk, CallLog(self._endpoint.model, self._wire.name))
        if chunk.blank or not (chunk.ledger or _has_texts(chunk)):
            return job.empty()
        try:
            self._refuse_unread(chunk)
            for part in parts_of(chunk, self._lines_per_call(chunk)):
                self._read(part, job)
            return job.reading(version(chunk.kind, self._wire, brief=self._embedded))
        except ModelError as error:
            error.calls = tuple(job.log.calls)
            raise

    def wanted(self, chunk: Chunk) -> tuple[Wanted, ...]:
        """What would be asked first to read a chunk, as far as no answer is at hand. Raises what `read` raises."""
        job = _Job(chunk, CallLog(self._endpoint.model, self._wire.name))
        if self._embedded or chunk.blank or not (chunk.ledger or _has_texts(chunk)):
            return ()
        try:
            parts = parts_of(chunk, self._lines_per_call(chunk))
            found = [wanted for part in parts for wanted in self._wanted(part, job)]
        except ModelError as error:
            error.calls = tuple(job.log.calls)
            raise
        return tuple({wanted.key: wanted for wanted in found}.values())

    def _wanted(self, part: Chunk, job: _Job) -> Iterator[Wanted]:
        prompt = build(part, self._wire, brief=self._embedded)
        key = self._key(part, prompt)
        entry = self._cache.get(key) or {}
        if "truncated" in entry:
            for half in halves_of(part):
                yield from self._wanted(half, job)
        elif "completion" not in entry and self._recall(entry, part) is None:
            mode = mode_for(self._endpoint, job.log, self._settings.mode)
            model = _Trial(part, job, self._wire).model()
            body = request_of(self._endpoint, mode, model, self._request(prompt))
            text = json.dumps(body, ensure_ascii=False)
            yield Wanted(key, text, self._endpoint.model, self._wire.name, prompt.version)

    def _refuse_unread(self, chunk: Chunk) -> None:
        kind: str = table_type(chunk.kind).model_fields["kind"].default
        if self._embedded and not card().reads(kind):
            raise NotAsked(f"the embedded model is not asked for {kind}, which it does not read well enough")
        if self._embedded and is_whole(chunk, self._lines_per_call(chunk)):
            raise NotAsked(
                "the embedded model is not asked for tables whose columns are printed one below the other"
            )

    def _lines_per_call(self, chunk: Chunk) -> int:
        # The embedded model has learned parts of so many lines, whatever stands in them.
        wrapped = not self._embedded and (chunk.role == "narrative" or _has_texts(chunk))
        return self._settings.rows_per_call * (_LINES_A_ROW if wrapped else 1)

    def _read(self, part: Chunk, job: _Job) -> None:
        """Read a part into `job`; one that is too long in smaller parts."""
        try:
            job.parts.append((part, self._ask(part, job)))
        except Truncated as error:
            halves = halves_of(part)
            if not halves:
                job.lost.append((part, error))
            for half in halves:
                self._read(half, job)
        except (Invalid, Refused) as error:
            job.lost.append((part, error))

    def _ask(self, part: Chunk, job: _Job) -> Decoded:
        log = job.log
        prompt = build(part, self._wire, brief=self._embedded)
        key = self._key(part, prompt)
        entry = self._cache.get(key) or {}
        if "truncated" in entry:
            log.add_cached(prompt.version)
            raise Truncated(str(entry["truncated"]))
        if (known := self._recall(entry, part)) is not None:
            log.add_cached(prompt.version)
            return known
        given = _completion(entry)
        try:
            found = self._put(_Trial(part, job, self._wire), prompt, log, given)
        except Truncated as error:
            self._cache.put(key, {"truncated": str(error)}, replace=given is not None)
            raise
        except (Invalid, Refused):
            self._forget(key, given)
            raise
        # An answer with rows left out is not kept: the next time may bring them.
        if found.decoded.dropped:
            self._forget(key, given)
        else:
            answer = {"answer": found.answer.model_dump(mode="json"), "model": self._endpoint.model}
            self._cache.put(key, answer, replace=given is not None)
        return found.decoded

    def _forget(self, key: str, given: ChatCompletion | None) -> None:
        """Let a part be asked anew the next time: what a job brought did not do."""
        if given:
            self._cache.put(key, {}, replace=True)

    def _key(self, part: Chunk, prompt: Prompt) -> str:
        settings = self._settings
        ledger = [(numeral.id, numeral.text) for numeral in part.ledger]
        parameters = {"temperature": settings.temperature, "mode": settings.mode, "wire": settings.wire}
        return key_of(prompt, ledger, self._endpoint.model, self._endpoint.address, parameters)

    def _recall(self, entry: dict[str, Any], part: Chunk) -> Decoded | None:
        """What a kept answer means; None for one that no longer decodes."""
        try:
            answer = self._wire.response_model(part.kind, part).model_validate(entry.get("answer"))
            return self._wire.decode(answer, part)
        except (ValueError, Invalid):
            return None

    def _request(self, prompt: Prompt) -> dict[str, Any]:
        return {
            "messages": [
                {"role": "system", "content": prompt.system},
                {"role": "user", "content": prompt.user},
            ],
            "temperature": self._settings.temperature,
        }

    def _put(self, trial: _Trial, prompt: Prompt, log: CallLog, given: ChatCompletion | None) -> _Found:
        """Ask until an answer holds; the first may be given. One with doubts stands where asking again brought
        nothing better.

        Of answers that stay invalid the sound rows stand. Raises Invalid if there are none.
        """
        request = self._request(prompt)
        mode = mode_for(self._endpoint, log, self._settings.mode)
        try:
            with held_against(trial):
                ask(
                    *(self._endpoint, log, prompt.version, mode, trial.model(), request),
                    reasks=0 if self._embedded else _REASKS,
                    given=given,
                )
        except ModelError as error:
            if trial.best is None and isinstance(error, Invalid | Refused):
                trial.salvage()
            if trial.best is None:
                raise
        return trial.outcome


@dataclass(frozen=True, slots=True)
class _Found:
    """A valid answer, what it means, and what may be wrong with it all the same."""

    answer: Answer
    decoded: Decoded
    doubts: tuple[str, ...]


class _Trial:
    """Checks the answers for one part. Problems are sent back every time, doubts once: print may be odd."""

    def __init__(self, part: Chunk, job: _Job, wire: Wire) -> None:
        self._part, self._job, self._wire = part, job, wire
        self._doubted = False
        self._refused: list[tuple[Any, tuple[str, ...]]] = []
        self.best: _Found | None = None

    def model(self) -> type[Answer]:
        """The model of an answer, which `held_against` this trial holds each one against the source."""
        return grounded(self._wire.response_model(self._part.kind, self._part))

    def hold(self, raw: Any, handler: Callable[[Any], Answer]) -> Answer:
        """Validate an answer and hold it against the source."""
        try:
            answer = handler(raw)
        except ValidationError as error:
            self._refused.append(valid_rows(raw, error))
            raise
        self._check(answer)
        return answer

    @property
    def outcome(self) -> _Found:
        """The answer with the fewest doubts. Raises Invalid if none was valid."""
        if self.best is None:
            raise Invalid(("no answer held",))
        return self.best

    def salvage(self) -> None:
        """Make the sound rows of the refused answer that has most of them the outcome."""
        base = self._wire.response_model(self._part.kind, self._part)
        most = 1
        for raw, problems in self._refused:
            try:
                answer = base.model_validate(raw)
                decoded = self._wire.decode(answer, self._part, salvage=True)
            except (ValueError, Invalid):
                continue
            if len(decoded.table.rows) >= most:
                most = len(decoded.table.rows)
                decoded = replace(decoded, dropped=(*problems, *decoded.dropped))
                self.best = _Found(answer, decoded, decoded.doubts)

    def _check(self, answer: Answer) -> None:
        try:
            decoded = self._wire.decode(answer, self._part)
        except Invalid as error:
            self._refused.append((answer.model_dump(), ()))
            raise ValueError("\n".join(error.problems)) from None
        doubts = (*decoded.doubts, *self._left_over(decoded))
        if self.best is None or len(doubts) < len(self.best.doubts):
            self.best = _Found(answer, decoded, doubts)
        if doubts and not self._doubted:
            self._doubted = True
            raise ValueError("\n".join(doubts))

    def _left_over(self, decoded: Decoded) -> list[str]:
        """Figures of a table that stand in no row; in forms with texts and in prose many rightly do not."""
        part = self._part
        if part.role == "narrative":
            return []
        known = {**self._job.evident(part), **self._job.rest(part, decoded.roles), **decoded.roles}
        left = [n for n in unexplained(part, known) if n.decimals or not _has_texts(part)]
        shown = _listed(
            [
                f"{said} (line {numeral.span.line})"
                for said, numeral in zip(self._wire.cite(left, part), left, strict=True)
            ]
        )
        return [f"in the source but in no row, unless it is no value of the table: {item}" for item in shown]


@dataclass
class _Job:
    """One chunk on its way: the parts read, the parts lost, the calls made."""

    chunk: Chunk
    log: CallLog
    parts: list[tuple[Chunk, Decoded]] = field(default_factory=list)
    lost: list[tuple[Chunk, ModelError]] = field(default_factory=list)
    _rest: tuple[Chunk, dict[str, Role], dict[str, Role]] | None = None

    def evident(self, part: Chunk) -> Mapping[str, Role]:
        """What is told by the whole chunk of the numerals of a part: it may be too short for a sequence."""
        return self._evident if part.parts > 1 else {}

    @cached_property
    def _evident(self) -> dict[str, Role]:
        return explain_rest(self.chunk, {})

    def rest(self, part: Chunk, used: Mapping[str, Role]) -> dict[str, Role]:
        """`explain_rest`, of a chunk in one part no second time."""
        if self._rest is None or self._rest[0] is not part or self._rest[1] != used:
            self._rest = part, dict(used), explain_rest(part, used)
        return self._rest[2]

    def empty(self) -> Reading:
        """The reading of a form without figures: no model is needed for it."""
        table = _blank_table(self.chunk)
        roles = explain_rest(self.chunk, {})
        return Reading(chunk=self.chunk.id, reader=LlmReader.name, table=table, roles=roles)

    def reading(self, prompt_version: str) -> Reading:
        """All parts joined. Raises the error of the first part if none was read."""
        if not self.parts:
            raise self.lost[0][1]
        roles: dict[str, Role] = {}
        for _, decoded in self.parts:
            roles |= decoded.roles
        roles = {**self.rest(self.chunk, roles), **roles}
        return Reading(
            chunk=self.chunk.id,
            reader=LlmReader.name,
            table=_joined(self.chunk, [decoded.table for _, decoded in self.parts]),
            roles=roles,
            notes=tuple(doubt for _, decoded in self.parts for doubt in decoded.doubts),
            incomplete=(
                *(f"lines {part.first_line}–{part.last_line}: {_why(error)}" for part, error in self.lost),
                *(_left_out(part, decoded, roles) for part, decoded in self.parts if decoded.dropped),
            ),
            calls=tuple(self.log.calls),
            prompt_version=prompt_version,
        )


def _completion(entry: Mapping[str, Any]) -> ChatCompletion | None:
    """The completion that a job left for a part, None if none did."""
    try:
        return ChatCompletion.model_validate(entry["completion"]) if "completion" in entry else None
    except ValidationError:
        return None


def _left_out(part: Chunk, decoded: Decoded, roles: Mapping[str, Role]) -> str:
    """What a part lost with rows that were left out, as far as figures tell, and why they were."""
    loose = [f"{numeral.text} (line {numeral.span.line})" for numeral in unexplained(part, roles)]
    figures = f", in no row {', '.join(_listed(loose))}" if loose else ""
    why = "; ".join(_listed(decoded.dropped))
    return f"lines {part.first_line}–{part.last_line}, rows left out{figures}: {why}"


def _why(error: ModelError) -> str:
    """What a part was lost by; of very many problems the first."""
    return "; ".join(_listed(error.problems)) if isinstance(error, Invalid) else str(error)


def _listed(items: Sequence[str]) -> list[str]:
    """The first of many, and how many more there are."""
    more = len(items) - _LISTED
    return [*items[:_LISTED], f"{more} more"] if more > 0 else list(items)


def _has_texts(chunk: Chunk) -> bool:
    """Whether rows of this kind hold texts beside their name."""
    return any(info.text for info in table_type(chunk.kind).row_type().column_infos().values())


def _blank_table(chunk: Chunk) -> AnyTable:
    model: TableType = table_type(chunk.kind)
    return model(
        kind=model.model_fields["kind"].default,
        title=chunk.title,
        form=chunk.form,
        unit=chunk.unit,
        stage=chunk.stage,
        year=chunk.year,
    )


def _joined(chunk: Chunk, tables: list[AnyTable]) -> AnyTable:
    """The tables of the parts of a chunk as one; sides stay together."""
    table = _blank_table(chunk)
    for part in tables:
        table.columns.extend(key for key in part.columns if key not in table.columns)
        table.headers = {**part.headers, **table.headers}
        table.rows.extend(part.rows)
    order = {side: i for i, side in enumerate(type(table).sides)}
    if len(tables) > 1:
        table.rows.sort(key=lambda row: order.get(row.side or "", 0))
    return table
