"""勾稽 between tables: what must agree across the forms of one document."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction

from schemas.cross import CROSS_RULES
from schemas.findings import Finding, Identity
from schemas.rules import CrossEqual, CrossItems, CrossRows, Pick
from schemas.tables import CellRef
from schemas.text import squeeze
from worker.reconcile.again import checked_again
from worker.reconcile.engine import check
from worker.reconcile.grid import Grid
from worker.reconcile.memo import Memo
from worker.reconcile.nesting import clean_code
from worker.reconcile.picking import Book, Picked, same_name
from worker.reconcile.wording import row_name, table_name

# Where the money of a performance table stands, and the column of the project table that it must equal.
_FUNDS = (("performance_target", "amount"), ("performance_self_evaluation", "budget_initial"))


def cross_identities(book: Book) -> Iterator[Identity]:
    """Every identity between tables that the cells of a document allow."""
    for rule in CROSS_RULES:
        match rule:
            case CrossEqual():
                yield from _equal(book, rule)
            case CrossItems():
                yield from _items(book, rule)
            case CrossRows():
                yield from _rows(book, rule)
    yield from _projects(book)


def cross_checked(book: Book, memo: Memo) -> list[tuple[Identity, Finding]]:
    """The same with what came of them."""
    return checked_again("cross", cross_identities(book), book, memo)


def agreement(
    book: Book, check: str, left: Sequence[Picked], right: Sequence[Picked], note: str = ""
) -> Identity:
    """Σ left = Σ right as an identity in the unit of the left side."""
    unit = book.unit(left[0].refs[0])
    terms = [term for picked in left for term in book.terms(picked.refs, 1, unit)]
    terms += [term for picked in right for term in book.terms(picked.refs, -1, unit)]
    words = " = ".join(" + ".join(picked.words for picked in side) for side in (left, right))
    return Identity(check, "cross_table", f"{words}{f' ({note})' if note else ''}", tuple(terms))


def _equal(book: Book, rule: CrossEqual) -> Iterator[Identity]:
    sides: list[list[Picked]] = []
    for picks in (rule.left, rule.right):
        found = [picked for pick in picks if (picked := book.pick(pick)) is not None]
        if len(found) < len(picks):
            return
        sides.append(found)
    if book.filled(ref for side in sides for picked in side for ref in picked.refs):
        yield agreement(book, f"cross.{rule.id}", sides[0], sides[1])


def _items(book: Book, rule: CrossItems) -> Iterator[Identity]:
    left, right = (book.first(pick.kind, pick.stage) for pick in (rule.left, rule.right))
    if left is None or right is None:
        return
    if rule.totals and not _same_money(book, rule):
        return
    items = [i for i, row in enumerate(left.rows) if row.side == rule.left.side and row.name]
    for index, row in enumerate(right.rows):
        if len(row.code or "") != rule.digits or not row.name:
            continue
        item = _same_item(left, items, row.name)
        column = _filled_column(right, index, rule.right.columns)
        if item is None or column is None:
            continue
        other = _filled_column(left, item, rule.left.columns)
        if other is None:
            other = next((c for c in rule.left.columns if left.prints(c, rule.left.side)), None)
        if other is not None:
            sides = book.picked(left, [item], other), book.picked(right, [index], column)
            yield agreement(book, f"cross.{rule.id}", sides[:1], sides[1:])


def _rows(book: Book, rule: CrossRows) -> Iterator[Identity]:
    left, right = book.first(rule.left), book.first(rule.right)
    if left is None or right is None:
        return
    ours, theirs = _by_code(left), _by_code(right)
    for column in rule.columns:
        whole, part = (book.pick(Pick(kind, rule.row, (column,))) for kind in (rule.left, rule.right))
        if whole is None or part is None or not _agree(book, whole, part):
            continue
        for code, row in ours.items():
            cells = (row, column), (theirs.get(code, -1), column)
            if code in theirs and (cells[0] in left.figures or cells[1] in right.figures):
                sides = book.picked(left, [row], column), book.picked(right, [theirs[code]], column)
                yield agreement(book, f"cross.{rule.id}", sides[:1], sides[1:])


def _by_code(grid: Grid) -> dict[str, int]:
    """Row by code, for the codes that stand once."""
    codes = Counter(clean_code(row.code) for row in grid.rows)
    return {code: i for i, row in enumerate(grid.rows) if (code := clean_code(row.code)) and codes[code] == 1}


def _same_money(book: Book, rule: CrossItems) -> bool:
    """Whether the totals of the two tables of a rule agree."""
    left, right = (book.pick(replace(pick, row=rule.totals)) for pick in (rule.left, rule.right))
    return left is not None and right is not None and _agree(book, left, right)


def _agree(book: Book, left: Picked, right: Picked) -> bool:
    passed = check(agreement(book, "", [left], [right]), book.tables).status == "passed"
    return passed and book.filled(left.refs)


def _same_item(grid: Grid, items: Sequence[int], name: str) -> int | None:
    """The one item with that name, None if there is none or more than one."""
    exact = [i for i in items if squeeze(grid.rows[i].name) == squeeze(name)]
    found = exact or [i for i in items if same_name(grid.rows[i].name, name)]
    return found[0] if len(found) == 1 else None


def _filled_column(grid: Grid, row: int, columns: Sequence[str]) -> str | None:
    return next((column for column in columns if (row, column) in grid.figures), None)


def _projects(book: Book) -> Iterator[Identity]:
    """The funds of a performance table = the project's row, any of them where the name occurs more than once.

    A form that prints no funds carried over may leave them out of its total.
    """
    for kind, column in _FUNDS:
        for table in book.of_kind(kind):
            name = project_name(table)
            fund = next((i for i, r in enumerate(table.rows) if r.side == "fund" and r.name == "total"), None)
            if not name or fund is None or (fund, column) not in table.figures:
                continue
            rows = [
                (grid, i)
                for grid in book.of_kind("project_expenditure")
                for i, row in enumerate(grid.rows)
                if squeeze(row.name) == name and (i, "total") in grid.figures
            ]
            if rows:
                own = book.picked(table, [fund], column)
                note = f"any of {len(rows)} rows of this name" if len(rows) > 1 else ""
                ways = [book.picked(grid, [i], "total") for grid, i in rows]
                if not any(row.side == "fund" and row.name == "carryover" for row in table.rows):
                    ways += [way for grid, i in rows if (way := _of_the_year(grid, i))]
                best = min(ways, key=lambda way: _distance(book, own.refs[0], way.refs))
                yield agreement(book, "cross.project_funds", [own], [best], note)


def project_name(grid: Grid) -> str:
    """The project that a performance table is about, squeezed; empty if not printed."""
    for row in grid.rows:
        if row.side == "header" and row.name == "project" and (cell := row.get("value")) is not None:
            return squeeze(cell.text)
    return ""


def _of_the_year(grid: Grid, row: int) -> Picked | None:
    """The funds of a project without what is carried over, None where nothing is."""
    carried = [c for c in grid.columns if c.startswith("carryover") and (row, c) in grid.figures]
    columns = [c for c in grid.additive if c not in carried and c != "total" and (row, c) in grid.figures]
    refs = tuple(CellRef(grid.id, row, column) for column in columns)
    if not (carried and refs):
        return None
    amount = grid.value(grid.total((row, column) for column in columns).value)
    name = f"{table_name(grid.table)} {row_name(grid.rows[row], row)}"
    return Picked(refs, f"{name} without what is carried over {amount:f}")


def _distance(book: Book, left: CellRef, right: Sequence[CellRef]) -> Fraction:
    """How far a printed cell and a sum of such are apart, in the unit of the cell."""
    gap = Fraction(0)
    for sign, ref in ((1, left), *((-1, ref) for ref in right)):
        for term in book.terms([ref], sign, book.unit(left)):
            amount = book.tables[ref.table].rows[ref.row].figure(ref.column)
            gap += term.factor * Fraction(amount.value if amount else 0)
    return abs(gap)
