"""Sentences and tables in, findings out: what prose states is held against tables and against itself."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from schemas import AnyTable, Finding
from tests.chunks import chunk_of
from tests.tables import expenditure, table
from worker.readers.layout.narrative import read_narrative
from worker.reconcile import reconcile

TOTALS = """
    [income]
    | 本年收入合计 | 7698.92
    | 年初结转和结余 | 168.62
    | 总计 | 7867.54
    [expenditure]
    | 本年支出合计 | 7841.66
    | 年末结转和结余 | 25.88
    | 总计 | 7867.54
"""


def prose(text: str, *, title: str = "情况说明", year: int | None = None) -> AnyTable:
    return read_narrative(chunk_of(text, "narrative_facts", title=title, year=year, unit="万元")).table


def findings(text: str, *tables: AnyTable, title: str = "情况说明", year: int | None = None) -> list[Finding]:
    """What is found about a text, beside what is found about the tables alone."""
    named = {f"t{i}": found for i, found in enumerate(tables, start=1)}
    found = reconcile({"n": prose(text, title=title, year=year), **named})
    return [f for f in found if "n" in f.tables]


def by_check(text: str, *tables: AnyTable, title: str = "情况说明", year: int | None = None) -> list[str]:
    """Check and status of every finding about a text that is bound."""
    found = findings(text, *tables, title=title, year=year)
    return [f"{f.check} {f.status}" for f in found if f.status != "skipped"]


def unbound(text: str, *tables: AnyTable) -> list[str]:
    return [f.statement for f in findings(text, *tables) if f.check == "narrative.unbound"]


def summary() -> AnyTable:
    return table("income_expenditure_summary", "amount", TOTALS, stage="final", title="总表")


def test_a_grand_total_is_not_the_total_of_the_year() -> None:
    (found,) = [f for f in findings("2024年度收入总计为7698.92万元。", summary()) if f.status == "failed"]

    assert found.statement == (
        "情况说明 收入总计 amount 7698.92 万元 = 总表 总计 amount 7867.54 万元 (it is 本年收入合计 there); "
        "differs by -168.62, rounding allows 0.01"
    )
    assert [str(ref) for ref in found.cells] == ["n!0.amount", "t1!2.amount"]
    assert by_check("2024年度收入总计为7867.54万元。", summary()) == ["narrative.amount passed"]
    assert by_check("本年收入合计7698.92万元。", summary()) == ["narrative.amount passed"]


def test_a_difference_of_rounding_is_no_contradiction() -> None:
    assert by_check("收入总计7867.5万元。", summary()) == ["narrative.amount passed"]
    assert by_check("收入总计0.79亿元。", summary()) == ["narrative.amount passed"]
    assert by_check("收入总计7867.4万元。", summary()) == ["narrative.amount failed"]


def test_the_budget_of_an_item_is_not_held_against_its_final_figure() -> None:
    text = (
        "一般公共服务（类）政府办公厅（室）及相关机构事务（款）行政运行（项）年初预算为3937.89万元，"
        "支出决算为4355.40万元，完成年初预算的110.6%。"
    )
    assert by_check(text, expenditure()) == ["narrative.amount passed", "narrative.completion passed"]


@pytest.mark.parametrize(
    "text",
    [
        "2023年收入预算2030.75万元，其中：本年收入1932.48万元；上年结转98.27万元。",
        "项目支出581.34万元，其中：使用本年拨款486.81万元，财政拨款结转94.53万元。",
        "政府采购支出总额100万元，其中：政府采购货物支出30万元、政府采购工程支出20万元、政府采购服务支出50万元。",
        "共有车辆45辆，其中，领导用车13辆、主要负责人用车1辆、机要通信用车0辆、其他用车31辆。",
        "支出预算100万元，其中：基本支出60万元；项目支出38万元；单位预留机动经费2万元。",
        "培训支出10万元，包括：讲课费6.5万元、场地费3.5万元。",
        "公务接待费28.93万元。其中：\n外事接待费支出0万元。\n其他国内公务接待支出28.93万元。",
    ],
)
def test_parts_that_add_up_support_one_another(text: str) -> None:
    assert by_check(text) == ["narrative.parts passed"]
    assert unbound(text) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "2023年收入预算2030.72万元，其中：本年收入1932.48万元；上年结转98.27万元。",
            "本年收入 amount 1932.48 + 上年结转 amount 98.27 = 收入预算 amount 2030.72",
        ),
        (
            "支出预算2030.72万元，其中：基本支出1445.67万元，占71.2%；项目支出585.08万元，占28.8%；其他支出0万元。",
            "基本支出 amount 1445.67 + 项目支出 amount 585.08 = 支出预算 amount 2030.72",
        ),
        (
            "共有车辆46辆，其中，领导用车13辆、主要负责人用车1辆、其他用车31辆。",
            "领导用车 amount 13 + 主要负责人用车 amount 1 + 其他用车 amount 31 = 车辆 amount 46",
        ),
        (
            "教育经费90.0万元，其中：小学40.0万元，占40%；中学60.0万元，占60%。",
            "小学 amount 40.0 + 中学 amount 60.0 = 教育经费 amount 90.0",
        ),
    ],
)
def test_parts_known_to_be_all_must_add_up(text: str, words: str) -> None:
    failed = [f.statement for f in findings(text) if f.check == "narrative.parts" and f.status == "failed"]
    assert [statement.split("; ")[0] for statement in failed] == [f"情况说明: {words}"]


def test_a_list_that_may_leave_something_out_is_no_contradiction() -> None:
    text = "授予中小企业合同金额83万元，其中：授予小微企业合同金额20万元。"
    assert by_check(text) == []
    assert by_check("支出预算2050.00万元，其中：基本支出1445.67万元；项目支出585.08万元。") == []
    assert by_check("支出预算2010.00万元，其中：基本支出1445.67万元；项目支出585.08万元。") == [
        "narrative.parts failed"
    ]
    assert (
        by_check("支出预算42583.66万元，其中：基本支出9354.49万元，占22%；项目支出33219.22万元，占78%。")
        == ["narrative.share passed"] * 2
    )
    assert by_check("培训支出10.0万元，主要包括：讲课费6.0万元、场地费3.0万元。") == []


def test_parts_of_nothing_lend_no_rounding() -> None:
    text = (
        "收支总预算2030.72万元，其中：当年预算1932.48万元；上年结转98.27万元；调入资金0万元；专户资金0万元。"
    )
    assert by_check(text) == ["narrative.parts failed"]


def test_changes_of_parts_are_the_change_of_the_whole() -> None:
    text = (
        "“三公”经费支出决算为190.14万元，较上年增加15.9万元。\n"
        "1.因公出国（境）费支出决算为7.31万元，较上年增加{}万元。\n"
        "2.公务用车购置及运行费支出决算为153.9万元，较上年增加6.3万元。\n"
        "3.公务接待费支出决算为28.93万元，较上年增加8.61万元。"
    )
    assert by_check(text.format("0.99")) == ["narrative.parts passed"] * 2
    assert by_check(text.format("1.99")) == ["narrative.parts passed", "narrative.parts failed"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("项目支出120万元，比2023年的100万元增加20万元，增长20%。", ["change passed", "growth passed"]),
        ("项目支出120.0万元，比上年100.0万元增加30.0万元，增长30%。", ["change failed", "growth failed"]),
        ("项目支出由上年的100.0万元增加到120.0万元，增长20%。", ["growth passed"]),
        ("项目支出由上年的100.0万元增加到120.0万元，增长25%。", ["growth failed"]),
        (
            "2023年项目支出预算100.0万元。2024年项目支出预算120.0万元，增加20.0万元，增长20%。",
            ["change passed", "growth passed"],
        ),
        ("项目支出120.00万元，较上年减少30.00万元，下降20%。", ["growth passed"]),
        ("项目支出120.00万元，较上年减少30.00万元，下降25%。", ["growth failed"]),
    ],
)
def test_growth_follows_from_its_amounts(text: str, expected: list[str]) -> None:
    assert sorted(by_check(text)) == [f"narrative.{words}" for words in expected]


def test_shares_of_several_are_told_apart_by_order() -> None:
    text = "基本支出600万元。其中：人员经费500万元、公用经费100万元，分别占基本支出的83.3%和{}%。"
    assert by_check(text.format("16.7")) == [
        "narrative.share passed",
        "narrative.share passed",
        "narrative.parts passed",
    ]
    assert "narrative.share failed" in by_check(text.format("26.7"))


def test_a_share_without_an_amount_is_known_by_what_it_is_of() -> None:
    text = (
        "政府采购支出总额458.83万元，其中：政府采购货物支出0万元、政府采购工程支出0万元、"
        "政府采购服务支出458.83万元。授予中小企业合同金额83万元，占政府采购支出总额的18.1%；"
        "货物采购授予中小企业合同金额占货物支出金额的0%，服务采购授予中小企业合同金额占服务支出金额的{}%。"
    )
    assert {words.split()[1] for words in by_check(text.format("18.1"))} == {"passed"}
    assert [f.statement.split("; ")[0] for f in findings(text.format("0")) if f.status == "failed"] == [
        (
            "情况说明: 100 × 授予中小企业合同金额 amount 83 / 政府采购服务支出 amount 458.83 = "
            "服务采购授予中小企业合同金额 share_percent 0"
        )
    ]


def test_a_change_is_measured_against_an_earlier_year() -> None:
    text = "机关运行经费支出50万元，较{}年增加5万元。"
    assert "narrative.year failed" in by_check(text.format(2024), year=2024)
    assert by_check(text.format(2023), year=2024) == []
    assert by_check("支出决算50万元，较2024年年初预算增加5万元。", year=2024) == []


def test_a_claim_of_another_year_need_not_agree_with_the_tables() -> None:
    final = table("expenditure_by_function", "total", "| 合计 | 120.00", stage="final")
    final.year = 2024

    assert by_check("2023年支出决算总额为100.00万元。", final, year=2024) == []
    assert by_check("2024年支出决算总额为100.00万元。", final, year=2024) == ["narrative.amount failed"]


ENGLISH = """
    | Grants        | 4100.0  | 3900.0
    | Fees          | 8200.0  | 7870.0
    | Total revenue | 12300.0 | 11770.0
"""


def statement_of_activities() -> AnyTable:
    found = table("generic", "2023 2022", ENGLISH, unit="thousands of dollars", title="Activities")
    for row in found.rows:
        row.name = "".join(row.name.split())
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Total revenue was $12.3 million in 2023.", ["amount passed"]),
        ("Total revenue was $12.9 million in 2023.", ["amount failed"]),
        ("Total revenue was $11.8 million in 2022.", ["amount passed"]),
        ("Fees were $8.20 million, up 4.2% from $7.87 million in 2022.", ["amount passed", "growth passed"]),
        ("Fees were $8.20 million, up 9.2% from $7.87 million in 2022.", ["amount passed", "growth failed"]),
        (
            "In 2023, total revenue was $12.3 million. Grants were $4.1 million, accounting for 33% of revenue.",
            ["amount passed", "amount passed", "share passed"],
        ),
        (
            "Total costs were $12.0 million, of which salaries $8.0 million and other costs $4.0 million.",
            ["parts passed"],
        ),
    ],
)
def test_english_claims_find_rows_by_their_names(text: str, expected: list[str]) -> None:
    assert sorted(by_check(text, statement_of_activities())) == [f"narrative.{words}" for words in expected]


def test_a_name_that_stands_twice_is_not_bound() -> None:
    assert by_check("Fees were $1.0 million.", statement_of_activities(), statement_of_activities()) == []


@given(
    parts=st.lists(st.integers(1, 10**7), min_size=2, max_size=6),
    error=st.integers(-500, 500),
)
def test_a_whole_fails_exactly_where_rounding_cannot_explain_it(parts: list[int], error: int) -> None:
    assume(sum(parts) + error > 0)
    listed = "、".join(
        f"甲类用途{'甲乙丙丁戊己'[i]}{part / 100:.2f}万元" for i, part in enumerate(parts[:-1])
    )
    text = (
        f"会议支出{(sum(parts) + error) / 100:.2f}万元，其中：{listed}、其他用途{parts[-1] / 100:.2f}万元。"
    )
    prefixes = [sum(parts[: i + 1]) for i in range(len(parts))]
    slack = [(i + 2) / 2 for i in range(len(parts))]

    holds = any(abs(sum(parts) + error - p) <= s for p, s in zip(prefixes, slack, strict=True))

    assert by_check(text) == [f"narrative.parts {'passed' if holds else 'failed'}"]


ITEMS = """
    | 三公经费预算 | 7.10
    | 三公经费 | {0}
    | 因公出国（境）费预算 | 0.00
    | 因公出国（境）费 | 0.00
    | 公务用车购置及运行费预算 | 7.10
    | 公务用车购置及运行费 | 3.75
    | 公务接待费预算 | 0.00
    | 公务接待费 | 0.00
"""


@pytest.mark.parametrize(
    ("final", "statuses"), [("3.75", ["passed", "passed"]), ("3.57", ["passed", "failed"])]
)
def test_budgets_beside_final_figures_add_up_to_the_budget(final: str, statuses: list[str]) -> None:
    claims = table("narrative_facts", "amount", ITEMS.format(final), title="三公经费支出决算情况说明")
    found = [f.status for f in reconcile({"n": claims}) if f.check == "narrative.parts"]
    assert found == statuses
