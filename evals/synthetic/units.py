"""Tables by unit, by project and of the “三公” expenses."""

from __future__ import annotations

from evals.cases import GoldRow
from evals.synthetic.book import Book
from evals.synthetic.coded import PROJECT
from evals.synthetic.figures import plain
from evals.synthetic.ledger import FISCAL, OWN, VEHICLE
from evals.synthetic.sheet import Column, Entry, Form, Panel, Put, set_rows

_NOW = {
    "current_total": "小计",
    "current_general_budget": "一般公共预算",
    "current_government_fund": "政府性基金预算",
    "current_state_capital": "国有资本经营预算",
    "current_special_account": "财政专户管理资金",
    "current_undertaking": "事业收入",
    "current_business": "事业单位经营收入",
    "current_superior_subsidy": "上级补助收入",
    "current_affiliate_remittance": "附属单位上缴收入",
    "current_other": "其他收入",
}
_CARRIED = {
    "carryover_total": "小计",
    "carryover_general_budget": "一般公共预算拨款结转",
    "carryover_government_fund": "政府性基金预算拨款结转",
    "carryover_state_capital": "国有资本经营预算拨款结转",
    "carryover_special_account": "财政专户管理资金结转结余",
    "carryover_unit_funds": "单位资金结转结余",
}


def income_by_unit(book: Book) -> None:
    """收入总表 of a budget: a row for the department and one for each unit."""
    books = book.books
    number = f"{books.body.number}"
    sources = (*FISCAL, *OWN)

    def cells(unit: int | None) -> dict[str, str]:
        found = {"total": books.spent(unit=unit)}
        for carried, prefix in ((False, "current"), (True, "carryover")):
            found[f"{prefix}_total"] = books.spent(unit=unit, carried=carried)
            for source in sources:
                key = f"{prefix}_{source}"
                found[key] = books.spent(unit=unit, carried=carried, source=(source,))
        return {key: book.show(found.get(key, 0)) for key in ("total", *_NOW, *_CARRIED)}

    units = [
        Entry((f"{number}{i + 1:03d}", name), cells(i), name, f"{number}{i + 1:03d}")
        for i, name in enumerate(books.body.units)
    ]
    everything = cells(None)
    rows = [
        Entry(("", "合计"), everything, "合计"),
        Entry((number, books.body.name), everything, books.body.name, number),
        *units,
    ]
    now = book.word("本年收入", "当年预算")
    columns = (
        Column(("部门（单位）代码", "")),
        Column(("部门（单位）名称", "")),
        Column(("合计", ""), "total"),
        *(Column((now if i == 0 else "", w), k) for i, (k, w) in enumerate(_NOW.items())),
        *(Column(("上年结转结余" if i == 0 else "", w), k) for i, (k, w) in enumerate(_CARRIED.items())),
    )
    panels = [Panel(columns, tuple(rows))]
    if book.style.lines:
        panels.insert(0, Panel((Column(("序号", ""), "#"),)))
    sums = {
        "total": ("current_total", "carryover_total"),
        "current_total": tuple(_NOW)[1:],
        "carryover_total": tuple(_CARRIED)[1:],
    }
    title = book.word("收入总表", "部门收入总表")
    book.panels(book.form("income_by_unit", title), panels, sums)


def project_expenditure(book: Book) -> None:
    """项目支出表: groups with their projects, or the projects alone."""
    books = book.books
    sources = (
        ("general_budget", "本年财政拨款", "一般公共预算"),
        ("government_fund", "", "政府性基金预算"),
        ("state_capital", "", "国有资本经营预算"),
        ("carryover_general_budget", "财政拨款结转", "一般公共预算"),
        ("carryover_government_fund", "", "政府性基金预算"),
        ("carryover_state_capital", "", "国有资本经营预算"),
        ("special_account", "财政专户管理资金", ""),
        ("unit_funds", "单位资金", ""),
    )

    def cells(projects: tuple[int, ...]) -> dict[str, str]:
        found = {"total": books.spent(nature=PROJECT, project=projects)}
        for key, _, _ in sources:
            source = key.removeprefix("carryover_")
            if source in FISCAL:
                carried = key.startswith("carryover_")
                found[key] = books.spent(nature=PROJECT, source=(source,), project=projects, carried=carried)
        found["unit_funds"] = books.spent(nature=PROJECT, source=OWN, project=projects)
        return {key: book.show(found.get(key, 0)) for key in ("total", *(s[0] for s in sources))}

    groups: dict[str, list[int]] = {}
    for i, project in enumerate(books.projects):
        groups.setdefault(project.first, []).append(i)
    own = tuple(p.project for p in books.postings if p.project < 0 and p.nature == "project")
    rows = [Entry(("合计",), cells(()), "合计")]
    grouped = book.dice.chance(70)
    for first, members in groups.items():
        if grouped:
            rows.append(Entry((first,), cells(tuple(members)), first))
        rows += [_project(book, i, cells((i,)), grouped) for i in members]
    if own:
        if grouped:
            rows.append(Entry(("单位自有资金项目",), cells((-1,)), "单位自有资金项目"))
        rows.append(Entry(("", "其他业务支出", books.body.units[-1]), cells((-1,)), "其他业务支出"))
    columns = (
        Column((book.word("一级项目", "一级项目名称"), "")),
        Column((book.word("二级项目", "二级项目名称"), "")),
        Column((book.word("项目单位", "单位名称"), "")),
        Column(("合计", ""), "total"),
        *(Column((group, word), key) for key, group, word in sources),
    )
    panels = [Panel(columns, tuple(rows))]
    if book.style.lines:
        panels.insert(0, Panel((Column(("序号", ""), "#"),)))
    sums = {"total": tuple(s[0] for s in sources)}
    book.panels(book.form("project_expenditure", book.word("项目支出表", "项目支出预算表")), panels, sums)


def _project(book: Book, number: int, cells: dict[str, str], grouped: bool) -> Entry:
    project = book.books.projects[number]
    unit = next(p.unit for p in book.books.postings if p.project == number)
    return Entry(
        ("" if grouped else project.first, project.second, book.books.body.units[unit]), cells, project.second
    )


_ITEMS = {
    "total": "合计",
    "overseas": "因公出国（境）费",
    "vehicles": "公务用车购置及运行维护费",
    "vehicle_purchase": "公务用车购置费",
    "vehicle_operation": "公务用车运行维护费",
    "reception": "公务接待费",
}


def three_public_amounts(book: Book) -> dict[str, int]:
    """What the “三公” expenses came to, by item."""
    found = {
        item: book.books.spent(source=("general_budget",), nature=("personnel", "public"), economic=code)
        for item, code in VEHICLE.items()
    }
    found["vehicles"] = found["vehicle_purchase"] + found["vehicle_operation"]
    found["total"] = found["vehicles"] + found["overseas"] + found["reception"]
    return {item: found[item] for item in _ITEMS}


def three_public_budget(book: Book) -> dict[str, int]:
    """What was planned for the same items in a final account: at least what was spent."""
    step = book.books.step
    found = {}
    for item, cents in three_public_amounts(book).items():
        if item in VEHICLE:
            more = book.dice.amount(10_000, 30_000_000, step) if book.dice.chance(60) else 0
            found[item] = cents + (more // step * step if cents or book.dice.chance(20) else 0)
    found["vehicles"] = found["vehicle_purchase"] + found["vehicle_operation"]
    found["total"] = found["vehicles"] + found["overseas"] + found["reception"]
    return {item: found[item] for item in _ITEMS}


def three_public(book: Book, budget: dict[str, int]) -> None:
    """财政拨款“三公”经费支出表: one wide row of plan and result, or a row an item."""
    if book.style.stage == "final" and book.dice.chance(75):
        _wide(book, budget)
    elif book.style.stage == "budget" and not book.style.years and book.dice.chance(40):
        _wide_budget(book)
    else:
        _by_item(book, budget)


def _wide(book: Book, budget: dict[str, int]) -> None:
    """Plan and result side by side, each with its own header."""
    operation = book.word("公务用车运行费", "公务用车运行维护费")
    words = {
        "total": ("合计", ""),
        "overseas": ("因公出国（境）费", ""),
        "vehicles": ("公务用车购置及运行费", "小计"),
        "vehicle_purchase": ("", "公务用车购置费"),
        "vehicle_operation": ("", operation),
        "reception": ("公务接待费", ""),
    }
    header = [
        ["预算数", *[""] * 5, "决算数", *[""] * 5],
        [top for top, _ in words.values()] * 2,
        [bottom for _, bottom in words.values()] * 2,
    ]
    money = {"budget": budget, "final": three_public_amounts(book)}
    form = book.form("three_public", "财政拨款“三公”经费支出决算表")
    _one_row(book, form, header, list(words), money, {"budget": "预算数", "final": "决算数"})


def _wide_budget(book: Book) -> None:
    """What is planned, and the running costs of the office beside it."""
    year = book.books.year
    words = {
        "total": ("合计", ""),
        "overseas": ("因公出国（境）费", ""),
        "reception": ("公务接待费", ""),
        "vehicles": ("公务用车购置及运行费", "小计"),
        "vehicle_purchase": ("", "购置费"),
        "vehicle_operation": ("", "运行费"),
    }
    header = [
        [f"{year}年“三公”经费预算数", *[""] * 5, f"{year}年机关运行经费预算数"],
        [*(top for top, _ in words.values()), ""],
        [*(bottom for _, bottom in words.values()), ""],
    ]
    operating = book.books.spent(source=("general_budget",), nature=("public",))
    money = {"amount": three_public_amounts(book) | {"operating": operating}}
    form = book.form("three_public", "“三公”经费和机关运行经费预算表")
    _one_row(book, form, header, [*words, "operating"], money, {"amount": "预算数"})


def _one_row(
    book: Book,
    form: Form,
    header: list[list[str]],
    items: list[str],
    money: dict[str, dict[str, int]],
    headers: dict[str, str],
) -> None:
    """A form of one printed row: every column of the gold a run of items."""
    if book.style.numbers:
        header = [*header, [str(n) for n in range(1, len(header[0]) + 1)]]
    shown = {(item, column): book.show(amounts[item]) for column, amounts in money.items() for item in items}
    values = {key: value for key, text in shown.items() if (value := plain(text))}
    cells = {item: {c: values[item, c] for c in money if (item, c) in values} for item in items}
    rows = [GoldRow(name=item, cells=found) for item, found in cells.items() if found]
    order = [row.name for row in rows]
    body: list[str | Put] = [
        Put(shown[item, column], order.index(item), column)
        if (item, column) in values
        else shown[item, column]
        for column in money
        for item in items
    ]
    book.add(set_rows(form, header, [body], rows, tuple(money), headers))


def _by_item(book: Book, budget: dict[str, int]) -> None:
    final = book.style.stage == "final"
    amounts = three_public_amounts(book)
    columns: tuple[Column, ...]
    if final:
        columns = (Column(("项目",)), Column(("预算数",), "budget"), Column(("决算数",), "final"))
    elif book.style.years:
        columns = (
            Column(("项目",)),
            Column((f"{book.books.year}年预算数",), "amount"),
            Column(("当年预算",), "current_year"),
            Column(("上年结转",), "carryover"),
        )
    else:
        columns = (Column(("项目",)), Column(("预算数",), "amount"))
    labels = {
        "total": "合计",
        "overseas": "1、因公出国（境）费用",
        "reception": "2、公务接待费",
        "vehicles": "3、公务用车费",
        "vehicle_operation": "其中：（1）公务用车运行维护费",
        "vehicle_purchase": "（2）公务用车购置",
    }
    rows = []
    for item, label in labels.items():
        cents = amounts[item]
        found = {"budget": budget.get(item, 0), "final": cents, "carryover": 0}
        found |= {"amount": cents, "current_year": cents}
        rows.append(Entry((label,), {c.key: book.show(found[c.key]) for c in columns if c.key}, item))
    title = (
        book.word("财政拨款“三公”经费支出决算表", "一般公共预算财政拨款“三公”经费支出决算表")
        if final
        else book.word("一般公共预算“三公”经费支出表", "财政拨款“三公”经费支出预算表")
    )
    book.panels(book.form("three_public", title), [Panel(columns, tuple(rows))])
