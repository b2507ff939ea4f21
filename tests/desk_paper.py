"""A PDF for tests of the desk: two tables on two pages, one digit of the second misprinted."""

from __future__ import annotations

from tests.drawn import Drawing

_WIDTHS = (64.0, 190.0, 90.0, 90.0, 90.0)
_LEFT, _TOP = 36.0, 120.0
_PAGES = (
    (
        "收入决算表",
        "公开02表",
        ("科目编码", "科目名称", "本年收入合计", "财政拨款收入", "其他收入"),
        (
            *("486.20 480.00 6.20", "410.20 404.00 6.20", "410.20 404.00 6.20", "310.20 304.00 6.20"),
            *("100.00 100.00 0.00", "76.00 76.00 0.00", "76.00 76.00 0.00", "76.00 76.00 0.00"),
        ),
    ),
    (
        "支出决算表",
        "公开03表",
        ("科目编码", "科目名称", "本年支出合计", "基本支出", "项目支出"),
        (
            *("486.20 386.20 100.00", "410.20 310.20 100.00", "410.20 310.20 100.00", "310.20 301.20 0.00"),
            *("100.00 0.00 100.00", "76.00 76.00 0.00", "76.00 76.00 0.00", "76.00 76.00 0.00"),
        ),
    ),
)
_LABELS = (
    ("", "合计"),
    ("201", "一般公共服务支出"),
    ("20126", "档案事务"),
    ("2012601", "行政运行"),
    ("2012604", "档案馆"),
    ("208", "社会保障和就业支出"),
    ("20805", "行政事业单位养老支出"),
    ("2080505", "机关事业单位基本养老保险缴费"),
)


def paper() -> bytes:
    """The file. Of row 2012601 on page 2 the basic expenditure 310.20 is printed as 301.20."""
    drawing = Drawing()
    for number, (title, form, header, figures) in enumerate(_PAGES):
        if number:
            drawing.page()
        drawing.text(drawing.width / 2, 56, title, size=16, align="centre")
        drawing.text(_LEFT, 100, "部门：临江市档案馆")
        drawing.text(drawing.width - _LEFT, 84, form, align="right")
        drawing.text(drawing.width - _LEFT, 100, "金额单位：万元", align="right")
        rows = [
            header,
            *((*label, *line.split()) for label, line in zip(_LABELS, figures, strict=True)),
        ]
        drawing.table(_LEFT, _TOP, _WIDTHS, rows)
    return drawing.pdf()
