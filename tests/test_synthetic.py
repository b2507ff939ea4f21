"""Synthetic documents: their identities hold, their bytes never change, and paper and gold say the same."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from fractions import Fraction
from functools import cache
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.cases import CellKey, GoldTable
from evals.paper import PrintedTable, Prose, print_paper
from evals.synthetic import FAMILIES, Draft, draft, drafts, large_draft, names
from evals.synthetic.dice import Dice
from evals.synthetic.figures import Figures, plain
from schemas.kinds.performance import PerformanceRow
from tests import synthetic_arithmetic as arithmetic
from tests.gold_arithmetic import half, interval, quotient, sums

NEGATIVES: list[Literal["-", "()"]] = ["-", "()"]
DRAFTS = 8 * len(FAMILIES)
TEXTS = {name for name, info in PerformanceRow.column_infos().items() if info.text}
PERFORMANCE = ("performance_self_evaluation", "performance_target")


@cache
def sample() -> tuple[Draft, ...]:
    return tuple(drafts(7, DRAFTS))


def tables(kind: str) -> list[tuple[Draft, GoldTable]]:
    return [(d, table) for d in sample() for table in d.gold if table.kind == kind]


def only(document: Draft, kind: str) -> GoldTable | None:
    return next((table for table in document.gold if table.kind == kind), None)


# --- identities ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", sorted(arithmetic.ROW_SUMS))
def test_rows_add_up(kind: str) -> None:
    found = tables(kind)
    assert found
    for document, table in found:
        assert list(arithmetic.row_sums(table)) == [], document.id


@pytest.mark.parametrize(
    "kind",
    [
        "basic_expenditure_by_economic",
        "expenditure_by_function",
        "general_budget_expenditure",
        "government_fund",
        "income_by_function",
        "income_by_unit",
        "state_capital",
    ],
)
def test_codes_add_up(kind: str) -> None:
    for document, table in tables(kind):
        assert list(arithmetic.hierarchy(table)) == [], document.id


@pytest.mark.parametrize("kind", ["income_expenditure_summary", "fiscal_appropriation_summary"])
def test_sides_add_up(kind: str) -> None:
    for document, table in tables(kind):
        assert list(arithmetic.two_sides(table)) == [], document.id


def test_balances_of_government_funds() -> None:
    for document, table in tables("government_fund"):
        for row in table.rows if "closing_balance" in table.columns else ():
            before = [row.cells.get(c) for c in ("opening_balance", "income")]
            spent = minus(row.cells.get("total"))
            assert not list(sums(row.name, row.cells.get("closing_balance", "0.00"), [*before, spent])), (
                document.id
            )


def test_three_public_expenses() -> None:
    for document, table in tables("three_public"):
        for column in table.columns:
            cells = {row.name: row.cells.get(column) for row in table.rows}
            parts = [cells.get(name) for name in ("overseas", "vehicles", "reception")]
            vehicles = [cells.get(name) for name in ("vehicle_purchase", "vehicle_operation")]
            assert not list(sums("total", cells.get("total"), parts)), document.id
            assert not list(sums("vehicles", cells.get("vehicles"), vehicles)), document.id


def test_foot_rows_of_economic_classes() -> None:
    seen = 0
    for document, table in tables("basic_expenditure_by_economic"):
        classes = {row.code: row.cells.get("amount") for row in table.rows if len(row.code) == 3}
        feet = {row.name: row.cells.get("amount") for row in table.rows if not row.code}
        if "人员经费合计" in feet:
            seen += 1
            personnel = [v for code, v in classes.items() if code in {"301", "303"}]
            public = [v for code, v in classes.items() if code not in {"301", "303"}]
            assert not list(sums("personnel", feet["人员经费合计"], personnel)), document.id
            assert not list(sums("public", feet["公用经费合计"], public)), document.id
    assert seen


@pytest.mark.parametrize("kind", PERFORMANCE)
def test_performance(kind: str) -> None:
    assert len(tables(kind)) > 4
    for document, table in tables(kind):
        assert list(arithmetic.performance(table)) == [], document.id


EQUAL = [  # left: kind, side, row, column; right: kind, row, column
    ("income_expenditure_summary", "income", "本年收入合计", "amount", "income_by_function", "合计", "total"),
    ("income_expenditure_summary", "expenditure", "本年支出合计", "amount", "expenditure_by_function", "合计", "total"),
    ("fiscal_appropriation_summary", "expenditure", "本年支出合计", "general_budget", "general_budget_expenditure",
     "合计", "total"),
    ("fiscal_appropriation_summary", "expenditure", "本年支出合计", "government_fund", "government_fund",
     "合计", "total"),
    ("general_budget_expenditure", "", "合计", "personnel", "basic_expenditure_by_economic", "人员经费合计", "amount"),
    ("general_budget_expenditure", "", "合计", "basic", "basic_expenditure_by_economic", "合计", "total"),
    ("expenditure_by_function", "", "合计", "project", "project_expenditure", "合计", "total"),
]  # fmt: skip


@pytest.mark.parametrize("identity", EQUAL, ids=lambda found: f"{found[0]}/{found[3]}/{found[4]}")
def test_tables_agree(identity: tuple[str, ...]) -> None:
    kind, side, row, column, other_kind, other_row, other_column = identity
    seen = 0
    for document in sample():
        left, right = only(document, kind), only(document, other_kind)
        if left is None or right is None or not right.rows or column not in left.columns:
            continue
        if other_column not in right.columns or other_row not in arithmetic.named(right):
            continue
        if row not in arithmetic.named(left, side):
            continue
        seen += 1
        ours, theirs = (
            arithmetic.value(left, row, column, side),
            arithmetic.value(right, other_row, other_column),
        )
        assert not list(sums(row, ours, [theirs])), document.id
    assert seen


def test_prose_agrees_with_tables() -> None:
    seen = 0
    for document in sample():
        claims, spent = only(document, "narrative_facts"), only(document, "expenditure_by_function")
        if claims is None or spent is None:
            continue
        total = arithmetic.value(spent, "合计", "total")
        said = next(r for r in claims.rows if r.name in {"本年支出合计", "支出预算"}).cells["amount"]
        factor = Fraction(unit_of(spent.unit), unit_of(prose_unit(document)))
        assert total is not None
        room = half(said) + half(total) * factor
        assert abs(Fraction(said) - Fraction(total) * factor) <= room, document.id
        seen += 1
    assert seen == 8 * 7


def unit_of(name: str | None) -> int:
    return {"元": 1, "千元": 1000, "万元": 10_000, "亿元": 100_000_000}[name or ""]


def prose_unit(document: Draft) -> str:
    lines = [line for block in document.paper.blocks if isinstance(block, Prose) for line in block.lines]
    found = re.search(r"\d ?(千元|万元|亿元)", "".join(lines))
    assert found
    return found[1]


def test_shares_and_rates_of_the_prose_follow_from_its_amounts() -> None:
    rates = 0
    for document, table in tables("narrative_facts"):
        amounts = {row.name: row.cells["amount"] for row in table.rows if "amount" in row.cells}
        for row in table.rows:
            if (rate := row.cells.get("completion_percent")) and (plan := amounts.get(f"{row.name}年初预算")):
                rates += 1
                assert not list(quotient(row.name, rate, interval(row.cells["amount"]), interval(plan))), (
                    document.id
                )
            if (change := row.cells.get("change_percent")) and (moved := row.cells.get("change_amount")):
                now, difference = interval(row.cells["amount"]), interval(moved)
                before = (now[0] - difference[0], now[1] + difference[1])
                assert not list(quotient(row.name, change, difference, before)), document.id
    assert rates > 100


EQUITY = {"Totalequity", "Totalstockholders'equity", "所有者权益合计"}
BALANCES = {
    "balance_sheet_en": ("Totalassets", "Totalliabilitiesandequity"),
    "balance_sheet_zh": ("资产总计", "负债和所有者权益总计"),
}


@pytest.mark.parametrize("family", sorted(BALANCES))
def test_balance_sheets(family: str) -> None:
    left, right = BALANCES[family]
    for document in (d for d in sample() if d.family == family):
        table = document.gold[0]
        rows = [row for row in table.rows if row.cells]
        for column in table.columns:
            by_name = {row.name: row.cells.get(column) for row in rows}
            assert by_name[left] == by_name[right]
            owed = [v for name, v in by_name.items() if name in {"Totalliabilities", "负债合计"}]
            own = [
                v
                for name, v in by_name.items()
                if re.fullmatch(r"Total(stockholders')?equity|所有者权益合计", name)
            ]
            assert not list(sums(column, by_name[left], [*owed, *own])), document.id
            for total in ("Totalcurrentassets", "流动资产合计"):
                if total in by_name:
                    before = list(by_name)[: list(by_name).index(total)]
                    own = [
                        by_name[name]
                        for name in before
                        if by_name[name] and name not in _liabilities(by_name)
                    ]
                    assert not list(sums(total, by_name[total], own)), document.id


def _liabilities(rows: dict[str, str | None]) -> set[str]:
    # Two panels side by side are one list: the left one comes first in the gold.
    return {name for name in rows if "负债" in name or "借款" in name}


def test_income_statements() -> None:
    for document in (d for d in sample() if d.family == "income_statement"):
        table = document.gold[0]
        for column in table.columns:
            by_name = {row.name: row.cells.get(column) for row in table.rows}
            names = list(by_name)
            gross = [by_name["Totalrevenue"], minus(by_name["Costofrevenue"])]
            assert not list(sums("gross", by_name["Grossprofit"], gross)), document.id
            spent = names[names.index("Grossprofit") + 1 : names.index("Totaloperatingexpenses")]
            assert not list(sums("spent", by_name["Totaloperatingexpenses"], map(by_name.get, spent))), (
                document.id
            )
            net = [by_name["Income(loss)beforeincometaxes"], minus(by_name.get("Incometaxexpense"))]
            assert not list(sums("net", by_name["Netincome(loss)"], net)), document.id


def minus(figure: str | None) -> str | None:
    return None if figure is None else figure.removeprefix("-") if figure.startswith("-") else f"-{figure}"


def test_city_budgets() -> None:
    for document in (d for d in sample() if d.family == "city_budget"):
        table = document.gold[0]
        funds = [
            c
            for c in table.columns
            if "Fund" in c or c in {"SpecialRevenue", "DebtService", "CapitalProjects"}
        ]
        offices = [row for row in table.rows[:-1] if not row.name.startswith("ofwhich")]
        for row in table.rows:
            assert not list(sums(row.name, row.cells.get("Total"), map(row.cells.get, funds))), document.id
        for column in [*funds, "Total", "Change"]:
            parts = [row.cells.get(column) for row in offices]
            assert not list(sums(column, table.rows[-1].cells.get(column), parts)), document.id


def test_invoices() -> None:
    for document in (d for d in sample() if d.family == "invoice"):
        table = document.gold[0]
        count, price, amount = table.columns
        goods = [row for row in table.rows if count in row.cells]
        for row in goods:
            assert Fraction(row.cells[count]) * Fraction(row.cells[price]) == Fraction(row.cells[amount])
        net, tax, total = (Fraction(row.cells[amount]) for row in table.rows[-3:])
        assert net == sum(Fraction(row.cells[amount]) for row in goods)
        assert net + tax == total
        rate = Fraction(re.sub(r"\D", "", table.rows[-2].name))
        assert arithmetic.within(table.rows[-2].cells[amount], net * rate / 100)


# --- paper and gold -----------------------------------------------------------------------------------------


def test_paper_prints_the_gold() -> None:
    for document in sample():
        values = {
            CellKey(t.kind, t.ordinal, i, column): text
            for t in document.gold
            for i, row in enumerate(t.rows)
            for column, text in row.cells.items()
            if t.kind != "narrative_facts"
        }
        printed = Counter[CellKey]()
        for block in document.paper.blocks:
            if isinstance(block, PrintedTable):
                width = {len(row) for row in (*block.header, *block.body)}
                assert len(width) == 1, document.id
                for spot, key in block.cells.items():
                    text = block.body[spot.row][spot.column]
                    assert values[key] in {text, plain(text)}, (document.id, key)
                    printed[key] += 1
        assert set(printed.values()) == {1}
        # A level of indicators is printed once and holds for the rows below it.
        assert {key.column for key in values if key not in printed} <= {"level1", "level2"}


def test_every_claim_is_printed() -> None:
    for document, table in tables("narrative_facts"):
        prose = "".join("".join(b.lines) for b in document.paper.blocks if isinstance(b, Prose)).replace(
            ",", ""
        )
        for row in table.rows:
            assert all(figure.removeprefix("-") in prose for figure in row.cells.values()), document.id


def test_a_form_without_figures_says_so() -> None:
    blank = [(d, t) for d, t in tables("state_capital") if not t.rows]
    assert blank
    for document, _ in blank:
        assert re.search(r"(没有|无)国有资本经营预算财政拨款", print_paper(document.paper)), document.id


def test_families_differ_and_bodies_are_many() -> None:
    assert [d.family for d in drafts(3, len(FAMILIES))] == list(FAMILIES)
    assert len({names.body(Dice("bodies", i)).name for i in range(600)}) >= 300
    assert {t.unit for d in sample() for t in d.gold} >= {"元", "万元"}


# --- the same bytes everywhere ------------------------------------------------------------------------------

# Of the drafts of seed 2024: a change here is a change of every synthetic document.
DIGESTS = {
    0: "5ec9a4ed7703b5f68ae8fb7e1c07452ae78d1001c11884c2e306eee100e51e44",
    1: "645a58ffc37f362650279b0d2c07f7d7b8d58414e574e98dac94302a21a14438",
    3: "c629a3361fe6f2430a55c11fdc38b45f249fac772b5096e2e994dacde8064143",
    6: "48945f04e5c7061fbc535724bc0a5cbb43a30216d128fa7f65be3559d0d1754d",
    8: "9ddf8acadc9416927800ffefbca45c03b770380ecac2299fdfda44e4a1b9a6ec",
    11: "697ee6cf7afa3c5341fd0c9eb63219c858434150e3d6fad3fc10a89584c61f2b",
}


def digest(document: Draft) -> str:
    gold = "\n".join(table.model_dump_json() for table in document.gold)
    return hashlib.sha256(f"{document.name}\n{print_paper(document.paper)}\n{gold}".encode()).hexdigest()


@pytest.mark.parametrize("index", sorted(DIGESTS))
def test_the_same_bytes(index: int) -> None:
    assert digest(draft(2024, index)) == DIGESTS[index]


def test_a_draft_does_not_depend_on_those_before_it() -> None:
    assert draft(4, 17) == list(drafts(4, 18))[-1]
    assert draft(4, 17) != draft(5, 17)


# --- long tables and figures --------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [4, 61, 5000])
def test_a_long_table_has_its_rows(count: int) -> None:
    document = large_draft(1, count)
    table = document.gold[0]
    assert len(table.rows) == count
    assert {len(row.code) for row in table.rows} == {0, 3, 5, 7}
    assert list(arithmetic.row_sums(table)) == []
    assert list(arithmetic.hierarchy(table)) == []
    block = document.paper.blocks[-1]
    assert isinstance(block, PrintedTable)
    assert len(block.body) == count
    assert len(block.header[0]) == 8


@pytest.mark.parametrize("count", [3, 20_001])
def test_a_table_can_be_too_long(count: int) -> None:
    with pytest.raises(ValueError, match=f"not {count}"):
        large_draft(1, count)


@given(
    st.integers(-(10**15), 10**15),
    st.sampled_from(["元", "千元", "万元", "亿元"]),
    st.integers(0, 4),
    st.booleans(),
    st.sampled_from(NEGATIVES),
)
def test_a_printed_figure_stands_for_its_amount(
    cents: int, unit: str, decimals: int, separators: bool, negative: Literal["-", "()"]
) -> None:
    figures = Figures(unit, decimals, separators, "0", negative, "$")
    printed = plain(figures.show(cents))
    assert arithmetic.within(printed, Fraction(cents, 100 * unit_of(unit)))
    assert len(printed.partition(".")[2]) == decimals
