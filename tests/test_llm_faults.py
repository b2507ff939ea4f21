"""A model that answers wrongly: its faults are named and mended, or the table does not pass."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest

from evals.simulate.server import MODES, Asked, Json, Mode, Reply, ScriptedServer
from prompts import WIRES
from schemas import Invalid
from tests.chunks import chunk_of
from tests.conftest import MakeReader
from tests.model_cases import (
    book_of,
    content,
    functions,
    outcomes,
    table_of,
    verdict_on,
)

_NAMES = [f"第{chr(0x7532 + i)}类支出" for i in range(20)]
LONG = "支出决算表\n科目编码 科目名称 本年支出合计\n" + "\n".join(
    f"{201 + i} {name} {10 + i}.{31 + i}" for i, name in enumerate(_NAMES)
)
"""A table of 20 rows, no two figures or names alike."""


def changed_digit(answer: Json) -> None:
    """A figure that the source does not print; with ids a piece that there is not."""
    row = answer["rows"][3]
    if isinstance(row, dict):
        row["total"] = "7.01"
    elif isinstance(row, list):
        row[2] = "7.01"
    else:
        answer["rows"][3] = re.sub(r"A\d+", "A999", row)


def swapped_columns(answer: Json) -> None:
    """The two natures of a row in each other's column."""
    row = answer["rows"][1]
    if isinstance(row, dict):
        row["basic"], row["project"] = row["project"], row["basic"]
    elif isinstance(row, list):
        row[3], row[4] = row[4], row[3]
    else:
        answer["rows"][1] = row.translate(str.maketrans("BC", "CB"))


def dropped_row(answer: Json) -> None:
    del answer["rows"][5:]


def invented_row(answer: Json) -> None:
    answer["rows"].append(json.loads(json.dumps(answer["rows"][0])))


def invented_name(answer: Json) -> None:
    row = answer["rows"][7]
    if isinstance(row, dict):
        row["name"] = "其他支出"
    elif isinstance(row, list):
        row[1] = "其他支出"
    else:
        answer["rows"][7] = re.sub(r"n\d+", "n<其他支出>", row)


def short_row(answer: Json) -> None:
    """A value too few; where values are keyed by column, one that no column is listed for."""
    row = answer["rows"][6]
    if isinstance(row, dict):
        del row["project"]
    elif isinstance(row, list):
        row.pop()
    else:
        answer["columns"] = answer["columns"].rsplit(" ", 1)[0]


MENDED: dict[Callable[[Json], None], tuple[str, ...]] = {
    changed_digit: (
        "row 4, total: 7.01 is not in the source",
        "row 4: 999 is no id of the source, which has 1 to 52",
    ),
    dropped_row: ("in the source but in no row",),
    invented_row: (
        "row 9, total: 17.00 stands in the source",
        "row 9, total: 14 (17.00) is used twice, but stands in the source once",
        "row 9, total: 17.00 is used twice, but stands in the source once",
    ),
    invented_name: ("row 8: the name '其他支出' is not in the source",),
    short_row: (
        "row 7: 2 values, 3 columns",
        "rows.6.project",
        "row 7: C is filled but not among the columns",
    ),
}
"""What the model is told of each fault: one of these."""


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("fault", MENDED)
def test_a_fault_is_named_and_mended(
    make_reader: MakeReader, fault: Callable[[Json], None], mode: Mode, wire: str
) -> None:
    chunk, table = functions()
    book = book_of(wire, (chunk, table))

    def script(asked: Asked) -> Reply:
        answer = book.answer(asked)
        if not asked.tries:
            fault(answer)
        return Reply(answer)

    with ScriptedServer(script) as server:
        reading = make_reader(server.url, wire=wire, mode=mode).read(chunk)
    assert content(reading.table) == content(table)
    assert outcomes(reading.calls) == ["invalid", "ok"]
    assert any(words in server.asked[1].complaint for words in MENDED[fault])


def wrong_type(answer: Json) -> None:
    """A row, or a value of it, that the schema does not admit."""
    row = answer["rows"][3]
    if isinstance(row, dict):
        row["total"] = 7
    elif isinstance(row, list):
        row[2] = {"value": "7.00"}
    else:
        answer["rows"][3] = 7


KEPT: dict[Callable[[Json], None], int | None] = {
    changed_digit: 3,
    invented_name: 7,
    wrong_type: 3,
    invented_row: None,
}
"""Faults of one row, and which row of the source is lost with it."""


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("fault", KEPT)
def test_of_an_answer_that_stays_wrong_only_the_bad_row_is_lost(
    make_reader: MakeReader, fault: Callable[[Json], None], wire: str
) -> None:
    chunk = chunk_of(LONG, "expenditure_by_function", title="支出决算表")
    columns = [{"key": "total", "header": "本年支出合计"}]
    table = table_of(chunk, columns, [line.split(" ") for line in LONG.splitlines()[2:]])
    book = book_of(wire, (chunk, table))

    def script(asked: Asked) -> Reply:
        answer = book.answer(asked)
        fault(answer)
        return Reply(answer)

    with ScriptedServer(script) as server:
        reading = make_reader(server.url, wire=wire).read(chunk)
    assert outcomes(reading.calls) == ["invalid"] * 3
    lost = KEPT[fault]
    assert content(reading.table) == [cell for i, cell in enumerate(content(table)) if i != lost]
    (said,) = reading.incomplete
    assert lost is None or f"(line {chunk.first_line + 2 + lost})" in said
    verdict = verdict_on(chunk, reading)
    assert verdict.status == "review"
    assert f"not read: {said}" in verdict.reasons


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("later", [Reply("no JSON at all"), Reply(refusal="No.")])
def test_the_sound_rows_of_an_earlier_answer_stand_if_no_later_one_has_more(
    make_reader: MakeReader, later: Reply, wire: str
) -> None:
    chunk, table = functions()
    book = book_of(wire, (chunk, table))

    def script(asked: Asked) -> Reply:
        answer = book.answer(asked)
        changed_digit(answer)
        return later if asked.tries else Reply(answer)

    with ScriptedServer(script) as server:
        reading = make_reader(server.url, wire=wire).read(chunk)
    assert [row.code for row in reading.table.rows] == [
        row.code for i, row in enumerate(table.rows) if i != 3
    ]
    assert reading.incomplete


@pytest.mark.parametrize("wire", WIRES)
def test_an_answer_without_a_sound_row_is_no_reading(make_reader: MakeReader, wire: str) -> None:
    chunk, table = functions()
    book = book_of(wire, (chunk, table))

    def script(asked: Asked) -> Reply:
        answer = book.answer(asked)
        answer["rows"] = json.loads(
            re.sub(
                r'(?<=A)\d+|"\d+\.\d\d"',
                lambda m: '"77.77"' if '"' in m[0] else "999",
                json.dumps(answer["rows"]),
            )
        )
        return Reply(answer)

    with ScriptedServer(script) as server:
        with pytest.raises(Invalid) as caught:
            make_reader(server.url, wire=wire).read(chunk)
        assert len(server.asked) == 3
    assert outcomes(caught.value.calls) == ["invalid"] * 3
    assert any(problem.startswith("row ") for problem in caught.value.problems)


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("fault", [swapped_columns, dropped_row])
def test_a_wrong_table_that_stands_in_the_source_is_not_accepted(
    make_reader: MakeReader, fault: Callable[[Json], None], wire: str
) -> None:
    chunk, table = functions()
    book = book_of(wire, (chunk, table))

    def script(asked: Asked) -> Reply:
        answer = book.answer(asked)
        fault(answer)
        return Reply(answer)

    with ScriptedServer(script) as server:
        reading = make_reader(server.url, wire=wire).read(chunk)
    verdict = verdict_on(chunk, reading)
    assert verdict.status == "review"
    assert verdict.reasons


@pytest.mark.parametrize("mode", MODES)
def test_json_that_breaks_off_is_asked_for_again(make_reader: MakeReader, mode: Mode) -> None:
    chunk, table = functions()
    book = book_of("rows", (chunk, table))

    def script(asked: Asked) -> Reply:
        answer = book.answer(asked)
        return Reply(answer) if asked.tries else Reply(json.dumps(answer)[:150])

    with ScriptedServer(script) as server:
        reading = make_reader(server.url, mode=mode).read(chunk)
    assert reading.table == table
    assert outcomes(reading.calls) == ["invalid", "ok"]


@pytest.mark.parametrize(
    "worse", [Reply("no JSON at all"), Reply(status=500), Reply("{", finish="length"), Reply(refusal="No.")]
)
def test_a_first_answer_with_doubts_stands_if_the_next_are_worse(
    make_reader: MakeReader, worse: Reply
) -> None:
    chunk, table = functions()
    book = book_of("rows", (chunk, table))

    def script(asked: Asked) -> Reply:
        answer = book.answer(asked)
        dropped_row(answer)
        return worse if asked.tries else Reply(answer)

    with ScriptedServer(script) as server:
        reading = make_reader(server.url).read(chunk)
    assert len(server.asked) > 1
    assert [row.code for row in reading.table.rows] == [None, "201", "20103", "2010301", "2010302"]
    assert verdict_on(chunk, reading).status == "review"


def test_rows_without_a_name_are_questioned_and_then_taken(make_reader: MakeReader) -> None:
    chunk = chunk_of("项目支出表\n合计\t22.00\n\t17.00\n办公费\t5.00\n", "project_expenditure")
    answer = {
        "columns": [{"key": "total", "header": ""}],
        "rows": [[None, "合计", "22.00"], [None, None, "17.00"], [None, "办公费", "5.00"]],
    }
    with ScriptedServer(lambda _: Reply(answer)) as server:
        reading = make_reader(server.url).read(chunk)
    assert reading.notes == ("row 2 has no name",)
    assert "row 2 has no name" in server.asked[1].complaint
    assert [value for *_, value, _ in content(reading.table)] == ["22.00", "17.00", "5.00"]
