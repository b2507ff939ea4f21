"""What wire formats cost: answers of the bundled tables, counted by any tokenizer."""

from __future__ import annotations

import importlib.util

import pytest

from evals.bench.tokens import Call, calls, summed, tables, tokenizer
from evals.real import real_cases
from prompts import WIRES
from schemas import ConfigError


def test_every_format_of_a_table_is_counted_with_its_prompt_and_its_schema() -> None:
    chunk, table = next(tables(real_cases()[-1:]))
    asked: list[str] = []

    def count(text: str) -> int:
        asked.append(text)
        return len(text)

    found = list(calls(chunk, table, count))
    assert [call.wire for call in found] == list(WIRES)
    assert all(call.kind == table.kind for call in found)
    by_wire = {call.wire: call for call in found}
    assert by_wire["refs"].output < by_wire["rows"].output < by_wire["records"].output
    # The numerals are marked with their ids where they are asked for.
    assert by_wire["refs"].prompt > by_wire["rows"].prompt
    assert any('"others":[]' in text for text in asked)
    assert all(row.cells() and table.headers for row in table.rows)


def test_shares_are_those_of_the_sums() -> None:
    found = summed(
        [
            Call("a", "records", 10, 5, 100),
            Call("b", "records", 10, 5, 300),
            Call("a", "rows", 20, 5, 50),
            Call("b", "rows", 30, 5, 51),
        ]
    )
    assert found["rows"] == {
        "tables": 2,
        "output_tokens": 101,
        "percent_of_records": 25.2,
        "prompt_per_table": 25.0,
        "schema_per_table": 5.0,
        "output_per_table": 50.5,
        "call_per_table": 75.5,
    }
    assert found["records"]["percent_of_records"] == 100.0
    assert "refs" not in found


@pytest.mark.skipif(importlib.util.find_spec("xllamacpp") is not None, reason="the tokenizer is installed")
def test_what_is_missing_is_said() -> None:
    with pytest.raises(ConfigError, match=r"pip install 'gouji\[embedded\]'"), tokenizer():
        pass
