"""Basic expenditure by economic classification: one list, or two and three abreast with foot rows."""

from __future__ import annotations

from evals.synthetic import names
from evals.synthetic.book import Book
from evals.synthetic.coded import BASIC, PERSONNEL, PUBLIC, label_columns, leads
from evals.synthetic.sheet import Column, Entry, Panel

_GENERAL = ("general_budget",)


def basic_expenditure_by_economic(book: Book) -> None:
    """一般公共预算(财政拨款)基本支出表."""
    final = book.style.stage == "final"
    title = (
        book.word("一般公共预算财政拨款基本支出决算表", "一般公共预算财政拨款基本支出决算明细表")
        if final
        else book.word("一般公共预算基本支出表", "一般公共预算基本支出部门预算经济分类预算表")
    )
    if final:
        _abreast(book, title)
    else:
        _listed(book, title)


def _spent(book: Book, code: str, nature: tuple[str, ...] = BASIC) -> int:
    return book.books.spent(source=_GENERAL, nature=nature, economic=code)


def _code_leads(book: Book, code: str, name: str) -> tuple[str, ...]:
    if book.style.codes == "one":
        return leads(book, code, name)
    return code[:3], code[3:5], name


def _listed(book: Book, title: str) -> None:
    catalogue = names.economics()
    split = book.dice.chance(75)
    columns = [("total", ("合计",))]
    if split:
        columns += [("personnel", ("人员经费",)), ("public", ("公用经费",))]
    deep = 2 if book.style.codes == "three" else 1

    def entry(code: str, name: str, before: tuple[str, ...]) -> Entry:
        found = {
            "total": book.show(_spent(book, code)),
            "personnel": book.show(_spent(book, code, PERSONNEL)),
            "public": book.show(_spent(book, code, PUBLIC)),
        }
        return Entry(before, {key: found[key] for key, _ in columns}, name, code)

    heads = label_columns(book, "economic", deep)
    rows = [entry(c, catalogue[c], _code_leads(book, c, catalogue[c])) for c in catalogue if _spent(book, c)]
    total = entry("", "合计", ("合计", *[""] * (len(heads) - 1)))
    rows = [total, *rows] if book.style.total_first else [*rows, total]
    printed = tuple(Column((*header, *[""] * (deep - 1)), key) for key, header in columns)
    sums = {"total": ("personnel", "public")}
    book.panels(
        book.form("basic_expenditure_by_economic", title), [Panel((*heads, *printed), tuple(rows))], sums
    )


def _abreast(book: Book, title: str) -> None:
    catalogue = names.economics()
    full = book.dice.chance(70)
    codes = [c for c in catalogue if (full and c[:3] in _FORM) or _spent(book, c)]
    left = [c for c in codes if c[:3] in {"301", "303"}]
    right = [c for c in codes if c[:3] not in {"301", "303"}]
    lists = [left, right]
    if book.dice.chance(50):
        lists = [left, [c for c in right if c[:3] == "302"], [c for c in right if c[:3] != "302"]]
    lists = [part for part in lists if part]
    deep = 2 if book.style.codes == "three" else 1
    heads = label_columns(book, "economic", deep)
    word = book.word("决算数", "金额", "决算数")
    column = Column((word, *[""] * (deep - 1)), "amount")
    feet = [("人员经费合计", PERSONNEL), ("公用经费合计", PUBLIC)]
    panels = []
    for place, part in enumerate(lists):
        rows = tuple(
            Entry(
                _code_leads(book, code, catalogue[code]),
                {"amount": book.show(_spent(book, code))},
                catalogue[code],
                code,
            )
            for code in part
        )
        foot: tuple[Entry | None, ...] = (None,)
        if place < len(feet):
            name, nature = feet[place]
            amount = book.show(_spent(book, "", nature))
            foot = (Entry((name, *[""] * (len(heads) - 1)), {"amount": amount}, name),)
        panels.append(Panel((*heads, column), rows, foot))
    book.panels(book.form("basic_expenditure_by_economic", title), panels)


_FORM = ("301", "302", "303", "307", "310", "399")
