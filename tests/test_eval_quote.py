"""The source line of a wrong cell: what was read and what is true are marked where they stand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.report.drill import quote
from tests.wrong_cells import WRONG


def marked(source: str, *, got: str | None = "6901.75", gold: str | None = None) -> list[tuple[str, str]]:
    cell = WRONG.model_copy(update={"source": source, "got": got, "gold": gold})
    return [(part.text, part.mark) for part in quote(cell) if part.mark]


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("合计 6901.75 20", "6901.75"),
        ("合计\t6,901.75\t20", "6,901.75"),
        ("合计 6, 901. 75 20", "6, 901. 75"),
        ("合计 ６９０１.７５", "６９０１.７５"),
        ("合计 16901.75 6901.75", "6901.75"),
    ],
)
def test_figures_are_found_as_they_are_printed(source: str, shown: str) -> None:
    assert marked(source) == [(shown, "read")]


@pytest.mark.parametrize(
    "source",
    [
        "",
        "合计 6901.755",
        "合计 6901.75 6901.75",
        "合计 6901.75 6, 901. 75",
        "合计 16,901.75",
        "合计 1, 6901.75",
    ],
)
def test_what_stands_nowhere_or_twice_is_not_marked(source: str) -> None:
    assert marked(source) == []


def test_what_was_read_and_what_is_true_are_both_marked() -> None:
    assert marked("合计 20.00 6901.75", got="20.00", gold="6901.75") == [
        ("20.00", "read"),
        ("6901.75", "true"),
    ]
    assert marked("合计 6901.75", got=None, gold="-6901.75") == [("6901.75", "true")]


@given(st.text(alphabet="1234567890., \t支出", max_size=300), st.sampled_from(["12", "3.40", "567"]))
def test_a_quoted_line_keeps_its_figure_and_is_not_long(around: str, value: str) -> None:
    cell = WRONG.model_copy(
        update={"source": f"{around} 合计 {value} 末 {around}", "got": value, "gold": None}
    )
    parts = quote(cell)
    assert sum(len(part.text) for part in parts) <= 4 * 48 + 2 * len(" … ") + len(value) + 60
    assert sum(part.mark == "read" for part in parts) <= 1
