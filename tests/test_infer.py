"""Identities inferred from structure: what labels, order and figures make of a table of no known kind."""

from __future__ import annotations

from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import AnyTable
from schemas.rules import Inferred, Rule
from schemas.tables import Row, Table
from tests.tables import failed, table
from worker.reconcile import closure, reconcile
from worker.reconcile.equation import holds
from worker.reconcile.expand import equations
from worker.reconcile.grid import Grid


def sums(rows: str, columns: str = "amount") -> list[str]:
    """The equations found, as 'left = right' over row numbers (or columns, where one row is concerned)."""
    grid = Grid("t", printed(rows, columns))
    found = []
    for equation in equations(grid):
        names = [
            [f"{row}.{column}" if equation.scope in {"row", "ratio"} else str(row) for row, column in side]
            for side in (equation.left, equation.right)
        ]
        mark = "skipped " if equation.skipped else "" if holds(grid, equation) else "failed "
        found.append(mark + " = ".join(" ".join(side) for side in names))
    return found


def printed(rows: str, columns: str = "amount") -> AnyTable:
    """A table of no known kind; leading blanks of labels (after the bar and one blank) are kept."""
    made = table("generic", columns, rows)
    for row, line in zip(made.rows, rows.strip("\n").splitlines(), strict=True):
        label = line.split("|")[1]
        blanks = len(label) - len(label.lstrip()) - 1
        if row.label and blanks > 0:
            row.label = row.label.model_copy(update={"text": " " * blanks + row.label.text})
    return made


def test_subtotals_after_their_parts_and_a_total_of_subtotals() -> None:
    rows = """
 | Cash | 12,345
 | Receivables | 8,760
 | Total current assets | 21,105
 | Land | 30,000
 | Buildings | 45,210
 | Total fixed assets | 75,210
 | Total assets | 96,315
"""
    assert sums(rows) == ["2 = 0 1", "5 = 3 4", "6 = 2 5"]


def test_totals_before_their_parts() -> None:
    rows = " | 合计 | 100.25\n | 甲市 | 60.10\n | 乙市 | 30.15\n | 丙市 | 10.00"

    assert sums(rows) == ["0 = 1 2 3"]


def test_a_total_is_that_of_the_section_that_it_names() -> None:
    rows = """
 | 流动资产： |
 | 货币资金 | 1,200
 | 存货 | 300
 | 流动资产合计 | 1,500
 | 固定资产： |
 | 房屋 | 4,000
 | 设备 | 900
 | 固定资产合计 | 4,950
 | 资产总计 | 6,450
"""
    assert sums(rows) == ["3 = 1 2", "failed 7 = 5 6", "8 = 3 7"]


def test_a_wrong_subtotal_is_in_both_sums_that_fail() -> None:
    rows = " | a | 610\n | b | 205\n | Subtotal | 915\n | c | 1,030\n | d | 44\n | Subtotal | 1,074\n | Total | 1,889"

    assert sums(rows) == ["failed 2 = 0 1", "5 = 3 4", "failed 6 = 2 5"]


def test_a_total_of_one_column_that_does_not_close_is_said() -> None:
    rows = " | Paper | 45.00\n | Toner | 120.00\n | Total | {}"

    assert failed(printed(rows.format("165.00"))) == []
    [words] = failed(printed(rows.format("166.00")))
    assert words == (
        "generic.row_sums: generic amount: Paper 45.00 + Toner 120.00 = Total 166.00 "
        "(inferred: holds in 0 of 1 columns); differs by 1, rounding allows 0.015"
    )


def test_a_pattern_that_rarely_holds_is_dropped_and_says_so() -> None:
    rows = " | Alpha | 1,234 | 1,301 | 1,298\n | Beta | 987 | 1,002 | 1,045\n | World total | 8,020 | 8,311 | 8,402"

    [finding] = reconcile({"t": printed(rows, "2021 2022 2023")})
    assert finding.status == "skipped"
    assert finding.statement.endswith("(skipped: dropped: holds in 0 of 3 columns)")


def test_a_column_of_averages_does_not_add_up() -> None:
    rows = " | North | 5,432 | 388\n | South | 9,021 | 410\n | East | 2,877 | 320\n | Total | 17,330 | 385"

    assert sums(rows, "pupils class") == ["3 = 0 1 2", "skipped 3 = 0 1 2"]


def test_of_which_is_part_of_the_row_above() -> None:
    rows = """
 | Domestic debt | 45,310
 | of which: bonds | 40,110
 | of which: loans | 5,200
 | External debt | 12,480
 | of which: multilateral | 8,300
 | Total debt | 57,790
"""
    assert sorted(sums(rows)) == ["0 = 1 2", "5 = 0 3"]


def test_rows_below_others_by_indentation() -> None:
    rows = """
 | Education | 5,420
 |   Primary | 2,320
 |   Secondary | 3,100
 | Health | 2,310
 |   Hospitals | 1,610
 |   Clinics | 700
 | Total | 7,730
"""
    assert sorted(sums(rows)) == ["0 = 1 2", "3 = 4 5", "6 = 0 3"]


def test_rows_below_others_by_item_numbers() -> None:
    rows = """
1 | Structure | 5,420.50
1.1 | Foundations | 1,320.00
1.2 | Frame | 4,100.50
1.2.1 | Columns | 1,900.25
1.2.2 | Beams | 2,200.25
2 | Services | 2,310.00
 | Total | 7,730.50
"""
    assert sorted(sums(rows)) == ["0 = 1 2", "2 = 3 4", "6 = 0 5"]


def test_signs_of_a_result_from_its_words() -> None:
    rows = """
 | 一、营业收入 | 10,500.00 | 9,800.50
 | 减：营业成本 | 6,300.25 | 5,900.10
 | 销售费用 | 820.00 | 790.40
 | 加：其他收益 | 60.00 | 45.00
 | 二、营业利润 | 3,439.75 | 3,155.00
 | 减：所得税费用 | 585.00 | 517.50
 | 三、净利润 | 2,854.75 | 2,637.50
"""
    assert set(sums(rows, "this last")) == {"4 1 2 = 0 3", "6 5 = 4"}


def test_negative_costs_simply_add_up() -> None:
    rows = " | Revenue | 105,000\n | Cost of sales | -63,002\n | Gross profit | 41,998"

    assert sums(rows) == ["2 = 0 1"]


def test_opening_and_movements_make_closing() -> None:
    rows = """
 | Bolts | 1,200 | 450 | 610 | 1,040
 | Nuts | 2,310 | 800 | 1,155 | 1,955
 | Screws | 875 | 1,240 | 990 | 1,125
"""

    found = sums(rows, "Opening Receipts Issues Closing")

    assert found == [f"{row}.Closing {row}.Issues = {row}.Opening {row}.Receipts" for row in range(3)]


def test_assets_are_what_is_owed_for_them() -> None:
    rows = " | 资产总计 | 7,954.80\n | 负债合计 | 3,717.01\n | 所有者权益合计 | 4,237.79\n | 负债和所有者权益总计 | {}"

    assert sums(rows.format("7,954.80")) == ["0 = 1 2", "3 = 0"]
    assert sums(rows.format("7,945.80")) == ["0 = 1 2", "failed 3 = 0"]


@pytest.mark.parametrize("step", [1, -1])
def test_a_running_balance_in_either_order(step: int) -> None:
    lines = [
        " | 1 Jan | | | 1,250.40",
        " | 3 Jan | 850.00 | | 400.40",
        " | 5 Jan | | 3,120.55 | 3,520.95",
        " | 9 Jan | 84.37 | | 3,436.58",
    ]

    grid = Grid("t", printed("\n".join(lines[::step]), "Withdrawals Deposits Balance"))

    found = [equation for equation in equations(grid) if equation.rule == "running_balance"]
    assert len(found) == 3
    assert all(holds(grid, equation) for equation in found)


def test_a_product_and_a_wrong_line_of_it() -> None:
    rows = " | Paper | 40 | 4.20 | 168.00\n | Toner | 3 | 61.50 | {}\n | Lamp | 2 | 37.25 | 74.50"

    assert failed(printed(rows.format("184.50"), "Qty Price Amount")) == []
    [words] = failed(printed(rows.format("194.50"), "Qty Price Amount"))
    assert "Qty 3 × Price 61.50 = Amount 194.50 (inferred: holds in 2 of 3 rows)" in words


def test_shares_of_a_total_and_their_own_sum() -> None:
    rows = """
 | A | 412,305 | 41.9%
 | B | 301,774 | 30.7%
 | C | 150,220 | 15.3%
 | D | 120,009 | {}
 | Total | 984,308 | 100.0%
"""

    right = sums(rows.format("12.2%"), "Votes Share")
    assert right == ["4 = 0 1 2 3", *(f"{i}.Share = {i}.Votes 4.Votes" for i in range(4)), "4 = 0 1 2 3"]
    assert "failed 3.Share = 3.Votes 4.Votes" in sums(rows.format("13.2%"), "Votes Share")


class Growing(Table[Row]):
    """A table of which nothing but growth is asked."""

    rules: ClassVar[tuple[Rule, ...]] = (Inferred("growth", "growth"),)


def test_growth_without_a_column_of_changes() -> None:
    rows = " | Europe | 4,120 | 4,450 | 8.0%\n | Asia | 3,310 | 3,875 | 17.1%\n | Africa | 905 | 1,002 | {}"
    for last, passes in (("10.7%", (3, 0)), ("17.0%", (2, 1))):
        found = closure(Growing.model_validate(printed(rows.format(last), "2022 2023 Growth").model_dump()))
        assert (found.passed, found.failed) == passes


@pytest.mark.parametrize(
    ("headers", "statement"),
    [
        ({"a": "年初预算", "b": "调整", "c": "调整后预算 3=1+2"}, "a b"),
        ({"a": "Plan (A)", "b": "Change (B)", "c": "C = A + B"}, "a b"),
    ],
)
def test_formulas_in_headers(headers: dict[str, str], statement: str) -> None:
    made = printed(" | x | 1,250.00 | 130.50 | 1,380.50\n | y | 340.00 | -12.00 | 328.00", "a b c")
    made.headers = headers
    grid = Grid("t", made)

    found = [equation for equation in equations(grid) if equation.rule == "formulas"]

    assert [(e.left[0][1], " ".join(column for _, column in e.right)) for e in found] == [
        ("c", statement)
    ] * 2


def test_formulas_in_labels_hold_against_all_order() -> None:
    rows = """
 | 1. Gross income | 84,310
 | 2. Adjustments | 6,120
 | 3. Adjusted gross income (1-2) | 78,190
 | 4. Deductions | 24,800
 | 5. Taxable income (5=3-4) | 53,399
"""
    assert sums(rows) == ["2 1 = 0", "failed 4 3 = 2"]


def test_zeros_and_equal_figures_are_no_evidence() -> None:
    rows = " | a | 5 | 5 | 0\n | b | 7 | 7 | 0\n | c | 0 | 0 | 0\n | d | 9 | 9 | 0"

    assert sums(rows, "x y z") == []


@given(rows=st.lists(st.lists(st.integers(0, 10**6), min_size=3, max_size=3), min_size=2, max_size=8))
def test_figures_without_any_words_are_never_contradictory(rows: list[list[int]]) -> None:
    lines = (f" | row {chr(97 + i)} | " + " | ".join(map(str, row)) for i, row in enumerate(rows))

    assert closure(printed("\n".join(lines), "x y z")).failed == 0


@given(
    groups=st.lists(st.lists(st.integers(100, 10**7), min_size=2, max_size=4), min_size=2, max_size=4),
    first=st.booleans(),
)
def test_groups_with_subtotals_close_whichever_comes_first(groups: list[list[int]], first: bool) -> None:
    lines = []
    for group in groups:
        own = [f" | item | {value / 100:.2f}" for value in group]
        subtotal = f" | Subtotal | {sum(group) / 100:.2f}"
        lines += [subtotal, *own] if first else [*own, subtotal]
    total = f" | Grand total | {sum(map(sum, groups)) / 100:.2f}"
    lines = [total, *lines] if first else [*lines, total]

    found = closure(printed("\n".join(lines)))

    assert (found.failed, found.touched) == (0, found.cells)


@given(values=st.lists(st.integers(0, 10**7), min_size=2, max_size=8), shift=st.integers(20, 10**7))
def test_a_total_that_is_off_is_always_reported(values: list[int], shift: int) -> None:
    lines = [f" | item | {value / 100:.2f}" for value in values]

    off = sum(values) + shift
    assert closure(printed("\n".join([*lines, f" | Total | {off / 100:.2f}"]))).failed == 1
