"""One long table: expenditure by function over three levels of code."""

from __future__ import annotations

from evals.paper import Paper, Prose
from evals.synthetic import names
from evals.synthetic.dice import Dice
from evals.synthetic.figures import Figures
from evals.synthetic.general import Document
from evals.synthetic.sheet import Column, Entry, Form, Panel, set_panels

MOST = 20_000
_COLUMNS = {
    "total": "本年支出合计",
    "basic": "基本支出",
    "project": "项目支出",
    "superior_remittance": "上缴上级支出",
    "business": "经营支出",
    "affiliate_subsidy": "对附属单位补助支出",
}


def long_table(dice: Dice, rows: int) -> Document:
    """`rows` body rows, the total included, under 3, 5 and 7 digits; eight columns. At most 20,000 rows."""
    if not 4 <= rows <= MOST:
        raise ValueError(f"a long table has 4 to {MOST} rows, not {rows}")
    codes = _codes(dice, rows - 1)
    figures = Figures("万元", 2, True, "0")
    sums: dict[str, dict[str, int]] = {code: dict.fromkeys(_COLUMNS, 0) for code in ("", *codes)}
    for code in codes:
        if len(code) < 7:
            continue
        for key in tuple(_COLUMNS)[1:]:
            cents = dice.amount(figures.step, 10**10, figures.step) if dice.chance(60) else 0
            for length in (0, 3, 5, 7):
                sums[code[:length]][key] += cents
                sums[code[:length]]["total"] += cents
    catalogue = names.functions()
    entries = []
    for code in ("", *codes):
        name = catalogue.get(code) or (f"{dice.choose(names.words('projects'))}支出" if code else "合计")
        cells = {key: figures.show(cents) for key, cents in sums[code].items()}
        entries.append(Entry((code, name), cells, name, code))
    columns = (
        Column(("科目编码",)),
        Column(("科目名称",)),
        *(Column((word,), key) for key, word in _COLUMNS.items()),
    )
    body = names.body(dice)
    year = dice.between(2017, 2025)
    above = ("支出决算表", "公开03表", f"部门：{body.name}\t单位：万元")
    form = Form("expenditure_by_function", 1, "支出决算表", "万元", "final", above)
    sheet = set_panels(form, [Panel(columns, tuple(entries))])
    head = Prose(lines=(body.name, f"{year}年度部门决算"))
    return Document(body.name, Paper(blocks=(head, sheet.printed)), (sheet.gold,))


def _codes(dice: Dice, count: int) -> list[str]:
    """`count` codes in order: every class with at least one section, every section with at least one item."""
    items = -(-count * 9 // 10)
    classes = [f"{n}" for n in range(201, 235)]
    width = max(1, min(len(classes), count // 12))
    sections = [f"{c}{n:02d}" for c in classes[:width] for n in range(1, 100)]
    need = max(width, -(-items // 90))
    chosen = sorted({s for c in range(width) for s in sections[c * 99 : c * 99 + -(-need // width)]})
    rest = count - width - len(chosen)
    found = [*classes[:width], *chosen]
    per, more = divmod(rest, len(chosen))
    for i, section in enumerate(chosen):
        numbers = range(1, 1 + per + (i < more))
        found += [f"{section}{n:02d}" for n in dice.some(range(1, 100), len(numbers))]
    return sorted(found)
