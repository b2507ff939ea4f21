"""From a metric to the cell: the tables of a run by what became of them, their wrong cells beside the source."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

from evals.metrics import CaseScore, TableScore, WrongCell
from worker.export.plain import as_printed

Fate = Literal["accepted_wrong", "waiting_wrong", "missing", "waiting_right", "accepted_right"]

FATES: Mapping[Fate, str] = {
    "accepted_wrong": "wrong, accepted",
    "waiting_wrong": "wrong, not accepted",
    "missing": "not found",
    "waiting_right": "right, not accepted",
    "accepted_right": "right, accepted",
}
"""What can become of a table with figures, the gravest first."""

REASONS: Mapping[str, str] = {
    r"differs by|identities fail$": "an identity fails",
    r"^no identity supports": "figures that no identity supports",
    r"^not accounted for": "figures of the source that no cell holds",
    r"^not read": "the reader says that something was not read",
    r"^there are no figures|^nothing could be checked": "nothing to check",
    r"^code .* stands \d+ times|^neither name nor code": "rows without a name, or a code twice",
    r"^read as a table, but": "figures in a form that is said to be blank",
    r"^no reader brought": "no reader brought a reading",
}
"""Why a table is not accepted: how the words of a reason look, and its class."""

_OTHER = "other"
# More would bury what matters; what is left out is counted, and stands in the folder of the run.
_TABLES, _CELLS = 60, 12
# Further from any marked figure than this, a line is cut.
_AROUND = 48
_WIDE = str.maketrans("０１２３４５６７８９．，", "0123456789.,")


class Segment(NamedTuple):
    """A piece of a source line: `read` is the figure that was read, `true` the one of the gold."""

    text: str
    mark: Literal["", "read", "true"] = ""


class CellView(NamedTuple):
    """A wrong cell and the line of the source that it was read from."""

    cell: WrongCell
    line: tuple[Segment, ...]


class TableView(NamedTuple):
    """A table that is wrong, missing or waiting; `more` wrong cells are not among its `cells`."""

    case: CaseScore
    score: TableScore
    fate: Fate
    cells: tuple[CellView, ...]
    more: int


class Group(NamedTuple):
    """The tables of one fate: `total` of them, of which the `left_out` are not among the `tables`."""

    fate: Fate
    total: int
    tables: tuple[TableView, ...]

    @property
    def left_out(self) -> int:
        """How many are not shown."""
        return self.total - len(self.tables)


class Reason(NamedTuple):
    """A class of reasons: how many of the tables not accepted have it, and the right ones among them."""

    words: str
    tables: int
    right: int


def fate_of(table: TableScore) -> Fate | None:
    """What became of a table; None where neither gold nor reading has figures."""
    if not table.gold_cells + table.got_cells:
        return None
    if not table.tables:
        return "missing"
    if table.accepted:
        return "accepted_right" if table.exact else "accepted_wrong"
    return "waiting_right" if table.exact else "waiting_wrong"


def fates(tables: Iterable[TableScore]) -> dict[Fate, int]:
    """How many tables met each fate."""
    count = Counter(map(fate_of, tables))
    return {fate: count[fate] for fate in FATES}


def drill(cases: Iterable[CaseScore]) -> tuple[Group, ...]:
    """The tables of a run that are not both right and accepted, by fate."""
    found: dict[Fate, list[tuple[CaseScore, TableScore]]] = {
        fate: [] for fate in FATES if fate != "accepted_right"
    }
    for case in cases:
        for table in case.tables:
            fate = fate_of(table)
            if fate in found:
                found[fate].append((case, table))
    return tuple(
        Group(fate, len(tables), tuple(_view(fate, *each) for each in _spread(tables)))
        for fate, tables in found.items()
    )


def _spread(tables: Sequence[tuple[CaseScore, TableScore]]) -> list[tuple[CaseScore, TableScore]]:
    """As many as are shown, of every tier and kind some, in their order."""
    ranks: Counter[tuple[str, str]] = Counter()
    ranked = []
    for place, (case, table) in enumerate(tables):
        ranked.append((ranks[case.tier, table.kind], place))
        ranks[case.tier, table.kind] += 1
    return [tables[place] for place in sorted(place for _, place in sorted(ranked)[:_TABLES])]


def _view(fate: Fate, case: CaseScore, table: TableScore) -> TableView:
    # Of a table that was not found every cell is missing: its number says it all.
    listed = () if fate == "missing" else table.cells[:_CELLS]
    cells = tuple(CellView(cell, quote(cell)) for cell in listed)
    return TableView(case, table, fate, cells, table.errors - len(cells))


def quote(cell: WrongCell) -> tuple[Segment, ...]:
    """The source line of a cell with what was read and what is true marked, each if it stands there just once."""
    text = "  ".join(as_printed(part) for part in cell.source.split("\t"))
    read, true = (_find(value, text) for value in (cell.got, cell.gold))
    marks: list[tuple[int, int, Literal["read", "true"]]] = []
    if read:
        marks.append((*read, "read"))
    if true and not (read and true[0] < read[1] and read[0] < true[1]):
        marks.append((*true, "true"))
    return tuple(_segments(text, sorted(marks)))


def _find(value: str | None, text: str) -> tuple[int, int] | None:
    """Where a plain figure or a text stands, commas and the single spaces of garbling between its digits allowed."""
    if not value:
        return None
    inner = "[,']? ?".join(re.escape(character) for character in value.lstrip("-"))
    whole = rf"(?<!\d)(?<!\d[.,])(?<!\d[.,] ){inner}(?!\d| ?[.,] ?\d)"
    found = list(re.finditer(whole, text.translate(_WIDE)))
    return found[0].span() if len(found) == 1 else None


def _segments(text: str, marks: Sequence[tuple[int, int, Literal["read", "true"]]]) -> Iterator[Segment]:
    at = 0
    for start, end, mark in marks:
        yield Segment(_cut(text[at:start], head=at > 0, tail=True))
        yield Segment(text[start:end], mark)
        at = end
    yield Segment(_cut(text[at:], head=True, tail=not marks))


def _cut(text: str, *, head: bool, tail: bool) -> str:
    """A piece without its middle where it is long: `head` keeps its beginning, `tail` its end."""
    if len(text) <= _AROUND * (head + tail):
        return text
    return f"{text[:_AROUND] if head else ''} … {text[-_AROUND:] if tail else ''}"


def reasons(cases: Iterable[CaseScore]) -> list[Reason]:
    """Why tables with figures are not accepted, the commonest class first; a table may have several."""
    tables: dict[str, list[bool]] = defaultdict(list)
    for table in (table for case in cases for table in case.tables):
        fate = fate_of(table)
        if fate in {"waiting_right", "waiting_wrong"}:
            for words in {_class(reason) for reason in table.reasons}:
                tables[words].append(fate == "waiting_right")
    found = [Reason(words, len(right), sum(right)) for words, right in tables.items()]
    return sorted(found, key=lambda each: (-each.tables, each.words))


def _class(reason: str) -> str:
    return next((words for pattern, words in REASONS.items() if re.search(pattern, reason)), _OTHER)
