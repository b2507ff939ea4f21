"""What people read of a table: names that are printed or words, and never the keys of rows and columns."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.test_performance_reader import TABBED
from worker.batch import process
from worker.desk.pages.table.doubts import doubts_of
from worker.desk.pages.table.naming import Naming
from worker.desk.pages.text import Language, Words
from worker.desk.pages.text.phrases import phrased
from worker.review import Desk, TableView
from worker.settings import load_settings
from worker.store import Store

FORM = (
    TABBED.replace("年度资\t", "年度资金总额\t")
    .replace("\n\n\t金总额", "")
    .replace("当年财政拨款\t100\t50", "当年财政拨款\t100\t40")
)
FAILING = "全年预算数: 当年财政拨款 40 + 上年结转资金 0 + 其他资金 0 = 年度资金总额 50"
TITLE = "项目支出绩效自评表 "


@pytest.fixture
def table(tmp_path: Path) -> TableView:
    path = tmp_path / "form.txt"
    path.write_text(f"某局 2024 年度部门决算\n\n{FORM}", encoding="utf-8")
    settings = load_settings(readers="layout")
    with Store.open(settings) as store:
        (outcome,) = process([path], store, settings)
        return Desk(store).open(outcome.document_id, "t01")


def test_rows_that_have_keys_are_called_as_they_are_printed(table: TableView) -> None:
    naming = Naming(table, Words("en"))
    assert [naming.row(row) for row in table.rows if row.side == "header"][:1] == ["项目名称"]
    assert [re.sub(r"\s", "", naming.row(row)) for row in table.rows if row.side == "fund"] == [
        "年度资金总额",
        "当年财政拨款",
        "上年结转资金",
        "其他资金",
    ]
    assert [naming.row(row) for row in table.rows if row.side == "indicator"][:1] == ["改造间数"]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_is_said_of_a_table_holds_no_key(table: TableView, language: Language) -> None:
    naming = Naming(table, words := Words(language))
    said = [naming.said(each.words.removeprefix(TITLE)) for each in table.identities]
    failing = said[: table.failed]
    assert any(FAILING in each for each in failing)
    doubts = [naming.said(each.words) for each in doubts_of(table, words, naming)]
    assert doubts
    keys = r"(?<![\w])(fiscal|carryover|other|total|total_score|budget_\w+|rate_percent)(?![\w])"
    assert not re.search(keys, "\n".join([*said, *doubts]).replace("other ", ""), re.ASCII)


@pytest.mark.parametrize(
    ("said", "chinese"),
    [
        (
            "支出决算表 201 行政运行: basic 1.20 + project 0.00 = total 2.20; differs by 1, rounding allows 0.015",
            "支出决算表 201 行政运行: 基本支出 1.20 + 项目支出 0.00 = 合计 2.20；相差 1，舍入允许 0.015",
        ),
        (
            (
                "move 4 of 210 卫生 from 项目支出 to 基本支出: "
                "the only arrangement found with which all sums of the table hold"
            ),
            "移动 210 卫生 的 4 由“项目支出”移至“基本支出”：唯一使全表勾稽相符的排列",
        ),
        (
            "收支总表 支出合计 amount 6 万元 = 支出决算表 Σ 2 rows total 5 万元 (any of 2 rows of this name)",
            "收支总表 支出合计 金额 6 万元 = 支出决算表 2 行合计 合计 5 万元（2 个同名行之一）",
        ),
        (
            "the only change of 2 figures that closes the failed identity, together with t02 合计, total",
            "使该等式成立的唯一一组改动（2 个数字），连同 t02 合计, 合计",
        ),
        ("the names of rows 3-5 (甲 to 丙) one row up", "第 3—5 行（甲 至 丙） 的名称上移一行"),
        ("Cost of other goods 5.00 = total 5.00", "Cost of other goods 5.00 = total 5.00"),
    ],
)
def test_what_checks_say_is_said_in_chinese(said: str, chinese: str) -> None:
    assert phrased("zh", said) == chinese
