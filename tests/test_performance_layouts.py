"""Performance forms in other layouts: torn apart, as plain text, in Markdown, with one cell a line."""

from __future__ import annotations

from tests.chunks import chunk_of, rows_of, side, unexplained
from worker.readers.layout.performance import read_performance

EVALUATION = "performance_self_evaluation"


def test_labels_that_stand_apart_from_their_figures_are_matched_by_the_sum() -> None:
    text = """项目名称

实施单位

年初预算数 全年预算数 全年执行数 执行率

152.00 152.00 82.90 54.54%

0.00 0.00 0.00 0.00%

0.00 0.00 0.00 0.00%

152.00 152.00 82.90 54.54%

一级指标 二级指标 三级指标 年度指标值 实际完成值
偏差原因分析及改

进措施

成本指标 经济成本指标 活动成本 <=152万元 82.9万元
活动减少，
按实支出。

电话满意度抽查
次数 =12次 12次

保障退休人员生活待
遇

=100% 100%

满意度指标 服务对象满意度指标 公众满意度 >=90% 95%

年度总体目
标

预期目标 实际完成情况

为公务活动提供必要的保障12次。 为公务活动提供了保障12次。

绩效指标
产出指标

项目支出绩效自评表

服务保障

某市办公厅

资金情况
（万元）

项目资金

当年财政拨款

上年结转资金

其他资金

年度资金总和
"""
    chunk = chunk_of(text, EVALUATION)
    reading = read_performance(chunk)
    assert side(reading, "header") == {
        "project": {"value": "服务保障"},
        "unit_name": {"value": "某市办公厅"},
    }
    assert {name: cells["executed"] for name, cells in side(reading, "fund").items()} == {
        "fiscal": "82.90",
        "carryover": "0.00",
        "other": "0.00",
        "total": "82.90",
    }
    indicators = side(reading, "indicator")
    assert list(indicators) == ["活动成本", "电话满意度抽查次数", "保障退休人员生活待遇", "公众满意度"]
    assert indicators["活动成本"]["reason"] == "活动减少,按实支出。"
    assert indicators["保障退休人员生活待遇"]["target"] == "=100%"
    assert reading.table.unit == "万元"
    assert reading.incomplete == ("level labels apart from their rows: 绩效指标, 产出指标",)
    assert unexplained(chunk, reading) == []


def test_a_national_form_as_plain_text_with_labels_in_the_middle_of_their_rows() -> None:
    text = """项目支出绩效自评表
（2023年度）
项目名称 停车平台建设
主管部门 某市城管局 实施单位 某市城管局
年初预算数 全年预算数 全年执行数 分值 执行率 得分
项目资金
年度资金总额 120.00 118.50 110.25 10 93.04% 9.3
（万元）
其中：当年财政拨款 120.00 118.50 110.25 — 93.04% —
其他资金 0.00 0.00 0.00 — 0.00% —
年度总 预期目标 实际完成情况
体目标 建成平台1套。 建成平台1套。
一级指标 二级指标 三级指标 年度指标值 实际完成值 分值 得分 偏差原因分析及改进措施
接入泊位数 ≥5000个 5200个 20 20
数量指标
巡检次数 ≥ 12 次 12次 10 10
产出指标
质量指标 平台验收合格率 100% 100% 10 10
绩效
时效指标 按期完成率 ≥95% 90% 10 9 设备到货延迟
指标
效益指标 社会效益指标 停车便利度 提升 提升 30 28
满意度指标 服务对象满意 市民满意度 ≥90% 92% 10 10
度指标
总分 100 96.3
"""
    chunk = chunk_of(text, EVALUATION)
    reading = read_performance(chunk)
    assert side(reading, "fund")["total"] == {
        "budget_initial": "120.00",
        "budget_adjusted": "118.50",
        "executed": "110.25",
        "rate_percent": "93.04%",
        "weight": "10",
        "score": "9.3",
    }
    levels = [
        (c.get("level1"), c.get("level2"), name, c["weight"], c["score"])
        for s, name, c in rows_of(reading)
        if s == "indicator"
    ]
    assert levels == [
        ("产出指标", "数量指标", "接入泊位数", "20", "20"),
        ("产出指标", "数量指标", "巡检次数", "10", "10"),
        ("产出指标", "质量指标", "平台验收合格率", "10", "10"),
        ("产出指标", "时效指标", "按期完成率", "10", "9"),
        ("效益指标", "社会效益指标", "停车便利度", "30", "28"),
        ("满意度指标", "服务对象满意度指标", "市民满意度", "10", "10"),
    ]
    assert side(reading, "total") == {"total_score": {"value": "96.3", "weight": "100"}}
    assert unexplained(chunk, reading) == []


def test_a_markdown_form_with_further_sources_and_columns() -> None:
    text = """| 项目名称 | 设备采购 |
| --- | --- |
| 主管部门 | 某县司法局 | 实施单位 | 某县司法局 |
| 预算执行情况(10分) | 年度预算数(万元) | 年初预算 | 调整后预算数 | 预算执行数 | 预算执行率 | 权重 | 得分 | 原因 |
| 总额 | 0.00 | 3.36 | 3.36 | 100.00% | 10 | 10 | |
| 其中:财政资金 | 0.00 | 3.00 | 3.00 | 100.00% | / | / | |
| 单位资金 | 0.00 | 0.36 | 0.36 | 100.00% | / | / | |
| 绩效指标(90分) | 一级指标 | 二级指标 | 三级指标 | 指标性质 | 指标值 | 度量单位 | 完成值 | 权重 | 得分 |
| 产出指标 | 数量指标 | 采购数量 | ≥ | 13 | 台 | 13 | 60 | 60 |
| 效益指标 | 社会效益指标 | 办公效率 | 定性 | 明显 | | 明显 | 30 | 28 |
| 合计 | 100 | 98 |
| 项目负责人：某人 |
"""
    chunk = chunk_of(text, EVALUATION)
    reading = read_performance(chunk)
    funds = side(reading, "fund")
    assert {name: (c["budget_adjusted"], c["executed"]) for name, c in funds.items()} == {
        "total": ("3.36", "3.36"),
        "fiscal": ("3.00", "3.00"),
        "单位资金": ("0.36", "0.36"),
    }
    assert side(reading, "indicator")["采购数量"] == {
        "level1": "产出指标",
        "level2": "数量指标",
        "level3": "采购数量",
        "指标性质": "≥",
        "target": "13",
        "度量单位": "台",
        "actual": "13",
        "weight": "60",
        "score": "60",
    }
    assert side(reading, "total") == {"total_score": {"value": "98", "weight": "100"}}
    assert unexplained(chunk, reading) == []


def test_a_form_with_one_cell_a_line() -> None:
    head = "项目名称|审计业务|主管部门|某镇|项目资金|(万元)|年初预算数|全年预算数|全年执行数|分值|执行率|得分"
    funds = "年度资金总额：|90|89.97|89.97|10|100%|10|其中：本年财政拨款|90|89.97|89.97|-|100%|-"
    columns = "一级指标|二级指标|三级指标|年度指标值|实际完成值|分值|得分|偏差原因分析及改进措施"
    rows = (
        "产出指标|数量指标|审计项目数|≥50个|50个|40|40|质量指标|报告合格率|100%|100%|20|20"
        "|效益指标|社会效益指标|市场公平|明显|达成预期|30|30|总分|100|100"
    )
    text = "|".join((head, funds, columns, rows)).replace("|", "\n")
    chunk = chunk_of(text, EVALUATION)
    reading = read_performance(chunk)
    assert side(reading, "header") == {"project": {"value": "审计业务"}, "supervisor": {"value": "某镇"}}
    assert side(reading, "fund")["total"]["score"] == "10"
    assert [(n, c["level2"], c["weight"]) for n, c in side(reading, "indicator").items()] == [
        ("审计项目数", "数量指标", "40"),
        ("报告合格率", "质量指标", "20"),
        ("市场公平", "社会效益指标", "30"),
    ]
    assert side(reading, "total") == {"total_score": {"value": "100", "weight": "100"}}
    assert unexplained(chunk, reading) == []


def test_header_words_set_wide_name_their_columns() -> None:
    for gap in (" ", "    "):
        text = f"""项目支出绩效目标表
项目名称  会议
绩效指标  一级指标  二级指标  三级指标  指{gap}标{gap}值  权{gap}重
产出指标  数量指标  会议次数  ≥4次  50
满意度指标  服务对象满意度指标  参会人员满意度  ≥90%  50
"""
        reading = read_performance(chunk_of(text, "performance_target"))
        indicators = side(reading, "indicator")
        assert {name: cells["weight"] for name, cells in indicators.items()} == {
            "会议次数": "50",
            "参会人员满意度": "50",
        }


def test_numbers_under_an_unknown_header_are_said() -> None:
    text = """项目支出绩效目标表
项目名称  会议
绩效指标  一级指标  二级指标  三级指标  指标值  系数
产出指标  数量指标  会议次数  ≥4次  50
满意度指标  服务对象满意度指标  参会人员满意度  ≥90%  50
"""
    assert read_performance(chunk_of(text, "performance_target")).incomplete == (
        "no header names the column 系数",
    )
