"""Tables of no official form: balance sheets, income statements, city budgets, invoices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

from evals.cases import GoldTable
from evals.paper import Block, Paper, Prose
from evals.synthetic import names
from evals.synthetic.dice import Dice
from evals.synthetic.figures import CENT, Figures, percent, rounded
from evals.synthetic.sheet import Column, Entry, Form, Panel, Sheet, set_panels
from schemas import squeeze

Years = tuple[int, ...]
"""Cents, a figure for each year."""


class Document(NamedTuple):
    """A document of no department: who issued it, its blocks and its gold."""

    body: str
    paper: Paper
    gold: tuple[GoldTable, ...]


class Item(NamedTuple):
    """A line of a statement: label and figures; a heading has none."""

    label: str
    figures: Years = ()


def _sum(items: Sequence[Item]) -> Years:
    rows = [item.figures for item in items if item.figures]
    return tuple(map(sum, zip(*rows, strict=True)))


def _less(left: Years, right: Years) -> Years:
    return tuple(a - b for a, b in zip(left, right, strict=True))


def _document(body: str, before: Sequence[str], sheet: Sheet, after: Sequence[str] = ()) -> Document:
    blocks: list[Block] = [sheet.printed]
    if before:
        blocks.insert(0, Prose(lines=tuple(before)))
    if after:
        blocks.append(Prose(lines=tuple(after)))
    return Document(body, Paper(blocks=tuple(blocks)), (sheet.gold,))


def _statement(
    form: Form, items: Sequence[Item], heads: Sequence[str], figures: Figures, label: str, dollars: bool
) -> Sheet:
    """A statement with a column a year; `dollars` sets the currency in a column of its own."""
    return set_panels(form, [statement_panel(items, heads, figures, label, dollars)])


def statement_panel(
    items: Sequence[Item], heads: Sequence[str], figures: Figures, label: str, dollars: bool
) -> Panel:
    """The panel of a statement."""
    columns = [Column((label,))]
    for head in heads:
        columns += (
            [Column((head,)), Column(("",), squeeze(head))] if dollars else [Column((head,), squeeze(head))]
        )
    first = next(i for i, item in enumerate(items) if item.figures)
    rows = []
    for i, item in enumerate(items):
        sign = (
            "$"
            if item.figures and (i == first or item.label.startswith("Total") or "Net" in item.label)
            else ""
        )
        marks = [sign] * len(heads) if dollars else []
        cells = dict(zip(map(squeeze, heads), map(figures.show, item.figures), strict=False))
        rows.append(Entry((item.label, *marks), cells, item.label))
    return Panel(tuple(columns), tuple(rows))


def _numbers(dice: Dice, count: int, low: int, high: int, step: int) -> Years:
    first = dice.amount(low * CENT, high * CENT, step)
    found = [first]
    for _ in range(count - 1):
        found.append(max(step, found[-1] * dice.between(70, 125) // 100 // step * step))
    return tuple(found)


_ASSETS = (
    ("Current assets", "Total current assets", ("Cash and cash equivalents", "Short-term investments",
     "Accounts receivable, net", "Inventories", "Prepaid expenses", "Other current assets")),
    ("Non-current assets", "Total non-current assets", ("Property, plant and equipment, net", "Goodwill",
     "Intangible assets, net", "Deferred tax assets", "Operating lease right-of-use assets", "Other assets")),
)  # fmt: skip
_DEBTS = (
    ("Current liabilities", "Total current liabilities", ("Accounts payable", "Accrued expenses",
     "Deferred revenue", "Current portion of long-term debt", "Income taxes payable")),
    ("Non-current liabilities", "Total non-current liabilities", ("Long-term debt",
     "Deferred tax liabilities", "Operating lease liabilities", "Other long-term liabilities")),
)  # fmt: skip
_ASSETS_ZH = (
    (
        "流动资产：",
        "流动资产合计",
        ("货币资金", "交易性金融资产", "应收票据", "应收账款", "预付款项", "其他应收款", "存货"),
    ),
    (
        "非流动资产：",
        "非流动资产合计",
        ("长期股权投资", "固定资产", "在建工程", "无形资产", "长期待摊费用", "递延所得税资产"),
    ),
)
_DEBTS_ZH = (
    (
        "流动负债：",
        "流动负债合计",
        ("短期借款", "应付票据", "应付账款", "预收款项", "应付职工薪酬", "应交税费", "其他应付款"),
    ),
    ("非流动负债：", "非流动负债合计", ("长期借款", "应付债券", "长期应付款", "预计负债")),
)
_EQUITY_ZH = ("实收资本", "资本公积", "盈余公积", "未分配利润")

Groups = Sequence[tuple[str, str, Sequence[str]]]


def _grouped(
    dice: Dice, groups: Groups, years: int, step: int, headings: bool, share: Years = ()
) -> tuple[list[Item], Years]:
    """The lines of each group with their subtotal after them; a line takes at most a part of `share`."""
    items: list[Item] = []
    subtotals: list[Item] = []
    for heading, total, labels in groups:
        chosen = dice.some(labels, dice.between(3, len(labels)))
        own = [
            Item(label, tuple(v * dice.between(5, 99) // 1400 // step * step for v in share))
            if share
            else Item(label, _numbers(dice, years, 50_000, 90_000_000, step))
            for label in chosen
        ]
        subtotals.append(Item(total, _sum(own)))
        items += [*([Item(heading)] if headings else []), *own, subtotals[-1]]
    return items, _sum(subtotals)


def balance_sheet_en(dice: Dice) -> Document:
    """Assets above, liabilities and equity below."""
    company, year = names.company(dice), dice.between(2015, 2025)
    unit, figures = _dollars(dice)
    count = dice.choose((1, 2, 2))
    headings = dice.chance(70)
    step = figures.step if dice.chance(60) else 1
    assets, all_assets = _grouped(dice, _ASSETS, count, step, headings)
    debts, all_debts = _grouped(dice, _DEBTS, count, step, headings, all_assets)
    stock = tuple(total // 7 // step * step for total in all_assets)
    equity = _less(all_assets, all_debts)
    items = [
        *assets,
        Item("Total assets", all_assets),
        *debts,
        Item("Total liabilities", all_debts),
        Item("Common stock", stock),
        Item("Retained earnings", _less(equity, stock)),
        Item(dice.choose(("Total equity", "Total stockholders' equity")), equity),
        Item("Total liabilities and equity", all_assets),
    ]
    title = dice.choose(("Balance Sheet", "Consolidated Balance Sheets", "Statement of Financial Position"))
    heads = [f"{dice.choose(('', 'December 31, '))}{year - i}" for i in range(count)]
    form = Form("generic", 1, title, None, None, (title, unit))
    sheet = _statement(form, items, heads, figures, dice.choose(("", "Item")), dice.chance(40))
    return _document(company, [company], sheet)


def _dollars(dice: Dice) -> tuple[str, Figures]:
    unit, scale, decimals = dice.choose(
        (("(in US dollars)", "", 2), ("(in US dollars)", "", 0), ("(in thousands of US dollars)", "千元", 0))
    )
    return unit, Figures(scale or "元", decimals, True, dice.choose(("-", "")), "()")


def balance_sheet_zh(dice: Dice) -> Document:
    """资产 on the left, 负债和所有者权益 on the right, or one below the other."""
    trade = dice.choose(("建设投资", "水务", "交通发展", "文化旅游", "城市运营"))
    who = f"{dice.choose(names.words('places'))}{trade}有限公司"
    year, unit = dice.between(2016, 2024), dice.choose(("元", "万元"))
    figures = Figures(unit, 2, dice.chance(70), dice.choose(("", "0", "-")))
    step = figures.step if dice.chance(60) else 1
    assets, all_assets = _grouped(dice, _ASSETS_ZH, 2, step, True)
    debts, all_debts = _grouped(dice, _DEBTS_ZH, 2, step, True, all_assets)
    equity = _less(all_assets, all_debts)
    parts = [tuple(v * dice.between(2, 30) // 100 // step * step for v in equity) for _ in _EQUITY_ZH[:3]]
    rest = _less(equity, _sum([Item("", p) for p in parts]))
    own = [Item(label, p) for label, p in zip(_EQUITY_ZH, [*parts, rest], strict=True)]
    right = [
        *debts,
        Item("负债合计", all_debts),
        Item("所有者权益："),
        *own,
        Item("所有者权益合计", equity),
    ]
    heads = dice.choose((("期末余额", "年初余额"), ("期末数", "期初数")))
    above = ("资产负债表", f"编制单位：{who}\t{year}年12月31日\t单位：{unit}")
    form = Form("generic", 1, "资产负债表", unit, None, above)
    ends = (Item("资产总计", all_assets), Item("负债和所有者权益总计", all_assets))
    if dice.chance(50):
        panels = [
            statement_panel(items, heads, figures, label, False)
            for items, label in ((assets, "资产"), (right, "负债和所有者权益"))
        ]
        feet = [statement_panel([end], heads, figures, "", False).entries for end in ends]
        sheet = set_panels(form, [p._replace(foot=foot) for p, foot in zip(panels, feet, strict=True)])
    else:
        items = [*assets, ends[0], *right, ends[1]]
        sheet = _statement(form, items, heads, figures, "项目", False)
    return _document(who, [], sheet)


_COSTS = ("Research and development", "Sales and marketing", "General and administrative", "Depreciation",
          "Restructuring charges", "Amortization of intangible assets")  # fmt: skip


def income_statement(dice: Dice) -> Document:
    """Sums and differences, negative figures in parentheses."""
    company, year = names.company(dice), dice.between(2015, 2025)
    unit, figures = _dollars(dice)
    count = dice.choose((2, 3))
    step = figures.step if dice.chance(60) else 1
    products = [
        Item(label, _numbers(dice, count, 3_000_000, 900_000_000, step))
        for label in ("Product revenue", "Service revenue", "Licence revenue")[: dice.between(2, 3)]
    ]
    revenue = Item("Total revenue", _sum(products))
    cost = Item("Cost of revenue", tuple(v * 6 // 10 // step * step for v in revenue.figures))
    gross = Item("Gross profit", _less(revenue.figures, cost.figures))
    spent = [
        Item(label, _numbers(dice, count, 200_000, 150_000_000, step))
        for label in dice.some(_COSTS, dice.between(3, 5))
    ]
    expenses = Item("Total operating expenses", _sum(spent))
    operating = Item("Operating income (loss)", _less(gross.figures, expenses.figures))
    interest = Item("Interest expense", _numbers(dice, count, 10_000, 9_000_000, step))
    before = Item("Income (loss) before income taxes", _less(operating.figures, interest.figures))
    tax = Item("Income tax expense", tuple(max(0, v * 21 // 100 // step * step) for v in before.figures))
    net = Item("Net income (loss)", _less(before.figures, tax.figures))
    items = [*products, revenue, cost, gross, Item("Operating expenses:"), *spent, expenses, operating,
             interest, before, tax, net]  # fmt: skip
    title = dice.choose(("Income Statement", "Statement of Operations", "Consolidated Statements of Income"))
    heads = [f"{year - i}" for i in range(count)]
    form = Form("generic", 1, title, None, None, (title, unit))
    sheet = _statement(form, items, heads, figures, dice.choose(("", "Line item")), dice.chance(50))
    return _document(company, [company], sheet)


_FUNDS = ("General Fund", "Special Revenue", "Debt Service", "Capital Projects", "Enterprise Funds")
_OFFICES = ("City Council", "City Manager", "Police", "Fire and Rescue", "Public Works", "Parks and Recreation",
            "Library", "Planning and Zoning", "Finance", "Human Resources", "Information Technology",
            "Municipal Court", "Water Utility", "Sewer Utility", "Solid Waste", "Transit", "Health Services",
            "Economic Development", "City Attorney", "Fleet Maintenance")  # fmt: skip


def city_budget(dice: Dice) -> Document:
    """Departments by fund, with their share of the whole and what changed since the year before."""
    city = f"City of {dice.choose(('Ashford', 'Brookhaven', 'Cedar Point', 'Eastlake', 'Millbrook', 'Ridgeway'))}"
    city += f" {dice.choose(('', 'North', 'Heights', 'Springs', 'Junction'))}".rstrip()
    year = dice.between(2016, 2026)
    figures = Figures("元", 0, True, dice.choose(("0", "-", "")), dice.choose(("-", "()")))
    funds = dice.some(_FUNDS, dice.between(2, 5))
    step = figures.step if dice.chance(75) else 1
    rows: list[tuple[str, dict[str, int]]] = []
    for office in dice.some(_OFFICES, dice.between(5, len(_OFFICES))):
        own = {f: dice.amount(2_000_000, 9_000_000_000, step) if dice.chance(60) else 0 for f in funds}
        own[funds[0]] = own[funds[0]] or dice.amount(2_000_000, 900_000_000, step)
        rows.append((office, own))
    prior = [max(step, sum(own.values()) * dice.between(80, 115) // 100 // step * step) for _, own in rows]
    total = {f: sum(own[f] for _, own in rows) for f in funds}
    share = dice.chance(60)
    compare = dice.chance(60)
    last = f"FY{year - 1} Budget"

    def entry(label: str, own: Mapping[str, int], before: int) -> Entry:
        whole = sum(own.values())
        cells = {squeeze(f): figures.show(own[f]) for f in funds} | {"Total": figures.show(whole)}
        if share:
            cells["%ofTotal"] = f"{percent(whole, sum(total.values()), 1)}%"
        if compare:
            cells |= {squeeze(last): figures.show(before), "Change": figures.show(whole - before)}
        return Entry((label,), cells, label)

    lines = []
    of_which = dice.chance(40)
    for (label, own), before in zip(rows, prior, strict=True):
        lines.append(entry(label, own, before))
        if of_which and dice.chance(30):
            part = {f: cents * dice.between(10, 80) // 100 // step * step for f, cents in own.items()}
            lines.append(entry("  of which: Personnel", part, before * 2 // 5 // step * step))
    lines.append(entry(dice.choose(("Total", "Grand Total", "Total All Departments")), total, sum(prior)))
    heads = [*funds, "Total", *(["% of Total"] if share else []), *([last, "Change"] if compare else [])]
    columns = (Column(("Department",)), *(Column((h,), squeeze(h)) for h in heads))
    title = f"Table {dice.between(1, 9)}. Summary of Expenditures by Department and Fund"
    form = Form("generic", 1, title, None, None, (title,))
    return _document(
        city, [city, f"Adopted Budget, Fiscal Year {year}"], set_panels(form, [Panel(columns, tuple(lines))])
    )


_GOODS = ("Paper A4", "Toner black", "Desk lamp", "Office chair", "Network switch", "Monitor 27 inch", "USB cable",
          "Whiteboard", "Filing cabinet", "Headset", "Docking station", "Consulting, senior", "Installation",
          "Annual maintenance", "Freight", "Keyboard", "Label printer", "Shelf unit", "Projector",
          "Training day")  # fmt: skip


def invoice(dice: Dice) -> Document:
    """Goods by quantity and price, the sum of them, tax, and what is to be paid."""
    company, number = names.company(dice), f"{dice.between(2016, 2026)}-{dice.between(100, 9999)}"
    figures = Figures("元", 2, dice.chance(70), "0", "-", dice.choose(("", "", "$")))
    lines, amounts = [], []
    priced = dice.choose(("Unit price", "Price", "Unit Price"))
    heads = (dice.choose(("Qty", "Quantity")), priced, dice.choose(("Amount", "Line total")))
    keys = tuple(map(squeeze, heads))
    for good in dice.shuffled(_GOODS)[: dice.between(1, 16)]:
        count, price = dice.between(1, 60), dice.amount(150, 200_000)
        amounts.append(count * price)
        shown = (str(count), figures.show(price), figures.show(count * price))
        lines.append(Entry((good,), dict(zip(keys, shown, strict=True)), good))
    rate = dice.choose((5, 8, 10, 19, 20))
    subtotal = sum(amounts)
    tax = int(rounded(Fraction(subtotal * rate, 100), 0))
    feet = ((dice.choose(("Subtotal", "Net")), subtotal), (f"{dice.choose(('Tax', 'VAT'))} {rate}%", tax),
            (dice.choose(("Total", "Total due", "Amount due")), subtotal + tax))  # fmt: skip
    lines += [Entry((label,), {keys[2]: figures.show(cents)}, label) for label, cents in feet]
    label = dice.choose(("Item", "Description"))
    columns = (Column((label,)), *(Column((h,), k) for h, k in zip(heads, keys, strict=True)))
    title = f"Invoice {number}"
    form = Form("generic", 1, title, None, None, (title,))
    before = [company, f"Bill to: {names.company(dice)}"]
    after = ["Payment is due within thirty days of the date of this invoice."]
    return _document(company, before, set_panels(form, [Panel(columns, tuple(lines))]), after)


_FAMILIES = {
    "balance_sheet_en": balance_sheet_en,
    "balance_sheet_zh": balance_sheet_zh,
    "income_statement": income_statement,
    "city_budget": city_budget,
    "invoice": invoice,
}
FAMILIES = tuple(_FAMILIES)
"""The families of tables of no official form."""


def compose(family: str, dice: Dice) -> Document:
    """A document of a family."""
    return _FAMILIES[family](dice)
