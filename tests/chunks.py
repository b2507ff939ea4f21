"""Chunks over literal texts, and short views of what a reader made of them."""

from __future__ import annotations

from typing import Any

from schemas import Chunk, Document, Reading, ledger_of
from schemas.numerals import find_numerals

Rows = list[tuple[str, str, dict[str, str]]]


def chunk_of(text: str, kind: str | None = None, *, before: str = "", **facts: Any) -> Chunk:
    """A chunk over all of `text`, which stands behind `before` in its document; `facts` are its other fields."""
    document = Document(name="literal.txt", sha256="0" * 64, text=before + text)
    start, end = len(before), len(before + text)
    bounds, at = [], start
    for line in text.split("\n"):
        bounds.append((at, at + len(line)))
        at += len(line) + 1
    first = before.count("\n") + 1
    prose = kind == "narrative_facts"
    return Chunk(
        id="n01" if prose else "t01",
        document=document.name,
        role="narrative" if prose else "table",
        kind=kind,
        start=start,
        end=end,
        lines=tuple(bounds),
        first_line=first,
        last_line=first + len(bounds) - 1,
        text=document.reading[start:end],
        ledger=ledger_of(document, find_numerals(document.reading[start:end], base=start)),
        **{"title": "", **facts},
    )


def rows_of(reading: Reading) -> Rows:
    """Side, name and cells of each row, in order."""
    return [(row.side or "", row.name, {k: c.text for k, c in row.cells()}) for row in reading.table.rows]


def side(reading: Reading, name: str) -> dict[str, dict[str, str]]:
    """The rows of one side: name → cells."""
    return {row: cells for found, row, cells in rows_of(reading) if found == name}


def unexplained(chunk: Chunk, reading: Reading) -> list[str]:
    """The numerals that the reading left without a role."""
    return [n.text for n in chunk.ledger if n.id not in reading.roles]
