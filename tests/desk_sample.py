"""A small document of our own making in which one figure stands a column off, and one proposal closes everything."""

from __future__ import annotations

from pathlib import Path

_TEXT = """某某市档案馆2024年部门决算

收入支出决算总表
公开01表
单位：万元
收入\t\t支出\t
项目\t决算数\t项目\t决算数
一、一般公共预算财政拨款收入\t171.30\t一、一般公共服务支出\t120.50
二、其他收入\t9.20\t二、社会保障和就业支出\t42.00
\t\t三、住房保障支出\t18.00
本年收入合计\t180.50\t本年支出合计\t180.50
总计\t180.50\t总计\t180.50

支出决算表
公开03表
单位：万元
科目编码\t科目名称\t上年支出\t本年支出合计\t基本支出\t项目支出
201\t一般公共服务支出\t\t120.50\t100.00\t20.50
20126\t档案事务\t\t120.50\t100.00\t20.50
2012601\t行政运行\t\t100.00\t100.00\t
2012604\t档案馆\t\t20.50\t\t20.50
208\t社会保障和就业支出\t42.00\t\t30.25\t11.75
221\t住房保障支出\t\t18.00\t18.00\t
"""

SHIFTED = "42.00"
"""The total of 208, which is printed under the year before."""


def write_shifted(folder: Path) -> Path:
    """Write the document, and its path: the summary, and expenditure by function with `SHIFTED` out of its column."""
    path = folder / "shifted.txt"
    path.write_text(_TEXT, encoding="utf-8")
    return path
