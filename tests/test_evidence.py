"""What speaks for a table beside its sums: the order of its headers, and a second reader."""

from __future__ import annotations

import pytest

from schemas import AnyTable, CellRef, Chunk, Reading
from schemas.findings import Verdict
from tests.chunks import chunk_of
from worker.crossed import crossings
from worker.readers.layout import LayoutReader
from worker.reconcile import reconcile
from worker.route import route

FUNDS = """\
Summary of Appropriations
Department\tGeneral Fund\tCapital Fund\tTotal
Transit\t151.20\t132.40\t283.60
Police\t20.00\t7.50\t27.50
Total\t171.20\t139.90\t311.10
"""
PANELS = """\
收支预算总表
单位：万元
收入\t\t\t\t支出\t\t\t
项目\t预算数\t当年预算\t上年结转\t项目\t预算数\t当年预算\t上年结转
一、财政拨款收入\t33.70\t30.50\t3.20\t一、教育支出\t27.20\t25.00\t2.20
二、事业收入\t\t\t\t二、卫生健康支出\t6.50\t5.50\t1.00
收入总计\t33.70\t30.50\t3.20\t支出总计\t33.70\t30.50\t3.20
"""


TWICE = """\
项目支出表
单位：万元
项目\t合计\t本年财政拨款\t\t财政拨款结转\t
\t\t一般公共预算\t政府性基金预算\t一般公共预算\t政府性基金预算
甲\t10.00\t7.00\t\t3.00\t
"""


def read(text: str, kind: str | None = None) -> tuple[Chunk, Reading]:
    chunk = chunk_of(text, kind)
    return chunk, LayoutReader().read(chunk)


def swapped(table: AnyTable, one: str, other: str, rows: range | None = None) -> AnyTable:
    """A copy with the figures of two columns exchanged, in all rows or in some."""
    found = table.model_copy(update={"rows": [row.model_copy(deep=True) for row in table.rows]})
    for index in rows or range(len(found.rows)):
        row = found.rows[index]
        here, there = row.get(one), row.get(other)
        row.put(one, there)
        row.put(other, here)
    return found


@pytest.mark.parametrize(
    ("text", "kind", "columns"),
    [
        (FUNDS, None, ("General Fund", "Capital Fund")),
        (FUNDS.replace("\t", "   "), None, ("General Fund", "Capital Fund")),
        (PANELS, "income_expenditure_summary", ("current_year", "carryover")),
    ],
)
def test_columns_exchanged_are_seen_by_their_headers(
    text: str, kind: str | None, columns: tuple[str, str]
) -> None:
    chunk, reading = read(text, kind)
    assert list(crossings(chunk, reading.table)) == []
    (found,) = crossings(chunk, swapped(reading.table, *columns))
    assert (found.left, found.right) == columns
    assert len(found.rows) >= 3
    (alone,) = crossings(chunk, swapped(reading.table, *columns, rows=range(1)))
    assert alone.rows == (0,)


def test_of_equal_headers_the_first_stands_first() -> None:
    chunk, reading = read(TWICE, "project_expenditure")
    columns = "general_budget", "carryover_general_budget"
    alike = {**reading.table.headers, **dict.fromkeys(columns, "一般公共预算")}
    table = reading.table.model_copy(update={"headers": alike})
    assert list(crossings(chunk, table)) == []
    (found,) = crossings(chunk, swapped(table, *columns))
    assert (found.left, found.right) == columns
    whole = dict(zip(columns, ("本年财政拨款一般公共预算", "财政拨款结转一般公共预算"), strict=True))
    levels = table.model_copy(update={"headers": whole, "columns": list(reversed(columns))})
    assert list(crossings(chunk, levels)) == []
    assert [each[:2] for each in crossings(chunk, swapped(levels, *columns))] == [columns]


def test_headers_that_do_not_tell_accuse_nobody() -> None:
    _, reading = read(FUNDS)
    table = swapped(reading.table, "General Fund", "Capital Fund")
    twice = chunk_of(FUNDS.replace("Department", "General Fund"))
    assert list(crossings(twice, table)) == []
    below = chunk_of("\n".join(reversed(FUNDS.strip().split("\n"))))
    assert list(crossings(below, table)) == []


def routed(chunk: Chunk, *readings: Reading) -> Verdict:
    return route(chunk, readings[0], readings, reconcile({chunk.id: readings[0].table}))


def test_a_table_whose_columns_are_exchanged_is_not_accepted() -> None:
    chunk, reading = read(FUNDS)
    assert routed(chunk, reading).status == "accepted"
    wrong = reading.model_copy(update={"table": swapped(reading.table, "General Fund", "Capital Fund")})
    verdict = routed(chunk, wrong)
    assert (verdict.status, verdict.failed) == ("review", 0)
    (reason,) = verdict.reasons
    headers = "General Fund and Capital Fund"
    assert (
        reason
        == f"the figures of {headers} stand the other way round than these headers: Transit, Police, Total"
    )


PROSE = """\
一、“三公”经费支出决算情况说明
2024年“三公”经费支出决算为37.00万元，其中：因公出国（境）费7.00万元，公务用车购置及运行费20.00万元，公务接待费10.00万元。
年末车辆5辆。
"""


def test_what_no_identity_supports_may_be_confirmed_by_another_reader() -> None:
    chunk, reading = read(PROSE, "narrative_facts")
    index = next(i for i, row in enumerate(reading.table.rows) if "车辆" in row.name)
    alone = routed(chunk, reading)
    assert alone.blind_cells == (CellRef(chunk.id, index, "amount"),)
    assert alone.reasons == ("no identity supports 年末车辆 amount 5",)
    second = reading.model_copy(update={"reader": "llm"})
    assert routed(chunk, reading, second).status == "accepted"
    assert routed(chunk, reading, reading).status == "review"

    other = next(cell for _, cell in reading.table.rows[0].cells() if cell.amount)
    rows = [row.model_copy(deep=True) for row in reading.table.rows]
    rows[index].put("amount", other)
    elsewhere = second.model_copy(update={"table": reading.table.model_copy(update={"rows": rows})})
    assert routed(chunk, reading, elsewhere).reasons == alone.reasons

    twice = chunk_of(PROSE.replace("年末车辆5辆", "年末车辆5辆，年末车辆8辆"), "narrative_facts")
    both = LayoutReader().read(twice)
    assert routed(twice, both, both.model_copy(update={"reader": "llm"})).status == "review"
