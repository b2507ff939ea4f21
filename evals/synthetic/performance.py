"""Performance tables of projects: self-evaluation with a final account, targets with a budget."""

from __future__ import annotations

from collections.abc import Sequence
from operator import sub
from typing import NamedTuple

from evals.cases import GoldRow
from evals.synthetic import names
from evals.synthetic.book import Book
from evals.synthetic.figures import Figures, percent
from evals.synthetic.sheet import Put, set_rows

_MONEY = Figures("万元", 2)
_REASONS = ("受工作计划调整影响", "指标设置偏保守", "部分任务跨年度完成", "采购周期较长")
_GOALS = (
    "完成年度工作任务，保障业务正常开展。",
    "提高服务能力和管理水平，按时完成各项任务。",
    "按计划推进项目实施，发挥资金使用效益。",
)


class Indicator(NamedTuple):
    """What is to be reached and what was: texts of three levels, target and result, points and points given."""

    levels: tuple[str, str, str]
    target: str
    actual: str
    weight: int
    score: int


class _Form:
    """A table set row by row, with the gold rows it prints."""

    def __init__(self, width: int) -> None:
        self.width = width
        self.body: list[list[str | Put]] = []
        self.rows: list[GoldRow] = []

    def row(self, side: str, name: str, cells: dict[str, str]) -> int:
        """A new row of gold; its number."""
        self.rows.append(GoldRow(side=side, name=name, cells=cells))
        return len(self.rows) - 1

    def line(self, *bits: str | Put) -> None:
        """A printed row, filled up with blanks."""
        self.body.append([*bits, *[""] * (self.width - len(bits))])

    def fact(self, key: str, text: str) -> Put:
        """A fact of the head."""
        return Put(text, self.row("header", key, {"value": text}), "value")

    def fund(self, side: str, label: str, key: str, cells: dict[str, str], blank: str = "") -> None:
        """A row of money; `blank` stands where it has no score."""
        number = self.row("fund", key, cells)
        bits: list[str | Put] = [Put(text, number, column) for column, text in cells.items()]
        self.line(side, label, *bits, *([blank] if blank else []))


def self_evaluation(book: Book, project: int) -> None:
    """项目支出绩效自评表 of a project of the year."""
    books, dice = book.books, book.dice
    form = _Form(9)
    head = book.form("performance_self_evaluation", "项目支出绩效自评表", unit="万元", plain=True)
    form.line("项目名称", form.fact("project", books.projects[project].second))
    form.line(
        "主管部门",
        form.fact("supervisor", book.books.body.name),
        "",
        "",
        "实施单位",
        form.fact("unit_name", _unit(book, project)),
    )
    scored = dice.chance(75)
    points = _funds(book, form, project, scored)
    form.line("年度总体目标", "预期目标", "", "", "实际完成情况")
    form.line("", dice.choose(_GOALS), "", "", dice.choose(_GOALS))
    found = _indicators(book, 90 if scored else 0, money=True)
    heads = ["绩效指标", "一级指标", "二级指标", "三级指标", "年度指标值", "实际完成值"]
    heads += [book.word("权重", "分值"), "自评得分"] if scored else []
    form.line(*heads, "偏差原因分析及改进措施")
    _list(form, found, scored, evaluated=True, reasons=[dice.choose(_REASONS) for _ in found])
    if scored:
        total = f"{sum(i.score for i in found) + points}{dice.choose(('', '.00'))}"
        number = form.row("total", "total_score", {"value": total})
        form.line("总分", "", "", "", "", "", "", Put(total, number, "value"))
    book.add(set_rows(head, (), form.body, form.rows))


def _funds(book: Book, form: _Form, project: int, scored: bool) -> int:
    """The money of a project, planned and spent; the points for it are returned."""
    books, dice = book.books, book.dice
    spent = books.spent(nature=("project",), project=(project,))
    step = max(books.step, _MONEY.step if dice.chance(50) else 1)
    plan = max(spent, spent * dice.choose((100, 100, 105, 120, 150)) // 100 // step * step)
    first = plan * dice.choose((100, 100, 80, 120)) // 100 // step * step
    points = 10 if plan == spent else max(1, 10 * spent // plan)
    heads = ("资金情况（万元）", "项目资金", "年初预算数", "全年预算数", "全年执行数", "执行率（%）")
    form.line(*heads, *(["得分"] if scored else []))
    money = (first, plan, spent)
    quarter = 4 if dice.chance(25) else 0
    carried = tuple(v // quarter // step * step if quarter else 0 for v in money)
    for key, label, amounts in (
        ("total", book.word("年度资金总额", "年度资金总和"), money),
        ("fiscal", book.word("当年财政拨款", "其中：财政拨款"), tuple(map(sub, money, carried))),
        ("carryover", "上年结转资金", carried),
        ("other", "其他资金", (0, 0, 0)),
    ):
        shown = [_trimmed(_MONEY.show(v)) for v in amounts]
        cells = dict(zip(("budget_initial", "budget_adjusted", "executed"), shown, strict=True))
        cells["rate_percent"] = _trimmed(percent(amounts[2], amounts[1], 2))
        if key == "total" and scored:
            cells["score"] = str(points)
        form.fund("", label, key, cells, "—" if scored and key != "total" else "")
    return points


def target(book: Book, project: int) -> None:
    """项目支出绩效目标表 of a project that is planned."""
    books, dice = book.books, book.dice
    form = _Form(6)
    title = book.word("项目支出绩效目标表", "项目支出绩效目标申报表")
    head = book.form("performance_target", title, unit="万元", plain=True)
    form.line("项目名称", "", form.fact("project", books.projects[project].second))
    form.line("项目级次", "", form.fact("level", "二级项目"))
    form.line("主管部门及编码", "", form.fact("supervisor", f"{books.body.name}-{books.body.number}"))
    money = books.spent(nature=("project",), project=(project,), carried=False)
    rows = [("total", "年度资金总额", money), ("fiscal", "其中：财政拨款", money), ("other", "其他资金", 0)]
    if (carried := books.spent(nature=("project",), project=(project,), carried=True)) and dice.chance(60):
        rows = [("total", "年度资金总额", money + carried), ("fiscal", "其中：财政拨款", money),
                ("carryover", "上年结转", carried), ("other", "其他资金", 0)]  # fmt: skip
    for place, (key, label, cents) in enumerate(rows):
        form.fund("" if place else "项目资金（万元）", label, key, {"amount": _MONEY.show(cents)})
    form.line("年度绩效目标", dice.choose(_GOALS))
    form.line("绩效指标", "一级指标", "二级指标", "三级指标", "指标值", "权重")
    found = _indicators(book, dice.choose((90, 90, 100)), money=False)
    _list(form, found, True, evaluated=False, reasons=[""] * len(found))
    book.add(set_rows(head, (), form.body, form.rows))


def _unit(book: Book, project: int) -> str:
    unit = next(p.unit for p in book.books.postings if p.project == project)
    return book.books.body.units[unit]


def _trimmed(text: str) -> str:
    """The figure without zeros at its end: 47.50 → 47.5, 100.00 → 100."""
    return text.rstrip("0").rstrip(".") if "." in text else text


def _indicators(book: Book, points: int, *, money: bool) -> list[Indicator]:
    """Indicators of every level, their points adding up to `points` in fives."""
    dice = book.dice
    known = names.indicators()
    chosen = []
    for first in dict.fromkeys(i["level1"] for i in known):
        own = [i for i in known if i["level1"] == first]
        least = 0 if first == "成本指标" else 1
        chosen += dice.some(own, dice.between(least, {"产出指标": 7, "效益指标": 4}.get(first, 2)))
    shares = dice.split(points, len(chosen), 1 if points < 5 * len(chosen) else 5)
    found = []
    for indicator, weight in zip(chosen, shares, strict=True):
        low = indicator["low"]
        value = f"{dice.between(int(low), int(indicator['high']))}" if low else ""
        text = f"{value}{indicator['unit']}"
        missed = money and dice.chance(12) and weight > 1
        score = weight - dice.between(1, weight - 1) if missed else weight
        levels = (indicator["level1"], indicator["level2"], indicator["level3"])
        found.append(Indicator(levels, f"{indicator['sign']}{text}", text, weight, score))
    return found


def _list(
    form: _Form, found: Sequence[Indicator], scored: bool, *, evaluated: bool, reasons: Sequence[str]
) -> None:
    """The indicators; a level is printed where it begins and holds until the next."""
    before = ("", "")
    for indicator, reason in zip(found, reasons, strict=True):
        first, second, third = indicator.levels
        cells = {"level1": first, "level2": second, "level3": third, "target": indicator.target}
        if evaluated:
            cells["actual"] = indicator.actual
        if scored:
            cells["weight"] = str(indicator.weight)
        if scored and evaluated:
            cells["score"] = str(indicator.score)
        if evaluated and indicator.score < indicator.weight:
            cells["reason"] = reason
        number = form.row("indicator", third, cells)
        printed = dict(cells)
        if first == before[0]:
            printed["level1"] = ""
        if (first, second) == before:
            printed["level2"] = ""
        before = (first, second)
        form.line("", *(Put(text, number, key) if text else "" for key, text in printed.items()))
