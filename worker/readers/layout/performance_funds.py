"""The funds block of a performance table: which figure is which budget, execution or rate.

Figures are placed by the header's order and then by arithmetic: the rate is executed / adjusted budget, the
total is the sum of its sources. Labels that the text layer tore from their figures are matched in order and
confirmed by the same sum.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from itertools import combinations

from schemas import Amount
from schemas.kinds.performance import PerformanceRow
from schemas.numerals import parse_numeral
from worker.readers.layout.performance_align import Column, fit
from worker.readers.layout.performance_words import FUND_COLUMNS, FUNDS_HEAD, Token, fund_key, role_of
from worker.readers.layout.places import Places

_MONEY = ("budget_initial", "budget_adjusted", "executed")
_USUAL = tuple(
    Column(role, "", -1)
    for role in ("budget_initial", "budget_adjusted", "executed", "weight", "rate_percent", "score")
)
_AMOUNT = (Column("amount", "", -1),)


@dataclass
class FundRow:
    """A row of the funds block: its key, its label where one was found, its figures; `block` 1 is a second side."""

    key: str
    label: Token | None
    figures: list[Token] = field(default_factory=list)
    block: int = 0


@dataclass
class Funds:
    """What was collected of a funds block: rows, rows of figures without a label, and header columns."""

    rows: list[FundRow] = field(default_factory=list)
    loose: list[list[Token]] = field(default_factory=list)
    columns: list[Column] = field(default_factory=list)
    unit: str | None = None

    def head(self, tokens: Sequence[Token]) -> bool:
        """Take a line as the block's header if it is one."""
        found: list[Column] = []
        for token in tokens:
            role = role_of(token.label, FUND_COLUMNS)
            head = FUNDS_HEAD.fullmatch(token.label) and len(tokens) > 2
            if (
                role
                and not fund_key(token.label)
                and not (head and role != "budget_adjusted")
                and not token.word.endswith("元)")
            ):
                found.append(Column(role, token.word, token.column))
        roles = {c.role for c in found}
        if len(roles & {*_MONEY, "rate_percent"}) < 2:
            return False
        if "budget_adjusted" not in roles:
            found = [
                Column("budget_adjusted", c.header, c.place)
                if c.role == "budget_initial" and "年初" not in c.header
                else c
                for c in found
            ]
        seen: set[str] = set()
        self.columns = []
        for column in found:
            role = "text" if column.role in seen else column.role
            seen.add(column.role)
            self.columns.append(Column(role, column.header, column.place))
        return True

    def settle(self) -> list[str]:
        """Give figures without a label to labels without figures; returns what stayed unclear, in words."""
        if not self.loose:
            return []
        bare = [row for row in self.rows if not row.figures]
        if len(bare) != len(self.loose):
            return [f"{len(self.loose)} rows of fund figures, {len(bare)} labels without figures"]
        for order in _orders(bare):
            for row, figures in zip(order, self.loose, strict=True):
                row.figures = figures
            if self._adds_up():
                return []
        for row in bare:
            row.figures = []
        return ["fund labels and figures stand apart and no order of them adds up"]

    def _adds_up(self) -> bool:
        by_key = {row.key: row.figures for row in self.rows if row.block == 0}
        total = by_key.pop("total", None)
        if not total or not by_key:
            return False
        width = min(len(total), *(len(f) for f in by_key.values()))
        places = [k for k in range(width) if not total[k].word.endswith("%")][:3]
        for k in places:
            parts = [_amount(figures[k]) for figures in by_key.values()]
            whole = _amount(total[k])
            if whole is None or not closes(whole, [p for p in parts if p is not None]):
                return False
        return bool(places)

    def rows_of(self, places: Places, unit: str | None) -> Iterator[PerformanceRow]:
        """The typed rows, in printed order; rows without any figure are left out."""
        money = self.unit or unit
        placed: dict[int, tuple[dict[int, int], Sequence[Column]]] = {}
        for block in (0, 1):
            rows = [row for row in self.rows if row.block == block and row.figures]
            columns = self.columns or (_USUAL if any(len(r.figures) > 2 for r in rows) else _AMOUNT)
            placed.update({id(row): (placing, columns) for row, placing in place(rows, columns)})
        made: list[PerformanceRow] = []
        for row in self.rows:
            placing, under = placed.get(id(row), ({}, ()))
            if not (row.block and made and made[-1].name == row.key):
                label = places.text(row.label.start, row.label.end) if row.label else None
                made.append(PerformanceRow(side="fund", name=row.key, label=label))
            for index, column in placing.items():
                self._fill(made[-1], row.figures[index], under[column], places, money, row.block)
        yield from (row for row in made if next(row.cells(), None))

    @staticmethod
    def _fill(
        row: PerformanceRow, token: Token, column: Column, places: Places, unit: str | None, block: int
    ) -> None:
        key = column.header if column.role == "text" else column.role
        if block:
            key = f"{key} (2)"
        found = places.numerals(token.start, token.end)
        if len(found) == 1 and column.role != "text":
            of = (
                unit if column.role in (*_MONEY, "amount") else "%" if column.role == "rate_percent" else None
            )
            row.put(key, places.figure(found[0], of))
        elif token.shape != "dash":
            row.put(key, places.text(token.start, token.end))


def place(rows: Sequence[FundRow], columns: Sequence[Column]) -> Iterator[tuple[FundRow, dict[int, int]]]:
    """For each row which figure stands in which column; rows of equal length are placed alike."""
    by_length: dict[int, list[FundRow]] = {}
    for row in rows:
        by_length.setdefault(len(row.figures), []).append(row)
    best: dict[int, dict[int, int]] = {}
    for length, alike in by_length.items():
        choices = list(combinations(range(len(columns)), min(length, len(columns))))
        scores = [sum(_score(row, choice, columns) for row in alike) for choice in choices]
        best[length] = dict(enumerate(choices[scores.index(max(scores))]))
    for row in rows:
        yield row, best[len(row.figures)]


def _score(row: FundRow, choice: tuple[int, ...], columns: Sequence[Column]) -> float:
    score = 0.0
    held: dict[str, Amount] = {}
    first = row.figures[0].column - columns[choice[0]].place
    for index, at in enumerate(choice):
        token, column = row.figures[index], columns[at]
        score += fit(column, token)
        if token.column >= 0 and column.place >= 0:
            score -= 0.2 * min(4, abs(token.column - column.place - first)) + 0.1 * min(4, abs(first))
        score -= 0.3 if column.role == "text" else 0.1 * at / len(columns)
        amount = _amount(token)
        if amount is not None:
            held[column.role] = amount
    return score + _arithmetic(held)


def _arithmetic(held: Mapping[str, Amount]) -> float:
    if not {"rate_percent", "executed", "budget_adjusted"} <= set(held):
        return 0.0
    rate, executed, budget = held["rate_percent"], held["executed"], held["budget_adjusted"]
    if not budget.value:
        return 1.0 if not executed.value else -1.0
    low = 100 * executed.interval.low / budget.interval.high
    high = 100 * executed.interval.high / max(budget.interval.low, Fraction(1, 10**6))
    if rate.interval.low <= high and low <= rate.interval.high:
        return 4.0
    near = abs(Fraction(rate.value) - 100 * Fraction(executed.value) / Fraction(budget.value))
    return 2.0 if near <= 1 else -2.0


def _amount(token: Token) -> Amount | None:
    found = parse_numeral(token.word.removesuffix("分"))
    return Amount(value=found.value, decimals=found.decimals) if found else None


def closes(total: Amount, parts: Sequence[Amount]) -> bool:
    """Whether printed parts add up to a printed total within their rounding."""
    difference = Fraction(total.value - sum((p.value for p in parts), Decimal(0)))
    return abs(difference) <= total.half_width + sum((p.half_width for p in parts), Fraction(0))


def _orders(rows: list[FundRow]) -> Iterator[list[FundRow]]:
    yield rows
    total = [row for row in rows if row.key == "total"]
    others = [row for row in rows if row.key != "total"]
    yield total + others
    yield others + total
