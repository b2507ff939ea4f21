"""The rates as data: what is counted over what, table by table. All are sums, so that any set of documents adds up.

Rates of tables and rows are over the tables with figures in the gold; a table that is missing is neither exact nor
accepted. Cells are figures, keyed by table, row and column. A table read that is in no gold is nothing but extra
cells, and an error that was accepted if it was accepted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from evals.metrics.scores import CaseScore, PlantedScore, TableScore

Count = Callable[[TableScore], int]
CountPlanted = Callable[[PlantedScore], int]
CountCase = Callable[[CaseScore], int]


class Rate(NamedTuple):
    """Σ `part` / Σ `whole`. `counts`: the part is a number of the whole, so that it is binomial."""

    part: CountCase
    whole: CountCase
    counts: bool = True


def _judged(table: TableScore) -> bool:
    return table.in_gold and table.gold_cells > 0


def _tables(part: Count, whole: Count = lambda _: 1) -> Rate:
    """Over the tables with figures."""
    return Rate(
        lambda case: sum(part(table) for table in case.tables if _judged(table)),
        lambda case: sum(whole(table) for table in case.tables if _judged(table)),
    )


def _all(part: Count, whole: Count, *, counts: bool = True) -> Rate:
    """Over all tables, those in no gold included."""
    return Rate(
        lambda case: sum(part(table) for table in case.tables),
        lambda case: sum(whole(table) for table in case.tables),
        counts,
    )


def _planted(nature: str, part: CountPlanted) -> Rate:
    return Rate(
        lambda case: sum(part(each) for each in case.planted if each.nature == nature),
        lambda case: sum(each.nature == nature for each in case.planted),
    )


RATES: Mapping[str, Rate] = {
    "exact_table_rate": _tables(lambda t: t.exact),
    "exact_row_rate": _tables(lambda t: t.rows_exact, lambda t: t.rows),
    "row_recall": _tables(lambda t: t.rows_found, lambda t: t.rows),
    "cell_precision": _all(lambda t: t.right, lambda t: t.got_cells),
    "cell_recall": _all(lambda t: t.right, lambda t: t.gold_cells),
    "cell_f1": _all(lambda t: 2 * t.right, lambda t: t.gold_cells + t.got_cells, counts=False),
    "numeric_exact_match": _all(lambda t: 0 if t.unit_right is False else t.right, lambda t: t.gold_cells),
    "text_cell_f1": _all(lambda t: 2 * t.texts_right, lambda t: t.texts_gold + t.texts_got, counts=False),
    "accept_rate": _tables(lambda t: t.accepted),
    "right_accepted_rate": _tables(lambda t: t.exact and t.accepted, lambda t: t.exact),
    "accepted_exact_rate": _all(lambda t: t.exact and t.accepted, lambda t: t.accepted),
    "escape_rate": _all(lambda t: t.errors * t.accepted, lambda t: (t.gold_cells + t.extra) * t.accepted),
    "closure_rate": _tables(lambda t: t.closed),
    "p_correct_given_closed": _tables(lambda t: t.exact and t.closed, lambda t: t.closed),
    "p_closed_given_correct": _tables(lambda t: t.exact and t.closed, lambda t: t.exact),
    "ungrounded_rate": _all(lambda t: t.ungrounded, lambda t: t.figures),
    "wrong_span_rate": _all(lambda t: t.misplaced, lambda t: t.figures),
    "blank_form_rate": Rate(
        lambda case: sum(_blank(table) and not table.got_cells for table in case.tables),
        lambda case: sum(_blank(table) for table in case.tables),
    ),
    "fault_found_rate": _planted("fault", lambda p: p.found),
    "hit_at_1": _planted("fault", lambda p: p.first),
    "hit_at_set": _planted("fault", lambda p: p.among),
    "contradiction_recall": _planted("source", lambda p: p.found),
    "contradiction_precision": Rate(
        lambda case: case.planted_contradictions,
        # What a real document contradicts itself in is listed nowhere.
        lambda case: case.contradictions * (case.tier != "real"),
    ),
}
"""Every rate by its name in `metrics.json`.

`escape_rate` is wrong, missing and extra cells over all cells of accepted tables; `accepted_exact_rate` the share
of accepted tables without any; `numeric_exact_match` is recall with the unit of the table;
`contradiction_precision` is over checks that fail and are not laid to reading.
"""


def _blank(table: TableScore) -> bool:
    return table.in_gold and table.gold_cells == 0 and table.texts_gold == 0
