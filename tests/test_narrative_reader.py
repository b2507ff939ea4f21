"""Sentences of budget and final account disclosures, and the claims that the layout reader finds in them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from schemas import Reading
from tests.chunks import chunk_of, unexplained
from worker.readers.layout.narrative import read_narrative

Claims = list[tuple[str, dict[str, str]]]
KIND = "narrative_facts"


def claims(text: str) -> Claims:
    """Subject and values of each claim, in order; figures as plain decimals."""
    return [
        (row.name, {k: str(c.amount.value) if c.amount else c.text for k, c in row.cells()})
        for row in read(text).table.rows
    ]


def read(text: str) -> Reading:
    return read_narrative(chunk_of(text, KIND))


def left_over(text: str) -> list[str]:
    chunk = chunk_of(text, KIND)
    return unexplained(chunk, read_narrative(chunk))


def test_changes_find_the_claim_whose_subject_they_name() -> None:
    text = (
        "2024 年度收入总计为 98.92 万元、支出总计为 41.66 万元。与 2023 年度相比，收入总计减少 1.84 万元，"
        "下降 1.8%；支出总计增加 0.92 万元，增长 2.3%。"
    )
    assert claims(text) == [
        (
            "收入总计",
            {"amount": "98.92", "unit": "万元", "change_amount": "-1.84", "change_percent": "-1.8"},
        ),
        (
            "支出总计",
            {"amount": "41.66", "unit": "万元", "change_amount": "0.92", "change_percent": "2.3"},
        ),
    ]
    assert left_over(text) == []


def test_changes_without_a_subject_belong_to_the_last_claim() -> None:
    text = "本年收入合计 20 万元，其中：财政拨款收入 19 万元，比上年减少 1 万元，下降 5%；事业收入 1 万元，与上年持平。"
    assert claims(text) == [
        ("本年收入合计", {"amount": "20", "unit": "万元"}),
        (
            "财政拨款收入",
            {"amount": "19", "unit": "万元", "change_amount": "-1", "change_percent": "-5"},
        ),
        ("事业收入", {"amount": "1", "unit": "万元"}),
    ]


def test_a_change_that_begins_a_sentence_belongs_to_what_the_sentence_before_led_with() -> None:
    text = "“三公”经费预算为 14 万元，其中：公务接待费 4 万元。与 2023 年预算相比增长 16.7%。"
    assert claims(text)[0] == (
        "“三公”经费预算",
        {"amount": "14", "unit": "万元", "change_percent": "16.7"},
    )


def test_shares_however_they_are_put() -> None:
    text = "教育支出 30 万元，占本年支出合计的 60%；住房保障支出 15 万元，占比30%；其他支出 5 万元，占 10 %。"
    assert [(name, c["share_percent"]) for name, c in claims(text)] == [
        ("教育支出", "60"),
        ("住房保障支出", "30"),
        ("其他支出", "10"),
    ]


def test_a_budget_and_its_final_figure_are_one_claim() -> None:
    text = (
        "1. 一般公共服务（类）办公厅（室）及相关机构事务（款）行政运行（项）年初预算为 39.89 万元，"
        "支出决算为 43.4 万元，完成年初预算的 108.8%。\n"
        "2.其他支出（类）其他支出（款）其他支出（项）。\n\n年初预算为 0.78 万元，"
        "支出决算为 0.44 万元，完成年初预\n\n算的 56.41%。"
    )
    assert claims(text) == [
        (
            "行政运行",
            {"amount": "43.4", "unit": "万元", "completion_percent": "108.8", "budget_amount": "39.89"},
        ),
        (
            "其他支出",
            {"amount": "0.44", "unit": "万元", "completion_percent": "56.41", "budget_amount": "0.78"},
        ),
    ]
    row = read(text).table.rows[0]
    assert row.label is not None
    assert row.label.text == "一般公共服务(类)办公厅(室)及相关机构事务(款)行政运行(项)年初预算"


def test_words_and_figures_broken_over_lines_keep_their_places() -> None:
    before = "第三部分\n\n"
    text = (
        "2023 年度财政拨款收、支总计各 6,901.84\n\n万\n\n元。与 2022 年度相\n\n比，"
        "收、支总计各增加 658.40 万元，增\n\n长 10.55%。"
    )
    row = read_narrative(chunk_of(text, KIND, before=before)).table.rows[0]
    assert row.name == "财政拨款收、支总计"
    document = before + text
    printed = {key: document[c.span.start : c.span.end] for key, c in row.cells()}
    assert printed == {
        "amount": "6,901.84",
        "unit": "万\n\n元",
        "change_amount": "658.40",
        "change_percent": "10.55%",
    }
    assert {key: c.text for key, c in row.cells()}["unit"] == "万元"
    amount = row.get("amount")
    assert amount is not None
    assert (amount.span.line, amount.amount and amount.amount.value) == (3, Decimal("6901.84"))


def test_a_fall_is_negative_and_its_text_stays_as_printed() -> None:
    row = read("机关运行经费支出347.07万元，较2022年减\n\n少33.53万元，降低8.81%。").table.rows[0]
    change = row.get("change_amount")
    assert change is not None
    assert (change.text, change.amount and change.amount.value) == ("33.53", Decimal("-33.53"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "截至 2024 年 12 月 31 日，某单位共有车辆 3 辆，单价 50 万元以上设备 0 台（套）。",
            [("车辆", "3", "辆"), ("单价50万元以上设备", "0", "台(套)")],
        ),
        (
            "全年安排因公出国（境）团组 2 个，累计 5 人次。",
            [("安排因公出国(境)团组", "2", "个"), ("安排因公出国(境)人次", "5", "人次")],
        ),
        (
            "组织对 2024 年度 0 个政府性基金预算项目开展绩效自评，共涉及资金 0 万元。",
            [("政府性基金预算项目", "0", "个"), ("涉及资金", "0", "万元")],
        ),
        (
            "全年共接待国内来访团组 22 个、来宾 724 人次（不包括陪同人员）。",
            [("接待国内来访团组", "22", "个"), ("来宾", "724", "人次")],
        ),
    ],
)
def test_counts_are_claims_and_thresholds_are_part_of_the_subject(
    text: str, expected: list[tuple[str, str, str]]
) -> None:
    assert [(name, c["amount"], c["unit"]) for name, c in claims(text)] == expected
    assert left_over(text) == []


def test_parts_by_year_carry_the_name_of_the_whole() -> None:
    text = (
        "2、公务接待费 1.94 万元，其中：当年预算 1.9 万元；上年结转 0.04 万元。"
        "2023 年预算数比 2022 年预算数减少 0.15 万元。"
    )
    assert claims(text) == [
        ("公务接待费", {"amount": "1.94", "unit": "万元", "change_amount": "-0.15"}),
        ("公务接待费当年预算", {"amount": "1.9", "unit": "万元"}),
        ("公务接待费上年结转", {"amount": "0.04", "unit": "万元"}),
    ]


def test_lists_are_told_apart_by_order() -> None:
    text = "基本支出、项目支出分别为 120.5 万元、80 万元，占 60.1%、39.9%。"
    assert claims(text) == [
        ("基本支出", {"amount": "120.5", "unit": "万元", "share_percent": "60.1"}),
        ("项目支出", {"amount": "80", "unit": "万元", "share_percent": "39.9"}),
    ]


def test_what_is_said_of_a_project_carries_its_name() -> None:
    text = (
        "会议经费自评情况：根据年初设定的绩效目标，项目绩效自评得分为 87 分。项目全年预算数为 50 万元，"
        "执行数为 47.5 万元，完成预算的 95%。"
    )
    assert claims(text) == [
        ("会议经费自评得分", {"amount": "87", "unit": "分"}),
        ("会议经费全年预算数", {"amount": "50", "unit": "万元"}),
        ("会议经费执行数", {"amount": "47.5", "unit": "万元", "completion_percent": "95"}),
    ]


def test_quoted_and_coded_subjects_of_a_named_unit() -> None:
    text = (
        "2025年，某市财政局收入预算17,192万元，政府性基金拨款支出预算为0。"
        "主要内容如下：1.“一般公共服务支出”科目12,789万元。2.教育支出（205）2,180万元。"
    )
    assert [(name, c["amount"]) for name, c in claims(text)] == [
        ("收入预算", "17192"),
        ("政府性基金拨款支出预算", "0"),
        ("一般公共服务支出", "12789"),
        ("教育支出", "2180"),
    ]
    chunk = chunk_of(text, KIND)
    roles = read_narrative(chunk).roles
    assert [(n.text, roles[n.id]) for n in chunk.ledger if roles[n.id] != "cell"] == [
        ("2025", "year"),
        ("1", "ordinal"),
        ("2", "ordinal"),
        ("（205）", "code"),
    ]


def test_an_item_that_is_called_after_a_unit_keeps_its_name() -> None:
    text = "5. 公共安全支出（类）法院（款）其他法院支出（项）年初预算为0万元，支出决算为29.56万元。"
    assert [row.name for row in read(text).table.rows] == ["其他法院支出"]


def test_a_figure_in_brackets_with_its_unit_is_no_negative_one() -> None:
    assert claims("修缮经费（50 万元，占 20%）已经拨付。") == [
        ("修缮经费", {"amount": "50", "unit": "万元", "share_percent": "20"})
    ]


def test_a_second_value_of_one_column_opens_a_claim_of_its_own() -> None:
    text = "培训费 10 万元，增长 5%，其中网上培训增长 40%。"
    assert claims(text) == [
        ("培训费", {"amount": "10", "unit": "万元", "change_percent": "5"}),
        ("网上培训", {"change_percent": "40"}),
    ]


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("The office has 12 rooms, and 4 cars that it shares.", ["12", "4"]),
        ("收、支总计各是4125.49,4143.91万元。", ["4143.91"]),
        ("经办 17，另有说明。", ["17"]),
    ],
)
def test_figures_that_no_words_explain_are_named(text: str, left: list[str]) -> None:
    assert left_over(text) == left
    assert [
        note.split(" (line 1)")[0] for note in read(text).incomplete if note.split(" (")[0] in left
    ] == left


def test_page_numbers_between_lines_are_no_part_of_a_sentence() -> None:
    text = "基本支出预算数为 76.68 万元，与上年相\n- 24 -\n比增加 8.15 万元。"
    assert claims(text) == [("基本支出预算数", {"amount": "76.68", "unit": "万元", "change_amount": "8.15"})]
    assert left_over(text) == []


def wholes(text: str) -> list[tuple[str, str | None]]:
    """Each claim with the subject of which it is a part."""
    rows = read(text).table.rows
    return [(row.name, None if row.part_of is None else rows[row.part_of].name) for row in rows]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "总支出20万元，其中：甲15万元；乙5万元。丙3万元。",
            [("总支出", None), ("甲", "总支出"), ("乙", "总支出"), ("丙", None)],
        ),
        (
            "总支出20万元，占30%。基本支出12万元；基本支出中，人员经费8万元，公用经费4万元。",
            [("总支出", None), ("基本支出", None), ("人员经费", "基本支出"), ("公用经费", "基本支出")],
        ),
        (
            "接待费9万元。其中：\n1.外事接待3万元。接待团组2个。\n2.国内接待6万元。\n培训费7万元。",
            [
                ("接待费", None),
                ("外事接待", "接待费"),
                ("接待团组", None),
                ("国内接待", "接待费"),
                ("培训费", None),
            ],
        ),
        (
            "因公出国3人次，支出7万元。主要包括：赴甲国1人次，支出金额2万元；赴乙国2人次，支出金额5万元。",
            [
                ("因公出国", None),
                ("因公出国", None),
                ("赴甲国", "因公出国"),
                ("赴甲国", "因公出国"),
                ("赴乙国", "因公出国"),
                ("赴乙国", "因公出国"),
            ],
        ),
    ],
)
def test_parts_know_their_whole(text: str, expected: list[tuple[str, str | None]]) -> None:
    assert wholes(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "项目支出120万元，比2023年预算100万元增加20万元，增长20%。",
        "项目支出120万元，较上年的100万元增加20万元，增幅20%。",
        "项目支出由2023年的100万元增加到120万元，增加20万元，增长20%。",
    ],
)
def test_the_figure_of_the_year_before_belongs_to_the_claim(text: str) -> None:
    assert claims(text) == [
        (
            "项目支出",
            {
                "amount": "120",
                "unit": "万元",
                "change_amount": "20",
                "change_percent": "20",
                "previous_amount": "100",
            },
        )
    ]


def test_claims_know_their_years() -> None:
    rows = read("2024年度培训费5万元，较2023年增加1万元。会议费2万元，比上年减少1万元。").table.rows
    assert [(row.name, row.year, row.compared_year) for row in rows] == [
        ("培训费", 2024, 2023),
        ("会议费", None, None),
    ]
    (row,) = read("支出决算5万元，比2024年年初预算增加1万元。").table.rows
    assert row.compared_year is None


def test_persons_counted_beside_their_groups() -> None:
    assert claims("国内公务接待30批次300人次。") == [
        ("国内公务接待", {"amount": "30", "unit": "批次"}),
        ("国内公务接待", {"amount": "300", "unit": "人次"}),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "In 2023, total revenue was $12.3 million, up 4.5% from 2022.",
            [("totalrevenue", {"amount": "12.3", "unit": "million", "change_percent": "4.5"})],
        ),
        (
            "Total revenue of $12.3 million is a 4.5 percent decline compared with 2022.",
            [("Totalrevenue", {"amount": "12.3", "unit": "million", "change_percent": "-4.5"})],
        ),
        (
            "Grants amounted to $4.1 million, accounting for 12 % of revenue.",
            [("Grants", {"amount": "4.1", "unit": "million", "share_percent": "12"})],
        ),
        (
            "Net sales fell by $0.5 million, or 4.2%, to $11.4 million.",
            [
                (
                    "Netsales",
                    {"amount": "11.4", "unit": "million", "change_amount": "-0.5", "change_percent": "-4.2"},
                )
            ],
        ),
        (
            "Travel costs were $5.6 million, against $5.8 million in 2022.",
            [("Travelcosts", {"amount": "5.6", "unit": "million", "previous_amount": "5.8"})],
        ),
        (
            "Costs were $10 million, of which $4 million for salaries and $6 million for equipment.",
            [
                ("Costs", {"amount": "10", "unit": "million"}),
                ("salaries", {"amount": "4", "unit": "million"}),
                ("equipment", {"amount": "6", "unit": "million"}),
            ],
        ),
    ],
)
def test_english_sentences(text: str, expected: Claims) -> None:
    assert claims(text) == expected
    assert left_over(text) == []


def test_english_words_keep_their_places_over_lines() -> None:
    text = "Total grants and\n  contracts were\n$4.1 million."
    (row,) = read(text).table.rows
    assert row.label is not None
    assert text[row.label.span.start : row.label.span.end] == "Total grants and\n  contracts"
    assert wholes("Costs were $10 million, of which $4 million for salaries.")[1] == ("salaries", "Costs")
