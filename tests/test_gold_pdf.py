"""The gold of the five PDF documents proves itself, to the last digit.

The documents are not part of the project, so nothing here looks at them: each figure stands in some sum, and no
figure can change without breaking one. Sums that the documents round are listed with both figures.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

import pytest

from evals.real import real_cases
from tests.gold_arithmetic import (
    ECONOMIC,
    EVALS,
    EXPENDITURE,
    FISCAL,
    GENERAL,
    INCOME,
    SUMMARY,
    THREE,
    Cell,
    Failure,
    Row,
    read,
)

GENERIC, FUND, CAPITAL = "generic", "government_fund", "state_capital"
PUTUO, COMMERCE = "pdf/putuo-finance-2024-final", "pdf/putuo-commerce-2025-budget"
SHANGHAI = "pdf/shanghai-finance-2025-budget"
PARTY, CONGRESS = "pdf/jiangsu-party-office-2018-budget", "pdf/jiangsu-npc-2017-budget"
DOCUMENTS = (PUTUO, COMMERCE, SHANGHAI, PARTY, CONGRESS)
JIANGSU = (PARTY, CONGRESS)

# Figures of each table, counted on the pages.
FIGURES: dict[str, dict[tuple[str, int], int]] = {
    PUTUO: {(SUMMARY, 1): 12, (INCOME, 1): 45, (EXPENDITURE, 1): 44, (FISCAL, 1): 19, (GENERAL, 1): 44,
            (ECONOMIC, 1): 29, (THREE, 1): 2, (FUND, 1): 0, (CAPITAL, 1): 0},
    COMMERCE: {(SUMMARY, 1): 11, (INCOME, 1): 62, (EXPENDITURE, 1): 65, (FISCAL, 1): 18, (GENERAL, 1): 65,
               (ECONOMIC, 1): 63, (THREE, 1): 3, (FUND, 1): 0, (CAPITAL, 1): 0},
    SHANGHAI: {(SUMMARY, 1): 20, (INCOME, 1): 48, (EXPENDITURE, 1): 53, (FISCAL, 1): 12, (GENERAL, 1): 53,
               (ECONOMIC, 1): 71, (THREE, 1): 6, (FUND, 1): 0, (CAPITAL, 1): 0},
    PARTY: {(SUMMARY, 1): 12, (GENERIC, 1): 3, (EXPENDITURE, 1): 4, (FISCAL, 1): 6, (EXPENDITURE, 2): 14,
            (ECONOMIC, 1): 31, (GENERAL, 1): 14, (ECONOMIC, 2): 31, (THREE, 1): 8, (FUND, 1): 0,
            (GENERIC, 2): 16, (GENERIC, 3): 39},
    CONGRESS: {(SUMMARY, 1): 12, (GENERIC, 1): 3, (EXPENDITURE, 1): 4, (EXPENDITURE, 2): 19, (FISCAL, 1): 6,
               (ECONOMIC, 1): 24, (FUND, 1): 0, (GENERAL, 1): 19, (ECONOMIC, 2): 24, (GENERIC, 2): 16,
               (THREE, 1): 9, (GENERIC, 3): 26},
}  # fmt: skip


@dataclass(frozen=True)
class Placed:
    """A row with its side."""

    side: str
    row: Row


Tables = dict[tuple[str, int], list[Placed]]


def tables(cells: Iterable[Cell]) -> Tables:
    """The rows of each table. A row begins with a new label or a column already seen."""
    found: Tables = {}
    for cell in cells:
        rows = found.setdefault((cell.kind, cell.ordinal), [])
        label = (cell.side, cell.code, cell.name)
        last = rows[-1] if rows else None
        if (
            last is None
            or (last.side, last.row.code, last.row.name) != label
            or cell.column in last.row.cells
        ):
            rows.append(Placed(cell.side, Row(cell.code, cell.name, {})))
        rows[-1].row.cells[cell.column] = cell.value
    return found


def is_figure(value: str) -> bool:
    return re.fullmatch(r"\d+(\.\d+)?", value) is not None


# --- form ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_table_has_its_figures(document: str) -> None:
    lines = (EVALS / "gold" / f"{document}.csv").read_text(encoding="utf-8").splitlines()[1:]
    listed = {(kind, int(ordinal)): 0 for kind, ordinal, *_ in (line.split(",") for line in lines)}
    counts = Counter((cell.kind, cell.ordinal) for cell in read(document) if is_figure(cell.value))
    assert listed | counts == FIGURES[document]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_only_labels_of_purchases_are_text(document: str) -> None:
    columns = {cell.column for cell in read(document) if not is_figure(cell.value)}
    assert columns <= {"专项名称", "经济科目", "采购物品名称", "采购组织形式"}


@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_code_has_one_name(document: str) -> None:
    names: dict[str, set[str]] = {}
    for cell in read(document):
        if cell.code:
            names.setdefault(cell.code, set()).add(cell.name)
    assert {code: found for code, found in names.items() if len(found) > 1} == {}


def test_gold_without_a_document_is_no_case() -> None:
    assert {case.id for case in real_cases()}.isdisjoint(document.split("/")[1] for document in DOCUMENTS)


# --- arithmetic ---------------------------------------------------------------------------------------------

ROW_SUMS: list[tuple[str, str, list[str]]] = [
    (INCOME, "total", ["fiscal_appropriation", "other"]),
    (EXPENDITURE, "total", ["basic", "project", "单位预留机动经费"]),
    (GENERAL, "total", ["basic", "project"]),
    (ECONOMIC, "total", ["personnel", "public"]),
    (FISCAL, "total", ["general_budget"]),
    (SUMMARY, "amount", ["人员经费", "公用经费", "项目支出"]),
]

USES = ("基本支出", "项目支出", "单位预留机动经费")

# (kind, side, total, parts): in every column of the table; "side:名" is a part on another side.
Block = tuple[str, str, str, Sequence[str]]
BLOCKS: dict[str, list[Block]] = {
    PUTUO: [
        (SUMMARY, "income", "本年收入合计", ["一般公共预算财政拨款收入", "其他收入"]),
        (SUMMARY, "income", "总计", ["本年收入合计", "年初结转和结余"]),
        (SUMMARY, "expenditure", "本年支出合计",
         ["一般公共服务支出", "社会保障和就业支出", "卫生健康支出", "住房保障支出"]),
        (SUMMARY, "expenditure", "总计", ["本年支出合计", "年末结转和结余"]),
        (FISCAL, "income", "本年收入合计", ["一般公共预算财政拨款"]),
        (FISCAL, "income", "年初财政拨款结转和结余", ["一般公共预算财政拨款 2"]),
        (FISCAL, "income", "总计", ["本年收入合计", "年初财政拨款结转和结余"]),
        (FISCAL, "expenditure", "本年支出合计",
         ["一般公共服务支出", "社会保障和就业支出", "卫生健康支出", "住房保障支出"]),
        (FISCAL, "expenditure", "总计", ["本年支出合计", "年末财政拨款结转和结余"]),
        (ECONOMIC, "", "人员经费合计", ["301", "303"]),
        (ECONOMIC, "", "公用经费合计", ["302", "310"]),
        (THREE, "", "total", ["reception"]),
    ],
    COMMERCE: [
        (SUMMARY, "income", "财政拨款收入", ["一般公共预算资金"]),
        (SUMMARY, "income", "收入总计", ["财政拨款收入"]),
        (SUMMARY, "expenditure", "支出总计",
         ["一般公共服务支出", "科学技术支出", "社会保障和就业支出", "卫生健康支出",
          "资源勘探工业信息等支出", "商业服务业等支出", "住房保障支出"]),
        (FISCAL, "income", "收入总计", ["一般公共预算资金"]),
        (FISCAL, "expenditure", "支出总计",
         ["一般公共服务支出", "科学技术支出", "社会保障和就业支出", "卫生健康支出",
          "资源勘探工业信息等支出", "商业服务业等支出", "住房保障支出"]),
        (THREE, "", "total", ["reception"]),
    ],
    SHANGHAI: [
        (SUMMARY, "income", "财政拨款收入", ["一般公共预算资金"]),
        (SUMMARY, "income", "收入总计", ["财政拨款收入"]),
        (SUMMARY, "expenditure", "支出总计",
         ["一般公共服务支出", "社会保障和就业支出", "卫生健康支出", "住房保障支出"]),
        (FISCAL, "income", "收入总计", ["一般公共预算资金"]),
        (FISCAL, "expenditure", "支出总计",
         ["一般公共服务支出", "社会保障和就业支出", "卫生健康支出", "住房保障支出"]),
        (THREE, "", "total", ["overseas", "vehicles", "reception"]),
        (THREE, "", "vehicles", ["vehicle_operation"]),
    ],
    **{document: [
        (SUMMARY, "income", "财政拨款", ["一般公共预算"]),
        (SUMMARY, "income", "当年收入小计", ["财政拨款"]),
        (SUMMARY, "income", "收入合计", ["当年收入小计"]),
        (SUMMARY, "expenditure", "当年支出小计", ["一般公共服务支出", "社会保障和就业支出", "住房保障支出"]),
        (SUMMARY, "expenditure", "当年支出小计", [f"expenditure_by_use:{use}" for use in USES]),
        (SUMMARY, "expenditure", "支出合计", ["当年支出小计"]),
        (GENERIC, "", "收入总计", ["一般公共预算资金"]),
        (GENERIC, "", "一般公共预算资金", ["公共财政拨款(补助)资金"]),
        (FISCAL, "income", "收入合计", ["一般公共预算"]),
        (FISCAL, "expenditure", "支出合计", USES),
        (THREE, "", "合计", ["total", "meeting", "training"]),
        (THREE, "", "total", ["overseas", "vehicles", "reception"]),
        (THREE, "", "vehicles", vehicles),
    ] for document, vehicles in ((PARTY, ["vehicle_operation"]),
                                 (CONGRESS, ["vehicle_purchase", "vehicle_operation"]))},
}  # fmt: skip

# Places of one figure: kind, ordinal, side, name or code, column.
Place = tuple[str, int, str, str, str]
SAME: dict[str, list[tuple[Place, Place]]] = {
    PUTUO: [
        ((SUMMARY, 1, "income", "总计", "amount"), (SUMMARY, 1, "expenditure", "总计", "amount")),
        ((SUMMARY, 1, "income", "本年收入合计", "amount"), (INCOME, 1, "", "合计", "total")),
        ((SUMMARY, 1, "income", "其他收入", "amount"), (INCOME, 1, "", "合计", "other")),
        ((SUMMARY, 1, "expenditure", "本年支出合计", "amount"), (EXPENDITURE, 1, "", "合计", "total")),
        ((FISCAL, 1, "income", "总计", "amount"), (FISCAL, 1, "expenditure", "总计", "total")),
        ((FISCAL, 1, "income", "本年收入合计", "amount"), (INCOME, 1, "", "合计", "fiscal_appropriation")),
        ((FISCAL, 1, "expenditure", "本年支出合计", "total"), (GENERAL, 1, "", "合计", "total")),
    ],
    **{document: [
        ((SUMMARY, 1, "income", "收入总计", "amount"), (SUMMARY, 1, "expenditure", "支出总计", "amount")),
        ((SUMMARY, 1, "income", "收入总计", "amount"), (INCOME, 1, "", "合计", "total")),
        ((FISCAL, 1, "income", "收入总计", "amount"), (FISCAL, 1, "expenditure", "支出总计", "total")),
        ((FISCAL, 1, "expenditure", "支出总计", "general_budget"), (GENERAL, 1, "", "合计", "total")),
        ((ECONOMIC, 1, "", "合计", "total"), (GENERAL, 1, "", "合计", "basic")),
    ] for document in (COMMERCE, SHANGHAI)},
    **{document: [
        ((SUMMARY, 1, "income", "收入合计", "amount"), (SUMMARY, 1, "expenditure", "支出合计", "amount")),
        ((GENERIC, 1, "", "收入总计", "金额"), (SUMMARY, 1, "income", "收入合计", "amount")),
        ((EXPENDITURE, 1, "", "合计", "total"), (SUMMARY, 1, "income", "收入合计", "amount")),
        *(((EXPENDITURE, 1, "", "合计", column), (SUMMARY, 1, "expenditure_by_use", name, "amount"))
          for column, name in zip(("basic", "project", "单位预留机动经费"), USES, strict=True)),
        *(((FISCAL, 1, "expenditure", name, "amount"), (SUMMARY, 1, "expenditure_by_use", name, "amount"))
          for name in USES),
        ((FISCAL, 1, "income", "收入合计", "amount"), (FISCAL, 1, "expenditure", "支出合计", "amount")),
        ((EXPENDITURE, 2, "", "合计", "total"), (GENERAL, 1, "", "合计", "total")),
        ((GENERAL, 1, "", "合计", "total"), (SUMMARY, 1, "income", "收入合计", "amount")),
        ((ECONOMIC, 1, "", "合计", "amount"), (EXPENDITURE, 1, "", "合计", "basic")),
        ((ECONOMIC, 2, "", "合计", "amount"), (EXPENDITURE, 1, "", "合计", "basic")),
    ] for document in JIANGSU},
}  # fmt: skip

# What one document prints in 元 and, some pages on, in 万元.
TEN_THOUSAND: dict[str, list[tuple[Place, Place]]] = {
    document: [((ECONOMIC, 1, "", "合计", "public"), (THREE, 1, "", "operating", "amount")), *more]
    for document, more in {
        COMMERCE: [((ECONOMIC, 1, "", "30217", "public"), (THREE, 1, "", "reception", "amount"))],
        SHANGHAI: [
            ((ECONOMIC, 1, "", "30212", "public"), (THREE, 1, "", "overseas", "amount")),
            ((ECONOMIC, 1, "", "30231", "public"), (THREE, 1, "", "vehicle_operation", "amount")),
        ],
    }.items()
}

KNOWN: dict[str, list[Failure]] = {
    PUTUO: [
        Failure("income_by_function 1 合计: total", "2946.25", "2946.26"),
        Failure("income_by_function 1 合计: fiscal_appropriation", "2940.05", "2940.06"),
        Failure("expenditure_by_function 1 合计: total", "2940.05", "2940.06"),
        Failure("expenditure_by_function 1 合计: basic", "2336.91", "2336.92"),
        Failure("general_budget_expenditure 1 合计: total", "2940.05", "2940.06"),
        Failure("general_budget_expenditure 1 合计: basic", "2336.91", "2336.92"),
        Failure("basic_expenditure_by_economic 1 301: amount", "2082.85", "2082.86"),
        Failure("basic_expenditure_by_economic 1 302: amount", "171.07", "171.09"),
        # The summaries are rounded so that their columns add up; the tables by code are not.
        Failure("社会保障和就业支出: amount", "326.71", "326.72"),
        Failure("社会保障和就业支出: total", "326.71", "326.72"),
    ],
    SHANGHAI: [
        Failure("basic_expenditure_by_economic 1 302: total", "24840779", "24840778.00"),
        Failure("basic_expenditure_by_economic 1 302: public", "24840779", "24840778.00"),
    ],
}


def total_of(identity: str, total: str | None, parts: Iterable[str | None]) -> Iterator[Failure]:
    """Total = sum of parts, exactly. A blank part adds nothing; a blank total has no parts."""
    printed = [part for part in parts if part is not None]
    result = sum((Decimal(part) for part in printed), Decimal(0))
    if (total is None) != (not printed) or Decimal(total or 0) != result:
        yield Failure(identity, total or "", f"{result:.2f}" if printed else "")


def columns_of(rows: Iterable[Row]) -> list[str]:
    found = dict.fromkeys(column for row in rows for column, value in row.cells.items() if is_figure(value))
    return list(found)


def row_failures(found: Tables) -> Iterator[Failure]:
    for kind, total, parts in ROW_SUMS:
        for (own, ordinal), rows in found.items():
            sides = {placed.side for placed in rows if not placed.row.cells.keys().isdisjoint(parts)}
            for placed in rows if own == kind else ():
                if placed.side in sides:
                    cells, name = placed.row.cells, placed.row.code or placed.row.name
                    identity = f"{kind} {ordinal} {name}: {total}"
                    yield from total_of(identity, cells.get(total), map(cells.get, parts))


def tree_failures(found: Tables) -> Iterator[Failure]:
    """Each code is the sum of the codes next below it, 合计 that of the classes."""
    for (kind, ordinal), placed in found.items():
        coded = {each.row.code: each.row for each in placed if each.row.code}
        below: dict[str, list[Row]] = {}
        for code, row in coded.items():
            above = (other for other in coded if other != code and code.startswith(other))
            below.setdefault(max(above, key=len, default=""), []).append(row)
        for row in (each.row for each in placed):
            children = below.get(row.code, [])
            if not children or not (row.code or row.name == "合计"):
                continue
            for column in columns_of([row, *children]):
                identity = f"{kind} {ordinal} {row.code or row.name}: {column}"
                yield from total_of(identity, row.cells.get(column), [x.cells.get(column) for x in children])


def row_of(found: Tables, kind: str, ordinal: int, side: str, key: str) -> Row:
    """The row with a code or name; "名 2" is the second of its name, "side:名" on another side."""
    *elsewhere, label = key.split(":")
    name, _, number = label.partition(" ")
    side = elsewhere[0] if elsewhere else side
    own = [x.row for x in found[kind, ordinal] if x.side == side and name in (x.row.code, x.row.name)]
    return own[int(number or 1) - 1]


def block_failures(document: str, found: Tables) -> Iterator[Failure]:
    for kind, side, total, parts in BLOCKS[document]:
        whole, *rows = (row_of(found, kind, 1, side, key) for key in (total, *parts))
        for column in columns_of([whole, *rows]):
            identity = f"{kind} {side} {total}: {column}"
            yield from total_of(identity, whole.cells.get(column), [row.cells.get(column) for row in rows])


def class_failures(document: str, found: Tables) -> Iterator[Failure]:
    """What a summary says of a class is what the table by function says of it."""
    ordinal = 2 if document in JIANGSU else 1
    classes = {x.row.name: x.row for x in found[EXPENDITURE, ordinal] if len(x.row.code) == 3}
    for kind, column in ((SUMMARY, "amount"), (FISCAL, "total")):
        rows = [x.row for x in found[kind, 1] if x.side == "expenditure" and x.row.name in classes]
        if column in columns_of(rows):
            assert {row.name for row in rows} == set(classes)
            for row in rows:
                yield from total_of(
                    f"{row.name}: {column}", row.cells[column], [classes[row.name].cells["total"]]
                )


def table_failures(document: str, found: Tables) -> Iterator[Failure]:
    """All money is of the general public budget: a table out of it repeats the one of all expenditure."""
    pairs = [((EXPENDITURE, 2 if document in JIANGSU else 1), (GENERAL, 1))]
    pairs += [((ECONOMIC, 1), (ECONOMIC, 2))] if document in JIANGSU else []
    for left, right in pairs:
        rows = {(x.row.code, x.row.name): x.row for x in found[right]}
        assert rows.keys() == {(x.row.code, x.row.name) for x in found[left]}
        for row in (x.row for x in found[left]):
            other = rows[row.code, row.name].cells
            for column in dict.fromkeys([*row.cells, *other]):
                yield from total_of(
                    f"{right} {row.name}: {column}", row.cells.get(column), [other.get(column)]
                )


def purchase_failures(found: Tables) -> Iterator[Failure]:
    """合计 of classes, each of its projects (with an economic item), each of its goods (with a way of buying)."""
    levels: list[list[tuple[str, str, list[str]]]] = [[], [], []]
    for row in (x.row for x in found.get((GENERIC, 3), ())):
        level = {"合计": 0, "货物A": 1, "服务C": 1}.get(row.name, 3 if "采购组织形式" in row.cells else 2)
        if level:
            levels[level - 1][-1][2].append(row.cells["总计"])
        if level < 3:
            levels[level].append((row.name, row.cells["总计"], []))
    for name, total, parts in (each for level in levels for each in level):
        yield from total_of(f"purchases {name}", total, parts)


def value(found: Tables, place: Place) -> str:
    kind, ordinal, side, key, column = place
    return row_of(found, kind, ordinal, side, key).cells[column]


def cross_failures(document: str, found: Tables) -> Iterator[Failure]:
    for one, other in SAME[document]:
        yield from total_of(f"{one} = {other}", value(found, one), [value(found, other)])
    for yuan, rounded in TEN_THOUSAND.get(document, ()):
        left, right = value(found, yuan), value(found, rounded)
        if round(Decimal(left) / 10000, 2) != Decimal(right):
            yield Failure(f"{yuan} in 万元", left, right)


def failures(document: str, cells: Iterable[Cell]) -> list[Failure]:
    found = tables(cells)
    return [
        *row_failures(found),
        *tree_failures(found),
        *block_failures(document, found),
        *class_failures(document, found),
        *table_failures(document, found),
        *purchase_failures(found),
        *cross_failures(document, found),
    ]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_everything_adds_up_but_what_the_source_rounds(document: str) -> None:
    assert failures(document, read(document)) == KNOWN.get(document, [])


@pytest.mark.parametrize("document", DOCUMENTS)
def test_no_figure_can_change_unnoticed(document: str) -> None:
    cells = list(read(document))
    for number, cell in enumerate(cells):
        if is_figure(cell.value):
            digit = (int(cell.value[-1]) + 1) % 10
            changed = cell._replace(value=f"{cell.value[:-1]}{digit}")
            found = failures(document, [*cells[:number], changed, *cells[number + 1 :]])
            assert found != KNOWN.get(document, []), cell
