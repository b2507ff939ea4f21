"""Gold as typed tables, the gold that a chunk holds, and gold tied to the figures of a chunk."""

from __future__ import annotations

from decimal import Decimal

import pytest

from evals.cases import Case, CellKey, GoldRow, GoldTable, Planted
from evals.real import real_cases
from evals.typed import as_printed, document_of, gold_tables, grounded, held_by, typed
from prompts import WIRES
from schemas import AnyTable, squeeze
from tests.chunks import chunk_of
from worker.segment import segment

Fact = tuple[str, str, str, str, str]

FUNCTIONS = GoldTable(
    kind="expenditure_by_function",
    ordinal=1,
    unit="万元",
    columns=("total", "basic"),
    rows=(
        GoldRow(name="合计", cells={"total": "17.00", "basic": "12.00"}),
        GoldRow(code="201", name="一般公共服务支出", cells={"total": "12.00", "basic": "12.00"}),
        GoldRow(code="208", name="社会保障和就业支出", cells={"total": "5.00"}),
    ),
)
PRINTED = """\
科目编码 科目名称 合计 基本支出
合计 17. 00 12.00
201 一般公共服务支出 12.00 12.00
208 社会保障和就业支出 5.00
"""


def facts(table: AnyTable) -> list[Fact]:
    return sorted(
        (
            row.side or "",
            row.code or "",
            squeeze(row.name),
            column,
            f"{cell.amount.value:f}" if cell.amount else squeeze(cell.text),
        )
        for row in table.rows
        for column, cell in row.cells()
    )


def gold_facts(table: GoldTable) -> list[Fact]:
    return sorted(
        (row.side, row.code, squeeze(row.name), column, squeeze(value))
        for row in table.rows
        for column, value in row.cells.items()
    )


def test_figures_keep_their_decimals_and_the_unit() -> None:
    table = typed(FUNCTIONS)
    amount = table.rows[0].figure("total")
    assert amount is not None
    assert (amount.value, amount.decimals, amount.unit) == (Decimal("17.00"), 2, "万元")
    assert table.rows[2].get("basic") is None
    assert (table.rows[0].code, table.rows[1].code, table.columns) == (None, "201", ["total", "basic"])


def test_texts_and_figures_are_told_apart_by_the_column() -> None:
    table = typed(
        GoldTable(
            kind="performance_self_evaluation",
            ordinal=1,
            unit="万元",
            rows=(
                GoldRow(side="fund", name="total", cells={"executed": "3.50", "rate_percent": "98.1"}),
                GoldRow(side="indicator", name="次数", cells={"target": "12", "weight": "10"}),
                GoldRow(side="header", name="project", cells={"value": "2024"}),
                GoldRow(side="total", name="total_score", cells={"value": "99.5"}),
            ),
        )
    )
    assert [
        (column, cell.text, cell.amount.unit if cell.amount else "text")
        for row in table.rows
        for column, cell in row.cells()
    ] == [
        ("executed", "3.50", "万元"),
        ("rate_percent", "98.1", None),
        ("target", "12", "text"),
        ("weight", "10", None),
        ("value", "2024", "text"),
        ("value", "99.5", None),
    ]


def test_a_claim_has_the_unit_that_it_names() -> None:
    row = GoldRow(name="公务用车", cells={"amount": "3", "unit": "辆", "change_percent": "-25.00"})
    table = typed(GoldTable(kind="narrative_facts", ordinal=1, unit="万元", rows=(row,)))
    assert [(cell.text, cell.amount and cell.amount.unit) for _, cell in table.rows[0].cells()] == [
        ("3", "辆"),
        ("辆", None),
        ("-25.00", None),
    ]


def test_tables_of_a_case_have_ids() -> None:
    case = real_cases()[0]
    tables = gold_tables(case)
    assert {"three_public-1", "government_fund-1", "performance_self_evaluation-3"} <= set(tables)
    assert tables["government_fund-1"].rows == []


@pytest.mark.parametrize("case", real_cases(), ids=lambda case: case.id)
def test_every_table_of_a_real_document_is_found_in_its_chunk(case: Case) -> None:
    chunks = segment(document_of(case))
    held = held_by(chunks, case.gold)
    assert set(held) == {chunk.id for chunk in chunks}
    rows = sorted((h.table.kind, h.table.ordinal, row) for h in held.values() for row in h.rows)
    assert rows == sorted((t.kind, t.ordinal, row) for t in case.gold for row in range(len(t.rows)))
    for chunk in chunks:
        part = held[chunk.id].part
        table = grounded(chunk, part)
        figures = [cell for row in table.rows for _, cell in row.cells() if cell.amount]
        assert all(cell.numeral for cell in figures)
        if chunk.role == "table":
            assert facts(table) == gold_facts(part)
            for wire in WIRES.values():
                assert facts(wire.decode(wire.encode(table, chunk), chunk).table) == gold_facts(part)


def test_a_table_cut_in_two_chunks_is_shared() -> None:
    lines = PRINTED.splitlines()
    first = chunk_of("\n".join(lines[:3]), "expenditure_by_function").model_copy(update={"id": "t01"})
    second = chunk_of(lines[3], "expenditure_by_function").model_copy(update={"id": "t02"})
    held = held_by([first, second], [FUNCTIONS])
    assert {key: found.rows for key, found in held.items()} == {"t01": (0, 1), "t02": (2,)}


def test_tables_are_told_by_their_figures_where_one_was_missed() -> None:
    other = FUNCTIONS.model_copy(
        update={"ordinal": 2, "rows": (GoldRow(name="合计", cells={"total": "9.90"}),)}
    )
    chunk = chunk_of("合计 9.90\n", "expenditure_by_function")
    assert held_by([chunk], [FUNCTIONS, other])["t01"].table == other


def test_a_table_taken_for_another_kind_is_told_by_its_figures() -> None:
    chunk = chunk_of(PRINTED, None)
    gold = FUNCTIONS.model_copy(update={"headers": {"total": "合计", "basic": "基本支出"}})
    held = held_by([chunk], [gold])
    table = grounded(chunk, held["t01"].part)
    assert (table.kind, table.columns) == ("generic", ["合计", "基本支出"])
    wire = WIRES["rows"]
    found = wire.decode(wire.encode(table, chunk), chunk).table
    assert [plain for *_, plain in facts(found)] == [plain for *_, plain in facts(table)]


def test_a_chunk_that_holds_no_gold_has_no_entry() -> None:
    assert held_by([chunk_of("页数 1 2 3\n", None)], [FUNCTIONS]) == {}


def test_cells_point_at_the_ledger() -> None:
    chunk = chunk_of(PRINTED, "expenditure_by_function", unit="万元")
    table = grounded(chunk, FUNCTIONS)
    assert [
        (cell.numeral, chunk.slice(cell.span.start, cell.span.end))
        for row in table.rows
        for _, cell in row.cells()
    ] == [("n1", "17. 00"), ("n2", "12.00"), ("n4", "12.00"), ("n5", "12.00"), ("n7", "5.00")]
    assert [row.code_cell and row.code_cell.text for row in table.rows] == [None, "201", "208"]


def test_what_is_not_printed_points_nowhere() -> None:
    chunk = chunk_of(PRINTED.replace("5.00", "S.00"), "expenditure_by_function")
    cell = grounded(chunk, FUNCTIONS).rows[2].get("total")
    assert cell is not None
    assert (cell.numeral, cell.span.end, cell.text) == (None, 0, "5.00")


def test_planted_faults_are_copied_and_contradictions_stay() -> None:
    key = CellKey("expenditure_by_function", 1, 2, "total")
    case = Case(
        id="c",
        name="c.txt",
        body="b",
        family="f",
        tier="mild",
        text=PRINTED,
        gold=(FUNCTIONS,),
        planted=(
            Planted(nature="fault", error="point", cells=(key,), true=("5.00",), printed=("500",)),
            Planted(
                nature="source",
                error="sum",
                cells=(key._replace(row=0),),
                true=("16.00",),
                printed=("17.00",),
            ),
        ),
    )
    assert [row.cells["total"] for row in as_printed(case)[0].rows] == ["17.00", "12.00", "500"]


def test_a_long_table_is_tied_part_by_part() -> None:
    rows = tuple(
        GoldRow(name=f"项目{i}", cells={"total": f"{i}.25", "basic": f"{i % 7}.50"}) for i in range(500)
    )
    text = "项目 合计 基本支出\n" + "".join(
        f"{row.name} {row.cells['total']} {row.cells['basic']}\n" for row in rows
    )
    chunk = chunk_of(text, "expenditure_by_function")
    gold = GoldTable(kind="expenditure_by_function", ordinal=1, columns=("total", "basic"), rows=rows)
    table = grounded(chunk, gold)
    assert facts(table) == gold_facts(gold)
    assert [cell.span.line for row in table.rows for _, cell in row.cells()] == [
        line for line in range(2, 502) for _ in range(2)
    ]
