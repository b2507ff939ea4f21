"""Codes against names: contradictions with the lexicon, and one item coded in two ways."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from schemas import Finding
from schemas.lexicon import contradiction
from schemas.tables import CellRef
from worker.reconcile.grid import Grid
from worker.reconcile.nesting import clean_code
from worker.reconcile.picking import Book, stem
from worker.reconcile.wording import table_name


def code_findings(book: Book) -> Iterator[Finding]:
    """Contradictions of codes and names. They are remarks for a person, not proof of a wrong reading.

    `lexicon.name`: the name is not the code's; `lexicon.other_code`: it is that of another code, as where a
    column of codes has slipped; `lexicon.code_differs`: two tables give one item two codes.
    """
    for grid in book.grids.values():
        if classification := type(grid.table).classification:
            yield from _names(grid, classification)
    coded = [grid for grid in book.grids.values() if type(grid.table).classification == "function"]
    for left, right in combinations(coded, 2):
        yield from _two_codes(left, right)


def _names(grid: Grid, classification: str) -> Iterator[Finding]:
    for index, row in enumerate(grid.rows):
        found = contradiction(clean_code(row.code), row.name, classification)
        if found is None:
            continue
        other = f", which is {found.belongs_to}" if found.belongs_to else ""
        yield Finding(
            check="lexicon.other_code" if found.belongs_to else "lexicon.name",
            scope="hierarchy",
            tables=(grid.id,),
            statement=f"{table_name(grid.table)} {found.code} is {found.expected}, printed is {row.name}{other}",
            status="failed",
            cells=(CellRef(grid.id, index, "name"),),
        )


def _two_codes(left: Grid, right: Grid) -> Iterator[Finding]:
    """Rows of two tables with the same parent, name and figure, each with a code that the other lacks."""
    ours, theirs = (
        {clean_code(row.code): i for i, row in enumerate(g.rows) if row.code} for g in (left, right)
    )
    for code, index in ours.items():
        name = stem(left.rows[index].name)
        figure = left.rows[index].figure("total")
        if code in theirs or not name or figure is None:
            continue
        for other, place in theirs.items():
            row = right.rows[place]
            same = other[:-2] == code[:-2] and len(other) == len(code) and stem(row.name) == name
            if same and other not in ours and (total := row.figure("total")) and total.value == figure.value:
                yield Finding(
                    check="lexicon.code_differs",
                    scope="hierarchy",
                    tables=(left.id, right.id),
                    statement=(
                        f"{left.rows[index].name} {figure.value:f} is {code} in {table_name(left.table)} "
                        f"and {other} in {table_name(right.table)}"
                    ),
                    status="failed",
                    cells=(CellRef(left.id, index, "name"), CellRef(right.id, place, "name")),
                )
