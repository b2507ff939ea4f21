"""勾稽 between tables: what must agree across the forms of one document."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from schemas.cross import CROSS_RULES
from schemas.findings import Identity
from schemas.rules import CrossEqual, CrossItems
from schemas.tables import CellRef
from schemas.text import squeeze
from worker.reconcile.grid import Grid
from worker.reconcile.picking import Book, Picked, same_name

# Where the money of a performance table stands, and the column of the project table that it must equal.
_FUNDS = (("performance_target", "amount"), ("performance_self_evaluation", "budget_initial"))


def cross_identities(book: Book) -> Iterator[Identity]:
    """Every identity between tables that the cells of a document allow."""
    for rule in CROSS_RULES:
        if isinstance(rule, CrossEqual):
            yield from _equal(book, rule)
        else:
            yield from _items(book, rule)
    yield from _projects(book)


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


def _same_item(grid: Grid, items: Sequence[int], name: str) -> int | None:
    """The one item with that name, None if there is none or more than one."""
    exact = [i for i in items if squeeze(grid.rows[i].name) == squeeze(name)]
    found = exact or [i for i in items if same_name(grid.rows[i].name, name)]
    return found[0] if len(found) == 1 else None


def _filled_column(grid: Grid, row: int, columns: Sequence[str]) -> str | None:
    return next((column for column in columns if (row, column) in grid.figures), None)


def _projects(book: Book) -> Iterator[Identity]:
    """The funds of a performance table = the project's row, any of them where the name occurs more than once."""
    for kind, column in _FUNDS:
        for table in book.of_kind(kind):
            name = project_name(table)
            fund = next((i for i, r in enumerate(table.rows) if r.side == "fund" and r.name == "total"), None)
            if not name or fund is None or (fund, column) not in table.figures:
                continue
            rows = [
                book.picked(grid, [i], "total")
                for grid in book.of_kind("project_expenditure")
                for i, row in enumerate(grid.rows)
                if squeeze(row.name) == name and (i, "total") in grid.figures
            ]
            if rows:
                own = book.picked(table, [fund], column)
                note = f"any of {len(rows)} rows of this name" if len(rows) > 1 else ""
                best = min(rows, key=lambda picked: _distance(book, own.refs[0], picked.refs[0]))
                yield agreement(book, "cross.project_funds", [own], [best], note)


def project_name(grid: Grid) -> str:
    """The project that a performance table is about, squeezed; empty if not printed."""
    for row in grid.rows:
        if row.side == "header" and row.name == "project" and (cell := row.get("value")) is not None:
            return squeeze(cell.text)
    return ""


def _distance(book: Book, left: CellRef, right: CellRef) -> Fraction:
    """How far two printed cells are apart, in the unit of the left one."""
    gap = Fraction(0)
    for sign, ref in ((1, left), (-1, right)):
        for term in book.terms([ref], sign, book.unit(left)):
            amount = book.tables[ref.table].rows[ref.row].figure(ref.column)
            gap += term.factor * Fraction(amount.value if amount else 0)
    return abs(gap)
