"""Whole disclosures of departments: final accounts and budgets."""

from __future__ import annotations

from evals.synthetic import coded, performance, prose, summaries, units
from evals.synthetic.book import Book, chinese
from evals.synthetic.dice import Dice
from evals.synthetic.economic import basic_expenditure_by_economic
from evals.synthetic.ledger import Size, keep
from evals.synthetic.style import draw

_SIZES: tuple[Size, ...] = ("small", "usual", "usual", "large")
_FINAL_FORMS = (
    "收入支出决算总表",
    "收入决算表",
    "支出决算表",
    "财政拨款收入支出决算总表",
    "一般公共预算财政拨款支出决算表",
)
_BUDGET_FORMS = ("收支总表", "收入总表", "支出总表", "财政拨款收支总表", "一般公共预算支出表")


def compile_book(family: str, dice: Dice) -> Book:
    """A document of a family, all of it."""
    style = draw(family, dice)
    size = dice.choose(_SIZES)
    books = keep(dice, style.stage, style.step, size)
    book = Book(books, style, dice)
    if style.stage == "final":
        _final(book)
    else:
        _budget(book)
    return book


def _final(book: Book) -> None:
    year, name = book.books.year, book.books.body.name
    planned = units.three_public_budget(book)
    book.say(name, f"{year}年度部门决算", *_contents(book, _FINAL_FORMS), f"第二部分 {year}年度部门决算表")
    summaries.income_expenditure_summary(book)
    coded.income_by_function(book)
    coded.expenditure_by_function(book)
    summaries.fiscal_appropriation_summary(book)
    coded.general_budget_expenditure(book)
    basic_expenditure_by_economic(book)
    coded.government_fund(book)
    coded.state_capital(book)
    units.three_public(book, planned)
    if book.style.performance:
        for project in _projects(book):
            performance.self_evaluation(book, project)
    prose.final_prose(book, planned)


def _budget(book: Book) -> None:
    year, name = book.books.year, book.books.body.name
    book.say(name, f"{year}年部门预算", *_contents(book, _BUDGET_FORMS), f"第二部分 {year}年部门预算表")
    summaries.income_expenditure_summary(book)
    if book.style.by_unit:
        units.income_by_unit(book)
    else:
        coded.income_by_function(book)
    coded.expenditure_by_function(book)
    summaries.fiscal_appropriation_summary(book)
    coded.general_budget_expenditure(book)
    basic_expenditure_by_economic(book)
    units.three_public(book, {})
    coded.government_fund(book)
    coded.state_capital(book)
    if book.dice.chance(60):
        units.project_expenditure(book)
    if book.style.performance:
        for project in _projects(book):
            performance.target(book, project)
    prose.budget_prose(book)


def _projects(book: Book) -> list[int]:
    """The projects whose performance is told: not all of a long list."""
    return book.dice.some(range(len(book.books.projects)), book.dice.between(1, 8))


def _contents(book: Book, forms: tuple[str, ...]) -> list[str]:
    """The beginning of a document with contents: what the department is for, and a list of the forms."""
    if not book.style.contents:
        return []
    listed = [f"{chinese(i)}、{form}" for i, form in enumerate(forms, 1)]
    units = [f"{i}. {unit}" for i, unit in enumerate(book.books.body.units, 1)]
    head = ["目 录", "第一部分 部门概况", "第二部分 部门报表", *listed, "第三部分 情况说明"]
    return [
        *head,
        "第一部分 部门概况",
        "一、主要职能",
        "负责本行业的规划、管理和服务工作。",
        "二、机构设置",
        *units,
    ]
