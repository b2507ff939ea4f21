"""Performance forms with tabs, and what the layout reader makes of them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from schemas import Amount
from tests.chunks import chunk_of, rows_of, side, unexplained
from worker.readers.layout.performance import read_performance

EVALUATION = "performance_self_evaluation"
TARGET = "performance_target"


TABBED = """项目支出绩效自评表\t\t\t\t\t\t\t\t
项目名称\t会议室改造
主管部门\t某局\t\t实施单位\t某局（本级）
资金情况(万元)\t项目资金\t年初预算数\t全年预算数\t全年执行数\t执行率 (%)\t\t得分
\t年度资\t100\t50\t47.5\t95\t\t7

\t金总额
\t当年财政拨款\t100\t50\t47.5\t95\t\t—
\t上年结转资金\t0\t0\t0\t0\t\t—
\t其他资金\t0\t0\t0\t0\t\t—
年度总体目标\t预期目标\t\t实际完成情况
\t改造 2 间会议室，节电 30%。\t\t改造 2 间，节电 31%。
绩效指标\t一级指标\t二级指标\t三级指标\t年度指标值\t实际完成值\t权重\t自评得分\t偏差原因分析\t校验得分
绩效指标\t产出指标\t数量指标\t改造间数\t=2间\t2间\t25\t25
\t\t\t改造会议桌数\t≤85张\t85张\t25\t25\t按需调整

\t效 益 指 标\t社会效益指标\t会议效率\t提高\t提高\t30\t30
满意度指标\t服务对象满意度指标\t参会人员满意度\t$\\geq 90\\%$\t90%\t10\t0
总分\t\t\t\t\t\t87.00
"""


def test_a_tabbed_form_with_broken_labels_and_shifted_rows() -> None:
    chunk = chunk_of(TABBED, EVALUATION)
    reading = read_performance(chunk)
    assert rows_of(reading) == [
        ("header", "project", {"value": "会议室改造"}),
        ("header", "supervisor", {"value": "某局"}),
        ("header", "unit_name", {"value": "某局(本级)"}),
        (
            "fund",
            "total",
            {
                "budget_initial": "100",
                "budget_adjusted": "50",
                "executed": "47.5",
                "rate_percent": "95",
                "score": "7",
            },
        ),
        (
            "fund",
            "fiscal",
            {"budget_initial": "100", "budget_adjusted": "50", "executed": "47.5", "rate_percent": "95"},
        ),
        (
            "fund",
            "carryover",
            {"budget_initial": "0", "budget_adjusted": "0", "executed": "0", "rate_percent": "0"},
        ),
        (
            "fund",
            "other",
            {"budget_initial": "0", "budget_adjusted": "0", "executed": "0", "rate_percent": "0"},
        ),
        (
            "indicator",
            "改造间数",
            {
                "level1": "产出指标",
                "level2": "数量指标",
                "level3": "改造间数",
                "target": "=2间",
                "actual": "2间",
                "weight": "25",
                "score": "25",
            },
        ),
        (
            "indicator",
            "改造会议桌数",
            {
                "level1": "产出指标",
                "level2": "数量指标",
                "level3": "改造会议桌数",
                "target": "≤85张",
                "actual": "85张",
                "weight": "25",
                "score": "25",
                "reason": "按需调整",
            },
        ),
        (
            "indicator",
            "会议效率",
            {
                "level1": "效 益 指 标",
                "level2": "社会效益指标",
                "level3": "会议效率",
                "target": "提高",
                "actual": "提高",
                "weight": "30",
                "score": "30",
            },
        ),
        (
            "indicator",
            "参会人员满意度",
            {
                "level1": "满意度指标",
                "level2": "服务对象满意度指标",
                "level3": "参会人员满意度",
                "target": "$\\geq 90\\%$",
                "actual": "90%",
                "weight": "10",
                "score": "0",
            },
        ),
        ("total", "total_score", {"value": "87.00"}),
    ]
    assert reading.incomplete == ()
    assert unexplained(chunk, reading) == []


def test_every_figure_points_at_its_own_digits() -> None:
    before = "第二部分 表\n\n"
    chunk = chunk_of(TABBED, EVALUATION, before=before)
    document = before + TABBED
    figures = [c for row in read_performance(chunk).table.rows for _, c in row.cells() if c.amount]
    assert len(figures) == 26
    for cell in figures:
        assert document[cell.span.start : cell.span.end] == cell.text
        assert document.split("\n")[cell.span.line - 1].find(cell.text) >= 0
        assert cell.amount is not None
        assert cell.amount.value == Decimal(cell.text)
        assert cell.numeral in {n.id for n in chunk.ledger}


def test_numerals_of_texts_are_labels_and_those_of_aims_are_notes() -> None:
    chunk = chunk_of(TABBED, EVALUATION)
    roles = read_performance(chunk).roles
    by_text = [(n.text, roles[n.id]) for n in chunk.ledger if roles[n.id] != "cell"]
    assert by_text == [
        ("2", "note"),
        ("30%", "note"),
        ("2", "note"),
        ("31%", "note"),
        ("2", "label"),
        ("2", "label"),
        ("85", "label"),
        ("85", "label"),
        ("90", "label"),
        ("90%", "label"),
    ]


def test_a_target_form_keeps_the_stage_value_beside_the_final_one() -> None:
    text = """项目支出绩效目标表

项目名称\t\t服务保障
项目级次\t\t一级项目
项目 资金 (万 元)\t年度资金总额\t142.20
\t其中：财政拨款\t142.20
\t其他资金
年度 绩效 目标\t完成 1 项工作。
绩效 指标\t一级指标\t二级指标\t三级指标\t阶段性指标值\t指标值
\t产出指标\t数量指标\t陪餐人数\t<=30%\t<=30%
\t\t\t耗材购买次数\t>=7次\t12次
\t\t成本指标\t公务接待费\t<=30万元\t<=50万元
\t\t时效指标
\t满意度指标\t\t抽样调查满意度\t\t>=80%
"""
    chunk = chunk_of(text, TARGET)
    reading = read_performance(chunk)
    assert side(reading, "header") == {"project": {"value": "服务保障"}, "level": {"value": "一级项目"}}
    assert side(reading, "fund") == {"total": {"amount": "142.20"}, "fiscal": {"amount": "142.20"}}
    assert side(reading, "indicator") == {
        "陪餐人数": {
            "level1": "产出指标",
            "level2": "数量指标",
            "level3": "陪餐人数",
            "target": "<=30%",
            "阶段性指标值": "<=30%",
        },
        "耗材购买次数": {
            "level1": "产出指标",
            "level2": "数量指标",
            "level3": "耗材购买次数",
            "target": "12次",
            "阶段性指标值": ">=7次",
        },
        "公务接待费": {
            "level1": "产出指标",
            "level2": "成本指标",
            "level3": "公务接待费",
            "target": "<=50万元",
            "阶段性指标值": "<=30万元",
        },
        "抽样调查满意度": {"level1": "满意度指标", "level3": "抽样调查满意度", "target": ">=80%"},
    }
    total = next(row for row in reading.table.rows if row.name == "total")
    assert total.figure("amount") == Amount(value=Decimal("142.20"), decimals=2, unit="万元")
    assert unexplained(chunk, reading) == []


def test_weights_of_rows_that_lost_their_first_cells() -> None:
    text = """项目名称\t\t网站普查
绩效指标\t一级指标\t二级指标\t三级指标\t指标值\t权重
\t成本指标\t经济成本指标\t等级整改\t42.81万元\t10
\t产出指标\t数量指标\t普查数量\t=28个\t10
\t\t\t质量指标\t网站合格率\t100%\t10
时效指标\t\t\t相关报告\t2023年12月\t2
各网站单位\t\t\t100%\t5\t

预算表10续一

\t一级指标\t二级指标\t三级指标\t指标值\t权重
绩效指标\t满意度指标\t满意度指标\t服务企业\t满意度100%\t5
"""
    chunk = chunk_of(text, TARGET)
    reading = read_performance(chunk)
    found = [
        (c.get("level1"), c.get("level2"), n, c["target"], c["weight"])
        for n, c in side(reading, "indicator").items()
    ]
    assert found == [
        ("成本指标", "经济成本指标", "等级整改", "42.81万元", "10"),
        ("产出指标", "数量指标", "普查数量", "=28个", "10"),
        ("产出指标", "质量指标", "网站合格率", "100%", "10"),
        ("产出指标", "时效指标", "相关报告", "2023年12月", "2"),
        ("产出指标", "时效指标", "各网站单位", "100%", "5"),
        ("满意度指标", "满意度指标", "服务企业", "满意度100%", "5"),
    ]
    assert unexplained(chunk, reading) == []


def test_a_lone_figure_is_the_score_where_only_that_adds_up() -> None:
    text = """项目名称\t维护
一级指标\t二级指标\t三级指标\t年度指标值\t实际完成值\t权重\t得分
产出指标\t数量指标\t巡检\t≥2次\t2次\t60\t50
效益指标\t社会效益指标\t可用率\t≥95%\t95%\t30
总分\t\t\t\t\t\t80
"""
    reading = read_performance(chunk_of(text, EVALUATION))
    assert side(reading, "indicator")["可用率"].get("score") == "30"
    assert "weight" not in side(reading, "indicator")["可用率"]
    assert reading.notes == ("points that stand alone in their rows are scores by the total",)


@pytest.mark.parametrize("kind", [EVALUATION, TARGET])
def test_a_blank_form_has_no_rows(kind: str) -> None:
    text = """事前评估项目绩效目标申报表
(年度)
政策(项目)名称\t\t\t
主管部门及编码\t\t\t
年度资金总额:\t\t计划实施期资金总额:\t
其中:财政拨款\t\t其中:财政拨款\t
绩效指标\t一级指标\t二级指标\t三级指标\t指标值\t指标分值 (合计100分)
\t产出指标\t数量指标\t指标1:\t\t
\t\t\t指标2:\t\t
\t满意度指标\t指标1:\t\t\t
说明: 1. 计划实施期为项目时长(如填写2021年度);
"""
    chunk = chunk_of(text, kind)
    reading = read_performance(chunk)
    assert (reading.table.kind, reading.table.rows, reading.incomplete) == (kind, [], ())
    assert unexplained(chunk, reading) == []


def test_figures_without_a_place_are_named() -> None:
    text = """项目名称 某项目
年初预算数 全年预算数 全年执行数 执行率
10.00 9.00 8.00 88.89%
7.00 7.00 7.00 100.00%
年度资金总额
"""
    chunk = chunk_of(text, EVALUATION)
    reading = read_performance(chunk)
    assert side(reading, "fund") == {}
    assert reading.incomplete == ("2 rows of fund figures, 1 labels without figures",)
    assert len(unexplained(chunk, reading)) == 8


def test_a_later_part_of_a_long_form_is_read_under_its_header() -> None:
    text = "\t质量指标\t合格率\t100%\t10\n总分\t\t\t\t100\n"
    chunk = chunk_of(text, TARGET, header="一级指标\t二级指标\t三级指标\t指标值\t权重\n产出指标\n")
    reading = read_performance(chunk)
    assert side(reading, "indicator") == {
        "合格率": {"level2": "质量指标", "level3": "合格率", "target": "100%", "weight": "10"}
    }
