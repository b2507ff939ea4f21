"""The baselines on bundled documents: what they ask, what they bring, and in which form."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from evals.baselines import Baseline
from evals.baselines.lines import Lines, grids
from evals.baselines.naive import PIECE, Naive, pieces
from evals.baselines.naive_form import NaiveRow, NaiveTable, NaiveTables, read
from evals.cases import Case, GoldTable
from evals.real import real_cases
from evals.simulate import ErrorModel, Reply, ScriptedServer, SimulatedModel
from evals.typed import document_of
from schemas import Document, squeeze
from worker.settings import Mode, Settings

Fact = tuple[str, str, str, str, str, str]


def facts(tables: tuple[GoldTable, ...], kind: str) -> list[Fact]:
    return sorted(
        (row.side, row.code, "" if row.code else squeeze(row.name), column, squeeze(value), table.kind)
        for table in tables
        for row in table.rows
        for column, value in row.cells.items()
        if table.kind == kind
    )


def naive(url: str, home: Path, mode: Mode = "auto") -> Naive:
    return Naive(Settings(model="any", openai_base_url=url, home=home, mode=mode))


@pytest.fixture(scope="module")
def model() -> Iterator[SimulatedModel]:
    with SimulatedModel(real_cases()) as model:
        yield model


@pytest.mark.parametrize("case", real_cases(), ids=lambda case: case.id)
def test_a_model_without_fault_brings_the_gold_of_tables_on_one_piece(
    case: Case, model: SimulatedModel, home: Path
) -> None:
    baseline: Baseline = naive(model.url, home)
    found = baseline.read(case)
    assert found.failed == ()
    assert min(found.prompt_tokens, found.completion_tokens) > 10_000
    kind = "basic_expenditure_by_economic" if "city" not in case.id else "expenditure_by_function"
    assert facts(found.tables, kind) == facts(case.gold, kind)


@pytest.mark.parametrize("mode", ["json_schema", "md_json"])
def test_it_asks_in_every_mode(mode: Mode, model: SimulatedModel, home: Path) -> None:
    case = real_cases()[0]
    found = naive(model.url, home, mode).read(case)
    assert found.failed == ()
    assert {table.kind for table in found.tables} >= {"three_public", "narrative_facts"}


def test_wrong_figures_go_through_unseen(home: Path) -> None:
    case = real_cases()[0]
    with SimulatedModel([case], ErrorModel(cell=0.05), seed=3) as model:
        found = naive(model.url, home).read(case)
        done = model.done
    assert found.failed == ()
    wrong = {each.given for each in done if each.error == "digit"}
    given = {value for table in found.tables for row in table.rows for value in row.cells.values()}
    assert wrong
    assert wrong <= given


def test_a_piece_without_an_answer_is_named(home: Path) -> None:
    with ScriptedServer(lambda _: Reply("no JSON")) as server:
        found = naive(server.url, home, "json_schema").read(real_cases()[0])
    assert found.tables == ()
    assert set(found.failed) == {
        f"piece {number}: InstructorRetryException" for number in range(1, len(found.failed) + 1)
    }


def test_pieces_are_whole_lines_of_a_whole_document() -> None:
    for case in real_cases():
        document = document_of(case)
        found = list(pieces(document))
        assert "".join(found) == document.text
        assert all(len(piece) <= PIECE and piece.endswith("\n") for piece in found[:-1])


def test_pages_stay_whole_where_they_fit() -> None:
    text = "\f".join(f"{number}\n" * 1000 for number in range(1, 5))
    starts = tuple(index * 2001 for index in range(4))
    document = Document(name="d.txt", sha256="", text=text, page_starts=starts)
    assert [len(piece) for piece in pieces(document)] == [4002, 4001]


def test_a_table_that_goes_on_is_joined() -> None:
    def table(title: str, value: str, kind: str = "state_capital") -> NaiveTable:
        row = NaiveRow(code=None, name="（一）合计", cells={"total": value})
        return NaiveTable(kind=kind, title=title, unit="万元", rows=[row])

    answers = [
        NaiveTables(tables=[table("国有资本", "1, 234. 50")]),
        NaiveTables(tables=[table("", "2.00"), table("", "3.00")]),
        NaiveTables(tables=[table("", "4.00", "generic")]),
    ]
    assert [
        (t.kind, t.ordinal, t.title, [(row.name, row.cells) for row in t.rows]) for t in read(answers)
    ] == [
        ("state_capital", 1, "国有资本", [("合计", {"total": "1234.50"}), ("合计", {"total": "2.00"})]),
        ("state_capital", 2, "", [("合计", {"total": "3.00"})]),
        ("generic", 1, "", [("合计", {"total": "4.00"})]),
    ]


TEXT = """\
支出决算表
单位：万元
科目编码\t科目名称\t本年支出合计\t基本支出\t项目支出
\t合计\t17.00\t12.00\t5.00
201\t一、一般公共服务支出\t12.00\t7.00\t
说明。
Item  Quantity  Amount
Bolts  200  10.00
"""


def test_lines_are_split_by_their_separators() -> None:
    assert list(grids("T\na\tb\tc\nd  e  f\n\ng | h | i\n")) == [
        ("T", [["a", "b", "c"], ["d", "e", "f"], ["g", "h", "i"]])
    ]
    case = Case(id="c", name="c.txt", body="b", family="f", tier="real", text=TEXT, gold=())
    found = Lines().read(case).tables
    assert [(t.kind, t.ordinal, t.columns) for t in found] == [
        (
            "expenditure_by_function",
            1,
            ("科目编码", "科目名称", "total", "basic", "project"),
        ),
        ("generic", 1, ("Item", "Quantity", "Amount")),
    ]
    assert [(row.code, row.name, row.cells) for row in found[0].rows] == [
        ("", "合计", {"total": "17.00", "basic": "12.00", "project": "5.00"}),
        ("201", "一般公共服务支出", {"total": "12.00", "basic": "7.00"}),
    ]
    assert [(row.name, row.cells) for row in found[1].rows] == [
        ("Bolts", {"Quantity": "200", "Amount": "10.00"})
    ]
