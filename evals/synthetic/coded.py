"""Tables with a row a code: income and expenditure by function, basic expenditure by economic class."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from evals.synthetic import names
from evals.synthetic.book import Book, Sums
from evals.synthetic.ledger import FISCAL, OWN
from evals.synthetic.sheet import Column, Entry, Panel

Cells = Callable[[str], Mapping[str, int | None]]
"""The amounts of a code ("" is everything), by column."""

PERSONNEL, PUBLIC, PROJECT = ("personnel",), ("public",), ("project",)
BASIC = (*PERSONNEL, *PUBLIC)


def leads(book: Book, code: str, name: str) -> tuple[str, ...]:
    """What stands before the figures of a code: the code in one column or in three, and its name."""
    indent = "  " * (len(code) // 2 - 1) if book.style.indent else ""
    if book.style.codes == "one":
        return code, indent + name
    return code[:3], code[3:5], code[5:7], indent + name


_CODE_WORDS = {
    "economic": ("经济分类科目编码", "科目编码"),
    "function": ("功能分类科目编码", "科目编码", "科目代码"),
}


def label_columns(book: Book, group: str, deep: int) -> tuple[Column, ...]:
    """The columns of codes and names, `deep` header rows high."""
    own = _CODE_WORDS[group]
    code, name = book.word(*own), book.word("科目名称", f"{own[0][:4]}科目名称")
    if book.style.codes == "one":
        top = ("项目",) if deep > 1 and book.dice.chance(60) else ()
        return (
            Column(_filled((*top, code), deep)),
            Column(_filled(("", name) if top else (name,), deep)),
        )
    parts = "类款项" if group == "function" else "类款"
    tall = deep >= 3
    first = ("项目", code, parts[0]) if tall else (code, parts[0])
    rest = [(*[""] * (len(first) - 1), part) for part in parts[1:]]
    label = ("", name) if tall else (name,)
    return *(Column(head) for head in (first, *rest)), Column(_filled(label, deep))


def _filled(texts: tuple[str, ...], deep: int) -> tuple[str, ...]:
    return (*texts, *[""] * (deep - len(texts)))


def coded(
    book: Book,
    kind: str,
    title: str,
    codes: Sequence[str],
    columns: Sequence[tuple[str, tuple[str, ...]]],
    cells: Cells,
    sums: Sums,
) -> None:
    """A table with a row a function code and one for all of them."""
    deep = max(len(header) for _, header in columns)
    if book.style.codes == "three":
        deep = max(deep, 2)
    heads = label_columns(book, "function", deep)
    catalogue = names.functions()

    def entry(code: str, name: str, before: tuple[str, ...]) -> Entry:
        amounts = cells(code)
        return Entry(before, {key: book.show(amounts.get(key)) for key, _ in columns}, name, code)

    rows = [entry(code, catalogue[code], leads(book, code, catalogue[code])) for code in codes]
    place = book.dice.choose((0, len(heads) - 1))
    total = entry("", "合计", tuple("合计" if i == place else "" for i in range(len(heads))))
    rows = [total, *rows] if book.style.total_first else [*rows, total]
    panel = Panel((*heads, *(Column(_filled(h, deep), key) for key, h in columns)), tuple(rows))
    number = (
        [Panel((Column(_filled(("序号",), deep), "#"),))] if book.style.lines and book.style.years else []
    )
    book.panels(book.form(kind, title), [*number, panel], sums)


def income_by_function(book: Book) -> None:
    """收入决算表, or the income table of a budget that is set by function."""
    books, budget = book.books, book.style.stage == "budget"
    fiscal = book.word("财政拨款收入", "财政拨款收入", "财政拨款预算收入" if budget else "财政拨款收入")
    total = book.word("合计", "本年收入合计") if not budget else "合计"
    columns = [
        ("total", (total,)),
        ("fiscal_appropriation", (fiscal,)),
        ("superior_subsidy", ("上级补助收入",)),
        ("undertaking", ("事业收入",)),
        ("business", (book.word("经营收入", "事业单位经营收入"),)),
        ("affiliate_remittance", ("附属单位上缴收入",)),
        ("other", ("其他收入",)),
    ]

    def cells(code: str) -> dict[str, int | None]:
        own: dict[str, int | None] = {source: books.income((source,), code) for source in OWN}
        return {
            "total": books.income((*FISCAL, *OWN), code),
            "fiscal_appropriation": books.income(FISCAL, code),
        } | own

    title = "收入决算表" if not budget else book.word("部门收入预算总表", "收入预算表", "收入预算总表")
    parts = tuple(key for key, _ in columns[1:])
    codes = books.tree(deepest=book.style.deepest)
    coded(book, "income_by_function", title, codes, columns, cells, {"total": parts})


def expenditure_by_function(book: Book) -> None:
    """支出决算表, 支出总表."""
    books, budget = book.books, book.style.stage == "budget"
    columns = [
        ("total", (book.word("合计", "本年支出合计") if not budget else "合计",)),
        ("basic", ("基本支出",)),
        ("project", ("项目支出",)),
    ]
    rare = [
        ("superior_remittance", ("上缴上级支出",)),
        ("business", (book.word("经营支出", "事业单位经营支出") if budget else "经营支出",)),
        ("affiliate_subsidy", (book.word("对附属单位补助支出", "对附属单位补助支出"),)),
    ]
    natures = {p.nature for p in books.postings}
    if not budget or book.dice.chance(50) or natures & {key for key, _ in rare}:
        columns += rare

    def cells(code: str) -> dict[str, int | None]:
        found: dict[str, int | None] = {key: books.spent(code, nature=(key,)) for key, _ in rare}
        return found | {
            "total": books.spent(code),
            "basic": books.spent(code, nature=BASIC),
            "project": books.spent(code, nature=PROJECT),
        }

    title = "支出决算表" if not budget else book.word("部门支出总表", "支出总表", "部门支出预算总表")
    sums = {"total": tuple(key for key, _ in columns[1:])}
    codes = [c for c in books.tree(deepest=book.style.deepest) if books.spent(c)]
    coded(book, "expenditure_by_function", title, codes, columns, cells, sums)


def general_budget_expenditure(book: Book) -> None:
    """一般公共预算财政拨款支出决算表, 一般公共预算支出表; basic expenditure in two parts in some styles."""
    books, final = book.books, book.style.stage == "final"
    source = ("general_budget",)
    top = book.word("本年支出", "") if final else ""
    total = book.word("合计", "小计") if top else "合计"
    split = book.dice.chance(60)
    columns: list[tuple[str, tuple[str, ...]]] = [("total", (total,)), ("basic", ("基本支出",))]
    if split:
        columns[1:] = [
            ("basic", ("基本支出", "小计")),
            ("personnel", ("", "人员经费")),
            ("public", ("", "公用经费")),
        ]
    columns.append(("project", ("项目支出",)))
    if top:
        columns = [(key, ("" if i else top, *header)) for i, (key, header) in enumerate(columns)]

    def cells(code: str) -> dict[str, int | None]:
        return {
            "total": books.spent(code, source=source),
            "basic": books.spent(code, source=source, nature=BASIC),
            "personnel": books.spent(code, source=source, nature=PERSONNEL),
            "public": books.spent(code, source=source, nature=PUBLIC),
            "project": books.spent(code, source=source, nature=PROJECT),
        }

    title = (
        "一般公共预算财政拨款支出决算表"
        if final
        else book.word(
            "一般公共预算支出表", "一般公共预算支出功能分类预算表", "一般公共预算财政拨款支出预算表"
        )
    )
    sums = {"total": ("basic", "project")} | ({"basic": ("personnel", "public")} if split else {})
    codes = [c for c in books.tree(source, book.style.deepest) if books.spent(c, source=source)]
    coded(book, "general_budget_expenditure", title, codes, columns, cells, sums)


def government_fund(book: Book) -> None:
    """政府性基金: a table with balances in a final account, of expenditure in a budget, or a blank form."""
    books, final = book.books, book.style.stage == "final"
    source = ("government_fund",)
    spent = [("total", ("本年支出", "小计")), ("basic", ("", "基本支出")), ("project", ("", "项目支出"))]
    columns = [
        ("opening_balance", ("年初结转和结余",)),
        ("income", ("本年收入",)),
        *spent,
        ("closing_balance", ("年末结转和结余",)),
    ]
    if not final:
        columns = [("total", ("合计",)), ("basic", ("基本支出",)), ("project", ("项目支出",))]

    def cells(code: str) -> dict[str, int | None]:
        return {
            "opening_balance": books.left("opening", source, code),
            "income": books.income(source, code),
            "total": books.spent(code, source=source),
            "basic": 0,
            "project": books.spent(code, source=source),
            "closing_balance": books.left("closing", source, code),
        }

    title = (
        "政府性基金预算财政拨款收入支出决算表"
        if final
        else book.word("政府性基金预算支出表", "政府性基金预算支出功能分类预算表")
    )
    _fund(book, "government_fund", title, source, columns, cells, "政府性基金预算")


def state_capital(book: Book) -> None:
    """国有资本经营预算, or its blank form."""
    books, source = book.books, ("state_capital",)
    columns = [("total", ("合计",)), ("basic", ("基本支出",)), ("project", ("项目支出",))]

    def cells(code: str) -> dict[str, int | None]:
        spent = books.spent(code, source=source)
        return {"total": spent, "basic": 0, "project": spent}

    title = (
        "国有资本经营预算财政拨款支出决算表"
        if book.style.stage == "final"
        else book.word("国有资本经营预算支出表", "国有资本经营预算支出功能分类预算表")
    )
    _fund(book, "state_capital", title, source, columns, cells, "国有资本经营预算")


def _fund(
    book: Book,
    kind: str,
    title: str,
    source: tuple[str, ...],
    columns: Sequence[tuple[str, tuple[str, ...]]],
    cells: Cells,
    money: str,
) -> None:
    codes = book.books.tree(source, book.style.deepest)
    if codes:
        sums = {"total": ("basic", "project")}
        coded(book, kind, title, codes, columns, cells, sums)
        return
    who = book.word("本单位", "本部门", book.books.body.name)
    none = book.word("没有", "无")
    sentence = f"{who}{none}{money}财政拨款{book.word('', '安排的')}支出，{book.word('故本表无数据', '本表为空表')}。"
    deep = max(len(header) for _, header in columns)
    heads = label_columns(book, "function", max(deep, 2) if book.style.codes == "three" else deep)
    total = Entry(tuple("合计" if i == 0 else "" for i in range(len(heads))), {})
    panel = Panel((*heads, *(Column(header, key) for key, header in columns)), (total,))
    book.panels(book.form(kind, title, sentence=sentence), [panel])
