"""Garblers that damage figures: what is printed is no longer what was meant.

Same form as those of the structure. Only cells that print a gold figure are touched, never codes or names.
"""

from __future__ import annotations

from random import Random

from evals.garble.cells import Printed, body_rows, is_figure, with_body
from evals.garble.structure import TableGarbler
from evals.paper import PrintedTable
from schemas.numerals import parse_numeral

LOOK_ALIKES = {
    "0": "68O",
    "1": "7l",
    "3": "8",
    "5": "6",
    "6": "058",
    "7": "1",
    "8": "036",
}
"""Characters that OCR takes for a digit, and letters that it takes it for."""

_STAMPS = "■▓●※*"


def look_alikes(table: PrintedTable, rng: Random, severity: float) -> PrintedTable:
    """One digit read as one that looks like it, in a share `severity` of the figures."""

    def misread(text: str) -> str:
        places = [at for at, char in enumerate(text) if char in LOOK_ALIKES]
        if not places:
            return text
        at = rng.choice(places)
        return text[:at] + rng.choice(LOOK_ALIKES[text[at]]) + text[at + 1 :]

    return with_body(
        table,
        [
            tuple(
                cell._replace(text=misread(cell.text))
                if is_figure(cell) and rng.random() < severity
                else cell
                for cell in row
            )
            for row in body_rows(table)
        ],
    )


def points_dropped(table: PrintedTable, rng: Random, severity: float) -> PrintedTable:
    """The decimal point lost, in a share `severity` of the figures that change by it."""

    def dropped(cell: Printed) -> Printed:
        before, after = parse_numeral(cell.text), parse_numeral(cell.text.replace(".", ""))
        changes = is_figure(cell) and before and after and before.value != after.value
        return cell._replace(text=cell.text.replace(".", "")) if changes and rng.random() < severity else cell

    return with_body(table, [tuple(map(dropped, row)) for row in body_rows(table)])


def stamped(table: PrintedTable, rng: Random, severity: float) -> PrintedTable:
    """A stamp over one to five rows of two columns: most figures under it lose a digit or two."""
    rows = body_rows(table)
    figures = [(i, j) for i, row in enumerate(rows) for j, cell in enumerate(row) if is_figure(cell)]
    if not figures or not severity:
        return table
    top, left = rng.choice(figures)
    mark = rng.choice(_STAMPS)
    covered = {(i, j) for i, j in figures if top <= i <= top + round(4 * severity) and left <= j <= left + 1}

    def under(text: str) -> str:
        digits = [at for at, char in enumerate(text) if char.isdigit()]
        hidden = rng.sample(digits, min(rng.choice((0, 1, 1, 2)), len(digits)))
        return "".join(mark if at in hidden else char for at, char in enumerate(text))

    return with_body(
        table,
        [
            tuple(
                cell._replace(text=under(cell.text)) if (i, j) in covered else cell
                for j, cell in enumerate(row)
            )
            for i, row in enumerate(rows)
        ],
    )


DAMAGE: dict[str, tuple[str, TableGarbler]] = {
    "look_alikes": ("look_alike", look_alikes),
    "points_dropped": ("point", points_dropped),
    "stamped": ("stamp", stamped),
}
"""By name: the class of the fault that it plants, and the garbler."""
