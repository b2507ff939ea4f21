"""Chunk → Reading by a model: ask, ground, have mended, join."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from pydantic import ValidationError, create_model, model_validator

from prompts import WIRES, Answer, Decoded, Prompt, Wire, build, version
from schemas.errors import Invalid, ModelError, Refused, Truncated
from schemas.findings import Reading, Role
from schemas.registry import AnyTable, TableType, table_type
from schemas.source import Chunk
from worker.pace import InMemory, Keeper
from worker.readers.cache import AnswerCache, key_of
from worker.readers.ledger import explain_rest, unexplained
from worker.readers.llm.endpoint import CallLog, Endpoint
from worker.readers.llm.modes import ask, mode_for, problems_of
from worker.readers.llm.parts import halves_of, parts_of
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
    ConfigError where model or endpoint are not configured.
    """

    name = "llm"

    def __init__(self, settings: Settings, *, patience_s: float = 30.0, pace: Keeper | None = None) -> None:
        self._settings = settings
        self._endpoint = Endpoint(settings, patience_s, pace or InMemory())
        self._wire: Wire = WIRES[settings.wire]
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
            for part in parts_of(chunk, self._lines_per_call(chunk)):
                self._read(part, job)
            return job.reading(self._wire)
        except ModelError as error:
            error.calls = tuple(job.log.calls)
            raise

    def _lines_per_call(self, chunk: Chunk) -> int:
        wrapped = chunk.role == "narrative" or _has_texts(chunk)
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
        prompt = build(part, self._wire)
        key = self._key(part, prompt)
        entry = self._cache.get(key) or {}
        if "truncated" in entry:
            log.add_cached(prompt.version)
            raise Truncated(str(entry["truncated"]))
        if (known := self._recall(entry, part)) is not None:
            log.add_cached(prompt.version)
            return known
        try:
            found = self._put(_Trial(part, job, self._wire), prompt, log)
        except Truncated as error:
            self._cache.put(key, {"truncated": str(error)})
            raise
        # An answer with rows left out is not kept: the next time may bring them.
        if not found.decoded.dropped:
            self._cache.put(
                key, {"answer": found.answer.model_dump(mode="json"), "model": self._endpoint.model}
            )
        return found.decoded

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

    def _put(self, trial: _Trial, prompt: Prompt, log: CallLog) -> _Found:
        """Ask until an answer holds. One with doubts stands where asking again brought nothing better.

        Of answers that stay invalid the sound rows stand. Raises Invalid if there are none.
        """
        request = {
            "messages": [
                {"role": "system", "content": prompt.system},
                {"role": "user", "content": prompt.user},
            ],
            "temperature": self._settings.temperature,
        }
        mode = mode_for(self._endpoint, log, self._settings.mode)
        try:
            ask(self._endpoint, log, prompt.version, mode, trial.model(), request, reasks=_REASKS)
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
        """The model of an answer, which holds each one against the source."""
        base = self._wire.response_model(self._part.kind, self._part)

        def grounded(cls: type[Answer], raw: Any, handler: Callable[[Any], Answer]) -> Answer:  # noqa: ARG001
            try:
                answer = handler(raw)
            except ValidationError as error:
                self._refused.append(_valid_rows(raw, error))
                raise
            self._check(answer)
            return answer

        validators: dict[str, Any] = {"grounded": model_validator(mode="wrap")(grounded)}
        return create_model(base.__name__, __base__=base, __doc__=base.__doc__, __validators__=validators)

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
        known = {**self._job.evident(part), **explain_rest(part, decoded.roles), **decoded.roles}
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

    def evident(self, part: Chunk) -> Mapping[str, Role]:
        """What is told by the whole chunk of the numerals of a part: it may be too short for a sequence."""
        return self._evident if part.parts > 1 else {}

    @cached_property
    def _evident(self) -> dict[str, Role]:
        return explain_rest(self.chunk, {})

    def empty(self) -> Reading:
        """The reading of a form without figures: no model is needed for it."""
        table = _blank_table(self.chunk)
        roles = explain_rest(self.chunk, {})
        return Reading(chunk=self.chunk.id, reader=LlmReader.name, table=table, roles=roles)

    def reading(self, wire: Wire) -> Reading:
        """All parts joined. Raises the error of the first part if none was read."""
        if not self.parts:
            raise self.lost[0][1]
        roles: dict[str, Role] = {}
        for _, decoded in self.parts:
            roles |= decoded.roles
        roles = {**explain_rest(self.chunk, roles), **roles}
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
            prompt_version=version(self.chunk.kind, wire),
        )


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


def _valid_rows(raw: Any, error: ValidationError) -> tuple[Any, tuple[str, ...]]:
    """An answer without the rows that break the schema, and what is wrong with them.

    One that is broken elsewhere stays as it is.
    """
    places = [item["loc"] for item in error.errors(include_url=False, include_input=False)]
    if not all(place[:1] == ("rows",) and any(isinstance(step, int) for step in place) for place in places):
        return raw, ()
    # Up to its first number a place names the row, on a side where there are sides.
    bad = {place[: next(i for i, step in enumerate(place) if isinstance(step, int)) + 1] for place in places}

    def kept(rows: Any, under: tuple[int | str, ...]) -> Any:
        if isinstance(rows, dict):
            return {side: kept(items, (*under, side)) for side, items in rows.items()}
        return [row for i, row in enumerate(rows) if (*under, i) not in bad]

    return {**raw, "rows": kept(raw["rows"], ("rows",))}, problems_of(error)


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
