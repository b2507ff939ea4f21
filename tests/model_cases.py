"""Documents for the reader that asks a model: literal sources, the tables that stand in them, and shorthands."""

from __future__ import annotations

from typing import Any

from evals.simulate.server import Reply, Script
from prompts import WIRES
from schemas import AnyTable, Chunk, Reading
from schemas.findings import Verdict
from tests.book import Book
from tests.chunks import chunk_of
from worker.reconcile import reconcile
from worker.route import route

FUNCTIONS = """\
支出决算表
公开03表
单位：万元
科目编码 科目名称 本年支出合计 基本支出 项目支出
栏次 1 2 3
合计 17.00 12.00 5.00
201 一般公共服务支出 12.00 7.00 5.00
20103 政府办公厅 12.00 7.00 5.00
2010301 行政运行 7.00 7.00
2010302 一般行政管理事务 5.00 5.00
208 社会保障和就业支出 5.00 5.00 0.00
20805 养老支出 5.00 5.00 0.00
2080501 离退休 5.00 5.00 0.00
注：本表反映 2023 年度支出情况。
"""
FUNCTION_COLUMNS = [
    {"key": "total", "header": "本年支出合计"},
    {"key": "basic", "header": "基本支出"},
    {"key": "project", "header": "项目支出"},
]
FUNCTION_ROWS: list[list[str | None]] = [
    [None, "合计", "17.00", "12.00", "5.00"],
    ["201", "一般公共服务支出", "12.00", "7.00", "5.00"],
    ["20103", "政府办公厅", "12.00", "7.00", "5.00"],
    ["2010301", "行政运行", "7.00", "7.00", None],
    ["2010302", "一般行政管理事务", "5.00", None, "5.00"],
    ["208", "社会保障和就业支出", "5.00", "5.00", "0.00"],
    ["20805", "养老支出", "5.00", "5.00", "0.00"],
    ["2080501", "离退休", "5.00", "5.00", "0.00"],
]
SUMMARY = """\
收入支出决算总表
项目 行次 决算数 项目 行次 决算数
一、财政拨款收入 1 6, 901. 75 一、一般公共服务支出 4 5, 309. 93
二、事业收入 2 0. 00 二、卫生健康支出 5 1, 591. 82
总计 3 6, 901. 75 总计 6 6, 901. 75
"""
PROSE = "2023 年度本年支出合计 17.00 万元，其中：项目支出 5.00 万元，比上年减少 2.50 万元，下降 33.33%。\n"
INVOICE = "Invoice 2024-117\nItem\tQuantity\tPrice\tAmount\nBolts, M8\t200\t0.05\t10.00\nTotal\t\t\t10.00\n"

Expected = list[tuple[str | None, str | None, str, str, str, int]]
"""(side, code, name, column, value, line) of every cell."""


def content(table: AnyTable) -> Expected:
    """Every cell of a table; texts as printed."""
    return [
        (
            row.side,
            row.code,
            row.name,
            column,
            str(cell.amount.value if cell.amount else cell.text),
            cell.span.line,
        )
        for row in table.rows
        for column, cell in row.cells()
    ]


def functions() -> tuple[Chunk, AnyTable]:
    """The chunk and the table of FUNCTIONS."""
    chunk = chunk_of(FUNCTIONS, "expenditure_by_function", title="支出决算表", form="公开03表", unit="万元")
    return chunk, table_of(chunk, FUNCTION_COLUMNS, FUNCTION_ROWS)


def table_of(chunk: Chunk, columns: list[Any], rows: list[Any]) -> AnyTable:
    """The table that rows as printed mean."""
    wire = WIRES["rows"]
    answer = wire.response_model(chunk.kind).model_validate({"columns": columns, "rows": rows})
    return wire.decode(answer, chunk).table


def part_of(part: Chunk) -> AnyTable:
    """The rows of FUNCTION_ROWS that stand in a part."""
    rows = [row for row in FUNCTION_ROWS if any(f"{row[1]} " in line for line in part.text.splitlines())]
    return table_of(part, FUNCTION_COLUMNS, rows)


def verdict_on(chunk: Chunk, reading: Reading) -> Verdict:
    """Where the table of a document that holds nothing else goes."""
    return route(chunk, reading, [reading], reconcile({chunk.id: reading.table}))


def outcomes(calls: Any) -> list[str]:
    return [call.outcome for call in calls]


def book_of(wire: str, *known: tuple[Chunk, AnyTable]) -> Book:
    book = Book(WIRES[wire])
    for chunk, table in known:
        book.add(chunk, table)
    return book


def after(first: Reply, then: Script) -> Script:
    """Replies once, then by a script."""
    replies = iter([first])
    return lambda asked: next(replies, None) or then(asked)


CASES: dict[str, tuple[Chunk, list[Any], list[Any], Expected]] = {
    "summary": (
        chunk_of(SUMMARY, "income_expenditure_summary", title="收入支出决算总表"),
        [{"key": "amount", "header": "决算数"}],
        [
            ["income", None, "一、财政拨款收入", "6,901.75"],
            ["income", None, "二、事业收入", "0.00"],
            ["income", None, "总计", "6,901.75"],
            ["expenditure", None, "一、一般公共服务支出", "5,309.93"],
            ["expenditure", None, "二、卫生健康支出", "1,591.82"],
            ["expenditure", None, "总计", "6,901.75"],
        ],
        [
            ("income", None, "财政拨款收入", "amount", "6901.75", 3),
            ("income", None, "事业收入", "amount", "0.00", 4),
            ("income", None, "总计", "amount", "6901.75", 5),
            ("expenditure", None, "一般公共服务支出", "amount", "5309.93", 3),
            ("expenditure", None, "卫生健康支出", "amount", "1591.82", 4),
            ("expenditure", None, "总计", "amount", "6901.75", 5),
        ],
    ),
    "prose": (
        chunk_of(PROSE, "narrative_facts"),
        [{"key": key, "header": ""} for key in ("amount", "unit", "change_amount", "change_percent")],
        [
            [None, "本年支出合计", "17.00", "万元", None, None],
            [None, "项目支出", "5.00", "万元", "-2.50", "-33.33%"],
        ],
        [
            (None, None, "本年支出合计", "amount", "17.00", 1),
            (None, None, "本年支出合计", "unit", "万元", 1),
            (None, None, "项目支出", "amount", "5.00", 1),
            (None, None, "项目支出", "unit", "万元", 1),
            (None, None, "项目支出", "change_amount", "-2.50", 1),
            (None, None, "项目支出", "change_percent", "-33.33", 1),
        ],
    ),
    "invoice": (
        chunk_of(INVOICE, None, title="Invoice 2024-117"),
        ["Quantity", "Price", "Amount"],
        [[None, "Bolts, M8", "200", "0.05", "10.00"], [None, "Total", None, None, "10.00"]],
        [
            (None, None, "Bolts,M8", "Quantity", "200", 3),
            (None, None, "Bolts,M8", "Price", "0.05", 3),
            (None, None, "Bolts,M8", "Amount", "10.00", 3),
            (None, None, "Total", "Amount", "10.00", 4),
        ],
    ),
}
