"""A table that goes over a wire comes back as the very table it was."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompts import WIRES
from schemas import Amount, AnyTable, Cell, Chunk, Row, canonical_name, table_type
from schemas.text import fold
from tests.chunks import chunk_of

NAMES = [
    "一般公共服务支出",
    "行政运行",
    "其他支出",
    "其他支出合计",
    "合计",
    "（一）外交支出",
    "其中：印刷费",
    "Rent",
    "Rent paid",
]
TEXTS = ["全省信息网络维护", "办公用房修缮", "年度审计", "New roof"]
AMOUNTS = ["0.00", "5.00", "12.50", "4,355.40", "-3.20", "(7.10)", "6, 901. 75", "0", "201", "18"]


@dataclass
class Page:
    """A text under construction, and where its rows stand in it."""

    kind: str | None
    text: str = ""
    rows: list[tuple[dict[str, Any], dict[str, tuple[int, int]]]] = field(default_factory=list)

    def write(self, text: str) -> tuple[int, int]:
        start = len(self.text)
        self.text += text
        return start, start + len(text)

    def row(self, name: str, **facts: Any) -> dict[str, tuple[int, int]]:
        places: dict[str, tuple[int, int]] = {}
        self.rows.append(({"name": name, **facts}, places))
        return places

    def done(self, columns: list[str]) -> tuple[Chunk, AnyTable]:
        """The chunk and the table that stands in it; the rows of a side together."""
        chunk = chunk_of(self.text, self.kind, unit="万元")
        model = table_type(self.kind)
        sides = list(model.sides)
        rows = [self._row(chunk, facts, places) for facts, places in self.rows]
        rows.sort(key=lambda row: sides.index(row.side) if row.side else 0)
        headers = {} if self.kind else {column: column for column in columns}
        kind = model.model_fields["kind"].default
        return chunk, model(kind=kind, unit="万元", columns=columns, headers=headers, rows=rows)

    def _row(self, chunk: Chunk, facts: dict[str, Any], places: dict[str, tuple[int, int]]) -> Row:
        numerals = {numeral.span.start: numeral for numeral in chunk.ledger}
        row = table_type(self.kind).row_type()(**facts)
        for column, (start, end) in places.items():
            cell = Cell(text=fold(chunk.slice(start, end)), span=chunk.span(start, end))
            numeral = numerals.get(start)
            info = row.column_infos().get(column)
            text = info is not None and info.text and facts.get("side") != "total"
            if column in ("label", "code_cell"):
                setattr(row, column, cell)
                continue
            if numeral and numeral.span.end == end and not text:
                bare = "percent" in column or column in ("score", "weight", "value")
                amount = Amount(value=numeral.value, decimals=numeral.decimals, unit=None if bare else "万元")
                cell = cell.model_copy(update={"amount": amount, "numeral": numeral.id})
            row.put(column, cell)
        return row


def label(page: Page, name: str, places: dict[str, tuple[int, int]]) -> None:
    places["label"] = page.write(name)


FUNCTION_COLUMNS = ["total", "basic", "project"]


@st.composite
def coded(draw: st.DrawFn) -> tuple[Chunk, AnyTable]:
    """A table by function: a code in one piece or three, a label, figures with blanks, by tabs or by spaces."""
    page = Page("expenditure_by_function")
    gap = draw(st.sampled_from(["\t", "  ", " "]))
    page.write("支出决算表\n科目 基本支出 项目支出\n")
    codes = draw(st.lists(st.sampled_from(["201", "20103", "2010301", "2080505", "22999"]), unique=True))
    for code in [*codes, None]:
        name = draw(st.sampled_from(NAMES))
        places = page.row(canonical_name(name), code=code)
        if code:
            pieces = [code[:3], *([code[i : i + 2] for i in range(3, len(code), 2)])]
            text = gap.join(pieces) if draw(st.booleans()) else code
            places["code_cell"] = page.write(text)
            page.write(gap)
        label(page, name, places)
        for column in FUNCTION_COLUMNS:
            amount = draw(st.sampled_from([None, *AMOUNTS[:7]]))
            page.write(gap)
            if amount is not None:
                places[column] = page.write(amount)
        page.write("\n")
    return page.done(FUNCTION_COLUMNS)


@st.composite
def two_sided(draw: st.DrawFn) -> tuple[Chunk, AnyTable]:
    """A summary: income at the left, expenditure at the right of every line, with or without line numbers."""
    page = Page("income_expenditure_summary")
    numbered = draw(st.booleans())
    page.write("项目 行次 决算数 项目 行次 决算数\n" if numbered else "项目 决算数 项目 决算数\n")
    count = draw(st.integers(1, 6))
    for i in range(count):
        # A blank row tells nothing but its name: which side it stands on must be in the name.
        for side, number, names in (("income", i + 1, NAMES[:4]), ("expenditure", count + i + 1, NAMES[4:])):
            name = "总计" if i == count - 1 else draw(st.sampled_from([None, *names]))
            amount = draw(st.sampled_from([None, *AMOUNTS[:7]]))
            if name:
                places = page.row(canonical_name(name), side=side)
                label(page, name, places)
            if numbered:
                page.write(f" {number}")
            page.write(" ")
            if name and amount:
                places["amount"] = page.write(amount)
            page.write(" ")
        page.write("\n")
    return page.done(["amount"])


@st.composite
def generic(draw: st.DrawFn) -> tuple[Chunk, AnyTable]:
    """A table of no known kind: columns under their headers, figures of any look, a column of texts."""
    page = Page(None)
    columns = ["Remark", "Amount", "2023年预算数"]
    page.write("Item\t" + "\t".join(columns) + "\n")
    for _ in range(draw(st.integers(1, 6))):
        name = draw(st.sampled_from(NAMES))
        places = page.row(canonical_name(name))
        label(page, name, places)
        for column in columns:
            pool = TEXTS if column == "Remark" else AMOUNTS
            value = draw(st.sampled_from([None, *pool]))
            page.write("\t")
            if value is not None:
                places[column] = page.write(value)
        page.write("\n")
    return page.done(columns)


@st.composite
def projects(draw: st.DrawFn) -> tuple[Chunk, AnyTable]:
    """Projects: rows named by the text of a column, further texts, figures."""
    page = Page("project_expenditure")
    page.write("一级项目\t二级项目\t合计\t一般公共预算\n")
    for _ in range(draw(st.integers(1, 5))):
        name = draw(st.sampled_from(TEXTS))
        places = page.row(canonical_name(name))
        page.write("\t")
        places["second_level"] = places["label"] = page.write(name)
        for column in ("total", "general_budget"):
            amount = draw(st.sampled_from([None, *AMOUNTS[:4]]))
            page.write("\t")
            if amount:
                places[column] = page.write(amount)
        page.write("\n")
    return page.done(["second_level", "total", "general_budget"])


@st.composite
def three_public(draw: st.DrawFn) -> tuple[Chunk, AnyTable]:
    """One wide row: the items' budget figures, then their final ones."""
    page = Page("three_public")
    items = ["total", "overseas", "vehicles", "vehicle_purchase", "vehicle_operation", "reception"]
    page.write(
        "预算数 决算数\n合计 因公出国（境）费 小计 购置费 运行费 公务接待费 合计 因公出国（境）费 小计\n"
    )
    rows = {item: page.row(item) for item in items}
    for column in ("budget", "final"):
        for item in items:
            rows[item][column] = page.write(draw(st.sampled_from(AMOUNTS[:4])))
            page.write(" ")
    return page.done(["budget", "final"])


@st.composite
def claims(draw: st.DrawFn) -> tuple[Chunk, AnyTable]:
    """Sentences with an amount, its unit and a change whose sign stands in words."""
    page = Page("narrative_facts")
    for _ in range(draw(st.integers(1, 4))):
        subject = draw(st.sampled_from(["本年收入合计", "项目支出", "财政拨款收入"]))
        places = page.row(subject)
        page.write("2023年")
        label(page, subject, places)
        places["amount"] = page.write(draw(st.sampled_from(AMOUNTS[:4])))
        places["unit"] = page.write("万元")
        page.write("，比上年增加")
        places["change_percent"] = page.write(draw(st.sampled_from(["12.25%", "3.1%", "12.50"])))
        page.write("。\n")
    return page.done(["amount", "unit", "change_percent"])


@st.composite
def abreast(draw: st.DrawFn) -> tuple[Chunk, AnyTable]:
    """Entries by economic class, two or three on a line, the table block by block."""
    page = Page("basic_expenditure_by_economic")
    blocks = draw(st.integers(2, 3))
    codes = draw(st.lists(st.integers(30100, 39999), min_size=blocks, max_size=12, unique=True))
    found: list[list[tuple[dict[str, Any], dict[str, tuple[int, int]]]]] = [[] for _ in range(blocks)]
    for i, code in enumerate(codes):
        name = draw(st.sampled_from(NAMES))
        places = page.row(canonical_name(name), code=str(code))
        found[i % blocks].append(page.rows.pop())
        places["code_cell"] = page.write(str(code))
        page.write(" ")
        label(page, name, places)
        page.write(" ")
        if amount := draw(st.sampled_from([None, *AMOUNTS[:4]])):
            places["amount"] = page.write(amount)
        page.write("\n" if i % blocks == blocks - 1 else " ")
    page.rows = [row for block in found for row in block]
    return page.done(["amount"])


@st.composite
def performance(draw: st.DrawFn) -> tuple[Chunk, AnyTable]:
    """A self-evaluation: a fact of the head, the funds, indicators with texts and figures, the total."""
    page = Page("performance_self_evaluation")
    places = page.row("project", side="header")
    page.write("项目名称\t")
    places["value"] = page.write("办公用房修缮")
    page.write("\n")
    columns = ["budget_initial", "executed", "rate_percent"]
    for key, printed in (("total", "年度资金总额"), ("fiscal", "其中：财政拨款")):
        places = page.row(key, side="fund")
        page.write(printed)
        for column in columns:
            page.write("\t")
            if amount := draw(st.sampled_from([None, *AMOUNTS[:4]])):
                places[column] = page.write(amount)
        page.write("\n")
    for name in draw(st.lists(st.sampled_from(["修缮面积", "完成时间", "投诉数"]), unique=True)):
        places = page.row(name, side="indicator")
        places["level3"] = places["label"] = page.write(name)
        for column, pool in (("target", ["≥90%", "12次", "及时"]), ("weight", ["10", "20", "12"])):
            page.write("\t")
            places[column] = page.write(draw(st.sampled_from(pool)))
        page.write("\n")
    places = page.row("total_score", side="total")
    page.write("总分\t")
    places["value"] = page.write(draw(st.sampled_from(["98.5", "100"])))
    chunk, table = page.done(["value", *columns, "level3", "target", "weight"])
    return chunk, table


TABLES = st.one_of(
    coded(), two_sided(), generic(), projects(), three_public(), claims(), abreast(), performance()
)


@pytest.mark.parametrize("wire", WIRES)
@given(found=TABLES)
def test_a_table_comes_back_as_it_went(wire: str, found: tuple[Chunk, AnyTable]) -> None:
    chunk, table = found
    answer = WIRES[wire].encode(table, chunk)
    again = type(answer).model_validate_json(answer.model_dump_json())
    decoded = WIRES[wire].decode(again, chunk)
    assert decoded.table.model_dump() == table.model_dump()
    cells = {cell.numeral for row in table.rows for _, cell in row.cells() if cell.numeral}
    assert {key for key, role in decoded.roles.items() if role == "cell"} == cells
