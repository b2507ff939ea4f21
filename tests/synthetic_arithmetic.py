"""The identities that synthetic documents must satisfy, free of the project's own engine."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from evals.cases import GoldRow, GoldTable
from tests.gold_arithmetic import Failure, half, interval, quotient, sums

FUNDS = ["general_budget", "government_fund", "state_capital"]
SOURCES = ["superior_subsidy", "undertaking", "business", "affiliate_remittance", "other"]
NOW = [f"current_{s}" for s in (*FUNDS, "special_account", *SOURCES)]
CARRIED = [f"carryover_{s}" for s in (*FUNDS, "special_account", "unit_funds")]
ROW_SUMS: dict[str, list[tuple[str, list[str]]]] = {
    "income_by_function": [("total", ["fiscal_appropriation", *SOURCES])],
    "expenditure_by_function": [
        ("total", ["basic", "project", "superior_remittance", "business", "affiliate_subsidy"])
    ],
    "general_budget_expenditure": [("total", ["basic", "project"]), ("basic", ["personnel", "public"])],
    "basic_expenditure_by_economic": [("total", ["personnel", "public"])],
    "government_fund": [("total", ["basic", "project"])],
    "state_capital": [("total", ["basic", "project"])],
    "income_by_unit": [
        ("total", ["current_total", "carryover_total"]),
        ("current_total", NOW),
        ("carryover_total", CARRIED),
    ],
    "project_expenditure": [
        ("total", [*FUNDS, *(f"carryover_{f}" for f in FUNDS), "special_account", "unit_funds"])
    ],
    "income_expenditure_summary": [("amount", ["current_year", "carryover"])],
    "fiscal_appropriation_summary": [("amount", ["current_year", "carryover"]), ("total", FUNDS)],
    "three_public": [("amount", ["current_year", "carryover"])],
}
# Where the style prints nothing for nothing, a column may be missing from a form: its total is then no sum.
SPLIT = {"amount": ["current_year", "carryover"], "basic": ["personnel", "public"]}


def row_sums(table: GoldTable) -> Iterator[Failure]:
    """Totals of the rows."""
    for total, parts in ROW_SUMS.get(table.kind, []):
        printed = [part for part in parts if part in table.columns]
        if total in table.columns and printed:
            for row in table.rows:
                yield from sums(
                    f"{row.code}{row.name}/{total}", row.cells.get(total), map(row.cells.get, printed)
                )


def hierarchy(table: GoldTable) -> Iterator[Failure]:
    """A code is the sum of those right below it, 合计 that of the shortest."""
    coded = {row.code: row for row in table.rows if row.code}
    if not coded:
        return
    parents: dict[str, list[GoldRow]] = {}
    for code, row in coded.items():
        above = next((code[:n] for n in range(len(code) - 1, 0, -1) if code[:n] in coded), "")
        parents.setdefault(above, []).append(row)
    totals = {"": next((row for row in table.rows if row.name == "合计"), None), **coded}
    for code, parts in parents.items():
        total = totals[code]
        for column in table.columns if total else ():
            assert total is not None
            cells = [row.cells.get(column) for row in parts]
            yield from sums(f"{code or '合计'}/{column}", total.cells.get(column), cells)


def named(table: GoldTable, side: str = "") -> dict[str, GoldRow]:
    """The rows of a side by name; of equal names the last."""
    return {row.name: row for row in table.rows if row.side == side}


def two_sides(table: GoldTable) -> Iterator[Failure]:
    """The items of each side add up to its total, and the totals of the sides agree."""
    column = "amount"
    left, right = named(table, "income"), named(table, "expenditure")
    main = "total" if "total" in table.columns else column
    ends = [rows[name] for rows in (left, right) for name in rows if name in {"总计", "收入总计", "支出总计"}]
    assert len(ends) == 2
    yield from sums("sides", ends[0].cells.get(column), [ends[1].cells.get(main)])
    classes = [row for row in table.rows if row.side == "expenditure" and _is_class(row.name)]
    for key in (c for c in table.columns if c in ends[1].cells or any(c in row.cells for row in classes)):
        if key == column != main:
            continue
        total = right.get("本年支出合计") or right.get("本年支出") or ends[1]
        yield from sums(f"classes/{key}", total.cells.get(key), [row.cells.get(key) for row in classes])


_NO_CLASS = ("合计", "总计", "本年支出", "结转", "结余")


def _is_class(name: str) -> bool:
    return not any(word in name for word in _NO_CLASS)


def value(table: GoldTable, name: str, column: str, side: str = "") -> str | None:
    """A figure by the name of its row."""
    row = named(table, side).get(name)
    return row.cells.get(column) if row else None


def performance(table: GoldTable) -> Iterator[Failure]:
    """Funds, rates, points."""
    funds = named(table, "fund")
    for column in ("amount", "budget_initial", "budget_adjusted", "executed"):
        parts = [funds[key].cells.get(column) for key in ("fiscal", "carryover", "other") if key in funds]
        yield from sums(f"funds/{column}", funds["total"].cells.get(column), parts)
    for key, row in funds.items():
        if rate := row.cells.get("rate_percent"):
            yield from quotient(
                key, rate, interval(row.cells["executed"]), interval(row.cells["budget_adjusted"])
            )
    indicators = [row for row in table.rows if row.side == "indicator"]
    weights = [row.cells["weight"] for row in indicators if "weight" in row.cells]
    scored = funds["total"].cells.get("score")
    if weights and (scored or sum(map(int, weights)) != 90):
        yield from sums("weights", "100", [*weights, "10"] if scored else weights)
    if total := value(table, "total_score", "value", "total"):
        yield from sums("score", total, [scored, *(row.cells["score"] for row in indicators)])


def within(printed: str, true: Fraction) -> bool:
    """Whether a printed figure can stand for a value."""
    return abs(Fraction(printed) - true) <= half(printed)
