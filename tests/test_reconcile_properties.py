"""What must be true of any table, whatever its figures."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from random import Random

import hypothesis.strategies as st
from hypothesis import given

from schemas import Amount, AnyTable, CellRef, Finding, Interval
from schemas.findings import Identity, Term
from tests.tables import cell, table
from worker.reconcile import check, closure, identities

cents = st.integers(min_value=0, max_value=10**9)


def tree(leaves: list[list[int]], decimals: int = 2, order: list[int] | None = None) -> AnyTable:
    """A table of two groups of leaves with their sums, figures in units of 10^-decimals."""
    half = max(1, len(leaves) // 2)
    rows: list[tuple[str, str, list[int]]] = [
        ("", "合计", [sum(column) for column in zip(*leaves, strict=True)])
    ]
    for group, part in ((201, leaves[:half]), (202, leaves[half:])):
        if part:
            rows.append((f"{group}", "g", [sum(column) for column in zip(*part, strict=True)]))
            rows += [(f"{group}{i:02d}", "x", leaf) for i, leaf in enumerate(part, start=1)]
    text = [
        " | ".join([code, name, *(f"{Decimal(v).scaleb(-decimals):f}" for v in (sum(leaf), *leaf))])
        for code, name, leaf in rows
    ]
    if order:
        text = [text[i % len(text)] for i in order if i < len(text)]
    return table("expenditure_by_function", "total basic project", "\n".join(text))


leaves_of = st.lists(st.lists(cents, min_size=2, max_size=2), min_size=2, max_size=6)


@given(leaves=leaves_of, seed=st.randoms(use_true_random=False))
def test_the_order_of_coded_rows_changes_nothing(leaves: list[list[int]], seed: Random) -> None:
    plain = tree(leaves)
    order = list(range(len(plain.rows)))
    seed.shuffle(order)

    assert closure(tree(leaves, order=order)) == closure(plain)
    assert closure(plain).failed == 0


@given(leaves=leaves_of)
def test_a_table_that_closes_still_closes_when_rounded(leaves: list[list[int]]) -> None:
    rounded = tree(leaves)
    for row in rounded.rows:
        for column, printed in list(row.cells()):
            assert printed.amount is not None
            row.put(column, cell(f"{printed.amount.value.quantize(Decimal('0.1')):f}"))

    assert closure(rounded).failed == 0


@given(leaves=leaves_of, data=st.data())
def test_a_change_beyond_rounding_is_always_found(leaves: list[list[int]], data: st.DataObject) -> None:
    wrong = tree(leaves)
    row = wrong.rows[data.draw(st.integers(0, len(wrong.rows) - 1))]
    column = data.draw(st.sampled_from(["total", "basic", "project"]))
    printed = row.figure(column)
    assert printed is not None
    shift = data.draw(st.integers(min_value=2 + len(wrong.rows), max_value=10**6))
    row.put(column, cell(f"{printed.value + Decimal(shift).scaleb(-2):f}"))

    assert closure(wrong).failed


@given(leaves=leaves_of, power=st.integers(0, 4), wrong=st.booleans())
def test_the_unit_changes_no_verdict(leaves: list[list[int]], power: int, wrong: bool) -> None:
    """万元 with two decimals, 元 with none: the same figures, shifted."""
    if wrong:
        leaves = [[a + 500 * (i == 0), b] for i, (a, b) in enumerate(leaves)]
    same = [tree(leaves, decimals=2), tree(leaves, decimals=power)]

    assert len({closure(found) for found in same}) == 1


@given(
    values=st.lists(st.tuples(cents, st.integers(0, 4)), min_size=1, max_size=6), offset=st.integers(-3, 3)
)
def test_a_sum_holds_when_the_intervals_meet(values: list[tuple[int, int]], offset: int) -> None:
    parts = [Amount(value=Decimal(v).scaleb(-d), decimals=d) for v, d in values]
    total = Amount(value=sum((p.value for p in parts), Decimal(offset).scaleb(-2)), decimals=4)
    whole = Interval(Fraction(0), Fraction(0))
    for part in parts:
        whole = whole + part.interval
    row = "\n".join(f"{30101 + i} | x | {p.value:f}" for i, p in enumerate(parts))
    found = table("basic_expenditure_by_economic", "amount", f"301 | g | {total.value:.4f}\n{row}")

    held = check(next(identities("t", found)), {"t": found})

    assert (held.status == "passed") == whole.intersects(total.interval)
    assert closure(found).failed == (held.status == "failed")


def test_a_whole_factor_is_a_count() -> None:
    rows = "| right | 184.50 | 3 | 61.50\n | near | 184.52 | 3 | 61.50\n | wrong | 184.53 | 3 | 61.50"
    facts = table("generic", "amount quantity price", rows)

    def status(row: int) -> str:
        columns = ("amount", "quantity", "price")
        terms = tuple(Term(CellRef("t", row, column), Fraction(1)) for column in columns)
        return check(Identity("x.y", "row", "w", terms, "product"), {"t": facts}).status

    assert [status(row) for row in range(3)] == ["passed", "passed", "failed"]


def test_ratios_and_products_are_exact() -> None:
    facts = table("generic", "a b c", "| x | 3.0 | 1 | 3\n | y | 33.3 | 1.00 | 3.00\n | z | 5 | 2 | 0")

    def of(row: int, form: str) -> Finding:
        terms = tuple(Term(CellRef("t", row, column), Fraction(1)) for column in "abc")
        return check(Identity("x.y", "row", "w", terms, form), {"t": facts})  # type: ignore[arg-type]

    assert of(0, "product").status == "passed"
    assert of(1, "ratio").status == "passed"
    assert of(2, "ratio").status == "skipped"
    assert of(1, "product").status == "failed"
