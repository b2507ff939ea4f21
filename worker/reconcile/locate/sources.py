"""What is known of the source of tables beside the tables themselves: ledgers, loose numerals, other readings, and
how sure the recognition of figures was."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from schemas import AnyTable, Chunk, Reading
from schemas.amounts import Amount
from schemas.source import Numeral
from schemas.tables import CellRef
from schemas.text import squeeze

_Identity = tuple[str, str, int]


class Rival(NamedTuple):
    """What another reader has in a cell; no amount: a blank."""

    reader: str
    amount: Amount | None


class Sources(NamedTuple):
    """By table id: the ledger, the ids of its numerals that stand in cells, and those with no role at all; by cell:
    what other readers say otherwise, and the numeral in it where that was recognised from an image."""

    ledgers: Mapping[str, Sequence[Numeral]] = {}
    taken: Mapping[str, frozenset[str]] = {}
    loose: Mapping[str, frozenset[str]] = {}
    rivals: Mapping[CellRef, tuple[Rival, ...]] = {}
    unread: frozenset[str] = frozenset()
    recognised: Mapping[CellRef, Numeral] = {}


def sources_of(
    chunks: Sequence[Chunk], standing: Mapping[str, Reading], readings: Mapping[str, Sequence[Reading]]
) -> Sources:
    """The sources of the tables that stand. `unread` are those of which the reader says that something is missing."""
    ledgers = {chunk.id: chunk.ledger for chunk in chunks if chunk.id in standing}
    taken = {key: frozenset(_taken(reading.table)) for key, reading in standing.items()}
    rivals: dict[CellRef, list[Rival]] = defaultdict(list)
    for key, reading in standing.items():
        for other in readings.get(key, ()):
            if other.reader != reading.reader:
                for cell, rival in _rivals(key, reading.table, other):
                    rivals[cell].append(rival)
    return Sources(
        ledgers=ledgers,
        taken=taken,
        loose={
            key: frozenset(n.id for n in ledger if _loose(n.id, standing[key], taken[key]))
            for key, ledger in ledgers.items()
        },
        rivals={cell: tuple(found) for cell, found in rivals.items()},
        unread=frozenset(key for key, reading in standing.items() if reading.incomplete),
        recognised={
            cell: numeral
            for key, ledger in ledgers.items()
            for cell, numeral in _recognised(key, standing[key].table, ledger)
        },
    )


def _taken(table: AnyTable) -> Iterator[str]:
    return (cell.numeral for row in table.rows for _, cell in row.cells() if cell.numeral)


def _recognised(key: str, table: AnyTable, ledger: Sequence[Numeral]) -> Iterator[tuple[CellRef, Numeral]]:
    known = {numeral.id: numeral for numeral in ledger if numeral.score is not None}
    for index, row in enumerate(table.rows) if known else ():
        for column, cell in row.cells():
            if cell.amount and cell.numeral in known:
                yield CellRef(key, index, column), known[cell.numeral]


def _loose(numeral: str, reading: Reading, taken: frozenset[str]) -> bool:
    role = reading.roles.get(numeral)
    return role is None or (role == "cell" and numeral not in taken)


def _rivals(key: str, table: AnyTable, other: Reading) -> Iterator[tuple[CellRef, Rival]]:
    """Cells in which another reading of the same chunk has another figure, rows matched by identity and order."""
    theirs = dict(_rows(other.table))
    for identity, index in _rows(table):
        at = theirs.get(identity)
        if at is None:
            continue
        own, their = table.rows[index], other.table.rows[at]
        columns = dict.fromkeys(
            [column for row in (own, their) for column, cell in row.cells() if cell.amount]
        )
        for column in columns:
            mine, rival = own.figure(column), their.figure(column)
            if (mine and mine.value) != (rival and rival.value):
                yield CellRef(key, index, column), Rival(other.reader, rival)


def _rows(table: AnyTable) -> Iterator[tuple[_Identity, int]]:
    """Rows by side, code or name, and number among those of the same."""
    counts: dict[tuple[str, str], int] = defaultdict(int)
    for index, row in enumerate(table.rows):
        name = row.side or "", row.code or squeeze(row.name)
        counts[name] += 1
        yield (*name, counts[name]), index
