"""The simulated model over real HTTP: the gold where it does not err, and what it owns up to where it does."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence

import pytest

from evals.cases import Case, GoldRow, GoldTable
from evals.real import real_cases
from evals.simulate import ErrorModel, Injected, SimulatedModel, count_tokens
from evals.typed import document_of, held_by, typed
from prompts import WIRES
from schemas import AnyTable, Chunk, ModelError, Reading, Refused, squeeze
from schemas.findings import Verdict
from tests.chunks import chunk_of
from tests.conftest import MakeReader
from tests.model_cases import FUNCTION_COLUMNS, FUNCTION_ROWS, FUNCTIONS, outcomes
from worker.pipeline import Reader, extract
from worker.segment import segment

Fact = tuple[str, str, str, str, str]
KEYS = [column["key"] for column in FUNCTION_COLUMNS]
GOLD = GoldTable(
    kind="expenditure_by_function",
    ordinal=1,
    unit="万元",
    columns=tuple(KEYS),
    rows=tuple(
        GoldRow(
            code=code or "", name=name or "", cells={k: v for k, v in zip(KEYS, values, strict=True) if v}
        )
        for code, name, *values in FUNCTION_ROWS
    ),
)
CASE = Case(id="small", name="s.txt", body="b", family="f", tier="clean", text=FUNCTIONS, gold=(GOLD,))


def facts(table: AnyTable) -> list[Fact]:
    return sorted(
        (
            row.side or "",
            row.code or "",
            squeeze(row.name),
            column,
            f"{cell.amount.value:f}" if cell.amount else squeeze(cell.text),
        )
        for row in table.rows
        for column, cell in row.cells()
    )


def read(model: SimulatedModel, make_reader: MakeReader, **settings: object) -> tuple[Reading, Verdict]:
    """The reading of the one table of CASE, and where it goes."""
    reader = make_reader(model.url, **settings)
    found = extract(document_of(CASE), [reader])
    return found.standing["t01"], found.verdicts["t01"]


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("case", real_cases(), ids=lambda case: case.id)
def test_without_errors_the_answers_are_the_gold(make_reader: MakeReader, case: Case, wire: str) -> None:
    document = document_of(case)
    chunks = segment(document)
    held = held_by(chunks, case.gold)
    with SimulatedModel([case]) as model:
        reader = make_reader(model.url, wire=wire, rows_per_call=1000)
        for chunk in chunks:
            reading = reader.read(chunk)
            gold = typed(held[chunk.id].part)
            if chunk.role == "narrative":
                # Subjects are not always printed as the gold words them; units come from print, not from answers.
                found, wanted = (
                    sorted(fact[3:] for fact in facts(table) if fact[3] != "unit")
                    for table in (reading.table, gold)
                )
                assert found == wanted
            else:
                assert facts(reading.table) == facts(gold)
        assert model.done == []


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("mode", ["json_schema", "tools", "md_json", "auto"])
def test_a_table_in_parts_in_every_mode(make_reader: MakeReader, wire: str, mode: str) -> None:
    with SimulatedModel([CASE]) as model:
        reading, verdict = read(model, make_reader, wire=wire, mode=mode, rows_per_call=3)
        assert model.asked == 3
    assert facts(reading.table) == facts(typed(GOLD))
    assert verdict.status == "accepted"


def test_a_source_of_no_case_is_refused(make_reader: MakeReader) -> None:
    chunk = chunk_of("合计 1.00\n", "state_capital")
    with SimulatedModel([CASE]) as model, pytest.raises(Refused, match="none of the cases"):
        make_reader(model.url).read(chunk)


def tally(done: Sequence[Injected]) -> Counter[str]:
    return Counter(each.error for each in done if each.attempt == 0)


@pytest.mark.parametrize("wire", ["rows", "refs"])
def test_runs_repeat(make_reader: MakeReader, wire: str) -> None:
    case = real_cases()[3]
    chunks = [chunk for chunk in segment(document_of(case)) if chunk.role == "table"]
    seen = []
    for seed in (1, 1, 2):
        with SimulatedModel([case], ErrorModel(cell=0.01, structure=0.5), seed=seed) as model:
            reader = make_reader(model.url, wire=wire)
            # In another order each time: what is asked before does not matter.
            chunks.reverse()
            readings = {chunk.id: outcome(reader, chunk) for chunk in chunks}
            seen.append((model.done, readings))
    assert len(seen[0][0]) > 20
    assert seen[0] == seen[1]
    assert seen[0] != seen[2]


def outcome(reader: Reader, chunk: Chunk) -> list[Fact] | str:
    """The cells of a reading, or why there is none."""
    try:
        return facts(reader.read(chunk).table)
    except ModelError as error:
        return str(error)


def test_errors_come_at_their_rate(make_reader: MakeReader) -> None:
    case = real_cases()[3]
    with SimulatedModel([case], ErrorModel(cell=0.1), seed=5) as model:
        reader = make_reader(model.url, rows_per_call=1000)
        for chunk in segment(document_of(case)):
            outcome(reader, chunk)
        done = model.done
    figures = sum(
        cell.amount is not None for table in case.gold for row in typed(table).rows for _, cell in row.cells()
    )
    slips = len({(each.chunk, each.cell.row, each.error) for each in done if each.cell})
    assert 0.07 * figures < slips < 0.13 * figures
    assert set(tally(done)) == {"digit", "sign", "neighbour", "column", "blank"}


def test_what_is_wrong_in_a_reading_was_injected(make_reader: MakeReader) -> None:
    case = real_cases()[3]
    document = document_of(case)
    with SimulatedModel([case], ErrorModel(structure=0.8), seed=3) as model:
        found = extract(document, [make_reader(model.url, wire="refs", rows_per_call=1000)])
        given = {(each.chunk, each.cell.column, each.given) for each in model.done if each.cell}
    held = held_by(found.chunks, case.gold)
    wrong = 0
    for key, table in found.tables.items():
        if key.startswith("t"):
            extra = Counter(facts(table)) - Counter(facts(typed(held[key].part)))
            wrong += extra.total()
            assert {(key, fact[3], fact[4]) for fact in extra} <= given
    assert wrong > 10


@pytest.mark.parametrize(("mends", "count"), [(1.0, 1), (0.0, 3)])
def test_an_error_that_is_named_is_mended_at_its_rate(
    make_reader: MakeReader, mends: float, count: int
) -> None:
    (chunk,) = segment(document_of(CASE))
    for seed in range(20):
        with SimulatedModel([CASE], ErrorModel(cell=0.08, mends=mends), seed=seed) as model:
            outcome(make_reader(model.url), chunk)
            if {each.error for each in model.done} == {"digit"}:
                assert {each.attempt for each in model.done} == set(range(count))
                return
    pytest.fail("no seed with digits alone")


def test_throttling_and_failures_are_survived(make_reader: MakeReader) -> None:
    errors = ErrorModel(throttled=0.4, failed=0.3, pause_s=0.01)
    statuses: set[str] = set()
    for seed in range(2):
        with SimulatedModel([CASE], errors, seed=seed) as model:
            reading, verdict = read(model, make_reader, rows_per_call=8, patience_s=12)
            assert verdict.status == "accepted"
            statuses.update(outcomes(reading.calls))
            assert set(tally(model.done)) <= {"throttled", "failed"}
    assert statuses == {"ok", "throttled", "transient"}


def test_json_that_breaks_off_is_asked_for_again(make_reader: MakeReader) -> None:
    errors = ErrorModel(malformed=0.5)
    for seed in range(8):
        with SimulatedModel([CASE], errors, seed=seed) as model:
            try:
                reading, _ = read(model, make_reader, rows_per_call=1000)
            except KeyError:
                continue  # three broken answers in a row
            if tally(model.done):
                assert outcomes(reading.calls)[0] == "invalid"
                assert facts(reading.table) == facts(typed(GOLD))
                return
    pytest.fail("no answer broke off")


def test_slow_answers_are_late(make_reader: MakeReader) -> None:
    with SimulatedModel([CASE], ErrorModel(slow=1.0, pause_s=0.3)) as model:
        started = time.monotonic()
        read(model, make_reader, rows_per_call=1000)
        assert time.monotonic() - started >= 0.3
        assert tally(model.done) == {"slow": 1}


def test_rates_are_shares() -> None:
    with pytest.raises(ValueError, match="less than or equal to 1"):
        ErrorModel(cell=2)


def test_tokens_are_counted_by_a_rule(make_reader: MakeReader) -> None:
    assert count_tokens("总计 1,234.50 total\n") == 2 + 1 + 8 + 1 + 2 + 1
    with SimulatedModel([CASE]) as model:
        rows, _ = read(model, make_reader, wire="rows")
        records, _ = read(model, make_reader, wire="records")
    assert 0 < rows.calls[0].completion_tokens < records.calls[0].completion_tokens
    assert rows.calls[0].prompt_tokens > 500
