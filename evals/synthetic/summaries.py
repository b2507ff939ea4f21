"""The two summaries: all income against all expenditure, and that of the fiscal appropriations."""

from __future__ import annotations

from collections.abc import Sequence

from evals.synthetic import names
from evals.synthetic.book import Book, chinese
from evals.synthetic.coded import BASIC, PROJECT
from evals.synthetic.ledger import FISCAL, OWN
from evals.synthetic.sheet import Column, Entry, Panel

Amounts = dict[str, int | None]
_FUND_NAMES = {
    "general_budget": "一般公共预算",
    "government_fund": "政府性基金预算",
    "state_capital": "国有资本经营预算",
}
_OWN_NAMES = {
    "superior_subsidy": "上级补助收入",
    "undertaking": "事业收入",
    "business": "经营收入",
    "affiliate_remittance": "附属单位上缴收入",
    "other": "其他收入",
}


def _entry(book: Book, side: str, label: str, amounts: Amounts) -> Entry:
    return Entry((label,), {key: book.show(cents) for key, cents in amounts.items()}, label, "", side)


def _listed(book: Book, side: str, items: Sequence[tuple[str, Amounts]]) -> list[Entry]:
    return [
        _entry(book, side, f"{chinese(i)}、{name}", amounts) for i, (name, amounts) in enumerate(items, 1)
    ]


def _classes(book: Book, source: tuple[str, ...] = ()) -> list[str]:
    used = book.books.codes(source, 3)
    used = [c for c in used if book.books.spent(c, source=source)]
    return sorted({*names.classes(), *used}) if book.style.all_classes else used


def _class_name(code: str) -> str:
    return names.functions()[code]


def _two(book: Book, group: tuple[str, str], left: Panel, right: Panel) -> list[Panel]:
    """Two sides under their headings 收入 and 支出, with line numbers where the style has them."""
    panels = []
    for word, panel in zip(group, (left, right), strict=True):
        columns = list(panel.columns)
        if book.style.lines and book.style.stage == "final":
            columns.insert(1, Column((book.word("行次", "行次"),), "#"))
        depth = max(len(c.header) for c in columns)
        headed = [
            Column((word if i == 0 else "", *c.header, *[""] * (depth - len(c.header))), c.key)
            for i, c in enumerate(columns)
        ]
        panels.append(panel._replace(columns=tuple(headed)))
    if book.style.lines and book.style.years:
        number = Panel((Column(("序号", *[""] * (len(panels[0].columns[0].header) - 1)), "#"),))
        panels.insert(0, number)
    return panels


def income_expenditure_summary(book: Book) -> None:
    """收入支出决算总表, 收支总表."""
    if book.style.stage == "final":
        _final_summary(book)
    else:
        _budget_summary(book)


def _final_summary(book: Book) -> None:
    books = book.books
    income: list[tuple[str, Amounts]] = [
        (f"{name}财政拨款收入", {"amount": books.income((fund,))}) for fund, name in _FUND_NAMES.items()
    ]
    income += [(name, {"amount": books.income((source,))}) for source, name in _OWN_NAMES.items()]
    expenditure: list[tuple[str, Amounts]] = [
        (_class_name(c), {"amount": books.spent(c)}) for c in _classes(book)
    ]
    everything = (*FISCAL, *OWN)
    earned, spent = books.income(everything), books.spent()
    opening, closing = books.left("opening", everything), books.left("closing", everything)
    used = book.word("使用非财政拨款结余", "使用非财政拨款结余（含专用结余）", "用事业基金弥补收支差额")
    left_feet = [
        _entry(book, "income", "本年收入合计", {"amount": earned}),
        _entry(book, "income", used, {"amount": books.used}),
        _entry(book, "income", "年初结转和结余", {"amount": opening}),
        _entry(book, "income", "总计", {"amount": earned + books.used + opening}),
    ]
    right_feet = [
        _entry(book, "expenditure", "本年支出合计", {"amount": spent}),
        _entry(book, "expenditure", "结余分配", {"amount": books.distributed}),
        _entry(book, "expenditure", "年末结转和结余", {"amount": closing}),
        _entry(book, "expenditure", "总计", {"amount": spent + books.distributed + closing}),
    ]
    column = (Column(("项目",)), Column((book.word("决算数", "金额", "决算数"),), "amount"))
    left = Panel(column, tuple(_listed(book, "income", income)), tuple(left_feet))
    right = Panel(column, tuple(_listed(book, "expenditure", expenditure)), tuple(right_feet))
    form = book.form("income_expenditure_summary", "收入支出决算总表")
    book.panels(form, _two(book, ("收入", "支出"), left, right))


def _years(book: Book, source: tuple[str, ...] = (), code: str = "") -> Amounts:
    """A budget's money: all of it, and where the style splits it, this year's and what is carried over."""
    books = book.books
    found: Amounts = {"amount": books.spent(code, source=source)}
    if book.style.years:
        found["current_year"] = books.spent(code, source=source, carried=False)
        found["carryover"] = books.spent(code, source=source, carried=True)
    return found


def _year_columns(book: Book) -> tuple[Column, ...]:
    year = f"{book.books.year}年"
    amount = Column((book.word("预算数", f"{year}预算数", f"{year}预算"),), "amount")
    if not book.style.years:
        return Column((book.word("项目", "项 目"),)), amount
    return (
        Column(("项目",)),
        amount,
        Column((book.word("当年预算", "本年预算"),), "current_year"),
        Column(("上年结转",), "carryover"),
    )


def _budget_income(book: Book) -> list[Entry]:
    rows = [_entry(book, "income", "一、财政拨款收入", _years(book, FISCAL))]
    word = book.word("拨款收入", "", "资金")
    ordinals = book.dice.chance(50)
    for number, (fund, name) in enumerate(_FUND_NAMES.items(), 1):
        label = f"{number}. {name}{word}" if ordinals else f"  {name}{word}"
        rows.append(_entry(book, "income", label, _years(book, (fund,))))
    rows.append(_entry(book, "income", "二、财政专户管理资金收入", _nothing(book)))
    rows.append(_entry(book, "income", "三、单位资金收入", _years(book, OWN)))
    for source, name in _OWN_NAMES.items():
        label = "事业单位经营收入" if source == "business" else name
        rows.append(_entry(book, "income", f"  {label}", _years(book, (source,))))
    return rows


def _nothing(book: Book) -> Amounts:
    return dict.fromkeys(("amount", "current_year", "carryover") if book.style.years else ("amount",), 0)


def _budget_summary(book: Book) -> None:
    everything = _years(book)
    income = _budget_income(book)
    items = [(_class_name(c), _years(book, code=c)) for c in _classes(book)]
    left_feet: list[Entry | None] = [_entry(book, "income", "收入总计", everything)]
    right_feet: list[Entry | None] = [_entry(book, "expenditure", "支出总计", everything)]
    if book.dice.chance(60):
        left_feet.insert(0, _entry(book, "income", "本年收入合计", everything))
        right_feet.insert(0, _entry(book, "expenditure", "本年支出合计", everything))
        right_feet.insert(1, _entry(book, "expenditure", "结转下年支出", _nothing(book)))
        left_feet.insert(
            1, _entry(book, "income", "上年结转", _nothing(book)) if not book.style.years else None
        )
    columns = _year_columns(book)
    left = Panel(columns, tuple(income), tuple(left_feet))
    right = Panel(columns, tuple(_listed(book, "expenditure", items)), tuple(right_feet))
    title = book.word("收支总表", "部门收支预算总表", "财务收支预算总表", "收支预算总表")
    panels = _two(book, ("收入", "支出"), left, right)
    if book.style.by_use:
        panels = _three(book, left, right)
    book.panels(book.form("income_expenditure_summary", title), panels)


def _three(book: Book, left: Panel, right: Panel) -> list[Panel]:
    """Income, expenditure by function and expenditure by use, side by side."""
    books = book.books
    uses: list[tuple[str, Amounts]] = [
        ("基本支出", {"amount": books.spent(nature=BASIC)}),
        ("项目支出", {"amount": books.spent(nature=PROJECT)}),
        (
            "单位预留机动经费",
            {"amount": books.spent(nature=("superior_remittance", "business", "affiliate_subsidy"))},
        ),
    ]
    word = book.word("金额", "预算数")
    heads = (("收入", "项目名称"), ("支出", "功能分类科目名称"), ("", "支出用途"))
    total = _entry(book, "expenditure_by_use", "支出合计", {"amount": books.spent()})
    third = Panel(
        left.columns,
        tuple(_listed(book, "expenditure_by_use", uses)),
        (*[None] * (len(left.foot) - 1), total),
    )
    panels = []
    for (group, label), panel in zip(heads, (left, right, third), strict=True):
        columns = (Column((group, label)), Column(("", word), "amount"))
        panels.append(panel._replace(columns=columns))
    return panels


def fiscal_appropriation_summary(book: Book) -> None:
    """财政拨款收入支出决算总表, 财政拨款收支总表."""
    if book.style.stage == "final":
        _final_fiscal(book)
    elif book.style.years or book.dice.chance(40):
        _budget_fiscal(book)
    else:
        _budget_fiscal_funds(book)


def _funds(book: Book, code: str = "", when: str = "spent") -> Amounts:
    books = book.books

    def money(source: tuple[str, ...]) -> int:
        return books.spent(code, source=source) if when == "spent" else books.left("closing", source, code)

    found: Amounts = {"total": money(FISCAL)}
    return found | {fund: money((fund,)) for fund in FISCAL}


def _fund_columns(book: Book, suffix: str) -> tuple[Column, ...]:
    return (
        Column((book.word("项目", "项 目"),)),
        Column(("合计",), "total"),
        *(Column((f"{name}{suffix}",), fund) for fund, name in _FUND_NAMES.items()),
    )


_FUND_SUMS = {"total": FISCAL}


def _final_fiscal(book: Book) -> None:
    books = book.books
    income: list[tuple[str, Amounts]] = [
        (f"{name}财政拨款", {"amount": books.income((fund,))}) for fund, name in _FUND_NAMES.items()
    ]
    earned, opening = books.income(FISCAL), books.left("opening", FISCAL)
    ordinal = book.dice.chance(50)
    left_feet = [
        _entry(book, "income", "本年收入合计", {"amount": earned}),
        _entry(book, "income", "年初财政拨款结转和结余", {"amount": opening}),
        *(
            _entry(
                book,
                "income",
                f"{chinese(i)}、{name}财政拨款" if ordinal else f"  {name}财政拨款",
                {"amount": books.left("opening", (fund,))},
            )
            for i, (fund, name) in enumerate(_FUND_NAMES.items(), 1)
        ),
        _entry(book, "income", "总计", {"amount": earned + opening}),
    ]
    spent, closing = _funds(book), _funds(book, when="closing")
    sums = {key: (spent[key] or 0) + (closing[key] or 0) for key in spent}
    right_feet = [
        _entry(book, "expenditure", "本年支出合计", spent),
        _entry(book, "expenditure", "年末财政拨款结转和结余", closing),
        None,
        None,
        None,
        _entry(book, "expenditure", "总计", dict(sums)),
    ]
    items = [(_class_name(c), _funds(book, c)) for c in _classes(book, FISCAL)]
    left = Panel(
        (Column(("项目",)), Column((book.word("金额", "决算数"),), "amount")),
        tuple(_listed(book, "income", income)),
        tuple(left_feet),
    )
    right = Panel(
        _fund_columns(book, "财政拨款"), tuple(_listed(book, "expenditure", items)), tuple(right_feet)
    )
    form = book.form("fiscal_appropriation_summary", "财政拨款收入支出决算总表")
    book.panels(form, _two(book, ("收入", "支出"), left, right), _FUND_SUMS)


def _budget_fiscal(book: Book) -> None:
    """This year's money and what is carried over on both sides, under 一、本年收入 and 一、本年支出."""
    word = book.word("拨款", "")
    income = [_entry(book, "income", "一、本年收入", _years(book, FISCAL))]
    income += [_entry(book, "income", f"  {n}{word}", _years(book, (f,))) for f, n in _FUND_NAMES.items()]
    items = [(_class_name(c), _years(book, FISCAL, c)) for c in _classes(book, FISCAL)]
    expenditure = [
        _entry(book, "expenditure", "一、本年支出", _years(book, FISCAL)),
        *_listed(book, "expenditure", items),
    ]
    columns = _year_columns(book)
    feet = [_entry(book, side, label, _years(book, FISCAL)) for side, label in _ENDS]
    left = Panel(columns, tuple(income), (feet[0],))
    right = Panel(columns, tuple(expenditure), (feet[1],))
    title = book.word("财政拨款收支总表", "财政拨款收支预算总表")
    book.panels(book.form("fiscal_appropriation_summary", title), _two(book, ("收入", "支出"), left, right))


_ENDS = (("income", "收入总计"), ("expenditure", "支出总计"))


def _budget_fiscal_funds(book: Book) -> None:
    """Expenditure split by the budget that pays it."""
    word = book.word("资金", "", "拨款")
    books = book.books
    income: list[tuple[str, Amounts]] = [
        (f"{name}{word}", {"amount": books.spent(source=(fund,))}) for fund, name in _FUND_NAMES.items()
    ]
    items = [(_class_name(c), _funds(book, c)) for c in _classes(book, FISCAL)]
    left = Panel(
        (Column(("项目",)), Column(("预算数",), "amount")),
        tuple(_listed(book, "income", income)),
        (_entry(book, "income", "收入总计", {"amount": books.spent(source=FISCAL)}),),
    )
    right = Panel(
        _fund_columns(book, ""),
        tuple(_listed(book, "expenditure", items)),
        (_entry(book, "expenditure", "支出总计", _funds(book)),),
    )
    title = book.word("财政拨款收支总表", "部门财政拨款收支预算总表")
    panels = _two(book, ("财政拨款收入", "财政拨款支出"), left, right)
    book.panels(book.form("fiscal_appropriation_summary", title), panels, _FUND_SUMS)
