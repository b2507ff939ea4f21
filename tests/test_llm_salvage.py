"""What is kept of an answer that stays invalid: sides, whole numbers, answers of very many rows."""

from __future__ import annotations

import pytest

from evals.simulate.server import Asked, Json, Reply, ScriptedServer
from prompts import WIRES
from schemas import Invalid
from tests.chunks import chunk_of
from tests.conftest import MakeReader
from tests.model_cases import CASES, FUNCTION_COLUMNS, FUNCTION_ROWS, book_of, content, functions, table_of


@pytest.mark.parametrize("wire", WIRES)
def test_a_bad_row_of_one_side_leaves_the_others(make_reader: MakeReader, wire: str) -> None:
    chunk, columns, rows, expected = CASES["summary"]
    book = book_of(wire, (chunk, table_of(chunk, columns, rows)))

    def script(asked: Asked) -> Reply:
        answer = book.answer(asked)
        found = answer["rows"]
        if isinstance(found, dict):
            found["expenditure"][1] = 7
        else:
            found[4] = 7
        return Reply(answer)

    with ScriptedServer(script) as server:
        reading = make_reader(server.url, wire=wire).read(chunk)
    assert content(reading.table) == [cell for i, cell in enumerate(expected) if i != 4]
    (said,) = reading.incomplete
    assert "1,591.82 (line 4)" in said or "1, 591. 82 (line 4)" in said


@pytest.mark.parametrize("wire", WIRES)
def test_no_row_that_the_schema_admits_is_no_reading_of_whole_numbers_either(
    make_reader: MakeReader, wire: str
) -> None:
    chunk = chunk_of("Item\tPieces\nBolts\t200\nNuts\t317\n", None)
    book = book_of(
        wire, (chunk, table_of(chunk, ["Pieces"], [[None, "Bolts", "200"], [None, "Nuts", "317"]]))
    )

    def script(asked: Asked) -> Reply:
        answer = book.answer(asked)
        answer["rows"] = [7 for _ in answer["rows"]]
        return Reply(answer)

    with ScriptedServer(script) as server, pytest.raises(Invalid):
        make_reader(server.url, wire=wire).read(chunk)


@pytest.mark.parametrize("bad", [7, ["x"], None, [None, "合计", "17.00", "12.00", "5.00"]])
def test_an_answer_with_thousands_of_bad_rows_is_told_of_shortly(
    make_reader: MakeReader, bad: object
) -> None:
    chunk, table = functions()
    answer: Json = {"columns": FUNCTION_COLUMNS, "rows": [*FUNCTION_ROWS, *[bad] * 1000]}
    with ScriptedServer(lambda _: Reply(answer)) as server:
        reading = make_reader(server.url).read(chunk)
    assert content(reading.table) == content(table)
    (said,) = reading.incomplete
    assert len(said) < 5000
